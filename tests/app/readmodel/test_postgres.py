"""What only PostgreSQL can do: be away, refuse us, come back, and be used by several consoles at once."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from app.readmodel import ReadModel, ReadModelUnavailable
from app.readmodel.database import Database
from app.readmodel.projection import Projection
from app.readmodel.tables import dead_letters, history, positions
from streams.vocabulary.activity import Noted
from tests.app.readmodel.conftest import Databases, at_once
from tests.app.readmodel.fakes import HandClock, MemoryLog
from tests.app.readmodel.postgres import Postgres
from tests.app.readmodel.shop import fill


@pytest.fixture
def own_server(postgres: Postgres) -> Iterator[Postgres]:
    """One that a test may stop; where the shared one runs, this one can too."""
    with Postgres() as server:
        yield server


async def _refused(where: str, password: str, clock: HandClock) -> str:
    with pytest.raises(ReadModelUnavailable) as caught:
        await ReadModel.open(where, clock=clock, password=password)
    assert "geheim" not in str(caught.value)
    return str(caught.value)


async def test_every_way_of_not_getting_in_is_told(postgres: Postgres, clock: HandClock) -> None:
    right = postgres.password
    away = await _refused("postgresql://kassabrug@127.0.0.1:1/kassabrug", right, clock)
    assert "Connection refused" in away
    assert "Is PostgreSQL running there" in away
    wrong = await _refused(postgres.url(), "geheim-maar-fout", clock)
    assert "password authentication failed" in wrong
    assert "readmodel.password" in wrong
    assert 'database "nothing" does not exist' in await _refused(postgres.url("nothing"), right, clock)
    assert 'invalid connection option "colour"' in await _refused(postgres.url() + "?colour=1", right, clock)


async def test_without_the_right_to_make_tables(postgres: Postgres, clock: HandClock) -> None:
    postgres.ask("CREATE ROLE guest LOGIN PASSWORD 'geheim-gast'")
    try:
        told = await _refused(postgres.url().replace("kassabrug@", "guest@"), "geheim-gast", clock)
    finally:
        postgres.ask("DROP ROLE guest")
    assert "permission denied for schema public" in told
    assert "owner" in told


async def test_without_its_driver(clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("psycopg"):
            raise ModuleNotFoundError(name)
        return found(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "[postgres]" in await _refused("postgresql://x@127.0.0.1:1/y", "", clock)


async def test_what_was_written_is_never_in_an_error(postgres: Postgres, databases: Databases) -> None:
    """PostgreSQL tells the row that it refused, in the details of its error."""
    model = await databases.open()
    row = {
        "mark": "m",
        "at": 1,
        "connection": "c",
        "entity": "e",
        "topic": "t",
        "partition": "0",
        "offset": "0",
    }
    row |= {"trace": "", "size": 1, "body": "Jan Jansen", "reason": None}
    with pytest.raises(ReadModelUnavailable) as caught:
        await model.database.write(lambda db: db.execute(insert(dead_letters), [row]))
    assert "Jan" not in str(caught.value)
    assert "deleted it is built again" in str(caught.value)
    await model.close()


async def test_it_goes_on_when_postgresql_comes_back(
    own_server: Postgres, log: MemoryLog, clock: HandClock
) -> None:
    model = await ReadModel.open(own_server.url(), clock=clock, password=own_server.password)
    projection = Projection(model.database, log, clock=clock, sleep=at_once)
    fill(log)
    await projection.catch_up()
    own_server.kill()
    log.note(Noted(kind="x", text="while it was away"), "1")
    with pytest.raises(ReadModelUnavailable, match="Is PostgreSQL running there"):
        await projection.catch_up()
    own_server.start()
    await projection.catch_up()
    # What its crash lost is read again, in whatever order the partitions come.
    assert "while it was away" in [line.text for line in (await model.overview()).recent]
    assert projection.standing.rebuilt == 0
    await model.close()


async def test_what_was_lost_in_a_crash_is_read_again(
    own_server: Postgres, log: MemoryLog, clock: HandClock
) -> None:
    """With synchronous_commit off the last transactions may be gone, rows and position alike."""
    own_server.kill()
    own_server.start("wal_writer_delay=10s")
    model = await ReadModel.open(own_server.url(), clock=clock, password=own_server.password)
    fill(log)
    for _ in range(3):
        await Projection(model.database, log, clock=clock, sleep=at_once).catch_up()
        own_server.kill()
        own_server.start("wal_writer_delay=10s")
        log.note(Noted(kind="x", text="one more"), "1")
    projection = Projection(model.database, log, clock=clock, sleep=at_once)
    await projection.catch_up()
    read = await model.database.read(
        lambda db: dict(db.execute(select(positions.c.topic, func.sum(positions.c.position)).group_by("topic")).all())  # type: ignore[arg-type]  # rows are pairs
    )  # fmt: skip
    there: dict[str, int] = {}
    for at, records in log.partition.items():
        there[at.topic] = there.get(at.topic, 0) + len(records)
    assert {name: int(number) for name, number in read.items()} == {k: v for k, v in there.items() if v}
    await model.close()


async def test_a_question_sees_one_state(databases: Databases, model: ReadModel, log: MemoryLog) -> None:
    log.note(Noted(kind="x", text="y"), "1")
    asked, written = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    clock = HandClock()

    def look(db: Any) -> tuple[int, int]:
        before = db.execute(select(func.count()).select_from(history)).scalar()
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(written.wait(), loop).result(10)
        return before, db.execute(select(func.count()).select_from(history)).scalar()

    looking = asyncio.create_task(model.database.read(look))
    await asked.wait()
    await Projection(model.database, log, clock=clock, sleep=at_once).catch_up()
    written.set()
    assert await looking == (0, 0)


async def test_consoles_that_start_at_once(databases: Databases, log: MemoryLog, clock: HandClock) -> None:
    fill(log)
    databases.where()
    models = await asyncio.gather(*(databases.open() for _ in range(4)))
    projections = [Projection(one.database, log, clock=clock, sleep=at_once) for one in models]
    await asyncio.gather(*(one.catch_up() for one in projections))
    records = sum(len(found) for found in log.partition.values())
    assert sum(one.standing.records for one in projections) == records
    assert (await models[0].overview()).total.in_hour == 3
    await asyncio.gather(*(one.close() for one in models))


async def test_a_statement_has_an_end(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.readmodel.database.LONGEST_MS", 100)
    database = Database(postgres.url(), postgres.password)
    with pytest.raises(ReadModelUnavailable, match="statement timeout"):
        await database.read(lambda db: db.execute(text("SELECT pg_sleep(20)")))
    await database.close()


async def test_a_question_writes_nothing(postgres: Postgres) -> None:
    database = Database(postgres.url(), postgres.password)
    with pytest.raises(ReadModelUnavailable, match="read-only transaction"):
        await database.read(lambda db: db.execute(text("CREATE TABLE x (y int)")))
    await database.close()
