"""What an event changes about an article's number, and what is to be pushed, read or written because of it.

Pure. The row holds what is desired and what was last sent; the difference is pushed. At most one push per
offer is on its way, a newer number replaces a waiting one. At most one reading per article likewise.

By what it is about: offers.py, movements.py, kits.py, reading.py, pushing.py, inbound.py; the number itself is
terms.py, and split.py where several offers share it.
"""

from __future__ import annotations

from typing import assert_never

from streams.flow import Context, Decision
from streams.stock import inbound, kits, movements, offers, pushing, reading
from streams.stock.readings import redated
from streams.stock.shown import differs, shown
from streams.stock.state import Article
from streams.stock.step import READ, Step
from streams.vocabulary.events import (
    ArticleDescribed,
    BolCounted,
    OfferObserved,
    OfferUnlinked,
    PartCounted,
    PartWanted,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    Settled,
    StockDoubted,
    StockEvent,
    StockMoved,
    StockRead,
    TillSold,
    Woke,
)


def decide(state: Article | None, event: StockEvent, context: Context) -> Decision[Article]:
    """See streams/flow.py."""
    step = Step(redated(state, context.at) if state else Article(), context)
    match event:
        case OfferObserved():
            offers.observed(step, event)
        case OfferUnlinked():
            offers.unlinked(step, event)
        case ArticleDescribed():
            offers.described(step, event)
        case StockRead():
            reading.read(step, event)
        case StockDoubted():
            kits.doubted(step, event)
        case TillSold():
            movements.till_sold(step, event)
        case ReservationMade():
            movements.reservation_made(step, event)
        case ReservationBooked():
            movements.reservation_booked(step, event)
        case ReservationReleased():
            movements.reservation_released(step, event)
        case StockMoved():
            movements.stock_moved(step, event)
        case PartWanted():
            kits.wanted(step, event)
        case PartCounted():
            kits.counted(step, event)
        case BolCounted():
            inbound.counted(step, event)
        case Settled():
            _settled(step, event)
        case Woke():
            pass  # this flow sets no alarms: what waits, waits in an ask's not_before
        case _:
            assert_never(event)
    kits.see_to_parts(step)
    reading.ask(step)
    pushing.ask(step)
    inbound.ask(step)
    kits.tell(step)
    return _decision(state, step)


def _settled(step: Step, event: Settled) -> None:
    if event.key == READ:
        reading.settled(step, event)
    elif event.key.startswith(pushing.PUSH):
        pushing.settled(step, event, event.key.removeprefix(pushing.PUSH))
    elif event.key.startswith(inbound.SET):
        inbound.settled(step, event, int(event.key.removeprefix(inbound.SET)))


def _decision(before: Article | None, step: Step) -> Decision[Article]:
    article, number = step.article, step.context.entity
    activity = tuple(step.notes)
    if (article.watched or (before and before.watched)) and (before is None or differs(before, article)):
        activity += (shown(number, article, step.rules),)
    return Decision(
        state=article,
        messages=tuple(step.messages),
        asks=tuple(step.asks.values()),
        drops=tuple(step.drops),
        activity=activity,
    )
