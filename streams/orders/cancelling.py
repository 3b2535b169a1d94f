"""Less is wanted than was ordered: by the customer, by Bol, by staff in Mplus, by a person at the page. Pure.

At Bol an item is cancelled whole or not at all (contracts/bol-retailer-v10, CancellationRequest). Bol is told first:
what it then shows as cancelled is cancelled in Mplus, by the difference.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from streams.orders import following, seeing
from streams.orders.allotment import articles_of
from streams.orders.failing import again, worked
from streams.orders.rules import OrderRules
from streams.orders.state import Cancelling, Line, Order
from streams.orders.step import COMMIT, FETCH, LESS, Making
from streams.vocabulary.effects import AskBolProcess, CancelBolItem, CancelMplusOrder
from streams.vocabulary.events import BolWriteBegun, OperatorCancelled, ProcessStatus
from streams.vocabulary.mplus_order import Moved
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

BY_CUSTOMER = "REQUESTED_BY_CUSTOMER"
ASKED, AFTER, PART = "cancellation-asked", "changed-after-commit", "cancelled-in-part"
FIRST_LOOK = 1.0
"""Seconds after Bol took a write until it is asked how that ended."""


def grant(step: Making) -> None:
    """The customer asked Bol to cancel: granted by rule while nothing has left, else a person decides."""
    order = step.order
    asked = [line for line in order.lines if line.asked_off and line.cancelling is None and line.due]
    if not asked:
        step.freed(ASKED, "The customer's request to cancel is settled.")
        return
    rule = step.rules.cancel.asked_by_customer
    may = rule == "until-delivered" or (rule == "before-booking" and not order.is_booked)
    if may and order.is_booked:
        gone = following.delivered(order)
        if any(gone.get(line.item_id, 0) or line.shipped for line in asked):
            may = False
        elif order.checked != order.changed:
            following.read(step)  # what was last seen of Mplus may be older than the request
            return
    if not may:
        what = ", ".join(line.description or line.ean or line.item_id for line in asked[:5])
        step.stuck(
            ASKED,
            f"The customer asked Bol to cancel {what}, and that is not done by itself. Cancel it here or in Mplus, "
            "or send it: then Bol takes the request off.",
        )
        return
    for line in asked:
        step.note(
            "cancellation-asked",
            f"The customer asked Bol to cancel item {line.item_id}: granted.",
            level="warn",
            direction="in",
        )
        _cancel(step, line, BY_CUSTOMER)


def by_person(step: Making, event: OperatorCancelled) -> None:
    """A person cancels items, or all that is open."""
    step.note("operator", f"{event.who} cancelled this order ({event.reason}).")
    for line in step.order.lines:
        if (
            (line.item_id in event.item_ids or not event.item_ids)
            and line.wanted > line.shipped
            and not line.falling
        ):
            _cancel(step, line, event.reason)
    if not step.order.is_booked and step.order.order is not None and not step.waits_for(COMMIT):
        seeing.go_in(step, changed=True)


def _cancel(step: Making, line: Line, reason: str) -> None:
    _put(step, line.item_id, Cancelling(reason=reason))
    step.ask(
        f"cancel/{line.item_id}",
        CancelBolItem(order_id=step.bol_id, item_id=line.item_id, reason=reason),
    )


def begun(step: Making, item_id: str, outcome: BolWriteBegun) -> None:
    """Bol took the cancellation; how it ends is asked."""
    worked(step, f"cancel/{item_id}")
    line = _line(step.order, item_id)
    if line is None or line.cancelling is None or line.cancelling.status not in ("asked", "pending"):
        return
    if outcome.done or not outcome.process_id:
        _ended(step, line, ProcessStatus(process_id="", status="SUCCESS"))
        return
    _put(step, item_id, replace(line.cancelling, status="pending", process_id=outcome.process_id))
    key = f"process/cancel/{item_id}"
    step.ask(key, AskBolProcess(process_id=outcome.process_id), step.at + seconds(FIRST_LOOK))


def asked_after(step: Making, item_id: str, status: ProcessStatus | None) -> bool:
    """How the cancellation stands; None: Bol no longer knows. True: it has ended."""
    line = _line(step.order, item_id)
    if line is None or line.cancelling is None or line.cancelling.status != "pending":
        return True
    if status is not None and status.status == "PENDING":
        return False
    _ended(step, line, status)
    return True


def _ended(step: Making, line: Line, status: ProcessStatus | None) -> None:
    assert line.cancelling is not None
    if status is None or status.status in ("SUCCESS", "TIMEOUT"):
        # What Bol shows now decides: a TIMEOUT, or a write that it has forgotten, may have worked or not.
        known = status is not None and status.status == "SUCCESS"
        _put(step, line.item_id, replace(line.cancelling, status="SUCCESS"))
        if known:
            step.note("cancelled", f"Item {line.item_id} is cancelled at Bol.", direction="out")
        seeing.fetch(step)
        return
    _put(step, line.item_id, replace(line.cancelling, status="FAILURE", said=status.error))
    step.stuck(
        f"cancel/{line.item_id}",
        f"Bol did not cancel item {line.item_id}: {status.error or 'no reason given'}. The order goes on with it; "
        "cancel it at Bol by hand if that is wrong.",
    )
    seeing.fetch(step)


def not_done(step: Making, item_id: str, outcome: Refused | NotSent | AnswerLost) -> None:
    """The call failed."""
    line = _line(step.order, item_id)
    if line is None or line.cancelling is None:
        return
    if isinstance(outcome, Refused):
        _ended(step, line, ProcessStatus(process_id="", status="FAILURE", error=outcome.said))
        return
    effect = CancelBolItem(order_id=step.bol_id, item_id=item_id, reason=line.cancelling.reason)
    again(step, f"cancel/{item_id}", effect, outcome)


# -- both sides compared


def compare(step: Making) -> None:
    """Items that one side has cancelled and the other has not."""
    order = step.order
    if FETCH in step.asks or FETCH in step.context.open:
        return  # what Bol shows is about to be read
    there, gone = following.kept(order), following.delivered(order)
    more = [line for line in order.lines if there.get(line.item_id, 0) > line.wanted and not line.falling]
    fewer = [
        line
        for line in order.lines
        if there.get(line.item_id, 0) < min(line.wanted, line.booked) and not line.falling
    ]
    _cancel_in_mplus(step, more, gone)
    _cancel_at_bol(step, fewer, there)


def _cancel_in_mplus(step: Making, lines: list[Line], gone: dict[str, int]) -> None:
    order = step.order
    number = order.mplus_number or order.mplus_order
    sent = [line for line in lines if gone.get(line.item_id, 0) > line.wanted]
    told: list[str] = []
    if sent:
        what = ", ".join(f"item {line.item_id} ({line.description or line.ean})" for line in sent[:5])
        told.append(
            f"Bol has cancelled {what} of order {number}, which has left already in Mplus. Get it back, or book "
            "it back in Mplus."
        )
    open_ = [line for line in lines if line not in sent]
    if open_ and step.rules.cancel.at_bol == "show":
        what = ", ".join(f"item {line.item_id}: {line.wanted} instead of {line.booked}" for line in open_[:5])
        told.append(
            f"Bol changed this order after it was booked in Mplus ({what}). Change order {number} in Mplus accordingly."
        )
    elif open_ and not step.waits_for(LESS) and LESS not in order.troubles:
        left = left_in_mplus(order, step.rules)
        step.ask(LESS, CancelMplusOrder(order_id=order.mplus_order, left=left))
        step.note(
            "changed-after-commit",
            f"Bol cancelled a part of it: order {number} follows in Mplus.",
            level="warn",
        )
    if told:
        step.stuck(AFTER, " ".join(told))
    elif not open_:
        step.freed(AFTER, "Both sides agree again.")


def left_in_mplus(order: Order, rules: OrderRules) -> tuple[Moved, ...]:
    """How many of each article stay on the Mplus order: what is wanted, and at least what has left. A line of discount
    stays as long as anything of the order does."""
    gone = following.delivered(order)
    units = {
        line.item_id: max(min(line.wanted, line.booked), gone.get(line.item_id, 0)) for line in order.lines
    }
    articles = articles_of(order.lines, units)
    if articles and order.discounts and rules.discount_article is not None:
        number = rules.discount_article
        articles[number] = articles.get(number, 0) + order.discounts
    return tuple(Moved(article_number=number, quantity=count) for number, count in sorted(articles.items()))


def _cancel_at_bol(step: Making, lines: list[Line], there: dict[str, int]) -> None:
    order = step.order
    in_part = [line for line in lines if there.get(line.item_id, 0) or line.shipped or line.cancelling]
    whole = [line for line in lines if line not in in_part]
    if step.rules.cancel.in_mplus == "show":
        in_part, whole = lines, []
    if in_part:
        number = order.mplus_number or order.mplus_order
        what = ", ".join(
            f"item {line.item_id} ({line.description or line.ean}): {there.get(line.item_id, 0)} instead of "
            f"{line.wanted}"
            for line in in_part[:5]
        )
        step.stuck(
            PART,
            f"In Mplus less is left on order {number} than Bol's customer ordered: {what}. Bol cancels whole "
            "items only: put it right in Mplus, or arrange it with the customer and cancel at Bol by hand.",
        )
    else:
        step.freed(PART, "Both sides agree again.")
    for line in whole:
        step.note(
            "cancelled-in-mplus",
            f"Item {line.item_id} ({line.description or line.ean}) was cancelled in Mplus: Bol is told.",
            level="warn",
            direction="in",
        )
        _cancel(step, line, BY_CUSTOMER if line.asked_off else step.rules.cancel.reason)


# -- a line's cancellation


def _line(order: Order, item_id: str) -> Line | None:
    return next((line for line in order.lines if line.item_id == item_id), None)


def _put(step: Making, item_id: str, cancelling: Cancelling | None) -> None:
    def changed(line: Line) -> Any:
        return replace(line, cancelling=cancelling) if line.item_id == item_id else line

    step.put(lines=tuple(changed(line) for line in step.order.lines))


def forget_ended(step: Making) -> None:
    """After Bol was read anew: a cancellation that ended well and shows has done its work; one that does not show (a
    TIMEOUT, say) is free to be tried again."""
    for line in step.order.lines:
        if line.cancelling is not None and line.cancelling.status == "SUCCESS":
            _put(step, line.item_id, None)
