"""Shipments, cancellations and returns between the client and the simulator: told once, whatever happens to answers.

Only the simulator's books say what really happened.
"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.bol.simulator.books import Order
from streams.vocabulary.bol_order import Discount, fingerprint
from streams.vocabulary.effects import (
    AskBolProcess,
    BolEffect,
    CancelBolItem,
    FetchBolOrder,
    HandleBolReturn,
    ReadBolShipments,
    Sent,
    ShipBolItems,
    SweepBolOrders,
    SweepBolReturns,
)
from streams.vocabulary.events import (
    Answer,
    BolOrderFetched,
    BolShipment,
    BolShipmentsRead,
    BolWriteBegun,
    OrderNoticed,
    ProcessStatuses,
    ReturnNoticed,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, Failure, NotSent, Refused
from tests.connectors.bol.test_client_against_simulator import Shop
from tests.connectors.bol.test_client_against_simulator import shop as shop

DONE = BolWriteBegun(process_id="", done=True)
LOST = ["timeout-after-effect", "truncated", "http"]


async def run(shop: Shop, effect: BolEffect, repeated: bool = False) -> Answer | Failure:
    return (await shop.executor.execute("shop", effect, repeated)).outcome


async def carried_out(shop: Shop, effect: BolEffect) -> tuple[BolWriteBegun, int]:
    """As a flow does it: again after a failure, `repeated` once an answer was lost and only while that is the last
    word. How often it was run."""
    repeated = False
    for tries in range(1, 50):
        outcome = await run(shop, effect, repeated)
        if isinstance(outcome, BolWriteBegun):
            return outcome, tries
        assert isinstance(outcome, (AnswerLost, NotSent)), outcome
        repeated = isinstance(outcome, AnswerLost)
        shop.time.go(5)
    raise AssertionError("it never got through")


async def ended(shop: Shop, begun: Answer | Failure) -> str:
    """How a write ended; of one that was found done, nobody asks."""
    assert isinstance(begun, BolWriteBegun), begun
    if begun.done:
        return "SUCCESS"
    shop.time.go(1)
    told = await run(shop, AskBolProcess(process_id=begun.process_id))
    assert isinstance(told, ProcessStatuses)
    [status] = told.statuses
    return status.status


def shipping(order: Order, *sent: int, reference: str = "BOL-1", **more: Any) -> ShipBolItems:
    items = tuple(
        Sent(item_id=item.item_id, quantity=units)
        for item, units in zip(order.items, sent, strict=True)
        if units
    )
    given = {"transporter": "TNT", "track": "3SBOL1", **more}
    return ShipBolItems(order_id=order.order_id, items=items, reference=reference, **given)


def strike(shop: Shop, fault: str, operation: str, method: str, count: int | None = 1, **more: Any) -> None:
    after = {"after_effect": True, "status": 502} if fault == "http" else {}
    shop.trouble(fault, operation, method=method, count=count, seconds=0, **after, **more)


# -- what Bol tells of an order


async def test_all_that_is_new_in_an_order(shop: Shop) -> None:
    answer = await shop.http.post(
        "http://bol.test/_control/orders",
        json={
            "items": [{
                "offerId": shop.offer(9), "quantity": 3, "priceCents": 1000, "shipped": 1, "cancelled": 1,
                "discounts": [{"title": "3 voor 2", "cents": 1000}], "commissionCents": 240,
                "services": ["PLACEMENT_AND_INSTALLATION"],
            }],
            "distribution": "BOL", "exactDelivery": "2026-12-05", "expires": "2026-12-09", "timeFrame": "EVENING",
            "customer": {"pickupPoint": "Bruna 't Centrum", "language": "fr-BE"},
        },
    )  # fmt: skip
    order_id = answer.json()["orderId"]
    fetched = await run(shop, FetchBolOrder(order_id=order_id))
    assert isinstance(fetched, BolOrderFetched)
    assert fetched.order is not None
    [item] = fetched.order.items
    assert (item.quantity, item.quantity_shipped, item.quantity_cancelled) == (3, 1, 1)
    assert (item.unit_price_cents, item.total_cents, item.commission_cents) == (1000, 2000, 240)
    assert item.discounts == (Discount(title="3 voor 2", cents=1000),)
    assert (item.latest_delivery, item.exact_delivery, item.expires) == ("2026-12-05", True, "2026-12-09")
    assert (item.time_frame, item.distribution, item.fulfilment) == ("EVENING", "BOL", "FBR")
    assert item.services == ("PLACEMENT_AND_INSTALLATION",)
    assert fetched.order.pickup_point
    assert (fetched.order.ship_to.pickup_point, fetched.order.ship_to.language) == (
        "Bruna 't Centrum",
        "fr-BE",
    )
    execution = await shop.executor.execute("shop", SweepBolOrders(), False)
    [message] = execution.messages
    assert isinstance(message.event, OrderNoticed)
    assert message.event.changed == fingerprint([(item.item_id, 3, 1, 1, False)])


# -- without trouble


async def test_an_order_is_shipped_in_parts_and_the_rest_is_cancelled(shop: Shop) -> None:
    order = shop.order((shop.offer(9), 3), (shop.offer(9, 1), 1))
    assert await ended(shop, await run(shop, shipping(order, 2, 0, reference="a"))) == "SUCCESS"
    assert await ended(shop, await run(shop, shipping(order, 0, 1, reference="b"))) == "SUCCESS"
    first, second = order.items
    cancelling = CancelBolItem(order_id=order.order_id, item_id=first.item_id, reason="BAD_CONDITION")
    assert await ended(shop, await run(shop, cancelling)) == "SUCCESS"
    assert await ended(shop, await run(shop, cancelling)) == "FAILURE"  # nothing is open any more
    assert [(item.shipped, item.cancelled) for item in order.items] == [(2, 1), (1, 0)]
    [gone] = shop.simulator.books.cancellations
    assert (gone.by, gone.reason, gone.quantity) == ("retailer", "BAD_CONDITION", 1)
    read = await run(shop, ReadBolShipments(order_id=order.order_id))
    assert isinstance(read, BolShipmentsRead)
    assert [(one.reference, one.items) for one in read.shipments] == [
        ("b", ((second.item_id, 1),)),
        ("a", ((first.item_id, 2),)),
    ]
    assert all(isinstance(one, BolShipment) for one in read.shipments)


async def test_a_label_goes_with_its_item(shop: Shop) -> None:
    order = shop.order((shop.offer(9), 1))
    order.items[0].distribution = "BOL"
    label = shop.simulator.books.buy_label(order, order.items)
    assert await ended(shop, await run(shop, shipping(order, 1))) == "FAILURE"
    effect = shipping(order, 1, label=label.label_id)
    assert await ended(shop, await run(shop, effect)) == "SUCCESS"
    [shipment] = shop.simulator.books.shipments.values()
    assert shipment.transport["shippingLabelId"] == label.label_id


async def test_a_return_is_seen_handled_and_gone(shop: Shop) -> None:
    order = shop.order((shop.offer(9), 2))
    await run(shop, shipping(order, 2))
    made = shop.simulator.books.register_return([(order.items[0].item_id, 2)], ("Defect", ""), "from Jan")
    execution = await shop.executor.execute("shop", SweepBolReturns(), False)
    assert execution.outcome == Swept(cursor="", found=1)
    [message] = execution.messages
    assert (message.flow, message.entity) == ("returns", made.return_id)
    assert isinstance(message.event, ReturnNoticed)
    [item] = message.event.items
    assert (item.rma_id, item.order_id, item.expected) == (made.items[0].rma_id, order.order_id, 2)
    assert (item.reason, item.handled) == ("Defect", False)
    assert b"Jan" not in b"".join(one.body for one in execution.raw)
    handling = HandleBolReturn(
        return_id=made.return_id, rma_id=item.rma_id, result="RETURN_RECEIVED", quantity=2
    )
    assert await ended(shop, await run(shop, handling)) == "SUCCESS"
    assert await run(shop, SweepBolReturns()) == Swept(cursor="", found=0)
    assert await run(shop, handling, repeated=True) == DONE
    assert len(made.items[0].handlings) == 1


async def test_what_bol_forgets_is_told_so(shop: Shop) -> None:
    order = shop.order((shop.offer(9), 1))
    begun = await run(shop, shipping(order, 1))
    assert isinstance(begun, BolWriteBegun)
    shop.time.go(10_000)
    assert await run(shop, AskBolProcess(process_id=begun.process_id)) == ProcessStatuses(statuses=())
    # The shipment is known by its reference all the same.
    assert await run(shop, shipping(order, 1), repeated=True) == DONE


# -- lost answers


def writes(shop: Shop, late: bool = False) -> dict[str, tuple[BolEffect, Any]]:
    """Each write, and how often the books have it."""
    books = shop.simulator.books
    order = shop.order((shop.offer(9), 4), (shop.offer(9, 1), 1))
    books.send_off(order, [(order.items[1], 1)], "", {}, "retailer")
    made = books.register_return([(order.items[1].item_id, 1)])
    [back] = made.items
    return {
        "ship": (shipping(order, 2, 0), lambda: (len(books.shipments) - 1, order.items[0].shipped / 2)),
        "cancel": (
            CancelBolItem(order_id=order.order_id, item_id=order.items[0].item_id, reason="OTHER"),
            lambda: (len(books.cancellations), order.items[0].cancelled / 4),
        ),
        "handle": (
            HandleBolReturn(
                return_id=made.return_id, rma_id=back.rma_id, result="RETURN_RECEIVED", quantity=1
            ),
            lambda: (len(back.handlings), len(back.handlings)),
        ),
    }


WHERE = {
    "ship": ("shipments", "POST", "CREATE_SHIPMENT"),
    "cancel": ("shipments", "PUT", "CANCEL_ORDER"),
    "handle": ("write-return", "PUT", "HANDLE_RETURN_ITEM"),
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kept", [3600.0, 0.0])
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("what", WHERE)
async def test_a_write_whose_answer_was_lost_happens_once(
    what: str, fault: str, kept: float, late: bool
) -> None:
    """Bol may end it before or after the look, and may have forgotten the process by then."""
    shop = Shop(process_seconds=8.0, writes_late=late, process_kept=kept)
    operation, method, event_type = WHERE[what]
    effect, counted = writes(shop)[what]
    strike(shop, fault, operation, method)
    begun, tries = await carried_out(shop, effect)
    assert tries == 2
    shop.time.go(8)
    assert await ended(shop, begun) == "SUCCESS" if kept else True
    shop.simulator.books.diary.catch_up()
    assert counted() == (1, 1)
    known = [one for one in shop.simulator.books.processes if one.event_type == event_type]
    assert len(known) <= 1
    await shop.simulator.aclose()


@pytest.mark.parametrize("what", WHERE)
async def test_a_write_that_bol_never_got_is_sent_again(shop: Shop, what: str) -> None:
    operation, method, _ = WHERE[what]
    effect, counted = writes(shop)[what]
    strike(shop, "timeout", operation, method)
    begun, _ = await carried_out(shop, effect)
    assert await ended(shop, begun) == "SUCCESS"
    assert counted() == (1, 1)


@pytest.mark.parametrize("what", WHERE)
async def test_a_write_that_failed_at_bol_is_not_adopted(shop: Shop, what: str) -> None:
    operation, method, _ = WHERE[what]
    effect, counted = writes(shop)[what]
    strike(shop, "process-failure", operation, method)
    assert await ended(shop, await run(shop, effect)) == "FAILURE"
    assert counted()[0] == 0
    begun = await run(shop, effect, repeated=True)
    assert await ended(shop, begun) == "SUCCESS"
    assert counted() == (1, 1)


async def test_the_second_part_is_not_taken_for_the_first(shop: Shop) -> None:
    """Both ship units of the same item: the process of the first is known, its reference is another one."""
    order = shop.order((shop.offer(9), 2))
    first = await run(shop, shipping(order, 1, reference="BOL-1"))
    assert isinstance(first, BolWriteBegun)
    second = shipping(order, 1, reference="BOL-2", known=(first.process_id,))
    begun = await run(shop, second, repeated=True)  # it was never sent
    assert isinstance(begun, BolWriteBegun)
    assert begun.process_id not in ("", first.process_id)
    assert order.items[0].shipped == 2


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("what", WHERE)
async def test_in_a_storm_it_happens_once(what: str, seed: int) -> None:
    """Answers lost, refused for now, cut short, of the writes and of the looks, until it gets through."""
    shop = Shop(process_seconds=3.0, writes_late=bool(seed % 2))
    effect, counted = writes(shop)[what]
    shop.simulator.faults._rng.seed(seed)
    for fault in ("timeout-after-effect", "truncated"):
        shop.trouble(fault, seconds=0, probability=0.2)
    shop.trouble("timeout", seconds=0, probability=0.1)
    shop.trouble("http", status=503, probability=0.1)
    shop.trouble("http", status=429, seconds=70, probability=0.1)
    await carried_out(shop, effect)
    shop.simulator.faults.clear()
    shop.time.go(10)
    shop.simulator.books.diary.catch_up()
    assert counted() == (1, 1)
    await shop.simulator.aclose()


@pytest.mark.parametrize("fault", ["http", "timeout", "truncated"])
async def test_trouble_that_lasts_is_told(shop: Shop, fault: str) -> None:
    effects: list[BolEffect] = [effect for effect, _ in writes(shop).values()]
    known = shop.simulator.books.processes.begin("CANCEL_ORDER", "", "e").process_id
    effects += [SweepBolReturns(), AskBolProcess(process_id=known), ReadBolShipments(order_id="A1")]
    shop.trouble(fault, seconds=0)
    for effect in effects:
        assert isinstance(await run(shop, effect), AnswerLost)


async def test_what_bol_refuses_is_told(shop: Shop) -> None:
    order = shop.order((shop.offer(9), 1))
    bad = CancelBolItem(order_id=order.order_id, item_id=order.items[0].item_id, reason="BORED")
    # The contract would not let it through: only the simulator is asked here.
    judge, shop.http._transport = shop.http._transport, shop.http._transport.inner  # type: ignore[attr-defined]
    refused = await run(shop, bad)
    assert isinstance(refused, Refused)
    assert refused.code == "400"
    assert "reasonCode" in refused.said
    shop.http._transport = judge
    unknown = HandleBolReturn(return_id="1", rma_id="1", result="RETURN_RECEIVED", quantity=1)
    assert await ended(shop, await run(shop, unknown)) == "FAILURE"
    assert isinstance(await run(shop, unknown, repeated=True), Refused)
