"""The credit of an item in Mplus: asked of the orders flow, booked once, delivered so that stock comes back. Pure.

The credit's extOrderId is the item's RMA, so it is booked once however often it is asked for: what is there is adopted
(`CommitOrder`). Delivering and paying are safe to repeat by themselves.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from streams.backoff import LOUD
from streams.returns.rules import GOODS_BACK, REFUNDED
from streams.returns.state import CreditState, Item
from streams.returns.step import Step, failure
from streams.vocabulary.effects import CommitOrder, DeliverMplusOrder, PayMplusOrder
from streams.vocabulary.events import (
    Message,
    MplusOrderRead,
    OrderCommitted,
    ReturnAnswered,
    ReturnAsked,
)
from streams.vocabulary.mplus_order import OrderDraft, Payment
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

ASK_AGAIN = 3600.0
"""Seconds after which the orders flow is asked again: its answer was parked, or the question was."""
COMMIT, DELIVER, PAY = "credit", "deliver", "pay"
IN_MPLUS: tuple[CreditState, ...] = ("delivering", "paying", "booked")
TRIED = {
    COMMIT: "Booking the credit in Mplus",
    DELIVER: "Delivering the credit in Mplus, so that its stock comes back,",
    PAY: "Paying the credit in Mplus",
}


def begin_by_itself(step: Step, rma_id: str) -> None:
    """The item is handled: a credit, if the person who handled it or the rules want one."""
    item = step.now(rma_id)
    if item.credit != "none":
        return
    if item.wants_credit is not None:
        wanted = item.wants_credit
    elif step.rules.credit == "no" or not item.seen_open:
        wanted = False
    elif not item.handled_as:
        step.note(
            "return-credit",
            f"How item {rma_id} was handled is not told by Bol, so it is not credited by itself. Credit it here, or "
            "in Mplus, if the customer has the money back.",
            "warn",
        )
        wanted = False
    else:
        wanted = item.handled_as in REFUNDED
    if not wanted:
        return
    units = item.quantity or (1 if item.expected == 1 else 0)
    if units:
        begin(step, item, units)
    else:
        _failed(
            step,
            item,
            f"Bol does not tell how many of the {item.expected} units of item {rma_id} it has refunded. Credit it "
            "here with the number that came back.",
        )


def begin(step: Step, item: Item, units: int) -> None:
    """Asks the orders flow how the item was booked."""
    item = replace(item, credit="asked", credited=units, credit_stuck="", credit_tries=0, draft=None)
    step.put(item)
    ask_orders(step, item)


def ask_orders(step: Step, item: Item) -> None:
    """The question itself; asked again, it is answered again."""
    step.put(replace(item, credit_asked_at=step.at))
    asked = ReturnAsked(
        return_id=step.context.entity, rma_id=item.rma_id, ean=item.ean, quantity=item.credited
    )
    step.messages.append(Message(flow="orders", entity=item.order_id, event=asked))


def answered(step: Step, event: ReturnAnswered) -> None:
    """How the order was booked, as the credit to be."""
    item = step.state.item(event.rma_id)
    if item is None or item.credit != "asked":
        return  # answered already: it was asked twice
    if event.draft is None or not event.draft.lines:
        what = "how order" if event.draft is None else "the article of this item in order"
        _failed(
            step,
            item,
            f"Item {item.rma_id} cannot be credited: {what} {item.order_id} was booked in Mplus is not remembered "
            "here (it is too old, or was never booked). Book the credit in Mplus by hand, or credit it here once "
            "more when the order is booked.",
        )
        return
    draft = event.draft
    if step.rules.credit_branch is not None and step.state.fulfilment != "FBB":
        draft = replace(
            draft,
            branch_number=step.rules.credit_branch,
            workplace_number=step.rules.credit_workplace,
        )
    item = replace(item, credit="committing", draft=draft, pay_key=draft.idempotency_key, due=(), paid=0)
    if step.rules.refund and draft.payment_method and not draft.payments:
        cents = sum(line.quantity * line.price_cents for line in draft.lines)
        refund = Payment(method=draft.payment_method, cents=cents, reference=draft.reference)
        item = replace(item, due=(refund,))
    elif _restocked(step, item) and not draft.prepay:
        # A payment that settles the order makes its invoice: the goods come back before that (facts/mplus.md 7.4).
        item = replace(item, draft=replace(draft, payments=()), due=draft.payments)
    step.put(item)
    _commit(step, item)


def _restocked(step: Step, item: Item) -> bool:
    return step.rules.restock and not item.by_rule and item.handled_as in GOODS_BACK


def _commit(step: Step, item: Item, not_before: datetime | None = None, repeated: bool = False) -> None:
    draft: OrderDraft | None = item.draft
    if draft is None:
        return
    if item.attempt > 1:
        draft = replace(draft, idempotency_key=f"{draft.idempotency_key}-{item.attempt}")
    # After a refusal too: an earlier try whose answer was lost may have booked it.
    step.ask(_key(COMMIT, item), CommitOrder(draft=draft), not_before, repeated=repeated or item.attempt > 1)


def _key(what: str, item: Item) -> str:
    return f"{what}/{item.rma_id}"


# -- what Mplus answers


def committed(step: Step, item: Item, outcome: OrderCommitted) -> None:
    """The credit is in Mplus."""
    if item.credit != "committing":
        return
    number = outcome.number or outcome.order_id
    how = "was in Mplus already and is taken over" if outcome.adopted else "is in Mplus"
    step.note(
        "return-credit",
        f"Credit {number} for item {item.rma_id} ({item.credited} units) {how}.",
        "cleared" if item.credit_stuck else "good",
        "out",
    )
    item = replace(
        item,
        mplus_order=outcome.order_id,
        mplus_number=outcome.number,
        draft=None,
        credit_tries=0,
        credit_stuck="",
        credit="delivering",
    )
    if _restocked(step, item):
        step.put(item)
        _deliver(step, item)
    else:
        _pay_or_end(step, item)


def delivered(step: Step, item: Item, outcome: MplusOrderRead) -> None:
    """Its goods are back in Mplus's stock."""
    if item.credit != "delivering":
        return
    if outcome.order is None:
        words = f"Mplus no longer has credit {item.mplus_number or item.mplus_order}"
        _troubled(step, item, f"{words}. Look what became of it; it is not booked a second time.")
        return
    step.note("return-restocked", f"The goods of item {item.rma_id} are back in stock.", "good", "out")
    _pay_or_end(step, replace(item, credit_tries=0, credit_stuck=""))


