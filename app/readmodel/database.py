"""The one place that knows which database it is: SQLite (WAL) or PostgreSQL.

One thread writes, one transaction at a time; a few threads read. The event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.expression import Executable

T = TypeVar("T")

READERS = 3
"""Threads that read: as many questions of browsers are answered at once."""
BUSY_MS = 5_000
"""How long SQLite waits for another writer."""
WAITING = 64
"""Questions that may wait for a reading thread; more are refused, so that a crowd cannot pile up."""


class ReadModelUnavailable(Exception):
    """The read model's database cannot be used now. The text says why and what to do; no credentials."""


class Database:
    """Runs pieces of work in transactions, in threads."""

    def __init__(self, where: str | Path) -> None:
        """`where`: a file's path (SQLite), or a database URL of SQLAlchemy. Nothing is opened yet."""
        url = make_url(where) if isinstance(where, str) and "://" in where else None
        self._url = url or URL.create("sqlite", database=str(where))
        self.name = self._url.render_as_string(hide_password=True)
        self._engine: Engine = create_engine(self._url, pool_size=READERS + 1, max_overflow=0)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="read-model-writing")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read-model-reading")
        self._waiting = 0
        self._closed = False
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    @property
    def engine(self) -> Engine:
        """The engine, for tests that count or break its statements."""
        return self._engine

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, whose changes are durable on return: all of them, or none when it raises.
        Raises ReadModelUnavailable for what the database raises."""
        return await self._run(self._writer, work, writing=True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, which sees one state of the tables. Raises ReadModelUnavailable."""
        if self._waiting >= WAITING:
            raise ReadModelUnavailable("too many questions at once: ask again in a moment")
        self._waiting += 1
        try:
            return await self._run(self._readers, work, writing=False)
        finally:
            self._waiting -= 1

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[Connection], T], writing: bool) -> T:
        if self._closed:
            raise ReadModelUnavailable(f"the read model {self.name} is closed")
        return await asyncio.get_running_loop().run_in_executor(threads, self._transact, work, writing)

    def _transact(self, work: Callable[[Connection], T], writing: bool) -> T:
        try:
            with self._engine.connect() as connection:
                connection = connection.execution_options(writing=writing)
                if not writing and connection.dialect.name == "postgresql":
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")
                with connection.begin():
                    return work(connection)
        except SQLAlchemyError as error:
            # The statement's parameters may be personal: only the driver's own words go on.
            words = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
            advice = "It is built from the log: with the file deleted it is built again at the next start."
            raise ReadModelUnavailable(f"the read model {self.name}: {words}. {advice}") from None

    async def close(self) -> None:
        """Waits for what is under way."""
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where Python guesses
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",  # a power cut takes the last transactions with their positions: read again
        "journal_size_limit=33554432",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    change: Callable[[Any], Mapping[str, ColumnElement[Any]]],
) -> None:
    """Inserts each row in turn; where its key is there already, sets what `change(excluded)` says."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    statement: Executable
    if connection.dialect.name == "postgresql":
        into = postgresql.insert(table)
        statement = into.on_conflict_do_update(index_elements=key, set_=dict(change(into.excluded)))
    else:
        ours = sqlite.insert(table)
        statement = ours.on_conflict_do_update(index_elements=key, set_=dict(change(ours.excluded)))
    connection.execute(statement, list(rows))
