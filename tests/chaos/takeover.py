"""What a worker's death costs each partition: the longest time from an event's writing until what follows can be seen.

python -m tests.chaos.takeover --kills 5 [--how kill|stop] [--vendors away|silent] [--seed 1]

Three workers, as processes, on a real broker; thousands of rows of the stock flow, whose vendors are away; a steady
stream of till sales over all partitions. One worker after the other dies at its work (kill -9, or SIGSTOP for longer
than the session timeout), and comes back. At the end every sale has to be in its article's row once.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import httpx

from app.demo.child import Child
from app.demo.run import free_port
from streams.codec import RowCodec, key_of
from streams.log.base import Draft, TopicPartition, header
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.log.partition import partition_of
from streams.log.rows import RecoveredRows
from streams.stock.state import Article
from streams.topics import ACTIVITY, TOPICS, rows_topic
from streams.vocabulary.events import TillSold
from streams.vocabulary.time import system_clock
from tests.apache_kafka.cluster import Cluster
from tests.apache_kafka.fixtures import QUICK
from tests.chaos.shop import FREE, SHOP, draft, fill, settings_text
from tests.chaos.silence import silence

How = Literal["kill", "stop"]
Vendors = Literal["away", "silent"]
"""Nobody is at their address, or somebody who takes every call and never answers. What moves when the worker comes
back waits for calls under way, as long as `vendors.mplus_timeout` (docs/decisions/0006-kafka-log.md, Prices)."""
PARTITIONS = 8
WORKERS = 3
ARTICLES = 3_000
RATE = 20.0
"""Till sales a second and partition."""
PATIENCE = 60.0
AWAY: dict[How, tuple[float, float]] = {"kill": (0.5, 4.0), "stop": (8.0, 14.0)}
"""Seconds until it is started again, or goes on; a worker that stands still is dead after 6 s (log.kafka)."""
PEACE = (2.0, 4.0)
"""Seconds of work before the next one."""
LIMIT = 10.0
"""Seconds within which a dead worker's partitions have to run elsewhere."""
SETTLED = 1.0
"""Seconds that nobody waits longer for: everything is at work again."""

NOWHERE = "http://127.0.0.1:9"


class Death(NamedTuple):
    """One of them, and what it cost."""

    at: float
    worker: str
    back: float
    """When it was started again, or went on."""
    stalls: dict[int, float]
    """Partition to the longest that an event was on its way, of those that arrived from then to the next death."""

    @property
    def longest(self) -> float:
        """Of all partitions."""
        return max(self.stalls.values())


class Told(NamedTuple):
    """How it went."""

    events: int
    in_peace: float
    """The longest before the first death."""
    deaths: list[Death]
    said_again: int
    """Sales whose line in the history came twice: delivered again, which the rows know and the history does not."""
    wrong: list[str]
    """Rows that do not hold each of their sales once."""

    @property
    def longest(self) -> float:
        """Of all deaths and partitions."""
        return max(one.longest for one in self.deaths)


class Arrival(NamedTuple):
    """An event that has been seen."""

    partition: int
    seen: float
    took: float


