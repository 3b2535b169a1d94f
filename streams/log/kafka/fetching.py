"""Reading ahead: one waiting fetch a broker, for all partitions that it leads, into bounded buffers.

A partition whose run is being applied is fetched all the same: were it left out, it would miss its news until the
fetch that waits for the others ends. Only a full buffer leaves a partition out, and then the fetch waits briefly.
Positions are exact: a chunk ends where the broker's last batch ends, so that offsets that were compacted away or
taken by transaction markers are passed over knowingly.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from aiokafka import errors
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from streams.log.base import Record, Run, TopicPartition
from streams.log.kafka.access import words
from streams.log.kafka.brokers import Brokers, pause_before

log = logging.getLogger(__name__)

WAIT_MS = 250
"""How long a broker holds a fetch that finds nothing: what a new partition waits at most."""
WAIT_WHILE_FULL_MS = 10
PART_BYTES = 1024 * 1024
ALL_BYTES = 8 * 1024 * 1024
BUFFERED = 2_000
BUFFERED_BYTES = 8 * 1024 * 1024
"""Records of one partition that wait here, and their bytes; beyond either it is not fetched."""
READ_UNCOMMITTED = 0


class Fetched(NamedTuple):
    """What one partition gave."""

    begin: int
    end: int
    """Where to go on."""
    records: list[Record]


def fetch_request(
    wanted: Iterable[tuple[TopicPartition, int]], wait_ms: int, part_bytes: int
) -> FetchRequest:
    """Asks for records from these offsets on."""
    topics: dict[str, list[tuple[int, int, int]]] = {}
    for at, offset in wanted:
        topics.setdefault(at.topic, []).append((at.partition, offset, part_bytes))
    return FetchRequest(wait_ms, 1, max(ALL_BYTES, part_bytes), READ_UNCOMMITTED, list(topics.items()))


def answers(response: Any) -> Iterable[tuple[TopicPartition, type[Exception] | None, bytes]]:
    """Partition, error (None: none) and raw batches, of each partition in a fetch's answer."""
    for topic, partitions in response.topics:
        for partition, code, _, *rest in partitions:
            failed = for_code(code) if code else None
            yield TopicPartition(topic, partition), failed, rest[-1] or b""


def decode(raw: bytes, begin: int) -> Fetched:
    """The records of raw batches from `begin` on. Raises CorruptRecordException where a checksum is wrong.
    Control batches (markers of transactions) hold nothing for us, but their offsets are passed."""
    batches = MemoryRecords(raw)
    records: list[Record] = []
    end = begin
    while batches.has_next():
        batch = batches.next_batch()
        if not batch.validate_crc():
            raise errors.CorruptRecordException(f"wrong checksum at offset {batch.base_offset}")
        if not batch.is_control_batch:
            records += [
                Record(one.offset, one.timestamp, one.key, one.value, tuple(one.headers))
                for one in batch
                if one.offset >= begin
            ]
        end = max(end, batch.next_offset)
    return Fetched(begin, end, records)


class _Part:
    """One partition that is read ahead."""

    __slots__ = ("bytes", "chunks", "held", "position", "sizes")

    def __init__(self, position: int) -> None:
        self.position = position
        self.chunks: deque[Fetched] = deque()
        self.sizes: deque[int] = deque()
        """Bytes that each chunk came with; they count until all of it is taken."""
        self.held = 0
        self.bytes = 0

    @property
    def full(self) -> bool:
        """Whether no more is fetched now."""
        return self.held >= BUFFERED or self.bytes >= BUFFERED_BYTES

    def put(self, chunk: Fetched, size: int) -> None:
        """What came next."""
        self.position = chunk.end
        self.chunks.append(chunk)
        self.sizes.append(size)
        self.held += len(chunk.records)
        self.bytes += size


