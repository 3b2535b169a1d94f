"""One run into the tables, with its position, in one transaction: exactly once over crashes.

The position is moved first and only from where this run begins; when another process has moved it, nothing is
written. Every statement is one that both databases know (database.py has the one that differs).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, case, delete, func, insert, select, update

from app.readmodel.database import alone, once, upsert
from app.readmodel.entries import Entries
from app.readmodel.tables import (
    VERSION,
    answers,
    articles,
    connections,
    counts,
    dead_letters,
    history,
    meta,
    metadata,
    orders,
    positions,
    returns,
    skipped,
    timings,
)
from streams.log.base import Run, TopicPartition

MINUTE_MS = 60_000
MAKING = 0x6B617373
"""The lock under which tables are made."""


class Moved(Exception):
    """The position is not where this run begins: another process reads into the same tables."""


class Applied(msgspec.Struct, frozen=True):
    """What a transaction changed, for whoever looks at a page of it."""

    records: int
    skipped: int
    doubled: int
    """Lines that were known already."""
    areas: frozenset[str] = frozenset()
    """`history`, `articles`, `orders`, `returns`, `connections`, `answers`, `deadletters`."""
    keys: frozenset[str] = frozenset()
    """`connection/entity` of every row that changed."""


def prepare(connection: Connection) -> dict[TopicPartition, int]:
    """Makes the tables where they are missing, or anew where an older version made them; gives the positions."""
    alone(connection, MAKING)  # two consoles on one PostgreSQL may start at the same moment
    meta.create(connection, checkfirst=True)
    version = connection.execute(select(meta.c.value).where(meta.c.name == "version")).scalar()
    if version != VERSION:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        connection.execute(insert(meta).values(name="version", value=VERSION))
    return {
        TopicPartition(row.topic, row.partition): int(row.position)
        for row in connection.execute(select(positions))
    }


def forget(connection: Connection) -> None:
    """Empties everything: the log is another one than what the tables were built from."""
    for table in metadata.sorted_tables:
        if table is not meta:
            connection.execute(delete(table))


def write(connection: Connection, run: Run, begin: int | None, entries: Entries) -> Applied:
    """Adds a run's entries and moves the position from `begin` (None: there is none yet) to the run's end.
    Raises Moved."""
    _move(connection, run, begin)
    lines, known = _new(connection, history, entries.history)
    fetched, known_answers = _new(connection, answers, entries.answers)
    dead, known_dead = _new(connection, dead_letters, entries.dead_letters)
    _count(connection, lines)
    _time(connection, lines)
    for table, rows in ((history, lines), (answers, fetched), (dead_letters, dead)):
        if rows:
            columns = [column.name for column in table.columns if column.name != "id"]
            connection.execute(insert(table), [{name: row[name] for name in columns} for row in rows])
    _show(connection, articles, entries.articles)
    _show(connection, orders, entries.orders)
    _show(connection, returns, entries.returns)
    _show(connection, connections, entries.connections)
    _skip(connection, entries)
    groups: list[tuple[str, list[dict[str, Any]], str]] = [
        ("history", lines, "entity"),
        ("articles", entries.articles, "article"),
        ("orders", entries.orders, "order_id"),
        ("returns", entries.returns, "return_id"),
        ("connections", entries.connections, "connection"),
        ("answers", fetched, "entity"),
        ("deadletters", dead, "entity"),
    ]
    return Applied(
        records=len(run.records),
        skipped=len(entries.skipped),
        doubled=known + known_answers + known_dead,
        areas=frozenset(area for area, rows, _ in groups if rows),
        keys=frozenset(f"{row['connection']}/{row[name]}" for _, rows, name in groups for row in rows),
    )


def _move(connection: Connection, run: Run, begin: int | None) -> None:
    at = positions.c.topic == run.at.topic, positions.c.partition == run.at.partition
    if begin is None:
        row = {"topic": run.at.topic, "partition": run.at.partition, "position": run.end}
        if not once(connection, positions, row):
            raise Moved
        return
    moved = connection.execute(
        update(positions).where(*at, positions.c.position == begin).values(position=run.end)
    )
    if moved.rowcount != 1:
        raise Moved


def _new(
    connection: Connection, table: Table, rows: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], int]:
    """The rows whose mark is not known yet, and how many are."""
    if not rows:
        return rows, 0
    once = {row["mark"]: row for row in reversed(rows)}
    known = set(connection.execute(select(table.c.mark).where(table.c.mark.in_(list(once)))).scalars())
    new = [row for mark, row in reversed(once.items()) if mark not in known]
    return new, len(rows) - len(new)


def _count(connection: Connection, lines: list[dict[str, Any]]) -> None:
    numbers: Counter[tuple[str, int, str]] = Counter()
    for line in lines:
        minute = line["at"] // MINUTE_MS
        if line["direction"]:
            numbers[line["connection"], minute, line["direction"]] += 1
        if line["level"] == "stuck":
            numbers[line["connection"], minute, "stuck"] += 1
    rows = [
        {"connection": name, "minute": minute, "what": what, "number": number}
        for (name, minute, what), number in sorted(numbers.items())
    ]
    upsert(connection, counts, rows, lambda new: {"number": counts.c.number + new.number})


def _time(connection: Connection, lines: list[dict[str, Any]]) -> None:
    numbers = Counter(
        (line["connection"], line["kind"], line["at"] // MINUTE_MS, line["bucket"])
        for line in lines
        if line["bucket"] is not None
    )
    rows = [
        {"connection": name, "kind": kind, "minute": minute, "bucket": bucket, "number": number}
        for (name, kind, minute, bucket), number in sorted(numbers.items())
    ]
    upsert(connection, timings, rows, lambda new: {"number": timings.c.number + new.number})


def _show(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Snapshots: the newest replaces; since when it is stuck and when it was first seen stay."""
    kept = {column.name for column in table.primary_key} | {"first_at", "stuck_since"}

    def change(new: Any) -> dict[str, Any]:
        changes = {column.name: new[column.name] for column in table.columns if column.name not in kept}
        since = func.coalesce(table.c.stuck_since, new.stuck_since)
        changes["stuck_since"] = case((new.stuck == "", None), else_=since)
        return changes

    upsert(connection, table, rows, change)


def _skip(connection: Connection, entries: Entries) -> None:
    rows = [
        {"topic": topic, "reason": reason, "number": 1, "last_at": at, "last_place": place}
        for topic, reason, at, place in entries.skipped
    ]
    upsert(
        connection,
        skipped,
        rows,
        lambda new: {
            "number": skipped.c.number + new.number,
            "last_at": new.last_at,
            "last_place": new.last_place,
        },
    )
