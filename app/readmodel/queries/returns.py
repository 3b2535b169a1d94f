"""Returns: the list, how many wait for a person, and one with its timeline."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, or_, select

from app.readmodel.queries.timeline import timeline
from app.readmodel.shown import ReturnDetail, ReturnRow
from app.readmodel.tables import returns
from streams.vocabulary.activity import ReturnShown
from streams.vocabulary.time import moment_of

MOST = 500
"""Returns in one answer, whatever is asked."""

_read = msgspec.json.Decoder(ReturnShown).decode


def return_rows(
    connection: Connection, of: str | None, state: str | None, limit: int, after: str | None
) -> tuple[ReturnRow, ...]:
    """Returns, the newest registered first. `of`: a connection; `state`: with an item in this state; `after`: what
    comes after the return with this `connection/return_id`, none where it is not there."""
    query = select(returns).order_by(
        returns.c.registered_at.desc(), returns.c.connection, returns.c.return_id
    )
    if of:
        query = query.where(returns.c.connection == of)
    if state:
        query = query.where(returns.c.states.contains(f"/{state}/", autoescape=True))
    if after:
        name, _, return_id = after.partition("/")
        last = connection.execute(
            select(returns.c.registered_at).where(
                returns.c.connection == name, returns.c.return_id == return_id
            )
        ).scalar()
        if last is None:
            return ()
        same_moment = or_(
            returns.c.connection > name,
            and_(returns.c.connection == name, returns.c.return_id > return_id),
        )
        query = query.where(
            or_(returns.c.registered_at < last, and_(returns.c.registered_at == last, same_moment))
        )
    rows = connection.execute(query.limit(max(1, min(limit, MOST))))
    return tuple(_row(row) for row in rows)


def waiting(connection: Connection) -> int:
    """How many returns wait for a person: with an item that failed, or one that is open and not Bol's own to handle."""
    query = select(func.count()).select_from(returns).where(returns.c.waits.is_not(None))
    return int(connection.execute(query).scalar() or 0)


def one_return(connection: Connection, of: str, return_id: str) -> ReturnDetail | None:
    """One return, or None."""
    found = connection.execute(
        select(returns).where(returns.c.connection == of, returns.c.return_id == return_id)
    ).first()
    if found is None:
        return None
    row = _row(found)
    return ReturnDetail(
        connection=of,
        at=row.at,
        first_at=row.first_at,
        stuck_since=row.stuck_since,
        shown=row.shown,
        timeline=timeline(connection, of, return_id, returns=True),
    )


def _row(row: Row[Any]) -> ReturnRow:
    return ReturnRow(
        connection=row.connection,
        at=moment_of(row.at),
        first_at=moment_of(row.first_at),
        stuck_since=None if row.stuck_since is None else moment_of(row.stuck_since),
        shown=_read(row.shown),
    )
