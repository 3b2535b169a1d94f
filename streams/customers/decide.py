"""What an event changes about a customer, and what is asked of Mplus next. Pure.

Looked for, then made or renewed, then everybody who waits is answered. All of a customer's orders meet in his one
row, so they make one relation at most. A creation is no idempotent call: once it was asked for, its row does not look
and create anew, it asks for that very creation again, which looks first (`CreateRelation`, repeated).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, assert_never

import msgspec
from msgspec.structs import replace

from streams.backoff import REFUSED_WAIT, delay, told, wait_after, worth_telling
from streams.customers.state import WAITING, Debtor, Wanted
from streams.flow import Ask, Context, Decision
from streams.vocabulary.activity import Activity, Level, Noted, masked
from streams.vocabulary.effects import CreateRelation, Effect, FindRelation, UpdateRelation
from streams.vocabulary.events import (
    CustomerAnswered,
    CustomerAsked,
    CustomersEvent,
    Message,
    RelationFound,
    RelationSaved,
    Settled,
    Woke,
)
from streams.vocabulary.likeness import digest
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

FIND, CREATE, UPDATE = "find-relation", "create-relation", "update-relation"
LOST_WAIT = 5.0
"""Seconds at least after a creation whose answer was lost: Mplus may still be at it, and who looks must find it."""
KEEP = 100 * 86_400.0
"""Seconds after its last use that a row is forgotten. The relation stays, and is found by its extRelationId."""
TRIED = {
    FIND: "finding the customer",
    CREATE: "making a relation for the customer",
    UPDATE: "renewing the customer's relation",
}


class _Step:
    """One decision in the making."""

    def __init__(self, debtor: Debtor, context: Context) -> None:
        self.debtor = debtor
        self.context = context
        self.asks: dict[str, Ask] = {}
        self.drops: list[str] = []
        self.messages: list[Message] = []
        self.notes: list[Activity] = []

    def note(self, text: str, level: Level = "info", direction: Literal["in", "out", ""] = "") -> None:
        self.notes.append(Noted(kind="customer", text=text, level=level, direction=direction))

    def ask(
        self, key: str, effect: Effect, not_before: datetime | None = None, repeated: bool = False
    ) -> None:
        urgency = self.debtor.wanted.urgency if self.debtor.wanted is not None else None
        self.asks[key] = Ask(
            key=key, effect=effect, not_before=not_before, repeated=repeated, urgency=urgency
        )

    def drop(self, key: str) -> None:
        if key in self.context.open:
            self.drops.append(key)

    def waits_for(self, key: str) -> bool:
        return key in self.asks or (key in self.context.open and key not in self.drops)

    def answer(self, asker: str, relation: int | None, why: str = "") -> None:
        event = CustomerAnswered(relation_number=relation, why=why)
        self.messages.append(Message(flow="orders", entity=asker, event=event))

    def decision(self) -> Decision[Debtor]:
        idle = not self.debtor.waiting and not any(map(self.waits_for, (FIND, CREATE, UPDATE)))
        used_at = self.debtor.used_at or self.context.at
        return Decision(
            state=self.debtor,
            messages=tuple(self.messages),
            asks=tuple(self.asks.values()),
            drops=tuple(self.drops),
            activity=tuple(self.notes),
            wake=used_at + seconds(KEEP) if idle else None,
        )


def decide(state: Debtor | None, event: CustomersEvent, context: Context) -> Decision[Debtor]:
    """See streams/flow.py."""
    if state is None and not isinstance(event, CustomerAsked):
        return Decision(state=None)  # an echo about somebody who is no longer remembered
    step = _Step(state or Debtor(), context)
    match event:
        case CustomerAsked():
            _asked(step, event)
        case Settled():
            _settled(step, event)
        case Woke():
            if _forgotten(step):
                return Decision(state=None)
            _go_on(step)
        case _:
            assert_never(event)
    return step.decision()


def fingerprint(customer: Customer, update: tuple[str, ...]) -> str:
    """Of what an update would write; empty: nothing. Equal to that of the last writing: there is nothing to do."""
    told = _fields(customer, update)
    return digest([msgspec.json.encode(told, order="deterministic").decode()]) if told else ""


def _fields(customer: Customer, update: tuple[str, ...]) -> dict[str, object]:
    return {name: value for name in update if (value := getattr(customer, name, None))}


def _forgotten(step: _Step) -> bool:
    used_at = step.debtor.used_at
    over = used_at is None or used_at + seconds(KEEP) <= step.context.at
    return over and not step.debtor.waiting and not step.context.open


# -- from an order


def _asked(step: _Step, event: CustomerAsked) -> None:
    debtor = step.debtor
    again = event.asker in debtor.waiting
    if not again and len(debtor.waiting) >= WAITING:
        step.answer(
            event.asker,
            None,
            f"{WAITING} orders of this customer wait for Mplus already. Press try again later.",
        )
        return
    if debtor.stuck:
        step.answer(event.asker, None, debtor.stuck)
    wanted = Wanted(
        customer=event.customer,
        by=event.by,
        create=event.create,
        update=event.update,
        urgency=_nearest(debtor, event.urgency),
    )
    waiting = debtor.waiting if again else (*debtor.waiting, event.asker)
    step.debtor = replace(debtor, wanted=wanted, waiting=waiting, used_at=step.context.at)
    if event.fresh:
        step.debtor = replace(step.debtor, relation=None, written="", writing="")
        step.drop(UPDATE)  # a creation is never dropped: nobody would know how it ended
    if again:
        _hurry(step, wanted)
    _go_on(step)


def _nearest(debtor: Debtor, urgency: datetime | None) -> datetime | None:
    if not debtor.waiting or debtor.wanted is None or urgency is None:
        return urgency
    return min(urgency, debtor.wanted.urgency) if debtor.wanted.urgency is not None else None


def _hurry(step: _Step, wanted: Wanted) -> None:
    """An order that waits asked once more, so a person pressed try again: what waits for its time is tried now."""
    for key, one in step.context.open.items():
        if one.not_before is None or one.not_before <= step.context.at or key in step.drops:
            continue
        if key == FIND:
            step.ask(FIND, FindRelation(customer=wanted.customer, by=wanted.by), None, one.repeated)
        elif key == CREATE:
            _create(step, wanted, None, True)
        else:
            step.ask(key, one.effect, None, one.repeated)


# -- the next step


def _go_on(step: _Step) -> None:
    """Takes the next step that can be taken, as long as somebody waits."""
    debtor, wanted = step.debtor, step.debtor.wanted
    if wanted is None:
        return
    if debtor.relation is None:
        if not step.waits_for(FIND) and not step.waits_for(CREATE):
            step.ask(FIND, FindRelation(customer=wanted.customer, by=wanted.by))
        return
    wish = fingerprint(wanted.customer, wanted.update)
    under_way = step.waits_for(UPDATE)
    if wish and wish != (debtor.writing if under_way else debtor.written):
        _update(step, debtor.relation, wanted)
    elif not under_way:
        _answer_all(step, debtor.relation)


def _create(step: _Step, wanted: Wanted, not_before: datetime | None, repeated: bool) -> None:
    # A repeated one may find what somebody else wrote: then it is not known what the relation holds.
    writing = "" if repeated else fingerprint(wanted.customer, wanted.update)
    step.debtor = replace(step.debtor, writing=writing)
    step.ask(CREATE, CreateRelation(customer=wanted.customer, by=wanted.by), not_before, repeated)


def _update(step: _Step, relation: int, wanted: Wanted, not_before: datetime | None = None) -> None:
    told = _fields(wanted.customer, wanted.update)
    fields = msgspec.convert({"name": "", "email": "", **msgspec.to_builtins(told)}, Customer)
    step.debtor = replace(step.debtor, writing=fingerprint(wanted.customer, wanted.update))
    waiting = step.context.open.get(UPDATE)
    if waiting is not None and not_before is None and UPDATE not in step.asks:
        not_before = waiting.not_before
    step.ask(UPDATE, UpdateRelation(relation_number=relation, customer=fields), not_before)


def _answer_all(step: _Step, relation: int) -> None:
    debtor = step.debtor
    for asker in debtor.waiting:
        step.answer(asker, relation)
    if debtor.stuck:
        step.note(f"The reason is gone: the customer is relation {relation}.", "cleared")
    step.debtor = replace(
        debtor, wanted=None, waiting=(), writing="", tries=0, stuck="", used_at=step.context.at
    )


# -- outcomes


def _settled(step: _Step, event: Settled) -> None:
    outcome = event.outcome
    if event.key in step.context.open and not (event.key == CREATE and isinstance(outcome, RelationSaved)):
        return  # the same is asked anew meanwhile, and that is what counts
    match outcome:
        case RelationFound():
            _found(step, outcome)
        case RelationSaved():
            _saved(step, event.key, outcome)
        case Refused() | NotSent() | AnswerLost():
            _not_done(step, event.key, outcome)
        case _:
            raise ValueError(f"{type(outcome).__name__} is no answer to anything a customer's row asks")


def _found(step: _Step, outcome: RelationFound) -> None:
    debtor, wanted = step.debtor, step.debtor.wanted
    if debtor.relation is not None or wanted is None or step.waits_for(CREATE):
        return
    if outcome.relation_number is not None:
        number = outcome.relation_number
        step.debtor = replace(debtor, relation=number, tries=0)
        how = f", by its {outcome.by}" if outcome.by else ""
        step.note(f"{masked(wanted.customer.name)} is relation {number} in Mplus{how}.", direction="in")
        _go_on(step)
    elif wanted.create:
        step.debtor = replace(debtor, tries=0)
        _create(step, wanted, None, False)
    else:
        why = (
            "Mplus has no relation for this customer, and none is made (orders.customer.create is off). Make it in "
            "Mplus and press try again; it is also looked for by itself."
        )
        tries = debtor.tries + 1
        step.debtor = replace(debtor, tries=tries)
        _stuck(step, why)
        wait = max(REFUSED_WAIT, delay(tries, f"{step.context.entity}/{FIND}"))
        step.ask(FIND, FindRelation(customer=wanted.customer, by=wanted.by), step.context.at + seconds(wait))


def _saved(step: _Step, key: str, outcome: RelationSaved) -> None:
    debtor, number = step.debtor, outcome.relation_number
    if key == UPDATE and debtor.relation is None:
        return  # forgotten meanwhile: it is looked for
    if key == CREATE:
        step.drop(CREATE)
        name = masked(debtor.wanted.customer.name) if debtor.wanted is not None else "The customer"
        step.note(f"{name} is relation {number} in Mplus now.", "good", "out")
    else:
        step.note(f"Relation {number} was renewed.", direction="out")
    step.debtor = replace(debtor, relation=number, written=debtor.writing, writing="", tries=0)
    _go_on(step)


def _not_done(step: _Step, key: str, outcome: Refused | NotSent | AnswerLost) -> None:
    debtor, wanted = step.debtor, step.debtor.wanted
    if wanted is None or (key != UPDATE and debtor.relation is not None):
        return
    if key == UPDATE and debtor.relation is None:
        return
    if key == UPDATE and isinstance(outcome, Refused):
        # The customer is known, only his address could not be renewed: that holds up no order.
        step.note(
            f"Mplus did not renew relation {debtor.relation} ({outcome.said}); orders are booked on it as it is.",
            "warn",
            "out",
        )
        step.debtor = replace(debtor, written=debtor.writing, tries=0)
        _go_on(step)
        return
    when = step.context.at + seconds(_note_failure(step, key, outcome))
    if key == UPDATE and debtor.relation is not None:
        _update(step, debtor.relation, wanted, when)
    elif key == CREATE and wanted.create:
        _create(step, wanted, when, True)
    elif not step.waits_for(CREATE):
        step.ask(FIND, FindRelation(customer=wanted.customer, by=wanted.by), when)


def _note_failure(step: _Step, key: str, outcome: Refused | NotSent | AnswerLost) -> float:
    """Counts it, tells who waits when it is worth it, and gives the seconds to wait."""
    tries = step.debtor.tries + 1
    step.debtor = replace(step.debtor, tries=tries)
    if worth_telling(outcome, tries):
        _stuck(step, told(f"{TRIED[key]} in Mplus", "Mplus", outcome))
    lost = LOST_WAIT if key == CREATE else 0.0
    return wait_after(outcome, tries, f"{step.context.entity}/{key}", lost=lost)


def _stuck(step: _Step, why: str) -> None:
    if step.debtor.stuck == why:
        return
    step.debtor = replace(step.debtor, stuck=why)
    step.note(why, "stuck")
    for asker in step.debtor.waiting:
        step.answer(asker, None, why)
