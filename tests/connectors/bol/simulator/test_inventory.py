"""What lies at Bol: contracts/bol-retailer-v10.openapi.json, and what orders do to it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.simulator.books import BolBooks, NotDone
from connectors.bol.simulator.config import LIMITS
from tests.connectors.bol.simulator.wire import EAN, Opened, Shop, Time

OTHER = "12345678"
STEPS = st.one_of(
    st.tuples(st.just("order"), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("cancel"), st.integers(0, 5), st.integers(1, 4)),
    st.tuples(st.just("ship"), st.integers(0, 5), st.none()),
    st.tuples(st.just("set"), st.integers(0, 9), st.none()),
)


async def put(shop: Shop, *items: dict[str, Any]) -> list[str]:
    return list((await shop.control("inventory", {"items": list(items)}))["bskus"])


async def listed(shop: Shop, query: str = "") -> list[dict[str, Any]]:
    told = await shop.call("GET", f"/retailer/inventory{'?' if query else ''}{query}")
    return list(told["inventory"])


async def eans(shop: Shop, query: str) -> list[str]:
    return [one["ean"] for one in await listed(shop, query)]


async def test_it_comes_back_as_it_was_put(shop: Shop) -> None:
    assert await listed(shop) == []
    first, second = await put(
        shop,
        {"ean": EAN, "regular": 5, "graded": 2, "title": "Vaas", "bsku": "2950002126612"},
        {"ean": OTHER},
    )
    assert await listed(shop) == [
        {"ean": EAN, "bsku": first, "regularStock": 5, "gradedStock": 2, "title": "Vaas"},
        {"ean": OTHER, "bsku": second, "regularStock": 0, "gradedStock": 0, "title": f"Artikel {OTHER}"},
    ]
    assert (first, len(second), second.isdigit()) == ("2950002126612", 13, True)
    assert (await shop.dumped())["inventory"] == await listed(shop)
    # Without a bsku it is the one that is known; with another one it lies there beside it.
    assert await put(shop, {"ean": EAN, "regular": 7}, {"ean": EAN, "regular": 1, "bsku": "b2"}) == [
        first,
        "b2",
    ]
    assert [(one["ean"], one["regularStock"]) for one in await listed(shop)] == [
        (EAN, 7),
        (OTHER, 0),
        (EAN, 1),
    ]
    await put(shop, {"ean": EAN, "gone": True}, {"ean": "87654321", "gone": True})
    assert [one["ean"] for one in await listed(shop)] == [OTHER]


@pytest.mark.parametrize("count", [0, 1, 50, 51, 120])
async def test_pages_of_fifty_until_one_is_empty(shop: Shop, count: int) -> None:
    for number in range(count):
        shop.books.stock_at_bol(f"{int(EAN) + number}", "", number, 0, "")
    found: list[int] = []
    page = 1
    while some := await listed(shop, f"page={page}"):
        assert len(some) <= 50
        found += [one["regularStock"] for one in some]
        page += 1
    assert found == list(range(count))
    assert page == (count + 49) // 50 + 1


async def test_the_list_by_what_is_asked(shop: Shop) -> None:
    await put(
        shop,
        {"ean": "10000000", "regular": 0, "graded": 0, "title": "Vaas"},
        {"ean": "20000000", "regular": 5, "graded": 0, "title": "Grote vaas"},
        {"ean": "30000000", "regular": 15, "graded": 3, "title": "Lamp"},
        {"ean": "40000000", "regular": 30, "graded": 12, "title": "Stoel"},
    )
    for query, found in (
        ("quantity=0-10", "12"),
        ("quantity=0-10,20-30", "124"),
        ("quantity=0-10&quantity=20-30", "124"),
        ("quantity=5-5", "2"),
        ("quantity=0-5&state=GRADED", "123"),
        ("quantity=0-5&state=REGULAR", "12"),
        ("state=REGULAR", "234"),
        ("state=GRADED", "34"),
        ("stock=SUFFICIENT", "234"),
        ("stock=INSUFFICIENT", "1"),
        ("stock=INSUFFICIENT&state=GRADED", "12"),
        ("stock=SUFFICIENT&quantity=10-20", "3"),
        ("query=VAAS", "12"),
        ("query=30000000", "3"),
        ("query=3000", ""),
        ("query=", "1234"),
        ("query=vaas&state=REGULAR", "2"),
        ("page=2", ""),
    ):
        assert [one[0] for one in await eans(shop, query)] == list(found), query


async def test_what_is_sufficient_is_a_setting(opened: Opened) -> None:
    shop = await opened(sufficient_from=10)
    await put(shop, {"ean": EAN, "regular": 9}, {"ean": OTHER, "regular": 10})
    assert await eans(shop, "stock=SUFFICIENT") == [OTHER]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("quantity=", "quantity"),
        ("quantity=5", "quantity"),
        ("quantity=5-4", "quantity"),
        ("quantity=0-10,x", "quantity"),
        ("quantity=0-٣", "quantity"),
        ("quantity=" + ",".join(["0-1"] * 101), "quantity"),
        ("stock=PLENTY", "stock"),
        ("state=NEW", "state"),
    ],
)
async def test_a_list_that_cannot_be(shop: Shop, query: str, field: str) -> None:
    assert (await shop.refused("GET", f"/retailer/inventory?{query}"))[0] == field


async def test_twenty_calls_a_minute(opened: Opened) -> None:
    shop = await opened(limits=dict(LIMITS))
    for _ in range(20):
        await shop.call("GET", "/retailer/inventory")
    told = await shop.raw("GET", "/retailer/inventory")
    assert (told.status_code, told.headers["retry-after"]) == (429, "60")
    shop.time.go(60)
    await shop.call("GET", "/retailer/inventory")


# -- what orders do to it


@given(st.integers(0, 9), st.lists(STEPS, max_size=25))
def test_what_lies_there_is_what_came_in_less_what_is_ordered(regular: int, steps: list[Any]) -> None:
    """Held against a model that counts units, also where an order was forced beyond what lies there."""
    kept = BolBooks(Time().clock, Random(1))
    offer = kept.add_offer(EAN, 0, fulfilment="FBB")
    kept.stock_at_bol(EAN, "b1", regular, 0, "")
    kept.stock_at_bol(EAN, "b2", 2, 0, "")
    there = regular + 2
    orders: list[list[Any]] = []
    for what, first, second in steps:
        match what:
            case "order":
                if not second and first > there:
                    with pytest.raises(NotDone):
                        kept.place_order([(offer.offer_id, first)])
                    continue
                placed = kept.place_order([(offer.offer_id, first)], force=second)
                taken = min(first, there)
                there -= taken
                orders.append([placed, taken])
            case "cancel" if first < len(orders):
                placed, taken = orders[first]
                gone = min(second, placed.items[0].open)
                kept.cancel_item(placed, placed.items[0], quantity=second)
                back = min(gone, taken)
                orders[first][1] -= back
                there += back
            case "ship" if first < len(orders) and orders[first][0].items[0].open:
                kept.ship_by_hand(orders[first][0], [], "", {})
            case "set":
                b2 = kept.warehouse.lying["b2"].regular
                kept.stock_at_bol(EAN, "b1", first, 0, "")
                there = first + b2
        assert kept.warehouse.regular(EAN) == kept.on_sale(offer) == there
        assert kept.changes[-1].on_sale == there


async def test_an_offer_that_bol_sends_is_for_sale_as_long_as_something_lies_there(shop: Shop) -> None:
    offer_id = shop.offer(0, fulfilment="FBB")
    assert (await shop.call("GET", "/retailer/offers?for-sale=true"))["offers"] == []
    await put(shop, {"ean": EAN, "regular": 1})
    told = (await shop.call("GET", "/retailer/offers?for-sale=true"))["offers"]
    assert [one["countryAvailabilities"][0]["forSale"] for one in told] == [True]
    path = f"/retailer/offers/{offer_id}/not-for-sale-reasons"
    assert (await shop.call("GET", path))["countries"] == []
    await shop.control("orders", {"items": [{"ean": EAN, "quantity": 1}]})
    reasons = (await shop.call("GET", path))["countries"][0]["reasons"]
    assert [one["category"] for one in reasons] == ["STOCK"]


async def test_the_retailers_own_offer_lives_from_its_own_stock(shop: Shop) -> None:
    """FBR, some of whose items Bol sends from its own warehouse: that takes nothing from the retailer's amount."""
    offer_id = shop.offer(5)
    await put(shop, {"ean": EAN, "regular": 3})
    shop.books.place_order([(offer_id, 2)], fulfilment="FBB")
    shop.books.place_order([(offer_id, 2)])
    assert [one["regularStock"] for one in await listed(shop)] == [1]
    assert shop.books.on_sale(shop.books.offers[offer_id]) == 3


def test_the_warehouse_is_bounded_and_a_bsku_is_of_one_ean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.bol.simulator.warehouse.MOST_LYING", 1)
    kept = BolBooks(Time().clock, Random(1))
    kept.stock_at_bol(EAN, "b1", 1, 0, "")
    for ean, bsku, words in ((OTHER, "b1", f"is EAN {EAN}"), (OTHER, "", "at most 1 "), ("x", "", "8 to 13")):
        with pytest.raises(NotDone, match=words):
            kept.stock_at_bol(ean, bsku, 1, 0, "")
    assert [one.ean for one in kept.warehouse.lying.values()] == [EAN]
