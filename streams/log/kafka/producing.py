"""Writing: acknowledged by all in-sync copies, each write in its order, grouped while others are under way.

No producer id of Kafka's: a write whose answer was lost is sent again and may then lie there twice, which every
receiver takes (streams/delivery.py, rule 4). In return nothing here can get out of step with a broker for good, and a
row's right to be written is looked at in the very moment its request leaves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import errors
from aiokafka.errors import for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams.log.base import Draft, LogUnavailable, TopicPartition
from streams.log.kafka.access import KafkaAccess, passing, words
from streams.log.kafka.brokers import Brokers, pause_before

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that a write is tried."""
ANSWER = 6.0
"""Seconds for one answer: a broker that stands still is given up before the patience ends."""
BATCH_BYTES = 512 * 1024
QUEUED_BYTES = 64 * 1024 * 1024
"""What may wait here while the brokers are away; more is refused."""
LANES = 2
"""Connections a broker: while one write waits for its copies, another may leave."""
ALL_COPIES = -1

Permit = Callable[[], None]
"""Raises when what belongs to it may not be written any more."""


class Batch:
    """Records of one partition that are written together."""

    __slots__ = ("_builder", "alone", "at", "attempts", "bytes", "count", "permit", "raw", "until", "waiting")

    def __init__(self, at: TopicPartition, permit: Permit | None, until: float, room: int) -> None:
        self.at = at
        self.permit = permit
        self.until = until
        self.count = 0
        self.bytes = 0
        self.attempts = 0
        self.alone = False
        """Others of the same write follow or precede it: they arrive one after the other. Batches of different writers
        may overtake each other, which saves each a wait for the one before."""
        self.raw: bytes | None = None
        self.waiting: list[asyncio.Future[int]] = []
        """Of each writer: the offset of its first record. A future each, because a writer that is cancelled takes his
        along."""
        self._builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, max(BATCH_BYTES, room))

    def add(self, draft: Draft, timestamp: int) -> bool:
        """False when it is full (or on its way)."""
        if self.raw is not None:
            return False
        # A fresh list of headers: the builder wants one, and drafts carry tuples.
        told = self._builder.append(self.count, timestamp, draft.key, draft.value, list(draft.headers))
        if told is None:
            return False
        self.count += 1
        self.bytes = self._builder.size()
        return True

    def wait(self) -> asyncio.Future[int]:
        """The offset of its first record, once it is acknowledged."""
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        return waiter

    def close(self) -> bytes:
        """As it goes over the wire; nothing can be added from now on."""
        if self.raw is None:
            self.raw = bytes(self._builder.build())
        return self.raw


