"""Reading without a group: bounds, one read at any offset, and being woken by news."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from aiokafka import errors
from aiokafka.errors import for_code
from aiokafka.protocol.offset import OffsetRequest

from streams.log.base import LogReader, Run, TopicPartition, UnknownTopic
from streams.log.kafka.access import KafkaAccess
from streams.log.kafka.brokers import Brokers
from streams.log.kafka.fetching import READ_UNCOMMITTED, Fetched, Fetching, answers, decode, fetch_request

PATIENCE = 15.0
"""Seconds until a broker that does not answer counts as unavailable."""
READ_BYTES = 2 * 1024 * 1024
"""Asked for in one read; what is more than the caller's limit is kept for the next read."""
KEPT = 32
"""Partitions of which such a rest is kept."""
LATEST, EARLIEST = -1, -2


class KafkaReader(LogReader):
    """See LogReader. Raises LogUnavailable when the brokers do not answer."""

    def __init__(self, access: KafkaAccess, partitions: Mapping[str, int]) -> None:
        """`partitions`: topic to how many it has."""
        self._partitions = partitions
        self._asking = Brokers(access, "reading", PATIENCE)
        self._following = Brokers(access, "following", PATIENCE)
        self._news = asyncio.Event()
        self._fetching = Fetching(self._following, self._news.set, lambda at, _: self._fetching.forget(at))
        self._following_open: asyncio.Task[None] | None = None
        self._rests: OrderedDict[TopicPartition, Fetched] = OrderedDict()
        self._waits: list[frozenset[TopicPartition]] = []
        """What is read ahead, by who waits for it: sets without a partition in common."""

    async def open(self) -> None:
        """Connects. Raises LogUnavailable."""
        await self._asking.open()
        await self._asking.know(self._partitions)

    async def close(self) -> None:
        """Ends."""
        if self._following_open is not None:
            await asyncio.gather(self._following_open, return_exceptions=True)
            await self._fetching.close()
            await self._following.close()
        await self._asking.close()

    # -- LogReader

    async def partitions(self, topic: str) -> int:
        """See LogReader.partitions."""
        if topic not in self._partitions:
            raise UnknownTopic(f"{self._asking.name} has no topic {topic!r}, or it is not on our list")
        return self._partitions[topic]

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """See LogReader.bounds."""
        await self._check(at)
        first, end = await asyncio.gather(self._offset(at, EARLIEST), self._offset(at, LATEST))
        return first, max(first, end)

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        """See LogReader.read."""
        await self._check(at)
        ahead = self._fetching.take(at, offset, limit)
        if ahead is not None:
            return ahead
        chunk = self._rests.pop(at, None)
        if chunk is None or chunk.begin != offset:
            chunk = await self._fetch(at, offset)
        if len(chunk.records) > limit:
            end = chunk.records[limit - 1].offset + 1
            self._rests[at] = Fetched(end, chunk.end, chunk.records[limit:])
            while len(self._rests) > KEPT:
                self._rests.popitem(last=False)
            return Run(at, chunk.begin, end, chunk.records[:limit])
        return Run(at, chunk.begin, chunk.end, chunk.records)

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        """See LogReader.offset_at."""
        await self._check(at)
        found = await self._offset(at, max(0, timestamp))
        return found if found >= 0 else await self._offset(at, LATEST)

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        """See LogReader.changed. From the first call on the partitions are read ahead, so that what is news here is
        at hand for `read`. Several may wait, each for partitions of its own: a call takes the place of the one before
        that had any of the same."""
        if self._following_open is None or _failed(self._following_open):
            self._following_open = asyncio.create_task(self._open_following())
        await asyncio.shield(self._following_open)
        waits = frozenset(known)
        self._waits = [*(one for one in self._waits if one.isdisjoint(waits)), waits]
        for at in set(self._fetching.followed).difference(*self._waits):
            self._fetching.forget(at)
        for at, end in known.items():
            self._fetching.follow(at, end)
        until = asyncio.get_running_loop().time() + timeout
        while not any(self._fetching.has(at) for at in known):
            self._news.clear()
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                return any(self._fetching.has(at) for at in known)
        return True

    # -- asking

    async def _open_following(self) -> None:
        await self._following.open()
        await self._following.know(self._partitions)
        self._fetching.start()

    async def _check(self, at: TopicPartition) -> None:
        if not 0 <= at.partition < await self.partitions(at.topic):
            raise UnknownTopic(f"{self._asking.name}: {at.topic} has no partition {at.partition}")

    async def _offset(self, at: TopicPartition, timestamp: int) -> int:
        """The broker's answer to a moment (milliseconds), or to EARLIEST and LATEST; -1: nothing as young."""
        request = OffsetRequest(-1, READ_UNCOMMITTED, [(at.topic, [(at.partition, timestamp)])])

        async def ask(leader: int) -> int:
            response = await self._asking.send(leader, request)
            _, code, *_, offset = response.topics[0][1][0]
            if code:
                raise for_code(code)
            return int(offset)

        return await self._asking.at_leader(at, ask, "asking for the bounds of", PATIENCE)

    async def _fetch(self, at: TopicPartition, offset: int) -> Fetched:
        async def ask(leader: int) -> Fetched | None:
            response = await self._asking.send(leader, fetch_request([(at, offset)], 0, READ_BYTES))
            for _, failed, raw in answers(response):
                if failed is errors.OffsetOutOfRangeError:
                    return None
                if failed is not None:
                    raise failed
                return decode(raw, offset)
            return Fetched(offset, offset, [])

        found = await self._asking.at_leader(at, ask, "reading", PATIENCE)
        if found is not None:
            return found
        first, end = await self.bounds(at)
        if offset < first:  # retention has taken it: from the first one that is kept
            return await self._fetch(at, first)
        return Fetched(end, end, [])


def _failed(task: asyncio.Task[None]) -> bool:
    """Whether it has ended without its work done: a cluster that was away then may be there now."""
    return task.done() and (task.cancelled() or task.exception() is not None)
