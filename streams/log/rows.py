"""Rows in memory, recovered from their changelog.

Plain dictionaries, one a partition: Faust's tables add nothing to them that is wanted here, and much that is
not (docs/decisions/0004-embedded-log.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from streams.log.base import LogReader, Rows, TopicPartition
from streams.log.partition import partition_of

RECOVERED_AT_ONCE = 5_000
"""Records of a changelog read in one go."""


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

    async def recover(self, reader: LogReader, partition: int) -> None:
        """Reads the partition's changelog from its beginning to its end. Raises LogUnavailable."""
        part = self._parts[partition]
        part.clear()
        at = TopicPartition(self.changelog, partition)
        position, end = await reader.bounds(at)
        while position < end:
            run = await reader.read(at, position, RECOVERED_AT_ONCE)
            for record in run.records:
                if record.key is None:
                    continue
                if record.value is None:
                    part.pop(record.key, None)
                else:
                    part[record.key] = record.value
            position = run.end

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
