"""Whatever arrives, the simulator answers: a problem with words, never a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bol.simulator import create_app
from tests.connectors.bol.simulator.wire import EAN, Receiver, Shop, Time, config, is_problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
WRITES: dict[str, dict[str, Any]] = {
    "POST /retailer/offers": {
        "ean": "12345678",
        "condition": {"category": "SECONDHAND", "state": "GOOD"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 5}]},
        "fulfilment": {"method": "FBR", "deliveryPromise": {"minimumDaysToCustomer": 1}},
        "stock": {"amount": 1, "managedByRetailer": True},
        "countryAvailabilities": [{"countryCode": "NL"}],
    },
    "PATCH /retailer/offers/OFFER": {
        "stock": {"amount": 1, "managedByRetailer": True},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 5}]},
        "fulfilment": {"method": "FBB"},
        "reference": "r",
        "onHoldByRetailer": False,
    },
    "POST /retailer/shipments": {
        "orderItems": [{"orderItemId": "ITEM", "quantity": 1}],
        "shipmentReference": "r",
        "transport": {"transporterCode": "TNT", "trackAndTrace": "x"},
    },
    "PUT /retailer/orders/cancellation": {"orderItems": [{"orderItemId": "ITEM", "reasonCode": "OTHER"}]},
    "POST /shared/process-status": {"processStatusQueries": [{"processStatusId": "1"}]},
    "POST /retailer/subscriptions": {
        "resources": ["ORDER"],
        "url": "https://shop.test/x",
        "subscriptionType": "WEBHOOK",
        "enabled": True,
    },
}


def places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    if isinstance(node, dict):
        for key, value in node.items():
            yield from places(value, (*way, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from places(value, (*way, number))


def replaced(node: Any, way: tuple[Any, ...], value: Any) -> Any:
    if not way:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[way[0]] = replaced(copy[way[0]], way[1:], value)
    return copy


async def answered(call: str, bodies: list[bytes], queries: list[str]) -> None:
    time, receiver = Time(), Receiver()
    push = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    app = create_app(config(), clock=time.clock, sleep=time.sleep, rng=Random(1), client=push)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bol.test") as http:
        shop = Shop(app.state.simulator, http, time, receiver)
        await shop.sign_in()
        offer = shop.books.add_offer(EAN, 5)
        item = shop.books.place_order([(offer.offer_id, 2)]).items[0]
        method, _, path = call.partition(" ")
        path = path.replace("OFFER", offer.offer_id)
        for body in bodies:
            sent = body.replace(b"ITEM", item.item_id.encode())
            answer = await shop.raw(method, path, sent or b" ")
            assert answer.status_code < 500
            if answer.status_code >= 400:
                assert is_problem(answer)["detail"]
        for query in queries:
            answer = await shop.http.request(
                method, path, params=query, headers={"authorization": f"Bearer {shop.token}"}
            )
            assert answer.status_code in (200, 400)
        assert 0 <= item.shipped <= 2
        assert 0 <= item.cancelled <= 2 - item.shipped
        assert offer.amount >= 0
        await shop.simulator.pushes.drained()
        # Whatever was taken in can be told again.
        assert (await shop.dumped())["offers"]
        for listed in ("/retailer/offers", "/retailer/orders?status=ALL", "/retailer/subscriptions"):
            await shop.call("GET", listed)
        await shop.simulator.aclose()


@pytest.mark.parametrize("call", list(WRITES))
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_body_with_something_else_in_any_place(call: str, data: st.DataObject) -> None:
    ways = list(places(WRITES[call]))
    bodies = [
        orjson.dumps(replaced(WRITES[call], data.draw(st.sampled_from(ways)), data.draw(JSON)))
        for _ in range(20)
    ]
    asyncio.run(answered(call, bodies, []))


@pytest.mark.parametrize("call", list(WRITES))
def test_a_body_cut_at_every_byte(call: str) -> None:
    whole = orjson.dumps(WRITES[call])
    asyncio.run(answered(call, [whole[:end] for end in range(len(whole))], []))


@pytest.mark.parametrize("path", ["/retailer/orders", "/retailer/offers", "/retailer/shipments"])
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_query(path: str, data: st.DataObject) -> None:
    names = st.sampled_from(
        [
            "page", "status", "fulfilment-method", "change-interval-minute", "latest-change-date", "cursor",
            "page-size", "eans", "offer-ids", "for-sale", "last-modified-date-time", "order-id", "vvb-only",
        ]
    )  # fmt: skip
    values = st.text(max_size=12) | st.integers().map(str) | st.datetimes().map(str) | st.dates().map(str)
    pairs = st.dictionaries(names, values, max_size=3).map(lambda one: str(httpx.QueryParams(one)))
    asyncio.run(answered(f"GET {path}", [], data.draw(st.lists(pairs, max_size=20))))
