"""A Faust transport over Kafka: it hands over runs, and commits what was applied.

Faust is told once that every partition may come, and never of a rebalance; which partitions are ours is between the
group (membership.py) and the host. So nothing is ever cleared from a queue of Faust's, and a change in the group
stops nobody whose partitions stay.

Names of Faust that start with an underscore are used because it has no public ones for it; each is pinned by
tests/streams/log/kafka/test_transport.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from faust.transport import base
from faust.transport.consumer import Consumer as FaustConsumer
from faust.transport.producer import Producer as FaustProducer
from faust.types import TP, ConsumerMessage

from streams.log.base import (
    Checkpoint,
    Draft,
    LogForeign,
    LogUnavailable,
    NotOurs,
    Run,
    TopicPartition,
)
from streams.log.driver import Owner, RunBook
from streams.log.kafka.brokers import Brokers
from streams.log.kafka.fetching import Fetching
from streams.log.kafka.membership import Membership
from streams.log.kafka.producing import Permit
from streams.log.rows import stamped

if TYPE_CHECKING:
    from streams.log.kafka.store import KafkaLog

log = logging.getLogger(__name__)

RUN_RECORDS = 500
COMMIT_EVERY = 0.25
"""Seconds between two commits: so much is delivered again after a kill, and skipped by its stamps."""
LOOK_AGAIN = 120.0
"""Seconds after taking a partition up: longer than a request can be on its way, shorter than what compaction leaves
alone."""
COMMIT_TRIES = 8
FETCH_ANSWER = 10.0
OUT_OF_RANGE = 15.0
"""Seconds that a position may be beyond the end of its partition, while a new leader catches up, before it counts as
a loss of the cluster's."""


class Following(Checkpoint):
    """One run: events acknowledged, then rows acknowledged, then the position may be committed."""

    def __init__(self, consumer: Consumer, at: TopicPartition, end: int) -> None:
        self._consumer = consumer
        self._at = at
        self._end = end
        self._ours = consumer.ours.get(at)

    def _permit(self) -> None:
        """Raises NotOurs when the partition was taken away since, LogUnavailable while that is not certain."""
        if self._ours is None or self._consumer.ours.get(self._at) is not self._ours:
            raise NotOurs(f"{self._at.topic} partition {self._at.partition} was taken away")
        if not self._consumer.lease_valid:
            raise LogUnavailable(
                f"{self._consumer.name}: the group has not answered for a while; {self._at.topic} partition "
                f"{self._at.partition} may be another worker's. Nothing is written until that is known"
            )

    async def send(self, drafts: Sequence[Draft]) -> None:
        """Durable on return."""
        self._permit()
        if drafts:
            await self._consumer.write(drafts)

    async def write_rows(self, drafts: Sequence[Draft]) -> None:
        """Durable on return. The permit is looked at again when the request leaves."""
        self._permit()
        if drafts:
            await self._consumer.write_rows(
                self._at, [stamped(one, self._end) for one in drafts], self._permit
            )

    async def commit(self) -> None:
        """All of it is durable already; the position follows."""
        self._permit()
        self._consumer.applied(self._at, self._end)


