"""What the tests of the read model share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.readmodel import ReadModel
from app.readmodel.projection import Projection
from tests.app.readmodel.fakes import HandClock, MemoryLog
from tests.app.readmodel.postgres import Postgres
from tests.app.readmodel.postgres import postgres as postgres


async def at_once(_: float) -> None:
    """A sleep that is over at once, after letting others run."""
    await asyncio.sleep(0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def log(clock: HandClock) -> MemoryLog:
    return MemoryLog(clock)


class Databases:
    """Places for read models of one kind of database, by name: the same name is the same place."""

    def __init__(self, kind: str, folder: Path, clock: HandClock, server: Postgres | None) -> None:
        self.kind = kind
        self._folder = folder
        self._clock = clock
        self._server = server
        self._made: list[str] = []

    def where(self, name: str = "readmodel") -> str | Path:
        """The place; made when it is asked for first."""
        if self._server is None:
            return self._folder / f"{name}.db"
        own = f"test_{name}"
        if own not in self._made:
            self._server.ask(f"CREATE SCHEMA {own}")  # a third of the time that a database takes
            self._made.append(own)
        return f"{self._server.url()}?options=-csearch_path%3D{own}"

    async def open(self, name: str = "readmodel") -> ReadModel:
        """A read model there, which the test closes."""
        return await ReadModel.open(self.where(name), clock=self._clock, password=self.password)

    @property
    def password(self) -> str:
        """Empty where none is needed."""
        return "" if self._server is None else self._server.password

    def drop(self) -> None:
        """Schemas that this test made; files go with their folder."""
        for one in self._made:
            assert self._server is not None
            self._server.ask(f"DROP SCHEMA {one} CASCADE")


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Iterator[Databases]:
    """Every test that uses it, or `model`, runs on both."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    made = Databases(request.param, tmp_path, clock, server)
    yield made
    made.drop()


@pytest.fixture
async def model(databases: Databases) -> AsyncIterator[ReadModel]:
    model = await databases.open()
    yield model
    await model.close()


@pytest.fixture
def projection(model: ReadModel, log: MemoryLog, clock: HandClock) -> Projection:
    return Projection(model.database, log, clock=clock, sleep=at_once)
