"""The vendors' answers about one thing."""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.readmodel.shown import VendorAnswer
from app.readmodel.tables import answers
from streams.vocabulary.time import moment_of


def answers_about(
    connection: Connection, of: str, entity: str, limit: int, returns: bool = False
) -> tuple[VendorAnswer, ...]:
    """The newest first. `returns`: to a return of this id, which may be an article's number or an order's id too."""
    flow = answers.c.flow == "returns" if returns else answers.c.flow != "returns"
    query = (
        select(answers)
        .where(answers.c.connection == of, answers.c.entity == entity, flow)
        .order_by(answers.c.id.desc())
        .limit(limit)
    )
    return tuple(
        VendorAnswer(
            id=row.id,
            asked_at=None if row.asked_at is None else moment_of(row.asked_at),
            at=moment_of(row.at),
            vendor=row.vendor,
            operation=row.operation,
            status=row.status,
            size=row.size,
            body=row.body,
        )
        for row in connection.execute(query)
    )
