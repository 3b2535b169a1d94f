"""Writes that Bol takes with a 202 and ends later, and how one is found again whose answer was lost.

Bol has no key of ours on them (but a shipment's reference), so what may have been sent is looked for in two places:
in what it changed, and among the processes. In this order: a process that ends in between is still listed, while a
change that comes in between would be missed the other way round.

As long as nothing is found, an earlier try may still have taken effect: so a repeated write never ends as `NotSent`
(the next try would not look), and Bol's refusal to be asked is no refusal of the write.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from connectors.bol import call, orders, returns, shipments, wire
from connectors.bol.client import PATIENCE, BolAnswer
from connectors.bol.trip import SWEEP_PATIENCE, Trip
from streams.vocabulary.effects import CancelBolItem, HandleBolReturn, ReadBolShipments, ShipBolItems
from streams.vocabulary.events import Answer, BolShipment, BolShipmentsRead, BolWriteBegun, ProcessStatus
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent, Refused

MOST_PAGES = 20
"""Of the shipments of one order, or of the processes of one item: 1,000."""
LONGEST_REFERENCE = 90
"""Characters of a shipment's reference (ShipmentRequest)."""
DONE = BolWriteBegun(process_id="", done=True)


async def ship(trip: Trip, effect: ShipBolItems, repeated: bool) -> Answer | Failure:
    """See ShipBolItems. A process that ended with TIMEOUT may have shipped: it is adopted, and the flow decides."""
    if not 0 < len(effect.reference) <= LONGEST_REFERENCE:
        return Refused(said=f"a shipment's reference has 1 to {LONGEST_REFERENCE} characters")
    if not effect.items:
        return Refused(said=f"nothing to ship of order {effect.order_id}")
    if repeated:
        listed = await _listed(trip, effect.order_id, _look)
        if not isinstance(listed, list):
            return listed
        if any(one.reference == effect.reference for one in listed):
            return DONE
        item_id = effect.items[0].item_id
        found = await _process(trip, item_id, "CREATE_SHIPMENT", _unknown(effect.known))
        if found is not None:
            return found
    return await _begin(
        trip,
        call.create_shipment(
            ((one.item_id, one.quantity) for one in effect.items),
            effect.reference,
            effect.transporter,
            effect.track,
            effect.label,
        ),
        repeated,
    )


async def cancel(trip: Trip, effect: CancelBolItem, repeated: bool) -> Answer | Failure:
    """See CancelBolItem."""
    if repeated:
        fetched = await _look(trip, call.get_order(effect.order_id))
        if not isinstance(fetched, Delivered):
            return fetched
        order = orders.order(fetched.answer.body, fetched.answer.raw.asked_at)
        item = next((one for one in order.items if one.item_id == effect.item_id), None)
        if order.order_id != effect.order_id or item is None:
            raise wire.Unreadable(
                f"asked for item {effect.item_id} of order {effect.order_id}, Bol answered without it"
            )
        if item.quantity <= item.quantity_shipped + item.quantity_cancelled:
            return DONE
        found = await _process(trip, effect.item_id, "CANCEL_ORDER", _unknown(effect.known))
        if found is not None:
            return found
    return await _begin(trip, call.cancel_item(effect.item_id, effect.reason), repeated)


async def handle(trip: Trip, effect: HandleBolReturn, repeated: bool) -> Answer | Failure:
    """See HandleBolReturn. One that is being handled right now is adopted: the return does not show it yet."""
    if repeated:
        fetched = await _look(trip, call.get_return(effect.return_id))
        if not isinstance(fetched, Delivered):
            return fetched
        return_id, noticed = returns.returned(fetched.answer.body, fetched.answer.raw.asked_at)
        item = next((one for one in noticed.items if one.rma_id == effect.rma_id), None)
        if return_id != effect.return_id or item is None:
            raise wire.Unreadable(
                f"asked for item {effect.rma_id} of return {effect.return_id}, Bol answered without it"
            )
        if item.handled:
            return DONE
        found = await _process(trip, effect.rma_id, "HANDLE_RETURN_ITEM", _pending)
        if found is not None:
            return found
    return await _begin(trip, call.handle_return(effect.rma_id, effect.result, effect.quantity), repeated)


