"""After the commit: what Mplus shows and what Bol shows are brought together, again after everything that is seen.

Nothing here is a sequence of steps: what is desired (delivered, paid, cancelled, told to Bol) is compared with what was
observed, and the difference is worked off. Pure.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from msgspec.structs import replace

from streams.orders import cancelling, seeing, shipping
from streams.orders.allotment import allotted, articles_of
from streams.orders.failing import again, worked
from streams.orders.rules import OrderRules
from streams.orders.state import Booked, Line, Order, Step
from streams.orders.step import DELIVER, FETCH, LESS, PAY, READ, STATUS, Making
from streams.vocabulary.effects import (
    CancelMplusOrder,
    DeliverMplusOrder,
    Effect,
    PayMplusOrder,
    ReadMplusOrder,
    SetMplusCategory,
)
from streams.vocabulary.events import Message, MplusOrderPaid, MplusOrderRead, StockDoubted
from streams.vocabulary.mplus_order import Moved, MplusOrder, Payment
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused

GONE = "gone-in-mplus"


# -- what is seen in Mplus


def read(step: Making) -> None:
    """Reads the order in Mplus now."""
    if step.order.mplus_order and not step.waits_for(READ):
        step.ask(READ, ReadMplusOrder(order_id=step.order.mplus_order))


def answered(step: Making, key: str, outcome: MplusOrderRead) -> None:
    """An effect that ends with the order as it is in Mplus."""
    worked(step, key)
    if not step.order.is_booked:
        return
    step.put(checked=step.order.changed)
    if outcome.order is None:
        number = step.order.mplus_number or step.order.mplus_order
        step.stuck(
            GONE,
            f"Mplus no longer knows order {number}. Look for it in Mplus; what happens to it there is not told to Bol.",
        )
        return
    step.freed(GONE)
    seen(step, outcome.order, whole=True)


def seen(step: Making, found: MplusOrder, whole: bool = False) -> None:
    """A sweep, or an answer, shows the order as it is in Mplus. An older word than the last one is passed over, but for
    the stock. `whole`: Mplus was asked for this very order, so that no lines and nothing to pay means that all of them
    were taken off."""
    order = step.order
    if not order.is_booked or found.order_id != order.mplus_order:
        step.messages.extend(_doubts(found, found.articles, step.at))
        if not order.is_booked:
            step.put(seen_before=max(order.seen_before, found.marker))
        return
    before = order.booked or Booked()
    now = Booked.of(found)
    emptied = found.cancel_state.endswith("COMPLETE") or (whole and not found.total_cents)
    if not found.lines and not emptied:
        # A list without its lines tells nothing about them; or they are all taken off, which the order itself says.
        now = replace(
            now,
            quantity=before.quantity,
            delivered=before.delivered,
            parts=before.parts,
            invoiced=now.invoiced or before.invoiced,
        )
        if not whole and (found.marker > before.marker or not found.marker):
            # Anew, if it is on its way already: that answer may be from before this.
            step.ask(READ, ReadMplusOrder(order_id=order.mplus_order))
    if step.kind_reserves:
        step.messages.extend(_doubts(found, moved(before, now), step.at))
    if found.marker < before.marker:
        return
    step.put(
        booked=now,
        paid=order.paid or found.fully_paid or bool(found.invoices),
        mplus_number=order.mplus_number or found.number,
    )
    _note_delivery(step, before, now)
    follow(step)


def _note_delivery(step: Making, before: Booked, now: Booked) -> None:
    was = sum(before.delivered.values())
    there, whole = sum(now.delivered.values()), sum(now.quantity.values())
    if there == was:
        return
    words = "delivered" if there >= whole else f"partly delivered, {there} of {whole} articles"
    step.note("delivery", f"In Mplus: {words if there else 'nothing delivered any more'}.", direction="in")


# -- what that means for the stock


def moved(before: Booked, now: Booked) -> frozenset[int]:
    """Articles whose free amount may have changed since the order was seen as `before`: what an order reserves moves no
    stockId (facts/mplus.md 5.2), so nobody else hears of it.

    Under the same marker nobody has changed it: only what is otherwise than we knew it. Under another one every
    article on it, now or before: a line that was taken off and put back between two looks shows the same amounts, and
    the article may have been read in between. Where Mplus gives no marker all of them always.
    """
    both = before.articles | now.articles
    if not now.marker or now.marker != before.marker:
        return both
    parts = set(before.parts) ^ set(now.parts)
    return frozenset(
        article
        for article in both
        if article in parts or before.quantity.get(article) != now.quantity.get(article)
    )


def unknown(found: MplusOrder, at: datetime) -> tuple[Message, ...]:
    """A sweep shows an order under our prefix that no row knows (a credit, one that is no longer remembered)."""
    return _doubts(found, found.articles, at)


def _doubts(found: MplusOrder, articles: Set[int], at: datetime) -> tuple[Message, ...]:
    why = f"order {found.number or found.order_id} changed in Mplus"
    event = StockDoubted(why=why, since=at)
    return tuple(Message(flow="stock", entity=str(article), event=event) for article in sorted(articles))


# -- desired and observed


def delivered(order: Order) -> dict[str, int]:
    """Units of each item that have left in Mplus."""
    if order.booked is None:
        return {}
    return allotted(order.lines, order.booked.delivered, {line.item_id: line.booked for line in order.lines})


def kept(order: Order) -> dict[str, int]:
    """Units of each item that are on the Mplus order: booked, less what was cancelled there. What has left comes first,
    then what is still wanted."""
    if order.booked is None:
        return {line.item_id: line.booked for line in order.lines}
    gone = delivered(order)
    left = dict(order.booked.quantity)
    for article, count in articles_of(order.lines, gone).items():
        left[article] = left.get(article, 0) - count
    more: dict[str, int] = {}
    for line in order.lines:
        number, each = line.article_number, max(1, line.units)
        if number is None:
            continue
        want = max(0, min(line.due, line.booked) - gone.get(line.item_id, 0))
        taken = max(0, min(want, left.get(number, 0) // each))
        more[line.item_id] = taken
        left[number] = left.get(number, 0) - taken * each
    for line in order.lines:  # what is wanted no more, and is still there
        number, each = line.article_number, max(1, line.units)
        if number is None:
            continue
        there = gone.get(line.item_id, 0) + more.get(line.item_id, 0)
        taken = max(0, min(line.booked - there, left.get(number, 0) // each))
        more[line.item_id] = more.get(line.item_id, 0) + taken
        left[number] = left.get(number, 0) - taken * each
    return {line.item_id: gone.get(line.item_id, 0) + more.get(line.item_id, 0) for line in order.lines}


def follow(step: Making) -> None:
    """Brings both sides together as far as can be done now."""
    if not step.order.is_booked or step.order.booked is None:
        return
    _deliver(step)
    _pay(step)
    cancelling.compare(step)
    cancelling.grant(step)
    shipping.learn(step)
    shipping.tell(step)
    _stand(step)
    _set_status(step)


def _deliver(step: Making) -> None:
    if step.waits_for(DELIVER):
        return
    effect = delivery(step.order, step.rules)
    if effect is not None:
        step.ask(DELIVER, effect)


def delivery(order: Order, rules: OrderRules) -> DeliverMplusOrder | None:
    """What is to be delivered in Mplus without staff: everything, where the shop has it so; else what has left by Bol's
    word. None: nothing more than there is."""
    how = rules.kinds.get(order.kind)
    if how is None or order.booked is None:
        return None
    at_once = how.deliver == "at-once" or how.commit == "invoice"
    left, there = delivered(order), kept(order)
    wanted = {
        line.item_id: min(
            there.get(line.item_id, 0),
            max(line.due if at_once else 0, line.shipped if rules.shipping.follow_bol else 0),
        )
        for line in order.lines
    }
    if all(left.get(item_id, 0) >= count for item_id, count in wanted.items()):
        return None
    due = articles_of(
        order.lines, {item_id: max(count, left.get(item_id, 0)) for item_id, count in wanted.items()}
    )
    ours = {line.article_number for line in order.lines}
    whole = all(
        due.get(number, 0) >= count for number, count in order.booked.quantity.items() if number in ours
    )
    totals = tuple(Moved(article_number=number, quantity=count) for number, count in sorted(due.items()))
    return DeliverMplusOrder(order_id=order.mplus_order, due=() if whole else totals)


def _pay(step: Making) -> None:
    if not step.waits_for(PAY):
        effect = payment(step)
        if effect is not None:
            step.ask(PAY, effect)


def payment(step: Making) -> PayMplusOrder | None:
    """A deposit at once; an invoice is settled when everything has left. None: nothing is to be paid (now).

    After a refusal the key is another one: the old one would be answered the same for ever (facts/mplus.md 1.6).
    """
    order = step.order
    how = step.rules.kinds.get(order.kind)
    if how is None or order.paid or order.booked is None or not how.payment_method:
        return None
    invoice = how.commit == "invoice"
    there, gone = kept(order), delivered(order)
    if not any(there.values()) or not (invoice or how.prepaid):
        return None
    if invoice and any(gone.get(item_id, 0) < count for item_id, count in there.items()):
        return None
    whole = all(there.get(line.item_id, 0) >= line.booked for line in order.lines)
    cents = order.cents if whole else order.booked.total_cents or order.cents
    if not cents:
        return None
    tries = f"-{order.refused_payments}" if order.refused_payments else ""
    return PayMplusOrder(
        order_id=order.mplus_order,
        key=f"kassabrug-{step.context.connection}-{step.id}-pay{tries}",
        payment=Payment(method=how.payment_method, cents=cents, reference=f"Bol.com {step.bol_id}"),
        prepay=not invoice,
    )


def paid(step: Making, outcome: MplusOrderPaid) -> None:
    """The payment is booked."""
    worked(step, PAY)
    step.put(paid=True)
    what = f"The invoice is made ({outcome.invoice_id})." if outcome.invoice_id else "The payment is booked."
    step.note("paid", what, level="good", direction="out")
    follow(step)


def _stand(step: Making) -> None:
    """Which step that is, and whether it is done."""
    order = step.order
    if any(
        line.cancelling is not None and line.cancelling.status in ("asked", "pending") for line in order.lines
    ):
        return
    to = standing(order, step.rules.kinds.get(order.kind) is None or step.kind.ship_on == "never")
    if to in ("done", "cancelled") and any(step.waits_for(key) for key in (DELIVER, PAY, LESS)):
        return  # in Mplus it is not yet what it is at Bol
    if to != order.step:
        step.go_to(to)
        if to == "done":
            step.put(late=False, left_at=None, by_hand=None)
            step.freed("late")
            step.note("done", "Done: everything has left, and Bol knows.", level="good")
        elif to == "cancelled":
            step.put(late=False)
            step.freed("late")
            step.note("cancelled", "Cancelled, at Bol and in Mplus.", level="cleared")


def standing(order: Order, untold: bool) -> Step:
    """Where an order that is in Mplus stands; `untold`: Bol is told nothing of it (it sends it itself)."""
    left, there = delivered(order), kept(order)

    def over(line: Line) -> bool:
        return (left.get(line.item_id, 0) if untold else line.shipped) >= line.wanted

    if not any(line.wanted for line in order.lines):
        return "cancelled" if not any(there.values()) else "committed"
    if all(over(line) for line in order.lines) and not any(one.open for one in order.shipments):
        return "done"
    if any(one.open for one in order.shipments):
        return "shipping"
    return (
        "delivered" if any(left.get(line.item_id, 0) > line.shipped for line in order.lines) else "committed"
    )


def _status(order: Order, rules: OrderRules) -> int | None:
    """The order status that the order should have in Mplus; None: it is left alone."""
    shipping_rules = rules.shipping
    return {"done": shipping_rules.done_category, "cancelled": shipping_rules.cancelled_category}.get(
        order.step
    )


def _set_status(step: Making) -> None:
    """The order status in Mplus follows Bol's, where the shop wants that. Set once: staff may change it again."""
    order = step.order
    want = _status(order, step.rules)
    if want is None or order.category == want or step.waits_for(STATUS):
        return
    if order.booked is not None and order.booked.category == want:
        step.put(category=want)
        return
    step.ask(STATUS, SetMplusCategory(order_id=order.mplus_order, category=want))


