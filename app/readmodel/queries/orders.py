"""Orders: the list, and one with its timeline."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from app.readmodel.queries.paging import page_of_all, searched
from app.readmodel.queries.timeline import timeline
from app.readmodel.shown import OrderDetail, OrderRow, Page
from app.readmodel.tables import orders
from streams.vocabulary.activity import OrderShown
from streams.vocabulary.time import moment_of

_read = msgspec.json.Decoder(OrderShown).decode


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders; what is empty does not filter."""

    search: str = ""
    connection: str = ""
    step: str = ""
    fulfilment: str = ""
    """FBR or FBB."""
    stuck: bool = False
    late: bool = False
    """Not handed over, and near its last day or past it."""
    asks_cancellation: bool = False
    waits_for_track: bool = False
    business: bool = False


def order_page(connection: Connection, wanted: OrderFilter, number: int) -> Page[OrderRow]:
    """Late orders first, the longest late before the others; then the newest."""
    query = select(orders)
    words = searched(orders, wanted.search)
    if words is not None:
        query = query.where(words)
    for column, value in (
        (orders.c.connection, wanted.connection),
        (orders.c.step, wanted.step),
        (orders.c.fulfilment, wanted.fulfilment),
    ):
        if value:
            query = query.where(column == value)
    if wanted.stuck:
        query = query.where(orders.c.stuck_since.is_not(None))
    for column, asked in (
        (orders.c.asks_cancellation, wanted.asks_cancellation),
        (orders.c.waits_for_track, wanted.waits_for_track),
        (orders.c.business, wanted.business),
    ):
        if asked:
            query = query.where(column == 1)
    newest = (orders.c.first_at.desc(), orders.c.connection, orders.c.order_id)
    late = query.where(orders.c.late_day.is_not(None)).order_by(orders.c.late_day, *newest)
    others = query.where(orders.c.late_day.is_(None)).order_by(*newest)
    return page_of_all(connection, [late] if wanted.late else [late, others], number, _row)


def late_orders(connection: Connection, limit: int) -> tuple[OrderRow, ...]:
    """Open orders that are late or nearly so, the longest late first."""
    query = select(orders).where(orders.c.late_day.is_not(None))
    query = query.order_by(orders.c.late_day, orders.c.first_at).limit(limit)
    return tuple(_row(row) for row in connection.execute(query))


def order(connection: Connection, of: str, order_id: str) -> OrderDetail | None:
    """One order, or None."""
    found = connection.execute(
        select(orders).where(orders.c.connection == of, orders.c.order_id == order_id)
    ).first()
    if found is None:
        return None
    row = _row(found)
    return OrderDetail(
        connection=of,
        at=row.at,
        first_at=row.first_at,
        stuck_since=row.stuck_since,
        shown=row.shown,
        timeline=timeline(connection, of, order_id, returns=False),
    )


def _row(row: Row[Any]) -> OrderRow:
    return OrderRow(
        connection=row.connection,
        at=moment_of(row.at),
        first_at=moment_of(row.first_at),
        stuck_since=None if row.stuck_since is None else moment_of(row.stuck_since),
        shown=_read(row.shown),
    )
