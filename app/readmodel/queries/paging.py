"""Lists in parts, and searching in them."""

from __future__ import annotations

from collections.abc import Callable
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
    number = max(1, min(number, FURTHEST))
    total = (
        connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar() or 0
    )
    rows = connection.execute(query.limit(size).offset((number - 1) * size))
    return Page(rows=tuple(row(one) for one in rows), number=number, total=total, size=size)


def searched(table: Table, text: str) -> ColumnElement[bool] | None:
    """Rows in whose `search` column every word of the text appears; None for a text without words."""
    words = text.lower()[:200].split()[:WORDS]
    if not words:
        return None
    return and_(*(table.c.search.contains(word, autoescape=True) for word in words))
