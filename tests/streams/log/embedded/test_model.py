"""The store against a model: whatever is done in whatever order, both hold the same."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from streams.log.base import Draft, Record, TopicPartition
from streams.log.embedded import EmbeddedLog, Onlooker
from streams.topics import Topic
from streams.vocabulary.time import milliseconds
from tests.streams.log.embedded.conftest import HandClock, for_ever

AGED, KEYED = "aged", "keyed"
TOPICS = (Topic(AGED, "inbox", "k", "x", retention=100), Topic(KEYED, "rows", "k", "x", True, None))
PARTITIONS = 2
PLACES = [TopicPartition(topic, number) for topic in (AGED, KEYED) for number in range(PARTITIONS)]

keys = st.sampled_from([b"", b"a", b"b", b"c", b"\xff" * 40])
values = st.one_of(st.none(), st.binary(max_size=20))
headers = st.lists(st.tuples(st.text(max_size=3), st.binary(max_size=5)), max_size=2).map(tuple)
drafts = st.builds(
    Draft,
    st.sampled_from([AGED, KEYED]),
    keys,
    values,
    headers,
    st.one_of(st.none(), st.integers(1_700_000_000_000, 1_700_000_000_050)),
    st.integers(0, PARTITIONS - 1),
)
steps = st.one_of(
    st.tuples(st.just("append"), st.lists(drafts, max_size=6)),
    st.tuples(st.just("together"), st.lists(st.lists(drafts, max_size=3), max_size=4)),
    st.tuples(st.just("position"), st.tuples(st.sampled_from(PLACES), st.integers(0, 8))),
    st.tuples(st.just("reopen"), st.none()),
    st.tuples(st.just("tidy"), st.none()),
    st.tuples(st.just("wait"), st.integers(1, 60_000)),
)


@dataclass
class Model:
    records: dict[TopicPartition, list[Record]] = field(default_factory=lambda: {at: [] for at in PLACES})
    ends: dict[TopicPartition, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))
    positions: dict[TopicPartition, int] = field(default_factory=dict)

    def append(self, draft: Draft, now: int) -> tuple[TopicPartition, int]:
        assert draft.partition is not None
        at = TopicPartition(draft.topic, draft.partition)
        offset = self.ends[at]
        self.ends[at] += 1
        timestamp = now if draft.timestamp is None else draft.timestamp
        self.records[at].append(Record(offset, timestamp, draft.key, draft.value, draft.headers))
        return at, offset

    def compact(self) -> None:
        for at in PLACES:
            if at.topic == KEYED:
                last = {one.key: one.offset for one in self.records[at]}
                self.records[at] = [one for one in self.records[at] if last[one.key] == one.offset]

    def tidy(self, now: int) -> None:
        self.compact()
        for at in PLACES:
            if at.topic == KEYED:
                self.records[at] = [
                    one
                    for one in self.records[at]
                    if one.value is not None or one.timestamp >= now - 24 * 3600 * 1000
                ]
                continue
            applied = self.positions.get(at, self.ends[at])
            while self.records[at]:
                one = self.records[at][0]
                if one.offset >= applied or one.timestamp >= now - 100_000:
                    break
                self.records[at].pop(0)


async def play(path: Path, script: list[tuple[str, Any]]) -> None:
    clock, model = HandClock(), Model()

    async def opened() -> EmbeddedLog:
        return await EmbeddedLog.open(path, TOPICS, partitions=PARTITIONS, clock=clock, sleep=for_ever)

    log = await opened()
    for what, detail in script:
        now = milliseconds(clock())
        if what == "append":
            assert await log.append(detail) == [model.append(one, now) for one in detail]
        elif what == "together":
            placed = await asyncio.gather(*[log.append(one) for one in detail])
            assert placed == [[model.append(one, now) for one in some] for some in detail]
        elif what == "position":
            at, position = detail
            await log.write([], [("group", at, position)])
            model.positions[at] = position
        elif what == "wait":
            clock.pass_(seconds=detail)
        elif what == "tidy":
            await log.tidy()
            model.tidy(now)
        else:
            await log.close()
            log = await opened()
    for at in PLACES:
        if at.topic == AGED:  # a compacted one may still show in memory what the file has dropped
            await compare(log, at, model)
    await log.close()
    model.compact()
    log = await opened()
    onlooker = await Onlooker.open(path)
    for reader in (log, onlooker):
        for at in PLACES:
            await compare(reader, at, model)
    for at in PLACES:
        assert log.committed("group", at) == model.positions.get(at)
    await onlooker.close()
    await log.close()


async def compare(reader: EmbeddedLog | Onlooker, at: TopicPartition, model: Model) -> None:
    expected, end = model.records[at], model.ends[at]
    first = expected[0].offset if expected else end
    assert await reader.bounds(at) == (first, end)
    for offset in range(end + 1):
        for limit in (1, 2, 100):
            run = await reader.read(at, offset, limit)
            wanted = [one for one in expected if one.offset >= offset]
            assert list(run.records) == wanted[:limit]
            assert run.begin == max(offset, first)
            assert (
                run.end == (end if len(wanted) < limit else wanted[limit - 1].offset + 1)
                or len(wanted) == limit
            )
    for moment in {one.timestamp + n for one in expected for n in (0, 1)}:
        young = [one.offset for one in expected if one.timestamp >= moment]
        assert await reader.offset_at(at, moment) == (young[0] if young else end)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=14))
def test_the_store_holds_what_the_model_holds(script: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder) / "shop.db", script))
