"""What the tests of the Kafka log share: the broker of the suite, and topics that are new for every test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import count
from os import getpid
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

from streams.log.kafka import KafkaAccess, KafkaLog
from streams.topics import Topic
from tests.apache_kafka.fixtures import kafka, kafka_three
from tests.streams.log.contract import PARTITIONS, TOPICS

__all__ = ["access", "fresh", "group", "kafka", "kafka_three", "opener"]

_numbers = count(1)
Opener = Callable[..., Awaitable[KafkaLog]]


@pytest.fixture
def access(kafka: str) -> KafkaAccess:
    return KafkaAccess(tuple(kafka.split(",")))


@pytest.fixture
def group() -> str:
    """A group that nobody has been in."""
    return f"test-{getpid()}-{next(_numbers)}"


async def delete(access: KafkaAccess, topics: Sequence[Topic]) -> None:
    """Until none of them is there."""
    admin = AIOKafkaAdminClient(**access.options())
    await admin.start()
    try:
        names = {one.name for one in topics}
        async with asyncio.timeout(30):
            clean = 0
            while clean < 6:  # any broker is asked, and all of them have to know
                there = names & set(await admin.list_topics())
                clean = 0 if there else clean + 1
                if there:
                    told = await admin.delete_topics(sorted(there))
                    for _, code, *_ in told.topic_error_codes:
                        assert code in (0, 3), for_code(code)
    finally:
        await admin.close()


@pytest.fixture
async def fresh(access: KafkaAccess) -> KafkaAccess:
    """A cluster without the contract's topics."""
    await delete(access, TOPICS)
    return access


@pytest.fixture
async def opener(fresh: KafkaAccess) -> AsyncIterator[Opener]:
    opened: list[KafkaLog] = []

    async def open_log(**options: Any) -> KafkaLog:
        settings: dict[str, Any] = {"partitions": PARTITIONS, **options}
        log = await KafkaLog.open(settings.pop("access", fresh), settings.pop("topics", TOPICS), **settings)
        opened.append(log)
        return log

    yield open_log
    for log in opened:
        await log.close()
