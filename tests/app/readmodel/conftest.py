"""What the tests of the read model share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.readmodel import ReadModel
from app.readmodel.projection import Projection
from tests.app.readmodel.fakes import HandClock, MemoryLog


async def at_once(_: float) -> None:
    """A sleep that is over at once, after letting others run."""
    await asyncio.sleep(0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def log(clock: HandClock) -> MemoryLog:
    return MemoryLog(clock)


@pytest.fixture
async def model(tmp_path: Path, clock: HandClock) -> AsyncIterator[ReadModel]:
    model = await ReadModel.open(tmp_path / "readmodel.db", clock=clock)
    yield model
    await model.close()


@pytest.fixture
def projection(model: ReadModel, log: MemoryLog, clock: HandClock) -> Projection:
    return Projection(model.database, log, clock=clock, sleep=at_once)
