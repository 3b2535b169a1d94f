from __future__ import annotations

import pytest

from connectors.mplus.simulator.config import Branch, Workplace
from connectors.mplus.simulator.sessions import SaleLine
from tests.connectors.mplus.simulator.wire import Opened, Shop, line, numbers, order

STOCK = "<request><branchNumber>1</branchNumber>{articles}{more}</request>"


async def stock(shop: Shop, *articles: int, more: str = "") -> list[dict[str, int]]:
    answer = await shop.call("getStock", STOCK.format(articles=numbers(*articles), more=more))
    return [
        {
            name: int(row[name])
            for name in ("articleNumber", "stockId", "amountFree", "amountReserved", "amountIncoming")
        }
        for row in answer.each("articleStocks")
    ]


async def test_opening_stock_is_read_by_article_and_in_whole(shop: Shop) -> None:
    opening = {
        article.number: shop.books.stock_row(None, article.number)
        for article in shop.books.catalogue.articles()
    }
    assert [row["amountFree"] for row in await stock(shop, 1003)] == [int(opening[1003].free)]
    assert {row["articleNumber"] for row in await stock(shop)} == set(opening)
    assert await stock(shop, 999) == []


async def test_an_empty_list_can_mean_nothing(opened: Opened) -> None:
    assert await stock(await opened(empty_list_means_all=False)) == []


async def test_a_sale_takes_a_new_stock_id_and_may_go_below_zero(shop: Shop) -> None:
    [before] = await stock(shop, 1001)
    await shop.control("sell", {"article": 1001, "quantity": before["amountFree"] + 3})
    [after] = await stock(shop, 1001)
    assert after["amountFree"] == -3
    assert after["stockId"] == int((await shop.call("getCurrentSyncMarkers"))["stockId"]) > before["stockId"]
    assert [
        row["articleNumber"] for row in await stock(shop, more=f"<stockId>{after['stockId']}</stockId>")
    ] == [1001]


async def test_named_articles_are_held_against_the_stock_id_too(shop: Shop) -> None:
    await shop.control("sell", {"article": 1001})
    later = f"<stockId>{shop.books.stock.current}</stockId>"
    assert [row["articleNumber"] for row in await stock(shop, 1001, 1002, more=later)] == [1001]


async def test_a_stock_id_can_be_exclusive(opened: Opened) -> None:
    shop = await opened(stock_id_inclusive=False)
    await shop.control("sell", {"article": 1001})
    marker = shop.books.stock.current
    assert await stock(shop, more=f"<stockId>{marker}</stockId>") == []
    assert len(await stock(shop, more=f"<stockId>{marker - 1}</stockId>")) == 1


@pytest.mark.parametrize("moves", [False, True])
async def test_a_reservation_lowers_free_and_moves_stock_id_only_where_told(
    opened: Opened, moves: bool
) -> None:
    shop = await opened(reservations_move_stock_id=moves)
    [before] = await stock(shop, 1001)
    assert (await shop.order(quantity=2))["result"] == "CREATE-ORDER-RESULT-OK"
    [after] = await stock(shop, 1001)
    assert after["amountFree"] == before["amountFree"] - 2
    assert after["amountReserved"] == 2
    assert (after["stockId"] > before["stockId"]) is moves
    assert shop.books.stock.history == []


async def test_set_stock_is_absolute_and_update_stock_relative(shop: Shop) -> None:
    await shop.order(quantity=2)
    base = "<request><branchNumber>1</branchNumber><articleNumber>1001</articleNumber>"
    answer = await shop.call(
        "setStock", f"{base}<amount>25</amount><decimalPlaces>0</decimalPlaces></request>"
    )
    assert answer["result"] == "SET-STOCK-RESULT-OK"
    assert await shop.free() == 23
    answer = await shop.call(
        "updateStock", f"{base}<amountChanged>-50</amountChanged><decimalPlaces>1</decimalPlaces></request>"
    )
    assert answer["result"] == "UPDATE-STOCK-RESULT-OK"
    assert int(answer["stockId"]) == shop.books.stock.current
    assert await shop.free() == 18


@pytest.mark.parametrize(
    ("branch", "article", "result"),
    [(9, 1001, "BRANCH-NOT-FOUND"), (1, 999, "ARTICLE-NOT-FOUND"), (1, 7, "NO-STOCK-ARTICLE")],
)
async def test_stock_that_cannot_be_set(shop: Shop, branch: int, article: int, result: str) -> None:
    await shop.control(
        "articles/add",
        {"article": 7, "ean": "", "description": "Verzendkosten", "price_cents": 495, "stock_article": False},
    )
    inner = f"<branchNumber>{branch}</branchNumber><articleNumber>{article}</articleNumber><amount>1</amount>"
    answer = await shop.call("setStock", f"<request>{inner}</request>")
    assert answer["result"] == f"SET-STOCK-RESULT-{result}"
    assert answer.get("stockId") is None


@pytest.mark.parametrize(("means", "free"), [("on-hand", 23), ("free", 25)])
async def test_what_set_stock_sets_is_a_switch(opened: Opened, means: str, free: int) -> None:
    shop = await opened(set_stock_means=means)
    await shop.order(quantity=2)
    inner = "<branchNumber>1</branchNumber><articleNumber>1001</articleNumber><amount>25</amount>"
    await shop.call("setStock", f"<request>{inner}</request>")
    assert await shop.free() == free


