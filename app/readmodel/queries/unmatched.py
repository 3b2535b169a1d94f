"""What has no other side: offers without an article, articles without an offer."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from app.readmodel.queries.paging import page, searched
from app.readmodel.shown import Page, UnmatchedCounts, UnmatchedRow
from app.readmodel.tables import unmatched
from streams.vocabulary.activity import UnmatchedShown
from streams.vocabulary.time import moment_of

MOST = 500
"""In one part of the list, whatever is asked."""

_read = msgspec.json.Decoder(UnmatchedShown).decode


def unmatched_page(
    connection: Connection, *, side: str, of: str, search: str, number: int, size: int
) -> Page[UnmatchedRow]:
    """The newest first. `side`: `bol` or `mplus`, else both; `of`: a connection, or empty."""
    query = select(unmatched).order_by(
        unmatched.c.first_at.desc(), unmatched.c.connection, unmatched.c.side, unmatched.c.name
    )
    words = searched(unmatched, search)
    if words is not None:
        query = query.where(words)
    if side:
        query = query.where(unmatched.c.side == side)
    if of:
        query = query.where(unmatched.c.connection == of)
    return page(connection, query, number, _row, max(1, min(size, MOST)))


def unmatched_counts(connection: Connection, of: str) -> UnmatchedCounts:
    """How many there are on each side, of a connection or (empty) of all."""
    query = select(unmatched.c.side, func.count()).group_by(unmatched.c.side)
    if of:
        query = query.where(unmatched.c.connection == of)
    found: dict[str, int] = {side: int(number) for side, number in connection.execute(query)}
    return UnmatchedCounts(bol=found.get("bol", 0), mplus=found.get("mplus", 0))


def _row(row: Row[Any]) -> UnmatchedRow:
    return UnmatchedRow(
        connection=row.connection,
        since=moment_of(row.first_at),
        at=moment_of(row.at),
        shown=_read(row.shown),
    )
