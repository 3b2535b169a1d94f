"""The host: Faust agents that run handlers over the partitions of a log.

A composition root uses it so:

    log = await EmbeddedLog.open(settings.log_file, TOPICS, clock=clock)
    host = FaustHost(log, subscriptions, group=APP_ID)
    await host.start()            # rows are recovered, every assigned partition is being read
    reason = await host.failed()  # waits; in a task beside the server
    await host.stop()             # the runs under way end, then the agents
    await log.close()

The log is opened and closed by who makes it: the ingress writes to the same one. Faust owns what it is good at:
agents, their streams and what becomes of them. What it gets wrong (acknowledgements, commits, tables, rebalances
that drop records and stop everybody: facts/engine.md) is not used: docs/decisions/0004-embedded-log.md and
0006-kafka-log.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any

import faust
from faust.tables.manager import TableManager

from streams.log.base import (
    Checkpoint,
    Draft,
    Guard,
    Host,
    LogForeign,
    LogUnavailable,
    NotOurs,
    Run,
    Subscription,
    TopicPartition,
    UnknownTopic,
)
from streams.log.driver import Driver, Owner, RunConsumer
from streams.log.rows import NoRows, Recovered, RecoveredRows
from streams.topics import APP_ID

log = logging.getLogger(__name__)

GRACE = 10.0
"""Seconds that `stop` waits for the runs under way. What is not done by then is read again next time."""
AGAIN = 0.5
"""Seconds until late rows are tried again."""
RECOVERED_AT_ONCE = 4
"""Partitions whose rows are recovered side by side."""


class FaustHost(Host):
    """Runs subscriptions on one faust.App. Used once: after `stop` make a new one."""

    def __init__(
        self,
        driver: Driver,
        subscriptions: Sequence[Subscription],
        *,
        group: str = APP_ID,
        grace: float = GRACE,
    ) -> None:
        """`group`: in whose name positions are committed. Raises ValueError for two subscriptions to one
        topic (a group has one position a partition) or of one name."""
        self._by_topic = {one.topic: one for one in subscriptions}
        names = {one.name for one in subscriptions}
        if len(self._by_topic) != len(subscriptions) or len(names) != len(subscriptions):
            raise ValueError("two subscriptions have the same topic or the same name")
        self._driver = driver
        self._group = group
        self._grace = grace
        self._rows: dict[str, RecoveredRows] = {}
        self._locks: defaultdict[TopicPartition, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._taken_up: set[TopicPartition] = set()
        self._ours: dict[TopicPartition, object] = {}
        """What was given to us; the object is another one each time."""
        self._recovering = asyncio.Semaphore(RECOVERED_AT_ONCE)
        self._settled = asyncio.Event()
        self._revoking: set[asyncio.Future[None]] = set()
        self._applying = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._ready = asyncio.Event()
        self._stopping = False
        self._app: Any = None
        self._watch: asyncio.Task[None] | None = None
        self._failure: asyncio.Future[Exception] | None = None

    # -- Host

    async def start(self) -> None:
        """See Host.start. Raises LogUnavailable (or what a handler raised) when it cannot."""
        self._failure = asyncio.get_running_loop().create_future()
        self._app = app = _App(self._driver, self._group, self._fail, self)
        for one in self._by_topic.values():
            partitions = await self._driver.reader.partitions(one.topic)
            if one.rows is not None:
                rows = await self._driver.reader.partitions(one.rows)
                if rows != partitions:
                    raise LogUnavailable(
                        f"{one.topic} has {partitions} partitions and {one.rows} has {rows}; a row would not "
                        "be where its events are. Make both with the same number"
                    )
                self._rows[one.topic] = RecoveredRows(one.rows, partitions)
            # Without acknowledgements: they mean nothing here, and Faust would remember every one of them.
            schema = _RunSchema(key_type=bytes, value_type=bytes)
            topic = app.topic(one.topic, schema=schema, partitions=partitions, acks=False)
            # As many actors as partitions: runs of different partitions then share one fsync or round trip.
            app.agent(topic, name=one.name, concurrency=partitions)(self._agent(one))
        app.on_rebalance_complete.connect(self._faust_has_settled)
        self._watch = asyncio.create_task(self._watch_log(), name="host-watch")
        try:
            await app.start()
            await self._first_of(self._ready.wait())
            if not self._failure.done():
                await self._first_of(app.tables.recovery.completed.wait())
        except BaseException:
            await self.stop()
            raise
        if self._failure.done():
            await self.stop()
            raise self._failure.result()

    async def stop(self) -> None:
        """See Host.stop."""
        if self._stopping or self._app is None:
            return
        self._stopping = True
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait((self._watch,))
        if self._app.started:
            self._consumer.book.halt()
            try:
                async with asyncio.timeout(self._grace):
                    await self._quiet.wait()
            except TimeoutError:
                log.warning(
                    "runs under way were not done in %s s; they are read again next time", self._grace
                )
            await self._consumer.leave()
        await self._app.stop()
        await self.let_go(set(self._ours) | self._taken_up, lost=True)  # where it never got to leave
        if self._revoking:
            await asyncio.wait(self._revoking, timeout=self._grace)

    async def failed(self) -> Exception:
        """See Host.failed. After `start` only."""
        assert self._failure is not None, "start it first"
        return await asyncio.shield(self._failure)

    # -- running

    def _agent(self, subscription: Subscription) -> Any:
        async def run(stream: AsyncIterator[Run]) -> None:
            async for one in stream:
                await self._apply(subscription, one)

        run.__name__ = run.__qualname__ = subscription.name
        return run

    async def _apply(self, subscription: Subscription, run: Run) -> None:
        if self._stopping or (self._failure is not None and self._failure.done()):
            return
        self._applying += 1
        self._quiet.clear()
        try:
            # One run of a partition at a time, also should Faust deliver one that was given up for lost.
            async with self._locks[run.at]:
                await subscription.handler.apply(run)
        except NotOurs as error:
            log.info("%s: %s", subscription.name, error)
        except Exception as error:  # nothing goes on after it: whoever waits in `failed` decides
            self._fail(error)
        else:
            self._consumer.book.finished(run.at)
        finally:
            self._applying -= 1
            if not self._applying:
                self._quiet.set()

    @property
    def _consumer(self) -> RunConsumer:
        consumer: RunConsumer = self._app.consumer
        return consumer

    def _fail(self, error: BaseException) -> None:
        """The first reason counts. No run is delivered any more."""
        if self._stopping or self._failure is None or self._failure.done():
            return
        if not isinstance(error, Exception):
            error = RuntimeError(f"Faust has stopped: {error!r}")
        log.error("the host cannot go on: %s: %s", type(error).__name__, error)
        self._failure.set_result(error)
        self._consumer.book.halt()

    async def _watch_log(self) -> None:
        reason = await self._driver.failed()
        self._grace = 0.0  # handlers may be trying again and again: nothing will come of it
        self._fail(reason)

    async def _first_of(self, wanted: Any) -> None:
        """Waits for this, or for the failure."""
        waiting = {asyncio.ensure_future(wanted), asyncio.ensure_future(self.failed())}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    # -- partitions come and go (Owner)

    def grant(self, at: TopicPartition) -> Callable[[], bool]:
        """See RunConsumer.grant: what must not be done by two is done only while it says so. What was begun before the
        partition was taken away is not gone on with when it comes back: somebody else may have done it meanwhile."""
        return self._consumer.grant(at)

    async def take_up(self, parts: Collection[TopicPartition]) -> None:
        """See Owner.take_up."""
        await self._settled.wait()
        for at in parts:
            self._ours[at] = object()
        try:
            await asyncio.gather(*(self._take_up(at, self._ours[at]) for at in sorted(parts)))
        except Exception as error:
            self._fail(error)
            return
        self._ready.set()

    async def let_go(self, parts: Collection[TopicPartition], lost: bool) -> None:
        """See Owner.let_go."""
        for at in parts:
            self._ours.pop(at, None)
            if not lost:
                self._consumer.book.hold_back(at)
        await asyncio.gather(*(self._let_go(at, lost) for at in sorted(parts)))

    async def foreign_rows(self, at: TopicPartition, begin: int, end: int) -> None:
        """See Owner.foreign_rows."""
        rows, ours = self._rows[at.topic], self._ours.get(at)
        changelog = TopicPartition(rows.changelog, at.partition)
        log.warning("%s partition %s has records of another worker from %s to %s", *changelog, begin, end)
        try:
            async with self._locks[at]:
                keys: set[bytes] = set()
                while begin < end:
                    run = await self._driver.reader.read(changelog, begin, end - begin)
                    if run.end <= begin:
                        break
                    begin = run.end
                    keys |= {
                        one.key
                        for one in run.records
                        if one.key is not None and one.offset < end and rows.get(one.key) != one.value
                    }
                if keys and ours is not None and self._ours.get(at) is ours and at in self._taken_up:
                    await self._write_again(at, self._consumer.book.positions[at], frozenset(keys))
        except (LogUnavailable, NotOurs) as error:  # whoever recovers the rows next sees it too
            log.info("%s: %s", changelog, error)

    async def rows_end(self, at: TopicPartition) -> int:
        """See Owner.rows_end."""
        rows = self._rows.get(at.topic)
        if rows is None:
            return 0
        return (await self._driver.reader.bounds(TopicPartition(rows.changelog, at.partition)))[1]

    async def _write_again(self, at: TopicPartition, position: int, keys: frozenset[bytes]) -> None:
        """Our rows of these keys, after those of a worker that came too late."""
        rows = self._rows[at.topic]
        drafts = [Draft(rows.changelog, key, rows.get(key), partition=at.partition) for key in sorted(keys)]
        await self._consumer.checkpoint(at, position).write_rows(drafts)
        log.info("%s partition %s: %s rows written again", rows.changelog, at.partition, len(drafts))

    async def refuse(self, reason: Exception) -> None:
        """See Owner.refuse."""
        self._fail(reason)

    async def _faust_has_settled(self, app: Any, **_: Any) -> None:
        """Faust clears its queues up to this moment: nothing may flow before."""
        self._settled.set()

    async def _take_up(self, at: TopicPartition, ours: object) -> None:
        subscription = self._by_topic[at.topic]
        rows = self._rows.get(at.topic)
        async with self._locks[at], self._recovering:  # in this order: who waits for a lock holds up no other
            if self._ours.get(at) is not ours:
                return
            found = await self._recover(at, ours, rows)
            if found is None:  # taken away again meanwhile
                if rows is not None:
                    rows.forget(at.partition)
                return
            recovered, position = found
            await subscription.handler.assigned(
                at, position, rows if rows is not None else NoRows(), _HostGuard(self._consumer)
            )
            self._taken_up.add(at)
            self._consumer.book.begin(at, position)
            if recovered is not None and recovered.late:
                await self._write_late_again(at, ours, position, recovered.late)

    async def _recover(
        self, at: TopicPartition, ours: object, rows: RecoveredRows | None
    ) -> tuple[Recovered | None, int] | None:
        """Its rows, and where to go on; None: it is ours no longer. A log that is away is asked again: what we have
        taken up already works on. Raises LogForeign, UnknownTopic."""
        while self._ours.get(at) is ours and not self._stopping:
            try:
                recovered = None
                if rows is not None:
                    recovered = await rows.recover(self._driver.reader, at.partition)
                    self._consumer.recovered(at, recovered.end)
                position = await self._consumer.committed(at)
                return (recovered, position) if self._ours.get(at) is ours else None
            except (LogForeign, UnknownTopic):
                raise
            except LogUnavailable as error:
                log.warning("%s partition %s cannot be taken up yet: %s", *at, error)
                await asyncio.sleep(AGAIN)
        return None

    async def _write_late_again(
        self, at: TopicPartition, ours: object, position: int, keys: frozenset[bytes]
    ) -> None:
        """No run of the partition is applied meanwhile: its lock is ours."""
        while self._ours.get(at) is ours and not self._stopping:
            try:
                await self._write_again(at, position, keys)
                return
            except NotOurs:
                return  # whoever recovers them next sees it too
            except LogUnavailable as error:
                log.info("%s partition %s: late rows cannot be written again now: %s", *at, error)
                await asyncio.sleep(AGAIN)

    async def _let_go(self, at: TopicPartition, lost: bool) -> None:
        """The run under way ends first; it is not waited for when the partition is lost: its next write is refused."""
        lock = self._locks[at]
        try:
            async with asyncio.timeout(0 if lost else self._grace):
                await lock.acquire()
        except TimeoutError:
            await self._forget(at, lost)
            return
        try:
            await self._forget(at, lost)
        finally:
            lock.release()

    async def _forget(self, at: TopicPartition, lost: bool) -> None:
        if at not in self._taken_up:
            return
        self._taken_up.discard(at)
        self._consumer.book.end(at)
        revoking = asyncio.ensure_future(self._by_topic[at.topic].handler.revoked(at))
        self._revoking.add(revoking)
        revoking.add_done_callback(self._revoking.discard)
        if lost:
            await asyncio.sleep(0)  # it has begun, and forgotten; calls under way end when they end
        else:
            await revoking
        if at.topic in self._rows and at not in self._ours and not self._stopping:
            self._rows[at.topic].forget(at.partition)


class _HostGuard(Guard):
    def __init__(self, consumer: RunConsumer) -> None:
        self._consumer = consumer

    async def rewind(self, at: TopicPartition, position: int) -> None:
        self._consumer.book.rewind(at, position)

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        return self._consumer.checkpoint(at, end)


class _RunSchema(faust.Schema):  # type: ignore[misc]  # Faust is not typed
    """Runs are handed through as they are: reading records is the handler's business."""

    def loads_key(self, app: Any, message: Any, **_: Any) -> None:
        return None

    def loads_value(self, app: Any, message: Any, **_: Any) -> Run:
        run: Run = message.value
        return run


class _QuickTables(TableManager):  # type: ignore[misc]  # Faust is not typed
    """Without the fixed pause of a second at the start, which waits for tables that there are none of."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class _App(faust.App):  # type: ignore[misc]  # Faust is not typed
    """A faust.App over a driver's transport: no web server, no folders, no tables, no topics of its own."""

    def __init__(
        self, driver: Driver, group: str, crashed: Callable[[BaseException], None], owner: Owner
    ) -> None:
        self._driver = driver
        self._tell = crashed
        self._owner = owner
        super().__init__(
            group,
            **{
                "autodiscover": False,
                "web_enabled": False,
                "store": "memory://",
                "key_serializer": "raw",
                "value_serializer": "raw",
                "topic_allow_declare": False,
                "topic_disable_leader": True,
                "reply_create_topic": False,
                "stream_wait_empty": False,
                "table_standby_replicas": 0,
                "TableManager": _QuickTables,
                **driver.settings(),
            },
        )

    def _new_transport(self) -> Any:
        return self._driver.transport(self, self._owner)

    def _create_directories(self) -> None:
        return None

    def _crash(self, reason: BaseException) -> None:
        super()._crash(reason)
        self._tell(reason)
