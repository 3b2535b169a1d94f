"""Rows in memory, recovered from their changelog.

Plain dictionaries, one a partition: Faust's tables add nothing to them that is wanted here, and much that is
not (docs/decisions/0004-embedded-log.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from streams.log.base import Draft, Headers, LogReader, Rows, TopicPartition
from streams.log.partition import partition_of

RECOVERED_AT_ONCE = 5_000
"""Records of a changelog read in one go."""


STAMP = "applied"
"""The header of a row that says up to where its partition's events were applied when it was written. Only where
several processes write: there a worker that was stopped for long may write a row after the next owner has written a
newer one, and the higher stamp is right, not the later record."""


def stamped(draft: Draft, applied: int) -> Draft:
    """The row with its stamp."""
    return draft._replace(headers=(*draft.headers, (STAMP, b"%d" % applied)))


def stamp_of(headers: Headers) -> int | None:
    """The stamp, or None where there is none."""
    for name, value in headers:
        if name == STAMP:
            return int(value)
    return None


class Stamps:
    """Which row of each key is the newest, of those that were read so far."""

    def __init__(self) -> None:
        self._highest: dict[bytes, int] = {}

    def late(self, key: bytes, stamp: int | None) -> bool:
        """Whether a newer row of this key lies before one with this stamp; what is not takes its place."""
        if stamp is None:
            return False
        if stamp < self._highest.get(key, 0):
            return True
        self._highest[key] = stamp
        return False


class Recovered(NamedTuple):
    """What reading a changelog told."""

    end: int
    """The changelog was read up to here."""
    late: frozenset[bytes]
    """Keys whose newest row is not their last record: to be written again, before compaction takes the newest."""


class RecoveredRows(Rows):
    """The rows of one changelog topic, for the partitions that are assigned here."""

    def __init__(self, changelog: str, partitions: int) -> None:
        self.changelog = changelog
        self._parts: list[dict[bytes, bytes]] = [{} for _ in range(partitions)]

    def get(self, key: bytes) -> bytes | None:
        """See Rows.get."""
        return self._parts[partition_of(key, len(self._parts))].get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        """See Rows.put."""
        part = self._parts[partition_of(key, len(self._parts))]
        if value is None:
            part.pop(key, None)
        else:
            part[key] = value

    def items(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """See Rows.items. Rows may change while they are gone through."""
        return list(self._parts[partition].items())

    def __len__(self) -> int:
        """See Rows.__len__."""
        return sum(len(part) for part in self._parts)

    async def recover(self, reader: LogReader, partition: int) -> Recovered:
        """Reads the partition's changelog from its beginning to its end. Raises LogUnavailable."""
        part = self._parts[partition]
        part.clear()
        stamps = Stamps()
        late: set[bytes] = set()
        at = TopicPartition(self.changelog, partition)
        position, end = await reader.bounds(at)
        while position < end:
            run = await reader.read(at, position, RECOVERED_AT_ONCE)
            for _, _, key, value, headers in run.records:
                if key is None:
                    continue
                stamp = stamp_of(headers)
                if stamps.late(key, stamp):
                    late.add(key)
                    continue
                if stamp is not None:
                    late.discard(key)
                if value is None:
                    part.pop(key, None)
                else:
                    part[key] = value
            position = run.end
        return Recovered(position, frozenset(late))

    def forget(self, partition: int) -> None:
        """The partition is another's now."""
        self._parts[partition].clear()


class NoRows(Rows):
    """For a handler that keeps none."""

    def get(self, key: bytes) -> bytes | None:
        """Nothing is there."""
        return None

    def put(self, key: bytes, value: bytes | None) -> None:
        """Raises TypeError: the subscription names no changelog."""
        raise TypeError("this subscription keeps no rows; name its changelog topic in `Subscription.rows`")

    def items(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """Nothing is there."""
        return ()

    def __len__(self) -> int:
        """Always 0."""
        return 0
