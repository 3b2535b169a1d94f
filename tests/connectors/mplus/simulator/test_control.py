from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.mplus.simulator.wire import Shop


async def test_the_books_are_the_truth(shop: Shop) -> None:
    opening = (await shop.dump("?parts=stock&articles=1001"))["stock"][0]["opening"]
    await shop.order(quantity=2)
    shop.time.now = shop.time.now.replace(microsecond=123456)
    await shop.control("sell", {"article": 1001})
    dump = await shop.dump("?articles=1001")
    [stock] = dump["stock"]
    assert (stock["on_hand"], stock["reserved"], stock["free"]) == (opening - 1, 2, opening - 3)
    assert [(one["cause"], one["before"], one["after"]) for one in dump["changes"]] == [
        ("order-created", opening, opening - 2),
        ("till-sale", opening - 2, opening - 3),
    ]
    assert dump["changes"][1]["at"] == "2026-11-20T09:30:00.123456+00:00"
    assert dump["changes"][0]["reference"] == "BOL-1"
    assert dump["changes"][1]["reference"] == dump["sessions"][0]["session_id"]
    [order] = dump["orders"]
    assert order["ext_order_id"] == "BOL-1"
    assert order["relation_name"] == "Jan de Vries"
    assert [(one["article"], one["quantity"], one["price_cents"]) for one in order["lines"]] == [
        (1001, 2, 1995)
    ]
    assert [one["article"] for one in dump["articles"]] == [1001]
    assert dump["relations"][0]["name"] == "Jan de Vries"
    assert dump["dropped"] == {"changes": 0, "history": 0}


async def test_a_dump_can_be_in_parts(shop: Shop) -> None:
    assert set(await shop.dump("?parts=stock,pushes")) == {"at", "stock", "pushes"}
    assert (await shop.http.get("/_control/books?parts=secrets")).status_code == 400
    assert (await shop.http.get("/_control/books?articles=x")).status_code == 400


async def test_staff_can_mark_an_order(shop: Shop) -> None:
    await shop.order()
    marked = await shop.control("orders/mark", {"ext_order_id": "BOL-1", "reference": "3SABC", "category": 3})
    assert (marked["reference"], marked["category"]) == ("3SABC", 3)
    read = await shop.call("findOrder", "<extOrderId>BOL-1</extOrderId>")
    assert read["order.reference"] == "3SABC"
    assert read["order.orderCategoryDescription"] == "Verzonden"
    slip = await shop.control("orders/deliver", {"ext_order_id": "BOL-1", "reference": "3SXYZ"})
    assert slip["reference"] == "3SXYZ"
    slips = await shop.call("getPackingSlips", "<request/>")
    assert slips["packingSlipList.packingSlip.reference"] == "3SXYZ"


async def test_a_new_article_can_be_sold(shop: Shop) -> None:
    new = {
        "article": 5000,
        "ean": "8712345678906",
        "description": "Das geel",
        "price_cents": 1995,
        "opening_stock": 3,
    }
    assert (await shop.control("articles/add", new))["ean"] == "8712345678906"
    assert await shop.free(5000) == 3
    assert "exists" in (await shop.control("articles/add", new, status=400))["error"]


async def test_a_count_is_absolute_or_relative(shop: Shop) -> None:
    assert (await shop.control("correct", {"article": 1001, "amount": 7}))["on_hand"] == 7
    assert (await shop.control("correct", {"article": 1001, "change": -2}))["on_hand"] == 5


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("sell", {}, 400),
        ("sell", {"article": 9}, 400),
        ("sell", {"article": 1001, "quantity": 0}, 400),
        ("sell", {"article": 1001, "quantity": -1}, 400),
        ("sell", {"article": 1001, "quantity": "NaN"}, 400),
        ("sell", {"article": 1001, "quantity": "1e99"}, 400),
        ("sell", {"article": 1001, "quantity": "0.0000001"}, 400),
        ("sell", {"article": 1001, "quantity": 1.5}, 400),
        ("sell", {"article": 1001, "amount": 1}, 400),
        ("sell", {"article": 1001, "branch": 9}, 400),
        ("sell", {"article": 1001, "workplace": 9}, 400),
        ("sell", {"article": 1001, "payment_method": "GELD"}, 400),
        ("sell", {"article": 1001, "price_cents": -1}, 400),
        ("receive", {"article": 1001, "quantity": -1}, 400),
        ("correct", {"article": 1001}, 400),
        ("correct", {"article": 9, "amount": 1}, 400),
        ("articles/change", {"article": 9}, 404),
        ("articles/add", {"article": 9, "ean": "", "description": "", "price_cents": 1, "vat_code": 9}, 400),
        ("orders/deliver", {"ext_order_id": "x"}, 404),
        ("orders/cancel", {}, 404),
        ("webhook", {"url": "ftp://x"}, 400),
        ("webhook", {"url": "http://x", "secret": "!"}, 400),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(
    shop: Shop, path: str, body: dict[str, Any], status: int
) -> None:
    before = await shop.dump("?parts=stock,sessions,orders,articles,markers")
    assert (await shop.control(path, body, status=status))["error"]
    assert await shop.dump("?parts=stock,sessions,orders,articles,markers") == before


async def test_a_body_is_json_and_short(shop: Shop) -> None:
    post = shop.http.post
    assert (await post("/_control/sell", content=b'{"article":1001}')).status_code == 415
    headers = {"Content-Type": "application/json"}
    assert (await post("/_control/sell", content=b"{", headers=headers)).status_code == 400
    assert (await post("/_control/sell", content=b"\xff", headers=headers)).status_code == 400
    assert (await post("/_control/sell", content=b"x" * 2**21, headers=headers)).status_code == 413


async def test_orders_that_staff_cannot_deliver_or_cancel(shop: Shop) -> None:
    await shop.order()
    await shop.control("orders/cancel", {"ext_order_id": "BOL-1"})
    assert (
        "cancelled" in (await shop.control("orders/deliver", {"ext_order_id": "BOL-1"}, status=400))["error"]
    )
    assert "ALREADY" in (await shop.control("orders/cancel", {"ext_order_id": "BOL-1"}, status=400))["error"]


async def test_reset_is_the_first_day_with_new_ids(shop: Shop) -> None:
    first = await shop.dump("?parts=stock,markers,orders,sessions")
    sold = await shop.control("sell", {"article": 1001})
    await shop.order()
    await shop.control("faults", {"kind": "http"})
    await shop.control("webhook", {"url": "http://bridge/hooks", "events": []})
    await shop.control("reset")
    assert shop.books.webhook is not None
    again = await shop.dump("?parts=stock,markers,orders,sessions")
    assert again == first
    assert (await shop.control("sell", {"article": 1001}))["session_id"] != sold["session_id"]