class Stream:
    """Till sales, written at their moments, and looked for in the history."""

    def __init__(self, log: KafkaLog, seed: int) -> None:
        self._log = log
        self._chance = Random(seed)
        self._shelves: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}
        for article in range(1, ARTICLES + 1):
            self._shelves[partition_of(key_of(SHOP, str(article)), PARTITIONS)].append(article)
        self._numbers = count(1)
        self._pending: dict[str, tuple[int, float]] = {}
        self._said: set[str] = set()
        self.sold: dict[int, list[str]] = {article: [] for article in range(1, ARTICLES + 1)}
        """Article to the sales that its row has to hold."""
        self.arrivals: list[Arrival] = []
        self.said_again = 0

    async def fill(self) -> None:
        """Every article gets its row: what is free, and an offer that shows it."""
        await fill(self._log, self.sold)

    async def sell(self) -> None:
        """One sale in each partition, RATE times a second, until it is cancelled."""
        began = time.monotonic()
        for turn in count(1):
            drafts = [self._sale(number) for number in range(PARTITIONS)]
            await self._log.append(drafts)
            await asyncio.sleep(began + turn / RATE - time.monotonic())

    def _sale(self, partition: int) -> Draft:
        article = self._chance.choice(self._shelves[partition])
        session, now = f"s{next(self._numbers)}", system_clock()
        self.sold[article].append(f"{session}/1")
        self._pending[session] = (partition, time.monotonic())
        event = TillSold(session_id=session, line_id="1", quantity=Decimal(1), sold_at=now, heard_at=now)
        return draft(article, event, session)

    async def watch(self) -> None:
        """Reads the history as it grows, until it is cancelled."""
        places = [TopicPartition(ACTIVITY.name, number) for number in range(PARTITIONS)]
        known = {at: (await self._log.bounds(at))[0] for at in places}
        while True:
            await self._log.changed(known, 1.0)
            for at, position in list(known.items()):
                run = await self._log.read(at, position)
                known[at] = run.end
                for record in run.records:
                    if (record.value or b"").startswith(b'{"is":"noted","kind":"till-sale"'):
                        self._seen(header(record.headers, "trace"))

    def _seen(self, session: str) -> None:
        if session in self._said:
            self.said_again += 1
            return
        self._said.add(session)
        partition, written = self._pending.pop(session)
        now = time.monotonic()
        self.arrivals.append(Arrival(partition, now, now - written))

    @property
    def waiting(self) -> float:
        """Seconds that the oldest one is on its way; 0: none is."""
        oldest = min((written for _, written in self._pending.values()), default=None)
        return 0.0 if oldest is None else time.monotonic() - oldest

    def longest(self, begin: float, end: float) -> dict[int, float]:
        """Partition to the longest way of what arrived in between."""
        found = dict.fromkeys(range(PARTITIONS), 0.0)
        for one in self.arrivals:
            if begin <= one.seen < end:
                found[one.partition] = max(found[one.partition], one.took)
        return found


class Worker:
    """A process, and how far it has come."""

    def __init__(self, config: Path, name: str) -> None:
        self.name = name
        port = free_port()
        self._address = f"http://127.0.0.1:{port}"
        self.child = Child(config, config.parent / name, self._address, ("worker", "--port", str(port)))

    async def applied(self) -> int:
        """Events of the stock flow that it has applied since its start; 0 where it does not answer."""
        try:
            async with httpx.AsyncClient() as http:
                text = (await http.get(f"{self._address}/metrics", timeout=2)).text
        except httpx.HTTPError:
            return 0
        found = re.search(r'^kassabrug_records_applied_total\{flow="stock"\} (\S+)', text, re.MULTILINE)
        return int(float(found[1])) if found else 0

    async def works(self) -> bool:
        """Whether it applies anything within half a second."""
        before = await self.applied()
        await asyncio.sleep(0.5)
        return await self.applied() > before

    async def die(self, how: How, away: float) -> None:
        """And comes back. Raises RuntimeError where it had ended by itself."""
        if self.child.ended:
            raise RuntimeError(f"{self.name} ended by itself:\n{self.child.last_words()}")
        if how == "kill":
            await self.child.kill()
            await asyncio.sleep(away)
            await self.child.launch()
        else:
            self.child.signal(signal.SIGSTOP)
            await asyncio.sleep(away)
            self.child.signal(signal.SIGCONT)


class Takeover:
    """One run on a cluster."""

    def __init__(self, stream: Stream, workers: list[Worker], seed: int, say: Callable[[str], None]) -> None:
        self._stream = stream
        self._workers = workers
        self._chance = Random(seed)
        self._say = say
        self._began = time.monotonic()

    async def run(self, kills: int, how: How) -> tuple[float, list[Death]]:
        """The longest way in peace, and every death. Raises TimeoutError where it does not go on."""
        await self._at_work()
        peace = time.monotonic()
        await asyncio.sleep(PEACE[1])
        in_peace = max(self._stream.longest(peace, time.monotonic()).values())
        deaths: list[Death] = []
        for _ in range(kills):
            await asyncio.sleep(self._chance.uniform(*PEACE))
            victim = await self._busy()
            at = time.monotonic()
            await victim.die(how, self._chance.uniform(*AWAY[how]))
            back = time.monotonic()
            await self._at_work()
            stalls = self._stream.longest(at, time.monotonic())
            deaths.append(Death(at - self._began, victim.name, back - self._began, stalls))
            self._tell(deaths[-1], how)
        return in_peace, deaths

    def _tell(self, one: Death, how: How) -> None:
        partitions = ", ".join(f"{took:.1f}" for took in one.stalls.values())
        word = "kill -9" if how == "kill" else "SIGSTOP"
        self._say(
            f"{one.at:6.1f}s {word} {one.worker}, back after {one.back - one.at:.1f} s; longest by partition: "
            f"{partitions}: {one.longest:.2f} s"
        )

    async def _busy(self) -> Worker:
        """One that is at work."""
        while True:
            one = self._chance.choice(self._workers)
            if await one.works():
                return one

    async def _at_work(self) -> None:
        """Until all of them work and nothing waits."""
        until = time.monotonic() + PATIENCE
        while True:
            idle = [one.name for one in self._workers if not await one.works()]
            waiting = self._stream.waiting
            if not idle and waiting <= SETTLED:
                return
            if time.monotonic() > until:
                raise TimeoutError(
                    f"after {PATIENCE:.0f} s a sale still waits for {waiting:.1f} s, or nothing comes to: {idle}"
                )


