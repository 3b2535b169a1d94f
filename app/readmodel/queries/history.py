"""Lines of the history, with filters."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, Row, and_, case, exists, select

from app.readmodel.shown import HistoryLine
from app.readmodel.tables import articles, history, orders, returns
from streams.vocabulary.time import moment_of

MOST = 500
"""Lines in one answer, whatever is asked."""


class HistoryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines; what is empty does not filter."""

    connection: str = ""
    entity: str | None = None
    kind: str = ""
    level: str = ""
    direction: str = ""
    returns: bool | None = None
    """True: lines of returns only; False: of anything else, since the id of a return may be an article's number."""
    before: int | None = None
    """Only lines older than the one with this id: the next page."""
    limit: int = 50


def lines(connection: Connection, wanted: HistoryFilter) -> tuple[HistoryLine, ...]:
    """The newest first."""
    about = case(
        (history.c.entity == "", "connection"),
        (
            and_(
                history.c.flow == "returns",
                exists().where(
                    returns.c.connection == history.c.connection, returns.c.return_id == history.c.entity
                ),
            ),
            "return",
        ),
        (history.c.flow == "returns", ""),
        (
            exists().where(
                orders.c.connection == history.c.connection, orders.c.order_id == history.c.entity
            ),
            "order",
        ),
        (
            exists().where(
                articles.c.connection == history.c.connection, articles.c.article == history.c.entity
            ),
            "article",
        ),
        else_="",
    )
    query = select(history, about.label("about")).order_by(history.c.id.desc())
    if wanted.connection:
        query = query.where(history.c.connection == wanted.connection)
    if wanted.entity is not None:
        query = query.where(history.c.entity == wanted.entity)
    if wanted.kind:
        query = query.where(history.c.kind == wanted.kind)
    if wanted.level:
        query = query.where(history.c.level == wanted.level)
    if wanted.direction:
        query = query.where(history.c.direction == wanted.direction)
    if wanted.returns is not None:
        of_returns = history.c.flow == "returns"
        query = query.where(of_returns if wanted.returns else ~of_returns)
    if wanted.before is not None:
        query = query.where(history.c.id < wanted.before)
    query = query.limit(max(1, min(wanted.limit, MOST)))
    return tuple(_line(row) for row in connection.execute(query))


def _line(row: Row[tuple[object, ...]]) -> HistoryLine:
    return HistoryLine(
        id=row.id,
        at=moment_of(row.at),
        connection=row.connection,
        entity=row.entity,
        about=row.about,
        kind=row.kind,
        level=row.level,
        direction=row.direction,
        text=row.text,
        millis=row.millis,
        trace=row.trace,
    )
