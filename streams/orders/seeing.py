"""From Bol: an order is noticed, fetched, and compared with what is known of it. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from streams.orders import booking, cancelling, following
from streams.orders.draft import without_persons
from streams.orders.failing import again, worked
from streams.orders.products import lines_of, questions, reservations
from streams.orders.shown import masked_customer
from streams.orders.state import PART, Line, has_part, kind_of
from streams.orders.step import COMMIT, FETCH, LOOK, Making
from streams.vocabulary.bol_order import BolOrder, fingerprint
from streams.vocabulary.effects import FetchBolOrder
from streams.vocabulary.events import BolOrderFetched, Message, OrderNoticed
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import SHOP_ZONE


def noticed(step: Making, new: bool, event: OrderNoticed) -> None:
    """A sweep or a push says that it exists or changed."""
    order = step.order
    if new:
        step.put(noticed_at=event.noticed_at)
        step.note("order-seen", f"Bol order {step.id}, by {event.via}.", direction="in")
    elif event.changed and event.changed in (order.changed, order.wanted_change):
        return
    elif not event.changed and step.waits_for(FETCH) and order.order is None:
        return  # a doubled push of an order that nobody has read yet: what is on its way is young enough
    step.put(wanted_change=event.changed)
    fetch(step)


def fetch(step: Making) -> None:
    """Reads it (again) at Bol."""
    step.ask(FETCH, FetchBolOrder(order_id=step.bol_id))


def fetched(step: Making, outcome: BolOrderFetched) -> None:
    """Bol gave the order, or does not know it."""
    found = outcome.order
    if found is None:
        refused = Refused(said="Bol does not know this order")
        again(step, FETCH, FetchBolOrder(order_id=step.bol_id), refused)
        return
    worked(step, FETCH)
    changed = fingerprint(
        (
            item.item_id,
            item.quantity,
            item.quantity_shipped,
            item.quantity_cancelled,
            item.cancellation_requested,
        )
        for item in found.items
    )
    if has_part(found, step.id, step.rules) and changed != step.order.changed:
        # What Bol sends itself of a mixed order is booked by a row of its own, perhaps at another branch. Bol names the
        # order by its id alone, so that row hears of it, and of every change, from this one.
        event = OrderNoticed(via="sweep", noticed_at=step.order.noticed_at, changed=changed)
        step.messages.append(Message(flow="orders", entity=step.id + PART, event=event))
    step.put(changed=changed, wanted_change="")
    if step.order.is_booked:
        _take_over(step, found)
        following.follow(step)
    elif step.waits_for(COMMIT) or step.order.doubt:
        step.put(later=found)
    else:
        take_in(step, found)


def not_fetched(step: Making, outcome: Refused | NotSent | AnswerLost) -> None:
    """Reading it failed."""
    again(step, FETCH, FetchBolOrder(order_id=step.bol_id), outcome)


def take_in(step: Making, found: BolOrder) -> None:
    """The order as Bol has it now, before it is in Mplus."""
    known = step.order
    kind = kind_of(found, step.id, step.rules)
    why = _why_kept_out(step, found) if kind is None or not known.lines else ""
    if kind is None or why:
        if known.lines:
            reserve(step, tuple(replace(line, wanted=0) for line in known.lines))
        step.put(order=without_persons(found), later=None, lines=())
        step.go_to("kept-out")
        step.note("kept-out", why or "Not taken over: the kind of order is no longer switched on.")
        return
    _take_over(step, found)
    if not known.lines:
        step.put(looked=not booking.may_be_there(step, found))
    gone = [line for line in known.lines if line.item_id not in {one.item_id for one in step.order.lines}]
    reserve(step, tuple(replace(line, wanted=0) for line in gone))
    cancelling.grant(step)
    go_in(step, changed=step.order.lines != known.lines)


def go_in(step: Making, changed: bool = False) -> None:
    """On with an order that is not booked yet: cancelled if nothing of it is due any more, else its articles."""
    order = step.order
    if not any(line.due for line in order.lines):
        cancelled(step)
        return
    if order.step in ("seen", "cancelled", "kept-out") or changed:
        step.go_to("products")
    step.messages.extend(questions(step.id, step.order.lines, step.rules))
    booking.go_on(step)


def cancelled(step: Making) -> None:
    """Nothing of it is due any more, and nothing was booked."""
    if step.order.step == "cancelled":
        return
    reserve(step)
    step.drops.extend((LOOK, COMMIT))
    step.go_to("cancelled")
    order = step.order.order
    step.put(troubles={}, asked_customer="", order=without_persons(order) if order else None)
    step.note("cancelled", "Cancelled before it was in Mplus.", level="cleared", direction="in")


def _why_kept_out(step: Making, found: BolOrder) -> str:
    start = step.rules.start
    if kind_of(found, step.id, step.rules) is None:
        kinds = "/".join(sorted({item.fulfilment for item in found.items})) or "nothing"
        return f"Not taken over: {kinds} orders are not switched on for this connection."
    if start is not None and found.placed_at.astimezone(SHOP_ZONE).date() < start:
        return f"Not taken over: it was placed before {start.isoformat()} (orders.start in the settings)."
    return ""


def _take_over(step: Making, found: BolOrder) -> None:
    known = step.order
    kind = kind_of(found, step.id, step.rules) or known.kind
    booked = known.is_booked
    lines = lines_of(found, known.lines, kind)
    if booked:
        # What was booked stays a line, whatever Bol shows.
        there = {line.item_id for line in lines}
        lines += tuple(
            replace(line, wanted=0) for line in known.lines if line.item_id not in there and line.booked
        )
    step.put(
        kind=kind,
        order=without_persons(found) if booked else found,
        later=None,
        lines=lines,
        customer=known.customer or masked_customer(found),
        country=found.ship_to.country or known.country,
        business=bool(found.bill_to.company or found.ship_to.company) or known.business,
    )


def reserve(step: Making, gone: tuple[Line, ...] = ()) -> None:
    """Tells the stock flow what each known article has to keep for this order; `gone`: lines that fell away."""
    if not step.kind_reserves:
        return
    lines, messages = reservations(step.id, step.order.lines, step.order.noticed_at)
    _, releases = reservations(step.id, gone, step.order.noticed_at)
    step.put(lines=lines)
    step.messages.extend((*messages, *releases))
