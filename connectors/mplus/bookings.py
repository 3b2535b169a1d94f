"""What is done to an order: one effect, its calls. Everything but the commit reads the order first, does what is
missing, and reads it again: so all of it can be repeated."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from connectors.mplus import orders, portions, revision, settling
from connectors.mplus.failure import unknown_operation
from connectors.mplus.operation import MplusAnswer
from connectors.mplus.orders import Held
from connectors.mplus.trip import Trip
from streams.vocabulary.effects import (
    CancelMplusOrder,
    CommitOrder,
    DeliverMplusOrder,
    PayMplusOrder,
    ReadPackingSlips,
    SetMplusCategory,
)
from streams.vocabulary.events import (
    Answer,
    MplusOrderPaid,
    MplusOrderRead,
    OrderCommitted,
    PackingSlipsRead,
)
from streams.vocabulary.mplus_order import MplusOrder, OrderDraft
from streams.vocabulary.outcomes import AnswerLost, Failure, NotSent, Refused

TRIES = 4
"""Of an update, when somebody else changes the order between our reading and our writing."""
COME_AGAIN = 30.0
_NO_PAYMENTS = "this Mplus has no createOrderV3, and what it has takes no payments along"


# -- commit


async def committed(trip: Trip, effect: CommitOrder, repeated: bool) -> Answer | Failure:
    """The order is there, made or found."""
    draft = effect.draft
    if repeated:
        there = await _adopt(trip, draft)
        if there is not None:
            return there
    keyed = True
    sent = await trip.send(orders.create(draft))
    if isinstance(sent, Refused) and unknown_operation(sent):
        # The try that was refused had no effect, and earlier ones have been looked for above.
        keyed = False
        sent = await trip.send(orders.create_without_key(draft))
    if not isinstance(sent, MplusAnswer):
        return sent
    made = sent.what
    if not isinstance(made, Refused):
        unpaid = made.unpaid if keyed or not draft.payments else _NO_PAYMENTS
        return OrderCommitted(order_id=made.order_id, number=made.number, unpaid=unpaid, marker=made.marker)
    if made.code not in (orders.EXISTS, orders.UNPAID):
        return made
    there = await _adopt(trip, draft, made.said if made.code == orders.UNPAID else "")
    if there is None and made.code == orders.UNPAID:
        return made
    if there is None:
        # Queued for a branch with a database of its own, perhaps (facts/mplus.md 7.1): it comes in sight later.
        why = f"Mplus has an order {draft.ext_order_id} already ({made.said}), but does not give it"
        return AnswerLost(why=why)
    return there


async def _adopt(trip: Trip, draft: OrderDraft, why: str = "") -> OrderCommitted | Failure | None:
    """The order that is there already; None: there is none."""
    sent = await trip.send(orders.find(draft.ext_order_id))
    if not isinstance(sent, MplusAnswer):
        return sent
    order = sent.what
    if order is None:
        return None
    unpaid = ""
    if draft.payments and not (order.prepaid_cents or order.fully_paid or order.invoices):
        unpaid = why or "the order was there already, without its payment"
    return OrderCommitted(order_id=order.order_id, number=order.number, adopted=True, unpaid=unpaid)


# -- read


async def read(trip: Trip, order_id: str) -> MplusOrderRead | Failure:
    """As it is now."""
    held = await _held(trip, order_id)
    return held if isinstance(held, Failure) else _read(held)


async def slips(trip: Trip, effect: ReadPackingSlips) -> Answer | Failure:
    """What left for it."""
    sent = await trip.send(settling.packing_slips(effect.order_id))
    return PackingSlipsRead(slips=sent.what) if isinstance(sent, MplusAnswer) else sent


async def _held(trip: Trip, order_id: str) -> Held | Failure | None:
    sent = await trip.send(orders.get(order_id))
    return sent.what if isinstance(sent, MplusAnswer) else sent


def _read(held: Held | None) -> MplusOrderRead:
    return MplusOrderRead(order=None if held is None else held.order)


# -- deliver


async def delivered(trip: Trip, effect: DeliverMplusOrder) -> Answer | Failure:
    """What is missing of what is due is delivered."""
    held = await _held(trip, effect.order_id)
    if isinstance(held, Failure):
        return held
    missing = portions.to_deliver(held.order, effect.due) if held else {}
    if held is None or not missing:
        return _read(held)
    sent = await trip.send(settling.deliver(effect.order_id, missing, effect.turnover))
    if isinstance(sent, Refused) and unknown_operation(sent):
        if missing != portions.to_deliver(held.order, ()):
            return Refused(
                said=f"this Mplus is too old to deliver a part of order {_called(held.order)} for us "
                "(it has no deliverOrderV2): deliver it in Mplus",
                code=sent.code,
            )
        sent = await trip.send(settling.deliver_all(effect.order_id, effect.turnover))
    if not isinstance(sent, MplusAnswer):
        return sent
    # A no may mean that staff were faster.
    after = await _held(trip, effect.order_id)
    if isinstance(after, Failure):
        return after
    if sent.what is not None and after is not None and portions.to_deliver(after.order, effect.due):
        return sent.what
    return _read(after)


# -- cancel


async def cancelled(trip: Trip, effect: CancelMplusOrder) -> Answer | Failure:
    """No more is wanted than is left."""
    held = await _held(trip, effect.order_id)
    if isinstance(held, Failure):
        return held
    smaller = portions.to_shrink(held.order, effect.left) if held else {}
    if held is None or not smaller:
        return _read(held)
    if not portions.all_goes(held.order, smaller):
        return await _revised(trip, held, lambda order: portions.to_shrink(order, effect.left))
    sent = await trip.send(settling.cancel(effect.order_id))
    if not isinstance(sent, MplusAnswer):
        return sent
    after = await _held(trip, effect.order_id)
    if isinstance(after, Failure):
        return after
    if after is None or not portions.to_shrink(after.order, effect.left):
        return _read(after)
    refused = sent.what
    if refused is not None and refused.code not in (settling.CANCELLED, settling.QUEUED, settling.UNDONE):
        return refused
    said = refused.said if refused is not None else "OK"
    return AnswerLost(
        why=f"Mplus says {said!r} to cancelling order {_called(after.order)}, which is not cancelled yet"
    )


# -- change


async def recategorised(trip: Trip, effect: SetMplusCategory) -> Answer | Failure:
    """It has this category."""
    held = await _held(trip, effect.order_id)
    if isinstance(held, Failure):
        return held
    if held is None:
        return _read(held)
    return await _revised(trip, held, lambda _: {}, effect.category)


async def _revised(
    trip: Trip, held: Held, smaller: Callable[[MplusOrder], dict[str, Decimal]], category: int | None = None
) -> Answer | Failure:
    """Updates the order until nothing of it is to change any more. Somebody who changes it in between is read again
    first: his change stays."""
    for _ in range(TRIES):
        quantities = smaller(held.order)
        wanted = category if category != held.order.category else None
        if not quantities and wanted is None:
            return _read(held)
        sent = await trip.send(revision.update(held, quantities, wanted))
        if not isinstance(sent, MplusAnswer):
            return sent
        refused = sent.what
        if refused is not None and refused.code != revision.CHANGED:
            return refused
        after = await _held(trip, held.order.order_id)
        if isinstance(after, Failure):
            return after
        if after is None:
            return _read(after)
        held = after
        if refused is None:
            if not smaller(held.order) and category in (None, held.order.category):
                return _read(held)
            # Queued for a branch with a database of its own (facts/mplus.md 7.1), or changed back at once.
            said = f"Mplus has taken a change of order {_called(held.order)}, which does not show yet"
            return AnswerLost(why=said)
    said = f"order {_called(held.order)} is being changed in Mplus again and again by somebody else"
    return NotSent(why=said, retry_after=COME_AGAIN)


# -- pay


async def paid(trip: Trip, effect: PayMplusOrder, repeated: bool) -> Answer | Failure:
    """The payment is on it. An order with an invoice is settled: nothing can be paid on it any more."""
    sent = await trip.send(settling.pay(effect.order_id, effect.key, effect.payment, effect.prepay))
    if isinstance(sent, Refused) and unknown_operation(sent):
        there = await _paid_already(trip, effect, repeated)
        if there is not None:
            return there
        sent = await trip.send(settling.pay_without_key(effect.order_id, effect.payment, effect.prepay))
    if not isinstance(sent, MplusAnswer):
        return sent
    if not isinstance(sent.what, Refused):
        return MplusOrderPaid(invoice_id=sent.what.invoice_id)
    return MplusOrderPaid() if sent.what.code == settling.INVOICED else sent.what


async def _paid_already(trip: Trip, effect: PayMplusOrder, repeated: bool) -> Answer | Failure | None:
    """Without a key an earlier try is known by its reference only; None: it is not there."""
    if not repeated:
        return None
    held = await _held(trip, effect.order_id)
    if isinstance(held, Failure):
        return held
    if held is None:
        return Refused(said=f"Mplus does not know the order {effect.order_id} that is to be paid")
    if not effect.payment.reference and held.payments:
        return Refused(
            said=f"an earlier try may have paid order {_called(held.order)}, and the payment has no reference to "
            "be known by: look at its payments in Mplus"
        )
    if any(one == effect.payment for one in held.payments):
        return MplusOrderPaid(invoice_id=next(iter(held.order.invoices), ""))
    return None


def _called(order: MplusOrder) -> str:
    return order.number or order.ext_order_id or order.order_id
