"""`/_control`: what customers and bad luck do, and the books in full."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.bol.simulator.wire import EAN, NOWHERE, Shop


async def test_offers_are_loaded_from_a_list(shop: Shop) -> None:
    offers = [
        {"ean": EAN, "reference": "1001", "amount": 3},
        {
            "ean": "12345678",
            "amount": 0,
            "priceCents": 250,
            "managedByRetailer": True,
            "fulfilment": "FBB",
            "title": "Vaas",
            "offerId": NOWHERE,
        },
    ]
    ids = (await shop.control("offers", {"offers": offers}))["offerIds"]
    assert ids[1] == NOWHERE
    dumped = (await shop.dumped())["offers"]
    assert dumped == [
        {
            "offerId": ids[0], "ean": EAN, "reference": "1001", "amount": 3, "managedByRetailer": False,
            "onSale": 3, "priceCents": 1995, "onHold": False, "offline": [],
        },
        {
            "offerId": NOWHERE, "ean": "12345678", "reference": "", "amount": 0, "managedByRetailer": True,
            "onSale": 0, "priceCents": 250, "onHold": False, "offline": [],
        },
    ]  # fmt: skip
    # They are offers like any other.
    assert (await shop.call("GET", f"/retailer/offers/{ids[0]}"))["reference"] == "1001"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"ean": EAN}, 409),
        ({"ean": "x"}, 400),
        ({"amount": -1}, 400),
        ({"amount": 10**30}, 400),
        ({"priceCents": 99}, 400),
        ({"reference": "r" * 101}, 400),
        ({"fulfilment": "DHL"}, 400),
        ({"offerId": "no-uuid"}, 400),
        ({"colour": "red"}, 400),
    ],
)
async def test_an_offer_that_cannot_be(shop: Shop, more: dict[str, Any], status: int) -> None:
    shop.offer(1)
    told = await shop.control("offers", {"offers": [{"ean": "12345678", **more}]}, status)
    assert told["error"]
    assert len(shop.books.offers) == 1


async def test_a_customer_orders_what_is_named(shop: Shop) -> None:
    first, second = shop.offer(5, 0, price_cents=1000), shop.offer(5, 1)
    items = [{"offerId": first, "quantity": 2}, {"ean": f"{int(EAN) + 1}", "quantity": 1}]
    told = await shop.control("orders", {"items": items})
    [order] = (await shop.dumped())["orders"]
    assert (order["orderId"], order["placed"]) == (told["orderId"], "2026-11-20T09:30:00.123456+00:00")
    assert [item["itemId"] for item in order["items"]] == told["itemIds"]
    assert [(item["offerId"], item["quantity"], item["onSaleBefore"]) for item in order["items"]] == [
        (first, 2, 5),
        (second, 1, 5),
    ]
    assert order["items"][0]["unitCents"] == 1000
    assert 0 < order["items"][0]["totalCents"] <= 2000


async def test_an_order_beyond_what_is_on_sale_is_refused_unless_forced(shop: Shop) -> None:
    offer_id = shop.offer(2)
    items = [{"offerId": offer_id, "quantity": 3}]
    told = await shop.control("orders", {"items": items}, 409)
    assert told["error"] == f"offer {offer_id} has 2 on sale"
    assert (await shop.dumped())["oversold"] == []
    placed = await shop.control("orders", {"items": items, "force": True})
    dumped = await shop.dumped()
    assert dumped["oversold"] == [
        {"orderId": placed["orderId"], "itemId": placed["itemIds"][0], "offerId": offer_id, "units": 1}
    ]
    assert dumped["offers"][0]["onSale"] == 0
    assert dumped["orders"][0]["items"][0]["onSaleBefore"] == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 409),
        ({"items": [{"offerId": NOWHERE, "quantity": 1}]}, 404),
        ({"items": [{"ean": "87", "quantity": 1}]}, 404),
        ({"items": [{"quantity": 1}]}, 404),
        ({"items": [{"ean": EAN, "quantity": 0}], "force": True}, 400),
        ({"items": [{"ean": EAN, "quantity": 10_001}], "force": True}, 400),
        ({"items": [{"ean": EAN, "quantity": 1}] * 101, "force": True}, 400),
        ({"items": [{"ean": EAN}]}, 400),
        ({"items": "all"}, 400),
        ({"items": [], "fulfilment": "POST"}, 400),
    ],
)
async def test_an_order_that_cannot_be(shop: Shop, body: dict[str, Any], status: int) -> None:
    shop.offer(0)
    assert (await shop.control("orders", body, status))["error"]
    assert shop.books.orders == {}


async def test_customers_take_no_more_than_is_shown(shop: Shop) -> None:
    stock = [shop.books.offers[shop.offer(number % 4, number)] for number in range(20)]
    held = stock[3]
    held.on_hold = True
    while True:
        answer = await shop.http.post("/_control/orders", json={})
        if answer.status_code != 200:
            break
    assert answer.json() == {"error": "nothing is on sale"}
    assert {shop.books.on_sale(offer) for offer in stock} == {0}
    sold = {offer.offer_id: 0 for offer in stock}
    for order in shop.books.orders.values():
        for item in order.items:
            sold[item.offer.offer_id] += item.quantity
    assert sold == {offer.offer_id: 0 if offer is held else offer.amount for offer in stock}
    assert (await shop.dumped())["oversold"] == []


async def test_cancelling_an_item_or_an_order(shop: Shop) -> None:
    first, second = shop.offer(5, 0), shop.offer(5, 1)
    items = [{"offerId": one, "quantity": 2} for one in (first, second)]
    placed = await shop.control("orders", {"items": items})
    item_id = placed["itemIds"][0]
    assert await shop.control("orders/cancel", {"itemId": item_id}) == {"cancelled": 2}
    assert await shop.control("orders/cancel", {"itemId": item_id}) == {"cancelled": 2}
    assert [one["onSale"] for one in (await shop.dumped())["offers"]] == [5, 3]
    assert await shop.control("orders/cancel", {"orderId": placed["orderId"]}) == {"cancelled": 4}
    for body in ({"itemId": "NOSUCH"}, {"orderId": "NOSUCH"}, {}):
        assert (await shop.control("orders/cancel", body, 404))["error"]


async def test_a_customer_asks_for_a_cancellation(shop: Shop) -> None:
    shop.offer(5)
    placed = await shop.control("orders")
    await shop.control("orders/ask-cancellation", {"itemId": placed["itemIds"][0]})
    told = await shop.call("GET", f"/retailer/orders/{placed['orderId']}")
    assert told["orderItems"][0]["cancellationRequest"] is True
    assert told["orderItems"][0]["quantityCancelled"] == 0


async def test_somebody_sets_the_stock_past_the_bridge(shop: Shop) -> None:
    offer_id = shop.offer(5, managed=True)
    await shop.control("stock", {"offerId": offer_id, "amount": 42})
    dumped = await shop.dumped()
    assert (dumped["offers"][0]["amount"], dumped["changes"][-1]["cause"]) == (42, "by hand")
    await shop.control("stock", {"offerId": NOWHERE, "amount": 1}, 404)
    await shop.control("stock", {"offerId": offer_id, "amount": -1}, 400)


async def test_somebody_changes_an_offer_past_the_bridge(shop: Shop) -> None:
    offer_id = shop.offer(5, prices=((1, 1000), (3, 900)))
    shop.time.go(1)
    change = {
        "offerId": offer_id, "amount": 7, "managedByRetailer": True, "priceCents": 1100, "onHold": True,
        "reference": "new", "economicOperator": "eo-2",
    }  # fmt: skip
    await shop.control("offers/change", change)
    told = await shop.call("GET", f"/retailer/offers/{offer_id}")
    assert told["stock"] == {"amount": 7, "correctedStock": 7, "managedByRetailer": True}
    assert [one["unitPrice"] for one in told["pricing"]["bundlePrices"]] == [11, 9]
    assert (told["onHoldByRetailer"], told["reference"], told["economicOperatorId"]) == (True, "new", "eo-2")
    assert told["lastModifiedDateTime"] == "2026-11-20T09:30:01.123Z"
    changes = (await shop.dumped())["changes"]
    assert [(one["cause"], one["onSale"]) for one in changes[1:]] == [("by hand", 7), ("by hand", 0)]
    await shop.control("offers/change", {"offerId": offer_id})
    assert await shop.call("GET", f"/retailer/offers/{offer_id}") == told


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"offerId": NOWHERE, "amount": 1}, 404),
        ({"amount": -1}, 400),
        ({"amount": 2**31}, 400),
        ({"priceCents": 99}, 400),
        ({"priceCents": 900, "amount": 1}, 400),
        ({"reference": "r" * 101}, 400),
        ({"colour": "red"}, 400),
    ],
)
async def test_a_change_that_cannot_be(shop: Shop, more: dict[str, Any], status: int) -> None:
    offer_id = shop.offer(5, prices=((1, 1000), (3, 900)))
    assert (await shop.control("offers/change", {"offerId": offer_id, **more}, status))["error"]
    offer = shop.books.offers[offer_id]
    assert (offer.amount, offer.prices, offer.reference) == (5, ((1, 1000), (3, 900)), "sku0")


async def test_somebody_deletes_an_offer(shop: Shop) -> None:
    offer_id = shop.offer(5)
    await shop.control("offers/delete", {"offerId": offer_id})
    await shop.call("GET", f"/retailer/offers/{offer_id}", status=404)
    await shop.control("offers/delete", {"offerId": offer_id}, 404)


async def test_bol_takes_an_offer_off_and_puts_it_back(shop: Shop) -> None:
    offer_id = shop.offer(5)
    reasons = [{"category": "PRICE", "code": "4000-1", "description": "Price too high"}]
    await shop.control("offers/offline", {"offerId": offer_id, "reasons": reasons})
    dumped = await shop.dumped()
    assert [dumped["offers"][0][name] for name in ("onSale", "amount", "offline")] == [0, 5, ["4000-1"]]
    assert (await shop.control("orders", {"items": [{"offerId": offer_id, "quantity": 1}]}, 409))["error"]
    await shop.control("offers/offline", {"offerId": offer_id, "reasons": []})
    dumped = await shop.dumped()
    assert dumped["offers"][0]["onSale"] == 5
    assert [one["cause"] for one in dumped["changes"]] == ["created", "offline", "online"]
    for body, status in (
        ({"offerId": NOWHERE}, 404),
        ({"offerId": offer_id, "reasons": [{"category": "WEATHER"}]}, 400),
        ({"offerId": offer_id, "reasons": [{}] * 21}, 400),
    ):
        assert (await shop.control("offers/offline", body, status))["error"]


async def test_offers_are_loaded_with_condition_hold_and_economic_operator(shop: Shop) -> None:
    conditions = [
        {"category": "NEW"},
        {"category": "SECONDHAND", "state": "GOOD"},
        {"category": "REFURBISHED", "grade": "A", "margin": False},
    ]
    offers = [{"ean": EAN, "amount": 1, "condition": one} for one in conditions]
    ids = (await shop.control("offers", {"offers": [*offers[:2], offers[2] | {"onHold": True}]}))["offerIds"]
    told = [await shop.call("GET", f"/retailer/offers/{one}") for one in ids]
    assert [one["condition"] for one in told] == conditions
    assert [one["onHoldByRetailer"] for one in told] == [False, False, True]
    more = [{"ean": "12345678", "economicOperator": "eo-1"}]
    [other] = (await shop.control("offers", {"offers": more}))["offerIds"]
    assert (await shop.call("GET", f"/retailer/offers/{other}"))["economicOperatorId"] == "eo-1"
    assert (await shop.control("offers", {"offers": [offers[0] | {"condition": {"category": "OLD"}}]}, 400))[
        "error"
    ]


@pytest.mark.parametrize(
    "items",
    [
        [{"ean": "x"}],
        [{}],
        [{"ean": EAN, "regular": -1}],
        [{"ean": EAN, "graded": 2**31}],
        [{"ean": EAN, "colour": "red"}],
        "all",
    ],
)
async def test_an_inventory_that_cannot_be(shop: Shop, items: Any) -> None:
    assert (await shop.control("inventory", {"items": items}, 400))["error"]
    assert (await shop.dumped())["inventory"] == []


async def test_the_books_tell_of_shipments_subscriptions_and_calls(shop: Shop) -> None:
    await shop.subscribe("ORDER")
    shop.offer(5)
    placed = await shop.control("orders")
    body = {
        "orderItems": [{"orderItemId": one} for one in placed["itemIds"]],
        "transport": {"transporterCode": "TNT"},
    }
    await shop.call("POST", "/retailer/shipments", body, 202)
    await shop.simulator.pushes.drained()
    dumped = await shop.dumped()
    [shipment], [subscription] = dumped["shipments"], dumped["subscriptions"]
    assert (shipment["orderId"], shipment["transport"]) == (placed["orderId"], {"transporterCode": "TNT"})
    assert [one["itemId"] for one in shipment["items"]] == placed["itemIds"]
    assert subscription["enabled"] is True
    assert dumped["calls"] == {"token": 1, "subscriptions": 1, "shipments": 1}
    assert dumped["pushes"] == {"sent": 1, "answered 200": 1}
    assert dumped["changesDropped"] == 0


async def test_reset_is_the_first_day_again(shop: Shop) -> None:
    await shop.subscribe("ORDER")
    shop.offer(5)
    await shop.control("inventory", {"items": [{"ean": EAN, "regular": 1}]})
    shop.receiver.status = 500
    await shop.control("orders")
    await shop.control("faults", {"kind": "http"})
    await shop.control("reset")
    dumped = await shop.dumped()
    parts = ("offers", "inventory", "orders", "changes", "shipments", "subscriptions", "oversold", "returns", "labels",
             "cancellations", "processes")  # fmt: skip
    for part in parts:
        assert dumped[part] == []
    assert dumped["calls"] == dumped["pushes"] == {}
    # The same token still works.
    assert (await shop.call("GET", "/retailer/offers"))["offers"] == []


@pytest.mark.parametrize(
    "path",
    [
        "offers",
        "orders",
        "orders/cancel",
        "orders/ask-cancellation",
        "orders/ship",
        "orders/label",
        "returns",
        "stock",
        "offers/change",
        "offers/delete",
        "offers/offline",
        "inventory",
        "faults",
        "keys/rotate",
        "reset",
    ],
)
async def test_a_web_page_of_someone_else_cannot_send_it_unasked(shop: Shop, path: str) -> None:
    """Plain text and forms need no leave of the browser; JSON does."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await shop.http.post(f"/_control/{path}", content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 415
    for body in (b"{", b"[]", b"\xff", b'{"a":' * 10_000, b'"x"'):
        answer = await shop.http.post(
            f"/_control/{path}", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, body[:20]
        assert answer.json()["error"]


async def test_a_body_without_end_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.bol.simulator.control.MOST_BODY", 100)
    answer = await shop.http.post("/_control/offers", json={"offers": [], "x": "y" * 100})
    assert answer.status_code == 413
