"""A log in memory, and a small shop's records on it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from app.readmodel.entries import READ
from streams.codec import activity_draft, dead_letter, fact_headers, flow_header, key_of, raw_draft
from streams.log.base import Draft, LogReader, LogUnavailable, Record, Run, TopicPartition, UnknownTopic
from streams.log.partition import partition_of
from streams.vocabulary.activity import Activity
from streams.vocabulary.effects import Asking, RawAnswer
from streams.vocabulary.time import milliseconds

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
"""Twelve o'clock in the shop."""


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Moves on."""
        self.now += timedelta(seconds=seconds)


class MemoryLog(LogReader):
    """Topics of `count` partitions; records lie where `place` says, by default by their key."""

    def __init__(self, clock: HandClock, count: int = 2) -> None:
        self.clock = clock
        self._count = count
        self.partition: dict[TopicPartition, list[Record]] = {
            TopicPartition(topic, number): [] for topic in READ for number in range(count)
        }
        self.gaps: dict[TopicPartition, int] = {}
        """The first offset still kept, where retention has been at work."""
        self.refuse = 0
        self.reads = 0
        self._grown = asyncio.Event()

    def add(self, draft: Draft) -> Record:
        """Appends a record."""
        number = partition_of(draft.key or b"", self._count) if draft.partition is None else draft.partition
        records = self.partition[TopicPartition(draft.topic, number)]
        stamp = milliseconds(self.clock()) if draft.timestamp is None else draft.timestamp
        record = Record(len(records), stamp, draft.key, draft.value, draft.headers)
        records.append(record)
        self._grown.set()
        return record

    def note(
        self, activity: Activity, entity: str, connection: str = "demo", trace: str = "t-1", flow: str = ""
    ) -> Record:
        """What a flow says about an entity; without a `flow` as it was written before that was told."""
        headers = fact_headers(connection, trace) + ((flow_header(flow),) if flow else ())
        return self.add(activity_draft(activity, key_of(connection, entity), headers))

    def answer(
        self,
        vendor: str,
        operation: str,
        body: bytes,
        entity: str,
        status: int = 200,
        millis: int = 120,
        flow: str = "",
    ) -> Record:
        """A vendor's raw answer; with a `flow` it tells whose question it answers."""
        raw = RawAnswer(
            vendor=vendor,
            operation=operation,
            status=status,
            body=body,
            asked_at=self.clock() - timedelta(milliseconds=millis),
            answered_at=self.clock(),
        )
        asking = None
        if flow:
            now = self.clock()
            asking = Asking(
                flow=flow,
                key="x",
                number=1,
                mark="",
                began=now,
                settled_at=now,
                answered_at=now,
                call=1,
                place=1,
                places=1,
            )
        return self.add(raw_draft(raw, key_of("demo", entity), fact_headers("demo", "t-1"), asking))

    def die(self, body: bytes, reason: str, entity: str = "A1", offset: int = 7) -> Record:
        """A dead letter."""
        record = Record(offset, milliseconds(self.clock()), key_of("demo", entity), body, ())
        return self.add(dead_letter(record, TopicPartition("orders.inbox", 0), reason))

    async def partitions(self, topic: str) -> int:
        """See LogReader.partitions."""
        if topic not in READ:
            raise UnknownTopic(topic)
        return self._count

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """See LogReader.bounds."""
        return self.gaps.get(at, 0), len(self.partition[at])

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        """See LogReader.read."""
        self.reads += 1
        if self.refuse:
            self.refuse -= 1
            raise LogUnavailable("the broker is away")
        begin = max(offset, self.gaps.get(at, 0))
        records = self.partition[at][begin : begin + limit]
        return Run(at, begin, max(begin, begin + len(records)), records)

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        """See LogReader.offset_at."""
        young = (record.offset for record in self.partition[at] if record.timestamp >= timestamp)
        return next(young, len(self.partition[at]))

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        """See LogReader.changed."""
        while all(len(self.partition[at]) <= end for at, end in known.items()):
            self._grown.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._grown.wait()
            except TimeoutError:
                return False
        return True
