"""Orders as somebody wants them, by `POST /_control/orders`, and as they fall by chance."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from connectors.bol.simulator.asked import CancelledItem
from connectors.bol.simulator.config import LIMITS, BolSimulatorConfig
from connectors.bol.simulator.control_bodies import Reason
from connectors.bol.simulator.habits import Habits
from tests.connectors.bol import contract
from tests.connectors.bol.simulator.wire import EAN, NOWHERE, Opened, Shop


async def order(shop: Shop, *items: dict[str, Any], status: int = 200, **more: Any) -> Any:
    """The order as Bol tells it, or the refusal."""
    told = await shop.control("orders", {"items": list(items), **more}, status)
    return await shop.call("GET", f"/retailer/orders/{told['orderId']}") if status == 200 else told


async def test_an_item_to_the_last_field(shop: Shop) -> None:
    shop.offer(9)
    told = await order(
        shop,
        {
            "ean": EAN, "quantity": 3, "priceCents": 1995, "commissionCents": 123,
            "discounts": [{"title": "3 voor 2", "cents": 1995}, {"title": "", "cents": 1}],
            "distribution": "BOL", "exactDelivery": "2026-12-05", "expires": "2026-12-09",
            "timeFrame": "EVENING", "services": ["PLACEMENT_AND_INSTALLATION"],
            "shipped": 1, "cancelled": 1, "cancellationAsked": True,
        },
    )  # fmt: skip
    [item] = told["orderItems"]
    assert item["fulfilment"] == {
        "method": "FBR", "distributionParty": "BOL", "latestDeliveryDate": None, "exactDeliveryDate": "2026-12-05",
        "expiryDate": "2026-12-09", "timeFrameType": "EVENING",
    }  # fmt: skip
    assert (item["quantity"], item["quantityShipped"], item["quantityCancelled"]) == (3, 1, 1)
    assert (item["unitPrice"], item["totalPrice"], item["commission"]) == (19.95, 39.89, 1.23)
    assert item["discounts"] == [{"title": "3 voor 2", "amount": 19.95}, {"title": "", "amount": 0.01}]
    assert item["additionalServices"] == [{"serviceType": "PLACEMENT_AND_INSTALLATION"}]
    assert item["cancellationRequest"] is True


async def test_a_gift(shop: Shop) -> None:
    shop.offer(9)
    told = await order(shop, {"ean": EAN, "quantity": 1, "priceCents": 0})
    assert (told["orderItems"][0]["unitPrice"], told["orderItems"][0]["totalPrice"]) == (0, 0)
    free = await order(
        shop, {"ean": EAN, "quantity": 1, "priceCents": 500, "discounts": [{"title": "x", "cents": 500}]}
    )
    assert (free["orderItems"][0]["unitPrice"], free["orderItems"][0]["totalPrice"]) == (5, 0)


async def test_the_order_speaks_for_its_items(shop: Shop) -> None:
    shop.offer(9)
    shop.offer(9, 1)
    told = await order(
        shop,
        {"ean": EAN, "quantity": 1, "latestDelivery": "2026-11-30", "fulfilment": "FBB"},
        {"ean": f"{int(EAN) + 1}", "quantity": 1},
        exactDelivery="2026-12-05",
        timeFrame="SUNDAY",
    )
    first, second = (one["fulfilment"] for one in told["orderItems"])
    assert (first["latestDeliveryDate"], first["exactDeliveryDate"]) == ("2026-11-30", None)
    assert (second["latestDeliveryDate"], second["exactDeliveryDate"]) == (None, "2026-12-05")
    assert (first["method"], second["method"]) == ("FBB", "FBR")
    assert {first["timeFrameType"], second["timeFrameType"]} == {"SUNDAY"}


@pytest.mark.parametrize(
    "item",
    [
        {"quantity": 1, "shipped": 1, "cancelled": 1},
        {"quantity": 1, "shipped": -1},
        {"quantity": 1, "latestDelivery": "2026-11-30", "exactDelivery": "2026-11-30"},
        {"quantity": 1, "priceCents": 100, "discounts": [{"title": "x", "cents": 101}]},
        {"quantity": 1, "priceCents": -1},
        {"quantity": 1, "priceCents": 999_901},
        {"quantity": 1, "timeFrame": "NIGHT"},
        {"quantity": 1, "distribution": "POST"},
        {"quantity": 1, "expires": "soon"},
        {"quantity": 1, "colour": "red"},
    ],
)
async def test_an_item_that_cannot_be(shop: Shop, item: dict[str, Any]) -> None:
    shop.offer(9)
    await order(shop, {"ean": EAN, **item}, status=400)
    assert shop.books.orders == {}
    assert shop.books.offers[next(iter(shop.books.offers))].waiting == 0


async def test_customers_as_they_are_wanted(shop: Shop) -> None:
    shop.offer(99)
    line = {"ean": EAN, "quantity": 1}
    for country, business, pickup in (("NL", True, False), ("BE", True, True), ("BE", False, False)):
        told = await order(shop, line, country=country, business=business, pickupPoint=pickup)
        ship, bill = told["shipmentDetails"], told["billingDetails"]
        assert ship["countryCode"] == country
        assert bool(bill.get("vatNumber")) == bool(bill.get("kvkNumber")) == business
        assert told["pickupPoint"] is pickup
    odd = [(await order(shop, line, oddAddress=True))["shipmentDetails"] for _ in range(40)]
    assert any(one["houseNumber"] == "" for one in odd)
    assert any(one["houseNumberExtension"] == "bus 3" for one in odd)
    assert any(one["streetName"] in ("Postbus", "PB") for one in odd)
    assert any((one["extraAddressInformation"] or "").startswith("c/o") for one in odd)
    assert any(ord(one["surname"][0]) > 0x300 for one in odd)


async def test_a_customer_to_the_letter(shop: Shop) -> None:
    shop.offer(9)
    buyer = {"firstName": "Jan", "surname": "Bos", "houseNumber": "", "company": "Bos B.V.", "vatNumber": "NL1",
             "kvkNumber": "2", "orderReference": "PO 7", "email": "jan@bos.test", "phone": ""}  # fmt: skip
    told = await order(shop, {"ean": EAN, "quantity": 1}, customer=buyer, country="BE")
    bill = told["billingDetails"]
    assert (bill["firstName"], bill["surname"], bill["houseNumber"]) == ("Jan", "Bos", "")
    assert (bill["company"], bill["vatNumber"], bill["orderReference"]) == ("Bos B.V.", "NL1", "PO 7")
    assert (bill["email"], bill["countryCode"]) == ("jan@bos.test", "BE")
    assert "deliveryPhoneNumber" not in told["shipmentDetails"]


async def test_the_same_person_comes_again_with_another_relay_address(shop: Shop) -> None:
    shop.offer(99)
    line = {"ean": EAN, "quantity": 1}
    first = await order(shop, line, repeat=False)
    again = await order(shop, line, sameAs=first["orderId"])
    third = await order(shop, line, repeat=True)
    people = [one["customer"]["person"] for one in (await shop.dumped())["orders"]]
    assert len(set(people)) == 1
    addresses = [one["shipmentDetails"] for one in (first, again, third)]
    assert len({one["email"] for one in addresses}) == 3
    assert len({tuple(str(v) for k, v in one.items() if k != "email") for one in addresses}) == 1
    await order(shop, line, sameAs="NOSUCH", status=404)


async def test_an_order_of_many_pieces_of_something(shop: Shop) -> None:
    for number in range(20):
        shop.offer(99, number)
    sizes = []
    for _ in range(30):
        told = await order(shop, lines=5, pieces=9, timeFrame="EVENING")
        sizes += [len(told["orderItems"]), *(one["quantity"] for one in told["orderItems"])]
    assert max(sizes) > 5
    assert {item.time_frame for one in shop.books.orders.values() for item in one.items} == {"EVENING"}


async def test_a_refused_order_leaves_nothing_behind(shop: Shop) -> None:
    shop.offer(1)
    for items in ([{"offerId": NOWHERE, "quantity": 1}], [{"ean": EAN, "quantity": 2}]):
        assert (await shop.control("orders", {"items": items}, 404 if "offerId" in items[0] else 409))[
            "error"
        ]
    assert (shop.books.orders, shop.books.events, shop.books.changes[1:]) == ({}, [], [])


# -- by chance


async def test_shares(opened: Opened) -> None:
    shop = await opened(
        business_share=0.5, repeat_share=0.3, fbb_share=0.4, vvb_share=0.5, discount_share=0.5, free_share=0.1,
        exact_day_share=0.3, time_frame_share=0.3, ask_cancellation_share=0.3, pickup_share=0.4,
    )  # fmt: skip
    for number in range(10):
        shop.offer(10_000, number)
    orders = [shop.books.place_random() for _ in range(400)]
    shop.time.go(31)
    await shop.dumped()
    items = [item for one in orders if one is not None for item in one.items]

    def share(some: list[bool]) -> float:
        return sum(some) / len(some)

    people = [one.customer for one in orders if one is not None]
    assert 0.2 < 1 - len({one.person for one in people}) / len(people) < 0.4
    assert len({one.email for one in people}) == 400
    assert 0.3 < share([bool(one.company) for one in people]) < 0.7
    assert 0.25 < share([bool(one.pickup_point) for one in people]) < 0.55
    assert 0.3 < share([item.fulfilment == "FBB" for item in items]) < 0.5
    mine = [item for item in items if item.fulfilment == "FBR"]
    assert 0.35 < share([item.distribution == "BOL" for item in mine]) < 0.65
    assert 0.3 < share([bool(item.discounts) for item in items]) < 0.6
    assert 0.03 < share([item.unit_cents == 0 for item in items]) < 0.2
    assert 0.2 < share([item.exact is not None for item in items]) < 0.4
    assert all((item.exact is None) != (item.latest is None) for item in items)
    assert 0.2 < share([item.time_frame != "REGULAR" for item in items]) < 0.4
    assert 0.2 < share([item.cancellation_asked for item in items]) < 0.4
    assert any(len({item.fulfilment for item in one.items}) == 2 for one in orders if one is not None)


def test_what_is_on_by_default() -> None:
    habits = Habits()
    assert (habits.fbb_share, habits.vvb_share, habits.free_share, habits.return_share) == (0, 0, 0, 0)
    assert (habits.business_share, habits.repeat_share) == (0.1, 0.15)
    assert LIMITS["list-returns"] == (20, 60.0)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none(share: float) -> None:
    with pytest.raises(ValueError, match="vvb_share lies between 0 and 1"):
        BolSimulatorConfig(vvb_share=share)


def test_reasons_are_those_of_the_contract() -> None:
    told = contract.contract("bol-retailer-v10")["components"]["schemas"]["OrderItemCancellation"]
    known = set(told["properties"]["reasonCode"]["enum"])
    assert set(get_args(Reason)) == known | {""}
    assert all(
        repr(one) in str(CancelledItem.__annotations__["reason_code"]).replace('"', "'") for one in known
    )
