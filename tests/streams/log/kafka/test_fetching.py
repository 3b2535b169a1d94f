"""Reading ahead: exact positions over gaps and markers, and buffers that are taken piece by piece."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from streams.log.base import Draft, Record, Subscription, TopicPartition
from streams.log.host import FaustHost
from streams.log.kafka import KafkaAccess
from streams.log.kafka.fetching import BUFFERED_BYTES, Fetched, Fetching, _Part, decode
from tests.streams.log.contract import EVENTS, PATIENCE, ROWS, Tally
from tests.streams.log.kafka.conftest import Opener

AT = TopicPartition("t", 0)
CONTROL = 0x20


def batch(begin: int, values: list[bytes], control: bool = False) -> bytes:
    """A batch as a broker keeps it: `begin` is its first offset."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for number, value in enumerate(values):
        builder.append(number, 1_700_000_000_000 + number, b"k", value, [])
    raw = bytearray(builder.build())
    struct.pack_into(">q", raw, 0, begin)
    if control:
        (attributes,) = struct.unpack_from(">h", raw, 21)
        struct.pack_into(">h", raw, 21, attributes | CONTROL)
        from aiokafka.record.util import calc_crc32c_py

        struct.pack_into(">I", raw, 17, calc_crc32c_py(bytes(raw[21:])))
    return bytes(raw)


def test_a_chunk_ends_where_its_last_batch_ends() -> None:
    raw = batch(10, [b"a", b"b"]) + batch(20, [b"c"])
    found = decode(raw, 10)
    assert [(one.offset, one.value) for one in found.records] == [(10, b"a"), (11, b"b"), (20, b"c")]
    assert found.end == 21


def test_what_lies_before_the_position_is_left_out() -> None:
    assert [one.offset for one in decode(batch(10, [b"a", b"b", b"c"]), 11).records] == [11, 12]


def test_a_marker_of_a_transaction_is_passed_over_and_counts_as_read() -> None:
    found = decode(batch(5, [b"a"]) + batch(6, [b"\x00\x00\x00\x01"], control=True), 5)
    assert [one.offset for one in found.records] == [5]
    assert found.end == 7


def test_a_broken_batch_is_not_read() -> None:
    raw = bytearray(batch(0, [b"abc"]))
    raw[-2] ^= 1
    with pytest.raises(CorruptRecordException, match="offset 0"):
        decode(bytes(raw), 0)


def chunk(begin: int, offsets: list[int], end: int) -> Fetched:
    return Fetched(begin, end, [Record(one, 0, b"k", b"v") for one in offsets])


class Nobody:
    """No broker is asked in these tests."""

    name = "kafka://nobody"

    def leader(self, at: TopicPartition) -> int | None:
        return None


def ahead(*chunks: Fetched) -> Fetching:
    one = Fetching(Nobody(), lambda: None, lambda at, offset: None)  # type: ignore[arg-type]  # never asked
    one.follow(AT, chunks[0].begin)
    part: _Part = one._parts[AT]
    for piece in chunks:
        part.put(piece, 100)
    return one


@given(
    st.lists(st.lists(st.integers(1, 3), max_size=6), min_size=1, max_size=5),
    st.integers(1, 7),
)
def test_whatever_the_pieces_taken_runs_follow_on_each_other(gaps: list[list[int]], limit: int) -> None:
    chunks: list[Fetched] = []
    position = 0
    for steps in gaps:
        begin, offsets = position, []
        for step in steps:
            position += step
            offsets.append(position - 1)
        position += 1
        chunks.append(chunk(begin, offsets, position))
    fetching = ahead(*chunks)
    at, seen = 0, []
    while (run := fetching.take(AT, at, limit)) is not None:
        assert run.begin == at
        assert len(run.records) <= limit
        assert all(at <= one.offset < run.end for one in run.records)
        seen += [one.offset for one in run.records]
        at = run.end
    assert at == position
    assert seen == [one.offset for piece in chunks for one in piece.records]
    assert (fetching._parts[AT].held, fetching._parts[AT].bytes) == (0, 0)


def test_a_partition_whose_records_are_long_is_not_read_ahead_by_their_number_alone() -> None:
    """2,000 pushes of some megabytes each would have been held for every partition."""
    fetching = ahead(chunk(0, [0, 1], 2))
    part = fetching._parts[AT]
    part.put(chunk(2, [2, 3], 4), BUFFERED_BYTES)
    assert part.full
    assert fetching.take(AT, 0, 3) is not None
    assert part.full, "half of the long ones is still here"
    assert fetching.take(AT, 3, 3) is not None
    assert not part.full
    assert fetching._more.is_set(), "it is fetched again"


def test_only_what_begins_at_the_position_is_given() -> None:
    fetching = ahead(chunk(5, [5, 6], 7))
    assert fetching.take(AT, 6, 10) is None
    assert fetching.take(TopicPartition("other", 0), 5, 10) is None
    fetching.follow(AT, 5)
    assert fetching.has(AT), "it is there already"
    fetching.follow(AT, 3)
    assert not fetching.has(AT), "what was read from elsewhere is dropped"


async def test_a_topic_with_transactions_of_others_is_applied_without_a_gap(
    opener: Opener, fresh: KafkaAccess, group: str
) -> None:
    """Markers take offsets: a run ends behind them, and the next one begins there."""
    log = await opener()
    tally = Tally()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)], group=group)
    await host.start()
    options: dict[str, Any] = fresh.options()
    async with AIOKafkaProducer(transactional_id=f"t-{group}", **options) as producer:
        for number in range(5):
            async with producer.transaction():
                await producer.send(EVENTS, b"x", key=b"shop/%d" % number, partition=0)
    async with asyncio.timeout(PATIENCE):  # a commit is answered before its marker is written
        while (await log.bounds(TopicPartition(EVENTS, 0)))[1] < 10:  # noqa: ASYNC110 - a broker sets no event of ours
            await asyncio.sleep(0.02)
    await log.append([Draft(EVENTS, b"shop/9", b"x", partition=0)])
    await tally.until_applied(6)
    ends = [run.end for run in tally.runs if run.at.partition == 0]
    assert ends[-1] == 11, "five records, five markers, and one"
    begins = [run.begin for run in tally.runs if run.at.partition == 0]
    assert begins == [0, *ends[:-1]]
    await host.stop()