class Consumer(FaustConsumer):  # type: ignore[misc]  # Faust is not typed
    """Reads the partitions that the group gives us."""

    def __init__(self, transport: Transport, *args: Any, **kwargs: Any) -> None:
        self.book = RunBook()
        self.ours: dict[TopicPartition, object] = {}
        """What the group gave us; the object is another one each time."""
        self._log = transport.log
        self._owner = transport.owner
        self.name = self._log.access.name
        self._assigned: set[TP] = set()
        self._news = asyncio.Event()
        self.book.wake = self._news.set
        self._brokers = Brokers(self._log.access, "fetching", FETCH_ANSWER)
        self._fetching = Fetching(self._brokers, self._news.set, self._gone)
        self._membership: Membership | None = None
        self._uncommitted: dict[TopicPartition, int] = {}
        self._rows_end: dict[TopicPartition, int] = {}
        """Where the changelog of a partition of ours ends, as far as we wrote it."""
        self._missed: dict[TopicPartition, float] = {}
        self._looking: set[TopicPartition] = set()
        self._running: list[asyncio.Task[Any]] = []
        self._ended = False
        super().__init__(transport, *args, **kwargs)

    # -- as RunConsumer

    async def committed(self, at: TopicPartition) -> int:
        """See RunConsumer. Raises LogForeign where the position lies beyond the partition's end: the topic was made
        anew, or the cluster has lost records, and going on would lose more without a word."""
        assert self._membership is not None
        position = (await self._membership.committed(frozenset((at,)))).get(at)
        own = self._uncommitted.get(at)  # applied, and not yet told the group
        if own is not None:
            position = own if position is None else max(own, position)
        first, end = await self._log.bounds(at)
        if position is None:
            return first
        if position > end:
            raise LogForeign(
                f"{self.name}: {at.topic} partition {at.partition} ends at {end}, but we had applied it up to "
                f"{position}. The topic was made anew, or the cluster has lost records. Restore it, or begin with "
                "new topics (rows and events belong together)"
            )
        if position < first:
            log.error(
                "%s: retention has deleted %s records of %s partition %s (%s to %s) before they were applied",
                self.name,
                first - position,
                at.topic,
                at.partition,
                position,
                first,
            )
        return max(position, first)

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        """See RunConsumer."""
        return Following(self, at, end)

    @property
    def lease_valid(self) -> bool:
        """See Membership.valid."""
        return self._membership is not None and self._membership.valid

    def grant(self, at: TopicPartition) -> Callable[[], bool]:
        """See RunConsumer."""
        ours = self.ours.get(at)
        return lambda: ours is not None and self.ours.get(at) is ours and self.lease_valid

    async def write(self, drafts: Sequence[Draft]) -> None:
        """Writes events for a checkpoint."""
        await self._log.write(drafts)

    async def write_rows(self, at: TopicPartition, drafts: Sequence[Draft], permit: Permit) -> None:
        """Writes rows for a checkpoint. We are the only one who should write them: where our own do not follow on our
        last ones, somebody else's lie in between."""
        placed = await self._log.write(drafts, permit)
        expected = self._rows_end.get(at)
        first, last = placed[0][1], placed[-1][1]
        self._rows_end[at] = last + 1
        if (expected is not None and first > expected) or last - first >= len(placed):
            self.add_future(self._owner.foreign_rows(at, first if expected is None else expected, last + 1))

    def recovered(self, at: TopicPartition, end: int) -> None:
        """See RunConsumer. The changelog is looked at once more later: a late row of a worker that was stopped would
        else be noticed only with our next own."""
        self._rows_end[at] = end
        self.loop.call_later(LOOK_AGAIN, self._look_at_rows, at, self.ours.get(at))

    def _look_at_rows(self, at: TopicPartition, ours: object) -> None:
        if not self._ended and ours is not None and self.ours.get(at) is ours:
            self.add_future(self._find_late_rows(at, ours))

    async def _find_late_rows(self, at: TopicPartition, ours: object) -> None:
        known = self._rows_end.get(at)
        try:
            end = await self._owner.rows_end(at)
        except LogUnavailable as error:
            log.info("%s partition %s: its rows cannot be looked at now: %s", *at, error)
            return
        if known is not None and end > known == self._rows_end.get(at) and self.ours.get(at) is ours:
            self._rows_end[at] = end
            await self._owner.foreign_rows(at, known, end)

    def applied(self, at: TopicPartition, end: int) -> None:
        """Everything before `end` is durable."""
        self.book.applied(at, end)
        self._uncommitted[at] = end

    async def leave(self) -> None:
        """See RunConsumer."""
        if self._membership is not None and not self._ended:
            await self._membership.leave()

    # -- as the group's listener

    async def added(self, parts: frozenset[TopicPartition]) -> None:
        """See membership.Listener."""
        for at in parts:
            self.ours[at] = object()
        await self._owner.take_up(parts)

    async def removed(self, parts: frozenset[TopicPartition], lost: bool) -> None:
        """See membership.Listener."""
        were = {at: self.ours.get(at) for at in parts}
        if lost:
            for at in parts:
                self.ours.pop(at, None)
        await self._owner.let_go(parts, lost)
        if not lost:
            await self._commit_before_leaving(parts)
        for at, was in were.items():
            if self.ours.get(at, was) is not was:
                continue  # lost meanwhile, and given to us anew
            self.ours.pop(at, None)
            self._fetching.forget(at)
            self._uncommitted.pop(at, None)
            self._rows_end.pop(at, None)

    async def _commit_before_leaving(self, parts: Iterable[TopicPartition]) -> None:
        """Within a round the group takes no positions for a moment: without them the next owner is given again what
        was applied."""
        for _ in range(COMMIT_TRIES):
            await self._commit_now(parts)
            if not any(at in self._uncommitted for at in parts):
                return
            await asyncio.sleep(COMMIT_EVERY)

    async def _commit_now(self, parts: Iterable[TopicPartition] | None = None) -> None:
        assert self._membership is not None
        chosen = (
            self._uncommitted
            if parts is None
            else {at: self._uncommitted[at] for at in parts if at in self._uncommitted}
        )
        positions = dict(chosen)
        if positions and await self._membership.commit(positions):
            for at, position in positions.items():
                if self._uncommitted.get(at) == position:
                    del self._uncommitted[at]

    async def _commit_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY)
            await self._commit_now()

    # -- assignment, as far as Faust knows

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Joins the group, in a task of its own: Faust waits for this call to return meanwhile."""
        self.add_future(self._begin(set(topics)))

    async def _begin(self, topics: set[str]) -> None:
        try:
            partitions = {topic: await self._log.partitions(topic) for topic in topics}
            await self._brokers.open()
            await self._brokers.know(topics)
            self._membership = Membership(
                self._log.access,
                self.app.conf.id,
                partitions,
                self,
                session_timeout=self._log.session_timeout,
                instance=self._log.instance,
            )
            await self._membership.open()
        except Exception as error:
            await self._owner.refuse(error)
            return
        app = self.app
        app.on_rebalance_start()
        await self.on_partitions_revoked(set())
        self._assigned = {TP(topic, one) for topic, count in partitions.items() for one in range(count)}
        app.consumer_generation_id += 1
        await self.on_partitions_assigned(set(self._assigned), app.consumer_generation_id)
        if self._ended:
            return
        self._fetching.start()
        if not topics:
            await self._owner.take_up(())
            return
        self._running = [
            asyncio.create_task(self._or_refuse(self._be_member()), name="group"),
            asyncio.create_task(self._or_refuse(self._commit_again_and_again()), name="commits"),
        ]

    async def _be_member(self) -> None:
        assert self._membership is not None
        await self._membership.run()

    async def _or_refuse(self, work: Coroutine[Any, Any, None]) -> None:
        """Nothing that has to go on for ever ends without a word."""
        try:
            await work
        except Exception as error:
            await self._owner.refuse(error)

    def assignment(self) -> set[TP]:
        """What Faust is told."""
        return set(self._assigned)

    # -- reading

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, list[Run]]:
        """The next run of each partition that has one and is not busy; waits `timeout` seconds at most."""
        until = self.loop.time() + timeout
        while self.flow_active and not self.should_stop:
            self._news.clear()
            found: dict[TP, list[Run]] = {}
            for at in self.book.positions:
                position = self.book.next(at)
                if position is None:
                    continue
                run = self._fetching.take(at, position, RUN_RECORDS)
                if run is None:
                    self._fetching.follow(at, position)
                    continue
                self.book.handed(run)
                self._missed.pop(at, None)
                found[TP(*at)] = [run]
            left = until - self.loop.time()
            if found or left <= 0:
                return found
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                return {}
        return {}

    def _gone(self, at: TopicPartition, offset: int) -> None:
        """The log does not have what comes next: retention was quicker than we, or the cluster has lost records."""
        now = self.loop.time()
        since = self._missed.setdefault(at, now)
        if (now - since < OUT_OF_RANGE and now > since) or at in self._looking:
            return
        self._looking.add(at)
        self.add_future(self._look_into_once(at, offset))

    async def _look_into_once(self, at: TopicPartition, offset: int) -> None:
        try:
            await self._look_into(at, offset)
        finally:
            self._looking.discard(at)

    async def _look_into(self, at: TopicPartition, offset: int) -> None:
        ours = self.ours.get(at)
        if ours is None:
            self._missed.pop(at, None)
            return
        try:
            first, end = await self._log.bounds(at)
        except LogUnavailable:
            return
        if first <= offset <= end or self.ours.get(at) is not ours:
            self._missed.pop(at, None)
            return
        if offset < first:  # taken up anew, from what is kept; `committed` says what was lost
            self._missed.pop(at, None)
            # It would ask for the same again and again, and hold up its broker's others.
            self._fetching.forget(at)
            await self._owner.let_go([at], lost=False)
            if self.ours.get(at) is ours:
                await self._owner.take_up([at])
        elif self.loop.time() - self._missed.get(at, self.loop.time()) >= OUT_OF_RANGE:
            await self._owner.refuse(
                LogForeign(
                    f"{self.name}: {at.topic} partition {at.partition} ends at {end}, but we had applied it up to "
                    f"{offset}: the cluster has lost records (an unclean election of a leader?)"
                )
            )

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
        """Faust's monitor asks for the end; what was applied is near enough."""
        return self.book.positions.get(TopicPartition(tp.topic, tp.partition), 0)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The offsets that the next records will get."""
        return {tp: (await self._log.bounds(TopicPartition(tp.topic, tp.partition)))[1] for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The first offsets that are kept."""
        return {tp: (await self._log.bounds(TopicPartition(tp.topic, tp.partition)))[0] for tp in partitions}

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions the topic has, as far as known."""
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
        """Nothing is closed in passing; see on_stop."""

    async def on_stop(self) -> None:
        """The host has left the group."""
        self._ended = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._fetching.close()
        if self._membership is not None:
            await self._membership.close()
        await self._brokers.close()


class Producer(FaustProducer):  # type: ignore[misc]  # Faust is not typed
    """Faust's own sends (replies, tables) do not exist here: everything goes through a checkpoint."""

    async def flush(self) -> None:
        """Nothing is ever pending."""


class Transport(base.Transport):  # type: ignore[misc]  # Faust is not typed
    """See Driver.transport."""

    Consumer = Consumer
    Producer = Producer
    default_port = 9092
    driver_version = "kassabrug-kafka"

    def __init__(self, log: KafkaLog, app: Any, owner: Owner) -> None:
        self.log = log
        self.owner = owner
        super().__init__([], app)
