"""Composed articles: what there is of one is the least that its parts make, and its orders take from its parts. Pure.

A composed article that is on sale asks its parts (`PartWanted`), and each tells what it has, at once and whenever that
changes (`PartCounted`). Bol orders and till sales of it go on to its parts' rows, where they count like any others, so
that its own row takes nothing off. There they bear the composed article's number behind the item's or line's own id
(`17+1001`): a part may be in one order by several ways, and what comes back to an article that it went through already
(a composed article that is a part of itself) goes no further.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from streams.stock import reading
from streams.stock.readings import DIFFER
from streams.stock.state import Count, Reservation
from streams.stock.step import Step
from streams.stock.terms import made_of_parts, sum_of
from streams.vocabulary.events import (
    Part,
    PartCounted,
    PartWanted,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    StockDoubted,
    TillSold,
)

KITS = 500
"""Composed articles that one part tells; more are told that it is not known, so that nothing of them is sent."""
NOTHING = Decimal(0)
LATER = timedelta(microseconds=1)


def merged(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Each article once, with all that is in one."""
    quantities: dict[int, Decimal] = {}
    for part in parts:
        quantities[part.article_number] = quantities.get(part.article_number, NOTHING) + part.quantity
    if len(quantities) == len(parts):
        return parts
    return tuple(
        Part(article_number=number, quantity=quantity) for number, quantity in sorted(quantities.items())
    )


def came_round(step: Step, through: str) -> bool:
    """Whether an item's or a line's id says that it went through this very article before."""
    return "+" in through and str(step.number) in through.split("+")[1:]


# -- the composed article


def see_to_parts(step: Step) -> None:
    """Asks new parts for what they have, and tells those that are parts no more. What a part said before it was asked
    is forgotten: nobody told when that changed."""
    article = step.article
    wants: tuple[int, ...] = ()
    if article.watched and made_of_parts(article):
        wants = tuple(sorted({part.article_number for part in article.parts} - {step.number}))
    if wants == article.wanting:
        return
    before, now = set(article.wanting), set(wants)
    for part in sorted(now - before):
        step.tell(part, PartWanted(kit=step.number))
    for part in sorted(before - now):
        step.tell(part, PartWanted(kit=step.number, wanted=False))
    counts = tuple(count for count in article.counts if count.article_number in before & now)
    step.article = replace(article, wanting=wants, counts=counts)


def counted(step: Step, event: PartCounted) -> None:
    """A part says what it has."""
    article = step.article
    if event.part not in article.wanting:
        return
    known = {count.article_number: count for count in article.counts}
    if event.part in known and known[event.part].counted_at > event.counted_at:
        return
    known[event.part] = Count(
        article_number=event.part, have=event.have, counted_at=event.counted_at, limits=event.limits
    )
    step.article = replace(
        article, counts=tuple(known[number] for number in article.wanting if number in known)
    )
    step.cause, step.cause_at = "part", event.counted_at
    step.part_explained = event.explained


def doubted(step: Step, event: StockDoubted) -> None:
    """Its stock is that of its parts: those are read again. Each moment goes on once, so that a composed article that
    is a part of itself asks for no end of readings."""
    article = step.article
    if not made_of_parts(article):
        reading.doubted(step, event.since)
        return
    since = min(event.since, step.context.at + DIFFER)  # what lies ahead of that is taken back (readings.py)
    if article.doubted_since is None or article.doubted_since < since:
        step.article = replace(article, doubted_since=since)
        for number in _takes(step):
            step.tell(number, replace(event, since=since))


def sold(step: Step, event: TillSold) -> None:
    """A till sold one: its parts are gone."""
    for number, quantity in _takes(step).items():
        step.tell(
            number,
            TillSold(
                session_id=event.session_id,
                line_id=f"{event.line_id}+{step.number}",
                quantity=event.quantity * quantity,
                sold_at=event.sold_at,
                heard_at=event.heard_at,
            ),
        )


