"""What an event changes about an article's number, and what is to be pushed or read because of it.

Pure. The row holds what is desired and what was last sent; the difference is pushed. At most one push per
offer is on its way, a newer number replaces a waiting one. At most one reading per article likewise.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from streams.backoff import delay, wait_after
from streams.flow import Ask, Context, Decision
from streams.stock.calculation import desired, read_since, redated, released, settle, take, with_sale
from streams.stock.rules import StockRules
from streams.stock.shown import plain, shown
from streams.stock.state import REMEMBERED_SALES, Article, Offer, Reservation, Sale, item_key
from streams.vocabulary.activity import Activity, Noted
from streams.vocabulary.effects import PushOffer, ReadStock
from streams.vocabulary.events import (
    OfferObserved,
    OfferUnlinked,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    Settled,
    StockAnswered,
    StockDoubted,
    StockEvent,
    OfferPushed,
    StockRead,
    TillSold,
    Woke,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

READ = "read"
PUSH = "push/"
CAUSES = {"till-sale": "till sale", "bol-order": "Bol order"}


class _Step:
    """One decision in the making."""

    def __init__(self, article: Article, context: Context) -> None:
        self.article = article
        self.context = context
        self.rules: StockRules = context.rules
        self.asks: dict[str, Ask] = {}
        self.drops: list[str] = []
        self.notes: list[Activity] = []
        self.cause = "reading"
        self.cause_at: datetime | None = None
        self.doubt_raised = False

    def note(self, kind: str, text: str, **more: object) -> None:
        self.notes.append(Noted(kind=kind, text=text, **more))  # type: ignore[arg-type]  # keyword fields of Noted


def decide(state: Article | None, event: StockEvent, context: Context) -> Decision[Article]:
    """See streams/flow.py."""
    step = _Step(redated(state, context.at) if state else Article(), context)
    match event:
        case OfferObserved():
            _offer_observed(step, event)
        case OfferUnlinked():
            _offer_unlinked(step, event)
        case StockRead():
            step.article = take(step.article, (event.reading,), step.rules)
        case StockDoubted():
            _doubted(step, event.since)
        case TillSold():
            _till_sold(step, event)
        case ReservationMade():
            _reservation_made(step, event)
        case ReservationBooked():
            _reservation_booked(step, event)
        case ReservationReleased():
            _reservation_released(step, event)
        case Settled():
            _settled(step, event)
        case Woke():
            pass  # this flow sets no alarms: what waits, waits in an ask's not_before
        case _:
            assert_never(event)
    _ask_to_read(step)
    _ask_to_push(step)
    return _decision(state, step)


def _decision(before: Article | None, step: _Step) -> Decision[Article]:
    article, number = step.article, step.context.entity
    activity = tuple(step.notes)
    if article.offers or (before and before.offers):
        now = shown(number, article, step.rules)
        if before is None or step.asks or now != shown(number, before, step.rules):
            activity += (now,)
    return Decision(
        state=article,
        asks=tuple(step.asks.values()),
        drops=tuple(step.drops),
        activity=activity,
    )


# -- offers


def _offer_observed(step: _Step, event: OfferObserved) -> None:
    article = step.article
    known = next((offer for offer in article.offers if offer.offer_id == event.offer_id), None)
    step.cause = "offer"
    if known is None:
        offer = Offer(offer_id=event.offer_id)
        # Whatever was read before nobody watched this article may be old: read again.
        step.article = replace(article, offers=(*article.offers, offer))
        _doubted(step, step.context.at)
        step.note("offer", f"Offer {event.offer_id} ({event.ean}) sells this article.")
    else:
        offer = known
    pushing = step.context.open.get(PUSH + event.offer_id)
    observed_later = offer.sent_at is None or event.read_at >= offer.sent_at
    sent, sent_at = offer.sent, offer.sent_at
    if pushing is None and observed_later:
        holds = event.amount if event.managed_by_retailer else None
        # What Bol had when we first looked is ours too, once it is the number that belongs there.
        agreed = offer.sent_at is not None or offer.sent == offer.desired
        if offer.sent is not None and agreed and holds != offer.sent:
            what = (
                f"{event.amount} pieces" if event.managed_by_retailer else "Bol counting open orders itself"
            )
            step.note(
                "foreign-write",
                f"Offer {offer.offer_id} holds {what} where {offer.sent} belongs: someone else changed it. "
                "It is set back.",
                level="warn",
                direction="in",
            )
        sent, sent_at = holds, offer.sent_at if holds == offer.sent else None
    _put(
        step,
        replace(
            offer,
            ean=event.ean,
            units=max(1, event.units),
            fulfilment=event.fulfilment,
            at_bol=event.amount,
            at_bol_read=event.read_at,
            managed=event.managed_by_retailer,
            sent=sent,
            sent_at=sent_at,
        ),
    )
    if event.description:
        step.article = replace(step.article, description=event.description)


def _offer_unlinked(step: _Step, event: OfferUnlinked) -> None:
    kept = tuple(offer for offer in step.article.offers if offer.offer_id != event.offer_id)
    if len(kept) == len(step.article.offers):
        return
    step.article = replace(step.article, offers=kept)
    step.drops.append(PUSH + event.offer_id)
    step.note("offer", f"Offer {event.offer_id} no longer sells this article.")


def _put(step: _Step, offer: Offer) -> None:
    offers = tuple(offer if one.offer_id == offer.offer_id else one for one in step.article.offers)
    step.article = replace(step.article, offers=offers)


# -- what moves the number


def _doubted(step: _Step, since: datetime) -> None:
    article = step.article
    asked = read_since(article)
    if not article.offers or (asked is not None and asked >= since):
        return
    known = article.doubted_since
    step.article = replace(article, doubted_since=since if known is None else max(known, since))
    step.doubt_raised = True


def _till_sold(step: _Step, event: TillSold) -> None:
    article = step.article
    key = f"{event.session_id}/{event.line_id}"
    if key in article.sold or not article.offers:
        return
    article = replace(article, sold=(*article.sold, key)[-REMEMBERED_SALES:])
    back = event.quantity < 0
    if event.quantity > 0:  # a refund raises the number only when Mplus says so
        marker = max((reading.marker for reading in article.readings), default=2**62)
        sale = Sale(key=key, quantity=event.quantity, heard_at=event.heard_at, known_marker=marker)
        article = settle(replace(article, sales=with_sale(article.sales, sale)), step.rules)
    step.article = article
    _doubted(step, event.heard_at)
    step.cause, step.cause_at = "till-sale", event.heard_at
    what = f"{plain(abs(event.quantity))} taken back" if back else f"{plain(event.quantity)} sold"
    step.note("till-sale", f"{what} at the till.", direction="in")


def _reservation_made(step: _Step, event: ReservationMade) -> None:
    article = step.article
    key = item_key(event.order_id, event.item_id)
    known = next((one for one in article.reservations if one.key == key), None)
    if key in article.released or (known is not None and known.quantity == event.quantity):
        return
    if known is not None and known.booked_at is not None:
        return  # what is in Mplus is changed in Mplus
    made = Reservation(
        order_id=event.order_id, item_id=event.item_id, quantity=event.quantity, made_at=event.made_at
    )
    others = tuple(one for one in article.reservations if one.key != key)
    step.article = replace(article, reservations=(*others, made))
    step.cause, step.cause_at = "bol-order", event.made_at
    step.note("reservation", f"Bol order {event.order_id} takes {event.quantity}.", direction="in")


def _reservation_booked(step: _Step, event: ReservationBooked) -> None:
    article = step.article
    key = item_key(event.order_id, event.item_id)
    if key in article.released:
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
    )
    others = tuple(one for one in article.reservations if one.key != key)
    step.article = settle(replace(article, reservations=(*others, booked)), step.rules)
    _doubted(step, event.booked_at)
    step.note("booked", f"Bol order {event.order_id} is in Mplus: {event.quantity} reserved there.")


def _reservation_released(step: _Step, event: ReservationReleased) -> None:
    key = item_key(event.order_id, event.item_id)
    known = next((one for one in step.article.reservations if one.key == key), None)
    if known is None or known.booked_at is not None:
        return
    step.article = released(step.article, known)
    step.cause, step.cause_at = "bol-order", step.context.at
    step.note("released", f"Bol order {event.order_id} no longer takes {known.quantity}.", direction="in")


# -- outcomes


def _settled(step: _Step, event: Settled) -> None:
    if event.key == READ:
        _read_settled(step, event)
    elif event.key.startswith(PUSH):
        _push_settled(step, event, event.key.removeprefix(PUSH))


def _read_settled(step: _Step, event: Settled) -> None:
    outcome = event.outcome
    if isinstance(outcome, StockAnswered):
        article = replace(step.article, read_tries=0, read_stuck="")
        if article.read_stuck != step.article.read_stuck:
            step.note("reading", "Mplus answers again.", level="cleared", direction="in")
        step.article = take(article, outcome.readings, step.rules)
        if not outcome.readings:
            asked = step.article.doubted_since
            done = asked is None or asked <= event.asked_at
            step.article = replace(
                step.article,
                readings=(),
                doubted_since=None if done else asked,
            )
        return
    tries = step.article.read_tries + 1
    wait, words = _failed(outcome, tries, f"{step.context.entity}/read")
    stuck = f"Mplus did not give the stock of this article ({words}). It is asked again by itself."
    step.article = replace(
        step.article,
        read_tries=tries,
        read_stuck=stuck if tries >= 3 else step.article.read_stuck,
        doubted_since=step.article.doubted_since or step.context.at,
    )
    if tries == 3:
        step.note("reading", stuck, level="stuck", direction="in")
    if READ not in step.context.open:
        _ask_reading(step, step.context.at + seconds(wait))


def _push_settled(step: _Step, event: Settled, offer_id: str) -> None:
    offer = next((one for one in step.article.offers if one.offer_id == offer_id), None)
    if offer is None:
        return
    outcome = event.outcome
    if isinstance(outcome, OfferPushed):
        _pushed(step, offer, outcome, event)
        return
    tries = offer.tries + 1
    wait, words = _failed(outcome, tries, event.key)
    stuck = (
        f"Bol did not take {offer.desired} for offer {offer_id} ({words}). It is sent again by itself; "
        "if this stays, look at the offer in the Bol partner site."
    )
    loud = tries >= 3 or isinstance(outcome, Refused)
    if loud and not offer.stuck:
        step.note("push", stuck, level="stuck", direction="out")
    _put(
        step,
        replace(
            offer,
            tries=tries,
            stuck=stuck if loud else offer.stuck,
            # After a lost answer nobody knows what Bol holds.
            sent=None if isinstance(outcome, AnswerLost) else offer.sent,
        ),
    )
    newer = step.context.open.get(event.key)
    if offer.desired is not None and (newer is None or newer.not_before is None):
        step.asks[event.key] = Ask(
            key=event.key,
            effect=PushOffer(offer_id=offer_id, amount=offer.desired),
            not_before=step.context.at + seconds(wait),
            repeated=isinstance(outcome, AnswerLost),
        )


def _pushed(step: _Step, offer: Offer, outcome: OfferPushed, event: Settled) -> None:
    millis = None
    if offer.cause_at is not None and outcome.amount == offer.desired:
        millis = max(0, round((event.answered_at - offer.cause_at).total_seconds() * 1000))
    step.note(
        "push",
        f"Bol holds {outcome.amount} for offer {offer.offer_id}"
        + (f", after a {CAUSES.get(offer.cause, offer.cause)}." if millis is not None else "."),
        level="cleared" if offer.stuck else "good",
        direction="out",
        millis=millis,
    )
    _put(
        step,
        replace(
            offer,
            sent=outcome.amount,
            sent_at=event.answered_at,
            tries=0,
            stuck="",
            cause="" if millis is not None else offer.cause,
            cause_at=None if millis is not None else offer.cause_at,
        ),
    )


def _failed(outcome: object, tries: int, key: str) -> tuple[float, str]:
    """How long to wait, and the vendor's words."""
    match outcome:
        case Refused():
            return wait_after(outcome, tries, key), f"refused: {outcome.said}"
        case NotSent():
            return wait_after(outcome, tries, key), outcome.why
        case AnswerLost():
            return wait_after(outcome, tries, key), f"the answer was lost: {outcome.why}"
        case _:
            return delay(tries, key), f"an answer to another question: {type(outcome).__name__}"


