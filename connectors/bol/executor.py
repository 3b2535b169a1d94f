"""Runs the effects that are Bol's: each becomes its calls, their answers become an outcome and events."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from datetime import datetime
from typing import assert_never

from connectors.bol import call, offering, offers, orders, returns, stocktaking, windows, wire, writes
from connectors.bol.client import PATIENCE, BolClient
from connectors.bol.noticing import Noticing
from connectors.bol.tally import tally
from connectors.bol.trip import SWEEP_PATIENCE, Sender, Trip
from streams.vocabulary.effects import (
    AskBolProcess,
    BolEffect,
    CancelBolItem,
    CareForSubscription,
    Effect,
    Execution,
    FetchBolOrder,
    HandleBolReturn,
    PushOffer,
    ReadBolInventory,
    ReadBolOffer,
    ReadBolShipments,
    ShipBolItems,
    Stumbled,
    SweepBolInventory,
    SweepBolOffers,
    SweepBolOrders,
    SweepBolReturns,
    SweepProcessStatuses,
)
from streams.vocabulary.events import (
    Answer,
    BolOrderFetched,
    Message,
    OrderNoticed,
    ProcessStatus,
    ProcessStatuses,
    SubscriptionCaredFor,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, Refused
from streams.vocabulary.permission import Withdrawn
from streams.vocabulary.time import Clock, seconds

PAGES_AT_ONCE = 5
"""Pages of the order list that one sweep reads: what is on them is told before the next ones are read."""
MOST_PAGES = 200
"""Pages of one list of returns."""
MOST_STATUSES = 1_000
"""Process statuses in one question (bol-shared-v10, BulkProcessStatusRequest)."""
ROUND_AGAIN = 3600.0
"""Seconds between two rounds over the offers that begin anew because Bol no longer took the cursor."""
SURE = frozenset(("PROCESS_STATUS", "SHIPMENT"))
"""What webhooks surely deliver; whether they do ORDER is not documented (facts/bol.md, Push)."""


class BolExecutor:
    """For every connection that has a Bol account."""

    def __init__(
        self,
        client: Callable[[str], Sender],
        clock: Clock,
        round_begun: MutableMapping[str, datetime] | None = None,
    ) -> None:
        """`client(connection)` raises KeyError for a connection that is not set up. `round_begun`: when a round over
        its offers last had to begin anew."""
        self._client = client
        self._clock = clock
        self._round_begun: MutableMapping[str, datetime] = {} if round_begun is None else round_begun
        self._noticing = Noticing()

    async def execute(self, connection: str, effect: Effect, repeated: bool) -> Execution:
        """See streams/vocabulary/effects.py. A vendor's failure is an outcome."""
        if not isinstance(effect, BolEffect):
            raise TypeError(f"{type(effect).__name__} is no effect of Bol's")
        began = self._clock()
        try:
            trip = Trip(self._client(connection), began)
        except KeyError:
            said = f"the connection {connection!r} is not in the settings"
            return Execution(outcome=Refused(said=said), asked_at=began, answered_at=began)
        try:
            outcome = await self._run(connection, trip, effect, repeated)
        except wire.Unreadable as error:
            outcome = AnswerLost(why=str(error))
        except Withdrawn:
            raise
        except Exception as error:
            raise Stumbled(tuple(trip.raw)) from error
        failed = isinstance(outcome, Failure)
        # An empty 204 tells nothing that the outcome does not; a refusal does.
        keep = failed or not isinstance(effect, PushOffer)
        return Execution(
            outcome=outcome,
            asked_at=trip.raw[0].asked_at if trip.raw else began,
            answered_at=trip.raw[-1].answered_at if trip.raw and not failed else self._clock(),
            messages=tuple(trip.messages),
            raw=tuple(trip.raw) if keep else (),
            began=began,
        )

    async def _run(self, connection: str, trip: Trip, effect: BolEffect, repeated: bool) -> Answer | Failure:
        match effect:
            case PushOffer():
                return await offering.push(trip, effect)
            case FetchBolOrder():
                return await self._fetch_order(trip, effect)
            case SweepBolOrders():
                return await self._sweep_orders(connection, trip, effect)
            case SweepBolOffers():
                return await self._sweep_offers(connection, trip, effect)
            case ReadBolOffer():
                return await offering.look(trip, effect)
            case SweepBolInventory():
                return await stocktaking.take(trip)
            case ReadBolInventory():
                return await stocktaking.look(trip, effect)
            case SweepProcessStatuses():
                return await self._sweep_statuses(trip, effect)
            case CareForSubscription():
                return await self._care(trip, effect)
            case ShipBolItems():
                return await writes.ship(trip, effect, repeated)
            case CancelBolItem():
                return await writes.cancel(trip, effect, repeated)
            case AskBolProcess():
                return await self._ask_process(trip, effect)
            case ReadBolShipments():
                return await writes.read_shipments(trip, effect)
            case SweepBolReturns():
                return await self._sweep_returns(trip, effect)
            case HandleBolReturn():
                return await writes.handle(trip, effect, repeated)
            case _:
                assert_never(effect)

    # -- orders

    async def _fetch_order(self, trip: Trip, effect: FetchBolOrder) -> Answer | Failure:
        fetched = await trip.send(call.get_order(effect.order_id))
        if isinstance(fetched, Refused) and fetched.code == "404":
            return BolOrderFetched(order=None)
        if not isinstance(fetched, Delivered):
            return fetched
        order = orders.order(fetched.answer.body, fetched.answer.raw.asked_at)
        if order.order_id != effect.order_id:
            raise wire.Unreadable(f"asked for order {effect.order_id}, Bol answered with {order.order_id}")
        return BolOrderFetched(order=order)

    async def _sweep_orders(self, connection: str, trip: Trip, effect: SweepBolOrders) -> Answer | Failure:
        """Some pages, as far as Bol's limit goes at once; where there are more, the next sweep goes on."""
        place = windows.begin(effect.since, effect.place)
        found: dict[str, dict[str, orders.ListedItem]] = {}
        now = trip.began
        for number in range(PAGES_AT_ONCE):
            try:
                planned = windows.coming(place, now)
            except windows.TooLong as error:
                return Refused(said=f"{error}: narrow it down by hand")
            answer = await trip.send(
                call.list_orders(planned.window, planned.page), PATIENCE if number else SWEEP_PATIENCE
            )
            if not isinstance(answer, Delivered):
                if number:
                    break  # what is read is told; the next sweep meets what stands in the way
                return answer
            listed = orders.listed(answer.answer.body)
            for one in listed:
                # The items of an order may lie on several pages; the newer word counts.
                items = found.setdefault(one.order_id, {})
                items.update((item.order_item_id, item) for item in one.items)
            raw = answer.answer.raw
            now = raw.answered_at
            following = windows.after(planned.place, len(listed), raw.asked_at, now)
            if isinstance(following, datetime):
                self._notice(connection, trip, found)
                total = planned.place.found + len(listed)
                return Swept(
                    cursor=following.isoformat(), found=max(len(found), total if effect.place else 0)
                )
            place = following
        self._notice(connection, trip, found)
        return Swept(cursor=windows.written(place), more=True, found=len(found))

    def _notice(self, connection: str, trip: Trip, found: dict[str, dict[str, orders.ListedItem]]) -> None:
        for order_id, items in found.items():
            changed = orders.fingerprint(items.values())
            if self._noticing.is_news(connection, order_id, changed, trip.began):
                event = OrderNoticed(via="sweep", noticed_at=trip.began, changed=changed)
                trip.messages.append(Message(flow="orders", entity=order_id, event=event))

    # -- offers

    async def _sweep_offers(self, connection: str, trip: Trip, effect: SweepBolOffers) -> Answer | Failure:
        """One page of one of the two lists; the cursor says where it goes on. What changes lists while they are read is
        told twice, or not before the next round."""
        place = offering.place_of(effect.cursor)
        asked = await trip.send(
            call.list_offers(place.cursor, place.page_size, place.for_sale), SWEEP_PATIENCE
        )
        if isinstance(asked, Refused) and asked.code in ("400", "404", "410") and place.cursor:
            # A cursor may not live for ever: after a long stop the round begins anew, but not again and again.
            last, now = self._round_begun.get(connection), self._clock()
            if last is not None and now < last + seconds(ROUND_AGAIN):
                return asked
            self._round_begun[connection] = now
            return Swept(cursor="", more=True)
        if not isinstance(asked, Delivered):
            return asked
        # As old as the asking: a push that ended in between is not taken for a foreign write.
        seen, cursor = offers.listed(asked.answer.body, asked.answer.raw.asked_at, place.for_sale)
        following = place.after(cursor if seen else "")
        if not place.for_sale:
            seen = await offering.explained(trip, seen)
        trip.messages.extend(
            Message(flow="catalogue", entity=f"offer/{one.offer_id}", event=one) for one in seen
        )
        return Swept(cursor=following, more=bool(following), found=len(seen), offers=tally(seen))

    # -- returns

    async def _sweep_returns(self, trip: Trip, effect: SweepBolReturns) -> Answer | Failure:
        """One that is handled meanwhile moves the others up, and one may slip through: the next sweep has it, since it
        stays in the list until it is handled."""
        if effect.return_id:
            return await self._read_return(trip, effect.return_id)
        found: dict[str, returns.Returned] = {}
        for fulfilment in ("FBR", "FBB"):
            for page in range(1, MOST_PAGES + 1):
                answer = await trip.send(call.list_returns(fulfilment, page), SWEEP_PATIENCE)
                if not isinstance(answer, Delivered):
                    return answer
                listed = returns.listed(answer.answer.body, answer.answer.raw.asked_at)
                if not listed:
                    break
                found.update((one.return_id, one) for one in listed)
            else:
                return Refused(
                    said=f"more than {MOST_PAGES} pages of {fulfilment} returns that nobody handled: "
                    "handle them in Bol's partner site"
                )
        trip.messages.extend(
            Message(flow="returns", entity=one.return_id, event=one.noticed) for one in found.values()
        )
        return Swept(cursor="", found=len(found))

    async def _read_return(self, trip: Trip, return_id: str) -> Answer | Failure:
        """One return, handled or not."""
        asked = await trip.send(call.get_return(return_id), SWEEP_PATIENCE)
        if isinstance(asked, Refused) and asked.code == "404":
            return Swept(cursor="", found=0)
        if not isinstance(asked, Delivered):
            return asked
        one = returns.returned(asked.answer.body, asked.answer.raw.asked_at)
        if one.return_id != return_id:
            raise wire.Unreadable(f"asked for return {return_id}, Bol answered with {one.return_id}")
        trip.messages.append(Message(flow="returns", entity=return_id, event=one.noticed))
        return Swept(cursor="", found=1)

    # -- writes and pushes

    async def _ask_process(self, trip: Trip, effect: AskBolProcess) -> Answer | Failure:
        asked = await trip.send(call.process_status(effect.process_id))
        if isinstance(asked, Refused) and asked.code == "404":
            return ProcessStatuses(statuses=())
        if not isinstance(asked, Delivered):
            return asked
        status = wire.status(asked.answer.body)
        if status.process_id != effect.process_id:
            raise wire.Unreadable(
                f"asked for process {effect.process_id}, Bol answered with {status.process_id}"
            )
        return ProcessStatuses(statuses=(status,))

    async def _sweep_statuses(self, trip: Trip, effect: SweepProcessStatuses) -> Answer | Failure:
        found: list[ProcessStatus] = []
        ids = effect.process_ids
        for start in range(0, len(ids), MOST_STATUSES):
            asked = await trip.send(call.process_statuses(ids[start : start + MOST_STATUSES]), SWEEP_PATIENCE)
            if not isinstance(asked, Delivered):
                return asked
            found.extend(wire.statuses(asked.answer.body))
        return ProcessStatuses(statuses=tuple(found))

    async def _care(self, trip: Trip, effect: CareForSubscription) -> Answer | Failure:
        listed = await trip.send(call.list_subscriptions())
        if not isinstance(listed, Delivered):
            return listed
        known = [
            one
            for one in wire.subscriptions(listed.answer.body)
            if one.subscription_type == "WEBHOOK" and one.url == effect.url
        ]
        wanted = frozenset(effect.resources)
        if any(one.enabled is not False and wanted <= set(one.resources) for one in known):
            return SubscriptionCaredFor(did="nothing")
        # One that is enabled before one that is not.
        same = min(known, key=lambda one: one.enabled is False, default=None)
        outcome = await self._subscribe(trip, effect, same, wanted)
        sure = wanted & SURE
        if not (isinstance(outcome, Refused) and outcome.code == "400" and sure and sure < wanted):
            return outcome
        # Bol takes no such subscription for webhooks: what surely works is better than nothing.
        if same is not None and same.enabled is not False and sure <= set(same.resources):
            return SubscriptionCaredFor(did="nothing")
        return await self._subscribe(trip, effect, same, sure)

    async def _subscribe(
        self, trip: Trip, effect: CareForSubscription, same: wire.Subscription | None, wanted: frozenset[str]
    ) -> Answer | Failure:
        """`same`: our subscription as it is; None: make one."""
        if same is None:
            did, change = "created", call.create_subscription(effect.url, tuple(sorted(wanted)))
        else:
            did = "enabled" if same.enabled is False else "changed"
            # TEST is told, but cannot be asked for (SubscriptionRequest).
            resources = tuple(sorted((wanted | set(same.resources)) - {"TEST"}))
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
