"""How long a till sale takes to what follows from it, at a given pace: from the moment it was due to be written to the
inbox until somebody who reads the activity topic has it in his hands.

The pace is kept whatever the contestant does (an open loop): what waits is counted as waiting.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.codec import fact_headers
from streams.topics import ACTIVITY
from tests.bench.kafka.cluster import INBOX, Batches
from tests.bench.kafka.contest import Ring
from tests.bench.kafka.contestants import Contestant
from tests.bench.kafka.job import JOBS
from tests.bench.kafka.worker import Failed
from tests.bench.kafka.workload import CONNECTION, Event, Workload

LATEST = 30.0
"""Seconds after the last event by which all must have followed."""
SETTLE = 1.0
"""Seconds of the pace that are not counted, at its beginning."""


@dataclass(frozen=True)
class Freshness:
    """At one pace."""

    contestant: str
    per_second: int
    events: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


class Follow:
    """Reads the activity topic and looks for what it waits for."""

    def __init__(self) -> None:
        self.due: dict[bytes, float] = {}
        self.took: dict[bytes, float] = {}

    async def run(self, consumer: AIOKafkaConsumer) -> None:
        """Until cancelled."""
        while True:
            found = await consumer.getmany(timeout_ms=500)
            now = time.perf_counter()
            for records in found.values():
                for record in records:
                    trace = dict(record.headers).get("trace", b"")
                    if trace in self.due and trace not in self.took:
                        self.took[trace] = now - self.due[trace]


async def freshness(
    ring: Ring, contestant: Contestant, paces: Sequence[tuple[int, float]], began: int, articles: int = 1000
) -> list[Freshness]:
    """For each pace (events a second, seconds). Raises Failed where something is missing or wrong."""
    workload = Workload(articles, 0, began)
    begun = list(workload.beginnings())
    counts = [int(pace * (seconds + SETTLE)) for pace, seconds in paces]
    sales = list(workload.sales(sum(counts)))
    batches, everything = Batches(begun), Batches(itertools.chain(begun, sales))
    job = JOBS[contestant.job]
    team, group, _ = await ring.open(contestant, workload.partitions, [batches.ends, everything.ends])
    told: list[Freshness] = []
    try:
        await ring.cluster.load(batches)
        outputs = job.outcome(begun).outputs.count
        await ring.done(contestant, team, group, batches.count, outputs, workload.partitions)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=ring.cluster.servers, isolation_level="read_committed", enable_auto_commit=False
        )
        producer = AIOKafkaProducer(bootstrap_servers=ring.cluster.servers, acks="all")
        async with consumer, producer:
            parts = [TopicPartition(ACTIVITY.name, number) for number in range(workload.partitions)]
            consumer.assign(parts)
            await consumer.seek_to_end(*parts)
            for (pace, _), count in zip(paces, counts, strict=True):
                mine, sales = sales[:count], sales[count:]
                told.append(await _at_pace(contestant, consumer, producer, mine, pace))
    finally:
        await team.end()
    events = itertools.chain(begun, workload.sales(sum(counts)))
    await ring.judge(contestant, group, job.outcome(events), everything.ends)
    return told


async def _at_pace(
    contestant: Contestant,
    consumer: AIOKafkaConsumer,
    producer: AIOKafkaProducer,
    events: Sequence[Event],
    pace: int,
) -> Freshness:
    follow = Follow()
    reading = asyncio.create_task(follow.run(consumer))
    sending = []
    began = time.perf_counter()
    try:
        for number, event in enumerate(events):
            due = began + number / pace
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            trace = b"%d-%d" % (pace, number)
            follow.due[trace] = due
            sending.append(
                await producer.send(
                    INBOX,
                    event.value,
                    event.key,
                    event.partition,
                    event.timestamp,
                    list(fact_headers(CONNECTION, trace.decode())),
                )
            )
        await asyncio.gather(*sending)
        until = time.perf_counter() + LATEST
        while len(follow.took) < len(events):
            if time.perf_counter() > until or reading.done():
                raise Failed(f"{len(events) - len(follow.took)} of {len(events)} events led to nothing")
            await asyncio.sleep(0.02)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    skipped = int(pace * SETTLE)
    took = sorted(follow.took[b"%d-%d" % (pace, number)] * 1000 for number in range(skipped, len(events)))
    return Freshness(
        contestant.name, pace, len(took), took[len(took) // 2], took[int(len(took) * 0.99)], took[-1]
    )
