"""What moves the number: till sales, Bol orders on their way into Mplus, and Mplus's own history. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from streams.stock import kits
from streams.stock.reading import doubted
from streams.stock.readings import released, settle, with_sale
from streams.stock.shown import plain
from streams.stock.state import REMEMBERED_SALES, Reservation, Sale, item_key
from streams.stock.step import Step
from streams.stock.terms import made_of_parts
from streams.vocabulary.events import (
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    StockMoved,
    TillSold,
)

WORDS = {
    "sale": "sold or delivered to a customer",
    "delivery": "goods received",
    "correction": "stock corrected",
    "manual": "changed by hand",
    "api": "changed over the API",
    "transfer": "moved between branches",
    "unknown": "moved, Mplus does not say why",
}
"""Of Mplus's own history."""


def till_sold(step: Step, event: TillSold) -> None:
    """A till sold it or took it back. Provisional: until a reading shows it."""
    key = f"{event.session_id}/{event.line_id}"
    if key in step.article.sold or kits.came_round(step, event.line_id):
        return
    kits.sold(step, event)
    article = step.article
    if not article.watched:
        return
    sold = (*article.sold[1 - REMEMBERED_SALES :], key)
    back = event.quantity < 0
    # A refund raises the number only when Mplus says so; a composed article's units are its parts'.
    if event.quantity > 0 and not made_of_parts(article):
        marker = max([reading.marker for reading in article.readings], default=2**62)
        sale = Sale(
            key=key,
            quantity=event.quantity,
            heard_at=event.heard_at,
            known_marker=marker,
            after=step.reading_asked,
        )
        article = settle(replace(article, sales=with_sale(article.sales, sale)), step.rules)
    step.article = replace(article, sold=sold)
    if not made_of_parts(article):
        doubted(step, event.heard_at)
    step.cause, step.cause_at = "till-sale", event.heard_at
    what = f"{plain(abs(event.quantity))} {'taken back' if back else 'sold'} at the till"
    step.note("till-sale", f"{what}.", direction="in")
    step.moved("till-return" if back else "till-sale", -event.quantity, what, event.heard_at)


def reservation_made(step: Step, event: ReservationMade) -> None:
    """A Bol order takes it, and is not in Mplus yet."""
    article = step.article
    key = item_key(event.order_id, event.item_id)
    known = next((one for one in article.reservations if one.key == key), None)
    if key in article.released or kits.came_round(step, event.item_id):
        return
    if event.quantity == (known.quantity if known is not None else 0):
        return
    if known is not None and known.booked_at is not None:
        return  # what is in Mplus is changed in Mplus
    made = Reservation(
        order_id=event.order_id,
        item_id=event.item_id,
        quantity=event.quantity,
        made_at=event.made_at,
        parts=kits.reserved(step, event, known.parts if known else ()),
    )
    others = tuple(one for one in article.reservations if one.key != key)
    step.article = replace(article, reservations=(*others, made))
    step.cause, step.cause_at = "bol-order", event.made_at
    before = known.quantity if known else 0
    done = f"takes {plain(event.quantity)}" if event.quantity else f"no longer takes {plain(before)}"
    text = f"Bol order {event.order_id} {done}"
    step.note("reservation", f"{text}.", direction="in")
    step.moved("bol-order", before - event.quantity, text, event.made_at)


def reservation_booked(step: Step, event: ReservationBooked) -> None:
    """The order is in Mplus, which reserves it from now on."""
    article = step.article
    key = item_key(event.order_id, event.item_id)
    if key in article.released or kits.came_round(step, event.item_id):
        return
    known = next((one for one in article.reservations if one.key == key), None)
    if known is not None and known.booked_at is not None:
        return
    booked = Reservation(
        order_id=event.order_id,
        item_id=event.item_id,
        quantity=event.quantity,
        made_at=known.made_at if known else event.booked_at,
        booked_at=event.booked_at,
        after=step.reading_asked,
    )
    if kits.booked(step, event, known):
        # It takes nothing from this row itself, so that no reading is waited for.
        step.article = released(article, booked)
    else:
        others = tuple(one for one in article.reservations if one.key != key)
        step.article = settle(replace(article, reservations=(*others, booked)), step.rules)
        doubted(step, event.booked_at)
    amount = plain(event.quantity)
    step.note("booked", f"Bol order {event.order_id} is in Mplus: {amount} reserved there.")
    step.moved(
        "booked", None, f"Bol order {event.order_id} is in Mplus: {amount} reserved there", event.booked_at
    )


def reservation_released(step: Step, event: ReservationReleased) -> None:
    """The order no longer takes it, and never came into Mplus."""
    key = item_key(event.order_id, event.item_id)
    known = next((one for one in step.article.reservations if one.key == key), None)
    if known is None or known.booked_at is not None:
        return
    kits.released(step, event, known)
    step.article = released(step.article, known)
    step.cause, step.cause_at = "bol-order", step.context.at
    amount = plain(known.quantity)
    step.note("released", f"Bol order {event.order_id} no longer takes {amount}.", direction="in")
    step.moved("cancelled", known.quantity, f"Bol order {event.order_id} no longer takes {amount}")


def stock_moved(step: Step, event: StockMoved) -> None:
    """Mplus's own history tells of it. The number itself comes with the readings; a doubled row changes nothing."""
    article = step.article
    if event.marker <= article.moved:
        return
    step.article = replace(article, moved=event.marker)
    if not article.watched:
        return
    sign = "+" if event.changed > 0 else ""
    text = f"{sign}{plain(event.changed)} at branch {event.branch}: {WORDS[event.kind]}"
    text += f" ({event.reference})" if event.reference else ""
    step.note("moved", f"{text}.", direction="in")
    step.moved(event.kind, event.changed, text, event.moved_at)
