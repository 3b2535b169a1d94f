"""What the tests of the Kafka log share: the broker of the suite, and topics that are new for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from os import getpid
from typing import Any

import pytest

from streams.log.kafka import KafkaAccess, KafkaLog
from tests.apache_kafka.fixtures import kafka, kafka_three
from tests.apache_kafka.topics import delete
from tests.streams.log.contract import PARTITIONS, TOPICS

__all__ = ["access", "delete", "fresh", "group", "kafka", "kafka_three", "opener"]

_numbers = count(1)
Opener = Callable[..., Awaitable[KafkaLog]]


@pytest.fixture
def access(kafka: str) -> KafkaAccess:
    return KafkaAccess(tuple(kafka.split(",")))


@pytest.fixture
def group() -> str:
    """A group that nobody has been in."""
    return f"test-{getpid()}-{next(_numbers)}"


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
