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
        call.patch_offer(OFFER, 12),
        f"PATCH /retailer/offers/{OFFER}",
        V11,
        b'{"stock":{"amount":12,"managedByRetailer":true}}',
    ),
    (
        call.patch_offer(OFFER, 0, False, ((1, 1990), (10, 100)), True),
        f"PATCH /retailer/offers/{OFFER}",
        V11,
        b'{"stock":{"amount":0,"managedByRetailer":false},"pricing":{"bundlePrices":[{"quantity":1,"unitPrice":19.90},'
        b'{"quantity":10,"unitPrice":1.00}]},"onHoldByRetailer":true}',
    ),
    (
        call.patch_offer(OFFER, 3, on_hold=False),
        f"PATCH /retailer/offers/{OFFER}",
        V11,
        b'{"stock":{"amount":3,"managedByRetailer":true},"onHoldByRetailer":false}',
    ),
    (call.list_offers(""), "GET /retailer/offers?page-size=100", V11, None),
    (call.list_offers("a+b/c=&d", 1), "GET /retailer/offers?page-size=1&cursor=a%2Bb%2Fc%3D%26d", V11, None),
    (
        call.list_offers("c", 50, True),
        "GET /retailer/offers?page-size=50&for-sale=true&cursor=c",
        V11,
        None,
    ),
    (call.list_offers("", 50, False), "GET /retailer/offers?page-size=50&for-sale=false", V11, None),
    (
        call.not_for_sale_reasons(OFFER),
        f"GET /retailer/offers/{OFFER}/not-for-sale-reasons",
        V11,
        None,
    ),
    (call.list_inventory(3), "GET /retailer/inventory?page=3", V10, None),
    (
        call.list_inventory(1, "0000007740404"),
        "GET /retailer/inventory?page=1&query=0000007740404",
        V10,
        None,
    ),
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
    (
        call.processes_of("2012345678", "CREATE_SHIPMENT", 2),
        "GET /shared/process-status?entity-id=2012345678&event-type=CREATE_SHIPMENT&page=2",
        V10,
        None,
    ),
    (
        call.create_shipment([("1", 2), ("2", 1)], "BOL-A1/1", "TNT", "3SBOL0987654321"),
        "POST /retailer/shipments",
        V10,
        b'{"orderItems":[{"orderItemId":"1","quantity":2},{"orderItemId":"2","quantity":1}],'
        b'"shipmentReference":"BOL-A1/1","transport":{"transporterCode":"TNT","trackAndTrace":"3SBOL0987654321"}}',
    ),
    (
        call.create_shipment([("1", 2)], "r", "BRIEFPOST"),
        "POST /retailer/shipments",
        V10,
        b'{"orderItems":[{"orderItemId":"1","quantity":2}],"shipmentReference":"r",'
        b'"transport":{"transporterCode":"BRIEFPOST"}}',
    ),
    (
        call.create_shipment([("1", 2)], "r", "TNT", "3S", "a-label"),
        "POST /retailer/shipments",
        V10,
        b'{"orderItems":[{"orderItemId":"1","quantity":2}],"shipmentReference":"r","shippingLabelId":"a-label"}',
    ),
    (
        call.create_shipment([("1", 2)], "r"),
        "POST /retailer/shipments",
        V10,
        b'{"orderItems":[{"orderItemId":"1","quantity":2}],"shipmentReference":"r"}',
    ),
    (call.list_shipments("A1", 1), "GET /retailer/shipments?order-id=A1&page=1", V10, None),
    (call.get_shipment("541757635"), "GET /retailer/shipments/541757635", V10, None),
    (
        call.cancel_item("2012345678", "REQUESTED_BY_CUSTOMER"),
        "PUT /retailer/orders/cancellation",
        V10,
        b'{"orderItems":[{"orderItemId":"2012345678","reasonCode":"REQUESTED_BY_CUSTOMER"}]}',
    ),
    (
        call.list_returns("FBB", 3),
        "GET /retailer/returns?handled=false&fulfilment-method=FBB&page=3",
        V10,
        None,
    ),
    (
        call.list_returns("FBR", 1, handled=True),
        "GET /retailer/returns?handled=true&fulfilment-method=FBR&page=1",
        V10,
        None,
    ),
    (call.get_return("65349576"), "GET /retailer/returns/65349576", V10, None),
    (
        call.handle_return("86123452", "RETURN_RECEIVED", 3),
        "PUT /retailer/returns/86123452",
        V10,
        b'{"handlingResult":"RETURN_RECEIVED","quantityReturned":3}',
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


def test_only_what_must_not_happen_twice_is_not_idempotent() -> None:
    assert {one.operation for one, *_ in CALLS if not one.idempotent} == {
        "create-subscription", "create-shipment", "cancel-item", "handle-return"
    }  # fmt: skip


@pytest.mark.parametrize("odd", ["../offers", "a/b", "a?b#c", "%2e", "..", ".", "ä", "a b\r\nHost: x"])
def test_an_id_stays_one_segment(odd: str) -> None:
    url = httpx.URL(f"https://api.bol.test{call.get_order(odd).path}")
    path = url.raw_path.decode()
    assert path.startswith("/retailer/orders/")
    assert path.count("/") == 3
    assert "?" not in path
    assert not path.endswith(("/.", "/.."))
    assert url.host == "api.bol.test"
