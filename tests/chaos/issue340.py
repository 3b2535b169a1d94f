"""Faust's issue 340, rebuilt on our host: so many events, workers killed with -9 in the midst, and the counts exact.

python -m tests.chaos.issue340 --events 300000 --kills 10 [--seed 1] [--workers 3]

Every kill hits a worker that holds partitions with events that are not applied yet: how many is printed, as it was
once the worker was dead.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from streams.codec import RowCodec, fact_headers
from streams.delivery import Delivery
from streams.flow import Context, Decision, Flow
from streams.log.base import Draft, Guard, Handler, Rows, Run, Subscription, TopicPartition
from streams.log.host import FaustHost
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.log.partition import partition_of
from streams.log.rows import RecoveredRows
from streams.observer import Observer
from streams.topics import TOPICS, inbox_topic, rows_topic
from streams.vocabulary.events import OperatorAsked, OrdersEvent
from streams.vocabulary.fact import Value
from tests.apache_kafka.cluster import Cluster
from tests.apache_kafka.fixtures import QUICK

KEYS = 1_000
PARTITIONS = 8
AT_ONCE = 2_000
LAG = 1_000
"""Events that a worker has to have before it, at least, to be killed: two runs."""
WORK = 1_000
"""Events that one gets of its own to be at work, where nobody has much before it."""
STOPPED = 3.0
"""Seconds that it may have been stopped when it is killed. After six since its last heartbeat, which may have been one
before the stop, what it holds is another's, and after a stop that is too long nobody can say any more what it left."""
PATIENCE = 120.0
"""Seconds in which something has to be counted. A death costs a session and some rounds; slow machines many of them."""
QUIET = 10.0
"""Seconds after which what has not been counted twice will not be."""
INBOX = inbox_topic("orders")


class Count(Value, frozen=True):
    """How many events a key has had."""

    events: int = 0


def decide(state: Count | None, event: Any, context: Context) -> Decision[Count]:
    """One more."""
    return Decision(state=Count(events=(state.events if state else 0) + 1))


FLOW: Flow[Count] = Flow(name="orders", events=OrdersEvent, state=Count, decide=decide)


class _Nobody:
    def opened(self, *_: Any) -> None:
        """No effects."""

    def closed(self, *_: Any) -> None:
        """No effects."""

    def wake(self, *_: Any) -> None:
        """No alarms."""

    async def revoked(self, at: TopicPartition) -> None:
        """Nothing to end."""


class Telling(Handler):
    """The delivery core, and a line for whoever kills us when a partition comes or goes."""

    def __init__(self, inner: Handler) -> None:
        self._inner = inner

    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        """See Handler."""
        await self._inner.assigned(at, position, rows, guard)
        print(f"holds {at.partition}", flush=True)

    async def revoked(self, at: TopicPartition) -> None:
        """See Handler."""
        print(f"left {at.partition}", flush=True)
        await self._inner.revoked(at)

    async def apply(self, run: Run) -> None:
        """See Handler."""
        await self._inner.apply(run)


async def opened(servers: str) -> KafkaLog:
    """The log."""
    return await KafkaLog.open(KafkaAccess(tuple(servers.split(","))), TOPICS, partitions=PARTITIONS)


async def work(servers: str) -> None:
    """A worker, until it is killed."""
    log = await opened(servers)
    handler = Telling(Delivery(FLOW, lambda _: (), _Nobody(), Observer(), asyncio.sleep))
    host = FaustHost(log, [Subscription("orders", INBOX, handler, rows_topic("orders"))])
    await host.start()
    raise await host.failed()


