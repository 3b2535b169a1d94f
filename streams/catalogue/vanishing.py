"""Offers that no round over Bol's lists has seen for a while are asked for one by one. Pure.

A list proves that what is on it is there, never that what is not is gone: it may be cut short, or empty by mistake. So
an offer stays as it is until Bol says of this very one that it knows it no more. Each row has an alarm that every
reading moves on: two rounds and what a round may last after it, and a part of the span over which the rows' alarms are
spread. Where rounds fail for long, so many offers are asked for a second as the connection has, divided by that span.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from streams.backoff import wait_after
from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import CatalogueRow, OfferRow
from streams.flow import Ask, Context, Decision
from streams.vocabulary.digest import spread
from streams.vocabulary.effects import ReadBolOffer
from streams.vocabulary.events import BolOfferRead, Settled, Woke
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import CLOCKS_DIFFER, seconds

LOOK = "look"
LATE = 600.0
"""Seconds. An alarm that rings so late was due while nothing ran: a round comes first, which most likely sees it."""
AFTER_A_STOP = 3600.0
"""Seconds that this round gets."""
AGAIN = 1800.0
"""Seconds, at least, until a question that failed is asked again; spread over as many more."""


def alarm(row: OfferRow, context: Context) -> datetime | None:
    """When the offer is asked for by itself, if nothing shows it before; None: that is under way."""
    if LOOK in context.open:
        return None
    if row.look_at is not None:
        return row.look_at
    rules: CatalogueRules = context.rules
    # What was read by a clock that was ahead is no reason to wait longer.
    read_at = min(row.read_at, context.at + seconds(CLOCKS_DIFFER))
    return read_at + seconds(rules.unseen) + seconds(spread(context.entity, rules.spread))


def woke(row: OfferRow, event: Woke, context: Context) -> Decision[CatalogueRow]:
    """No round has seen it for so long."""
    due = alarm(row, context)
    if due is None or context.at < due:
        return Decision(state=row, wake=due)
    if context.at > event.due + seconds(LATE):
        wait = AFTER_A_STOP + spread(context.entity, context.rules.spread)
        row = replace(row, look_at=context.at + seconds(wait))
        return Decision(state=row, wake=row.look_at)
    offer_id = context.entity.partition("/")[2]
    ask = Ask(key=LOOK, effect=ReadBolOffer(offer_id=offer_id))
    return Decision(state=replace(row, look_at=None), asks=(ask,))


def failed(row: OfferRow, event: Settled, context: Context) -> Decision[CatalogueRow]:
    """Bol did not say: asked again later. Raises ValueError for an answer to another question."""
    outcome = event.outcome
    match outcome:
        case Refused() | NotSent() | AnswerLost():
            tries = row.tries + 1
            wait = max(wait_after(outcome, tries, context.entity), AGAIN + spread(context.entity, AGAIN))
            row = replace(row, tries=tries, look_at=context.at + seconds(wait))
            return Decision(state=row, wake=row.look_at)
        case _:
            raise ValueError(f"{type(outcome).__name__} is no answer to whether an offer is there")


def is_gone(row: OfferRow, event: Settled) -> bool:
    """Whether Bol said that it knows it no more, and no list has shown it since it was asked."""
    outcome = event.outcome
    return isinstance(outcome, BolOfferRead) and outcome.offer is None and row.read_at <= event.asked_at
