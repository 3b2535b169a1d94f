"""A Faust transport over the embedded log: it hands over runs, and commits what was applied.

Names of Faust that start with an underscore are used here because Faust has no public ones for it; each is
pinned by tests/streams/log/embedded/test_transport.py. Faust's acknowledgements, gaps and commits are not used
(facts/engine.md: they lose records): the position is written by the checkpoint, in the transaction of its rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from faust.transport import base
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.producer import Producer as FaustProducer
from faust.types import TP, ConsumerMessage

from streams.log.base import Checkpoint, Draft, LogUnavailable, Run, TopicPartition
from streams.log.driver import Owner, RunBook

if TYPE_CHECKING:
    from streams.log.embedded.store import EmbeddedLog

RUN_RECORDS = 500


class Staged(Checkpoint):
    """All of one run in one transaction: events, rows and the position."""

    def __init__(self, log: EmbeddedLog, group: str, at: TopicPartition, end: int, book: RunBook) -> None:
        self._log = log
        self._group = group
        self._at = at
        self._end = end
        self._book = book
        self._drafts: list[Draft] = []

    async def send(self, drafts: Iterable[Draft]) -> None:
        """Staged for `commit`."""
        self._drafts.extend(drafts)

    async def write_rows(self, drafts: Iterable[Draft]) -> None:
        """Staged for `commit`."""
        self._drafts.extend(drafts)

    async def commit(self) -> None:
        """Durable on return, all of it or (with LogUnavailable) none."""
        await self._log.write(self._drafts, [(self._group, self._at, self._end)])
        self._book.applied(self._at, self._end)


class Consumer(FaustConsumer):  # type: ignore[misc]  # Faust is not typed
    """Reads every partition of the subscribed topics: there is one process."""

    def __init__(self, transport: Transport, *args: Any, **kwargs: Any) -> None:
        self.book = RunBook()
        self._log = transport.log
        self._owner = transport.owner
        self._assigned: set[TP] = set()
        self._news = asyncio.Event()
        self.book.wake = self._news.set
        self._deafen = self._log.listen(self._news.set)
        super().__init__(transport, *args, **kwargs)

    # -- as RunConsumer

    async def committed(self, at: TopicPartition) -> int:
        """See RunConsumer. A group's first position is written down at once: from then on retention leaves
        what it has not applied yet."""
        position = self._log.committed(self.app.conf.id, at)
        if position is None:
            position = (await self._log.bounds(at))[0]
            await self._log.write([], [(self.app.conf.id, at, position)])
        return position

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        """See RunConsumer."""
        return Staged(self._log, self.app.conf.id, at, end, self.book)

    # -- assignment

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Assigns all partitions, in a task of its own: Faust waits for this call to return meanwhile."""
        self.add_future(self._assign(set(topics)))

    async def _assign(self, topics: set[str]) -> None:
        app = self.app
        app.on_rebalance_start()
        await self.on_partitions_revoked(set(self._assigned))
        self._assigned = {
            TP(topic, number) for topic in topics for number in range(await self._log.partitions(topic))
        }
        app.consumer_generation_id += 1
        await self.on_partitions_assigned(set(self._assigned), app.consumer_generation_id)
        await self._owner.take_up({TopicPartition(tp.topic, tp.partition) for tp in self._assigned})

    def recovered(self, at: TopicPartition, end: int) -> None:
        """Nobody else writes."""

    def grant(self, at: TopicPartition) -> Callable[[], bool]:
        """Always: there is one process a file."""
        return lambda: True

    async def leave(self) -> None:
        """There is no group to leave: the partitions are let go."""
        await self._owner.let_go(list(self.book.positions), lost=False)

    def assignment(self) -> set[TP]:
        """The partitions that are read."""
        return set(self._assigned)

    # -- reading

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Run]]:
        """The next run of each partition that has one and is not busy; waits `timeout` seconds at most."""
        until = self.loop.time() + timeout
        while self.flow_active and not self.should_stop:
            self._news.clear()
            found: dict[TP, list[Run]] = {}
            for tp in self._assigned if active_partitions is None else tuple(active_partitions):
                run = await self._next_run(TopicPartition(tp.topic, tp.partition))
                if run is not None:
                    found[tp] = [run]
            left = until - self.loop.time()
            if found or left <= 0:
                return found
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                return {}
        return {}

    async def _next_run(self, at: TopicPartition) -> Run | None:
        position = self.book.next(at)
        if position is None or self._log.end(at) <= position:
            return None
        try:
            read = await self._log.read(at, position, RUN_RECORDS)
        except LogUnavailable:
            return None  # the log's own `failed` tells why
        if self.book.next(at) != position:
            return None  # rewound or taken away meanwhile
        run = Run(at, position, read.end, read.records)
        self.book.handed(run)
        return run

    def _to_message(self, tp: TP, record: Run) -> ConsumerMessage:
        """One message a run; its offset is the run's last."""
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            record.end - 1,
            record.records[-1].timestamp / 1000 if record.records else 0.0,
            0,
            [],
            None,
            record,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Goes on from what was applied: whatever is on its way may have been dropped by Faust."""
        self.book.dropped()
        return {TP(*at): position for at, position in self.book.positions.items()}

    def resume_flow(self) -> None:
        """Faust has cleared the queues of the agents just before this: what was in them is read again."""
        self.book.dropped()
        super().resume_flow()

    async def _seek(self, partition: TP, offset: int) -> None:
        self.book.rewind(TopicPartition(partition.topic, partition.partition), offset)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seeks several partitions."""
        for tp, offset in partitions.items():
            await self.seek(tp, offset)

    async def position(self, tp: TP) -> int | None:
        """What was applied."""
        return self.book.positions.get(TopicPartition(tp.topic, tp.partition))

    def highwater(self, tp: TP) -> int:
        """The offset that the next record will get."""
        return self._log.end(TopicPartition(tp.topic, tp.partition))

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The same for several partitions."""
        return {tp: self.highwater(tp) for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The first offsets that are kept."""
        return {tp: (await self._log.bounds(TopicPartition(tp.topic, tp.partition)))[0] for tp in partitions}

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions the topic has, as far as known: they are assigned, all of them."""
        return sum(tp.topic == topic for tp in self._assigned) or None

    def key_partition(self, topic: str, key: bytes, partition: int | None = None) -> int | None:
        """Faust asks this for its tables and its own sends; there are none."""
        return partition

    async def create_topic(self, *args: Any, **kwargs: Any) -> None:
        """Topics come from the one list (streams/topics.py) when the log is opened."""

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Faust has nothing to commit: the topics have no acknowledgements (host.py)."""
        return True

    def close(self) -> None:
        """No longer told about news."""
        deafen, self._deafen = self._deafen, lambda: None
        deafen()

    async def on_stop(self) -> None:
        """The host has waited for the runs under way."""
        self.close()


class Producer(FaustProducer):  # type: ignore[misc]  # Faust is not typed
    """Faust's own sends (replies, tables) do not exist here: everything goes through a checkpoint."""

    async def flush(self) -> None:
        """Nothing is ever pending."""


class Transport(base.Transport):  # type: ignore[misc]  # Faust is not typed
    """See Driver.transport."""

    Consumer = Consumer
    Producer = Producer
    default_port = 0
    driver_version = "kassabrug-embedded"

    def __init__(self, log: EmbeddedLog, app: Any, owner: Owner) -> None:
        self.log = log
        self.owner = owner
        super().__init__([], app)
