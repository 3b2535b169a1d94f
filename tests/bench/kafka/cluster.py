"""What the bench asks of the cluster itself: topics made anew, events loaded at once, what was left behind.

No contestant's code is used for it: the same plain requests for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from streams.log.kafka.making import settings_of
from streams.topics import ACTIVITY, DEAD_LETTERS, Topic, inbox_topic, topic
from tests.bench.kafka.job import Marks
from tests.bench.kafka.workload import HEADERS, Event

INBOX = inbox_topic("stock")
BATCH_BYTES = 700_000
TRIES = 100
PAUSE = 0.1
READ_AT_ONCE = 20_000


class Batches:
    """Events as a producer would send them, encoded beforehand, so that loading takes next to nothing from the
    machine that is measured."""

    def __init__(self, events: Iterable[Event]) -> None:
        building: dict[int, tuple[DefaultRecordBatchBuilder, int]] = {}
        self.ready: dict[int, list[bytes]] = {}
        self.ends: dict[int, int] = {}
        """Partition to how many events it gets."""
        headers = list(HEADERS)
        for partition, key, value, timestamp in events:
            builder, count = building.get(partition) or (_builder(), 0)
            if builder.append(count, timestamp, key, value, headers) is None:
                self.ready.setdefault(partition, []).append(bytes(builder.build()))
                builder, count = _builder(), 0
                builder.append(count, timestamp, key, value, headers)
            building[partition] = (builder, count + 1)
            self.ends[partition] = self.ends.get(partition, 0) + 1
        for partition, (builder, _) in building.items():
            self.ready.setdefault(partition, []).append(bytes(builder.build()))

    @property
    def count(self) -> int:
        """How many events."""
        return sum(self.ends.values())


def _builder() -> DefaultRecordBatchBuilder:
    return DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, BATCH_BYTES)


class Cluster:
    """A running cluster, from outside."""

    def __init__(self, servers: str) -> None:
        self.servers = servers

    async def __aenter__(self) -> Cluster:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self.servers, request_timeout_ms=30_000)
        await self._admin.start()
        self._client = AIOKafkaClient(bootstrap_servers=self.servers)
        await self._client.bootstrap()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self._admin.close()

    # -- topics

    async def fresh(self, changelog: str, partitions: int) -> None:
        """Makes the topics of one run, empty, as the bridge makes them: inbox, activity, dead letters, changelog."""
        rows = Topic(changelog, "rows", "key", "rows of a contestant", True, None)
        wanted = [topic(INBOX), topic(ACTIVITY.name), topic(DEAD_LETTERS.name), rows]
        copies = min(3, len((await self._admin.describe_cluster())["brokers"]))
        known = await self._admin.list_topics()
        old = [name for name in known if not name.startswith("__")]
        if old:
            await self._admin.delete_topics(old)
        left = wanted
        for _ in range(TRIES):
            made = await self._admin.create_topics(
                [
                    NewTopic(one.name, partitions, copies, topic_configs=settings_of(one, copies))
                    for one in left
                ]
            )
            failed = {name: code for name, code, *_ in made.topic_errors if code}
            left = [one for one in left if one.name in failed]
            if not left:
                break
            await asyncio.sleep(PAUSE)  # a deletion is still under way
        else:
            raise RuntimeError(f"topics could not be made: {failed}")
        await self._led([one.name for one in wanted], partitions)

    async def _led(self, names: Sequence[str], partitions: int) -> None:
        """Until every partition has a leader that answers."""
        wanted = [TopicPartition(name, number) for name in names for number in range(partitions)]
        for _ in range(TRIES):
            await self._client.set_topics(names)
            await self._client.force_metadata_update()
            leaders = [self._client.cluster.leader_for_partition(at) for at in wanted]
            if all(leader is not None and leader >= 0 for leader in leaders):
                return
            await asyncio.sleep(PAUSE)
        raise RuntimeError(f"no leaders for {names}")

    # -- loading

    async def load(self, batches: Batches) -> None:
        """Into the inbox, all partitions side by side, acknowledged by all copies."""
        rounds = max((len(one) for one in batches.ready.values()), default=0)
        for number in range(rounds):
            by_leader: dict[int, list[tuple[int, bytes]]] = {}
            for partition, ready in batches.ready.items():
                if number < len(ready):
                    leader = self._client.cluster.leader_for_partition(TopicPartition(INBOX, partition))
                    assert leader is not None
                    by_leader.setdefault(leader, []).append((partition, ready[number]))
            requests = [
                self._client.send(leader, ProduceRequest(None, -1, 30_000, [(INBOX, parts)]))
                for leader, parts in by_leader.items()
            ]
            for response in await asyncio.gather(*requests):
                for _, partitions in response.topics:
                    for partition, code, *_rest in partitions:
                        if code:
                            raise RuntimeError(f"loading partition {partition} failed: {for_code(code)}")

    # -- what is there

    async def ends(self, name: str, partitions: int) -> dict[int, int]:
        """Partition to its end."""
        async with Reading(self.servers) as reader:
            return await reader.ends(name, partitions)

    async def committed(self, group: str, name: str) -> dict[int, int]:
        """Partition to the group's position."""
        found = await self._admin.list_consumer_group_offsets(group)
        return {at.partition: told.offset for at, told in found.items() if at.topic == name}

    async def outputs(self, partitions: int, mark: Callable[[bytes, bytes], int]) -> Marks:
        """Of everything that is committed on the activity topic."""
        number = total = 0
        async with Reading(self.servers) as reader:
            async for record in reader.all(ACTIVITY.name, partitions):
                number += 1
                total += mark(record.key, record.value)
        return Marks(number, total & 0xFFFFFFFFFFFFFFFF)

    async def rows(
        self,
        changelog: str,
        partitions: int,
        mark: Callable[[bytes, bytes], int],
        plain_key: Callable[[bytes], bytes | None],
    ) -> Marks:
        """Of the last row of each key. `plain_key`: the article's key; None: a record of the framework's own."""
        last: dict[bytes, int] = {}
        async with Reading(self.servers) as reader:
            async for record in reader.all(changelog, partitions):
                key = plain_key(record.key)
                if key is None:
                    continue
                if record.value is None:
                    last.pop(key, None)
                else:
                    last[key] = mark(key, record.value)
        return Marks(len(last), sum(last.values()) & 0xFFFFFFFFFFFFFFFF)


class Reading:
    """Reads topics from end to end, only what is committed."""

    def __init__(self, servers: str) -> None:
        self._servers = servers

    async def __aenter__(self) -> Reading:
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            isolation_level="read_committed",
            enable_auto_commit=False,
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
        await self.consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.consumer.stop()

    async def ends(self, name: str, partitions: int) -> dict[int, int]:
        """Partition to its end."""
        wanted = [TopicPartition(name, number) for number in range(partitions)]
        return {at.partition: end for at, end in (await self.consumer.end_offsets(wanted)).items()}

    async def all(self, name: str, partitions: int) -> Any:
        """Every record up to the present end."""
        ends = await self.ends(name, partitions)
        wanted = {TopicPartition(name, number): end for number, end in ends.items() if end}
        self.consumer.assign(list(wanted))
        await self.consumer.seek_to_beginning(*wanted)
        while wanted:
            found = await self.consumer.getmany(timeout_ms=1000, max_records=READ_AT_ONCE)
            for records in found.values():
                for record in records:
                    yield record
            for at, end in list(wanted.items()):
                if await self.consumer.position(at) >= end:
                    del wanted[at]
                    self.consumer.pause(at)
