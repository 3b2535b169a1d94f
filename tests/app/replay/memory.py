"""A log in memory: whole, with positions, and with a beginning that can be cut off as retention does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streams.log.base import (
    Checkpoint,
    Draft,
    Guard,
    LogReader,
    LogWriter,
    Record,
    Run,
    TopicPartition,
    UnknownTopic,
)
from streams.log.partition import partition_of
from streams.topics import TOPICS
from streams.vocabulary.time import Clock, milliseconds

PARTITIONS = 2


class MemoryLog(LogReader, LogWriter):
    """All topics, two partitions each."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.positions: dict[TopicPartition, int] = {}
        self._records: dict[TopicPartition, list[Record]] = {
            TopicPartition(topic.name, number): [] for topic in TOPICS for number in range(PARTITIONS)
        }
        self._first: dict[TopicPartition, int] = {}

    def place(self, topic: str, key: bytes | None) -> TopicPartition:
        """Where records of this key are."""
        return TopicPartition(topic, partition_of(key or b"", PARTITIONS))

    def records(self, topic: str, key: bytes | None = None) -> list[Record]:
        """Those that are kept, of this key if one is given."""
        return [
            record
            for at, records in self._records.items()
            if at.topic == topic
            for record in records[self._first.get(at, 0) :]
            if key is None or record.key == key
        ]

    def cut(self, at: TopicPartition, first: int) -> None:
        """What lies before is no longer kept."""
        self._first[at] = first

    async def append(self, drafts: Sequence[Draft]) -> list[tuple[TopicPartition, int]]:
        places = []
        for draft in drafts:
            at = self.place(draft.topic, draft.key)
            records = self._records[at]
            stamp = milliseconds(self.clock()) if draft.timestamp is None else draft.timestamp
            records.append(Record(len(records), stamp, draft.key, draft.value, draft.headers))
            places.append((at, len(records) - 1))
        return places

    async def partitions(self, topic: str) -> int:
        if TopicPartition(topic, 0) not in self._records:
            raise UnknownTopic(topic)
        return PARTITIONS

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        return self._first.get(at, 0), len(self._records[at])

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        begin = max(offset, self._first.get(at, 0))
        records = self._records[at][begin : begin + limit]
        return Run(at, begin, begin + len(records), records)

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        first, end = await self.bounds(at)
        return next((n for n in range(first, end) if self._records[at][n].timestamp >= timestamp), end)

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        return any(len(self._records[at]) > end for at, end in known.items())


class MemoryGuard(Guard):
    """Checkpoints that are written whole."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    async def rewind(self, at: TopicPartition, position: int) -> None:
        raise AssertionError("runs are handed over one after the other")

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        return _Whole(self._log, at, end)


class _Whole(Checkpoint):
    def __init__(self, log: MemoryLog, at: TopicPartition, end: int) -> None:
        self._log = log
        self._at = at
        self._end = end
        self._staged: list[Draft] = []

    async def send(self, drafts: Sequence[Draft]) -> None:
        self._staged += drafts

    async def write_rows(self, drafts: Sequence[Draft]) -> None:
        self._staged += drafts

    async def commit(self) -> None:
        await self._log.append(self._staged)
        self._log.positions[self._at] = self._end