class Producing:
    """Queues by partition, and the requests that empty them."""

    def __init__(self, access: KafkaAccess) -> None:
        self._brokers = Brokers(access, "writing", ANSWER)
        self._queues: dict[TopicPartition, deque[Batch]] = {}
        self._under_way: Counter[TopicPartition] = Counter()
        """How many batches of it are on their way."""
        self._alone: set[TopicPartition] = set()
        """One of them has to arrive before the next may leave."""
        self._tired: set[TopicPartition] = set()
        """It failed, and is tried again after a rest."""
        self._busy: set[tuple[int, int]] = set()
        self._queued = 0
        self._sending: set[asyncio.Task[None]] = set()
        self._scheduled = False
        self._timed = False
        """The time has been looked at in this turn of the loop."""
        self._flying: set[Batch] = set()
        self._now_ms = 0
        self._until = 0.0
        self._resting: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def brokers(self) -> Brokers:
        """Its brokers; for who opens it."""
        return self._brokers

    async def open(self, topics: Sequence[str]) -> None:
        """Connects. Raises LogUnavailable."""
        await self._brokers.open()
        await self._brokers.know(topics)

    async def close(self) -> None:
        """What is queued or under way fails."""
        self._closed = True
        tasks = [*self._sending, *([self._resting] if self._resting is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        left = [*self._flying, *(batch for queue in self._queues.values() for batch in queue)]
        for batch in left:  # also of a task that was ended before it began
            self._fail(batch, LogUnavailable(f"{self._brokers.name} is closed"))
        self._flying.clear()
        self._queues.clear()
        await self._brokers.close()

    async def write(
        self,
        drafts: Sequence[tuple[TopicPartition, Draft]],
        now: Callable[[], int],
        permit: Permit | None = None,
    ) -> list[int]:
        """The offset of each draft, once all are acknowledged. `now()`: milliseconds, for those that name no time.
        Raises LogUnavailable, or what `permit` raises."""
        self._may_queue(now)
        placed: list[tuple[Batch, int]] = []
        last: dict[TopicPartition, Batch] = {}
        for at, draft in drafts:
            batch = self._queue(at, draft, permit)
            if last.setdefault(at, batch) is not batch:
                last[at].alone = batch.alone = True
                last[at] = batch
            placed.append((batch, batch.count - 1))
        self._wake()
        waiters = {batch: batch.wait() for batch in dict.fromkeys(batch for batch, _ in placed)}
        results = await asyncio.gather(*waiters.values(), return_exceptions=True)
        for failed in results:
            if isinstance(failed, BaseException):
                raise failed
        return [waiters[batch].result() + index for batch, index in placed]

    async def write_one(
        self, at: TopicPartition, draft: Draft, now: Callable[[], int], permit: Permit | None = None
    ) -> int:
        """The same of a single one."""
        self._may_queue(now)
        batch = self._queue(at, draft, permit)
        index = batch.count - 1
        self._wake()
        return await batch.wait() + index

    def _may_queue(self, now: Callable[[], int]) -> None:
        """Raises LogUnavailable when no more is taken. What comes in one turn of the loop comes at the same time."""
        if self._closed:
            raise LogUnavailable(f"{self._brokers.name} is closed")
        if self._queued > QUEUED_BYTES:
            raise LogUnavailable(
                f"{self._brokers.name} does not take writes, and {QUEUED_BYTES >> 20} MiB wait already. "
                "Are enough brokers up?"
            )
        if not self._timed:
            self._timed = True
            self._wake()
            self._now_ms = now()
            self._until = asyncio.get_running_loop().time() + PATIENCE

    def _queue(self, at: TopicPartition, draft: Draft, permit: Permit | None) -> Batch:
        """The batch that took it, as its last record. Raises LogUnavailable."""
        queue = self._queues.get(at)
        if queue is None:
            queue = self._queues[at] = deque()
        timestamp = self._now_ms if draft.timestamp is None else draft.timestamp
        if queue:
            batch = queue[-1]
            if batch.permit is permit and self._add(batch, draft, timestamp):
                return batch
        room = 256 + len(draft.key or b"") + len(draft.value or b"")
        room += sum(len(name) * 4 + len(value) + 16 for name, value in draft.headers)
        batch = Batch(at, permit, self._until, room)
        queue.append(batch)
        if not self._add(batch, draft, timestamp):
            queue.pop()
            raise LogUnavailable(f"{self._brokers.name}: a record of {room} bytes fits into no batch")
        return batch

    def _add(self, batch: Batch, draft: Draft, timestamp: int) -> bool:
        before = batch.bytes
        added = batch.add(draft, timestamp)
        self._queued += batch.bytes - before
        return added

    # -- emptying the queues

    def _wake(self) -> None:
        """Once more through the queues, after all that is to be written in this turn of the loop is there."""
        if not self._scheduled and not self._closed:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._send_heads)

    def _send_heads(self) -> None:
        self._scheduled = self._timed = False
        if self._closed:
            return
        heads: dict[int, list[Batch]] = {}
        unled = False
        for at in [at for at, queue in self._queues.items() if queue and self._may_leave(at, queue[0])]:
            leader = self._brokers.leader(at)
            if leader is None:
                unled = True
            else:
                heads.setdefault(leader, []).append(self._queues[at][0])
        for broker, batches in heads.items():
            lane = next((lane for lane in range(LANES) if (broker, lane) not in self._busy), None)
            if lane is None:
                continue
            self._busy.add((broker, lane))
            for batch in batches:
                self._queues[batch.at].popleft()
                self._flying.add(batch)
                self._under_way[batch.at] += 1
                if batch.alone:
                    self._alone.add(batch.at)
            task = asyncio.create_task(self._send(broker, lane, batches), name=f"write-{broker}-{lane}")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        if unled:
            self._rest(1)

    def _may_leave(self, at: TopicPartition, head: Batch) -> bool:
        if at in self._tired or at in self._alone:
            return False
        return not (head.alone and self._under_way[at])

    async def _send(self, broker: int, lane: int, batches: list[Batch]) -> None:
        """One request. What failed in passing goes back to the head of its queue."""
        failed: list[tuple[Batch, BaseException]] = []
        leaving: list[Batch] = []
        try:
            # Before the permits are asked for: connecting may take seconds.
            await self._brokers.ready(broker, f"write-{lane}")
            topics: dict[str, list[tuple[int, bytes]]] = {}
            for batch in batches:
                try:
                    if batch.permit is not None:
                        batch.permit()
                except Exception as error:
                    self._fail(batch, error)
                    continue
                leaving.append(batch)
                topics.setdefault(batch.at.topic, []).append((batch.at.partition, batch.close()))
            if leaving:
                request = ProduceRequest(None, ALL_COPIES, int(ANSWER * 1000), list(topics.items()))
                response = await self._brokers.send(broker, request, f"write-{lane}")
                failed = self._settle({one.at: one for one in leaving}, response)
        except (errors.KafkaError, OSError, TimeoutError) as error:
            failed = [(one, error) for one in leaving or batches]
        except BaseException:  # closed, or a mistake of ours: no writer may wait for ever
            for one in leaving or batches:
                self._fail(one, LogUnavailable(f"{self._brokers.name}: the write was broken off"))
            raise
        finally:
            self._busy.discard((broker, lane))
            for one, reason in failed:
                self._again(one, reason)
            self._flying.difference_update(batches)
            for batch in batches:
                self._under_way[batch.at] -= 1
                if not self._under_way[batch.at]:
                    del self._under_way[batch.at]
                    self._alone.discard(batch.at)
                if not self._queues.get(batch.at):
                    self._queues.pop(batch.at, None)
            self._wake()
        if failed:
            self._rest(max(one.attempts for one, _ in failed))

    def _settle(self, sent: dict[TopicPartition, Batch], response: Any) -> list[tuple[Batch, BaseException]]:
        failed: list[tuple[Batch, BaseException]] = []
        for topic, partitions in response.topics:
            for partition, code, offset, *_ in partitions:
                batch = sent.pop(TopicPartition(topic, partition), None)
                if batch is None:
                    continue
                if code:
                    failed.append((batch, for_code(code)()))
                else:
                    self._queued -= batch.bytes
                    for waiter in batch.waiting:
                        if not waiter.done():
                            waiter.set_result(offset)
        failed.extend((one, errors.UnknownError()) for one in sent.values())
        return failed

    def _again(self, batch: Batch, reason: BaseException) -> None:
        batch.attempts += 1
        if self._closed or not passing(reason) or asyncio.get_running_loop().time() >= batch.until:
            self._fail(batch, self._brokers.unavailable("writing to", batch.at, reason))
            return
        log.debug("%s: writing to %s failed (%s), again", self._brokers.name, batch.at, words(reason))
        self._queues.setdefault(batch.at, deque()).appendleft(batch)
        self._tired.add(batch.at)

    def _fail(self, batch: Batch, error: BaseException) -> None:
        self._queued -= batch.bytes
        for waiter in batch.waiting:
            if not waiter.done():
                waiter.set_exception(error)

    def _rest(self, attempt: int) -> None:
        """Looks for the leaders, waits a little and goes on."""
        if self._resting is None or self._resting.done():
            self._resting = asyncio.create_task(self._go_on(attempt), name="write-again")

    async def _go_on(self, attempt: int) -> None:
        await self._brokers.refresh()
        await asyncio.sleep(pause_before(attempt))
        now = asyncio.get_running_loop().time()
        for at, queue in list(self._queues.items()):
            while queue and self._brokers.leader(at) is None and now >= queue[0].until:
                self._fail(
                    queue.popleft(),
                    self._brokers.unavailable("writing to", at, errors.LeaderNotAvailableError()),
                )
        self._resting = None
        self._tired.clear()
        self._wake()
        if any(self._brokers.leader(at) is None for at, queue in self._queues.items() if queue):
            self._rest(attempt + 1)
