"""What the tests of the embedded log share: a clock that is set by hand, and logs that are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streams.log.embedded import EmbeddedLog
from tests.streams.log.contract import PARTITIONS, TOPICS

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

Opener = Callable[..., Awaitable[EmbeddedLog]]


class HandClock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


async def for_ever(_: float) -> None:
    """Upkeep's rounds never come by themselves in these tests: they call `tidy`."""
    await asyncio.Event().wait()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
async def opener(path: Path, clock: HandClock) -> AsyncIterator[Opener]:
    opened: list[EmbeddedLog] = []

    async def open_log(**options: Any) -> EmbeddedLog:
        settings: dict[str, Any] = {"partitions": PARTITIONS, "clock": clock, "sleep": for_ever, **options}
        log = await EmbeddedLog.open(path, settings.pop("topics", TOPICS), **settings)
        opened.append(log)
        return log

    yield open_log
    for log in opened:
        await log.close()


@pytest.fixture
async def log(opener: Opener) -> EmbeddedLog:
    return await opener()
