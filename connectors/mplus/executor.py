"""Runs the effects that are Mplus's: each becomes its calls, their replies become an outcome and events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from connectors.mplus import articles, lookups, orders, relations, soap
from connectors.mplus.client import IN_A_THREAD, MplusAnswer, MplusClient, Operation
from connectors.mplus.stock import get_stock, readings
from streams.vocabulary.effects import (
    CommitOrder,
    CreateRelation,
    Effect,
    Execution,
    FindRelation,
    MplusEffect,
    RawAnswer,
    ReadStock,
    SweepArticles,
    SweepMarkers,
    SweepMplusOrders,
    SweepStock,
    UpdateRelation,
)
from streams.vocabulary.events import (
    Answer,
    Message,
    MplusOrderSeen,
    OrderCommitted,
    RelationFound,
    RelationSaved,
    StockAnswered,
    StockDoubted,
    StockRead,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, Refused
from streams.vocabulary.time import Clock

KEPT = ("createRelation", "updateRelation", "createOrderV3", "findOrder")
"""Replies that the raw topic keeps: what was written at Mplus. Readings and pages are in the events."""


class _Trip:
    """The calls of one effect: what they gave is gathered here."""

    def __init__(self, client: MplusClient) -> None:
        self.client = client
        self.raw: list[RawAnswer] = []
        self.messages: list[Message] = []
        self.asked_at: datetime | None = None
        self.answered_at: datetime | None = None

    async def send(self, operation: Operation) -> Delivered[MplusAnswer] | Failure:
        sent = await self.client.send(operation)
        if isinstance(sent, Delivered):
            raw = sent.answer.raw
            self.asked_at = self.asked_at or raw.asked_at
            self.answered_at = raw.answered_at
            if operation.name in KEPT:
                self.raw.append(raw)
        return sent


class MplusExecutor:
    """For every connection that has a Mplus administration."""

    def __init__(self, client: Callable[[str], MplusClient], clock: Clock) -> None:
        """`client(connection)` raises KeyError for a connection that is not set up."""
        self._client = client
        self._clock = clock

    async def execute(self, connection: str, effect: Effect, repeated: bool) -> Execution:
        """See streams/vocabulary/effects.py. A vendor's failure is an outcome."""
        asked_at = self._clock()
        try:
            trip = _Trip(self._client(connection))
        except KeyError:
            said = f"the connection {connection!r} is not in the settings"
            return Execution(outcome=Refused(said=said), asked_at=asked_at, answered_at=asked_at)
        if not isinstance(effect, MplusEffect):
            raise TypeError(f"{type(effect).__name__} is no effect of Mplus's")
        try:
            outcome = await self._run(trip, effect, repeated)
        except soap.Unreadable as error:
            outcome = AnswerLost(why=str(error))
        failed = isinstance(outcome, Failure)
        return Execution(
            outcome=outcome,
            asked_at=trip.asked_at or asked_at,
            answered_at=trip.answered_at or self._clock(),
            messages=() if failed else tuple(trip.messages),
            raw=tuple(trip.raw),
        )

    async def _run(self, trip: _Trip, effect: MplusEffect, repeated: bool) -> Answer | Failure:
        match effect:
            case ReadStock():
                stock = await trip.client.read_stock(effect.article_number, effect.branches)
                if not isinstance(stock, Delivered):
                    return stock
                trip.asked_at, trip.answered_at = stock.answer.asked_at, stock.answer.answered_at
                return StockAnswered(readings=stock.answer.readings)
            case SweepMarkers():
                sent = await trip.send(
                    Operation("getCurrentSyncMarkers", lookups.question("getCurrentSyncMarkers"))
                )
                return lookups.markers(sent.answer.element) if isinstance(sent, Delivered) else sent
            case SweepArticles():
                return await self._sweep_articles(trip, effect)
            case SweepStock():
                return await self._sweep_stock(trip, effect)
            case SweepMplusOrders():
                return await self._sweep_orders(trip, effect)
            case FindRelation():
                return await self._find_relation(trip, effect.email)
            case CreateRelation():
                return await self._create_relation(trip, effect, repeated)
            case UpdateRelation():
                return await self._update_relation(trip, effect)
            case CommitOrder():
                return await self._commit(trip, effect, repeated)
            case _:
                assert_never(effect)

    # -- sweeps

    async def _sweep_articles(self, trip: _Trip, effect: SweepArticles) -> Answer | Failure:
        sent = await trip.send(Operation("getProducts", articles.get_products(effect.marker), bulk=True))
        if not isinstance(sent, Delivered):
            return sent
        seen, highest = articles.products(sent.answer.element)
        trip.messages.extend(
            Message(flow="catalogue", entity=f"article/{article.article_number}", event=article)
            for article in seen
        )
        return Swept(cursor=str(max(highest + 1, effect.marker)), more=bool(seen), found=len(seen))

    async def _sweep_stock(self, trip: _Trip, effect: SweepStock) -> Answer | Failure:
        marker = effect.marker
        found = 0
        for branch in effect.branches:
            body = get_stock(branch, (), effect.marker or None)
            sent = await trip.send(Operation("getStock", body, bulk=True))
            if not isinstance(sent, Delivered):
                return sent
            raw = sent.answer.raw
            if len(raw.body) > IN_A_THREAD:
                read = await asyncio.to_thread(
                    readings, sent.answer.element, branch, raw.asked_at, raw.answered_at
                )
            else:
                read = readings(sent.answer.element, branch, raw.asked_at, raw.answered_at)
            for reading in read:
                marker = max(marker, reading.marker)
                if reading.branch == branch and (reading.marker > effect.marker or not effect.marker):
                    found += 1
                    entity = str(reading.article_number)
                    trip.messages.append(
                        Message(flow="stock", entity=entity, event=StockRead(reading=reading))
                    )
        return Swept(cursor=str(max(marker, 1)), found=found)

    async def _sweep_orders(self, trip: _Trip, effect: SweepMplusOrders) -> Answer | Failure:
        sent = await trip.send(Operation("getOrders", orders.get_orders(effect.marker), bulk=True))
        if not isinstance(sent, Delivered):
            return sent
        listed = orders.orders(sent.answer.element)
        moved: dict[int, str] = {}
        for order in listed:
            moved.update((line.article_number, order.number or order.order_id) for line in order.lines)
            if order.ext_order_id.startswith(effect.ext_prefix):
                entity = order.ext_order_id.removeprefix(effect.ext_prefix)
                if entity:
                    trip.messages.append(
                        Message(flow="orders", entity=entity, event=MplusOrderSeen(order=order))
                    )
        since = sent.answer.raw.answered_at
        trip.messages.extend(
            Message(
                flow="stock",
                entity=str(article),
                event=StockDoubted(why=f"order {number} changed in Mplus", since=since),
            )
            for article, number in sorted(moved.items())
            if article > 0
        )
        highest = max((order.marker for order in listed), default=0)
        return Swept(cursor=str(max(highest + 1, effect.marker)), more=bool(listed), found=len(listed))

    # -- customers and orders

    async def _find_relation(self, trip: _Trip, email: str) -> Answer | Failure:
        sent = await trip.send(Operation("findRelationV2", relations.find_relation(email)))
        if not isinstance(sent, Delivered):
            return sent
        return RelationFound(relation_number=relations.found(sent.answer.element, email))

    async def _create_relation(self, trip: _Trip, effect: CreateRelation, repeated: bool) -> Answer | Failure:
        if repeated:
            there = await self._find_relation(trip, effect.customer.email)
            if not isinstance(there, RelationFound):
                return there
            if there.relation_number is not None:
                return RelationSaved(relation_number=there.relation_number)
        body = relations.create_relation(effect.customer)
        sent = await trip.send(Operation("createRelation", body, idempotent=False))
        if not isinstance(sent, Delivered):
            return sent
        made = relations.created(sent.answer.element)
        return made if isinstance(made, Refused) else RelationSaved(relation_number=made)

    async def _update_relation(self, trip: _Trip, effect: UpdateRelation) -> Answer | Failure:
        body = relations.update_relation(effect.relation_number, effect.customer)
        sent = await trip.send(Operation("updateRelation", body))
        if not isinstance(sent, Delivered):
            return sent
        return relations.updated(sent.answer.element) or RelationSaved(relation_number=effect.relation_number)

    async def _commit(self, trip: _Trip, effect: CommitOrder, repeated: bool) -> Answer | Failure:
        if repeated:
            there = await self._adopt(trip, effect)
            if there is not None:
                return there
        sent = await trip.send(Operation("createOrderV3", orders.create_order(effect.draft)))
        if not isinstance(sent, Delivered):
            return sent
        made = orders.created(sent.answer.element)
        if isinstance(made, Refused):
            if made.code == orders.EXISTS:
                return await self._adopt(trip, effect) or made
            return made
        return OrderCommitted(order_id=made.order_id, number=made.number)

    async def _adopt(self, trip: _Trip, effect: CommitOrder) -> Answer | Failure | None:
        """The order that is there already; None: there is none."""
        sent = await trip.send(Operation("findOrder", orders.find_order(effect.draft.ext_order_id)))
        if not isinstance(sent, Delivered):
            return sent
        order = orders.found(sent.answer.element)
        if order is None:
            return None
        return OrderCommitted(order_id=order.order_id, number=order.number, adopted=True)
