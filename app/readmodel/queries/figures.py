"""Figures over the last hour and day: what came in, went out, and how long it took."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, func, select

from app.readmodel.freshness import Freshness, freshness
from app.readmodel.shown import Counts, Minute
from app.readmodel.tables import articles, connections, counts, guards, orders, returns, timings
from app.readmodel.writing import MINUTE_MS
from streams.vocabulary.time import milliseconds, moment_of

HOUR = 60
DAY = 24 * 60
"""Minutes."""


def counts_of(connection: Connection, now: datetime) -> tuple[Counts, ...]:
    """One per connection that is known at all, by name."""
    minute = milliseconds(now) // MINUTE_MS
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for span, name in ((HOUR, "hour"), (DAY, "day")):
        query = (
            select(counts.c.connection, counts.c.what, func.sum(counts.c.number).label("number"))
            .where(counts.c.minute > minute - span, counts.c.what.in_(("in", "out")))
            .group_by(counts.c.connection, counts.c.what)
        )
        for row in connection.execute(query):
            found[row.connection][f"{row.what}_{name}"] = int(row.number)
    for table in (orders, articles, returns, connections, guards):
        stuck = (
            select(table.c.connection, func.count().label("number"))
            .where(table.c.stuck_since.is_not(None))
            .group_by(table.c.connection)
        )
        for row in connection.execute(stuck):
            of = found[row.connection]
            of["stuck_now"] = of.get("stuck_now", 0) + int(row.number)
    for name in connection.execute(select(connections.c.connection)).scalars():
        found[name]  # a connection where nothing happened is shown all the same
    return tuple(Counts(connection=name, **found[name]) for name in sorted(found))


def total_of(each: tuple[Counts, ...]) -> Counts:
    """All connections together."""
    return Counts(
        connection="",
        in_hour=sum(one.in_hour for one in each),
        in_day=sum(one.in_day for one in each),
        out_hour=sum(one.out_hour for one in each),
        out_day=sum(one.out_day for one in each),
        stuck_now=sum(one.stuck_now for one in each),
    )


def minutes_of(connection: Connection, now: datetime) -> tuple[Minute, ...]:
    """The last hour, minute by minute, the oldest first; empty minutes too."""
    last = milliseconds(now) // MINUTE_MS
    query = (
        select(counts.c.minute, counts.c.what, func.sum(counts.c.number).label("number"))
        .where(counts.c.minute > last - HOUR, counts.c.minute <= last)
        .group_by(counts.c.minute, counts.c.what)
    )
    found = {(row.minute, row.what): int(row.number) for row in connection.execute(query)}
    return tuple(
        Minute(
            at=moment_of(minute * MINUTE_MS),
            came_in=found.get((minute, "in"), 0),
            went_out=found.get((minute, "out"), 0),
            stuck=found.get((minute, "stuck"), 0),
        )
        for minute in range(last - HOUR + 1, last + 1)
    )


def freshness_of(connection: Connection, now: datetime, minutes: int) -> tuple[Freshness, ...]:
    """How long it took, by kind, over so many minutes back."""
    since = milliseconds(now) // MINUTE_MS - minutes
    query = (
        select(timings.c.kind, timings.c.bucket, func.sum(timings.c.number).label("number"))
        .where(timings.c.minute > since)
        .group_by(timings.c.kind, timings.c.bucket)
    )
    kinds: dict[str, dict[int, int]] = defaultdict(dict)
    for row in connection.execute(query):
        kinds[row.kind][row.bucket] = int(row.number)
    return tuple(freshness(kind, kinds[kind]) for kind in sorted(kinds))
