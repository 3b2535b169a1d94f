"""What comes back: the returns flow asks how an item was booked, and gets the order that would credit it. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from streams.orders.draft import draft
from streams.orders.state import PART, Order
from streams.orders.step import Making
from streams.vocabulary.events import Message, ReturnAnswered, ReturnAsked
from streams.vocabulary.mplus_order import OrderDraft, PostalAddress


def unknown(entity: str, event: ReturnAsked) -> tuple[Message, ...]:
    """No such order is remembered. A mixed order's FBB part may know the item."""
    return (_answer(entity, event, None),)


def asked(step: Making, event: ReturnAsked) -> None:
    """Answers, or passes the question on to the part of the order that has the item."""
    order = step.order
    mine = any(line.ean == event.ean for line in order.lines)
    elsewhere = order.order is not None and any(
        item.ean == event.ean and item.fulfilment != order.kind for item in order.order.items
    )
    if not mine and elsewhere and not step.id.endswith(PART):
        step.messages.append(Message(flow="orders", entity=step.id + PART, event=event))
        return
    step.messages.append(_answer(step.id, event, credit(step, order, event)))


def credit(step: Making, order: Order, event: ReturnAsked) -> OrderDraft | None:
    """The item's lines as they were booked, for so many units, with negative quantities. None: it was not booked."""
    line = next((one for one in order.lines if one.ean == event.ean and one.booked), None)
    if line is None or order.order is None or order.relation is None or order.kind not in step.rules.kinds:
        return None
    units = max(0, min(event.quantity, line.booked))
    if not units:
        return None
    back = replace(line, wanted=units, cancelling=None)
    made = draft(
        step.context.connection,
        step.id,
        order.order,
        (back,),
        order.relation,
        1,
        order.kind,
        step.rules,
        step.at,
        order.shifted,
    ).draft
    return replace(
        made,
        ext_order_id=f"{made.ext_order_id}-R{event.rma_id}",
        idempotency_key=f"kassabrug-{step.context.connection}-{step.id}-return-{event.rma_id}",
        reference=f"{made.reference} retour {event.rma_id}",
        deliver_to=PostalAddress(),  # the relation has one; ours is forgotten
        invoice_to=PostalAddress(),
        lines=tuple(replace(one, quantity=-one.quantity) for one in made.lines),
    )


def _answer(entity: str, event: ReturnAsked, made: OrderDraft | None) -> Message:
    answer = ReturnAnswered(order_id=entity, rma_id=event.rma_id, draft=made)
    return Message(flow="returns", entity=event.return_id, event=answer)
