"""What an event changes about an order, and which step is taken next. Pure.

Every step works off a difference: what is not known is asked for, what is known is gone past. A step that
fails says why, waits and tries again; nothing is tried under a new idempotency key unless Mplus refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, assert_never

from msgspec.structs import replace

from streams.backoff import delay
from streams.flow import Ask, Context, Decision
from streams.orders.draft import customer, draft, email, without_persons
from streams.orders.products import answered, lines_of, questions, reservations, why_missing
from streams.orders.rules import OrderRules
from streams.orders.shown import masked_customer, shown
from streams.orders.state import NEXT, Line, Order, Step
from streams.vocabulary.activity import Activity, Level, Noted
from streams.vocabulary.bol_order import BolOrder, fingerprint
from streams.vocabulary.effects import (
    CommitOrder,
    CreateRelation,
    Effect,
    FetchBolOrder,
    FindRelation,
    UpdateRelation,
)
from streams.vocabulary.events import (
    BolOrderFetched,
    CodeAnswered,
    Message,
    MplusOrderSeen,
    OperatorAsked,
    OrderCommitted,
    OrderNoticed,
    OrdersEvent,
    RelationFound,
    RelationSaved,
    ReservationBooked,
    Settled,
    Woke,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

FETCH, FIND, CREATE, UPDATE, COMMIT = "fetch", "find-relation", "create-relation", "update-relation", "commit"
ENDED: tuple[Step, ...] = ("committed", "cancelled", "kept-out")
REFUSED_WAIT = 60.0
"""Seconds at least before what a vendor refused is tried again: a person has to change something first."""


class _Step:
    """One decision in the making."""

    def __init__(self, order: Order, context: Context) -> None:
        self.order = order
        self.context = context
        self.rules: OrderRules = context.rules
        self.asks: dict[str, Ask] = {}
        self.drops: list[str] = []
        self.messages: list[Message] = []
        self.notes: list[Activity] = []

    @property
    def id(self) -> str:
        return self.context.entity

    def note(
        self,
        kind: str,
        text: str,
        level: Level = "info",
        direction: Literal["in", "out", ""] = "",
        millis: int | None = None,
    ) -> None:
        self.notes.append(Noted(kind=kind, text=text, level=level, direction=direction, millis=millis))

    def ask(
        self, key: str, effect: Effect, not_before: datetime | None = None, repeated: bool = False
    ) -> None:
        self.asks[key] = Ask(key=key, effect=effect, not_before=not_before, repeated=repeated)

    def waits_for(self, key: str) -> bool:
        return key in self.asks or (key in self.context.open and key not in self.drops)

    def go_to(self, to: Step) -> None:
        if self.order.step == to:
            return
        if to not in NEXT[self.order.step]:
            raise ValueError(f"an order cannot go from {self.order.step} to {to}")
        ended = self.context.at if to in ENDED else None
        self.order = replace(self.order, step=to, finished_at=ended)


def decide(state: Order | None, event: OrdersEvent, context: Context) -> Decision[Order]:
    """See streams/flow.py."""
    if state is None and not isinstance(event, OrderNoticed):
        return Decision(state=None)  # an echo about an order that is no longer remembered
    step = _Step(state or Order(noticed_at=context.at), context)
    match event:
        case OrderNoticed():
            _noticed(step, state is None, event)
        case CodeAnswered():
            _code_answered(step, event)
        case MplusOrderSeen():
            _seen_in_mplus(step, event)
        case OperatorAsked():
            _operator_asked(step, event)
        case Settled():
            _settled(step, event)
        case Woke():
            if step.order.finished_at is not None and not context.open:
                return Decision(state=None)
        case _:
            assert_never(event)
    return _decision(state, step)


def _decision(before: Order | None, step: _Step) -> Decision[Order]:
    order = step.order
    activity = tuple(step.notes)
    now = shown(step.id, order)
    if before is None or shown(step.id, before) != now:
        activity += (now,)
    wake = None
    if order.finished_at is not None:
        wake = order.finished_at + seconds(step.rules.keep_days * 86_400)
    return Decision(
        state=order,
        messages=tuple(step.messages),
        asks=tuple(step.asks.values()),
        drops=tuple(step.drops),
        activity=activity,
        wake=wake,
    )


# -- from Bol


def _noticed(step: _Step, new: bool, event: OrderNoticed) -> None:
    order = step.order
    if new:
        step.order = order = replace(order, noticed_at=event.noticed_at)
        step.note("order-seen", f"Bol order {step.id}, by {event.via}.", direction="in")
    elif event.changed and event.changed in (order.changed, order.wanted_change):
        return
    elif not event.changed and step.waits_for(FETCH) and order.order is None:
        return  # a doubled push of an order that nobody has read yet: what is on its way is young enough
    step.order = replace(order, wanted_change=event.changed)
    step.ask(FETCH, FetchBolOrder(order_id=step.id))


def _fetched(step: _Step, found: BolOrder | None) -> None:
    order = step.order
    if found is None:
        _failed(step, FETCH, FetchBolOrder(order_id=step.id), Refused(said="Bol does not know this order"))
        return
    _worked(step)
    changed = fingerprint(
        (item.item_id, item.quantity, item.quantity_cancelled, item.cancellation_requested)
        for item in found.items
    )
    step.order = replace(step.order, changed=changed, wanted_change="")
    if order.step == "committed":
        _compare(step, found)
    elif step.waits_for(COMMIT):
        step.order = replace(step.order, later=found)
    else:
        _take_in(step, found)


def _take_in(step: _Step, found: BolOrder) -> None:
    """The order as Bol has it now, before it is in Mplus."""
    known = step.order
    lines = lines_of(found, known.lines, step.rules)
    step.order = replace(known, order=found, later=None, lines=lines, customer=masked_customer(found))
    gone = [line for line in known.lines if line.item_id not in {one.item_id for one in lines}]
    _reserve(step, tuple(replace(line, wanted=0) for line in gone))
    if not lines and not known.lines:
        kinds = "/".join(sorted({item.fulfilment for item in found.items})) or "nothing"
        step.go_to("kept-out")
        step.note("kept-out", f"Not taken over: {kinds} orders are not switched on for this connection.")
        return
    if not any(line.wanted for line in lines):
        _cancelled(step)
        return
    if step.order.step in ("seen", "cancelled", "kept-out") or lines != known.lines:
        step.go_to("products")
    if any(item.cancellation_requested for item in found.items):
        step.note("cancellation-asked", "The customer asked Bol to cancel.", level="warn", direction="in")
    step.messages.extend(questions(step.id, lines))
    _go_on(step)


def _cancelled(step: _Step) -> None:
    if step.order.step == "cancelled":
        return
    _reserve(step)
    step.drops.extend((FIND, CREATE, UPDATE, COMMIT))
    step.go_to("cancelled")
    step.order = replace(step.order, stuck="", order=_nameless(step.order.order))
    step.note("cancelled", "Cancelled at Bol before it was in Mplus.", level="cleared", direction="in")


def _compare(step: _Step, found: BolOrder) -> None:
    """Bol changed an order that is in Mplus already: a person is told."""
    wanted = {line.item_id: line.wanted for line in step.order.lines}
    now = {line.item_id: line.wanted for line in lines_of(found, step.order.lines, step.rules)}
    step.order = replace(step.order, order=without_persons(found), later=None)
    changed = [item for item in sorted(wanted | now) if wanted.get(item, 0) != now.get(item, 0)]
    if not changed:
        if step.order.stuck:
            step.order = replace(step.order, stuck="")
        return
    number = step.order.mplus_number or step.order.mplus_order
    what = ", ".join(
        f"item {item}: {now.get(item, 0)} instead of {wanted.get(item, 0)}" for item in changed[:5]
    )
    stuck = (
        f"Bol changed this order after it was booked in Mplus ({what}). Change order {number} in Mplus "
        "accordingly."
    )
    if stuck != step.order.stuck:
        step.order = replace(step.order, stuck=stuck)
        step.note("changed-after-commit", stuck, level="stuck", direction="in")


# -- products


def _code_answered(step: _Step, event: CodeAnswered) -> None:
    lines = tuple(answered(line, event) for line in step.order.lines)
    if lines == step.order.lines:
        return
    step.order = replace(step.order, lines=lines)
    if step.order.step not in ENDED:
        _go_on(step)


def _reserve(step: _Step, gone: tuple[Line, ...] = ()) -> None:
    lines, messages = reservations(step.id, step.order.lines, step.order.noticed_at)
    _, releases = reservations(step.id, gone, step.order.noticed_at)
    step.order = replace(step.order, lines=lines)
    step.messages.extend((*messages, *releases))


# -- the next step


def _go_on(step: _Step) -> None:
    """Takes the next step that can be taken."""
    order = step.order
    if order.order is None or order.step in ENDED:
        return
    _reserve(step)
    titles = {item.item_id: item.title for item in order.order.items}
    stuck = why_missing(step.order.lines, titles)
    if stuck:
        _stuck(step, "missing-article", stuck)
    if any(line.wanted and line.article_number is None for line in step.order.lines):
        return
    if step.order.step == "products":
        _unstuck(step)
        step.go_to("customer")
    if step.order.relation is None:
        _find_customer(step, order.order)
        return
    step.go_to("committing")
    if not step.waits_for(COMMIT):
        _commit(step, None, False)


def _find_customer(step: _Step, order: BolOrder) -> None:
    if any(step.waits_for(key) for key in (FIND, CREATE, UPDATE)):
        return
    address = email(order)
    if address:
        step.ask(FIND, FindRelation(email=address))
    elif step.rules.default_relation is not None:
        step.order = replace(step.order, relation=step.rules.default_relation)
        _go_on(step)
    else:
        _stuck(
            step,
            "no-customer",
            "Bol gave no e-mail address for this order, so its customer cannot be looked up. Set "
            "orders.default_relation in the settings, then press try again.",
        )


def _commit(step: _Step, not_before: datetime | None, repeated: bool) -> None:
    order = step.order
    if order.order is None or order.relation is None:
        return
    made = draft(step.context.connection, order.order, order.lines, order.relation, order.attempt, step.rules)
    step.ask(COMMIT, CommitOrder(draft=made), not_before, repeated)


# -- outcomes


def _settled(step: _Step, event: Settled) -> None:
    outcome = event.outcome
    match outcome:
        case BolOrderFetched():
            _fetched(step, outcome.order)
        case RelationFound() | RelationSaved():
            _customer_answered(step, outcome)
        case OrderCommitted():
            _committed(step, outcome, event)
        case Refused() | NotSent() | AnswerLost():
            _not_done(step, event.key, outcome)
        case _:
            raise ValueError(f"{type(outcome).__name__} is no answer to anything an order asks")


def _customer_answered(step: _Step, outcome: RelationFound | RelationSaved) -> None:
    order = step.order
    if order.step in ENDED or order.order is None:
        return
    _worked(step)
    if isinstance(outcome, RelationSaved):
        step.order = replace(step.order, relation=outcome.relation_number, found=None)
        _go_on(step)
    elif outcome.relation_number is None:
        step.ask(CREATE, CreateRelation(customer=customer(order.order)))
    else:
        number = outcome.relation_number
        step.order = replace(step.order, found=number)
        step.ask(UPDATE, UpdateRelation(relation_number=number, customer=customer(order.order)))


def _committed(step: _Step, outcome: OrderCommitted, event: Settled) -> None:
    order = step.order
    if order.step == "committed":
        return
    was_cancelled = order.step == "cancelled"
    later = order.later
    step.drops.append(COMMIT)
    millis = max(0, round((event.answered_at - order.noticed_at).total_seconds() * 1000))
    step.order = replace(
        order,
        step="committed",
        finished_at=step.context.at,
        mplus_order=outcome.order_id,
        mplus_number=outcome.number,
        order=_nameless(order.order),
        later=None,
        tries=0,
        stuck="",
    )
    step.messages.extend(_bookings(step, event.answered_at))
    how = "was in Mplus already and is taken over" if outcome.adopted else "is in Mplus"
    step.note(
        "committed",
        f"Order {outcome.number or outcome.order_id} {how}.",
        level="cleared" if order.stuck else "good",
        direction="out",
        millis=None if outcome.adopted else millis,
    )
    if was_cancelled:
        _stuck(
            step,
            "cancelled-after-commit",
            f"Bol cancelled this order while it was being booked. Cancel order {outcome.number} in Mplus.",
        )
    elif later is not None:
        _compare(step, later)


def _bookings(step: _Step, booked_at: datetime) -> list[Message]:
    return [
        Message(
            flow="stock",
            entity=str(line.article_number),
            event=ReservationBooked(
                order_id=step.id, item_id=line.item_id, quantity=line.reserved, booked_at=booked_at
            ),
        )
        for line in step.order.lines
        if line.article_number is not None and line.reserved
    ]


def _not_done(step: _Step, key: str, outcome: Refused | NotSent | AnswerLost) -> None:
    order = step.order
    if key == FETCH:
        _failed(step, key, FetchBolOrder(order_id=step.id), outcome)
    elif order.step in ENDED or order.order is None:
        return
    elif key == UPDATE and isinstance(outcome, Refused) and order.found is not None:
        # The customer is known, only his address could not be renewed: that holds up no order.
        step.note(
            "customer",
            f"Mplus did not renew relation {order.found} ({outcome.said}); the order is booked on it "
            "as it is.",
            level="warn",
            direction="out",
        )
        step.order = replace(order, relation=order.found, found=None)
        _go_on(step)
    elif key in (FIND, CREATE, UPDATE):
        # From the look-up again: what a lost answer may have created is found there.
        _failed(step, FIND, FindRelation(email=email(order.order)), outcome)
    elif key == COMMIT:
        _commit_failed(step, outcome)


def _commit_failed(step: _Step, outcome: Refused | NotSent | AnswerLost) -> None:
    later = step.order.later
    if isinstance(outcome, Refused):
        step.order = replace(step.order, attempt=step.order.attempt + 1)
    wait = _note_failure(step, COMMIT, outcome)
    if later is not None and not isinstance(outcome, AnswerLost):
        _take_in(step, later)
        return
    if COMMIT not in step.context.open:
        _commit(step, step.context.at + seconds(wait), isinstance(outcome, AnswerLost))


def _failed(step: _Step, key: str, effect: Effect, outcome: Refused | NotSent | AnswerLost) -> None:
    wait = _note_failure(step, key, outcome)
    if key not in step.context.open:
        step.ask(key, effect, step.context.at + seconds(wait), isinstance(outcome, AnswerLost))


_TRIED = {
    FETCH: ("Bol", "reading the order"),
    FIND: ("Mplus", "finding or saving the customer"),
    COMMIT: ("Mplus", "booking the order"),
}


def _note_failure(step: _Step, key: str, outcome: Refused | NotSent | AnswerLost) -> float:
    """Counts it, says so when it is worth a person's while, and gives the seconds to wait."""
    tries = step.order.tries + 1
    step.order = replace(step.order, tries=tries)
    vendor, what = _TRIED[key]
    label = f"{step.id}/{key}"
    match outcome:
        case Refused():
            wait, words = max(REFUSED_WAIT, delay(tries, label)), f"{vendor} says: {outcome.said}"
        case NotSent():
            wait, words = delay(tries, label, outcome.retry_after), outcome.why
        case AnswerLost():
            wait, words = delay(tries, label), f"the answer was lost: {outcome.why}"
    if tries >= 3 or isinstance(outcome, Refused):
        advice = (
            "Change what is named here, then press try again; it is also tried by itself."
            if isinstance(outcome, Refused)
            else "It is tried again by itself; nothing is lost."
        )
        _stuck(step, key, f"{what.capitalize()} does not work. {words}. {advice}")
    return wait


