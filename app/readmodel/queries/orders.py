"""Orders: the list, and one with its timeline."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from app.readmodel.queries.answers import answers_about
from app.readmodel.queries.history import HistoryFilter, lines
from app.readmodel.queries.paging import page, searched
from app.readmodel.shown import OrderDetail, OrderRow, Page, Step
from app.readmodel.tables import orders
from streams.vocabulary.activity import OrderShown
from streams.vocabulary.time import moment_of

LINES = 200
ANSWERS = 60
"""In one timeline: the newest of each."""

_read = msgspec.json.Decoder(OrderShown).decode


def order_page(
    connection: Connection, *, search: str, of: str, step: str, stuck: bool, number: int
) -> Page[OrderRow]:
    """Orders, the newest first. `of`: a connection, or empty; `step` likewise."""
    query = select(orders).order_by(orders.c.first_at.desc(), orders.c.connection, orders.c.order_id)
    words = searched(orders, search)
    if words is not None:
        query = query.where(words)
    if of:
        query = query.where(orders.c.connection == of)
    if step:
        query = query.where(orders.c.step == step)
    if stuck:
        query = query.where(orders.c.stuck_since.is_not(None))
    return page(connection, query, number, _row)


def order(connection: Connection, of: str, order_id: str) -> OrderDetail | None:
    """One order, or None."""
    found = connection.execute(
        select(orders).where(orders.c.connection == of, orders.c.order_id == order_id)
    ).first()
    if found is None:
        return None
    row = _row(found)
    told = lines(connection, HistoryFilter(connection=of, entity=order_id, returns=False, limit=LINES))
    steps = [Step(at=line.at, line=line) for line in reversed(told)]
    steps += [
        Step(at=one.at, answer=one) for one in reversed(answers_about(connection, of, order_id, ANSWERS))
    ]
    # What a vendor said comes before what was made of it, where both bear the same moment.
    steps.sort(key=lambda step: (step.at, step.answer is None))
    return OrderDetail(
        connection=of,
        at=row.at,
        first_at=row.first_at,
        stuck_since=row.stuck_since,
        shown=row.shown,
        timeline=tuple(steps),
    )


def _row(row: Row[Any]) -> OrderRow:
    return OrderRow(
        connection=row.connection,
        at=moment_of(row.at),
        first_at=moment_of(row.first_at),
        stuck_since=None if row.stuck_since is None else moment_of(row.stuck_since),
        shown=_read(row.shown),
    )
