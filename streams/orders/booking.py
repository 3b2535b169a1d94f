"""Products, customer, commit: the order's way into Mplus, exactly once. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from streams.mapping.mapping import MappingFailed, mapped_customer, mapped_draft
from streams.orders import following, lateness, seeing
from streams.orders.customer import FixedDebtor, SoughtCustomer, UnknownCustomer, relation_of, wants_update
from streams.orders.draft import SHIFTED, Drafted, draft, own_reference, without_persons
from streams.orders.failing import again, failed, worked
from streams.orders.products import answered, questions, why_missing, with_fallback
from streams.orders.state import Booked
from streams.orders.step import COMMIT, LOOK, Making
from streams.vocabulary.bol_order import BolOrder
from streams.vocabulary.effects import CommitOrder, ReadMplusOrder
from streams.vocabulary.events import (
    CodeAnswered,
    CustomerAnswered,
    CustomerAsked,
    Message,
    MplusOrderRead,
    OrderCommitted,
    ReservationBooked,
    Settled,
)
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

FRESH = 900.0
"""Seconds after it was placed in which nobody else can have booked an order: it is not looked for first."""
AGAIN = 600.0
"""Seconds until a mapping that failed is tried again by itself."""


def code_answered(step: Making, event: CodeAnswered) -> None:
    """The catalogue said which article carries a code."""
    lines = tuple(answered(line, event, step.rules) for line in step.order.lines)
    if lines == step.order.lines:
        return
    step.put(lines=lines)
    if step.order.step in ("products", "customer", "committing"):
        go_on(step)


def go_on(step: Making) -> None:
    """Takes the next step that can be taken."""
    order = step.order
    if order.order is None or order.is_booked or order.step in ("cancelled", "kept-out"):
        return
    if order.doubt and not order.looked:
        _look(step)
        return
    step.put(lines=tuple(with_fallback(line, step.rules) for line in order.lines))
    seeing.reserve(step)
    titles = {item.item_id: item.title for item in order.order.items}
    missing = why_missing(step.order.lines, titles, step.rules)
    if missing:
        step.stuck("missing-article", missing)
    if any(line.due and line.article_number is None for line in step.order.lines):
        return
    step.freed("missing-article")
    if not step.order.looked:
        _look(step)
        return
    if step.order.step == "products":
        step.go_to("customer")
    if step.order.relation is None:
        _find_customer(step, order.order)
        if step.order.relation is None:
            return
    step.go_to("committing")
    if not step.waits_for(COMMIT):
        commit(step, step.order.commit_after, step.order.doubt)


# -- in Mplus already?


def may_be_there(step: Making, order: BolOrder) -> bool:
    """Whether somebody else may have booked an order that we see for the first time (another connector; we ourselves,
    before a backup was put back). A fresh one cannot be there; should it be all the same, createOrderV3 refuses its
    extOrderId and it is adopted then."""
    touched = any(item.quantity_shipped or item.quantity_cancelled for item in order.items)
    return touched or step.at > order.placed_at + seconds(FRESH)


def _looking(step: Making) -> ReadMplusOrder:
    return ReadMplusOrder(ext_order_id=f"{step.rules.ext_order_prefix}{step.id}")


def _look(step: Making) -> None:
    if not step.waits_for(LOOK):
        step.ask(LOOK, _looking(step))


def looked(step: Making, outcome: MplusOrderRead, event: Settled) -> None:
    """Mplus said whether it has the order."""
    worked(step, LOOK)
    step.put(looked=True, doubt=False)
    found = outcome.order
    if step.order.is_booked:
        return
    if found is None:
        later = step.order.later
        if later is not None:
            seeing.take_in(step, later)
        else:
            go_on(step)
        return
    step.put(relation=step.order.relation or found.relation_number or None)
    _booked(step, OrderCommitted(order_id=found.order_id, number=found.number, adopted=True), event)
    seeing.fetch(step)
    following.seen(step, found)


# -- customer


def _find_customer(step: Making, order: BolOrder) -> None:
    if step.order.asked_customer:
        return
    found = relation_of(order, step.order.kind, step.rules)
    for remark in found.remarks:
        step.note("customer", remark, level="warn")
    if isinstance(found, UnknownCustomer):
        step.stuck("no-customer", found.why)
        return
    step.freed("no-customer")
    if isinstance(found, FixedDebtor):
        step.put(relation=found.relation_number)
        return
    customer = _mapped(step, found, order)
    if customer is not None:
        _ask_customer(step, found, customer, fresh=False)


def _ask_customer(step: Making, found: SoughtCustomer, customer: Customer, fresh: bool) -> None:
    step.put(asked_customer=customer.identity)
    asked = CustomerAsked(
        asker=step.id,
        customer=customer,
        by=found.by,
        create=step.rules.customer.create,
        update=wants_update(found, step.rules),
        fresh=fresh,
        urgency=lateness.urgency(step),
    )
    step.messages.append(Message(flow="customers", entity=customer.identity, event=asked))


def ask_customer_anew(step: Making) -> None:
    """The relation that was known was refused, or a person asks for another try."""
    order = step.order.order
    if order is None:
        return
    found = relation_of(order, step.order.kind, step.rules)
    step.put(relation=None, asked_customer="")
    if isinstance(found, SoughtCustomer):
        customer = _mapped(step, found, order)
        if customer is not None:
            _ask_customer(step, found, customer, fresh=True)
    else:
        _find_customer(step, order)


def _mapped(step: Making, found: SoughtCustomer, order: BolOrder) -> Customer | None:
    try:
        customer = mapped_customer(found.customer, order, step.rules)
    except MappingFailed as error:
        _mapping_failed(step, error)
        return None
    return customer


def _mapping_failed(step: Making, error: MappingFailed) -> None:
    step.stuck(
        "mapping",
        f"{error} Try it with `kassabrug map try {step.bol_id}`, change orders.mapping in the settings, then press try "
        "again.",
    )
    step.put(mapping_again=step.at + seconds(AGAIN))


def wait(step: Making) -> None:
    """Has the row woken when a mapping that failed is to be tried again."""
    again_at = step.order.mapping_again
    if "mapping" in step.order.troubles and again_at is not None and again_at > step.at:
        step.wakes.append(again_at)


def customer_answered(step: Making, event: CustomerAnswered) -> None:
    """The customers flow knows the relation, or says what stands in the way."""
    order = step.order
    if order.is_booked or order.order is None or not order.asked_customer or order.step == "cancelled":
        return
    if event.relation_number is None:
        step.stuck("customer", event.why)
        return
    step.freed("customer")
    step.put(relation=event.relation_number, asked_customer="")
    go_on(step)


# -- commit


def commit(step: Making, not_before: datetime | None, repeated: bool) -> None:
    """Asks for the order as it is to be now."""
    order = step.order
    if order.order is None or order.relation is None:
        return
    made = drafted(step, order.order)
    if made is None:
        return
    step.put(
        cents=made.cents,
        shifted=made.draft.vat_method == SHIFTED,
        discounts=sum(1 for item_id in made.items if not item_id),
    )
    step.ask(COMMIT, CommitOrder(draft=made.draft), not_before, repeated)


def drafted(step: Making, order: BolOrder) -> Drafted | None:
    """The order for Mplus, mapped; None: a mapping failed on it."""
    known = step.order
    made = draft(
        step.context.connection,
        step.id,
        order,
        known.lines,
        known.relation or 0,
        known.attempt,
        known.kind,
        step.rules,
        step.at,
    )
    try:
        made = made._replace(draft=mapped_draft(made.draft, order, made.items, step.rules))
    except MappingFailed as error:
        _mapping_failed(step, error)
        return None
    step.freed("mapping")
    return made


def committed(step: Making, outcome: OrderCommitted, event: Settled) -> None:
    """It is in Mplus."""
    if step.order.is_booked:
        return
    later = step.order.later
    step.drops.append(COMMIT)
    changed = step.order.seen_before > outcome.marker
    _booked(step, outcome, event)
    if later is not None:
        seeing.fetch(step)
    if outcome.adopted or changed:
        following.read(step)  # what it holds, and whether it has left already
    following.follow(step)


def _booked(step: Making, outcome: OrderCommitted, event: Settled) -> None:
    order, order_id, number = step.order, outcome.order_id, outcome.number
    was_cancelled = order.step == "cancelled"
    millis = max(0, round((event.answered_at - order.noticed_at).total_seconds() * 1000))
    lines = tuple(replace(line, booked=line.due) for line in order.lines)
    articles: dict[int, int] = {}
    for line in lines:
        if line.article_number is not None and line.booked:
            count = line.booked * max(1, line.units)
            articles[line.article_number] = articles.get(line.article_number, 0) + count
    had_trouble = bool(order.troubles)
    step.go_to("committed")
    step.put(
        finished_at=None,
        lines=lines,
        mplus_order=order_id,
        mplus_number=number,
        committed_at=step.at,
        booked=Booked(
            marker=outcome.marker,
            quantity=articles,
            reference=own_reference(order.order) if order.order else "",
        ),
        seen_before=0,
        order=without_persons(order.order) if order.order else None,
        later=None,
        asked_customer="",
        commit_after=None,
        doubt=False,
        failures={},
        troubles={},
    )
    step.messages.extend(_bookings(step, event.answered_at))
    how = "was in Mplus already and is taken over" if outcome.adopted else "is in Mplus"
    step.note(
        "committed",
        f"Order {number or order_id} {how}.",
        level="cleared" if had_trouble else "good",
        direction="out",
        millis=None if outcome.adopted else millis,
    )
    if was_cancelled:
        step.note(
            "cancelled-after-commit",
            f"Bol cancelled this order while it was being booked; {number or order_id} is cancelled in Mplus too.",
            level="warn",
        )


def _bookings(step: Making, booked_at: datetime) -> list[Message]:
    if not step.kind_reserves:
        return []
    return [
        Message(
            flow="stock",
            entity=str(line.article_number),
            event=ReservationBooked(
                order_id=step.id, item_id=line.item_id, quantity=Decimal(line.reserved), booked_at=booked_at
            ),
        )
        for line in step.order.lines
        if line.article_number is not None and line.reserved
    ]


def not_done(step: Making, key: str, outcome: Refused | NotSent | AnswerLost) -> None:
    """Looking or booking failed."""
    order = step.order
    if order.is_booked or order.order is None:
        return
    if key == LOOK:
        if order.step not in ("cancelled", "kept-out"):
            again(step, LOOK, _looking(step), outcome)
        return
    _commit_failed(step, outcome)


def _commit_failed(step: Making, outcome: Refused | NotSent | AnswerLost) -> None:
    later = step.order.later
    when = failed(step, COMMIT, outcome)
    if isinstance(outcome, Refused):
        step.put(attempt=step.order.attempt + 1, commit_after=when)
    if COMMIT in step.context.open:
        return
    if later is None:
        if isinstance(outcome, Refused) and step.order.failures.get(COMMIT, 0) >= 2 and step.order.relation:
            ask_customer_anew(step)  # the relation may be what Mplus does not want
        step.put(doubt=step.doubt)
        commit(step, when, step.doubt)
    elif step.doubt:
        # Bol has changed it, and it may be in Mplus as it was: whether it is comes first.
        step.put(looked=False, doubt=True)
        step.ask(LOOK, _looking(step), when)
    else:
        seeing.take_in(step, later)


def retry(step: Making) -> None:
    """A person asks to try again."""
    step.put(commit_after=None)
    step.messages.extend(questions(step.id, step.order.lines, step.rules))
    if step.order.asked_customer:
        ask_customer_anew(step)
    go_on(step)
