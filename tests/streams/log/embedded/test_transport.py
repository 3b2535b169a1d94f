"""Names inside Faust that the transport and the host rely on. When one of these fails after an upgrade, the
code that overrides the name is never called any more, and that has to be looked into before anything else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import faust
import mode
import pytest
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.conductor import ConductorCompiler
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.consumer import Fetcher
from faust.transport.producer import Producer as FaustProducer

from streams.log import host
from streams.log.base import Draft, Subscription
from streams.log.embedded import EmbeddedLog, transport
from streams.log.host import FaustHost
from tests.streams.log.contract import EVENTS, Follower


def source(what: Callable[..., Any] | type) -> str:
    return inspect.getsource(what)


def test_this_is_the_faust_that_was_read() -> None:
    assert faust.__version__.startswith("0.15.")


@pytest.mark.parametrize(
    "name",
    [
        "_getmany",
        "_to_message",
        "_seek",
        "_commit",
        "_new_topicpartition",
        "assignment",
        "create_topic",
        "earliest_offsets",
        "highwater",
        "highwaters",
        "key_partition",
        "on_stop",
        "position",
        "resume_flow",
        "seek_to_committed",
        "seek_wait",
        "subscribe",
        "topic_partitions",
    ],
)
def test_the_consumer_overrides_what_is_there(name: str) -> None:
    theirs = getattr(FaustConsumer, name, None)
    if theirs is None:  # declared in the interface only
        from faust.types.transports import ConsumerT

        theirs = getattr(ConsumerT, name)
    ours = getattr(transport.Consumer, name)
    assert ours is not theirs
    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs)
    wanted = [one for one in inspect.signature(theirs).parameters.values() if one.name != "self"]
    taken = inspect.signature(ours)
    taken.bind(None, *[None for one in wanted if one.kind is one.POSITIONAL_OR_KEYWORD])


def test_every_run_goes_through_getmany_and_to_message() -> None:
    assert "getmany(timeout=" in source(FaustConsumer._drain_messages)
    assert "_wait_next_records" in source(FaustConsumer.getmany)
    assert "self._to_message" in source(FaustConsumer.getmany)
    assert "self._getmany(" in source(FaustConsumer._wait_next_records)
    assert "consumer._drain_messages" in source(Fetcher)
    assert "await self._seek(" in source(FaustConsumer.seek)


async def test_faust_remembers_no_message(log: EmbeddedLog) -> None:
    """Its accelerated stream notes every acknowledged offset by itself, past `Consumer.ack`; nobody would ever
    take them out again."""
    handler = Follower()
    one = FaustHost(log, [Subscription("one", EVENTS, handler)])
    await one.start()
    for number in range(1, 20):
        await log.append([Draft(EVENTS, b"k", b"v")])
        await handler.until(number)
    consumer = one._app.consumer
    assert not any(consumer._acked.values())
    assert not any(consumer._acked_index.values())
    assert not consumer.unacked
    await one.stop()


def test_queues_are_cleared_before_the_flow_resumes() -> None:
    """`resume_flow` is the moment from which nothing that was handed over is dropped any more."""
    text = source(Recovery._resume_streams)
    assert text.index("on_rebalance_complete.send") < text.index("consumer.perform_seek()")
    assert text.index("flow_control.resume()") < text.index("consumer.resume_flow()")
    assert text.index("consumer.resume_flow()") < text.index("_fetcher.maybe_start()")


def test_without_tables_recovery_only_resumes_the_streams() -> None:
    text = source(Recovery)
    assert "if not self.tables" in text
    assert "self._resume_streams" in text


def test_the_conductor_hands_a_message_to_the_queue_of_its_topic() -> None:
    assert "message.incref" in source(ConductorCompiler.build)


def test_the_table_manager_still_sleeps_a_second_before_it_does_this() -> None:
    lines = [line.strip() for line in source(TableManager.on_start).splitlines()]
    assert "await self.sleep(1.0)" in lines
    assert "await self._update_channels()" in lines
    assert "await self.recovery.start()" in lines
    assert len(lines) == 6


@pytest.mark.parametrize("name", ["_new_transport", "_create_directories"])
def test_the_app_overrides_what_is_there(name: str) -> None:
    assert name in vars(faust.App)
    assert name in vars(host._App)
    assert f"self.{name}()" in inspect.getsource(inspect.getmodule(faust.App))  # type: ignore[arg-type]


def test_a_crash_reaches_the_app() -> None:
    assert "_crash" in vars(mode.Service)
    assert "._crash(reason)" in source(mode.Service.crash)
    assert list(inspect.signature(mode.Service._crash).parameters) == ["self", "reason"]


def test_the_producer_is_flushed_by_name_only() -> None:
    assert inspect.iscoroutinefunction(FaustProducer.flush)
