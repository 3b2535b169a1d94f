"""What staff do to orders by the control API, and what an installation can be told to be like."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.mplus.simulator.articles import FIRST_COMPOSED, compose, generate_articles
from connectors.mplus.simulator.config import ALL_CHECKED
from tests.connectors.mplus.simulator.wire import Opened, Shop, line, order


async def lines_of(shop: Shop) -> list[Any]:
    found: list[Any] = (await shop.dump("?parts=orders"))["orders"][0]["lines"]
    return found


async def composed(opened: Opened, quantity: int = 2) -> Shop:
    shop = await opened(composed_count=2)
    await shop.order(article=FIRST_COMPOSED, quantity=quantity)
    return shop


async def test_staff_cancel_a_part_of_an_order(shop: Shop) -> None:
    await shop.order(quantity=3)
    [one] = await lines_of(shop)
    before = await shop.free()
    told = await shop.control("orders/cancel", {"ext_order_id": "BOL-1", "quantities": {one["line_id"]: 2}})
    assert told["cancel_state"] == "ORDER-CANCEL-STATE-PARTIAL"
    assert await shop.free() == before + 2
    for wrong in ({one["line_id"]: 2}, {one["line_id"]: -1}, {one["line_id"]: 0}, {"x": 1}):
        await shop.control("orders/cancel", {"ext_order_id": "BOL-1", "quantities": wrong}, 400)


async def test_staff_edit_an_order(shop: Shop) -> None:
    relation = await shop.relation()
    await shop.call("createOrder", order("BOL-1", relation, line(1001, 3) + line(1002, 1)))
    first, second = (one["line_id"] for one in await lines_of(shop))
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1", "quantities": {first: 1}})
    told = await shop.control("orders/edit", {"ext_order_id": "BOL-1", "quantities": {first: 2, second: 0}})
    assert [(one["article"], one["quantity"], one["delivered"]) for one in told["lines"]] == [(1001, 2, 1)]
    assert shop.books.stock_row(1, 1001).reserved == 1
    assert shop.books.stock_row(1, 1002).reserved == 0
    for wrong in ({first: 0}, {second: 1}):
        await shop.control("orders/edit", {"ext_order_id": "BOL-1", "quantities": wrong}, 400)
    await shop.control("orders/edit", {"ext_order_id": "BOL-1"}, 400)


async def test_staff_add_lines_and_take_all_off_and_the_stock_marker_stands_still(shop: Shop) -> None:
    """What is reserved follows, and moves no stockId (facts/mplus.md 5.2)."""
    await shop.order(quantity=3)
    [one] = await lines_of(shop)
    stock_id = (await shop.call("getCurrentSyncMarkers"))["stockId"]
    edited = {
        "ext_order_id": "BOL-1",
        "quantities": {one["line_id"]: 0},
        "add": [{"article": 1002, "quantity": 2}],
    }
    told = await shop.control("orders/edit", edited)
    assert [(line["article"], line["quantity"]) for line in told["lines"]] == [(1002, 2)]
    assert [shop.books.stock_row(1, article).reserved for article in (1001, 1002)] == [0, 2]
    for wrong in ({"article": 99}, {"article": 1001, "quantity": 0}):
        await shop.control("orders/edit", {"ext_order_id": "BOL-1", "add": [wrong]}, 400)
    [left] = told["lines"]
    await shop.control("orders/edit", {"ext_order_id": "BOL-1", "quantities": {left["line_id"]: 0}})
    assert await lines_of(shop) == []
    assert shop.books.stock_row(1, 1002).reserved == 0
    assert (await shop.call("getCurrentSyncMarkers"))["stockId"] == stock_id
    told = await shop.control("orders/edit", {"ext_order_id": "BOL-1", "add": [{"article": 1001}]})
    assert told["lines"][0]["line_id"] != one["line_id"]


async def test_staff_write_on_an_order_and_on_its_slip(shop: Shop) -> None:
    await shop.order()
    await shop.control("slips/mark", {"ext_order_id": "BOL-1", "reference": "3S1"}, 404)
    told = await shop.control(
        "orders/mark", {"ext_order_id": "BOL-1", "category": 2, "delivery_method": "DHL"}
    )
    assert (told["category"], told["delivery_method"]) == (2, "DHL")
    await shop.control("orders/mark", {"ext_order_id": "BOL-1", "delivery_method": "FLES"}, 400)
    slip = await shop.control("orders/deliver", {"ext_order_id": "BOL-1"})
    marker = (await shop.call("getCurrentSyncMarkers"))["packingSlipSyncMarker"]
    marked = await shop.control("slips/mark", {"ext_order_id": "BOL-1", "reference": "3S1"})
    assert (marked["packing_slip_id"], marked["reference"]) == (slip["packing_slip_id"], "3S1")
    assert int((await shop.call("getCurrentSyncMarkers"))["packingSlipSyncMarker"]) == int(marker) + 1
    since = (
        f"<request><syncMarker>{int(marker) + 1}</syncMarker><syncMarkerLimit>1</syncMarkerLimit></request>"
    )
    page = await shop.call("getPackingSlips", since)
    assert page.all("packingSlipList.packingSlip.reference") == ["3S1"]
    assert page.all("packingSlipList.packingSlip.syncMarker") == [str(int(marker) + 1)]


@pytest.mark.parametrize(
    ("method", "incl", "excl", "vat"),
    [
        ("INCLUSIVE", 3990, 3298, "692"),
        ("EXCLUSIVE", 3991, 3298, "693"),
        ("SHIFTED", 3990, 3990, "0"),
        ("NONE", 3990, 3990, "0"),
    ],
)
async def test_what_the_vat_method_makes_of_the_totals(
    shop: Shop, method: str, incl: int, excl: int, vat: str
) -> None:
    relation = await shop.relation()
    rate = line(1001, 2).replace("<price>", "<turnoverGroup>2</turnoverGroup><vatCode>2</vatCode><price>")
    sent = order("BOL-1", relation, rate, f"<vatMethod>VAT-METHOD-{method}</vatMethod>")
    await shop.call("createOrder", sent)
    read = await shop.call("findOrder", "<extOrderId>BOL-1</extOrderId>")
    assert (read["order.totalInclAmount"], read["order.totalExclAmount"]) == (str(incl), str(excl))
    assert read["order.vatGroupList.vatGroup.vatAmount"] == vat
    assert read["order.lineList.line.data.turnoverGroup"] == "2"


async def test_what_is_not_checked_is_taken_as_it_comes(opened: Opened) -> None:
    wrong = (
        "<employeeNumber>5</employeeNumber><workplaceNumber>9</workplaceNumber><deliveryMethod>FLES</deliveryMethod>"
        "<paymentMethod>IDEAL</paymentMethod><orderCategoryNumber>77</orderCategoryNumber>"
    )
    one = line(1001, 1).replace("<price>", "<turnoverGroup>9</turnoverGroup><vatCode>9</vatCode><price>")
    for left_out in sorted(ALL_CHECKED):
        shop = await opened(checked=ALL_CHECKED - {left_out})
        made = await shop.call("createOrder", order("A", await shop.relation(), one, wrong))
        assert made["result"] == "CREATE-ORDER-RESULT-FAILED"
    shop = await opened(checked=frozenset())
    made = await shop.call("createOrder", order("A", await shop.relation(), one, wrong))
    assert made["result"] == "CREATE-ORDER-RESULT-OK"


# -- composed articles


def test_boxes_are_made_of_what_is_there() -> None:
    made = generate_articles(1, 5)
    assert [one.components for one in compose(made, 2)] == [((1001, 2), (1002, 1)), ((1002, 2), (1003, 1))]
    with pytest.raises(ValueError, match="two others"):
        compose(made[:1], 1)


async def test_a_composed_article_is_listed_with_its_parts_and_keeps_no_stock(opened: Opened) -> None:
    shop = await opened(composed_count=1)
    asked = f"<request><articleNumbers>{FIRST_COMPOSED}</articleNumbers><pluNumbers/></request>"
    listed = await shop.call("getProducts", asked)
    parts = listed.each("productList.product.articleList.article.componentArticleList.componentArticle")
    assert [(one["articleNumber"], one["quantity"]) for one in parts] == [("1001", "2"), ("1002", "1")]
    assert listed["productList.product.articleList.article.stockArticle"] == "false"
    assert shop.books.stock.row(1, FIRST_COMPOSED) is None
    new = {
        "article": 7,
        "ean": "8712345678906",
        "description": "Doos",
        "price_cents": 5,
        "components": [[1003, 4]],
    }
    assert (await shop.control("articles/add", new))["components"] == [[1003, 4]]
    await shop.control("articles/add", new | {"article": 8, "components": [[99, 1]]}, 400)


async def test_parts_come_and_go_with_their_article(opened: Opened) -> None:
    shop = await composed(opened)
    box, first, second = await lines_of(shop)
    assert [(one["article"], one["quantity"]) for one in (box, first, second)] == [
        (FIRST_COMPOSED, 2), (1001, 4), (1002, 2),
    ]  # fmt: skip
    assert first["component_of"] == second["component_of"] == box["line_id"]
    assert shop.books.stock_row(1, 1001).reserved == 4
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1", "quantities": {first["line_id"]: 1}}, 400)
    await shop.control("orders/edit", {"ext_order_id": "BOL-1", "quantities": {first["line_id"]: 1}}, 400)
    await shop.control("orders/edit", {"ext_order_id": "BOL-1", "quantities": {box["line_id"]: 4}})
    assert [one["quantity"] for one in await lines_of(shop)] == [4, 8, 4]
    await shop.control("orders/cancel", {"ext_order_id": "BOL-1", "quantities": {box["line_id"]: 1}})
    assert [one["cancelled"] for one in await lines_of(shop)] == [1, 2, 1]
    on_hand = shop.books.stock_row(1, 1001).on_hand
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1", "quantities": {box["line_id"]: 1}})
    assert [one["delivered"] for one in await lines_of(shop)] == [1, 2, 1]
    assert shop.books.stock_row(1, 1001).on_hand == on_hand - 2
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1"})
    assert [one["delivered"] for one in await lines_of(shop)] == [3, 6, 3]
    assert shop.books.stock_row(1, 1001).reserved == shop.books.stock_row(1, 1002).reserved == 0


@pytest.mark.parametrize("sends_parts", [True, False])
async def test_an_update_with_its_parts_and_without(opened: Opened, sends_parts: bool) -> None:
    """Parts that are sent are taken as they are; those that are not are worked out (facts/mplus.md 4.2)."""
    shop = await composed(opened)
    box, first, second = await lines_of(shop)
    part = line(1001, 3, 0, first["line_id"]).replace(
        "</line>", "<lineType>LINE-TYPE-COMPONENT</lineType></line>"
    )
    sent = line(FIRST_COMPOSED, 1, line_id=box["line_id"]) + (part if sends_parts else "")
    whole = await shop.dump("?parts=orders")
    change = (
        f"<order><orderId>{whole['orders'][0]['order_id']}</orderId><changeCounter>1</changeCounter>"
        f"<versionNumber>1</versionNumber><lineList>{sent}</lineList></order>"
    )
    assert (await shop.call("updateOrder", change))["result"] == "UPDATE-ORDER-RESULT-OK"
    after = {one["line_id"]: one["quantity"] for one in await lines_of(shop)}
    assert after == {box["line_id"]: 1, first["line_id"]: 3 if sends_parts else 2, second["line_id"]: 1}


async def test_a_credit_raises_the_stock_when_it_is_delivered(shop: Shop) -> None:
    row = shop.books.stock_row(1, 1001)
    on_hand = row.on_hand
    await shop.order(quantity=-2)
    assert (row.on_hand, row.reserved) == (on_hand, 0)
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1"})
    assert (row.on_hand, row.reserved) == (on_hand + 2, 0)
    again = (await shop.dump("?parts=packing_slips"))["packing_slips"]
    assert [one["lines"] for one in again] == [[{"article": 1001, "quantity": -2}]]
