"""An article's row: it claims its codes and drops those it no longer carries, tells the stock row what it is, and knows
whether an offer sells it."""

from __future__ import annotations

from msgspec.structs import replace

from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import OFFERS, ArticleRow, CatalogueRow
from streams.catalogue.unmatched import article_shown
from streams.flow import Context, Decision
from streams.vocabulary.activity import UnmatchedShown
from streams.vocabulary.codes import code_entity, normal
from streams.vocabulary.digest import spread
from streams.vocabulary.events import (
    ArticleDescribed,
    ArticleSeen,
    Code,
    CodeClaimed,
    CodeDropped,
    Message,
    OfferLinked,
)
from streams.vocabulary.time import seconds

CODES = 200
"""Codes of one article that are looked at: more is rubbish in the barcode list."""


def seen(row: ArticleRow | None, event: ArticleSeen, context: Context) -> Decision[CatalogueRow]:
    """Mplus gave the article in a list. One that is switched off keeps its codes, so that its offers show 0; orders are
    not given it (codes.py)."""
    if row is not None and (event.epoch, event.marker) < (row.epoch, row.marker):
        return _decided(row, row, context)  # an older page, read again
    known = row or ArticleRow(marker=0)
    fresh = replace(
        known,
        marker=event.marker,
        epoch=event.epoch,
        description=event.description,
        codes=_distinct(event.codes),
        stock_kept=event.stock_kept,
        vat_code=event.vat_code,
        active=event.active,
        unit=event.unit,
        groups=event.groups,
        parts=event.parts,
        price_cents=event.price_cents,
    )
    messages = _codes(known, fresh, event.article_number)
    if known.described is None or _described(known, 0) != _described(fresh, 0):
        # After the till's database was restored its markers are lower; what is told goes on rising.
        marker = max(event.marker, known.described or 0)
        fresh = replace(fresh, described=marker)
        messages.append(
            Message(flow="stock", entity=str(event.article_number), event=_described(fresh, marker))
        )
    if not fresh.judged and fresh.judge_at is None:
        wait = context.rules.judged_after
        fresh = replace(fresh, judge_at=context.at + seconds(wait) + seconds(spread(context.entity, wait)))
    return _decided(known, fresh, context, messages)


def linked(row: ArticleRow | None, event: OfferLinked, context: Context) -> Decision[CatalogueRow]:
    """An offer sells it, or no longer does."""
    known = row or ArticleRow(marker=0)
    offers = tuple(one for one in known.offers if one != event.offer_id)
    if event.linked and len(offers) < OFFERS:
        offers = (*offers, event.offer_id)
    if row is None and not offers:
        return Decision(state=None)
    return _decided(known, replace(known, offers=tuple(sorted(offers))), context)


def woke(row: ArticleRow, context: Context) -> Decision[CatalogueRow]:
    """It has been there for a while: whoever was to sell it has said so."""
    if row.judge_at is None or context.at < row.judge_at:
        return _decided(row, row, context)
    return _decided(row, replace(row, judged=True, judge_at=None), context)


def _decided(
    before: ArticleRow, after: ArticleRow, context: Context, messages: list[Message] | None = None
) -> Decision[CatalogueRow]:
    """With what changes on the list of articles that no offer sells."""
    rules: CatalogueRules = context.rules
    number = context.entity.partition("/")[2]
    now = article_shown(number, after, rules)
    activity: tuple[UnmatchedShown, ...] = ()
    if now.why != before.why or (now.why and now != article_shown(number, before, rules)):
        activity = (now,)
        after = replace(after, why=now.why)
    return Decision(state=after, messages=tuple(messages or ()), activity=activity, wake=after.judge_at)


def _codes(known: ArticleRow, fresh: ArticleRow, number: int) -> list[Message]:
    """What the codes' rows are told."""
    now = {(code.kind, code.value) for code in fresh.codes}
    messages = [
        Message(
            flow="catalogue",
            entity=code_entity(code.kind, code.value),
            event=CodeDropped(article_number=number),
        )
        for code in known.codes
        if (code.kind, code.value) not in now
    ]
    said_otherwise = _claimed(known) != _claimed(fresh)
    messages.extend(
        Message(
            flow="catalogue",
            entity=code_entity(code.kind, code.value),
            event=CodeClaimed(
                article_number=number,
                description=fresh.description,
                units=code.units,
                stock_kept=fresh.stock_kept,
                vat_code=fresh.vat_code,
                active=fresh.active,
            ),
        )
        for code in fresh.codes
        if said_otherwise or code not in known.codes
    )
    return messages


def _claimed(row: ArticleRow) -> tuple[object, ...]:
    """What the codes' rows are told beside the codes."""
    return (row.description, row.stock_kept, row.vat_code, row.active)


def _described(row: ArticleRow, marker: int) -> ArticleDescribed:
    """What the stock row is told."""
    return ArticleDescribed(
        marker=marker,
        description=row.description,
        active=row.active,
        stock_kept=row.stock_kept,
        unit=row.unit,
        groups=row.groups,
        parts=row.parts,
        price_cents=row.price_cents,
    )


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
