"""Articles: the list, and one with all there is about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, or_, select, tuple_

from app.readmodel.queries.answers import answers_about
from app.readmodel.queries.history import HistoryFilter, lines
from app.readmodel.queries.paging import WORDS, page, searched
from app.readmodel.shown import ArticleDetail, ArticleRow, KnownArticle, Matches, Page
from app.readmodel.tables import articles
from streams.vocabulary.activity import StockShown
from streams.vocabulary.codes import normal
from streams.vocabulary.time import moment_of

_read = msgspec.json.Decoder(StockShown).decode
LISTED = 20
"""Articles that one search gives by name."""
LOOKED_AT = 5_000
"""Articles that are looked at one by one for it."""
LONGEST_CODE = 200
ALIKE = 5


NONE = Matches(by="", articles=(), total=0)


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


def matching(connection: Connection, text: str, of: Sequence[str]) -> Matches:
    """What a person may mean by this, at these connections: an article's number, or an EAN or the id of one of its
    offers; where there is none, a part of the description."""
    there = articles.c.connection.in_(of)
    in_order = (articles.c.connection, articles.c.article)
    known = _known(connection.execute(select(articles).where(there, articles.c.article == text.strip())))
    if known:
        return Matches(by="article number", articles=known, total=len(known))
    code = text.strip().lower()[:LONGEST_CODE]
    ean = normal("ean", code) if code.isdigit() else ""
    if code:
        holds = or_(*(articles.c.search.contains(one, autoescape=True) for one in {code, ean} - {""}))
        rows = _known(
            connection.execute(select(articles).where(there, holds).order_by(*in_order).limit(LOOKED_AT))
        )
        for what, exact in (
            ("EAN", [one for one in rows if ean and ean in _eans(one)]),
            ("offer", [one for one in rows if any(it.offer_id.lower() == code for it in one.shown.offers)]),
        ):
            if exact:
                return Matches(by=what, articles=tuple(exact[:LISTED]), total=len(exact))
    words = searched(articles, text)
    if words is None:
        return NONE
    query = select(articles).where(there, words)
    total = int(connection.execute(select(func.count()).select_from(query.subquery())).scalar() or 0)
    rows = _known(connection.execute(query.order_by(*in_order).limit(LISTED)))
    return Matches(by="description", articles=rows, total=total) if total else NONE


def alike(connection: Connection, text: str, of: Sequence[str]) -> tuple[KnownArticle, ...]:
    """What was perhaps meant: articles with a word, a number or a code like one of these."""
    query = select(articles.c.connection, articles.c.article, articles.c.search)
    query = query.where(articles.c.connection.in_(of), articles.c.offers > 0)
    by_word: dict[str, list[tuple[str, str]]] = {}
    for row in connection.execute(query.order_by(articles.c.at.desc()).limit(LOOKED_AT)):
        for word in set(row.search.split()):
            by_word.setdefault(word, []).append((row.connection, row.article))
    found: dict[tuple[str, str], None] = {}
    for word in text.lower().split()[:WORDS]:
        for near in get_close_matches(word, by_word, n=3, cutoff=0.75):
            found.update(dict.fromkeys(by_word[near]))
    keys = list(found)[:ALIKE]
    if not keys:
        return ()
    rows = select(articles).where(tuple_(articles.c.connection, articles.c.article).in_(keys))
    return _known(connection.execute(rows.order_by(articles.c.connection, articles.c.article)))


def _eans(one: KnownArticle) -> set[str]:
    return {normal("ean", offer.ean) for offer in one.shown.offers}


def _known(rows: Iterable[Row[Any]]) -> tuple[KnownArticle, ...]:
    return tuple(
        KnownArticle(
            connection=row.connection,
            article=row.article,
            description=row.description,
            at=moment_of(row.at),
            shown=_read(row.shown),
        )
        for row in rows
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
