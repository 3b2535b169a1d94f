"""Runs the effects that are Mplus's: each becomes its calls, their answers become an outcome and events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar, assert_never

from msgspec.structs import replace

from connectors.mplus import lookups, orders, relations, sweeps
from connectors.mplus.failure import unknown_operation
from connectors.mplus.operation import Hear, MplusAnswer, Operation
from connectors.mplus.stock_desk import Stock
from streams.vocabulary.effects import (
    CommitOrder,
    CreateRelation,
    Effect,
    Execution,
    FindRelation,
    MplusEffect,
    RawAnswer,
    ReadStock,
    Stumbled,
    SweepArticles,
    SweepMarkers,
    SweepMplusOrders,
    SweepStock,
    UpdateRelation,
)
from streams.vocabulary.events import (
    Answer,
    Message,
    OrderCommitted,
    RelationFound,
    RelationSaved,
    StockAnswered,
)
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, Refused
from streams.vocabulary.permission import Withdrawn
from streams.vocabulary.time import Clock

T = TypeVar("T")


class Sender(Protocol):
    """What calls go through: a MplusClient, or answers of before (recorded.py)."""

    async def send(
        self, operation: Operation[T], hear: Hear | None = None
    ) -> Delivered[MplusAnswer[T]] | Failure:
        """See MplusClient.send."""

    async def read_stock(self, article: int, branches: tuple[int, ...]) -> Delivered[Stock] | Failure:
        """See MplusClient.read_stock."""


class _Trip:
    """The calls of one effect: what they gave is gathered here."""

    def __init__(self, connection: str, client: Sender) -> None:
        self.connection = connection
        self.client = client
        self._calls = 0
        self.raw: list[RawAnswer] = []
        self.messages: list[Message] = []
        self.asked_at: datetime | None = None
        self.answered_at: datetime | None = None

    async def send(self, operation: Operation[T]) -> MplusAnswer[T] | Failure:
        self._calls += 1
        number = self._calls
        sent = await self.client.send(operation, lambda raw: self.raw.append(replace(raw, call=number)))
        if not isinstance(sent, Delivered):
            return sent
        answer = sent.answer
        self.asked_at = self.asked_at or answer.asked_at
        self.answered_at = answer.answered_at
        return answer


class MplusExecutor:
    """For every connection that has a Mplus administration."""

    def __init__(self, client: Callable[[str], Sender], clock: Clock) -> None:
        """`client(connection)` raises KeyError for a connection that is not set up."""
        self._client = client
        self._clock = clock

    async def execute(self, connection: str, effect: Effect, repeated: bool) -> Execution:
        """See streams/vocabulary/effects.py. A vendor's failure is an outcome."""
        if not isinstance(effect, MplusEffect):
            raise TypeError(f"{type(effect).__name__} is no effect of Mplus's")
        began = self._clock()
        try:
            trip = _Trip(connection, self._client(connection))
        except KeyError:
            said = f"the connection {connection!r} is not in the settings"
            return Execution(outcome=Refused(said=said), asked_at=began, answered_at=began)
        try:
            outcome = await _run(trip, effect, repeated)
        except Withdrawn:
            raise
        except Exception as error:
            raise Stumbled(tuple(trip.raw)) from error
        failed = isinstance(outcome, Failure)
        return Execution(
            outcome=outcome,
            asked_at=trip.raw[0].asked_at if trip.raw else trip.asked_at or began,
            # Of an answer: when its last call was answered, which is what a booking is dated by.
            answered_at=self._clock() if failed or trip.answered_at is None else trip.answered_at,
            messages=() if failed else tuple(trip.messages),
            raw=tuple(trip.raw),
            began=began,
        )


async def _run(trip: _Trip, effect: MplusEffect, repeated: bool) -> Answer | Failure:
    match effect:
        case ReadStock():
            return await _read_stock(trip, effect)
        case SweepMarkers():
            sent = await trip.send(lookups.sync_markers())
            return sent.what if isinstance(sent, MplusAnswer) else sent
        case SweepArticles():
            return await sweeps.articles_of(trip, effect)
        case SweepStock():
            return await sweeps.stock_of(trip, effect)
        case SweepMplusOrders():
            return await sweeps.orders_of(trip, effect)
        case FindRelation():
            return await _find_relation(trip, effect.email)
        case CreateRelation():
            return await _create_relation(trip, effect, repeated)
        case UpdateRelation():
            updated = await trip.send(relations.update(effect.relation_number, effect.customer))
            return _saved(updated)
        case CommitOrder():
            return await _commit(trip, effect, repeated)
        case _:
            assert_never(effect)


async def _read_stock(trip: _Trip, effect: ReadStock) -> Answer | Failure:
    if not effect.branches:
        return Refused(said="no branch is chosen whose stock is on sale: set stock.branches in the settings")
    stock = await trip.client.read_stock(effect.article_number, effect.branches)
    if not isinstance(stock, Delivered):
        return stock
    trip.asked_at, trip.answered_at = stock.answer.asked_at, stock.answer.answered_at
    return StockAnswered(readings=stock.answer.readings)


# -- customers


async def _find_relation(trip: _Trip, email: str) -> RelationFound | Failure:
    if not email.strip():
        return RelationFound(relation_number=None)
    sent = await trip.send(relations.find(email))
    return RelationFound(relation_number=sent.what) if isinstance(sent, MplusAnswer) else sent


async def _create_relation(trip: _Trip, effect: CreateRelation, repeated: bool) -> Answer | Failure:
    if repeated:
        email = effect.customer.email
        if not email.strip():
            return Refused(
                said="an earlier try may have created this customer, who has no e-mail address to be found by: "
                "look for the name in Mplus"
            )
        there = await _find_relation(trip, email)
        if not isinstance(there, RelationFound):
            return there
        if there.relation_number is not None:
            return RelationSaved(relation_number=there.relation_number)
    return _saved(await trip.send(relations.create(effect.customer)))


def _saved(sent: MplusAnswer[int | Refused] | Failure) -> Answer | Failure:
    if not isinstance(sent, MplusAnswer):
        return sent
    return sent.what if isinstance(sent.what, Refused) else RelationSaved(relation_number=sent.what)


# -- orders


async def _commit(trip: _Trip, effect: CommitOrder, repeated: bool) -> Answer | Failure:
    draft = effect.draft
    if repeated:
        there = await _adopt(trip, draft.ext_order_id)
        if there is not None:
            return there
    sent = await trip.send(orders.create(draft))
    if isinstance(sent, Refused) and unknown_operation(sent):
        # The try that was refused had no effect, and earlier ones have been looked for above.
        sent = await trip.send(orders.create_without_key(draft))
    if not isinstance(sent, MplusAnswer):
        return sent
    made = sent.what
    if not isinstance(made, Refused):
        return OrderCommitted(order_id=made.order_id, number=made.number)
    if made.code != orders.EXISTS:
        return made
    there = await _adopt(trip, draft.ext_order_id)
    if there is None:
        # Queued for a branch with a database of its own, perhaps (facts/mplus.md 7.1): it comes in sight later.
        why = f"Mplus has an order {draft.ext_order_id} already ({made.said}), but does not give it"
        return AnswerLost(why=why)
    return there


async def _adopt(trip: _Trip, ext_order_id: str) -> OrderCommitted | Failure | None:
    """The order that is there already; None: there is none."""
    sent = await trip.send(orders.find(ext_order_id))
    if not isinstance(sent, MplusAnswer):
        return sent
    if sent.what is None:
        return None
    return OrderCommitted(order_id=sent.what.order_id, number=sent.what.number, adopted=True)
