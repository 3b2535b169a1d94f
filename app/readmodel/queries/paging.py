"""Lists in parts, and searching in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, select

from app.readmodel.shown import Page

T = TypeVar("T")

SIZE = 50
FURTHEST = 2_000
"""Pages beyond this are not looked up: by then one searches."""
WORDS = 6


def page(
    connection: Connection,
    query: Select[Any],
    number: int,
    row: Callable[[Row[Any]], T],
    size: int = SIZE,
) -> Page[T]:
    """Part `number` (from 1) of a query's rows."""
    return page_of_all(connection, [query], number, row, size)


def page_of_all(
    connection: Connection,
    queries: Sequence[Select[Any]],
    number: int,
    row: Callable[[Row[Any]], T],
    size: int = SIZE,
) -> Page[T]:
    """Part `number` (from 1) of the rows of several queries, one after the other: each goes by an index of its own,
    where one that sorted all of them by two things would walk through the whole table."""
    number = max(1, min(number, FURTHEST))
    skip, total = (number - 1) * size, 0
    rows: list[T] = []
    for query in queries:
        count = select(func.count()).select_from(query.order_by(None).subquery())
        has = int(connection.execute(count).scalar() or 0)
        total += has
        if skip < has and len(rows) < size:
            rows += [row(one) for one in connection.execute(query.limit(size - len(rows)).offset(skip))]
        skip = max(0, skip - has)
    return Page(rows=tuple(rows), number=number, total=total, size=size)


def searched(table: Table, text: str) -> ColumnElement[bool] | None:
    """Rows in whose `search` column every word of the text appears; None for a text without words."""
    words = text.lower()[:200].split()[:WORDS]
    if not words:
        return None
    return and_(*(table.c.search.contains(word, autoescape=True) for word in words))
