"""The youngest records, and nothing of the older ones."""

from __future__ import annotations

import gc

from streams.log.base import Record, TopicPartition
from streams.log.embedded.file import Place
from streams.log.embedded.tail import TAIL_BYTES, TAIL_RECORDS, Partition


class Body(bytes):
    """Bytes that can be counted."""


def partition() -> Partition:
    return Partition(Place(at=TopicPartition("bol.raw", 0), id=1, compacted=False, ending=0), 0, {})


def test_what_is_out_of_the_tail_is_not_kept() -> None:
    """Regression: up to a thousand records that were out stayed in memory, whatever their size: ten thousand orders'
    pages and raw answers."""
    there = partition()
    for offset in range(40):
        there.add(Record(offset, 0, b"shop", Body(bytes(TAIL_BYTES // 4 - 4))))
    assert sum(1 for one in gc.get_objects() if isinstance(one, Body)) == 4
    assert there.peek(35, 10) is None
    found = there.peek(36, 10)
    assert found is not None
    assert [record.offset for record in found] == [36, 37, 38, 39]


def test_it_peeks_at_what_is_there_however_many_went_by() -> None:
    there = partition()
    for offset in range(3 * TAIL_RECORDS):
        there.add(Record(offset, 0, b"k", b"v"))
        found = there.peek(max(0, offset - TAIL_RECORDS + 1), 2 * TAIL_RECORDS)
        assert found is not None
        assert len(found) == min(offset + 1, TAIL_RECORDS)
        assert found[-1].offset == offset
    there.forget(3 * TAIL_RECORDS - 2)
    assert there.peek(3 * TAIL_RECORDS - 3, 1) is None
    assert there.peek(3 * TAIL_RECORDS - 2, 5) is not None
