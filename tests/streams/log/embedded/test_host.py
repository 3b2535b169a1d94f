"""The host on the embedded log: what the contract leaves to each host."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from pathlib import Path

import pytest
from faust.agents import current_agent

from streams.log.base import (
    Draft,
    Guard,
    LogUnavailable,
    Rows,
    Run,
    Subscription,
    TopicPartition,
    UnknownTopic,
)
from streams.log.embedded import EmbeddedLog
from streams.log.host import FaustHost
from streams.topics import Topic
from tests.streams.log.contract import EVENTS, OTHER, PATIENCE, ROWS, TOPICS, Follower, Tally, events
from tests.streams.log.embedded.conftest import HandClock, Opener, for_ever

TALLY = Subscription("tally", EVENTS, Tally(), ROWS)


async def test_handlers_are_run_by_agents_of_faust(log: EmbeddedLog) -> None:
    names: list[str] = []

    class Named(Follower):
        async def apply(self, run: Run) -> None:
            agent = current_agent()
            assert agent is not None
            names.append(agent.name)
            await super().apply(run)

    handler = Named()
    host = FaustHost(log, [Subscription("named", EVENTS, handler)])
    await host.start()
    await log.append(events(3))
    await handler.until(3)
    await host.stop()
    assert {name.rsplit(".")[-1] for name in names} == {"named"}


async def test_a_run_is_one_transaction(log: EmbeddedLog) -> None:
    """Events, rows and the position become visible together."""
    seen: list[tuple[int, int, int]] = []
    news = asyncio.Event()

    def look() -> None:
        news.set()
        at = TopicPartition(EVENTS, 0)
        seen.append(
            (log.end(TopicPartition(OTHER, 0)), log.end(TopicPartition(ROWS, 0)), log.committed("g", at) or 0)
        )

    class OneOfEach(Follower):
        async def apply(self, run: Run) -> None:
            checkpoint = self._guard.checkpoint(run.at, run.end)
            await checkpoint.send([Draft(OTHER, b"k", b"v", partition=0)])
            await checkpoint.write_rows([Draft(ROWS, b"k", b"v", partition=0)])
            await asyncio.sleep(0)
            await checkpoint.commit()
            look()

    host = FaustHost(log, [Subscription("one", EVENTS, OneOfEach())], group="g")
    await host.start()
    stop = log.listen(look)
    for n in range(1, 4):
        await log.append([Draft(EVENTS, b"k", b"v", partition=0)])
        async with asyncio.timeout(PATIENCE):
            while log.committed("g", TopicPartition(EVENTS, 0)) != n:
                news.clear()
                await news.wait()
    stop()
    await host.stop()
    assert {row for row in seen if row[0]} == {(1, 1, 1), (2, 2, 2), (3, 3, 3)}


async def test_runs_grow_with_the_load(log: EmbeddedLog) -> None:
    tally = Tally()
    tally.hold = asyncio.Event()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)])
    await host.start()
    await log.append([Draft(EVENTS, b"k", b"0", partition=0)])
    await tally.until(lambda: bool(tally.at_work))
    for n in range(400):
        await log.append([Draft(EVENTS, b"k", b"%d" % n, partition=0)])
    tally.hold.set()
    await tally.until_applied(401)
    await host.stop()
    assert [len(run.records) for run in tally.runs] == [1, 400]


async def test_a_run_that_faust_loses_is_delivered_again(log: EmbeddedLog) -> None:
    tally = Tally()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)])
    await host.start()
    tally.hold = asyncio.Event()
    await log.append([Draft(EVENTS, b"k", b"1", partition=0)])
    await tally.until(lambda: bool(tally.at_work))
    host._consumer.book.dropped()  # as at the end of a rebalance
    await log.append([Draft(EVENTS, b"k", b"2", partition=0)])
    tally.hold.set()
    await tally.until_applied(2)
    await host.stop()
    assert tally.counts() == {b"k": 2}
    assert tally.runs[1].begin == 0


async def test_a_position_before_what_is_kept_is_no_gap(opener: Opener, clock: HandClock) -> None:
    log = await opener()
    at = TopicPartition(EVENTS, 0)
    await log.append([Draft(EVENTS, b"k", b"old", partition=0) for _ in range(5)])
    clock.pass_(days=8)
    await log.tidy()
    await log.write([Draft(EVENTS, b"k", b"new", partition=0)], [("kassabrug", at, 2)])
    tally = Tally()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)])
    await host.start()
    await tally.until_applied(1)
    await host.stop()
    assert [(run.begin, run.end) for run in tally.runs if run.at == at] == [(2, 6)]
    assert tally.applied == 1


async def test_what_was_never_applied_waits_for_the_group(opener: Opener, clock: HandClock) -> None:
    """From the first start on, retention leaves what the group has not applied."""
    log = await opener()
    host = FaustHost(log, [Subscription("tally", EVENTS, Tally(), ROWS)])
    await host.start()
    await host.stop()
    await log.append(events(20))
    clock.pass_(days=100)
    assert await log.tidy() == 0


async def test_an_app_without_subscriptions_starts_and_stops(log: EmbeddedLog) -> None:
    host = FaustHost(log, [])
    await host.start()
    await host.stop()


async def test_it_leaves_the_process_alone(
    log: EmbeddedLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["", "faust", "mode", "aiokafka"]
    before = [(list(logging.getLogger(n).handlers), logging.getLogger(n).level) for n in names]
    signals = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    host = FaustHost(log, [Subscription("tally", EVENTS, Tally(), ROWS)])
    await host.start()
    after = [(list(logging.getLogger(n).handlers), logging.getLogger(n).level) for n in names]
    assert after == before
    assert {one: signal.getsignal(one) for one in signals} == signals
    await host.stop()
    files = await asyncio.to_thread(lambda: {one.name for one in tmp_path.iterdir()})
    assert all(name.startswith("shop.db") for name in files)


async def test_nothing_is_left_running(opener: Opener) -> None:
    before = asyncio.all_tasks()
    log = await opener()
    host = FaustHost(log, [Subscription("tally", EVENTS, Tally(), ROWS)])
    await host.start()
    await host.stop()
    await host.stop()
    await log.close()
    assert asyncio.all_tasks() == before


async def test_starting_takes_no_fixed_second(log: EmbeddedLog) -> None:
    begun = time.monotonic()
    host = FaustHost(log, [Subscription("tally", EVENTS, Tally(), ROWS)])
    await host.start()
    assert time.monotonic() - begun < 0.9
    await host.stop()


# -- what goes wrong


def test_two_subscriptions_to_one_topic_are_refused(tmp_path: Path) -> None:
    same_topic = Subscription("other", EVENTS, Tally())
    same_name = Subscription("tally", OTHER, Tally())
    for other in (same_topic, same_name):
        with pytest.raises(ValueError, match="same topic or the same name"):
            FaustHost(None, [TALLY, other])  # type: ignore[arg-type]  # refused before it is looked at


async def test_an_unknown_topic_is_told_at_the_start(log: EmbeddedLog) -> None:
    for one in (Subscription("tally", "no.such", Tally()), Subscription("tally", EVENTS, Tally(), "no.such")):
        host = FaustHost(log, [one])
        with pytest.raises(UnknownTopic):
            await host.start()
        await host.stop()


async def test_rows_have_to_lie_like_their_events(opener: Opener) -> None:
    log = await opener(topics=[Topic(EVENTS, "inbox", "k", "x")], partitions=2)
    await log.close()
    log = await opener(partitions=3)
    host = FaustHost(log, [TALLY])
    with pytest.raises(LogUnavailable, match=r"2 partitions and .* has 3"):
        await host.start()
    await host.stop()


async def test_a_handler_that_cannot_take_up_its_partition_stops_the_start(log: EmbeddedLog) -> None:
    class Refusing(Tally):
        async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
            raise LogUnavailable("not now")

    host = FaustHost(log, [Subscription("tally", EVENTS, Refusing(), ROWS)])
    with pytest.raises(LogUnavailable, match="not now"):
        await host.start()
    await host.stop()


async def test_a_bug_in_a_handler_is_told_too(log: EmbeddedLog) -> None:
    tally = Tally()
    tally.fail_with = ZeroDivisionError("a bug")
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)])
    await host.start()
    await log.append(events(1))
    async with asyncio.timeout(PATIENCE):
        assert await host.failed() is tally.fail_with
    await host.stop()
    assert log.committed("kassabrug", tally.runs[0].at) == 0


async def test_a_log_that_is_gone_ends_the_host(log: EmbeddedLog) -> None:
    tally = Tally()
    tally.hold = asyncio.Event()  # never set: a handler that would try for ever
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)])
    await host.start()
    await log.append(events(1))
    await tally.until(lambda: bool(tally.at_work))
    await log.close()
    async with asyncio.timeout(PATIENCE):
        assert "closed" in str(await host.failed())
        await host.stop()
    assert not tally.at_work


async def test_a_crash_inside_faust_ends_the_host(path: Path, clock: HandClock) -> None:
    class Broken(EmbeddedLog):
        broken = False

        async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
            if self.broken:
                raise RuntimeError("nobody thought of this")
            return await super().read(at, offset, limit)

    log = await Broken.open(path, TOPICS, partitions=3, clock=clock, sleep=for_ever)
    host = FaustHost(log, [Subscription("tally", EVENTS, Tally(), ROWS)])
    await host.start()
    Broken.broken = True
    await log.append(events(1))
    async with asyncio.timeout(PATIENCE):
        assert "nobody thought of this" in str(await host.failed())
    await host.stop()
    await log.close()


async def test_a_stop_does_not_wait_for_ever(log: EmbeddedLog) -> None:
    tally = Tally()
    tally.hold = asyncio.Event()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)], grace=0.05)
    await host.start()
    await log.append([Draft(EVENTS, b"k", b"v", partition=0)])
    await tally.until(lambda: bool(tally.at_work))
    async with asyncio.timeout(PATIENCE):
        await host.stop()
    assert tally.applied == 0
    assert not tally.at_work
    again = Tally()
    host = FaustHost(log, [Subscription("tally", EVENTS, again, ROWS)])
    await host.start()
    await again.until_applied(1)
    await host.stop()
    assert [one.value for run in again.runs for one in run.records] == [b"v"]


async def test_many_rows_are_recovered_at_once(log: EmbeddedLog) -> None:
    drafts = [Draft(ROWS, b"shop/%d" % n, b"x" * 100) for n in range(20_000)]
    for begin in range(0, len(drafts), 2_000):
        await log.append(drafts[begin : begin + 2_000])
    follower = Rowed()
    host = FaustHost(log, [Subscription("rowed", EVENTS, follower, ROWS)])
    await host.start()
    await host.stop()
    assert follower.there == 20_000


class Rowed(Follower):
    there = 0

    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        keys = [key for key, _ in rows.items(at.partition)]
        assert all(rows.get(key) == b"x" * 100 for key in keys)
        self.there += len(keys)
