"""Shipments with their transport, labels of Bol's, what Bol ships itself, and what the partner site does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.bol.simulator.records import Order
from connectors.bol.simulator.transporters import LETTERS, TRANSPORTERS
from tests.connectors.bol.simulator.test_orders import cancel, ended, ids, place, ship
from tests.connectors.bol.simulator.wire import EAN, Opened, Shop

TRACKED = {"transporterCode": "TNT", "trackAndTrace": "3SBOL1"}


async def ended_as(shop: Shop, process: Any) -> tuple[str, str]:
    told = await ended(shop, process)
    return told["status"], told.get("errorMessage", "")


async def placed(shop: Shop, *items: dict[str, Any], **more: Any) -> Order:
    """An order by the control API, of offers of their own."""
    count = len(shop.books.offers)
    for number in range(len(items)):
        shop.offer(99, count + number, price_cents=2000)
    lines = [
        {"ean": f"{int(EAN) + count + number}", "quantity": 1, **one} for number, one in enumerate(items)
    ]
    told = await shop.control("orders", {"items": lines, **more})
    return shop.books.orders[told["orderId"]]


# -- transporters


def test_letters_are_transporters() -> None:
    assert LETTERS < TRANSPORTERS
    assert all(one == one.upper() for one in TRANSPORTERS)


async def test_a_transporter_that_bol_does_not_know_makes_the_shipment_fail(shop: Shop) -> None:
    [item] = place(shop, 1).items
    told = await ship(shop, (item.item_id, None), transport={"transporterCode": "POSTNL"})
    assert await ended_as(shop, told) == ("FAILURE", "Transporter code POSTNL is unknown.")
    assert (item.shipped, shop.books.shipments) == (0, {})


@pytest.mark.parametrize(
    ("required", "transport", "status"),
    [
        (False, {"transporterCode": "TNT"}, "SUCCESS"),
        (False, None, "SUCCESS"),
        (True, {"transporterCode": "TNT"}, "FAILURE"),
        (True, {"transporterCode": "TNT", "trackAndTrace": ""}, "FAILURE"),
        (True, TRACKED, "SUCCESS"),
        (True, {"transporterCode": "BRIEFPOST"}, "SUCCESS"),
        (True, None, "FAILURE"),
    ],
)
async def test_a_track_is_needed_where_it_is_set_so(
    opened: Opened, required: bool, transport: Any, status: str
) -> None:
    shop = await opened(track_required=required)
    [item] = place(shop, 1).items
    told = await ship(shop, (item.item_id, None), transport=transport)
    assert (await ended_as(shop, told))[0] == status


async def test_a_label_and_a_transport_do_not_go_together(shop: Shop) -> None:
    body = {"orderItems": [{"orderItemId": "1"}], "shippingLabelId": "l", "transport": TRACKED}
    assert (await shop.refused("POST", "/retailer/shipments", body))[0] == "transport"


# -- shipped via Bol (VVB)


async def test_shipped_via_bol_needs_a_label_that_was_bought_for_it(shop: Shop) -> None:
    order = await placed(shop, {}, {}, distribution="BOL")
    other = await placed(shop, {"distribution": "BOL"})
    first, second = order.items
    told = await shop.call("GET", f"/retailer/orders/{order.order_id}")
    assert {one["fulfilment"]["distributionParty"] for one in told["orderItems"]} == {"BOL"}
    assert {one["fulfilment"]["method"] for one in told["orderItems"]} == {"FBR"}
    assert await ids(shop, "?vvb-only=true") == [other.order_id, order.order_id]
    status, words = await ended_as(shop, await ship(shop, (first.item_id, None), transport=TRACKED))
    assert (status, "needs a shipping label" in words) == ("FAILURE", True)
    label = await shop.control("orders/label", {"orderId": order.order_id, "itemIds": [first.item_id]})
    for item, label_id, why in (
        (first, "nonsense", "was not found"),
        (second, label["labelId"], "is not for order item"),
        (other.items[0], label["labelId"], "is not for order item"),
    ):
        process = await ship(shop, (item.item_id, None), shippingLabelId=label_id)
        status, words = await ended_as(shop, process)
        assert (status, why in words) == ("FAILURE", True)
    process = await ship(shop, (first.item_id, None), shipmentReference="r", shippingLabelId=label["labelId"])
    assert (await ended_as(shop, process))[0] == "SUCCESS"
    [shipment] = shop.books.shipments.values()
    told = await shop.call("GET", f"/retailer/shipments/{shipment.shipment_id}")
    assert told["transport"] == {
        "transportId": shipment.shipment_id,
        "transporterCode": "TNT",
        "trackAndTrace": label["trackAndTrace"],
        "shippingLabelId": label["labelId"],
    }
    process = await ship(shop, (second.item_id, None), shippingLabelId=label["labelId"])
    assert (await ended_as(shop, process))[0] == "FAILURE"  # it is used up


async def test_a_label_that_cannot_be_bought(shop: Shop) -> None:
    order = await placed(shop, {})
    by_bol = await placed(shop, {"fulfilment": "FBB"})
    body = {"orderId": order.order_id}
    await shop.control("orders/label", {"orderId": by_bol.order_id}, 409)
    await shop.control("orders/label", {**body, "itemIds": [by_bol.items[0].item_id]}, 400)
    await shop.control("orders/label", {**body, "transporterCode": "POSTNL"}, 400)
    await shop.control("orders/label", {"orderId": "NOSUCH"}, 404)
    assert (await shop.dumped())["labels"] == []


# -- by hand


async def test_a_whole_order_is_shipped_by_hand(shop: Shop) -> None:
    order = await placed(
        shop, {"quantity": 3, "shipped": 1}, {"distribution": "BOL"}, {"fulfilment": "FBB"}, {"cancelled": 1}
    )
    told = await shop.control("orders/ship", {"orderId": order.order_id, "reference": "hand"})
    assert [item.open for item in order.items] == [0] * 4
    shipped = (await shop.dumped())["shipments"]
    assert [one["by"] for one in shipped] == ["partner-site", "partner-site", "bol"]
    assert [one["shipmentId"] for one in shipped][1:] == told["shipmentIds"]
    assert [sum(one["quantity"] for one in shipment["items"]) for shipment in shipped] == [1, 3, 1]
    assert "shippingLabelId" in shipped[1]["transport"]
    await shop.control("orders/ship", {"orderId": order.order_id}, 409)


async def test_some_of_it_is_shipped_by_hand(shop: Shop) -> None:
    order, other = place(shop, 3, 1), place(shop, 1)
    item = order.items[0]
    body = {"orderId": order.order_id, "items": [{"itemId": item.item_id, "quantity": 2}]}
    transport = {"transporterCode": "DHLFORYOU", "trackAndTrace": "JVGL1"}
    await shop.control("orders/ship", {**body, **transport})
    assert (item.shipped, order.items[1].shipped) == (2, 0)
    assert (await shop.dumped())["shipments"][0]["transport"] == transport
    await shop.control("orders/ship", body, 400)
    await shop.control("orders/ship", {**body, "transporterCode": "POSTNL"}, 400)
    await shop.control("orders/ship", {**body, "items": [{"itemId": other.items[0].item_id}]}, 400)
    assert item.shipped == 2


# -- what Bol sends itself


async def test_bol_ships_its_own_after_a_while(shop: Shop) -> None:
    await shop.subscribe("SHIPMENT")
    order = await placed(shop, {"quantity": 2, "fulfilment": "FBB"}, {})
    own, other = order.items
    assert (own.distribution, other.distribution) == ("BOL", "RETAILER")
    process = await ship(shop, (own.item_id, None), transport=TRACKED)
    assert "fulfilled by bol" in (await ended_as(shop, process))[1]
    process = await cancel(shop, own.item_id)
    assert "fulfilled by bol" in (await ended_as(shop, process))[1]
    shop.time.go(599)
    assert await ids(shop, "?fulfilment-method=FBB") == [order.order_id]
    shop.time.go(300)
    assert await ids(shop, "?fulfilment-method=FBB") == []
    [shipment] = (await shop.dumped())["shipments"]
    at = (order.placed + timedelta(seconds=600)).isoformat()
    assert (shipment["by"], shipment["at"]) == ("bol", at)
    assert (own.shipped, other.shipped) == (2, 0)
    assert (await ids(shop, "?fulfilment-method=FBB&status=ALL&change-interval-minute=5")) == [order.order_id]
    await shop.simulator.pushes.drained()
    assert [one[0] for one in shop.receiver.events()] == ["SHIPMENT"]


@pytest.mark.parametrize(("after", "open_after"), [(0.0, 0), (None, 1)])
async def test_bol_ships_at_once_or_never(opened: Opened, after: float | None, open_after: int) -> None:
    shop = await opened(fbb_after=after)
    order = await placed(shop, {}, fulfilment="FBB")
    assert order.items[0].open == open_after
    shop.time.go(10**6)
    assert len((await shop.dumped())["shipments"]) == 1 - open_after


async def test_what_was_cancelled_meanwhile_does_not_leave(shop: Shop) -> None:
    order = await placed(shop, {}, fulfilment="FBB")
    await shop.control("orders/cancel", {"orderId": order.order_id})
    shop.time.go(1000)
    assert (await shop.dumped())["shipments"] == []


# -- by itself


async def test_what_expires_is_cancelled_at_the_end_of_that_day(shop: Shop) -> None:
    order = await placed(shop, {"quantity": 3, "shipped": 1}, {"fulfilment": "FBB"}, expires="2026-11-22")
    offer = order.items[0].offer
    before = shop.books.on_sale(offer)
    shop.time.go(61.4 * 3600)  # 22:54 UTC on the 22nd: 23:54 in Amsterdam
    await shop.dumped()
    assert order.items[0].open == 2
    shop.time.go(600)
    [gone] = (await shop.dumped())["cancellations"]
    assert (gone["by"], gone["quantity"], gone["at"]) == (
        "expired",
        2,
        "2026-11-22T23:00:00.000000+00:00",
    )
    assert order.items[0].cancelled == 2
    assert shop.books.on_sale(offer) == before + 2


async def test_cancellations_tell_by_whom_and_why(shop: Shop) -> None:
    order = place(shop, 1, 1, 1)
    first, second, third = (item.item_id for item in order.items)
    await cancel(shop, first, "NOT_AVAIL_IN_TIME")
    await shop.control("orders/cancel", {"itemId": second, "by": "customer", "reason": "OTHER"})
    await shop.control("orders/cancel", {"itemId": third})
    assert [(one["itemId"], one["by"], one["reason"]) for one in (await shop.dumped())["cancellations"]] == [
        (first, "retailer", "NOT_AVAIL_IN_TIME"),
        (second, "customer", "OTHER"),
        (third, "bol", ""),
    ]


async def test_writes_may_take_effect_when_they_end(opened: Opened) -> None:
    shop = await opened(writes_late=True, process_seconds=5.0)
    first, second = place(shop, 1, 1).items
    shop.time.asleep.clear()
    process = await shop.call(
        "POST", "/retailer/shipments", {"orderItems": [{"orderItemId": first.item_id}]}, 202
    )
    twice = shop.books.ship([(first.item_id, None)])
    cancelled = shop.books.cancel(second.item_id, "TIMEOUT")
    assert (first.shipped, shop.books.shipments) == (0, {})
    shop.time.go(5)
    told = await shop.call("GET", f"/shared/process-status/{process['processStatusId']}")
    assert (told["status"], first.shipped) == ("SUCCESS", 1)
    assert (twice.outcome, "has 0 open" in twice.error) == ("FAILURE", True)
    assert (cancelled.outcome, second.cancelled) == ("TIMEOUT", 0)


async def test_the_books_tell_of_writes(shop: Shop) -> None:
    [item] = place(shop, 1).items
    await cancel(shop, item.item_id)
    shop.time.go(1)
    await cancel(shop, item.item_id)
    [one, other] = (await shop.dumped())["processes"]
    assert (one["eventType"], one["entityId"], one["status"], one["error"]) == (
        "CANCEL_ORDER", item.item_id, "SUCCESS", ""
    )  # fmt: skip
    assert other["status"] in ("PENDING", "FAILURE")
