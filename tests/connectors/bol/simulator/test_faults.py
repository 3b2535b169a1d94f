"""Trouble on demand: which calls it strikes, how often, and what it leaves behind."""

from __future__ import annotations

from random import Random
from typing import Any

import httpx
import orjson
import pytest

from connectors.bol.simulator.faults import FaultRule, Faults
from tests.connectors.bol.simulator.wire import Opened, Shop, is_problem

PATCH = b'{"stock":{"amount":1}}'


async def struck(shop: Shop, **rule: Any) -> tuple[httpx.Response, int]:
    """The answer to a PATCH to 1 under this rule, and the amount after it."""
    offer_id = shop.offer(5, len(shop.books.offers))
    await shop.control("faults", rule)
    answer = await shop.raw("PATCH", f"/retailer/offers/{offer_id}", PATCH)
    return answer, shop.books.offers[offer_id].amount


@pytest.mark.parametrize("status", [400, 403, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("after", [False, True])
async def test_a_status_before_or_after_the_effect(shop: Shop, status: int, after: bool) -> None:
    answer, amount = await struck(shop, kind="http", status=status, after_effect=after)
    assert (answer.status_code, amount) == (status, 1 if after else 5)
    is_problem(answer)
    assert "x-ratelimit-limit" in answer.headers
    assert ("retry-after" in answer.headers) is (status == 429)


async def test_a_429_says_when_to_come_back(shop: Shop) -> None:
    answer, _ = await struck(shop, kind="http", status=429, seconds=17)
    for name, value in (("retry-after", "17"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "17")):
        assert answer.headers[name] == value


async def test_slow(shop: Shop) -> None:
    answer, amount = await struck(shop, kind="slow", seconds=7)
    assert (answer.status_code, amount, shop.time.slept) == (204, 1, [7.0])


@pytest.mark.parametrize(("kind", "amount"), [("timeout", 5), ("timeout-after-effect", 1)])
async def test_a_connection_that_is_cut(shop: Shop, kind: str, amount: int) -> None:
    offer_id = shop.offer(5)
    await shop.control("faults", {"kind": kind})
    with pytest.raises(httpx.ReadTimeout):
        await shop.raw("PATCH", f"/retailer/offers/{offer_id}", PATCH)
    assert shop.books.offers[offer_id].amount == amount
    assert shop.time.slept == [30.0]


async def test_a_body_cut_in_half(shop: Shop) -> None:
    path = f"/retailer/offers/{shop.offer(5)}"
    whole = (await shop.raw("GET", path)).content
    await shop.control("faults", {"kind": "truncated"})
    half = (await shop.raw("GET", path)).content
    assert (whole.startswith(half), len(half)) == (True, len(whole) // 2)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(half)


@pytest.mark.parametrize("operation", ["list-offers", "list-orders", "list-returns", "inventory"])
async def test_a_list_that_is_suddenly_empty(shop: Shop, operation: str) -> None:
    for number in range(60):
        shop.offer(5, number)
    [item] = shop.books.place_order([(next(iter(shop.books.offers)), 1)]).items
    shop.books.ship([(item.item_id, None)])
    shop.books.register_return([(item.item_id, None)])
    shop.books.stock_at_bol("12345678", "", 1, 0, "")
    path, name = {
        "list-offers": ("/retailer/offers", "offers"),
        "list-orders": ("/retailer/orders?status=ALL", "orders"),
        "list-returns": ("/retailer/returns", "returns"),
        "inventory": ("/retailer/inventory", "inventory"),
    }[operation]
    whole = await shop.call("GET", path)
    assert whole[name]
    await shop.control("faults", {"kind": "empty-list", "operation": operation, "count": 1})
    told = await shop.call("GET", path)
    assert told[name] == []
    assert "nextCursor" not in told.get("page", {})
    assert await shop.call("GET", path) == whole


async def test_a_refusal_is_no_list(shop: Shop) -> None:
    await shop.control("faults", {"kind": "empty-list", "operation": "list-offers"})
    assert (await shop.refused("GET", "/retailer/offers?page-size=0"))[0] == "page-size"


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        ({}, {"GET /retailer/orders", "GET /retailer/offers", "POST /shared/process-status"}),
        ({"operation": "list-orders"}, {"GET /retailer/orders"}),
        ({"path": "/retailer/o"}, {"GET /retailer/orders", "GET /retailer/offers"}),
        ({"path": "/shared"}, {"POST /shared/process-status"}),
        ({"method": "post"}, {"POST /shared/process-status"}),
        ({"path": "/retailer", "method": "POST"}, set()),
        ({"operation": "token"}, {"POST /token"}),
        ({"path": "/token"}, {"POST /token"}),
    ],
)
async def test_a_storm_by_operation_path_and_method(shop: Shop, rule: dict[str, str], hit: set[str]) -> None:
    await shop.control("faults", {"kind": "http", "status": 503, **rule})
    ids = b'{"processStatusQueries":[{"processStatusId":"1"}]}'
    answers = {
        "GET /retailer/orders": await shop.raw("GET", "/retailer/orders"),
        "GET /retailer/offers": await shop.raw("GET", "/retailer/offers"),
        "POST /shared/process-status": await shop.raw("POST", "/shared/process-status", ids),
        "POST /token": await shop.sign_in(),
    }
    assert {name for name, answer in answers.items() if answer.status_code == 503} == hit
    assert {answer.status_code for answer in answers.values()} <= {200, 503}


async def test_the_first_rule_that_fits_strikes_and_a_count_runs_out(shop: Shop) -> None:
    for status, count in ((500, 2), (503, 1)):
        await shop.control("faults", {"kind": "http", "status": status, "count": count})
    answers = [(await shop.raw("GET", "/retailer/orders")).status_code for _ in range(5)]
    assert answers == [500, 500, 503, 200, 200]
    told = (await shop.http.get("/_control/faults")).json()
    assert [(one["status"], one["struck"]) for one in told] == [(500, 2), (503, 1)]
    assert shop.simulator.calls["list-orders:http"] == 3


async def test_trouble_ends(shop: Shop) -> None:
    await shop.control("faults", {"kind": "http"})
    assert (await shop.http.delete("/_control/faults")).json() == []
    assert (await shop.raw("GET", "/retailer/orders")).status_code == 200


def test_probability_is_drawn_from_the_seed() -> None:
    def drawn(seed: int) -> list[bool]:
        faults = Faults(Random(seed))
        faults.add(FaultRule(kind="http", probability=0.3))
        return [faults.for_call("x", "GET", "/") is not None for _ in range(1000)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 240 < sum(drawn(1)) < 360


def test_kinds_do_not_mix() -> None:
    faults = Faults(Random(1))
    for kind in ("webhook-lost", "process-failure", "slow"):
        faults.add(FaultRule(kind=kind))
    call, push = faults.for_call("x", "GET", "/"), faults.for_push("ORDER")
    assert call is not None
    assert push is not None
    assert (call.kind, push.kind) == ("slow", "webhook-lost")
    assert faults.for_write("x", "PUT", "/") == "FAILURE"
    faults.clear()
    assert faults.for_write("x", "PUT", "/") == "SUCCESS"


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "boom"},
        {},
        {"kind": "http", "probability": 1.1},
        {"kind": "http", "probability": -0.1},
        {"kind": "http", "count": 0},
        {"kind": "http", "status": 200},
        {"kind": "http", "status": 600},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "seconds": 601},
        {"kind": "http", "operation": "x" * 101},
        {"kind": "webhook-lost", "path": "/"},
        {"kind": "empty-list"},
        {"kind": "empty-list", "operation": "get-order"},
        {"kind": "http", "wen": 1},
    ],
)
async def test_a_rule_that_cannot_be(shop: Shop, rule: dict[str, Any]) -> None:
    assert "error" in await shop.control("faults", rule, 400)
    assert (await shop.http.get("/_control/faults")).json() == []


async def test_rules_are_bounded(shop: Shop) -> None:
    for _ in range(100):
        await shop.control("faults", {"kind": "http", "count": 1})
    assert "at most 100" in (await shop.control("faults", {"kind": "http"}, 400))["error"]


async def test_a_cut_call_of_a_write_still_pushes(opened: Opened) -> None:
    """The effect took place, so whoever has subscribed hears of it."""
    shop = await opened()
    await shop.subscribe("SHIPMENT")
    item = shop.books.place_order([(shop.offer(5), 1)]).items[0]
    await shop.control("faults", {"kind": "timeout-after-effect", "operation": "shipments"})
    with pytest.raises(httpx.ReadTimeout):
        await shop.raw(
            "POST", "/retailer/shipments", orjson.dumps({"orderItems": [{"orderItemId": item.item_id}]})
        )
    await shop.simulator.pushes.drained()
    assert [one for one, _, _ in shop.receiver.events()] == ["SHIPMENT"]
