"""The one place that knows which database it is: SQLite (WAL) or PostgreSQL.

One thread writes, one transaction at a time; a few threads read. The event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Engine, Table, bindparam, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.sql import ColumnElement

T = TypeVar("T")

READERS = 3
"""Threads that read: as many questions of browsers are answered at once."""
BUSY_MS = 5_000
"""How long SQLite waits for another writer."""
CONNECTING = 5
"""Seconds that PostgreSQL may take to let us in."""
LONGEST_MS = 30_000
"""How long a statement may take on PostgreSQL, waiting for others included."""
SILENCE_MS = 15_000
"""How long PostgreSQL's host may leave what we sent unacknowledged before the connection counts as broken."""
WAITING = 64
"""Questions that may wait for a reading thread; more are refused, so that a crowd cannot pile up."""

POSTGRESQL = "postgresql://"
AGAIN = "It is built from the log: with {} deleted it is built again at the next start."
REACH = (
    "Is PostgreSQL running there, and are host, port, user and database in readmodel.url right, and "
    "readmodel.password? Nothing is lost meanwhile: it is built from the log."
)
ADVICE = {
    "42501": "The user in readmodel.url must be allowed to make tables there: make it the database's owner.",
    "53": "PostgreSQL is out of room or of connections: give it more. It goes on by itself.",
    "57": "It goes on by itself when PostgreSQL does.",
    "40": "It is tried again by itself.",
    "25006": "It must be the server that takes writes, not a copy of it.",
}
"""By the beginning of PostgreSQL's error code (SQLSTATE)."""


class ReadModelUnavailable(Exception):
    """The read model's database cannot be used now. The text says why and what to do; no credentials."""


class Database:
    """Runs pieces of work in transactions, in threads."""

    def __init__(self, where: str | Path, password: str = "") -> None:
        """`where`: a file's path (SQLite), or `postgresql://user@host:port/database`, whose password is given apart.
        Nothing is opened yet. Raises ReadModelUnavailable where PostgreSQL's driver is not installed."""
        server = isinstance(where, str) and where.startswith(POSTGRESQL)
        self.name = str(where) if server else f"sqlite:///{where}"
        self._engine: Engine = _postgresql(str(where), password) if server else _sqlite(where)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="read-model-writing")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read-model-reading")
        self._waiting = 0
        self._closed = False

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
                    connection = connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                with connection.begin():
                    return work(connection)
        except SQLAlchemyError as error:
            advice = _advice(error) if self._engine.dialect.name == "postgresql" else AGAIN.format("the file")
            raise ReadModelUnavailable(f"the read model {self.name}: {_words(error)} {advice}") from None

    async def close(self) -> None:
        """Waits for what is under way."""
        self._closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()