async def read_shipments(trip: Trip, effect: ReadBolShipments) -> Answer | Failure:
    """See ReadBolShipments: the list has no quantities, so each shipment is fetched."""
    listed = await _listed(trip, effect.order_id, _ask)
    if not isinstance(listed, list):
        return listed
    found: list[BolShipment] = []
    for one in listed:
        fetched = await trip.send(call.get_shipment(one.shipment_id))
        if not isinstance(fetched, Delivered):
            return fetched
        shipment = shipments.shipment(fetched.answer.body)
        if shipment.shipment_id != one.shipment_id:
            raise wire.Unreadable(
                f"asked for shipment {one.shipment_id}, Bol answered with {shipment.shipment_id}"
            )
        found.append(shipment)
    return BolShipmentsRead(shipments=tuple(found))


async def _begin(trip: Trip, one: call.Call, repeated: bool) -> Answer | Failure:
    begun = await trip.send(one)
    if repeated and isinstance(begun, NotSent):
        return AnswerLost(why=begun.why)
    if not isinstance(begun, Delivered):
        return begun
    process_id = wire.accepted(begun.answer.body)
    if (
        not process_id
    ):  # the field is nullable; without it nobody could ask how it ended, but it can be looked for
        raise wire.Unreadable(f"Bol took the {one.operation}, but told no process")
    return BolWriteBegun(process_id=wire.identifier(process_id, "process status"))


_Answered = Delivered[BolAnswer] | Failure


async def _ask(trip: Trip, one: call.Call) -> _Answered:
    return await trip.send(one, PATIENCE)


async def _look(trip: Trip, one: call.Call) -> _Answered:
    """A question whether an earlier try took effect: only its answer, or a 404, tells that."""
    answer = await trip.send(one, SWEEP_PATIENCE)
    if isinstance(answer, NotSent):
        return AnswerLost(why=answer.why)
    if isinstance(answer, Refused) and answer.code != "404":
        return AnswerLost(why=f"Bol does not tell whether the earlier try took effect ({answer.said})")
    return answer


async def _listed(
    trip: Trip, order_id: str, ask: Callable[[Trip, call.Call], Awaitable[_Answered]]
) -> list[shipments.Listed] | Failure:
    """All shipments of an order, the newest first. Until a page brings nothing new: the size of a page may change."""
    found: dict[str, shipments.Listed] = {}
    for page in range(1, MOST_PAGES + 1):
        answer = await ask(trip, call.list_shipments(order_id, page))
        if isinstance(answer, Refused) and answer.code == "404":
            return list(found.values())
        if not isinstance(answer, Delivered):
            return answer
        fresh = [one for one in shipments.listed(answer.answer.body) if one.shipment_id not in found]
        if not fresh:
            return list(found.values())
        found.update((one.shipment_id, one) for one in fresh)
    return Refused(said=f"more than {MOST_PAGES} pages of shipments of order {order_id}")


async def _process(
    trip: Trip, entity_id: str, event_type: str, ours: Callable[[ProcessStatus], bool]
) -> BolWriteBegun | Failure | None:
    """The newest process that is ours; None: there is none, or Bol no longer knows (kept for a limited time)."""
    seen: set[str] = set()
    for page in range(1, MOST_PAGES + 1):
        answer = await _look(trip, call.processes_of(entity_id, event_type, page))
        if isinstance(answer, Refused) and answer.code == "404":
            return None
        if not isinstance(answer, Delivered):
            return answer
        fresh = [one for one in wire.statuses(answer.answer.body) if one.process_id not in seen]
        if not fresh:
            return None
        for one in fresh:
            if ours(one):
                return BolWriteBegun(process_id=one.process_id)
        seen.update(one.process_id for one in fresh)
    return Refused(said=f"more than {MOST_PAGES} pages of {event_type} processes of {entity_id}")


def _unknown(known: Iterable[str]) -> Callable[[ProcessStatus], bool]:
    """A write that no earlier effect began and that did not fail."""
    before = frozenset(known)
    return lambda one: one.process_id not in before and one.status != "FAILURE"


def _pending(one: ProcessStatus) -> bool:
    return one.status == "PENDING"
