"""Which row an event is for. Pure; the rows themselves are in articles.py, codes.py and offers.py, when Bol is asked
for what no list shows any more in vanishing.py, what has no other side in unmatched.py.

An event that came to a row of another kind is a mistake of the sender: it is parked, with these words.
"""

from __future__ import annotations

from typing import TypeVar, assert_never

from streams.catalogue import articles, codes, offers
from streams.catalogue.state import ArticleRow, CatalogueRow, CodeRow, OfferRow
from streams.flow import Context, Decision
from streams.vocabulary.events import (
    ArticleSeen,
    CatalogueEvent,
    CodeAnswered,
    CodeAsked,
    CodeClaimed,
    CodeDropped,
    CodeLeft,
    InventorySeen,
    OfferLinked,
    OfferSeen,
    Settled,
    Woke,
)

R = TypeVar("R", ArticleRow, OfferRow, CodeRow)


def decide(state: CatalogueRow | None, event: CatalogueEvent, context: Context) -> Decision[CatalogueRow]:
    """See streams/flow.py. Raises ValueError for an event at a row of another kind."""
    match event:
        case ArticleSeen():
            return articles.seen(_kind(state, ArticleRow, context), event, context)
        case OfferSeen():
            return offers.seen(_kind(state, OfferRow, context), event, context)
        case CodeClaimed() | CodeDropped() | CodeAsked() | CodeLeft() | InventorySeen():
            return codes.heard(_kind(state, CodeRow, context) or CodeRow(), event, context)
        case CodeAnswered():
            row = _kind(state, OfferRow, context)
            return Decision(state=None) if row is None else offers.answered(row, event, context)
        case OfferLinked():
            return articles.linked(_kind(state, ArticleRow, context), event, context)
        case Settled():
            return _looked(state, event, context)
        case Woke():
            return _woke(state, event, context)
        case _:
            assert_never(event)


def _looked(state: CatalogueRow | None, event: Settled, context: Context) -> Decision[CatalogueRow]:
    """The question whether something is there has ended."""
    match state:
        case CodeRow():
            return codes.looked(state, event, context)
        case OfferRow() | ArticleRow() | None:
            row = _kind(state, OfferRow, context)
            return Decision(state=None) if row is None else offers.looked(row, event, context)


def _woke(state: CatalogueRow | None, event: Woke, context: Context) -> Decision[CatalogueRow]:
    match state:
        case OfferRow():
            return offers.woke(state, event, context)
        case ArticleRow():
            return articles.woke(state, context)
        case CodeRow():
            return codes.woke(state, event, context)
        case None:
            return Decision(state=None)


def _kind(state: CatalogueRow | None, kind: type[R], context: Context) -> R | None:
    if state is None or isinstance(state, kind):
        return state
    raise ValueError(f"{context.entity} is a row of another kind")
