"""What an event changes about an order, and which step is taken next. Pure.

The way of one order, a module for each stretch:
    seeing.py      Bol shows it (noticed, fetched, changed)
    booking.py     its articles, its customer, the commit in Mplus: exactly once
    following.py   after that: what Mplus shows and what Bol shows are brought together, by the difference
    shipping.py    Bol is told what has left, and how that ended
    cancelling.py  less is wanted than was ordered, by whoever's word
    lateness.py    the day on which it must leave
    crediting.py   what comes back
    failing.py     a vendor's no, and the next try

Every stretch works off a difference: what is not known is asked for, what is known is gone past. A step that fails says
why, waits and tries again; nothing is tried under a new idempotency key unless Mplus refused.
"""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from msgspec.structs import replace

from streams.flow import Ask, Context, Decision
from streams.orders import booking, cancelling, crediting, following, lateness, seeing, shipping
from streams.orders.shown import shown
from streams.orders.state import Order
from streams.orders.step import (
    COMMIT,
    DELIVER,
    FETCH,
    LEARN,
    LESS,
    LOOK,
    OVER,
    PAY,
    READ,
    SLIPS,
    STATUS,
    Making,
)
from streams.vocabulary.activity import Activity
from streams.vocabulary.events import (
    BolOrderFetched,
    BolShipmentsRead,
    BolWriteBegun,
    CodeAnswered,
    CustomerAnswered,
    MplusOrderPaid,
    MplusOrderRead,
    MplusOrderSeen,
    OperatorAsked,
    OperatorCancelled,
    OperatorShipped,
    OrderCommitted,
    OrderNoticed,
    OrdersEvent,
    PackingSlipSeen,
    PackingSlipsRead,
    ProcessStatuses,
    ReturnAsked,
    Settled,
    Woke,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

LATER = 3600.0
"""Seconds until a row that could not be forgotten yet is looked at again."""


def decide(state: Order | None, event: OrdersEvent, context: Context) -> Decision[Order]:
    """See streams/flow.py."""
    if state is None and isinstance(event, ReturnAsked):
        return Decision(state=None, messages=crediting.unknown(context.entity, event))
    if state is None and isinstance(event, MplusOrderSeen):
        return Decision(state=None, messages=following.unknown(event.order, context.at))
    if state is None and not isinstance(event, OrderNoticed):
        return Decision(state=None)  # an echo about an order that is no longer remembered
    step = Making(state or Order(noticed_at=context.at), context)
    match event:
        case OrderNoticed():
            seeing.noticed(step, state is None, event)
        case CodeAnswered():
            booking.code_answered(step, event)
        case CustomerAnswered():
            booking.customer_answered(step, event)
        case MplusOrderSeen():
            following.seen(step, event.order)
        case PackingSlipSeen():
            shipping.slip_seen(step, event)
        case OperatorAsked():
            _operator_asked(step, event)
        case OperatorShipped():
            shipping.by_person(step, event)
        case OperatorCancelled():
            cancelling.by_person(step, event)
        case ReturnAsked():
            crediting.asked(step, event)
        case Settled():
            _settled(step, event)
        case Woke():
            finished = step.order.finished_at
            if finished is not None and not context.open and step.at >= finished + _keep(step):
                return Decision(state=None)
            _woke(step)
        case _:
            assert_never(event)
    # A row has one alarm, and every decision sets it anew, whatever the event was (a sweep that shows nothing new is
    # one too): each stretch says from the row alone what it waits for.
    booking.wait(step)
    shipping.wait(step)
    lateness.look(step)
    if not isinstance(event, OperatorAsked):  # what a person asks for is done now
        step.asks = {key: _with_urgency(step, ask) for key, ask in step.asks.items()}
    return _decision(state, step)


def _with_urgency(step: Making, ask: Ask) -> Ask:
    """The way into Mplus goes by deadline. What follows does not: somebody has packed it, or cancelled it."""
    into = ask.key in (LOOK, COMMIT) or (ask.key == FETCH and step.order.order is None)
    return replace(ask, urgency=lateness.urgency(step)) if into else ask


def _decision(before: Order | None, step: Making) -> Decision[Order]:
    order = step.order
    activity: tuple[Activity, ...] = tuple(step.notes)
    if before is None or order != before:
        now = shown(step.id, order, step.rules)
        if before is None or shown(step.id, before, step.rules) != now:
            activity += (now,)
    wakes = list(step.wakes)
    if order.finished_at is not None:
        over = order.finished_at + _keep(step)
        # Past already, and something is still open: looked at again later, not at once and for ever.
        wakes.append(over if over > step.at else step.at + seconds(LATER))
    return Decision(
        state=order,
        messages=tuple(step.messages),
        asks=tuple(step.asks.values()),
        drops=tuple(step.drops),
        activity=activity,
        wake=min(wakes, default=None),
    )


def _keep(step: Making) -> timedelta:
    return seconds(step.rules.keep_days * 86_400)


def _woke(step: Making) -> None:
    """Something was to be looked at again now."""
    if step.order.is_booked:
        following.follow(step)
    elif step.order.step not in OVER:
        booking.go_on(step)


# -- outcomes


def _settled(step: Making, event: Settled) -> None:
    outcome, key = event.outcome, event.key
    step.doubt = event.repeated or isinstance(outcome, AnswerLost)
    match outcome:
        case BolOrderFetched():
            cancelling.forget_ended(step)
            seeing.fetched(step, outcome)
        case OrderCommitted():
            booking.committed(step, outcome, event)
        case MplusOrderRead():
            if key == LOOK:
                booking.looked(step, outcome, event)
            elif key == STATUS:
                following.status_set(step, outcome)
            else:
                following.answered(step, key, outcome)
        case MplusOrderPaid():
            following.paid(step, outcome)
        case BolShipmentsRead():
            shipping.learned(step, outcome)
        case PackingSlipsRead():
            shipping.slips_read(step, outcome, event.asked_at)
        case BolWriteBegun():
            what, _, name = key.partition("/")
            if what == "cancel":
                cancelling.begun(step, name, outcome)
            else:
                shipping.begun(step, name, outcome)
        case ProcessStatuses():
            shipping.statuses(step, key, outcome)
        case Refused() | NotSent() | AnswerLost():
            _not_done(step, key, outcome)
        case _:
            raise ValueError(f"{type(outcome).__name__} is no answer to anything an order asks")


def _not_done(step: Making, key: str, outcome: Refused | NotSent | AnswerLost) -> None:
    if key == FETCH:
        seeing.not_fetched(step, outcome)
    elif key in (LOOK, COMMIT):
        booking.not_done(step, key, outcome)
    elif key in (READ, DELIVER, PAY, LESS, STATUS):
        following.not_done(step, key, outcome)
    elif key.startswith("cancel/"):
        cancelling.not_done(step, key.partition("/")[2], outcome)
    elif key in (SLIPS, LEARN) or key.startswith(("ship/", "process/")):
        shipping.not_done(step, key, outcome)


def _operator_asked(step: Making, event: OperatorAsked) -> None:
    """Everything that waits is tried now."""
    step.note("operator", f"{event.who} asked to try again.")
    for key, waiting in step.context.open.items():
        if key == COMMIT and not waiting.repeated:
            step.drops.append(key)  # it is drawn up anew: the rules may have changed
            step.put(commit_after=None)
            booking.go_on(step)
        elif waiting.not_before is not None:
            step.ask(key, waiting.effect, None, waiting.repeated)
    if step.asks:
        return
    if step.order.is_booked:
        following.retry(step)
    elif step.order.order is None or step.order.step in OVER:
        if not step.waits_for(FETCH):
            seeing.fetch(step)
    elif not step.context.open:
        booking.retry(step)
