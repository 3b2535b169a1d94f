"""Every call we can make, against the contracts and as exact bytes."""

from __future__ import annotations

import httpx
import pytest

from connectors.bol import call
from tests.connectors.bol.contract import check_request
from tests.connectors.bol.market import OFFER

V10 = "application/vnd.retailer.v10+json"
V11 = "application/vnd.retailer.v11+json"
HOOK = "https://shop.test/bol?a=1&b"

CALLS = [
    (
        call.patch_stock(OFFER, 12),
        f"PATCH /retailer/offers/{OFFER}",
        V11,
        b'{"stock":{"amount":12,"managedByRetailer":true}}',
    ),
    (call.list_offers(""), "GET /retailer/offers?page-size=100", V11, None),
    (call.list_offers("a+b/c=&d", 1), "GET /retailer/offers?page-size=1&cursor=a%2Bb%2Fc%3D%26d", V11, None),
    (call.get_offer(OFFER), f"GET /retailer/offers/{OFFER}", V11, None),
    (call.get_order("A2K8290LP8"), "GET /retailer/orders/A2K8290LP8", V10, None),
    (
        call.list_orders((("change-interval-minute", "3"),), 2),
        "GET /retailer/orders?fulfilment-method=ALL&status=ALL&change-interval-minute=3&page=2",
        V10,
        None,
    ),
    (
        call.list_orders((("latest-change-date", "2026-11-20"),), 1),
        "GET /retailer/orders?fulfilment-method=ALL&status=ALL&latest-change-date=2026-11-20&page=1",
        V10,
        None,
    ),
    (call.process_status("12"), "GET /shared/process-status/12", V10, None),
    (
        call.process_statuses(("1", "2")),
        "POST /shared/process-status",
        V10,
        b'{"processStatusQueries":[{"processStatusId":"1"},{"processStatusId":"2"}]}',
    ),
    (call.list_subscriptions(), "GET /retailer/subscriptions", V10, None),
    (
        call.create_subscription(HOOK, ("ORDER", "SHIPMENT")),
        "POST /retailer/subscriptions",
        V10,
        b'{"resources":["ORDER","SHIPMENT"],"url":"https://shop.test/bol?a=1&b",'
        b'"subscriptionType":"WEBHOOK","enabled":true}',
    ),
    (
        call.change_subscription("7", HOOK, ("SHIPMENT",)),
        "PUT /retailer/subscriptions/7",
        V10,
        b'{"resources":["SHIPMENT"],"url":"https://shop.test/bol?a=1&b",'
        b'"subscriptionType":"WEBHOOK","enabled":true}',
    ),
    (call.test_subscription("7"), "POST /retailer/subscriptions/test/7", V10, None),
    (call.signature_keys(), "GET /retailer/subscriptions/signature-keys", V10, None),
]


@pytest.mark.parametrize(("one", "line", "media", "body"), CALLS, ids=[one[0].operation for one in CALLS])
def test_calls(one: call.Call, line: str, media: str, body: bytes | None) -> None:
    headers = {"Accept": one.media}
    if one.body is not None:
        headers["Content-Type"] = one.media
    request = httpx.Request(
        one.method,
        f"https://api.bol.test{one.path}",
        params=one.query or None,
        content=one.body,
        headers=headers,
    )
    check_request(request)
    assert f"{request.method} {request.url.raw_path.decode()}" == line
    assert (one.media, one.body) == (media, body)


def test_only_what_makes_something_new_is_not_idempotent() -> None:
    assert {one.operation for one, *_ in CALLS if not one.idempotent} == {"create-subscription"}


@pytest.mark.parametrize("odd", ["../offers", "a/b", "a?b#c", "%2e", "..", ".", "ä", "a b\r\nHost: x"])
def test_an_id_stays_one_segment(odd: str) -> None:
    url = httpx.URL(f"https://api.bol.test{call.get_order(odd).path}")
    path = url.raw_path.decode()
    assert path.startswith("/retailer/orders/")
    assert path.count("/") == 3
    assert "?" not in path
    assert not path.endswith(("/.", "/.."))
    assert url.host == "api.bol.test"
