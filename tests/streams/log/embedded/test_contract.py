"""The contract, on the embedded log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from streams.log.base import Host, Subscription
from streams.log.embedded import EmbeddedLog
from streams.log.host import FaustHost
from streams.vocabulary.time import system_clock
from tests.streams.log.contract import *  # noqa: F403
from tests.streams.log.contract import PARTITIONS, TOPICS, Wharf


class EmbeddedWharf(Wharf):
    def __init__(self, path: Path) -> None:
        self.path = path
        self.log: EmbeddedLog

    async def open(self) -> None:
        self.log = await EmbeddedLog.open(self.path, TOPICS, partitions=PARTITIONS, clock=system_clock)
        self.writer = self.reader = self.log

    async def reopen(self) -> None:
        await self.log.close()
        await self.open()

    def host(self, subscriptions: Sequence[Subscription]) -> Host:
        return FaustHost(self.log, subscriptions)


@pytest.fixture
async def wharf(tmp_path: Path) -> AsyncIterator[Wharf]:
    one = EmbeddedWharf(tmp_path / "shop.db")
    await one.open()
    yield one
    await one.log.close()
