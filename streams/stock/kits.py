"""Composed articles: what there is of one is the least that its parts make, and its orders take from its parts. Pure.

A composed article that is on sale asks its parts (`PartWanted`), and each tells what it has, at once and whenever that
changes (`PartCounted`). Bol orders and till sales of it go on to its parts' rows, where they count like any others, so
that its own row takes nothing off.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from streams.stock.reading import doubted
from streams.stock.state import Count, Reservation
from streams.stock.step import Step
from streams.stock.terms import made_of_parts, sum_of
from streams.vocabulary.events import (
    PartCounted,
    PartWanted,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    TillSold,
)

KITS = 500
"""Composed articles that one part tells; more are told of by nobody, and their row says what is missing."""

# -- the composed article


def see_to_parts(step: Step) -> None:
    """Asks new parts for what they have, and tells those that are parts no more."""
    article = step.article
    wants: tuple[int, ...] = ()
    if article.watched and made_of_parts(article):
        wants = tuple(sorted({part.article_number for part in article.parts} - {step.number}))
    if wants == article.wanting:
        return
    for part in sorted(set(wants) - set(article.wanting)):
        step.tell(part, PartWanted(kit=step.number))
    for part in sorted(set(article.wanting) - set(wants)):
        step.tell(part, PartWanted(kit=step.number, wanted=False))
    step.article = replace(article, wanting=wants)


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


def sold(step: Step, event: TillSold) -> None:
    """A till sold one: its parts are gone."""
    article = step.article
    if not made_of_parts(article) or f"{event.session_id}/{event.line_id}" in article.sold:
        return
    for part in article.parts:
        step.tell(
            part.article_number,
            TillSold(
                session_id=event.session_id,
                line_id=f"{event.line_id}+{step.number}",
                quantity=event.quantity * part.quantity,
                sold_at=event.sold_at,
                heard_at=event.heard_at,
            ),
        )


def reserved(step: Step, event: ReservationMade, known: Reservation | None) -> tuple[int, ...]:
    """A Bol order takes some: it takes their parts. Gives the parts that were told, now or before."""
    if not made_of_parts(step.article):
        return known.parts if known else ()
    told = known.parts if known else ()
    for part in step.article.parts:
        step.tell(
            part.article_number,
            ReservationMade(
                order_id=event.order_id,
                item_id=event.item_id,
                quantity=event.quantity * part.quantity,
                made_at=event.made_at,
            ),
        )
    return tuple(sorted({*told, *(part.article_number for part in step.article.parts)}))


def booked(step: Step, event: ReservationBooked, known: Reservation | None) -> bool:
    """The order is in Mplus, which reserves the parts that the article has then. True: it takes parts, and nothing of
    the article itself."""
    now = step.article.parts if made_of_parts(step.article) else ()
    for part in now:
        step.tell(
            part.article_number,
            ReservationBooked(
                order_id=event.order_id,
                item_id=event.item_id,
                quantity=event.quantity * part.quantity,
                booked_at=event.booked_at,
            ),
        )
    gone = set(known.parts if known else ()) - {part.article_number for part in now}
    for number in sorted(gone):
        step.tell(number, ReservationReleased(order_id=event.order_id, item_id=event.item_id))
    return bool(now)


def released(step: Step, event: ReservationReleased, known: Reservation) -> None:
    """The order fell away: it takes no parts."""
    for number in known.parts:
        step.tell(number, ReservationReleased(order_id=event.order_id, item_id=event.item_id))


# -- the part


def wanted(step: Step, event: PartWanted) -> None:
    """A composed article wants to know, or no longer."""
    article = step.article
    kits = set(article.kits) - {event.kit}
    if event.wanted and len(kits) < KITS:
        kits.add(event.kit)
    step.article = replace(article, kits=tuple(sorted(kits)))
    if event.wanted and not article.watched:
        # Whatever was read before nobody watched this article may be old: read again.
        doubted(step, step.context.at)
    if event.wanted:
        _tell(step, (event.kit,), _have(step))


def tell(step: Step) -> None:
    """Tells the composed articles where what there is of this part has changed."""
    article = step.article
    if not article.kits:
        return
    have = _have(step)
    limits = _limits(step)
    if (have if limits else None) == article.told:
        return
    _tell(step, article.kits, have)
    step.article = replace(article, told=have if limits else None)


def _have(step: Step) -> Decimal | None:
    left = sum_of(step.number, step.article, step.rules).left
    return None if left is None else max(Decimal(0), left)


def _limits(step: Step) -> bool:
    return step.article.stock_kept or made_of_parts(step.article)


def _tell(step: Step, kits: tuple[int, ...], have: Decimal | None) -> None:
    event = PartCounted(
        part=step.number,
        have=have,
        counted_at=step.context.at,
        limits=_limits(step),
        explained=step.explained,
    )
    for kit in kits:
        step.tell(kit, event)