class Worker:
    """A process that works, and what it says that it holds."""

    def __init__(self, servers: str, holders: dict[int, Worker]) -> None:
        """`holders`: partition to who said last that it holds it, of all workers. One that the group has given up,
        while it was stopped or got no time, does not know that for a while."""
        self._holders = holders
        self._command = [sys.executable, "-m", "tests.chaos.issue340", "--worker", servers]
        self._process: asyncio.subprocess.Process
        self._hearing: asyncio.Task[None]

    @property
    def holds(self) -> set[int]:
        """And nobody else has said so since."""
        return {number for number, one in self._holders.items() if one is self}

    async def start(self) -> Worker:
        """Does not wait until it holds anything."""
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=asyncio.subprocess.PIPE)
        self._hearing = asyncio.create_task(self._hear())
        return self

    async def _hear(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            word, _, number = line.decode().strip().partition(" ")
            if word == "holds":
                self._holders[int(number)] = self
            elif self._holders.get(int(number)) is self:
                del self._holders[int(number)]

    def send(self, number: signal.Signals) -> None:
        """A signal, where it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def kill(self) -> None:
        """kill -9. Raises RuntimeError where it had ended by itself."""
        self.send(signal.SIGKILL)
        code = await self._process.wait()
        await self._hearing
        if code != -signal.SIGKILL:
            raise RuntimeError(f"a worker had ended by itself, with {code}")


class Counted:
    """What the rows say, read as a worker would recover them, piece by piece."""

    def __init__(self, log: KafkaLog) -> None:
        self._log = log
        self._codec: RowCodec[Count] = RowCodec(FLOW.state)
        self._rows: dict[int, dict[bytes, tuple[int, int]]] = {number: {} for number in range(PARTITIONS)}
        self._read: dict[int, int] = dict.fromkeys(range(PARTITIONS), 0)

    async def look(self, numbers: Collection[int] = range(PARTITIONS)) -> dict[int, int]:
        """The events counted in these partitions."""
        return {number: await self._of(number) for number in numbers}

    async def _of(self, number: int) -> int:
        """The highest stamp of a key counts, as in RecoveredRows; a stamp of a later read may win over one read long
        ago, which nothing that was killed can write."""
        at, rows = TopicPartition(rows_topic("orders"), number), self._rows[number]
        _, end = await self._log.bounds(at)
        while self._read[number] < end:
            run = await self._log.read(at, self._read[number], 5_000)
            for record in run.records:
                row = self._codec.read(record.value or b"")
                known = rows.get(record.key or b"", (0, 0))
                if row.applied >= known[0]:
                    rows[record.key or b""] = (row.applied, row.state.events if row.state else 0)
            self._read[number] = run.end
        return sum(events for _, events in rows.values())


async def recovered(log: KafkaLog) -> int:
    """The same at the end, with what a worker itself recovers by."""
    codec: RowCodec[Count] = RowCodec(FLOW.state)
    rows = RecoveredRows(rows_topic("orders"), PARTITIONS)
    total = 0
    for number in range(PARTITIONS):
        await rows.recover(log, number)
        states = [codec.read(value).state for _, value in rows.items(number)]
        total += sum(state.events for state in states if state is not None)
    return total


class Kill(NamedTuple):
    """One worker's death."""

    at: float
    worker: int
    held: int
    """Partitions."""
    lag: int
    """Events in them that it left behind: written, and in no row."""
    everywhere: int
    """The same of all partitions, just before."""


class Told(NamedTuple):
    """How it ended."""

    events: int
    counted: int
    seconds: float
    kills: list[Kill]


class Issue340:
    """One run on a cluster."""

    def __init__(
        self, log: KafkaLog, servers: str, seed: int, workers: int, say: Callable[[str], None]
    ) -> None:
        self._log = log
        self._servers = servers
        self._chance = Random(seed)
        self._say = say
        self._counted = Counted(log)
        self._holders: dict[int, Worker] = {}
        self._workers = [Worker(servers, self._holders) for _ in range(workers)]
        self._keys: dict[int, list[bytes]] = {number: [] for number in range(PARTITIONS)}
        for key in (b"shop/%d" % number for number in range(KEYS)):
            self._keys[partition_of(key, PARTITIONS)].append(key)
        self._written = dict.fromkeys(range(PARTITIONS), 0)
        self._began = time.monotonic()

    async def run(self, events: int, kills: int, quiet: float) -> Told:
        """Each kill has its share of the events before it and one that is kept for it, however quick the workers are,
        and however often it does not come about. Raises TimeoutError where it comes to a stop."""
        share = events // (kills + 1)
        if share < WORK + LAG:
            raise ValueError(
                f"{events} events are too few for {kills} kills: {WORK + LAG} each, and as many more"
            )
        at = [share * number + self._chance.randrange(share // 2) for number in range(kills)]
        done: list[Kill] = []
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end)
            for one in self._workers:
                await one.start()
            async with asyncio.timeout(PATIENCE) as patience:
                total = 0
                while total < events:
                    kept = share * (kills - len(done))
                    lag = await self._look()
                    if self._all - sum(lag.values()) > total:
                        total = self._all - sum(lag.values())
                        patience.reschedule(loop.time() + PATIENCE)
                    wrote = await self._write(share * (len(done) + 1), events - kept, sum(lag.values()))
                    if not wrote and len(done) < kills and total >= at[len(done)]:
                        done += await self._kill(lag, events - kept + share)
                    await asyncio.sleep(0.02)
            took = time.monotonic() - self._began
            await asyncio.sleep(quiet)
            return Told(events, await recovered(self._log), took, done)

    async def _end(self) -> None:
        for one in self._workers:
            with contextlib.suppress(RuntimeError):
                await one.kill()

    @property
    def _all(self) -> int:
        """Events written."""
        return sum(self._written.values())

    async def _look(self, numbers: Collection[int] = range(PARTITIONS)) -> dict[int, int]:
        """Partition to the events in it that are in no row yet."""
        counted = await self._counted.look(numbers)
        return {number: self._written[number] - counted[number] for number in numbers}

    async def _write(self, share: int, most: int, lag: int) -> bool:
        """Not all events at once: the share of the next kill, and more, up to `most`, where the workers are nearly
        through with what there is. Whether it was time for some."""
        room = min(AT_ONCE, most - self._all)
        if room <= 0 or (self._all >= share and lag >= LAG * len(self._workers)):
            return False
        await self._append(range(PARTITIONS), room)
        return True

    async def _append(self, numbers: Collection[int], events: int) -> None:
        """Into these partitions."""
        keys = [key for number in sorted(numbers) for key in self._keys[number]]
        value = msgspec.json.encode(OperatorAsked(who="x"))
        headers = fact_headers("shop", "t")
        chosen = [self._chance.choice(keys) for _ in range(events)]
        await self._log.append([Draft(INBOX, key, value, headers) for key in chosen])
        for key in chosen:
            self._written[partition_of(key, PARTITIONS)] += 1

    async def _kill(self, lag: dict[int, int], most: int) -> list[Kill]:
        """Kills one that has much before it; nobody where nobody has, just now, and not all is through yet: a dead
        one's partitions may be on their way to others. Where all is, one is given work, stopped in the midst of it, and
        given more, for as long as no more than `most` events are written; only in its own partitions, so that it is
        sure to have much before it, whatever it holds. Nobody also where it took so long that the group may have given
        it up meanwhile: it goes on, and may be found to have much before it. Raises AssertionError when it turns out
        that it died idle."""
        having = [one for one in self._workers if one.holds]
        busy = [one for one in having if sum(lag[number] for number in one.holds) >= LAG]
        idle = not busy and not any(lag.values())
        if idle and self._all + WORK + LAG <= most:
            busy = having
        if not busy:
            return []
        victim = self._chance.choice(busy)
        held = victim.holds
        if idle:
            await self._append(held, WORK)
            while sum((await self._look(held)).values()) >= WORK:  # noqa: ASYNC110 - a row has no event of ours
                await asyncio.sleep(0.01)
        stopped = time.monotonic()
        victim.send(signal.SIGSTOP)  # in the midst of whatever it does: it may not finish while we look
        if idle:
            await self._append(held, LAG)
        lag = await self._look()
        if sum(lag[number] for number in victim.holds) < LAG or time.monotonic() > stopped + STOPPED:
            victim.send(signal.SIGCONT)
            return []
        await victim.kill()
        when, held = time.monotonic() - self._began, victim.holds
        # Nobody else gets them before the session has ended: this is what it left.
        left = sum((await self._look(held)).values())
        number = self._workers.index(victim)
        self._workers[number] = await Worker(self._servers, self._holders).start()
        everywhere = sum(lag.values())
        self._say(
            f"{when:6.1f}s kill -9 of worker {number + 1} with {len(held)} partitions: {left} of their events not "
            f"applied, {everywhere} of all"
        )
        assert left > 0, "the worker had nothing to do when it was killed"
        return [Kill(when, number + 1, len(held), left, everywhere)]


async def issue340(
    events: int, kills: int, workers: int, seed: int, say: Callable[[str], None], quiet: float = QUIET
) -> Told:
    """Starts a broker of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="kassabrug-issue340-") as folder,
        Cluster(Path(folder), 1, properties=QUICK) as cluster,
    ):
        log = await opened(cluster.servers)
        try:
            return await Issue340(log, cluster.servers, seed, workers, say).run(events, kills, quiet)
        finally:
            await log.close()


def main() -> int:
    """0: exact."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if asked.worker:
        asyncio.run(work(asked.worker))
    told = asyncio.run(
        issue340(asked.events, asked.kills, asked.workers, asked.seed, lambda line: print(line, flush=True))
    )
    least = min((one.lag for one in told.kills), default=0)
    print(
        f"{told.events} events, {len(told.kills)} kills, {asked.workers} workers: counted {told.counted}, after "
        f"{told.seconds:.1f} s; at least {least} events before each that was killed"
    )
    return 0 if told.counted == told.events and len(told.kills) == asked.kills else 1


if __name__ == "__main__":
    sys.exit(main())