def status_set(step: Making, outcome: MplusOrderRead) -> None:
    """The order has the status that was asked for."""
    if outcome.order is not None:
        step.put(category=outcome.order.category)
    answered(step, STATUS, outcome)


# -- failures


def not_done(step: Making, key: str, outcome: Refused | NotSent | AnswerLost) -> None:
    """An effect in Mplus failed: it is worked out anew from what is known, when it is time."""
    order = step.order
    if not order.is_booked:
        return
    effect: Effect | None = None
    if key == READ:
        effect = ReadMplusOrder(order_id=order.mplus_order)
    elif key == PAY:
        if isinstance(outcome, Refused):
            step.put(refused_payments=order.refused_payments + 1)
        effect = payment(step)
    elif key == DELIVER:
        effect = delivery(order, step.rules)
    elif key == LESS:
        effect = CancelMplusOrder(
            order_id=order.mplus_order, left=cancelling.left_in_mplus(order, step.rules)
        )
    elif key == STATUS:
        want = _status(order, step.rules)
        effect = SetMplusCategory(order_id=order.mplus_order, category=want) if want is not None else None
    if effect is not None:
        again(step, key, effect, outcome)
    else:
        worked(step, key)


def retry(step: Making) -> None:
    """A person asks to try again: both sides are read anew."""
    step.put(ship_after=None)
    read(step)
    if not step.waits_for(FETCH):
        seeing.fetch(step)
