"""Rows in memory: what a changelog leaves."""

from __future__ import annotations

from collections.abc import Mapping

import hypothesis.strategies as st
import pytest
from hypothesis import given

from streams.log.base import LogReader, Record, Run, TopicPartition
from streams.log.partition import partition_of
from streams.log.rows import NoRows, RecoveredRows

PARTITIONS = 3


class Changelog(LogReader):
    """Records at given offsets, handed out a few at a time; offsets may be missing."""

    def __init__(self, records: list[Record], end: int) -> None:
        self.records = records
        self.end = end

    async def partitions(self, topic: str) -> int:
        return PARTITIONS

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        return (self.records[0].offset if self.records else self.end), self.end

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        found = [one for one in self.records if one.offset >= offset][:3]
        return Run(at, offset, found[-1].offset + 1 if found else self.end, found)

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        return self.end

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        return False


def key_in(partition: int, number: int) -> bytes:
    found = [b"k%d" % n for n in range(200) if partition_of(b"k%d" % n, PARTITIONS) == partition]
    return found[number]


changes = st.lists(
    st.tuples(st.integers(0, 4), st.one_of(st.none(), st.binary(max_size=3)), st.integers(1, 4)), max_size=20
)


@given(changes, st.integers(0, 5))
async def test_the_last_record_of_a_key_counts(
    script: list[tuple[int, bytes | None, int]], beyond: int
) -> None:
    records: list[Record] = []
    expected: dict[bytes, bytes] = {}
    offset = 0
    for number, value, step in script:
        offset += step
        key = key_in(1, number)
        records.append(Record(offset, 0, key, value))
        if value is None:
            expected.pop(key, None)
        else:
            expected[key] = value
    rows = RecoveredRows("changelog", PARTITIONS)
    rows.put(key_in(1, 9), b"from before")
    rows.put(key_in(0, 0), b"elsewhere")
    await rows.recover(Changelog(records, offset + 1 + beyond), 1)
    assert dict(rows.items(1)) == expected
    assert dict(rows.items(0)) == {key_in(0, 0): b"elsewhere"}
    assert len(rows) == len(expected) + 1
    assert all(rows.get(key) == value for key, value in expected.items())


def test_rows_change_and_go_with_their_partition() -> None:
    rows = RecoveredRows("changelog", PARTITIONS)
    for number in range(30):
        rows.put(b"k%d" % number, b"v")
    assert sum(len(list(rows.items(n))) for n in range(PARTITIONS)) == len(rows) == 30
    there = len(list(rows.items(2)))
    rows.put(b"k1", None)
    rows.put(b"never there", None)
    assert rows.get(b"k1") is None
    rows.put(b"k1", b"again")
    for key, _ in rows.items(2):
        rows.put(key, None)  # while going through them
    assert len(rows) == 30 - there
    rows.forget(0)
    assert list(rows.items(0)) == []


def test_without_a_changelog_there_are_no_rows() -> None:
    rows = NoRows()
    assert (rows.get(b"k"), list(rows.items(0)), len(rows)) == (None, [], 0)
    with pytest.raises(TypeError, match=r"names? .*changelog"):
        rows.put(b"k", b"v")