def paid(step: Step, item: Item) -> None:
    """One payment is on it."""
    if item.credit != "paying":
        return
    item = replace(item, due=item.due[1:], paid=item.paid + 1, credit_tries=0, credit_stuck="")
    _pay_or_end(step, item)


def _pay_or_end(step: Step, item: Item) -> None:
    item = replace(item, credit="paying" if item.due else "booked")
    step.put(item)
    if item.due:
        _pay(step, item)


def _deliver(step: Step, item: Item, not_before: datetime | None = None, repeated: bool = False) -> None:
    step.ask(_key(DELIVER, item), DeliverMplusOrder(order_id=item.mplus_order), not_before, repeated)


def _pay(step: Step, item: Item, not_before: datetime | None = None, repeated: bool = False) -> None:
    tries = f"-{item.attempt}" if item.attempt > 1 else ""
    effect = PayMplusOrder(
        order_id=item.mplus_order,
        key=f"{item.pay_key}-pay-{item.paid + 1}{tries}",
        payment=item.due[0],
        prepay=not _restocked(step, item),
    )
    step.ask(_key(PAY, item), effect, not_before, repeated)


def not_done(step: Step, what: str, item: Item, outcome: Refused | NotSent | AnswerLost) -> None:
    """Booking, delivering or paying did not work."""
    if item.credit != {COMMIT: "committing", DELIVER: "delivering", PAY: "paying"}[what]:
        return
    tries = item.credit_tries + 1
    wait, words = failure(outcome, "Mplus", tries, f"{step.context.entity}/{_key(what, item)}")
    item = replace(item, credit_tries=tries)
    text = f"{TRIED[what]} does not work for item {item.rma_id}. {words}"
    if isinstance(outcome, Refused):
        if what == COMMIT:
            item = replace(item, attempt=item.attempt + 1, draft=None)
            _failed(step, item, f"{text} Change what is named here, then credit it once more.")
        else:
            if what == PAY:
                item = replace(item, attempt=item.attempt + 1)
            number = item.mplus_number or item.mplus_order
            advice = (
                f"The credit itself ({number}) is booked. Do the rest in Mplus, or credit it here once more"
            )
            _troubled(step, item, f"{text} {advice}: only what is missing is done then.")
        return
    if tries >= LOUD:
        item = _with_words(step, item, f"{text} It is tried again by itself; nothing is booked twice.")
    step.put(item)
    _again(step, item, step.at + seconds(wait), isinstance(outcome, AnswerLost))


def _again(step: Step, item: Item, not_before: datetime | None, repeated: bool) -> None:
    match item.credit:
        case "committing":
            _commit(step, item, not_before, repeated)
        case "delivering":
            _deliver(step, item, not_before, repeated)
        case "paying":
            _pay(step, item, not_before, repeated)


# -- a person


def credit_by_hand(step: Step, item: Item, units: int) -> None:
    """A person wants the credit of a handled item: begun, or gone on with where it stood still."""
    match item.credit:
        case "none" | "failed":
            begin(step, item, units)
        case "asked":
            ask_orders(step, item)
        case "committing" | "delivering" | "paying":
            for what in (COMMIT, DELIVER, PAY):
                waiting = step.context.open.get(_key(what, item))
                if waiting is not None:
                    if waiting.not_before is not None:
                        step.ask(_key(what, item), waiting.effect, None, waiting.repeated)
                    return
            step.put(replace(item, credit_tries=0, credit_stuck=""))
            _again(step, item, None, repeated=True)
        case "booked":
            number = item.mplus_number or item.mplus_order
            step.note("return-credit", f"Item {item.rma_id} is credited already: {number}.", "warn")


def _failed(step: Step, item: Item, why: str) -> None:
    step.put(_with_words(step, replace(item, credit="failed"), why))


def _troubled(step: Step, item: Item, why: str) -> None:
    step.put(_with_words(step, item, why))


def _with_words(step: Step, item: Item, why: str) -> Item:
    if item.credit_stuck != why:
        step.note("return-credit-stuck", why, "stuck")
    return replace(item, credit_stuck=why)
