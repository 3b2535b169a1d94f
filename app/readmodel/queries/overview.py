"""The first page: what came in, what went out, what is stuck and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, literal, select, union_all

from app.readmodel.queries import figures
from app.readmodel.queries.catching_up import catching_up
from app.readmodel.queries.history import HistoryFilter, lines
from app.readmodel.queries.orders import late_orders
from app.readmodel.shown import ConnectionRow, Counts, Overview, SkippedRecords, StuckThing
from app.readmodel.tables import articles, connections, dead_letters, guards, orders, returns, skipped
from streams.vocabulary.activity import ConnectionShown
from streams.vocabulary.time import moment_of

STUCK = 30
"""Stuck things on the first page; the lists have the rest."""
LATE = 8
"""Late orders on the first page, likewise."""
RECENT = 40
TITLES: dict[Literal["order", "article", "return", "connection", "guard"], str] = {
    "order": "Bol order",
    "article": "Article",
    "return": "Return",
    "connection": "Connection",
    "guard": "The numbers of",
}

_read = msgspec.json.Decoder(ConnectionShown).decode


def overview(connection: Connection, now: datetime) -> Overview:
    """All of it as of one moment."""
    each = figures.counts_of(connection, now)
    stuck = stuck_things(connection, STUCK)
    total = figures.total_of(each)
    return Overview(
        at=now,
        total=total,
        connections=each,
        stuck=stuck,
        stuck_total=total.stuck_now,
        minutes=figures.minutes_of(connection, now),
        freshness_hour=figures.freshness_of(connection, now, figures.HOUR),
        freshness_day=figures.freshness_of(connection, now, figures.DAY),
        recent=lines(connection, HistoryFilter(limit=RECENT)),
        articles=_number(connection, select(func.count()).select_from(articles).where(articles.c.offers > 0)),
        orders=_number(connection, select(func.count()).select_from(orders)),
        dead_letters=_number(connection, select(func.count()).select_from(dead_letters)),
        late=late_orders(connection, LATE),
        late_total=_holding(connection, orders.c.late_day),
        asking_cancellation=_holding(connection, orders.c.asks_cancellation),
        waiting_for_track=_holding(connection, orders.c.waits_for_track),
        skipped=skipped_records(connection),
        catching_up=catching_up(connection, now),
    )


def stuck_things(connection: Connection, limit: int) -> tuple[StuckThing, ...]:
    """Orders, articles, returns and connections (or their numbers) that cannot go on, what is stuck longest first."""
    parts = [
        select(
            literal(about).label("about"),
            table.c.connection,
            entity.label("entity"),
            title.label("title"),
            table.c.stuck,
            table.c.stuck_since,
        ).where(table.c.stuck_since > 0)  # SQLite would go by no index for IS NOT NULL
        for about, table, entity, title in (
            ("order", orders, orders.c.order_id, literal("")),
            ("article", articles, articles.c.article, articles.c.description),
            ("return", returns, returns.c.return_id, literal("")),
            ("connection", connections, connections.c.connection, literal("")),
            ("guard", guards, guards.c.connection, literal("")),
        )
    ]
    every = union_all(*parts).subquery()
    query = select(every).order_by(every.c.stuck_since, every.c.entity).limit(max(1, min(limit, 500)))
    return tuple(
        StuckThing(
            about=row.about,
            connection=row.connection,
            entity=row.entity,
            title=f"{TITLES[row.about]} {row.entity}" + (f" · {row.title}" if row.title else ""),
            why=row.stuck,
            since=moment_of(row.stuck_since),
        )
        for row in connection.execute(query)
    )


def connection_rows(connection: Connection, now: datetime) -> tuple[ConnectionRow, ...]:
    """Every connection with its sweeps and counts."""
    known = {one.connection: one for one in figures.counts_of(connection, now)}
    rows = {row.connection: row for row in connection.execute(select(connections))}
    return tuple(_connection(name, rows.get(name), counts, now) for name, counts in known.items())


def skipped_records(connection: Connection) -> tuple[SkippedRecords, ...]:
    """What of the log could not be shown."""
    return tuple(
        SkippedRecords(
            topic=row.topic,
            reason=row.reason,
            number=row.number,
            last_at=moment_of(row.last_at),
            last_place=row.last_place,
        )
        for row in connection.execute(select(skipped).order_by(skipped.c.last_at.desc()).limit(20))
    )


def _connection(name: str, row: Row[Any] | None, counts: Counts, now: datetime) -> ConnectionRow:
    if row is None:
        return ConnectionRow(
            connection=name, at=now, stuck_since=None, shown=ConnectionShown(), counts=counts
        )
    return ConnectionRow(
        connection=name,
        at=moment_of(row.at),
        stuck_since=None if row.stuck_since is None else moment_of(row.stuck_since),
        shown=_read(row.shown),
        counts=counts,
    )


def _holding(connection: Connection, column: ColumnElement[Any]) -> int:
    """How many orders this holds of."""
    return _number(connection, select(func.count()).select_from(orders).where(column.is_not(None)))


def _number(connection: Connection, query: Any) -> int:
    return int(connection.execute(query).scalar() or 0)
