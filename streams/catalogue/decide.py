"""Which row an event is for. Pure; the rows themselves are in articles.py, codes.py and offers.py.

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
        case Settled() | Woke():
            return Decision(state=state)  # this flow asks for no effects and sets no alarms
        case _:
            assert_never(event)


def _kind(state: CatalogueRow | None, kind: type[R], context: Context) -> R | None:
    if state is None or isinstance(state, kind):
        return state
    raise ValueError(f"{context.entity} is a row of another kind")
