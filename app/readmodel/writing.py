"""Runs into the tables, with their positions, in one transaction: exactly once over crashes.

The positions are moved first and only from where the runs begin; when another process has moved one of them, nothing
is written. Every statement is one that both databases know (database.py has the one that differs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, bindparam, case, delete, func, inspect, select, update
from sqlalchemy import insert as insert_into

from app.readmodel.database import (
    Among,
    Prepared,
    ReadModelUnavailable,
    alone,
    insert,
    insert_where_missing,
    upsert,
)
from app.readmodel.entries import Entries
from app.readmodel.tables import (
    VERSION,
    answers,
    articles,
    connections,
    counts,
    dead_letters,
    guards,
    history,
    meta,
    metadata,
    orders,
    positions,
    returns,
    skipped,
    timings,
    unmatched,
)
from streams.log.base import Run, TopicPartition

MINUTE_MS = 60_000
MAKING = 0x6B617373
"""The lock under which tables are made."""

_Row = dict[str, Any]


class Moved(Exception):
    """A position is not where its run begins: another process reads into the same tables."""


class Stretch(NamedTuple):
    """A run, and the position that there must be before it (None: there is none yet)."""

    run: Run
    begin: int | None


class Applied(msgspec.Struct, frozen=True):
    """What a transaction changed, for whoever looks at a page of it."""

    records: int
    skipped: int
    doubled: int
    """Lines that were known already."""
    areas: frozenset[str] = frozenset()
    """`history`, `articles`, `orders`, `returns`, `unmatched`, `connections`, `guards`, `answers`, `deadletters`."""
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
        connection.execute(insert_into(meta).values(name="version", value=VERSION))
    return {
        TopicPartition(row.topic, row.partition): int(row.position)
        for row in connection.execute(select(positions))
    }


def check(connection: Connection) -> None:
    """Raises ReadModelUnavailable where the tables are not this version's."""
    found = None
    if inspect(connection).has_table(meta.name):
        found = connection.execute(select(meta.c.value).where(meta.c.name == "version")).scalar()
    if found != VERSION:
        raise ReadModelUnavailable(
            "the read model was made by another version of kassabrug, or not yet: start `kassabrug up` or `kassabrug "
            "console` of this one, which makes it anew from the log"
        )


def forget(connection: Connection) -> None:
    """Empties everything: the log is another one than what the tables were built from."""
    for table in metadata.sorted_tables:
        if table is not meta:
            connection.execute(delete(table))


def write(connection: Connection, stretches: Sequence[Stretch], entries: Entries) -> Applied:
    """Adds the entries of these stretches, each of another partition, and moves the position of each from where it
    begins to where it ends. Raises Moved."""
    _move(connection, stretches)
    lines, known = _new(connection, _MARKS[history.name], entries.history)
    fetched, known_answers = _new(connection, _MARKS[answers.name], entries.answers)
    dead, known_dead = _new(connection, _MARKS[dead_letters.name], entries.dead_letters)
    _run(connection, _COUNT, _counted(lines))
    _run(connection, _TIME, _timed(lines))
    _run(connection, _ADD[history.name], lines)
    _run(connection, _ADD[answers.name], fetched)
    _run(connection, _ADD[dead_letters.name], dead)
    _run(connection, _SHOW[articles.name], newest(entries.articles, "article"))
    _run(connection, _SHOW[orders.name], newest(entries.orders, "order_id"))
    _run(connection, _SHOW[returns.name], newest(entries.returns, "return_id"))
    _run(connection, _SHOW[connections.name], newest(entries.connections, "connection"))
    _run(connection, _SHOW[guards.name], newest(entries.guards, "connection"))
    listed = {(row["connection"], row["side"], row["name"]): row for row in entries.unmatched}
    _run(connection, _LIST, [row for row in listed.values() if row["why"]])
    _run(connection, _UNLIST, [row for row in listed.values() if not row["why"]])
    _run(connection, _SKIP, _skipped(entries))
    groups: list[tuple[str, list[_Row], str]] = [
        ("history", lines, "entity"),
        ("articles", entries.articles, "article"),
        ("orders", entries.orders, "order_id"),
        ("returns", entries.returns, "return_id"),
        ("unmatched", entries.unmatched, "name"),
        ("connections", entries.connections, "connection"),
        ("guards", entries.guards, "connection"),
        ("answers", fetched, "entity"),
        ("deadletters", dead, "entity"),
    ]
    return Applied(
        records=sum(len(one.run.records) for one in stretches),
        skipped=len(entries.skipped),
        doubled=known + known_answers + known_dead,
        areas=frozenset(area for area, rows, _ in groups if rows),
        keys=frozenset(f"{row['connection']}/{row[name]}" for _, rows, name in groups for row in rows),
    )


def _run(connection: Connection, statement: Prepared, rows: Sequence[_Row]) -> None:
    if rows:
        statement.run(connection, rows)


