"""What every contestant is judged by must itself be right: the steps of the jobs are the delivery core's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.delivery import Delivery
from streams.log.base import Checkpoint, Draft, Guard, Record, Run, TopicPartition
from streams.log.rows import RecoveredRows
from streams.observer import Observer
from streams.topics import ACTIVITY, inbox_topic, rows_topic
from tests.bench.kafka.contestants import contestants, quix_key
from tests.bench.kafka.job import JOBS, RULES, Marks, ledger_step, marks
from tests.bench.kafka.ours import NobodyFollows
from tests.bench.kafka.workload import HEADERS, Event, Workload

BEGAN = 1_790_000_000_000


class Kept(Checkpoint):
    """Keeps what was written."""

    def __init__(self, written: list[Draft]) -> None:
        self._written = written

    async def send(self, drafts: Sequence[Draft]) -> None:
        self._written.extend(drafts)

    async def write_rows(self, drafts: Sequence[Draft]) -> None:
        self._written.extend(drafts)

    async def commit(self) -> None:
        """Nothing is left to be done."""


class KeptBy(Guard):
    def __init__(self) -> None:
        self.written: list[Draft] = []

    async def rewind(self, at: TopicPartition, position: int) -> None:
        raise AssertionError("there are no gaps here")

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        return Kept(self.written)


async def delivered(job: str, events: Sequence[Event], run_length: int, partitions: int) -> list[Draft]:
    """What the real delivery core writes for these events, in runs of this length."""
    guard = KeptBy()
    flow = JOBS[job].flow
    delivery: Delivery[Any] = Delivery(flow, lambda _: RULES, NobodyFollows(), Observer(), asyncio.sleep)
    rows = RecoveredRows(rows_topic("stock"), partitions)
    by_partition = groupby(sorted(events, key=lambda one: one.partition), lambda one: one.partition)
    for partition, mine in by_partition:
        at = TopicPartition(inbox_topic("stock"), partition)
        await delivery.assigned(at, 0, rows, guard)
        records = [
            Record(offset, one.timestamp, one.key, one.value, HEADERS) for offset, one in enumerate(mine)
        ]
        for begin in range(0, len(records), run_length):
            part = records[begin : begin + run_length]
            await delivery.apply(Run(at, begin, begin + len(part), part))
    return guard.written


@pytest.mark.parametrize("name", ["stock", "ledger"])
@pytest.mark.parametrize("run_length", [1, 37, 500])
async def test_what_must_come_out_is_what_the_delivery_core_writes(name: str, run_length: int) -> None:
    workload, job = Workload(40, 1_500, BEGAN), JOBS[name]
    events = [*workload.beginnings(), *workload.events()]
    written = await delivered(name, events, run_length, workload.partitions)
    rows = {one.key: one.value for one in written if one.topic == rows_topic("stock")}
    outputs = [one for one in written if one.topic == ACTIVITY.name]
    wanted = job.outcome(events)
    assert len(rows) + len(outputs) > 0
    assert {one.topic for one in written} == {rows_topic("stock"), ACTIVITY.name}
    assert marks(job.row_mark(key or b"", value or b"") for key, value in rows.items()) == wanted.rows
    assert marks(job.output_mark(one.key or b"", one.value or b"") for one in outputs) == wanted.outputs


@pytest.mark.parametrize("name", ["stock", "ledger"])
@pytest.mark.parametrize("harm", ["lost", "doubled", "swapped"])
def test_a_wrong_result_is_seen(name: str, harm: str) -> None:
    workload, job = Workload(5, 60, BEGAN), JOBS[name]
    events = [*workload.beginnings(), *workload.events()]
    wanted = job.outcome(events)
    last = max(n for n, one in enumerate(events) if b"till-sold" in one.value)
    if harm == "lost":
        del events[last]
    elif harm == "doubled":
        events.insert(last, events[last])
    else:
        other = next(n for n in range(len(events)) if events[n].key == events[last].key and n != last)
        events[last], events[other] = events[other], events[last]
    if name == "ledger" and harm == "swapped":
        assert job.outcome(events).outputs != wanted.outputs  # a count does not mind the order of its row
    else:
        assert job.outcome(events).rows != wanted.rows


def test_steps_in_bytes_are_the_same_as_steps_in_rows() -> None:
    workload, job = Workload(7, 200, BEGAN), JOBS["stock"]
    events = [*workload.beginnings(), *workload.events()]
    rows: dict[bytes, bytes] = {}
    outputs: list[int] = []
    ends: dict[int, int] = {}
    for partition, key, value, timestamp in events:
        offset = ends.get(partition, 0)
        ends[partition] = offset + 1
        rows[key], told = job.step(rows.get(key), key, value, timestamp, offset)
        outputs += [job.output_mark(key, one) for one in told]
    assert marks(job.row_mark(*one) for one in rows.items()) == job.outcome(events).rows
    assert marks(outputs) == job.outcome(events).outputs


def test_the_small_job_is_the_same_with_dictionaries() -> None:
    workload, job = Workload(7, 200, BEGAN), JOBS["ledger"]
    events = [*workload.beginnings(), *workload.events()]
    rows: dict[bytes, dict[str, int]] = {}
    for event in events:
        rows[event.key] = ledger_step(rows.get(event.key), orjson.loads(event.value))
    found = marks(job.row_mark(key, orjson.dumps(row)) for key, row in rows.items())
    assert found == job.outcome(events).rows


@given(st.lists(st.integers(min_value=-(2**63), max_value=2**63 - 1)), st.randoms(use_true_random=False))
def test_marks_do_not_ask_for_the_order_but_for_everything_else(found: list[int], dice: Any) -> None:
    mixed = list(found)
    dice.shuffle(mixed)
    assert marks(mixed) == marks(found)
    assert marks([*found, 1]) != marks(found)
    assert marks([]) == Marks(0, 0)


@settings(max_examples=30)
@given(st.integers(1, 30), st.integers(0, 200), st.integers(0, 5))
def test_a_workload_is_the_same_each_time_and_keeps_each_article_in_its_partition(
    articles: int, movements: int, seed: int
) -> None:
    workload = Workload(articles, movements, BEGAN, seed)
    events = [*workload.beginnings(), *workload.events()]
    assert events == [*workload.beginnings(), *workload.events()]
    assert len(events) == 2 * articles + movements
    assert [one.timestamp for one in events] == [BEGAN + n for n in range(len(events))]
    places: dict[bytes, int] = {}
    decoder = msgspec.json.Decoder(JOBS["stock"].flow.events)
    for one in events:
        assert places.setdefault(one.key, one.partition) == one.partition
        decoder.decode(one.value)


def test_every_movement_of_the_stock_job_has_something_to_do() -> None:
    """A workload that the flow ignores would measure nothing."""
    workload, job = Workload(20, 500, BEGAN), JOBS["stock"]
    begun = job.outcome(workload.beginnings()).outputs.count
    all_of_it = job.outcome([*workload.beginnings(), *workload.events()]).outputs.count
    assert all_of_it - begun > workload.movements
    sales = list(workload.sales(100))
    assert job.outcome([*workload.beginnings(), *sales]).outputs.count - begun == 200


@given(st.binary(min_size=1, max_size=30))
def test_the_article_s_key_is_found_in_quix_s(key: bytes) -> None:
    assert quix_key(key + b'|"row"') == key
    assert quix_key(key + b"|other") is None


def test_contestants_differ_in_what_they_run() -> None:
    field = contestants("stock")
    assert set(field) == {"kassabrug", "quix", "quix-exactly-once", "faust"}
    assert [one.name for one in field.values() if not one.tells] == ["faust"]
