"""Retention: the read model stays as large as it is useful, whatever comes in.

Pruned in slices of a transaction each, so that writing never waits long for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select, tuple_

from app.readmodel.tables import (
    answers,
    articles,
    counts,
    dead_letters,
    history,
    orders,
    returns,
    skipped,
    timings,
    unmatched,
)
from app.readmodel.writing import MINUTE_MS
from streams.vocabulary.time import milliseconds

DAY_MS = 24 * 3600 * 1000
SLICE = 500
"""Rows deleted in one transaction."""


class Keep(NamedTuple):
    """How much is kept: days and rows, whichever is reached first."""

    history_days: int = 30
    history_rows: int = 200_000
    answers_days: int = 14
    answers_rows: int = 20_000
    article_answers_days: int = 1
    """Answers about articles: there are many, and the newest are what one looks for."""
    dead_days: int = 90
    dead_rows: int = 5_000
    orders_days: int = 180
    """Of returns too."""
    orders_rows: int = 100_000
    """And as many returns."""
    idle_articles_days: int = 30
    """Articles that no offer sells any more."""
    articles_rows: int = 250_000
    unmatched_rows: int = 250_000
    figures_hours: int = 25
    """Counts and timings by the minute: an hour and a day back are asked for."""
    skipped_reasons: int = 200


Slice = Callable[[Connection], int]
"""Deletes up to SLICE rows and says how many."""


def slices(keep: Keep, now: datetime) -> list[Slice]:
    """The kinds of rows that are pruned at this moment; each is called until it deletes fewer than SLICE."""
    at = milliseconds(now)
    figures = (at - keep.figures_hours * 3600 * 1000) // MINUTE_MS
    of_an_article = and_(
        answers.c.at < at - keep.article_answers_days * DAY_MS,
        select(articles.c.article)
        .where(articles.c.connection == answers.c.connection, articles.c.article == answers.c.entity)
        .exists(),
    )
    idle = and_(articles.c.offers == 0, articles.c.at < at - keep.idle_articles_days * DAY_MS)
    done = and_(orders.c.stuck_since.is_(None), orders.c.at < at - keep.orders_days * DAY_MS)
    closed = and_(
        returns.c.stuck_since.is_(None),
        returns.c.waits.is_(None),
        returns.c.at < at - keep.orders_days * DAY_MS,
    )
    return [
        _where(history, history.c.at < at - keep.history_days * DAY_MS),
        _beyond(history, keep.history_rows),
        _where(answers, of_an_article),
        _where(answers, answers.c.at < at - keep.answers_days * DAY_MS),
        _beyond(answers, keep.answers_rows),
        _where(dead_letters, dead_letters.c.at < at - keep.dead_days * DAY_MS),
        _beyond(dead_letters, keep.dead_rows),
        _where(counts, counts.c.minute < figures),
        _where(timings, timings.c.minute < figures),
        _where(articles, idle),
        _surplus(articles, articles.c.at, keep.articles_rows),
        _where(orders, done),
        _surplus(orders, orders.c.at, keep.orders_rows),
        _where(returns, closed),
        _surplus(returns, returns.c.at, keep.orders_rows),
        _surplus(unmatched, unmatched.c.at, keep.unmatched_rows),
        _surplus(skipped, skipped.c.last_at, keep.skipped_reasons),
    ]


def _where(table: Table, condition: ColumnElement[bool]) -> Slice:
    key = list(table.primary_key)

    def cut(connection: Connection) -> int:
        doomed = select(*key).where(condition).limit(SLICE)
        return connection.execute(delete(table).where(tuple_(*key).in_(doomed))).rowcount

    return cut


def _beyond(table: Table, rows: int) -> Slice:
    """All but the newest rows, where ids count up."""

    def cut(connection: Connection) -> int:
        last = connection.execute(select(func.max(table.c.id))).scalar()
        if last is None or last <= rows:
            return 0
        return _where(table, table.c.id <= last - rows)(connection)

    return cut


def _surplus(table: Table, age: ColumnElement[int], rows: int) -> Slice:
    """The oldest rows beyond so many, where keys say nothing about age."""
    key = list(table.primary_key)

    def cut(connection: Connection) -> int:
        have = connection.execute(select(func.count()).select_from(table)).scalar() or 0
        if have <= rows:
            return 0
        doomed = select(*key).order_by(age).limit(min(SLICE, have - rows))
        return connection.execute(delete(table).where(tuple_(*key).in_(doomed))).rowcount

    return cut