@pytest.mark.parametrize(("employee", "result"), [(7, "OK"), (0, "OK"), (8, "FAILED"), (5, "FAILED")])
async def test_stock_is_written_by_who_works_there(shop: Shop, employee: int, result: str) -> None:
    base = f"<request><branchNumber>1</branchNumber><articleNumber>1001</articleNumber>{{}}<employeeNumber>{employee}"
    for operation, change in (
        ("setStock", "<amount>3</amount>"),
        ("updateStock", "<amountChanged>1</amountChanged>"),
    ):
        answer = await shop.call(operation, base.format(change) + "</employeeNumber></request>")
        assert answer["result"].endswith(f"-STOCK-RESULT-{result}")
    assert (await shop.free() == 4) is (result == "OK")


@pytest.mark.parametrize(("places", "meaning"), [(0, 30), (2, 0)])
async def test_absent_decimal_places_are_a_switch(opened: Opened, places: int, meaning: int) -> None:
    shop = await opened(absent_decimal_places=places)
    row = shop.books.stock_row(1, 1001)
    inner = "<request><branchNumber>1</branchNumber><articleNumber>1001</articleNumber><amount>30</amount></request>"
    await shop.call("setStock", inner)
    assert int(row.on_hand) == meaning


async def test_history_tells_what_moved_and_never_a_reservation(shop: Shop) -> None:
    start = shop.books.stock.current + 1
    made = await shop.order(quantity=2)
    await shop.control("sell", {"article": 1002, "quantity": "0.530"})
    await shop.control("correct", {"article": 1003, "change": 4})
    await shop.control("receive", {"article": 1001, "quantity": 10})
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1"})
    inner = f"<request><branchNumbers>1</branchNumbers><sinceStockId>{start}</sinceStockId></request>"
    rows = (await shop.call("getStockHistoryV2", inner)).each("articleStockHistory")
    assert [
        (row["articleNumber"], row["amountChanged"], row["decimalPlaces"], row["type"][19:]) for row in rows
    ] == [
        ("1002", "-53", "2", "SALES"),
        ("1003", "4", "0", "CORRECTION"),
        ("1001", "10", "0", "DELIVERY"),
        ("1001", "-2", "0", "SALES"),
    ]
    assert rows[0]["receiptId"]
    receipt = rows[0].each("receiptNumber")[0]
    assert [receipt[name] for name in ("branchNumber", "workplaceNumber", "year", "number")] == [
        "1",
        "1",
        "2026",
        "1",
    ]
    assert (rows[1]["correctionNumber.year"], rows[1]["correctionNumber.number"]) == ("2026", "1")
    assert (rows[2]["deliveryNumber.year"], rows[2]["deliveryNumber.number"]) == ("2026", "1")
    assert [row.get("receiptNumber") for row in rows[1:]] == [None] * 3
    assert rows[3]["orderId"] == made["order.orderId"]
    assert int(rows[1]["afterCorrectionQuantity"]) - int(rows[1]["beforeCorrectionQuantity"]) == 4
    limited = inner.replace("</request>", "<sinceStockIdLimit>2</sinceStockIdLimit></request>")
    assert len((await shop.call("getStockHistoryV2", limited)).each("articleStockHistory")) == 2
    old = f"<request><branchNumber>1</branchNumber>{numbers(1003)}</request>"
    assert len((await shop.call("getStockHistory", old)).each("articleStockHistory")) == 1


async def test_delivering_leaves_free_as_it_is(shop: Shop) -> None:
    before = await shop.free()
    await shop.order(quantity=3)
    await shop.control("orders/deliver", {"ext_order_id": "BOL-1"})
    row = shop.books.stock_row(1, 1001)
    assert (row.free, row.reserved) == (before - 3, 0)
    changes = [one.cause for one in shop.books.stock.changes]
    assert changes == ["order-created"]


async def test_stock_is_kept_per_branch(opened: Opened) -> None:
    shop = await opened(branches=(Branch(number=1), Branch(number=2, workplaces=(Workplace(number=5),))))
    await shop.control("receive", {"article": 1001, "quantity": 4, "branch": 2})
    inner = f"<request><branchNumber>2</branchNumber>{numbers(1001)}</request>"
    assert (await shop.call("getStock", inner))["articleStocks.amountFree"] == "4"
    both = (
        f"<request><branchNumber>1</branchNumber>{numbers(1001)}<branchNumbers><branchNumber>1</branchNumber>"
        "<branchNumber>2</branchNumber></branchNumbers></request>"
    )
    assert (await shop.call("getStock", both)).all("articleStocks.branchNumber") == ["1", "2"]
    shop.books.till.sell([SaleLine(1001, shop.books.stock_row(2, 1001).free)], branch=2)
    assert shop.books.stock_row(2, 1001).free == 0


async def test_incoming_goes_down_as_goods_come_in(shop: Shop) -> None:
    await shop.control("announce", {"article": 1001, "quantity": 5})
    [row] = await stock(shop, 1001)
    assert row["amountIncoming"] == 5
    await shop.control("receive", {"article": 1001, "quantity": 8})
    [row] = await stock(shop, 1001)
    assert row["amountIncoming"] == 0


async def test_history_and_changes_are_bounded_and_say_so(opened: Opened) -> None:
    shop = await opened(history_limit=10)
    for _ in range(100):
        await shop.control("sell", {"article": 1001})
    dump = await shop.dump("?parts=changes,history,dropped,sessions")
    assert len(dump["changes"]) + dump["dropped"]["changes"] == 100
    assert len(dump["history"]) <= 13
    assert len(dump["sessions"]) == 10


async def test_table_orders_reserve_nothing_and_returns_neither(shop: Shop) -> None:
    before = await shop.free()
    relation = await shop.relation()
    table = order("T", relation, line(1001, 2)).replace("EXTERNAL-SALES", "TABLE")
    await shop.call("createOrder", table)
    await shop.call("createOrder", order("R", relation, line(1001, -1)))
    assert await shop.free() == before
    await shop.control("orders/deliver", {"ext_order_id": "R"})
    assert await shop.free() == before + 1
