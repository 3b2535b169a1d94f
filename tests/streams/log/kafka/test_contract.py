"""The contract, on Apache Kafka."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from streams.log.base import Host, Subscription
from streams.log.host import FaustHost
from streams.log.kafka import KafkaLog
from tests.streams.log.contract import *  # noqa: F403
from tests.streams.log.contract import Wharf
from tests.streams.log.kafka.conftest import Opener


class KafkaWharf(Wharf):
    def __init__(self, opener: Opener, group: str) -> None:
        self.opener = opener
        self.group = group
        self.log: KafkaLog

    async def open(self) -> None:
        self.log = await self.opener()
        self.writer = self.reader = self.log

    async def reopen(self) -> None:
        await self.log.close()
        await self.open()

    def host(self, subscriptions: Sequence[Subscription]) -> Host:
        return FaustHost(self.log, subscriptions, group=self.group)


@pytest.fixture
async def wharf(opener: Opener, group: str) -> Wharf:
    one = KafkaWharf(opener, group)
    await one.open()
    return one
