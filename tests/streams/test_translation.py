"""Raw pushes become events; what is no push is parked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streams.codec import Unreadable, fact_headers
from streams.log.base import Draft, Record, Run, TopicPartition, header
from streams.topics import ACTIVITY, BOL_WEBHOOKS, DEAD_LETTERS, inbox_topic
from streams.translation import Translation
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Message, OrderNoticed
from tests.streams.fakes import Notebook
from tests.streams.simulation.model_log import Fate, ModelGuard, ModelLog, ModelRows
from tests.streams.simulation.process import finish, no_sleep

AT = TopicPartition(BOL_WEBHOOKS.name, 0)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def translate(connection: str, record: Record) -> tuple[list[Message], list[tuple[str, Noted]]]:
    value = (record.value or b"").decode()
    if value == "rubbish":
        raise Unreadable("not a push")
    if value == "boom":
        raise RuntimeError("a bug")
    event = OrderNoticed(via="push", noticed_at=NOW)
    return [Message(flow="orders", entity=value, event=event)], [(value, Noted(kind="push", text=value))]


class Bench:
    def __init__(self) -> None:
        self.log = ModelLog(Fate(3, 0.0, 0.0), atomic=True)
        self.guard = ModelGuard(self.log)
        self.notebook = Notebook()
        self.translation = Translation(
            "bol", translate, lambda connection: connection == "shop", self.notebook, no_sleep
        )
        finish(self.translation.assigned(AT, 0, ModelRows(self.log, "none"), self.guard))

    def put(self, *values: str, key: bytes = b"shop") -> None:
        for value in values:
            self.log.put(Draft(AT.topic, key, value.encode(), fact_headers("shop", "t9"), partition=0))

    def deliver(self, begin: int = 0) -> None:
        records = self.log.partitions[AT][begin:]
        finish(self.translation.apply(Run(AT, begin, begin + len(records), records)))


def test_a_push_becomes_its_events_with_the_same_trace() -> None:
    bench = Bench()
    bench.put("b1")
    bench.deliver()
    event = bench.log.all(inbox_topic("orders"))[0]
    assert event.key == b"shop/b1"
    assert header(event.headers, "trace") == "t9"
    assert bench.log.all(ACTIVITY.name)[0].key == b"shop/b1"
    assert bench.log.committed[AT] == 1


@pytest.mark.parametrize(("value", "reason"), [("rubbish", "not a push"), ("boom", "RuntimeError")])
def test_what_is_no_push_is_parked_and_stops_nothing(value: str, reason: str) -> None:
    bench = Bench()
    bench.put(value, "b2")
    bench.deliver()
    assert len(bench.log.all(inbox_topic("orders"))) == 1
    assert reason in header(bench.log.all(DEAD_LETTERS.name)[0].headers, "dead.reason")


def test_a_push_for_a_connection_that_is_not_set_up_is_parked() -> None:
    bench = Bench()
    bench.put("b1", key=b"other")
    bench.deliver()
    assert "not in the settings" in header(bench.log.all(DEAD_LETTERS.name)[0].headers, "dead.reason")


def test_a_run_again_is_skipped_and_a_gap_goes_back() -> None:
    bench = Bench()
    bench.put("b1", "b2")
    bench.deliver()
    bench.deliver()
    assert len(bench.log.all(inbox_topic("orders"))) == 2
    bench.put("b3", "b4")
    bench.deliver(begin=3)
    assert bench.guard.read_from[AT] == 2
    assert len(bench.log.all(inbox_topic("orders"))) == 2


def test_a_full_log_is_waited_out() -> None:
    bench = Bench()
    bench.log.fate.refuse = 0.6
    bench.put("b1")
    bench.deliver()
    assert len(bench.log.all(inbox_topic("orders"))) == 1
