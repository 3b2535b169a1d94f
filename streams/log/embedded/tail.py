"""The youngest records of a partition, in memory: who reads along never touches the file."""

from __future__ import annotations

from collections.abc import Sequence

from streams.log.base import Record, TopicPartition
from streams.log.embedded.file import Place

TAIL_RECORDS = 1_000
TAIL_BYTES = 1024 * 1024
"""Keys and values per partition; with some sixty partitions that is 60 MB at the very most."""

_OUT = Record(-1, 0, None, None)


def _size(record: Record) -> int:
    return len(record.key or b"") + len(record.value or b"")


class Partition:
    """A partition of the open log. Compared by identity."""

    def __init__(self, place: Place, youngest: int, positions: dict[str, int]) -> None:
        """`youngest`: the youngest timestamp in the span that is not full yet. `positions`: what each group
        has applied."""
        self.place = place
        self.at: TopicPartition = place.at
        self.id = place.id
        self.origin = place.origin
        self.compacted = place.compacted
        self.end = place.ending
        self.youngest = youngest
        self.positions = positions
        self._tail: list[Record] = []
        self._stale = 0  # how many at the beginning of the list are out already
        self._bytes = 0

    def add(self, record: Record) -> None:
        """The next record, durable now."""
        self.end = record.offset + 1
        self._tail.append(record)
        self._bytes += _size(record)
        while len(self._tail) - self._stale > TAIL_RECORDS or (
            self._bytes > TAIL_BYTES and self._stale < len(self._tail)
        ):
            self._drop()
        if self._stale > TAIL_RECORDS or self._stale == len(self._tail):
            del self._tail[: self._stale]
            self._stale = 0

    def forget(self, before: int) -> None:
        """Records before this offset are gone."""
        while self._stale < len(self._tail) and self._tail[self._stale].offset < before:
            self._drop()

    def _drop(self) -> None:
        """The oldest is out. Its place in the list stays for a while, the record itself must not: a thousand pages of a
        vendor's list are more than the bound."""
        self._bytes -= _size(self._tail[self._stale])
        self._tail[self._stale] = _OUT
        self._stale += 1

    def peek(self, offset: int, limit: int) -> Sequence[Record] | None:
        """Up to `limit` records from `offset` on, or None when that is further back than the tail."""
        if offset >= self.end:
            return ()
        if self._stale == len(self._tail) or offset < self._tail[self._stale].offset:
            return None
        begin = self._stale + offset - self._tail[self._stale].offset
        return self._tail[begin : begin + max(1, limit)]
