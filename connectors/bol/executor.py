"""Runs the effects that are Bol's: each becomes its calls, their answers become an outcome and events."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from connectors.bol import call, wire
from connectors.bol.client import BolAnswer, BolClient
from connectors.bol.windows import windows
from streams.vocabulary.effects import (
    BolEffect,
    CareForSubscription,
    Effect,
    Execution,
    FetchBolOrder,
    PushStock,
    RawAnswer,
    SweepBolOffers,
    SweepBolOrders,
    SweepProcessStatuses,
)
from streams.vocabulary.events import (
    Answer,
    BolOrderFetched,
    Message,
    OrderNoticed,
    ProcessStatuses,
    StockPushed,
    SubscriptionCaredFor,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, Refused
from streams.vocabulary.time import Clock

MOST_PAGES = 200
"""Pages of one list call: 10,000 orders changed in an hour or on a day."""


class _Trip:
    """The calls of one effect: what they gave is gathered here."""

    def __init__(self, client: BolClient) -> None:
        self._client = client
        self.raw: list[RawAnswer] = []
        self.messages: list[Message] = []

    async def send(self, one: call.Call) -> Delivered[BolAnswer] | Failure:
        answer = await self._client.send(one)
        if isinstance(answer, Delivered):
            self.raw.append(answer.answer.raw)
        return answer


class BolExecutor:
    """For every connection that has a Bol account."""

    def __init__(self, client: Callable[[str], BolClient], clock: Clock) -> None:
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
        if not isinstance(effect, BolEffect):
            raise TypeError(f"{type(effect).__name__} is no effect of Bol's")
        try:
            outcome = await self._run(trip, effect)
        except wire.Unreadable as error:
            outcome = AnswerLost(why=str(error))
        answered_at = trip.raw[-1].answered_at if len(trip.raw) == 1 else self._clock()
        first = trip.raw[0].asked_at if trip.raw else asked_at
        keep = not isinstance(effect, PushStock)  # an empty 204 tells nothing that the outcome does not
        return Execution(
            outcome=outcome,
            asked_at=first,
            answered_at=answered_at,
            messages=tuple(trip.messages) if not isinstance(outcome, Failure) else (),
            raw=tuple(trip.raw) if keep else (),
        )

    async def _run(self, trip: _Trip, effect: BolEffect) -> Answer | Failure:
        match effect:
            case PushStock():
                pushed = await trip.send(call.patch_stock(effect.offer_id, effect.amount))
                if not isinstance(pushed, Delivered):
                    return pushed
                return StockPushed(offer_id=effect.offer_id, amount=effect.amount)
            case FetchBolOrder():
                return await self._fetch_order(trip, effect)
            case SweepBolOrders():
                return await self._sweep_orders(trip, effect)
            case SweepBolOffers():
                return await self._sweep_offers(trip, effect)
            case SweepProcessStatuses():
                asked = await trip.send(call.process_statuses(effect.process_ids))
                if not isinstance(asked, Delivered):
                    return asked
                return ProcessStatuses(statuses=wire.statuses(asked.answer.body))
            case CareForSubscription():
                return await self._care(trip, effect)
            case _:
                assert_never(effect)

    async def _fetch_order(self, trip: _Trip, effect: FetchBolOrder) -> Answer | Failure:
        fetched = await trip.send(call.get_order(effect.order_id))
        if isinstance(fetched, Refused) and fetched.code == "404":
            return BolOrderFetched(order=None)
        if not isinstance(fetched, Delivered):
            return fetched
        return BolOrderFetched(order=wire.order(fetched.answer.body))

    async def _sweep_orders(self, trip: _Trip, effect: SweepBolOrders) -> Answer | Failure:
        began = self._clock()
        found: dict[str, str] = {}
        for window in windows(effect.since, began):
            for page in range(1, MOST_PAGES + 1):
                listed = await trip.send(call.list_orders(window, page))
                if not isinstance(listed, Delivered):
                    return listed
                noticed = wire.orders(listed.answer.body)
                if not noticed:
                    break
                found.update((one.order_id, one.changed) for one in noticed)
            else:
                return Refused(
                    said=f"more than {MOST_PAGES} pages of orders in one list: narrow it down by hand"
                )
        trip.messages.extend(
            Message(
                flow="orders",
                entity=order_id,
                event=OrderNoticed(via="sweep", noticed_at=began, changed=changed),
            )
            for order_id, changed in found.items()
        )
        return Swept(cursor=began.isoformat(), found=len(found))

    async def _sweep_offers(self, trip: _Trip, effect: SweepBolOffers) -> Answer | Failure:
        listed = await trip.send(call.list_offers(effect.cursor))
        if not isinstance(listed, Delivered):
            return listed
        # As old as the asking: a push that ended in between is not taken for a foreign write.
        offers, cursor = wire.offers(listed.answer.body, listed.answer.raw.asked_at)
        trip.messages.extend(
            Message(flow="catalogue", entity=f"offer/{offer.offer_id}", event=offer) for offer in offers
        )
        return Swept(cursor=cursor, more=bool(cursor) and bool(offers), found=len(offers))

    async def _care(self, trip: _Trip, effect: CareForSubscription) -> Answer | Failure:
        listed = await trip.send(call.list_subscriptions())
        if not isinstance(listed, Delivered):
            return listed
        ours = [one for one in wire.subscriptions(listed.answer.body) if one.subscription_type == "WEBHOOK"]
        same = next((one for one in ours if one.url == effect.url), None)
        if same is not None and same.enabled is not False and set(effect.resources) <= set(same.resources):
            return SubscriptionCaredFor(did="nothing")
        if same is None:
            did, change = "created", call.create_subscription(effect.url, effect.resources)
        else:
            did = "enabled" if same.enabled is False else "changed"
            resources = tuple(sorted({*same.resources, *effect.resources}))
            change = call.change_subscription(same.id, effect.url, resources)
        changed = await trip.send(change)
        if not isinstance(changed, Delivered):
            return changed
        process_id = wire.accepted(changed.answer.body)
        return SubscriptionCaredFor(did=did, process_ids=(process_id,) if process_id else ())


async def signature_keys(client: BolClient) -> list[wire.SignatureKey] | None:
    """Bol's keys, for connectors/bol/signature.py; None when Bol cannot be asked."""
    fetched = await client.send(call.signature_keys())
    if not isinstance(fetched, Delivered):
        return None
    try:
        return wire.keys(fetched.answer.body)
    except wire.Unreadable:
        return None