def _move(connection: Connection, stretches: Sequence[Stretch]) -> None:
    """In one order everywhere: two consoles on one PostgreSQL wait for each other's positions."""
    moves = [
        {
            "of_topic": one.run.at.topic,
            "of_partition": one.run.at.partition,
            "begin": one.begin,
            "end": one.run.end,
        }
        for one in sorted(stretches, key=lambda one: one.run.at)
    ]
    known = [one for one in moves if one["begin"] is not None]
    if known and _MOVE.run(connection, known) != len(known):
        raise Moved
    first = [
        {"topic": one["of_topic"], "partition": one["of_partition"], "position": one["end"]}
        for one in moves
        if one["begin"] is None
    ]
    if first and _BEGIN.run(connection, first) != len(first):
        raise Moved


def _new(connection: Connection, marks: Among, rows: list[_Row]) -> tuple[list[_Row], int]:
    """The rows whose mark is not known yet, and how many are."""
    if not rows:
        return rows, 0
    once = {row["mark"]: row for row in reversed(rows)}
    known = marks(connection, list(once))
    new = [row for mark, row in reversed(once.items()) if mark not in known]
    return new, len(rows) - len(new)


def _counted(lines: list[_Row]) -> list[_Row]:
    numbers: Counter[tuple[str, int, str]] = Counter()
    for line in lines:
        minute = line["at"] // MINUTE_MS
        if line["direction"]:
            numbers[line["connection"], minute, line["direction"]] += 1
        if line["level"] == "stuck":
            numbers[line["connection"], minute, "stuck"] += 1
    return [
        {"connection": name, "minute": minute, "what": what, "number": number}
        for (name, minute, what), number in sorted(numbers.items())
    ]


def _timed(lines: list[_Row]) -> list[_Row]:
    numbers = Counter(
        (line["connection"], line["kind"], line["at"] // MINUTE_MS, line["bucket"])
        for line in lines
        if line["bucket"] is not None
    )
    return [
        {"connection": name, "kind": kind, "minute": minute, "bucket": bucket, "number": number}
        for (name, kind, minute, bucket), number in sorted(numbers.items())
    ]


def newest(rows: list[_Row], name: str) -> list[_Row]:
    """The rows that leave behind what all of these snapshots in turn would: the newest of each thing, since when it
    is stuck and when it was first seen from those before. Before it stands one more where the thing became stuck
    among these rows: the last that was not, which ends whatever it was stuck in earlier."""
    things: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        things.setdefault((row["connection"], row[name]), []).append(row)
    if len(things) == len(rows):
        return rows
    kept: list[_Row] = []
    for found in things.values():
        since = len(found) - 1
        while since and found[since]["stuck"] and found[since - 1]["stuck"]:
            since -= 1
        last = found[-1] | {"stuck_since": found[since]["stuck_since"]}
        leave = [found[since - 1], last] if since and last["stuck"] else [last]
        if "first_at" in last:
            leave = [row | {"first_at": found[0]["first_at"]} for row in leave]
        kept += leave
    return kept


def _skipped(entries: Entries) -> list[_Row]:
    """One row a reason, in one order everywhere."""
    rows: dict[tuple[str, str], _Row] = {}
    for topic, reason, at, place in entries.skipped:
        number = rows[topic, reason]["number"] + 1 if (topic, reason) in rows else 1
        rows[topic, reason] = {
            "topic": topic, "reason": reason, "number": number, "last_at": at, "last_place": place
        }  # fmt: skip
    return [rows[key] for key in sorted(rows)]


# -- statements


def _show(table: Table) -> Prepared:
    """Snapshots: the newest replaces; since when it is stuck and when it was first seen stay."""
    kept = {column.name for column in table.primary_key} | {"first_at", "stuck_since"}

    def change(new: Any) -> dict[str, Any]:
        changes = {column.name: new[column.name] for column in table.columns if column.name not in kept}
        since = func.coalesce(table.c.stuck_since, new.stuck_since)
        changes["stuck_since"] = case((new.stuck == "", None), else_=since)
        return changes

    return upsert(table, change)


_BEGIN = insert_where_missing(positions)
_MOVE = Prepared(
    lambda _: (
        update(positions)
        .where(
            positions.c.topic == bindparam("of_topic"),
            positions.c.partition == bindparam("of_partition"),
            positions.c.position == bindparam("begin"),
        )
        .values(position=bindparam("end"))
    ),
    ("of_topic", "of_partition", "begin", "end"),
)
_MARKS = {table.name: Among(table.c.mark) for table in (history, answers, dead_letters)}
_ADD = {table.name: insert(table) for table in (history, answers, dead_letters)}
_COUNT = upsert(counts, lambda new: {"number": counts.c.number + new.number})
_TIME = upsert(timings, lambda new: {"number": timings.c.number + new.number})
_SHOW = {table.name: _show(table) for table in (articles, orders, returns, connections, guards)}
_LIST = upsert(unmatched, lambda new: {"at": new.at, "search": new.search, "shown": new.shown})
_UNLIST = Prepared(
    lambda _: delete(unmatched).where(
        *(column == bindparam(column.name, type_=column.type) for column in unmatched.primary_key)
    ),
    [column.name for column in unmatched.primary_key],
)
_SKIP = upsert(
    skipped,
    lambda new: {
        "number": skipped.c.number + new.number,
        "last_at": new.last_at,
        "last_place": new.last_place,
    },
)
