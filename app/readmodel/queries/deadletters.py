"""Dead letters: the list, and one with its body."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from app.readmodel.queries.paging import page
from app.readmodel.shown import DeadLetter, Page
from app.readmodel.tables import dead_letters
from streams.vocabulary.time import moment_of


def dead_letter_page(connection: Connection, *, of: str, number: int) -> Page[DeadLetter]:
    """The newest first, without their bodies."""
    query = select(dead_letters).order_by(dead_letters.c.id.desc())
    if of:
        query = query.where(dead_letters.c.connection == of)
    return page(connection, query, number, lambda row: _letter(row, ""))


def dead_letter(connection: Connection, number: int) -> DeadLetter | None:
    """One, with its body, or None."""
    row = connection.execute(select(dead_letters).where(dead_letters.c.id == number)).first()
    return None if row is None else _letter(row, row.body)


def _letter(row: Row[Any], body: str) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        at=moment_of(row.at),
        connection=row.connection,
        entity=row.entity,
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        reason=row.reason,
        trace=row.trace,
        size=row.size,
        body=body,
    )