async def takeover(
    folder: Path, kills: int, how: How, seed: int, say: Callable[[str], None], vendors: Vendors = "away"
) -> Told:
    """Starts a broker and workers of its own, and ends them."""
    async with AsyncExitStack() as stack:
        cluster = stack.enter_context(Cluster(folder / "kafka", 1, properties=QUICK))
        where = NOWHERE if vendors == "away" else (await stack.enter_async_context(silence()))[1]
        config = folder / "kassabrug.toml"
        config.write_text(settings_text(f'address = "kafka://{cluster.servers}"', where))
        access = KafkaAccess(tuple(cluster.servers.split(",")))
        log = await KafkaLog.open(access, TOPICS, partitions=PARTITIONS)
        stack.push_async_callback(log.close)
        return await _on(log, config, kills, how, seed, say)


async def _on(
    log: KafkaLog, config: Path, kills: int, how: How, seed: int, say: Callable[[str], None]
) -> Told:
    stream = Stream(log, seed)
    workers = [Worker(config, f"worker-{number + 1}") for number in range(WORKERS)]
    async with AsyncExitStack() as stack:
        for one in workers:
            stack.push_async_callback(one.child.kill)
            await one.child.launch()
        for one in workers:
            await one.child.ready()
        await stream.fill()
        say(f"{WORKERS} workers, {ARTICLES} rows, {RATE * PARTITIONS:.0f} sales a second")
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(stream.watch())
            selling = tasks.create_task(stream.sell())
            in_peace, deaths = await Takeover(stream, workers, seed, say).run(kills, how)
            selling.cancel()
            async with asyncio.timeout(PATIENCE):
                while stream.waiting:  # noqa: ASYNC110 - the history has no event of ours
                    await asyncio.sleep(0.1)
            watching.cancel()
        for one in workers:
            await one.child.stop(30)
    events = sum(len(sales) for sales in stream.sold.values())
    return Told(events, in_peace, deaths, stream.said_again, await _wrong(log, stream.sold))


async def _wrong(log: KafkaLog, sold: Mapping[int, list[str]]) -> list[str]:
    """What rows hold, as the next worker would recover them, against what was sold."""
    codec: RowCodec[Article] = RowCodec(Article)
    rows = RecoveredRows(rows_topic("stock"), PARTITIONS)
    for number in range(PARTITIONS):
        await rows.recover(log, number)
    found: list[str] = []
    for number, sales in sold.items():
        value = rows.get(key_of(SHOP, str(number)))
        state = codec.read(value).state if value is not None else None
        held = sorted(sale.key for sale in state.sales) if state is not None else []
        shown = [offer.desired for offer in state.offers] if state is not None else []
        if held != sorted(sales) or shown != [FREE - len(sales)]:
            found.append(f"article {number}: sold {sorted(sales)}, its row has {held}, and shows {shown}")
    return found


def report(told: Told) -> str:
    """For people."""
    lines = [
        f"{told.events} sales, {len(told.deaths)} deaths; the longest way of one: {told.in_peace:.2f} s in peace, "
        f"{told.longest:.2f} s around a death",
        f"{told.said_again} sales came again and were known; {len(told.wrong)} rows are wrong",
    ]
    return "\n".join([*lines, *told.wrong[:10]])


async def main() -> int:
    """0: every sale is in its row once, and none was on its way for LIMIT seconds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--how", choices=["kill", "stop"], default="kill", help="kill -9, or SIGSTOP")
    parser.add_argument("--vendors", choices=["away", "silent"], default="away")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="kassabrug-takeover-") as folder:
        told = await takeover(
            Path(folder),
            asked.kills,
            asked.how,
            asked.seed,
            lambda line: print(line, flush=True),
            asked.vendors,
        )
    print(report(told))
    return 0 if not told.wrong and told.longest < LIMIT else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