def _stuck(step: _Step, kind: str, why: str) -> None:
    if step.order.stuck != why:
        step.order = replace(step.order, stuck=why)
        step.note(kind, why, level="stuck")


def _unstuck(step: _Step) -> None:
    if step.order.stuck:
        step.order = replace(step.order, stuck="")
        step.note("goes-on", "The reason is gone; the order goes on.", level="cleared")


def _worked(step: _Step) -> None:
    """A vendor answered: failures are counted from nothing again."""
    if step.order.tries:
        step.order = replace(step.order, tries=0)
        if step.order.step != "products":
            _unstuck(step)


# -- from Mplus, and from a person


def _seen_in_mplus(step: _Step, event: MplusOrderSeen) -> None:
    seen, order = event.order, step.order
    if order.step != "committed" or not seen.delivery_state or seen.delivery_state == order.delivery_state:
        return
    step.order = replace(order, delivery_state=seen.delivery_state)
    words = {
        "ORDER-DELIVERY-STATE-NOTHING": "nothing delivered yet",
        "ORDER-DELIVERY-STATE-PARTIAL": "partly delivered",
        "ORDER-DELIVERY-STATE-COMPLETE": "delivered",
    }
    if order.delivery_state or seen.delivery_state != "ORDER-DELIVERY-STATE-NOTHING":
        step.note(
            "delivery", f"In Mplus: {words.get(seen.delivery_state, seen.delivery_state)}.", direction="in"
        )


def _operator_asked(step: _Step, event: OperatorAsked) -> None:
    """Everything that waits is tried now."""
    step.note("operator", f"{event.who} asked to try again.")
    for key, waiting in step.context.open.items():
        if waiting.not_before is not None:
            step.ask(key, waiting.effect, None, waiting.repeated)
    if step.asks or step.context.open:
        return
    if step.order.order is None or step.order.step in ENDED:
        step.ask(FETCH, FetchBolOrder(order_id=step.id))
    else:
        step.messages.extend(questions(step.id, step.order.lines))
        _go_on(step)


def _nameless(order: BolOrder | None) -> BolOrder | None:
    return without_persons(order) if order is not None else None
