"""The log on Apache Kafka, as everybody else sees it: opened, written, read, run on, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from streams.log.base import (
    Draft,
    LogReader,
    LogUnavailable,
    LogWriter,
    Run,
    TopicPartition,
    UnknownTopic,
)
from streams.log.driver import Driver, Owner
from streams.log.kafka.access import KafkaAccess
from streams.log.kafka.making import prepare
from streams.log.kafka.producing import Permit, Producing
from streams.log.kafka.reading import KafkaReader
from streams.log.partition import partition_of
from streams.topics import Topic
from streams.vocabulary.time import Clock, milliseconds, system_clock

PARTITIONS = 8
SESSION_TIMEOUT = 6.0
"""Seconds after which a worker that is not heard of counts as dead; brokers take no less than 6 by default."""


class KafkaLog(Driver, LogWriter, LogReader):
    """One process's hold of the log. Many may have one at the same time."""

    def __init__(
        self,
        access: KafkaAccess,
        partitions: Mapping[str, int],
        session_timeout: float,
        instance: str | None,
        clock: Clock,
    ) -> None:
        """Use `open`."""
        self.access = access
        self.session_timeout = session_timeout
        self.instance = instance
        self._partitions = dict(partitions)
        self._clock = clock
        self._reader = KafkaReader(access, partitions)
        self._producing = Producing(access)
        self._closed = False

    @classmethod
    async def open(
        cls,
        access: KafkaAccess,
        topics: Sequence[Topic],
        *,
        partitions: int = PARTITIONS,
        replication: int | None = None,
        session_timeout: float = SESSION_TIMEOUT,
        instance: str | None = None,
        make: bool = True,
        clock: Clock = system_clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> KafkaLog:
        """Connects; topics that are missing are made with so many `partitions` and copies (`replication`; None: three,
        or as many as there are brokers). `make=False`: only looks, and takes the topics as they are. Raises
        LogUnavailable, and LogForeign with every difference between the topics and the list."""
        there = await prepare(access, topics, partitions, replication, make)
        one = cls(access, there, session_timeout, instance, clock)
        try:
            await one._reader.open()
            await one._producing.open(list(there))
        except BaseException:
            await one.close()
            raise
        return one

    async def close(self) -> None:
        """Ends; what is still being written fails."""
        self._closed = True
        await self._producing.close()
        await self._reader.close()

    # -- LogWriter

    def append(self, drafts: Sequence[Draft]) -> Coroutine[Any, Any, list[tuple[TopicPartition, int]]]:
        """See LogWriter.append."""
        return self.write(drafts)

    async def write(
        self, drafts: Sequence[Draft], permit: Permit | None = None
    ) -> list[tuple[TopicPartition, int]]:
        """The same; `permit` is asked in the moment that the request leaves, and raises when it must not."""
        if len(drafts) == 1:  # a push: the hot path of the ingress
            at = self._place(drafts[0])
            return [(at, await self._producing.write_one(at, drafts[0], self._now_ms, permit))]
        placed = [(self._place(draft), draft) for draft in drafts]
        offsets = await self._producing.write(placed, self._now_ms, permit)
        return [(at, offset) for (at, _), offset in zip(placed, offsets, strict=True)]

    def _now_ms(self) -> int:
        return milliseconds(self._clock())

    def _place(self, draft: Draft) -> TopicPartition:
        count = self._partitions.get(draft.topic)
        if count is None:
            raise UnknownTopic(f"{self.access.name} has no topic {draft.topic!r}, or it is not on our list")
        number = draft.partition
        if number is None:
            number = partition_of(draft.key, count) if draft.key is not None else 0
        if not 0 <= number < count:
            raise UnknownTopic(f"{self.access.name}: {draft.topic} has no partition {number}")
        return TopicPartition(draft.topic, number)

    # -- LogReader

    async def partitions(self, topic: str) -> int:
        """See LogReader.partitions."""
        return await self._reader.partitions(topic)

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """See LogReader.bounds."""
        return await self._reader.bounds(at)

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        """See LogReader.read."""
        return await self._reader.read(at, offset, limit)

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        """See LogReader.offset_at."""
        return await self._reader.offset_at(at, timestamp)

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        """See LogReader.changed."""
        return await self._reader.changed(known, timeout)

    # -- Driver

    @property
    def reader(self) -> LogReader:
        """Itself."""
        return self

    def settings(self) -> Mapping[str, Any]:
        """Nothing: Faust's own connection to Kafka is not used."""
        return {}

    def transport(self, app: Any, owner: Owner) -> Any:
        """See Driver.transport."""
        from streams.log.kafka.transport import Transport  # Faust takes half a second to import

        return Transport(self, app, owner)

    async def failed(self) -> Exception:
        """A cluster that is away comes back: only who needs it then says so. Waits for ever."""
        await asyncio.Event().wait()
        return LogUnavailable(self.access.name)