# -- working off the difference


def _ask_to_read(step: _Step) -> None:
    """Asks for a reading where one is wanted. A doubt that this event raised asks anew even while a reading
    is on its way: that one may have been taken too early. A wait that a failure set is kept; once it is over,
    its reading is young enough for every doubt raised meanwhile."""
    article = step.article
    if not article.offers or READ in step.asks:
        return
    waiting = step.context.open.get(READ)
    if article.doubted_since is not None:
        if waiting is None or (step.doubt_raised and not article.read_tries):
            # Another process's clock may be somewhat ahead: a reading that counts is one asked for from then on.
            ahead = article.doubted_since > step.context.at
            _ask_reading(step, article.doubted_since if ahead else None)
    elif article.sales and waiting is None:
        first = min(sale.heard_at for sale in article.sales)
        _ask_reading(step, first + seconds(step.rules.till_sale_hold_seconds))


def _ask_reading(step: _Step, not_before: datetime | None) -> None:
    step.asks[READ] = Ask(
        key=READ,
        effect=ReadStock(article_number=int(step.context.entity), branches=step.rules.branches),
        not_before=not_before,
    )


def _ask_to_push(step: _Step) -> None:
    """Asks for a push of every offer whose number on its way is not the desired one."""
    for offer in step.article.offers:
        want = desired(step.article, offer, step.rules)
        if want != offer.desired:
            offer = replace(
                offer, desired=want, cause=step.cause, cause_at=step.cause_at if want is not None else None
            )
            _put(step, offer)
        if want is None or offer.fulfilment == "FBB":
            continue
        key = PUSH + offer.offer_id
        asked = step.asks.get(key)
        on_its_way = step.context.open.get(key)
        if asked is not None:
            if isinstance(asked.effect, PushOffer) and asked.effect.amount != want:
                step.asks[key] = replace(asked, effect=PushOffer(offer_id=offer.offer_id, amount=want))
            continue
        target = offer.sent
        not_before = None
        if on_its_way is not None and isinstance(on_its_way.effect, PushOffer):
            target = on_its_way.effect.amount
            # A number that waits out a failure is replaced, its wait is kept.
            not_before = on_its_way.not_before if offer.tries else None
        if target != want:
            step.asks[key] = Ask(
                key=key,
                effect=PushOffer(offer_id=offer.offer_id, amount=want),
                not_before=not_before,
                repeated=on_its_way.repeated if on_its_way is not None else False,
            )
