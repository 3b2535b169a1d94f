"""The bridge's own worker, with the stock flow alone: `python -m tests.bench.kafka.ours JOB SERVERS GROUP PARTITIONS`.

The real delivery core under FaustHost on KafkaLog. What rows ask of the vendors is not run: it stays open in the row,
for every contestant alike.
"""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import logging
import os
import signal
import sys
import time
from datetime import datetime

import uvloop

from streams import collection
from streams.delivery import Delivery, Follower
from streams.flow import OpenEffect
from streams.log.base import Guard, Rows, Subscription, TopicPartition
from streams.log.host import FaustHost
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.observer import Observer
from streams.topics import ACTIVITY, DEAD_LETTERS, inbox_topic, rows_topic, topic
from streams.vocabulary.time import system_clock
from tests.bench.kafka.job import JOBS, RULES
from tests.bench.kafka.telling import applied, assigned, tell


class Told(Observer):
    """Tells the bench what is durable."""

    def applied(self, flow: str, records: int) -> None:
        """See Observer."""
        applied(records)

    def skipped(self, flow: str, records: int) -> None:
        """See Observer."""
        tell("skipped", count=records)

    def parked(self, flow: str, records: int) -> None:
        """See Observer."""
        tell("parked", count=records)


class NobodyFollows(Follower):
    """No vendor is called and no alarm rings."""

    def opened(self, key: bytes, at: TopicPartition, effect_key: str, effect: OpenEffect, trace: str) -> None:
        """See Follower."""

    def closed(self, key: bytes, at: TopicPartition, effect_key: str) -> None:
        """See Follower."""

    def wake(self, key: bytes, at: TopicPartition, due: datetime | None) -> None:
        """See Follower."""

    async def revoked(self, at: TopicPartition) -> None:
        """See Follower."""


class ToldDelivery(Delivery):  # type: ignore[type-arg]
    """The delivery core; tells how many partitions it has."""

    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        """See Handler."""
        await super().assigned(at, position, rows, guard)
        assigned(len(self._position))

    async def revoked(self, at: TopicPartition) -> None:
        """See Handler."""
        await super().revoked(at)
        assigned(len(self._position))


async def main(job: str, servers: str, group: str, partitions: int) -> None:
    """Works until SIGTERM."""
    began = time.monotonic()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    inbox, rows = inbox_topic("stock"), rows_topic("stock")
    topics = [topic(name) for name in (inbox, rows, ACTIVITY.name, DEAD_LETTERS.name)]
    log = await KafkaLog.open(
        KafkaAccess(tuple(servers.split(","))), topics, partitions=partitions, clock=system_clock
    )
    opened = time.monotonic()
    delivery = ToldDelivery(JOBS[job].flow, lambda _: RULES, NobodyFollows(), Told(), asyncio.sleep)
    host = FaustHost(log, [Subscription("stock", inbox, delivery, rows)], group=group)
    await host.start()
    tell("started", open_seconds=opened - began, host_seconds=time.monotonic() - opened)
    failing = asyncio.ensure_future(host.failed())
    ending = asyncio.ensure_future(ended.wait())
    await asyncio.wait((failing, ending), return_when=asyncio.FIRST_COMPLETED)
    if failing.done():
        tell("failed", why=str(failing.result()))
    await host.stop()
    await log.close()


if __name__ == "__main__":
    collection.seldom()
    logging.basicConfig(level=os.environ.get("BENCH_LOG", "WARNING"))
    profile = cProfile.Profile() if os.environ.get("BENCH_PROFILE") else None
    with profile or contextlib.nullcontext():
        uvloop.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
    if profile is not None:
        profile.dump_stats(os.environ["BENCH_PROFILE"])
