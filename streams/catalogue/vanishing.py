"""What no round over Bol's lists has seen for a while is asked for one by one: offers, and what lies at Bol of an EAN.
Pure.

A list proves that what is on it is there, never that what is not is gone: it may be cut short, or empty by mistake. So
a row stays as it is until Bol says of this very offer, or EAN, that there is none any more. Each has an alarm that
every reading moves on: two rounds and what a round may last after it, and a part of the span over which the rows'
alarms are spread. Where rounds fail for long, so many are asked for a second as the connection has, divided by that
span.

Here is when; what is asked and what follows from the answer is in offers.py and codes.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from msgspec.structs import replace

from streams.backoff import wait_after
from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import Lying, OfferRow
from streams.flow import Context
from streams.vocabulary.digest import spread
from streams.vocabulary.events import Settled, Woke
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import CLOCKS_DIFFER, seconds

LOOK = "look"
LATE = 600.0
"""Seconds. An alarm that rings so late was due while nothing ran: a round comes first, which most likely sees it."""
AFTER_A_STOP = 3600.0
"""Seconds that this round gets."""
AGAIN = 1800.0
"""Seconds, at least, until a question that failed is asked again; spread over as many more."""
SWITCHED_OFF = 86400.0
"""Seconds, at least, until a row looks whether the settings want those rounds again; spread over as many more."""

R = TypeVar("R", OfferRow, Lying)
"""What was read, with `read_at`, `look_at` and `tries`."""


def alarm(read: R, context: Context) -> datetime | None:
    """When Bol is asked for it, if nothing shows it before; None: that is under way, or there is nothing to vanish."""
    if LOOK in context.open or (isinstance(read, Lying) and read.regular <= 0):
        return None
    unseen, span = _pace(read, context.rules)
    if unseen is None:
        return context.at + _spread(SWITCHED_OFF, SWITCHED_OFF, context)
    if read.look_at is not None:
        return read.look_at
    # What was read by a clock that was ahead is no reason to wait longer.
    return min(read.read_at, _ahead(context)) + _spread(unseen, span, context)


def rung(read: R, event: Woke, context: Context) -> tuple[R, bool]:
    """Its alarm has rung; and whether Bol is to be asked for it now: no round has seen it for so long."""
    due = alarm(read, context)
    if due is None or context.at < due:
        return read, False
    if context.at > event.due + seconds(LATE):
        _, span = _pace(read, context.rules)
        return replace(read, look_at=context.at + _spread(AFTER_A_STOP, span, context)), False
    return replace(read, look_at=None), True


def not_told(read: R, event: Settled, context: Context) -> R:
    """Bol did not say: asked again later. Raises ValueError for an answer to another question."""
    outcome = event.outcome
    match outcome:
        case Refused() | NotSent() | AnswerLost():
            tries = read.tries + 1
            wait = max(seconds(wait_after(outcome, tries, context.entity)), _spread(AGAIN, AGAIN, context))
            return replace(read, tries=tries, look_at=context.at + wait)
        case _:
            raise ValueError(f"{type(outcome).__name__} is no answer to whether {context.entity} is there")


def overtaken(read_at: datetime, known: datetime, context: Context) -> bool:
    """Whether what is `known` was read later. What a clock that was ahead has read does not stand in the way of what is
    read now."""
    return read_at < known <= _ahead(context)


def _pace(read: OfferRow | Lying, rules: CatalogueRules) -> tuple[float | None, float]:
    """Seconds until it is asked for, and over how many more the questions are spread; None: never."""
    if isinstance(read, OfferRow):
        return rules.unseen, rules.spread
    return rules.lying_unseen, rules.lying_spread


def _spread(least: float, span: float, context: Context) -> timedelta:
    return seconds(least) + seconds(spread(context.entity, span))


def _ahead(context: Context) -> datetime:
    return context.at + seconds(CLOCKS_DIFFER)