def reserved(step: Step, one: ReservationMade | Reservation, told: tuple[int, ...]) -> tuple[int, ...]:
    """A Bol order takes some: it takes their parts, and of `told`, what it took before, those that are parts no more
    are let go. Gives all that know of it."""
    takes = _takes(step)
    for number in sorted({*takes, *told}):
        step.tell(
            number,
            ReservationMade(
                order_id=one.order_id,
                item_id=f"{one.item_id}+{step.number}",
                quantity=one.quantity * takes.get(number, NOTHING),
                made_at=one.made_at,
            ),
        )
    return tuple(sorted({*takes, *told}))


def recomposed(step: Step) -> None:
    """It is made of other parts now, or of none: what Bol customers wait for takes those."""
    article = step.article
    if any(one.booked_at is None for one in article.reservations):
        step.article = replace(
            article,
            reservations=tuple(
                replace(one, parts=reserved(step, one, one.parts)) if one.booked_at is None else one
                for one in article.reservations
            ),
        )
    if made_of_parts(article):
        reading.forget(step)


def booked(step: Step, event: ReservationBooked, known: Reservation | None) -> bool:
    """The order is in Mplus, which reserves the parts that the article has then. True: it takes parts, and nothing of
    the article itself."""
    takes = _takes(step)
    item = f"{event.item_id}+{step.number}"
    for number, quantity in takes.items():
        step.tell(
            number,
            ReservationBooked(
                order_id=event.order_id,
                item_id=item,
                quantity=event.quantity * quantity,
                booked_at=event.booked_at,
            ),
        )
    gone = set(known.parts if known else ()) - set(takes)
    for number in sorted(gone):
        step.tell(number, ReservationReleased(order_id=event.order_id, item_id=item))
    return made_of_parts(step.article)


def released(step: Step, event: ReservationReleased, known: Reservation) -> None:
    """The order fell away: it takes no parts."""
    for number in known.parts:
        step.tell(
            number,
            ReservationReleased(order_id=event.order_id, item_id=f"{event.item_id}+{step.number}"),
        )


def _takes(step: Step) -> dict[int, Decimal]:
    """What one of it takes of other articles."""
    article = step.article
    if not made_of_parts(article):
        return {}
    return {
        part.article_number: part.quantity
        for part in article.parts
        if part.article_number != step.number and part.quantity > 0
    }


# -- the part


def wanted(step: Step, event: PartWanted) -> None:
    """A composed article wants to know, or no longer."""
    article = step.article
    kits = set(article.kits) - {event.kit}
    known = event.wanted and len(kits) < KITS
    if known:
        kits.add(event.kit)
    step.article = replace(article, kits=tuple(sorted(kits)))
    if known and not article.watched:
        reading.watched(step)
    if event.wanted:
        _tell(step, (event.kit,), _have(step) if known else None, _limits(step) or not known)


def tell(step: Step) -> None:
    """Tells the composed articles where what there is of this part has changed."""
    article = step.article
    if not article.kits:
        return
    limits = _limits(step)
    have = _have(step) if limits else None
    if have == article.told and limits == article.told_limits:
        return
    step.article = replace(article, told=have, told_limits=limits)
    _tell(step, article.kits, have, limits)


def _have(step: Step) -> Decimal | None:
    left = sum_of(step.number, step.article, step.rules).left
    return None if left is None else max(NOTHING, left)


def _limits(step: Step) -> bool:
    return step.article.stock_kept or made_of_parts(step.article)


def _tell(step: Step, kits: tuple[int, ...], have: Decimal | None, limits: bool) -> None:
    at = _told_at(step)
    event = PartCounted(part=step.number, have=have, counted_at=at, limits=limits, explained=step.explained)
    for kit in kits:
        step.tell(kit, event)


def _told_at(step: Step) -> datetime:
    """Always after what was told last: events bear the clocks of those who wrote them."""
    known, at = step.article.told_at, step.context.at
    at = at if known is None or known < at else known + LATER
    step.article = replace(step.article, told_at=at)
    return at
