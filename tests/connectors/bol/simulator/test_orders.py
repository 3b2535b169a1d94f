"""Orders, cancellations and shipments: contracts/bol-retailer-v10.openapi.json."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.bol.simulator.records import Order
from tests.connectors.bol.simulator.judge import check
from tests.connectors.bol.simulator.wire import Opened, Shop


async def listed(shop: Shop, query: str = "") -> list[Any]:
    return list((await shop.call("GET", f"/retailer/orders{query}"))["orders"])


async def ids(shop: Shop, query: str = "") -> list[str]:
    return [one["orderId"] for one in await listed(shop, query)]


def place(shop: Shop, *quantities: int, **more: Any) -> Order:
    """An order of so many pieces of offers of their own."""
    count = len(shop.books.offers)
    wanted = [(shop.offer(99, count + place), quantity) for place, quantity in enumerate(quantities)]
    return shop.books.place_order(wanted, **more)


# -- the list


async def test_the_list_has_pages_of_fifty_newest_first_and_an_empty_page_ends_it(shop: Shop) -> None:
    offer_id = shop.offer(999)
    placed = [shop.books.place_order([(offer_id, 1)]).order_id for _ in range(120)][::-1]
    pages = [await ids(shop, f"?page={page}") for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [50, 50, 20, 0]
    assert [*pages[0], *pages[1], *pages[2]] == placed
    assert await ids(shop) == pages[0]


async def test_a_line_of_the_list(shop: Shop) -> None:
    order = place(shop, 3)
    item = order.items[0]
    shop.books.ask_cancellation(item)
    assert await listed(shop) == [
        {
            "orderId": order.order_id,
            "orderPlacedDateTime": "2026-11-20T10:30:00+01:00",
            "orderItems": [
                {
                    "orderItemId": item.item_id,
                    "ean": item.offer.ean,
                    "fulfilmentMethod": "FBR",
                    "fulfilmentStatus": "OPEN",
                    "quantity": 3,
                    "quantityShipped": 0,
                    "quantityCancelled": 0,
                    "cancellationRequest": True,
                    "latestChangedDateTime": "2026-11-20T10:30:00+01:00",
                }
            ],
        }
    ]


async def test_status_and_method_choose_the_items(shop: Shop) -> None:
    mixed = place(shop, 1, 2)
    shop.books.ship([(mixed.items[0].item_id, None)])
    cancelled = place(shop, 1)
    shop.books.cancel_item(cancelled, cancelled.items[0])
    partly = place(shop, 3)
    shop.books.ship([(partly.items[0].item_id, 1)])
    by_bol = place(shop, 1, fulfilment="FBB")

    async def items(query: str) -> list[tuple[str, str]]:
        return [
            (order["orderId"], item["fulfilmentStatus"])
            for order in await listed(shop, query)
            for item in order["orderItems"]
        ]

    assert await items("") == [(partly.order_id, "OPEN"), (mixed.order_id, "OPEN")]
    assert await items("?status=SHIPPED") == [(partly.order_id, "OPEN"), (mixed.order_id, "HANDLED")]
    assert await items("?status=ALL") == [
        (partly.order_id, "OPEN"),
        (cancelled.order_id, "HANDLED"),
        (mixed.order_id, "HANDLED"),
        (mixed.order_id, "OPEN"),
    ]
    assert await items("?fulfilment-method=FBB") == [(by_bol.order_id, "OPEN")]
    assert len(await items("?fulfilment-method=ALL&status=ALL")) == 5
    assert await items("?vvb-only=true&status=ALL") == []
    assert len(await items("?vvb-only=false")) == 2


async def test_the_change_interval_looks_back_so_many_minutes(shop: Shop) -> None:
    old = place(shop, 1)
    shop.time.go(600)
    new = place(shop, 1)
    assert await ids(shop, "?change-interval-minute=9") == [new.order_id]
    assert await ids(shop, "?change-interval-minute=10") == [new.order_id, old.order_id]
    shop.time.go(60)
    shop.books.ask_cancellation(old.items[0])
    assert await ids(shop, "?change-interval-minute=0") == [old.order_id]
    shop.time.go(60)
    assert await ids(shop, "?change-interval-minute=0") == []


async def test_the_latest_change_date_is_a_dutch_day(shop: Shop) -> None:
    first = place(shop, 1)
    shop.time.go(13.5 * 3600)  # 23:00 UTC: the next day already in Amsterdam
    second = place(shop, 1)
    assert await ids(shop, "?latest-change-date=2026-11-20") == [first.order_id]
    assert await ids(shop, "?latest-change-date=2026-11-21") == [second.order_id]
    assert await ids(shop, "?latest-change-date=2026-11-22") == []
    shop.books.ask_cancellation(first.items[0])
    assert await ids(shop, "?latest-change-date=2026-11-20") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("status=HANDLED", "status"),
        ("status=", "status"),
        ("fulfilment-method=fbr", "fulfilment-method"),
        ("change-interval-minute=61", "change-interval-minute"),
        ("change-interval-minute=1.5", "change-interval-minute"),
        ("latest-change-date=20261120", "latest-change-date"),
        ("latest-change-date=2026-02-30", "latest-change-date"),
        ("latest-change-date=2026-11-20T00:00", "latest-change-date"),
        ("vvb-only=1", "vvb-only"),
    ],
)
async def test_a_list_that_cannot_be(shop: Shop, query: str, field: str) -> None:
    name, reason = await shop.refused("GET", f"/retailer/orders?{query}")
    assert (name, field in reason or "allowed values" in reason) == (field, True)


# -- one order


async def test_orders_of_many_customers_are_as_the_contract_says(shop: Shop) -> None:
    seen: set[str] = set()
    for _ in range(150):
        order = place(shop, 1, 3)
        told = await shop.call("GET", f"/retailer/orders/{order.order_id}")
        ship, bill = told["shipmentDetails"], told["billingDetails"]
        assert ship["email"] == bill["email"] == order.customer.email
        assert told["pickupPoint"] is ("pickupPointName" in ship)
        seen |= {name for name in (*ship, *bill) if (ship | bill).get(name)}
        for item, sold in zip(told["orderItems"], order.items, strict=True):
            discount = sum(round(one["amount"] * 100) for one in item["discounts"])
            assert round(item["unitPrice"] * 100) * item["quantity"] - discount == sold.total_cents
            assert round(item["totalPrice"] * 100) == sold.total_cents
            assert round(item["commission"] * 100) == pytest.approx(sold.total_cents * 0.12, abs=0.51)
            assert item["fulfilment"]["distributionParty"] == "RETAILER"
    assert {
        "company", "vatNumber", "kvkNumber", "orderReference", "houseNumberExtension", "extraAddressInformation",
        "deliveryPhoneNumber", "pickupPointName",
    } <= seen  # fmt: skip


async def test_an_order_keeps_what_was_bought(shop: Shop) -> None:
    order = place(shop, 2)
    offer = order.items[0].offer
    await shop.call(
        "PATCH",
        f"/retailer/offers/{offer.offer_id}",
        {"reference": "new", "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 1}]}},
        204,
    )
    await shop.call("DELETE", f"/retailer/offers/{offer.offer_id}", status=204)
    [item] = (await shop.call("GET", f"/retailer/orders/{order.order_id}"))["orderItems"]
    assert item["offer"] == {"offerId": offer.offer_id, "reference": "sku0"}
    assert item["unitPrice"] == 19.95
    assert item["product"]["ean"] == offer.ean


async def test_an_order_that_is_not_there(shop: Shop) -> None:
    told = await shop.call("GET", "/retailer/orders/NOSUCH", status=404)
    assert told["detail"] == "order NOSUCH was not found"


# -- cancellation


async def cancel(shop: Shop, item_id: str, reason: str = "OUT_OF_STOCK") -> Any:
    body = {"orderItems": [{"orderItemId": item_id, "reasonCode": reason}]}
    check("bol-retailer-v10", "CancellationRequest", body)
    return await shop.call("PUT", "/retailer/orders/cancellation", body, 202)


async def ended(shop: Shop, process: Any) -> Any:
    await shop.simulator.pushes.drained()
    return await shop.call("GET", f"/shared/process-status/{process['processStatusId']}")


async def test_the_retailer_cancels_an_item(shop: Shop) -> None:
    order = place(shop, 3, 1)
    item = order.items[0]
    shop.books.ship([(item.item_id, 1)])
    told = await cancel(shop, item.item_id, "REQUESTED_BY_CUSTOMER")
    assert (told["status"], told["eventType"], told["entityId"]) == ("PENDING", "CANCEL_ORDER", item.item_id)
    assert (await ended(shop, told))["status"] == "SUCCESS"
    assert (item.shipped, item.cancelled, item.open) == (1, 2, 0)
    assert order.items[1].cancelled == 0
    told = await ended(shop, await cancel(shop, item.item_id))
    assert (told["status"], "is not open" in told["errorMessage"]) == ("FAILURE", True)
    assert (await ended(shop, await cancel(shop, "NOSUCH")))["status"] == "FAILURE"


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([], "orderItems"),
        ([{"orderItemId": "1", "reasonCode": "OTHER"}] * 2, "orderItems"),
        ([{"orderItemId": "1"}], "orderItems[0]"),
        ([{"orderItemId": "1", "reasonCode": "BORED"}], "orderItems[0].reasonCode"),
        ([{"orderItemId": "", "reasonCode": "OTHER"}], "orderItems[0].orderItemId"),
        (["1"], "orderItems[0]"),
        ("1", "orderItems"),
    ],
)
async def test_a_cancellation_that_cannot_be(shop: Shop, items: Any, field: str) -> None:
    name, _ = await shop.refused("PUT", "/retailer/orders/cancellation", {"orderItems": items})
    assert name == field


# -- shipments


async def ship(shop: Shop, *items: tuple[str, int | None], **more: Any) -> Any:
    named = [{"orderItemId": one} | ({} if count is None else {"quantity": count}) for one, count in items]
    body = {"orderItems": named, **more}
    check("bol-retailer-v10", "ShipmentRequest", body)
    return await shop.call("POST", "/retailer/shipments", body, 202)


async def test_items_are_shipped_in_part_and_in_full(shop: Shop) -> None:
    order = place(shop, 3, 2)
    first, second = order.items
    transport = {"transporterCode": "TNT", "trackAndTrace": "3SBOL0987654321"}
    told = await ship(shop, (first.item_id, 2), shipmentReference="B321", transport=transport)
    assert (told["status"], told["eventType"]) == ("PENDING", "CREATE_SHIPMENT")
    assert (await ended(shop, told))["status"] == "SUCCESS"
    assert (first.shipped, first.open, second.open) == (2, 1, 2)
    label = shop.books.buy_label(order, order.items)
    await ship(shop, (first.item_id, None), (second.item_id, None), shippingLabelId=label.label_id)
    assert (first.open, second.open) == (0, 0)
    assert await ids(shop) == []
    reduced = (await shop.call("GET", f"/retailer/shipments?order-id={order.order_id}"))["shipments"]
    assert [len(one["shipmentItems"]) for one in reduced] == [2, 1]
    told = await shop.call("GET", f"/retailer/shipments/{reduced[1]['shipmentId']}")
    assert told["shipmentReference"] == "B321"
    assert {name: told["transport"][name] for name in transport} == transport
    assert told["shipmentItems"][0]["quantityShipped"] == 2
    assert told["shipmentDetails"]["surname"] == order.customer.surname
    assert [one["shipmentId"] for one in (await shop.call("GET", "/retailer/shipments"))["shipments"]] == [
        one["shipmentId"] for one in reduced
    ]
    assert (await shop.call("GET", "/retailer/shipments?fulfilment-method=FBB"))["shipments"] == []
    assert (await shop.call("GET", "/retailer/shipments?order-id=NOSUCH"))["shipments"] == []
    await shop.call("GET", "/retailer/shipments/NOSUCH", status=404)


async def test_a_shipment_that_fails_ships_nothing(shop: Shop) -> None:
    order, other = place(shop, 2, 1), place(shop, 1)
    first, second = order.items
    for items, words in (
        ([(first.item_id, 1), (second.item_id, 2)], f"Order item {second.item_id} has 1 open."),
        ([(first.item_id, 0)], "has 2 open"),
        ([(first.item_id, -1)], "has 2 open"),
        ([(first.item_id, 1), (first.item_id, 1)], "named twice"),
        ([(first.item_id, 1), (other.items[0].item_id, 1)], "several orders"),
        ([("NOSUCH", None)], "NOSUCH was not found"),
    ):
        told = await ended(shop, await ship(shop, *items))
        assert (told["status"], words in told["errorMessage"]) == ("FAILURE", True), told
    assert [item.shipped for item in (first, second, other.items[0])] == [0, 0, 0]
    assert shop.books.shipments == {}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"orderItems": []}, "orderItems"),
        ({"orderItems": [{"orderItemId": "1"}] * 101}, "orderItems"),
        ({"orderItems": [{"orderItemId": "1", "quantity": "2"}]}, "orderItems[0].quantity"),
        ({"orderItems": [{"orderItemId": "1"}], "transport": {}}, "transport"),
        ({"orderItems": [{"orderItemId": "1"}], "shipmentReference": ""}, "shipmentReference"),
        ({"orderItems": [{"orderItemId": "1"}], "shipmentReference": "r" * 91}, "shipmentReference"),
    ],
)
async def test_a_shipment_that_cannot_be(shop: Shop, body: Any, field: str) -> None:
    assert (await shop.refused("POST", "/retailer/shipments", body))[0] == field


async def test_the_same_seed_gives_the_same_orders(opened: Opened) -> None:
    def orders(shop: Shop) -> list[Order]:
        for number in range(5):
            shop.offer(9, number)
        return [order for order in (shop.books.place_random() for _ in range(10)) if order is not None]

    one, two = await opened(), await opened()
    assert orders(one) == orders(two)
    assert len(one.books.orders) == 10