def _sqlite(where: str | Path) -> Engine:
    url = URL.create("sqlite", database=str(where))
    engine = create_engine(url, pool_size=READERS + 1, max_overflow=0)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(where: str, password: str) -> Engine:
    url = make_url(where).set(drivername="postgresql+psycopg")
    options = (
        f"-c statement_timeout={LONGEST_MS} -c timezone=UTC "
        # A crash takes the last transactions with their positions: read again, as on SQLite.
        "-c synchronous_commit=off"
    )
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECTING,
        "tcp_user_timeout": SILENCE_MS,
        "application_name": "kassabrug",
        **{name: one if isinstance(one, str) else one[-1] for name, one in url.query.items()},
    }
    arguments["options"] = f"{options} {arguments.get('options', '')}".strip()
    if password:
        arguments["password"] = password
    try:
        # A connection that PostgreSQL has closed since (it was restarted) is noticed before it is used.
        return create_engine(
            url.set(query={}),
            connect_args=arguments,
            pool_size=READERS + 1,
            max_overflow=0,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError:
        raise ReadModelUnavailable(
            f"the read model {where}: PostgreSQL's driver is not installed. "
            "Install kassabrug with it: pip install '.[postgres]'"
        ) from None


def _words(error: SQLAlchemyError) -> str:
    """The driver's own words. Not the statement, its parameters or PostgreSQL's details: they may be personal."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return f"{type(error).__name__}."
    told = getattr(getattr(error.orig, "diag", None), "message_primary", None) or str(error.orig)
    said = " ".join(told.split())
    return said if said.endswith((".", "?")) else f"{said}."


def _advice(error: SQLAlchemyError) -> str:
    """What to do about what PostgreSQL (or the way to it) said."""
    state = str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    for begin, words in ADVICE.items():
        if state.startswith(begin):
            return words
    if not state and isinstance(error, OperationalError | ProgrammingError | InterfaceError):
        return REACH  # without a code nothing came back from a server, or it hung up
    return AGAIN.format("its tables")


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where Python guesses
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}").close()
    _turn_to_wal(connection)
    for pragma in (
        "synchronous=NORMAL",  # a power cut takes the last transactions with their positions: read again
        "journal_size_limit=33554432",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _turn_to_wal(connection: Any) -> None:
    """A new file is turned to WAL by whoever opens it first; to the others SQLite says at once that it is locked,
    without the patience of busy_timeout."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def server(connection: Connection) -> tuple[str, bool]:
    """PostgreSQL's version, and whether this user may make tables."""
    may_make = func.coalesce(func.has_schema_privilege(func.current_schema(), "CREATE"), False)
    found = connection.execute(select(func.current_setting("server_version"), may_make)).one()
    return str(found[0]).split()[0], bool(found[1])


def alone(connection: Connection, number: int) -> None:
    """Until the transaction ends nobody else gets past here with this number. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(number)))


_Text = tuple[str, Callable[[Mapping[str, Any]], Any]]
"""A statement as the driver takes it, and what makes its parameters of a row."""


class Prepared:
    """A statement that is made into text once for each kind of database. To make it takes SQLAlchemy much longer than
    to run it takes the database, and the projection runs the same few many times a second."""

    def __init__(self, make: Callable[[Any], Any], names: Sequence[str]) -> None:
        """`make` gets the database's own `insert` and gives the statement, with a parameter of each of these names."""
        self._make = make
        self._names = names
        self._texts: dict[str, _Text] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs it for each row in turn; how many rows of the table it touched."""
        text, parameters = self._for(connection.dialect)
        # Without the option SQLAlchemy says -1 of an INSERT on PostgreSQL.
        done = connection.exec_driver_sql(
            text, [parameters(row) for row in rows], execution_options={"preserve_rowcount": True}
        )
        return done.rowcount

    def ask(self, connection: Connection, row: Mapping[str, Any]) -> Sequence[Any]:
        """The first column of what it finds."""
        text, parameters = self._for(connection.dialect)
        return connection.exec_driver_sql(text, parameters(row)).scalars().all()

    def _for(self, dialect: Dialect) -> _Text:
        found = self._texts.get(dialect.name)
        if found is None:
            found = self._texts[dialect.name] = self._prepared(dialect)
        return found

    def _prepared(self, dialect: Dialect) -> _Text:
        # Both know `ON CONFLICT`, each with a class of its own in SQLAlchemy.
        statement = self._make((postgresql if dialect.name == "postgresql" else sqlite).insert)
        keys = list(self._names) if statement.is_insert else None
        compiled = statement.compile(dialect=dialect, column_keys=keys)
        constant = {name: value for name, value in compiled.params.items() if name not in self._names}
        if compiled.positiontup is None:
            return compiled.string, (lambda row: {**row, **constant}) if constant else (lambda row: row)
        places = tuple(compiled.positiontup)
        if not constant and len(places) > 1:
            return compiled.string, itemgetter(*places)
        return compiled.string, lambda row: tuple(
            constant[name] if name in constant else row[name] for name in places
        )


def insert(table: Table) -> Prepared:
    """Inserts rows, which get a number of their own where the table counts."""
    names = [column.name for column in table.columns if column.name != "id"]
    return Prepared(lambda into: into(table).inline(), names)


def insert_where_missing(table: Table) -> Prepared:
    """Inserts each row but where its key is there already, also by a transaction that ends just now."""
    return Prepared(
        lambda into: into(table).inline().on_conflict_do_nothing(), [one.name for one in table.columns]
    )


def upsert(table: Table, change: Callable[[Any], Mapping[str, ColumnElement[Any]]]) -> Prepared:
    """Inserts each row; where its key is there already, sets what `change(excluded)` says."""
    key = [column.name for column in table.primary_key]

    def make(into: Any) -> Any:
        one = into(table).inline()
        return one.on_conflict_do_update(index_elements=key, set_=dict(change(one.excluded)))

    return Prepared(make, [column.name for column in table.columns])


class Among:
    """Which of many values a column has. Asked in rounded numbers, so that there are few different statements."""

    def __init__(self, column: ColumnElement[str]) -> None:
        self._column = column
        self._by_size: dict[int, Prepared] = {}

    def __call__(self, connection: Connection, values: Sequence[str]) -> set[str]:
        """Those of the values that are there."""
        if not values:
            return set()
        size = 1 << (len(values) - 1).bit_length()
        asking = self._by_size.get(size)
        if asking is None:
            asking = self._by_size[size] = self._asking(size)
        padded = {f"value_{number}": value for number, value in enumerate(values)}
        padded |= {f"value_{number}": values[-1] for number in range(len(values), size)}
        return set(asking.ask(connection, padded))

    def _asking(self, size: int) -> Prepared:
        names = [f"value_{number}" for number in range(size)]
        parameters = [bindparam(name, type_=self._column.type) for name in names]
        return Prepared(lambda _: select(self._column).where(self._column.in_(parameters)), names)
