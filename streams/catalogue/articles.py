"""An article's row: it claims its codes, and drops those it no longer carries."""

from __future__ import annotations

from streams.catalogue.state import ArticleRow, CatalogueRow
from streams.flow import Context, Decision
from streams.vocabulary.codes import code_entity, normal
from streams.vocabulary.events import ArticleSeen, Code, CodeClaimed, CodeDropped, Message

CODES = 200
"""Codes of one article that are looked at: more is rubbish in the barcode list."""


def seen(row: ArticleRow | None, event: ArticleSeen, context: Context) -> Decision[CatalogueRow]:
    """Mplus gave the article in a list. An inactive one carries no codes."""
    if row is not None and event.marker < row.marker:
        return Decision(state=row)  # an older page, read again
    codes = _distinct(event.codes) if event.active else ()
    fresh = ArticleRow(
        marker=event.marker,
        description=event.description,
        codes=codes,
        stock_kept=event.stock_kept,
        vat_code=event.vat_code,
    )
    known = row or ArticleRow(marker=0)
    now = {(code.kind, code.value) for code in codes}
    messages = [
        Message(
            flow="catalogue",
            entity=code_entity(code.kind, code.value),
            event=CodeDropped(article_number=event.article_number),
        )
        for code in known.codes
        if (code.kind, code.value) not in now
    ]
    said_otherwise = _told(known) != _told(fresh)
    messages.extend(
        Message(
            flow="catalogue",
            entity=code_entity(code.kind, code.value),
            event=CodeClaimed(
                article_number=event.article_number,
                description=event.description,
                units=code.units,
                stock_kept=event.stock_kept,
                vat_code=event.vat_code,
            ),
        )
        for code in codes
        if said_otherwise or code not in known.codes
    )
    return Decision(state=fresh, messages=tuple(messages))


def _told(row: ArticleRow) -> tuple[object, ...]:
    """What the codes' rows are told beside the codes."""
    return (row.description, row.stock_kept, row.vat_code)


def _distinct(codes: tuple[Code, ...]) -> tuple[Code, ...]:
    """Normal forms, each once; where one is there both single and as a multipack, single wins."""
    found: dict[tuple[str, str], Code] = {}
    for code in codes[:CODES]:
        value = normal(code.kind, code.value)
        if not value:
            continue
        known = found.get((code.kind, value))
        units = max(1, code.units)
        if known is None or units < known.units:
            found[(code.kind, value)] = Code(kind=code.kind, value=value, units=units)
    return tuple(found.values())
