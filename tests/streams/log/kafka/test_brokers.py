"""Three brokers, of which one dies or stands still: what was acknowledged is there, and applied once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from streams.log.base import Draft, LogUnavailable, Run, Subscription, TopicPartition
from streams.log.host import FaustHost
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.log.kafka.making import Topics
from tests.apache_kafka.cluster import Broker, Cluster
from tests.streams.log.contract import EVENTS, PARTITIONS, ROWS, TOPICS, Tally, everything
from tests.streams.log.kafka.conftest import delete

pytestmark = pytest.mark.slow
PATIENCE = 60.0


@pytest.fixture
async def log(kafka_three: Cluster) -> AsyncIterator[KafkaLog]:
    access = KafkaAccess(tuple(kafka_three.servers.split(",")))
    await delete(access, TOPICS)
    one = await KafkaLog.open(access, TOPICS, partitions=PARTITIONS)
    yield one
    await one.close()
    for broker in kafka_three.brokers:  # as the next test wants them
        if broker.pid is None:
            await asyncio.to_thread(broker.start)


class Till:
    """Writes one record after another, and notes what was acknowledged."""

    def __init__(self, log: KafkaLog) -> None:
        self.log = log
        self.acknowledged: list[int] = []
        self.refused = 0
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Till:
        self._task = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        """The write under way ends: were it only given up, its record would still come, after the books were closed."""
        assert self._task is not None
        self._closing = True
        await self._task

    async def _write(self) -> None:
        number = 0
        while not self._closing:
            draft = Draft(EVENTS, b"shop/%d" % (number % 40), b"%d" % number)
            try:
                await self.log.append([draft])
                self.acknowledged.append(number)
            except LogUnavailable:
                self.refused += 1
            number += 1

    async def until_more(self, count: int) -> None:
        """So many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= wanted)


class Patient(Tally):
    """Tries again as the delivery core does, where the log is away, for as long as the partition is ours: a group
    whose coordinator stood still may have given us up meanwhile."""

    async def _apply(self, run: Run) -> None:
        position = self.position.get(run.at)
        while position is not None and self.position.get(run.at) == position:
            try:
                await super()._apply(run)
                return
            except LogUnavailable:
                await asyncio.sleep(0.5)


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():  # noqa: ASYNC110 - a broker sets no event of ours
            await asyncio.sleep(0.05)


async def leads(log: KafkaLog, cluster: Cluster) -> Broker:
    """The broker that leads the first partition."""
    leader = log._producing.brokers.leader(TopicPartition(EVENTS, 0))
    return next(one for one in cluster.brokers if one.number == leader)


async def check(log: KafkaLog, till: Till, tally: Tally) -> None:
    """Acknowledged means there; there means applied once."""
    there = await everything(log, EVENTS)
    await until(lambda: sum(tally.counts().values()) >= len(there))
    values = {int(one.value or b"") for _, one in there}
    assert set(till.acknowledged) <= values
    assert sum(tally.counts().values()) == len(there)
    written_twice = len(there) - len(values)
    assert written_twice <= till.refused + 2 * PARTITIONS, (
        "only a write whose answer was lost may lie there twice"
    )


async def test_topics_have_three_copies_where_there_are_three_brokers(log: KafkaLog) -> None:
    async with Topics(log.access) as cluster:
        standing = await cluster.standing([EVENTS, ROWS])
    assert {one.copies for one in standing.values()} == {3}
    assert {one.settings["min.insync.replicas"] for one in standing.values()} == {"2"}


async def test_a_broker_that_is_killed_costs_seconds_and_no_record(
    log: KafkaLog, kafka_three: Cluster, group: str
) -> None:
    tally = Patient()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)], group=group)
    await host.start()
    async with Till(log) as till:
        await till.until_more(200)
        broker = await leads(log, kafka_three)
        await asyncio.to_thread(broker.kill)
        await till.until_more(200)
        await asyncio.to_thread(broker.start)
        await till.until_more(200)
    await check(log, till, tally)
    await host.stop()


async def test_a_broker_that_stands_still_is_left_and_taken_back(
    log: KafkaLog, kafka_three: Cluster, group: str
) -> None:
    tally = Patient()
    host = FaustHost(log, [Subscription("tally", EVENTS, tally, ROWS)], group=group)
    await host.start()
    async with Till(log) as till:
        await till.until_more(200)
        broker = await leads(log, kafka_three)
        broker.pause()
        try:
            await till.until_more(200)
        finally:
            broker.resume()
        await till.until_more(200)
    await check(log, till, tally)
    await host.stop()


async def test_when_the_till_closes_nothing_of_it_is_still_on_its_way(log: KafkaLog) -> None:
    """The books were closed with a write under way, whose record came afterwards: 617 applied, 616 seen."""
    for _ in range(20):
        async with Till(log) as till:
            await till.until_more(1)
        there = len(await everything(log, EVENTS))
        await log.append([Draft(EVENTS, b"shop/0", b"0")])
        assert len(await everything(log, EVENTS)) == there + 1


async def test_without_enough_copies_nothing_is_acknowledged_and_it_goes_on_when_they_are_back(
    log: KafkaLog, kafka_three: Cluster
) -> None:
    first, second, _ = kafka_three.brokers
    await log.append([Draft(EVENTS, b"k", b"1", partition=0)])
    for broker in (first, second):
        await asyncio.to_thread(broker.kill)
    with pytest.raises(LogUnavailable, match=r"writing to test\.events partition 0 failed"):
        await log.append([Draft(EVENTS, b"k", b"2", partition=0)])
    for broker in (first, second):
        await asyncio.to_thread(broker.start)

    async def again() -> bool:
        try:
            await log.append([Draft(EVENTS, b"k", b"3", partition=0)])
        except LogUnavailable:
            return False
        return True

    async with asyncio.timeout(PATIENCE):
        while not await again():
            pass
    values = [one.value for _, one in await everything(log, EVENTS)]
    assert values[0] == b"1"
    assert b"3" in values
