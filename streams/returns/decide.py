"""What an event changes about a return, and what follows from it. Pure.

The state follows Bol: what Bol shows as handled is handled, whoever did it. What is wanted and not there yet (a
handling, a credit) is asked for until it is there, or until a vendor refuses and a person has to say what next.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from streams.flow import Context, Decision
from streams.returns import credit, handling
from streams.returns.shown import shown
from streams.returns.state import Item, Return
from streams.returns.step import Step
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import (
    BolWriteBegun,
    MplusOrderPaid,
    MplusOrderRead,
    OperatorHandled,
    OrderCommitted,
    ProcessStatuses,
    ReturnAnswered,
    ReturnItem,
    ReturnNoticed,
    ReturnsEvent,
    Settled,
    Swept,
    Woke,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

MOST_UNITS = 9_999
"""ReturnRequest.quantityReturned."""


def decide(state: Return | None, event: ReturnsEvent, context: Context) -> Decision[Return]:
    """See streams/flow.py."""
    if state is None:
        if not isinstance(event, ReturnNoticed):
            return _unknown(event)
        if event.fulfilment not in context.rules.kinds:
            return Decision(state=None)
        step = Step(_new(event, context.at), context)
        _introduce(step)
    else:
        step = Step(state, context)
    match event:
        case ReturnNoticed():
            _noticed(step, event)
        case ReturnAnswered():
            credit.answered(step, event)
        case OperatorHandled():
            _operator_handled(step, event)
        case Settled():
            _settled(step, event)
        case Woke():
            due = _forgotten_at(step)
            if due is not None and step.at >= due:
                return Decision(state=None, drops=tuple(context.open))
        case _:
            assert_never(event)
    _see_to_what_is_due(step)
    return _decision(state, step)


def _unknown(event: ReturnsEvent) -> Decision[Return]:
    if isinstance(event, OperatorHandled):
        text = f"{event.who} handled item {event.rma_id} of a return that is not remembered here (any more)."
        return Decision(state=None, activity=(Noted(kind="return-unknown", text=text, level="warn"),))
    return Decision(state=None)  # an echo


def _decision(before: Return | None, step: Step) -> Decision[Return]:
    activity = tuple(step.notes)
    now = shown(step.context.entity, step.state)
    if before is None or shown(step.context.entity, before) != now:
        activity += (now,)
    return Decision(
        state=step.state,
        messages=tuple(step.messages),
        asks=tuple(step.asks.values()),
        drops=tuple(step.drops),
        activity=activity,
        wake=_wake(step),
    )


# -- from Bol


def _new(event: ReturnNoticed, at: datetime) -> Return:
    items = tuple(_item(one, at) for one in event.items)
    return Return(registered_at=event.registered_at, fulfilment=event.fulfilment, items=items, noticed_at=at)


def _item(found: ReturnItem, at: datetime) -> Item:
    return Item(
        rma_id=found.rma_id,
        order_id=found.order_id,
        ean=found.ean,
        expected=found.expected,
        reason=found.reason,
        state="handled" if found.handled else "open",
        seen_open=not found.handled,
        quantity=found.handled_quantity if found.handled else 0,
        handled_as=found.handled_as if found.handled else "",
        handled_at=at if found.handled else None,
    )


def _introduce(step: Step) -> None:
    state = step.state
    orders = ", ".join(sorted({item.order_id for item in state.items}))
    units = sum(item.expected for item in state.items)
    step.note(
        "return-seen", f"Return {step.context.entity} of {units} units from order {orders}.", direction="in"
    )


def _noticed(step: Step, event: ReturnNoticed) -> None:
    step.state = replace(step.state, noticed_at=step.at, unseen=False)
    for found in event.items:
        item = step.state.item(found.rma_id)
        if item is not None:
            handling.seen(step, item, found)
        else:
            step.state = replace(step.state, items=(*step.state.items, _item(found, step.at)))
            step.note("return-seen", f"Item {found.rma_id} came to this return.", direction="in")


# -- outcomes


def _settled(step: Step, event: Settled) -> None:
    outcome = event.outcome
    what, _, rma_id = event.key.partition("/")
    if what == handling.READ:
        if isinstance(outcome, Refused | NotSent | AnswerLost):
            handling.was_not_read(step, outcome)
        elif isinstance(outcome, Swept):
            handling.was_read(step)
        return
    item = step.state.item(rma_id)
    if item is None:
        return
    match outcome:
        case BolWriteBegun():
            handling.begun(step, item, outcome)
        case ProcessStatuses():
            handling.process_told(step, item, outcome)
        case OrderCommitted():
            credit.committed(step, item, outcome)
        case MplusOrderRead():
            credit.delivered(step, item, outcome)
        case MplusOrderPaid():
            credit.paid(step, item)
        case Refused() | NotSent() | AnswerLost():
            match what:
                case "handle":
                    handling.not_handled(step, item, outcome)
                case "process":
                    handling.process_not_told(step, item, outcome)
                case credit.COMMIT | credit.DELIVER | credit.PAY:
                    credit.not_done(step, what, item, outcome)
        case _:
            raise ValueError(f"{type(outcome).__name__} is no answer to anything a return asks")


# -- a person


def _operator_handled(step: Step, event: OperatorHandled) -> None:
    item = step.state.item(event.rma_id)
    no = _refusal(step, item, event)
    if item is None or no:
        step.note("return-operator", f"{event.who}: {no}", "warn")
        return
    wanted = ", to be credited" if event.credit else ""
    if item.state == "handled":
        step.note(
            "return-operator",
            f"{event.who} asked for the credit of item {item.rma_id}, {event.quantity} units. At Bol it stays "
            f"{item.handled_as or 'as it is'}.",
        )
        credit.credit_by_hand(step, item, event.quantity)
        return
    step.note(
        "return-operator",
        f"{event.who} handled item {item.rma_id} as {event.result}, {event.quantity} of {item.expected} units"
        f"{wanted}.",
    )
    asked = replace(
        item,
        result=event.result,
        quantity=event.quantity,
        by_rule=False,
        wants_credit=event.credit,
        stuck="",
        tries=0,
    )
    handling.handle(step, asked)


def _refusal(step: Step, item: Item | None, event: OperatorHandled) -> str:
    """Why this is not done, in words; empty: it is."""
    if item is None:
        return f"this return has no item {event.rma_id}."
    if not 1 <= event.quantity <= MOST_UNITS:
        return f"{event.quantity} is no number of units; write 1 to {MOST_UNITS}."
    if item.state == "asked":
        return (
            f"item {item.rma_id} is being handled as {item.result} just now; look again when that has ended."
        )
    if item.state == "handled" and not event.credit:
        return (
            f"item {item.rma_id} is handled at Bol already ({item.handled_as or 'it does not tell how'}). Change that "
            "in Bol's partner site."
        )
    if item.state != "handled" and step.state.fulfilment == "FBB":
        return "Bol handles returns to its own warehouse itself; credit the item once Bol has handled it."
    return ""


# -- in time


def _see_to_what_is_due(step: Step) -> None:
    handling.handle_by_rule(step)
    for item in step.state.items:
        if item.credit == "asked" and _again_at(item) <= step.at:
            credit.ask_orders(step, item)
    due = _read_at(step)
    if due is not None and due <= step.at:
        handling.read(step)


def _wake(step: Step) -> datetime | None:
    """The next moment at which something is due, or at which the row is forgotten."""
    moments = [_again_at(item) for item in step.state.items if item.credit == "asked"]
    rules = [handling.rule_for(step, item) for item in step.state.items]
    moments += [handling.due_by_rule(step, rule) for rule in rules if rule is not None]
    read, forgotten = _read_at(step), _forgotten_at(step)
    moments += [due for due in (read, forgotten) if due is not None]
    return min(moments, default=None)


def _again_at(item: Item) -> datetime:
    assert item.credit_asked_at is not None, "what was asked was asked at some time"
    return item.credit_asked_at + seconds(credit.ASK_AGAIN)


def _read_at(step: Step) -> datetime | None:
    """When Bol is asked about an open return that no sweep has shown for so long; None: it is not. Also about one that
    was listed as open after it was handled: by an old list, or for good?"""
    items = step.state.items
    waiting = any(
        item.state in ("open", "failed") or (item.state == "handled" and item.stuck) for item in items
    )
    if not waiting or step.waits_for(handling.READ):
        return None
    return step.state.noticed_at + seconds(step.rules.unseen)


def _forgotten_at(step: Step) -> datetime | None:
    """When the row goes; None: something is still to come of it, or waits for a person."""
    items = step.state.items
    if not all(item.settled and not item.stuck for item in items):
        return None
    ends = [item.handled_at for item in items if item.handled_at is not None]
    return max(ends, default=step.state.noticed_at) + seconds(step.rules.keep_days * 86_400)
