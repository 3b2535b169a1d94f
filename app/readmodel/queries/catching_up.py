"""How far a crowd of orders is: after a stop of a day, say."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from app.readmodel.shown import CatchingUp
from app.readmodel.tables import orders
from streams.orders.state import BOOKED
from streams.vocabulary.time import milliseconds

WAITING = ("seen", "products", "customer", "committing")
"""On their way into Mplus (streams/orders/state.py: Step)."""
A_CROWD = 100
"""Orders on their way at the same time; fewer are an ordinary day."""
RECENT = timedelta(days=1)


def catching_up(connection: Connection, now: datetime) -> CatchingUp | None:
    """Of the orders that came since the first of those that wait did; None: no crowd waits. What is stuck waits for
    something else."""
    since = milliseconds(now - RECENT)
    moving = (orders.c.first_at >= since, orders.c.stuck_since.is_(None))
    query = (
        select(orders.c.step, func.count().label("number"), func.min(orders.c.first_at).label("first"))
        .where(*moving, orders.c.step.in_(WAITING))
        .group_by(orders.c.step)
    )
    rows = {row.step: row for row in connection.execute(query)}
    steps = {step: int(rows[step].number) for step in WAITING if step in rows}
    waiting = sum(steps.values())
    if waiting <= A_CROWD:
        return None
    first = min(row.first for row in rows.values())
    query = select(func.count()).where(orders.c.first_at >= first, orders.c.step.in_(BOOKED))
    booked = int(connection.execute(query).scalar() or 0)
    return CatchingUp(booked=booked, total=booked + waiting, steps=steps)