class Fetching:
    """Reads ahead for the partitions that `follow` names."""

    def __init__(
        self, brokers: Brokers, news: Callable[[], None], gone: Callable[[TopicPartition, int], None]
    ) -> None:
        """`news()` is called when records came; `gone(at, offset)` when that offset is no longer, or not yet, in
        the log."""
        self._brokers = brokers
        self._news = news
        self._gone = gone
        self._parts: dict[TopicPartition, _Part] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._more = asyncio.Event()
        self._closed = False
        self._overseer: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; within a running loop."""
        self._overseer = asyncio.create_task(self._oversee(), name="fetching")

    async def close(self) -> None:
        """Ends."""
        self._closed = True
        tasks = [*self._tasks.values(), *([self._overseer] if self._overseer is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def follow(self, at: TopicPartition, position: int) -> None:
        """Read this partition ahead from `position` on; what was read from elsewhere is dropped."""
        part = self._parts.get(at)
        if part is not None:
            if part.chunks and part.chunks[0].begin == position:
                return
            if not part.chunks and part.position == position:
                return
        self._parts[at] = _Part(position)
        self._more.set()

    def forget(self, at: TopicPartition) -> None:
        """No longer."""
        self._parts.pop(at, None)

    @property
    def followed(self) -> Iterable[TopicPartition]:
        """The partitions that are read ahead."""
        return self._parts.keys()

    def has(self, at: TopicPartition) -> bool:
        """Whether something of it is here."""
        part = self._parts.get(at)
        return part is not None and bool(part.chunks)

    def take(self, at: TopicPartition, position: int, limit: int) -> Run | None:
        """Up to `limit` records from exactly `position` on; None when they are not here (yet)."""
        part = self._parts.get(at)
        if part is None or not part.chunks or part.chunks[0].begin != position:
            return None
        records: list[Record] = []
        end = position
        was_full = part.full
        while part.chunks and len(records) < limit:
            chunk = part.chunks.popleft()
            room = limit - len(records)
            if len(chunk.records) > room:
                records += chunk.records[:room]
                end = chunk.records[room - 1].offset + 1
                part.chunks.appendleft(Fetched(end, chunk.end, chunk.records[room:]))
            else:
                records += chunk.records
                end = chunk.end
                part.bytes -= part.sizes.popleft()
        part.held -= len(records)
        if was_full and not part.full:
            self._more.set()
        return Run(at, position, end, records)

    # -- the waiting fetches

    async def _oversee(self) -> None:
        """One task for each broker that leads something; brokers come and go."""
        while not self._closed:
            unled = False
            for at in list(self._parts):
                leader = self._brokers.leader(at)
                if leader is None:
                    unled = True
                elif leader not in self._tasks or self._tasks[leader].done():
                    self._tasks[leader] = asyncio.create_task(
                        self._fetch_from(leader), name=f"fetch-{leader}"
                    )
            self._more.clear()
            if unled:
                await self._brokers.refresh()
                await asyncio.sleep(0.1)
                continue
            try:
                async with asyncio.timeout(1.0):
                    await self._more.wait()
            except TimeoutError:
                pass

    def _wanted(self, broker: int) -> tuple[list[tuple[TopicPartition, int]], bool]:
        """What to ask this broker for, and whether a full buffer leaves something out."""
        led = [(at, part) for at, part in self._parts.items() if self._brokers.leader(at) == broker]
        wanted = [(at, part.position) for at, part in led if not part.full]
        return wanted, len(wanted) < len(led)

    async def _fetch_from(self, broker: int) -> None:
        failures = 0
        turn = 0
        while not self._closed:
            wanted, full = self._wanted(broker)
            if not wanted:
                if not full:
                    return  # it leads nothing of ours; the overseer starts us again
                await asyncio.sleep(WAIT_WHILE_FULL_MS / 1000)
                continue
            turn += 1
            start = turn % len(wanted)  # nobody is always last when an answer is full
            wanted = wanted[start:] + wanted[:start]
            request = fetch_request(wanted, WAIT_WHILE_FULL_MS if full else WAIT_MS, PART_BYTES)
            try:
                response = await self._brokers.send(broker, request, "fetch")
                healthy = self._take_in(dict(wanted), response)
            except (errors.KafkaError, OSError, TimeoutError) as error:
                log.info("%s: fetching from broker %s failed: %s", self._brokers.name, broker, words(error))
                healthy = False
            if healthy:
                failures = 0
                continue
            failures += 1
            await self._brokers.refresh()
            await asyncio.sleep(pause_before(failures))

    def _take_in(self, asked: dict[TopicPartition, int], response: Any) -> bool:
        """Into the buffers. False when a leader has moved or something was wrong."""
        healthy = True
        came = False
        for at, failed, raw in answers(response):
            part = self._parts.get(at)
            if part is None or part.position != asked.get(at):
                continue  # taken away, or going on elsewhere since
            if failed is errors.OffsetOutOfRangeError:
                self._gone(at, part.position)
                healthy = False
            elif failed is not None:
                healthy = False
            elif raw:
                chunk = decode(raw, part.position)
                if chunk.end > part.position:
                    part.put(chunk, len(raw))
                    came = True
        if came:
            self._news()
        return healthy
