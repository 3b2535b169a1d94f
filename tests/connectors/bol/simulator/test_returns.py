"""Returns: contracts/bol-retailer-v10.openapi.json, and Bol's page on them."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.bol.simulator.records import Order
from tests.connectors.bol.simulator.judge import check
from tests.connectors.bol.simulator.test_dispatch import ended_as
from tests.connectors.bol.simulator.test_orders import ended, place, ship
from tests.connectors.bol.simulator.wire import Opened, Shop


async def sent(shop: Shop, *quantities: int) -> Order:
    order = place(shop, *quantities)
    await ship(shop, *((item.item_id, None) for item in order.items))
    return order


async def announced(shop: Shop, order: Order, **more: Any) -> tuple[str, list[str]]:
    told = await shop.control("returns", {"orderId": order.order_id, **more})
    return told["returnId"], told["rmaIds"]


async def listed(shop: Shop, query: str = "") -> list[str]:
    return [one["returnId"] for one in (await shop.call("GET", f"/retailer/returns{query}"))["returns"]]


async def handle(shop: Shop, rma_id: str, result: str = "RETURN_RECEIVED", quantity: int = 1) -> Any:
    body = {"handlingResult": result, "quantityReturned": quantity}
    check("bol-retailer-v10", "ReturnRequest", body)
    return await shop.call("PUT", f"/retailer/returns/{rma_id}", body, 202)


async def test_a_return_is_announced_and_handled(shop: Shop) -> None:
    order = await sent(shop, 3, 1)
    first, _ = order.items
    shop.time.go(60)
    return_id, [rma_id] = await announced(
        shop,
        order,
        items=[{"itemId": first.item_id, "quantity": 2}],
        mainReason="Defect",
        detailedReason="Werkt niet",
        comments="vraag Jan",
    )
    assert await listed(shop) == await listed(shop, "?handled=false&fulfilment-method=FBR") == [return_id]
    assert await listed(shop, "?handled=true") == await listed(shop, "?fulfilment-method=FBB") == []
    told = await shop.call("GET", f"/retailer/returns/{return_id}")
    [item] = told["returnItems"]
    assert told["registrationDateTime"] == "2026-11-20T10:31:00+01:00"
    assert (item["rmaId"], item["orderId"], item["expectedQuantity"]) == (rma_id, order.order_id, 2)
    assert item["returnReason"] == {
        "mainReason": "Defect", "detailedReason": "Werkt niet", "customerComments": "vraag Jan",
    }  # fmt: skip
    assert (item["handled"], item["processingResults"]) == (False, [])
    assert item["customerDetails"]["surname"] == order.customer.surname
    process = await handle(shop, rma_id, quantity=1)
    assert (process["eventType"], process["entityId"]) == ("HANDLE_RETURN_ITEM", rma_id)
    assert (await ended(shop, process))["status"] == "SUCCESS"
    assert await listed(shop) == []
    assert await listed(shop, "?handled=true") == [return_id]
    # A result that was given can be changed.
    await handle(shop, rma_id, "RETURN_DOES_NOT_MEET_CONDITIONS", 2)
    await handle(shop, rma_id, "STILL_APPROVED", 2)
    [item] = (await shop.call("GET", f"/retailer/returns/{return_id}"))["returnItems"]
    assert [(one["handlingResult"], one["processingResult"]) for one in item["processingResults"]] == [
        ("RETURN_RECEIVED", "ACCEPTED"),
        ("RETURN_DOES_NOT_MEET_CONDITIONS", "REJECTED"),
        ("STILL_APPROVED", "ACCEPTED"),
    ]
    [dumped] = (await shop.dumped())["returns"]
    assert dumped["handled"] is True
    assert [one["by"] for one in dumped["items"][0]["handlings"]] == ["retailer"] * 3


async def test_all_that_left_comes_back_and_never_more(shop: Shop) -> None:
    order = await sent(shop, 2, 1)
    return_id, rma_ids = await announced(shop, order)
    assert [one.expected for one in shop.books.returns[return_id].items] == [2, 1]
    await shop.control("returns", {"orderId": order.order_id}, 409)
    item_id = order.items[0].item_id
    await shop.control("returns", {"items": [{"itemId": item_id, "quantity": 1}]}, 409)
    open_order = place(shop, 1)
    await shop.control("returns", {"items": [{"itemId": open_order.items[0].item_id}]}, 409)
    await shop.control("returns", {"items": [{"itemId": "NOSUCH"}]}, 404)
    await shop.control("returns", {}, 404)
    await handle(shop, rma_ids[0], quantity=2)
    assert await listed(shop) == [return_id]  # one item of it is not handled
    assert await listed(shop, "?handled=true") == []


async def test_lists_have_pages_of_fifty_and_their_own_order(shop: Shop) -> None:
    order = await sent(shop, 80)
    made = []
    for _ in range(60):
        shop.time.go(1)
        items = [{"itemId": order.items[0].item_id, "quantity": 1}]
        made.append(await announced(shop, order, items=items))
    found = [await listed(shop, f"?page={page}") for page in (1, 2, 3)]
    assert found == [[one for one, _ in made[:50]], [one for one, _ in made[50:]], []]
    for _, [rma_id] in made[:3]:
        await handle(shop, rma_id)
    assert await listed(shop, "?handled=true") == [one for one, _ in made[2::-1]]


async def test_what_cannot_be_handled(shop: Shop) -> None:
    order = await sent(shop, 2)
    _, [rma_id] = await announced(shop, order)
    for one, result, quantity, words in (
        ("123", "RETURN_RECEIVED", 1, "was not found"),
        (rma_id, "RETURN_RECEIVED", 3, "expected quantity of 2"),
        (rma_id, "STILL_APPROVED", 1, "was not declined"),
    ):
        status, error = await ended_as(shop, await handle(shop, one, result, quantity))
        assert (status, words in error) == ("FAILURE", True)
    assert not shop.books.returns[next(iter(shop.books.returns))].handled


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("x1", {"handlingResult": "RETURN_RECEIVED", "quantityReturned": 1}, "rma-id"),
        ("9" * 19, {"handlingResult": "RETURN_RECEIVED", "quantityReturned": 1}, "rma-id"),
        ("1", {"handlingResult": "THROWN_AWAY", "quantityReturned": 1}, "handlingResult"),
        ("1", {"handlingResult": None, "quantityReturned": 1}, "handlingResult"),
        ("1", {"handlingResult": "RETURN_RECEIVED", "quantityReturned": 0}, "quantityReturned"),
        ("1", {"handlingResult": "RETURN_RECEIVED", "quantityReturned": 10_000}, "quantityReturned"),
        ("1", {"handlingResult": "RETURN_RECEIVED"}, "body"),
    ],
)
async def test_a_handling_that_cannot_be(shop: Shop, path: str, body: Any, field: str) -> None:
    assert (await shop.refused("PUT", f"/retailer/returns/{path}", body))[0] == field


@pytest.mark.parametrize("query", ["page=0", "handled=yes", "fulfilment-method=ALL"])
async def test_a_list_that_cannot_be(shop: Shop, query: str) -> None:
    await shop.refused("GET", f"/retailer/returns?{query}")
    await shop.call("GET", "/retailer/returns/NOSUCH", status=404)


# -- made by the retailer


async def test_a_return_that_nobody_announced(shop: Shop) -> None:
    order = await sent(shop, 2)
    item = order.items[0]

    async def make(quantity: int, result: str = "EXCHANGE_PRODUCT") -> Any:
        body = {"orderItemId": item.item_id, "quantityReturned": quantity, "handlingResult": result}
        check("bol-retailer-v10", "CreateReturnRequest", body)
        return await shop.call("POST", "/retailer/returns", body, 202)

    process = await ended(shop, await make(1))
    assert (process["status"], process["eventType"]) == ("SUCCESS", "CREATE_RETURN_ITEM")
    [return_id] = await listed(shop, "?handled=true")
    assert process["entityId"] == return_id
    status, words = await ended_as(shop, await make(2))
    assert (status, "has 1 to be returned" in words) == ("FAILURE", True)
    shop.time.go(91 * 86_400)
    status, words = await ended_as(shop, await make(1))
    assert (status, "90 days ago" in words) == ("FAILURE", True)
    body = {"orderItemId": item.item_id, "quantityReturned": 1, "handlingResult": "STILL_APPROVED"}
    await shop.refused("POST", "/retailer/returns", body)


# -- what Bol sent, and what comes back by itself


async def test_bol_handles_what_it_sent(shop: Shop) -> None:
    order = place(shop, 1, fulfilment="FBB")
    shop.time.go(600)
    await shop.dumped()
    return_id, [rma_id] = await announced(shop, order)
    assert await listed(shop, "?fulfilment-method=FBB") == [return_id]
    status, words = await ended_as(shop, await handle(shop, rma_id))
    assert (status, "handled by bol" in words) == ("FAILURE", True)
    shop.time.go(600)
    assert await listed(shop, "?fulfilment-method=FBB") == []
    [dumped] = (await shop.dumped())["returns"]
    assert dumped["items"][0]["handlings"][0]["by"] == "bol"


async def test_the_two_kinds_come_back_separately(shop: Shop) -> None:
    mine, own = await sent(shop, 1), place(shop, 1, fulfilment="FBB")
    shop.time.go(600)
    await shop.dumped()
    items = [{"itemId": one.items[0].item_id} for one in (mine, own)]
    await shop.control("returns", {"items": items}, 400)


async def test_some_come_back_by_themselves(opened: Opened) -> None:
    shop = await opened(return_share=1.0, return_after=60.0)
    await sent(shop, 5)
    assert await listed(shop) == []
    shop.time.go(60)
    [return_id] = await listed(shop)
    assert 1 <= shop.books.returns[return_id].items[0].expected <= 5


async def test_a_limit_and_trouble_of_their_own(opened: Opened) -> None:
    shop = await opened(limits={"list-returns": (2, 60.0)})
    for _ in range(2):
        await listed(shop)
    await shop.call("GET", "/retailer/returns", status=429)
    order = await sent(shop, 2)
    _, [rma_id] = await announced(shop, order)
    await shop.control("faults", {"kind": "process-failure", "operation": "write-return"})
    assert (await ended_as(shop, await handle(shop, rma_id)))[0] == "FAILURE"
    await shop.control("faults", {"kind": "http", "operation": "get-return", "status": 500})
    await shop.call("GET", f"/retailer/returns/{next(iter(shop.books.returns))}", status=500)
