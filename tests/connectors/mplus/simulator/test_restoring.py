"""A till's database that is put back, and lists that are empty all at once."""

from __future__ import annotations

import pytest

from connectors.mplus.simulator.articles import FIRST_COMPOSED
from tests.connectors.mplus.simulator.wire import Opened, Shop, numbers

PARTS = "?parts=stock,markers,orders,packing_slips,relations,sessions,articles,changes,history"
MARKERS = (
    "articleSyncMarker",
    "stockId",
    "orderSyncMarker",
    "relationSyncMarker",
    "packingSlipSyncMarker",
)


async def a_day(shop: Shop, ext: str) -> None:
    """Something of everything."""
    await shop.order(ext, quantity=2)
    await shop.control("sell", {"article": 1001, "quantity": 3})
    await shop.control("orders/deliver", {"ext_order_id": ext})
    await shop.control("articles/change", {"article": 1002, "price_cents": 1})


async def markers(shop: Shop) -> list[int]:
    told = await shop.call("getCurrentSyncMarkers")
    return [int(told[name]) for name in MARKERS]


async def test_every_marker_and_all_books_jump_back(shop: Shop) -> None:
    await a_day(shop, "BOL-1")
    kept = await shop.control("backup")
    assert kept == (await shop.dump("?parts=markers"))["markers"]
    before, then = await shop.dump(PARTS), await markers(shop)
    await a_day(shop, "BOL-2")
    assert all(now > was for now, was in zip(await markers(shop), then, strict=True))
    assert await shop.control("restore") == kept
    assert await shop.dump(PARTS) == before
    assert await markers(shop) == then
    assert (await shop.call("findOrder", "<extOrderId>BOL-2</extOrderId>"))["result"].endswith("NOT-FOUND")


async def test_a_restored_shop_goes_on_under_its_old_markers_with_new_ids(shop: Shop) -> None:
    await shop.control("backup")
    [then] = [shop.books.stock.current]
    sold = await shop.control("sell", {"article": 1001})
    for _ in range(2):
        await shop.control("restore")
        again = await shop.control("sell", {"article": 1001})
        assert shop.books.stock.current == then + 1
        assert again["session_id"] != sold["session_id"]
        assert len(shop.books.till.sessions) == 1
    await a_day(shop, "BOL-1")
    assert shop.books.stock_row(1, 1001).reserved == 0


async def test_without_a_backup_it_is_the_first_day(shop: Shop) -> None:
    first = await shop.dump(PARTS)
    await a_day(shop, "BOL-1")
    await shop.control("restore")
    assert await shop.dump(PARTS) == first


async def test_the_subscription_and_the_faults_outlive_it_and_a_reset_forgets_the_backup(shop: Shop) -> None:
    await shop.control("backup")
    await shop.control("webhook", {"url": "http://bridge/hooks", "events": []})
    await shop.control("faults", {"kind": "slow", "operation": "getOrder"})
    await a_day(shop, "BOL-1")
    await shop.control("restore")
    assert shop.books.webhook is not None
    assert len((await shop.http.get("/_control/faults")).json()) == 1
    await a_day(shop, "BOL-1")
    await shop.control("backup")
    await shop.control("reset")
    await shop.control("restore")
    assert len(shop.books.orders) == 0


async def test_stock_can_come_back_otherwise_than_it_was(shop: Shop) -> None:
    await shop.control("backup")
    [row] = (await shop.dump("?parts=stock&articles=1002"))["stock"]
    await shop.control("sell", {"article": 1002})
    given = [{"article": 1001, "on_hand": -4}, {"article": 1003, "on_hand": "1.5"}]
    await shop.control("restore", {"stock": given})
    assert await shop.free() == -4
    assert (await shop.dump("?parts=stock&articles=1003"))["stock"][0]["on_hand"] == 1.5
    assert (await shop.dump("?parts=stock&articles=1002"))["stock"] == [row]
    assert shop.books.stock.history == [], "a backup is no mutation"
    before = await shop.dump(PARTS)
    for wrong in ({"article": 9, "on_hand": 1}, {"article": 1001, "on_hand": "x"}):
        await shop.control("restore", {"stock": [wrong]}, status=400)
    assert await shop.dump(PARTS) == before


async def test_a_correction_below_nothing_is_a_negative_amount(shop: Shop) -> None:
    assert (await shop.control("correct", {"article": 1001, "amount": -3}))["free"] == -3
    assert await shop.free() == -3


@pytest.mark.parametrize(("operation", "count"), [("*", 2), ("getStock", 1), ("getProducts", 1)])
async def test_lists_that_are_empty_all_at_once(opened: Opened, operation: str, count: int) -> None:
    shop = await opened(composed_count=1)
    await shop.control("faults", {"kind": "empty-list", "operation": operation})
    stock = await shop.call("getStock", f"<request><branchNumber>1</branchNumber>{numbers(1001)}</request>")
    products = await shop.call("getProducts", "<request><pluNumbers/></request>")
    assert (await shop.call("getApiVersion"))["majorNumber"] == "1"
    struck = {
        "getStock": not stock.each("articleStocks"),
        "getProducts": not products.each("productList.product"),
    }
    assert struck == {name: operation in ("*", name) for name in struck}
    [told] = (await shop.http.get("/_control/faults")).json()
    assert told["struck"] == count
    await shop.http.delete("/_control/faults")
    assert (await shop.call("getProducts", "<request><pluNumbers/></request>")).each("productList.product")
    assert shop.books.catalogue.article(FIRST_COMPOSED) is not None


async def test_no_other_list_is_emptied(shop: Shop) -> None:
    rule = {"kind": "empty-list", "operation": "getOrders"}
    assert "getStock and getProducts" in (await shop.control("faults", rule, status=400))["error"]
