"""Faust's issue 340, rebuilt on our host: so many events, workers killed with -9 in the midst, and the counts exact.

python -m tests.chaos.issue340 --events 300000 --kills 10 [--seed 1] [--workers 3]
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
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from streams.codec import RowCodec, fact_headers
from streams.delivery import Delivery
from streams.flow import Context, Decision, Flow
from streams.log.base import Draft, Subscription, TopicPartition
from streams.log.host import FaustHost
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.log.rows import RecoveredRows
from streams.observer import Observer
from streams.topics import TOPICS, inbox_topic, rows_topic
from streams.vocabulary.events import OperatorAsked, OrdersEvent
from streams.vocabulary.fact import Value
from tests.apache_kafka.cluster import Cluster
from tests.apache_kafka.fixtures import QUICK

KEYS = 1_000
PARTITIONS = 8
AT_ONCE = 5_000
PATIENCE = 300.0
QUIET = 10.0
"""Seconds after which what has not been counted twice will not be."""


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


async def opened(servers: str) -> KafkaLog:
    """The log."""
    return await KafkaLog.open(KafkaAccess(tuple(servers.split(","))), TOPICS, partitions=PARTITIONS)


async def work(servers: str) -> None:
    """A worker, until it is killed."""
    log = await opened(servers)
    handler: Delivery[Count] = Delivery(FLOW, lambda _: (), _Nobody(), Observer(), asyncio.sleep)
    host = FaustHost(log, [Subscription("orders", inbox_topic("orders"), handler, rows_topic("orders"))])
    await host.start()
    print("working", flush=True)
    raise await host.failed()


async def counted(log: KafkaLog) -> int:
    """What the rows say, as a worker would recover them."""
    codec: RowCodec[Count] = RowCodec(FLOW.state)
    rows = RecoveredRows(rows_topic("orders"), PARTITIONS)
    total = 0
    for number in range(PARTITIONS):
        await rows.recover(log, number)
        for _, value in rows.items(number):
            state = codec.read(value).state
            total += state.events if state is not None else 0
    return total


async def main(events: int, kills: int, workers: int, seed: int) -> int:
    """0: exact."""
    chance = Random(seed)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory(prefix="kassabrug-issue340-") as folder,
        Cluster(Path(folder), 1, properties=QUICK) as cluster,
    ):
        log = await opened(cluster.servers)
        running: list[asyncio.subprocess.Process] = []

        async def hire() -> asyncio.subprocess.Process:
            command = [sys.executable, "-m", "tests.chaos.issue340", "--worker", cluster.servers]
            return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)

        try:
            running = [await hire() for _ in range(workers)]
            value = msgspec.json.encode(OperatorAsked(who="x"))
            headers = fact_headers("shop", "t")
            inbox = inbox_topic("orders")
            began = time.monotonic()
            deaths = sorted(chance.sample(range(1, events // AT_ONCE), kills))
            for number in range(0, events, AT_ONCE):
                some = range(number, min(events, number + AT_ONCE))
                await log.append(
                    [Draft(inbox, b"shop/%d" % chance.randrange(KEYS), value, headers) for _ in some]
                )
                if number // AT_ONCE in deaths:
                    await asyncio.sleep(chance.uniform(0.5, 4.0))
                    place = chance.randrange(workers)
                    with contextlib.suppress(ProcessLookupError):
                        running[place].send_signal(signal.SIGKILL)
                    await running[place].wait()
                    running[place] = await hire()
                    print(f"{time.monotonic() - began:6.1f}s kill -9 of worker {place + 1}", flush=True)
            until = time.monotonic() + PATIENCE
            while (total := await counted(log)) < events and time.monotonic() < until:  # noqa: ASYNC110 - of brokers
                await asyncio.sleep(0.5)
            took = time.monotonic() - began
            await asyncio.sleep(QUIET)
            total = await counted(log)
            print(f"{events} events, {kills} kills, {workers} workers: counted {total}, after {took:.1f} s")
            return 0 if total == events else 1
        finally:
            for one in running:
                with contextlib.suppress(ProcessLookupError):
                    one.kill()
                await one.wait()
            await log.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        asyncio.run(work(asked.worker))
    sys.exit(asyncio.run(main(asked.events, asked.kills, asked.workers, asked.seed)))
