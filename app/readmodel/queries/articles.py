"""Articles: the list, and one with all there is about it."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from app.readmodel.queries.answers import answers_about
from app.readmodel.queries.history import HistoryFilter, lines
from app.readmodel.queries.paging import page, searched
from app.readmodel.shown import ArticleDetail, ArticleRow, Page
from app.readmodel.tables import articles
from streams.vocabulary.activity import StockShown
from streams.vocabulary.time import moment_of

_read = msgspec.json.Decoder(StockShown).decode


def article_page(
    connection: Connection, *, search: str, of: str, stuck: bool, number: int
) -> Page[ArticleRow]:
    """Articles with an offer, those whose number changed last first. `of`: a connection, or empty."""
    query = select(articles).order_by(articles.c.at.desc(), articles.c.connection, articles.c.article)
    words = searched(articles, search)
    query = query.where(words if words is not None else articles.c.offers > 0)
    if of:
        query = query.where(articles.c.connection == of)
    if stuck:
        query = query.where(articles.c.stuck_since.is_not(None))
    return page(connection, query, number, _row)


def article(connection: Connection, of: str, number: str) -> ArticleDetail | None:
    """One article, or None."""
    row = connection.execute(
        select(articles).where(articles.c.connection == of, articles.c.article == number)
    ).first()
    if row is None:
        return None
    return ArticleDetail(
        connection=of,
        at=moment_of(row.at),
        shown=_read(row.shown),
        stuck_since=None if row.stuck_since is None else moment_of(row.stuck_since),
        history=lines(connection, HistoryFilter(connection=of, entity=number, returns=False, limit=100)),
        answers=answers_about(connection, of, number, 10),
    )


def _row(row: Row[Any]) -> ArticleRow:
    return ArticleRow(
        connection=row.connection,
        article=row.article,
        description=row.description,
        desired=row.desired,
        sentence=row.sentence,
        offers=row.offers,
        stuck=row.stuck,
        at=moment_of(row.at),
    )
