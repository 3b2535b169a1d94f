"""Which row an event is for. Pure; the rows themselves are in articles.py, codes.py and offers.py, offers that no list
shows any more in vanishing.py, what has no other side in unmatched.py.

An event that came to a row of another kind is a mistake of the sender: it is parked, with these words.
"""

from __future__ import annotations

from typing import TypeVar, assert_never

from streams.catalogue import articles, codes, offers, vanishing
from streams.catalogue.state import ArticleRow, CatalogueRow, CodeRow, OfferRow
from streams.flow import Context, Decision
from streams.vocabulary.events import (
    ArticleSeen,
    BolOfferRead,
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
        case CodeClaimed():
            return codes.claimed(_kind(state, CodeRow, context) or CodeRow(), event, context)
        case CodeDropped():
            return codes.dropped(_kind(state, CodeRow, context) or CodeRow(), event, context)
        case CodeAsked():
            return codes.asked(_kind(state, CodeRow, context) or CodeRow(), event, context)
        case CodeAnswered():
            row = _kind(state, OfferRow, context)
            return Decision(state=None) if row is None else offers.answered(row, event, context)
        case CodeLeft():
            return codes.left(_kind(state, CodeRow, context) or CodeRow(), event)
        case InventorySeen():
            return codes.lies(_kind(state, CodeRow, context) or CodeRow(), event, context)
        case OfferLinked():
            return articles.linked(_kind(state, ArticleRow, context), event, context)
        case Settled():
            row = _kind(state, OfferRow, context)
            return Decision(state=None) if row is None else _looked(row, event, context)
        case Woke():
            return _woke(state, event, context)
        case _:
            assert_never(event)


def _looked(row: OfferRow, event: Settled, context: Context) -> Decision[CatalogueRow]:
    """The question whether the offer is there has ended."""
    if not isinstance(event.outcome, BolOfferRead):
        return vanishing.failed(row, event, context)
    if vanishing.is_gone(row, event):
        return offers.gone(row, context)
    if event.outcome.offer is None:
        return Decision(state=row, wake=vanishing.alarm(row, context))
    return offers.seen(row, event.outcome.offer, context)


def _woke(state: CatalogueRow | None, event: Woke, context: Context) -> Decision[CatalogueRow]:
    match state:
        case OfferRow():
            return vanishing.woke(state, event, context)
        case ArticleRow():
            return articles.woke(state, context)
        case CodeRow() | None:
            return Decision(state=state)  # they set no alarms


def _kind(state: CatalogueRow | None, kind: type[R], context: Context) -> R | None:
    if state is None or isinstance(state, kind):
        return state
    raise ValueError(f"{context.entity} is a row of another kind")
