"""Runs the effects that are Mplus's: each becomes its calls, their answers become an outcome and events."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from connectors.mplus import bookings, customers, lookups, stock_setting, sweeps
from connectors.mplus.elements import Unfit
from connectors.mplus.operation import MplusAnswer
from connectors.mplus.trip import Sender, Trip
from streams.vocabulary.effects import (
    CancelMplusOrder,
    CommitOrder,
    CreateRelation,
    DeliverMplusOrder,
    Effect,
    Execution,
    FindRelation,
    MplusEffect,
    PayMplusOrder,
    ReadMplusOrder,
    ReadPackingSlips,
    ReadStock,
    SetMplusCategory,
    SetMplusStock,
    Stumbled,
    SweepArticles,
    SweepMarkers,
    SweepMplusOrders,
    SweepPackingSlips,
    SweepStock,
    SweepStockHistory,
    UpdateRelation,
)
from streams.vocabulary.events import Answer, StockAnswered
from streams.vocabulary.outcomes import Delivered, Failure, Refused
from streams.vocabulary.permission import Withdrawn
from streams.vocabulary.time import Clock


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
            trip = Trip(connection, self._client(connection))
        except KeyError:
            said = f"the connection {connection!r} is not in the settings"
            return Execution(outcome=Refused(said=said), asked_at=began, answered_at=began)
        try:
            outcome = await _run(trip, effect, repeated)
        except Unfit as error:  # what the shop has set, before anything of it was sent
            outcome = Refused(said=f"{error}: look at the field mapping in the settings", code="MAPPING")
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


async def _run(trip: Trip, effect: MplusEffect, repeated: bool) -> Answer | Failure:
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
        case SweepStockHistory():
            return await sweeps.history_of(trip, effect)
        case SetMplusStock():
            return await stock_setting.stock_set(trip, effect)
        case SweepMplusOrders():
            return await sweeps.orders_of(trip, effect)
        case SweepPackingSlips():
            return await sweeps.slips_of(trip, effect)
        case FindRelation():
            return await customers.found(trip, effect.customer, effect.by)
        case CreateRelation():
            return await customers.created(trip, effect, repeated)
        case UpdateRelation():
            return await customers.updated(trip, effect)
        case CommitOrder():
            return await bookings.committed(trip, effect, repeated)
        case ReadMplusOrder():
            return await bookings.read(trip, effect.order_id)
        case DeliverMplusOrder():
            return await bookings.delivered(trip, effect)
        case CancelMplusOrder():
            return await bookings.cancelled(trip, effect)
        case PayMplusOrder():
            return await bookings.paid(trip, effect, repeated)
        case SetMplusCategory():
            return await bookings.recategorised(trip, effect)
        case ReadPackingSlips():
            return await bookings.slips(trip, effect)
        case _:
            assert_never(effect)


async def _read_stock(trip: Trip, effect: ReadStock) -> Answer | Failure:
    if not effect.branches:
        return Refused(said="no branch is chosen whose stock is on sale: set stock.branches in the settings")
    stock = await trip.client.read_stock(effect.article_number, effect.branches)
    if not isinstance(stock, Delivered):
        return stock
    trip.asked_at, trip.answered_at = stock.answer.asked_at, stock.answer.answered_at
    return StockAnswered(readings=stock.answer.readings)
