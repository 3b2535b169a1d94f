"""A machine's clock that is set right: every connection's sweeps are told to look at once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from app import composition
from app.composition import bridge
from app.logs import onlooker
from app.settings import Settings
from streams.log.base import LogReader, TopicPartition
from streams.topics import inbox_topic
from streams.vocabulary.time import BELIEVED, elapsed, system_clock
from tests.app.test_readiness import settings as settings


async def starts(log: LogReader) -> int:
    """How often the sweeps were told to begin."""
    topic = inbox_topic("sweeps")
    found = 0
    for number in range(await log.partitions(topic)):
        at = TopicPartition(topic, number)
        first, _ = await log.bounds(at)
        found += sum(
            b'"connection-started"' in (one.value or b"") for one in (await log.read(at, first)).records
        )
    return found


async def test_after_a_jump_the_sweeps_begin_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their next runs lay where the wrong clock had been: nobody looked for so long."""
    step = wait = 0.0

    def wall() -> datetime:
        return system_clock() + timedelta(seconds=step + wait)

    monkeypatch.setattr(composition, "system_clock", wall)
    monkeypatch.setattr(composition, "elapsed", lambda: elapsed() + wait)
    async with bridge(settings, frozenset(("worker",))) as running, onlooker(settings) as log:
        assert await starts(log) == 1
        step = -3600.0
        running.clock()
        wait = BELIEVED + 1
        running.clock()
        async with asyncio.timeout(10):
            while await starts(log) < 2:  # noqa: ASYNC110 - the log is another's
                await asyncio.sleep(0.02)
        assert abs((running.clock() - wall()).total_seconds()) < 0.1
