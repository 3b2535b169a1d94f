"""Finding, making and renewing relations: one effect, its calls."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.mplus import relations
from connectors.mplus.failure import login
from connectors.mplus.operation import MplusAnswer
from connectors.mplus.trip import Trip
from streams.vocabulary.effects import CreateRelation, Match, UpdateRelation
from streams.vocabulary.events import Answer, RelationFound, RelationSaved
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import Failure, Refused


async def found(trip: Trip, customer: Customer, by: Iterable[Match]) -> RelationFound | Failure:
    """Our own identity first, it knows who a lost answer was about; then each of `by`."""
    for sought in _sought(by):
        calls, nearer = relations.searches(customer, sought)
        there = await _first(trip, calls)
        if there is relations.STRANGER and nearer is not None:
            there = await _first(trip, (nearer,))
        if isinstance(there, int):
            return RelationFound(relation_number=there, by=sought)
        if isinstance(there, Failure):
            return there
    return RelationFound(relation_number=None)


async def _first(
    trip: Trip, searches: Iterable[relations.Search]
) -> int | relations.Stranger | Failure | None:
    """Who is found first; else a stranger, if one was given."""
    there: relations.Stranger | None = None
    for search in searches:
        sent = await trip.send(search)
        if not isinstance(sent, MplusAnswer):
            return sent
        if isinstance(sent.what, int):
            return sent.what
        there = sent.what or there
    return there


def _sought(by: Iterable[Match]) -> tuple[relations.Sought, ...]:
    return ("identity", *by)


async def created(trip: Trip, effect: CreateRelation, repeated: bool) -> Answer | Failure:
    """Made, unless an earlier try made it."""
    customer = effect.customer
    if repeated:
        if not any(relations.searches(customer, sought).calls for sought in _sought(effect.by)):
            return Refused(
                said="an earlier try may have created this customer, who has nothing to be found by: "
                "look for the name in Mplus"
            )
        there = await found(trip, customer, effect.by)
        if not isinstance(there, RelationFound):
            return there
        if there.relation_number is not None:
            return RelationSaved(relation_number=there.relation_number)
    made = saved(await trip.send(relations.create(customer)))
    if isinstance(made, Refused) and customer.contact_below and customer.contact and not login(made):
        # Whether createRelation takes a contactList is not documented (facts/mplus.md 6): a refusal made nothing.
        return saved(await trip.send(relations.create(customer, contact_below=False)))
    return made


async def updated(trip: Trip, effect: UpdateRelation) -> Answer | Failure:
    """Renewed."""
    return saved(await trip.send(relations.update(effect.relation_number, effect.customer)))


def saved(sent: MplusAnswer[int | Refused] | Failure) -> Answer | Failure:
    """A relation's number, or Mplus's no."""
    if not isinstance(sent, MplusAnswer):
        return sent
    return sent.what if isinstance(sent.what, Refused) else RelationSaved(relation_number=sent.what)
