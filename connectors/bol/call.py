"""Calls to Bol as values: built here, sent by client.py. Paths and media types: contracts/bol-*.openapi.json."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote

import orjson

from streams.vocabulary.money import euros_of

RETAILER = "application/vnd.retailer.v10+json"
OFFERS = "application/vnd.retailer.v11+json"
"""Offers are on v11, everything else on v10 (facts/bol.md)."""


class Call(NamedTuple):
    """One request."""

    operation: str
    """The endpoint, for rate limits, metrics and the raw topics."""
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    media: str = RETAILER
    idempotent: bool = True


def patch_offer(
    offer_id: str,
    amount: int,
    managed: bool = True,
    prices: Sequence[tuple[int, int]] = (),
    on_hold: bool | None = None,
) -> Call:
    """`PATCH /retailer/offers/{offer-id}` (bol-offers-v11, PatchOfferRequest). With `managedByRetailer: true` our
    amount has open orders taken off already, and Bol must not take them off again (facts/bol.md). `prices`: all that
    the offer is to have, (from how many pieces, cents a piece); none: they stay. `on_hold`: None: it stays."""
    body: dict[str, object] = {"stock": {"amount": amount, "managedByRetailer": managed}}
    if prices:
        # Exactly two places: a float would not be exact.
        body["pricing"] = {
            "bundlePrices": [
                {"quantity": quantity, "unitPrice": orjson.Fragment(str(euros_of(cents)))}
                for quantity, cents in prices
            ]
        }
    if on_hold is not None:
        body["onHoldByRetailer"] = on_hold
    path = f"/retailer/offers/{_segment(offer_id)}"
    return Call("patch-offer", "PATCH", path, body=orjson.dumps(body), media=OFFERS)


def list_offers(cursor: str, page_size: int = 100, for_sale: bool | None = None) -> Call:
    """`GET /retailer/offers`, a page of up to 100 of those that are for sale, those that are not, or (None) all."""
    listed = (("for-sale", "true" if for_sale else "false"),) if for_sale is not None else ()
    query = (("page-size", str(page_size)), *listed, *((("cursor", cursor),) if cursor else ()))
    return Call("list-offers", "GET", "/retailer/offers", query, media=OFFERS)


def get_offer(offer_id: str) -> Call:
    """`GET /retailer/offers/{offer-id}`."""
    return Call("get-offer", "GET", f"/retailer/offers/{_segment(offer_id)}", media=OFFERS)


def not_for_sale_reasons(offer_id: str) -> Call:
    """`GET /retailer/offers/{offer-id}/not-for-sale-reasons`."""
    path = f"/retailer/offers/{_segment(offer_id)}/not-for-sale-reasons"
    return Call("not-for-sale-reasons", "GET", path, media=OFFERS)


def list_inventory(page: int, ean: str = "") -> Call:
    """`GET /retailer/inventory`: what lies at Bol (FBB), 50 a page; with an EAN only what has it, or has it in its
    title (the parameter `query`)."""
    wanted = (("query", ean),) if ean else ()
    return Call("list-inventory", "GET", "/retailer/inventory", (("page", str(page)), *wanted))


def get_order(order_id: str) -> Call:
    """`GET /retailer/orders/{order-id}`."""
    return Call("get-order", "GET", f"/retailer/orders/{_segment(order_id)}")


def list_orders(window: tuple[tuple[str, str], ...], page: int) -> Call:
    """`GET /retailer/orders` of all kinds and states: FBB orders may be handled before a poll sees them open."""
    query = (("fulfilment-method", "ALL"), ("status", "ALL"), *window, ("page", str(page)))
    return Call("list-orders", "GET", "/retailer/orders", query)


def process_status(process_id: str) -> Call:
    """`GET /shared/process-status/{process-status-id}`."""
    return Call("process-status", "GET", f"/shared/process-status/{_segment(process_id)}")


def process_statuses(process_ids: Sequence[str]) -> Call:
    """`POST /shared/process-status`: 1 to 1,000 at once. A question, so it may be repeated."""
    body = orjson.dumps({"processStatusQueries": [{"processStatusId": one} for one in process_ids]})
    return Call("process-statuses", "POST", "/shared/process-status", body=body)


def processes_of(entity_id: str, event_type: str, page: int) -> Call:
    """`GET /shared/process-status?entity-id&event-type` (bol-shared-v10): the newest first, 50 a page."""
    query = (("entity-id", entity_id), ("event-type", event_type), ("page", str(page)))
    return Call("processes-of", "GET", "/shared/process-status", query)


def create_shipment(
    items: Iterable[tuple[str, int]], reference: str, transporter: str = "", track: str = "", label: str = ""
) -> Call:
    """`POST /retailer/shipments` (ShipmentRequest): (item id, units) of one order. With a label the transport stays
    away, without a transporter too: Bol's words on the operation. Not idempotent: whoever repeats it looks first."""
    body: dict[str, object] = {
        "orderItems": [{"orderItemId": item_id, "quantity": quantity} for item_id, quantity in items],
        "shipmentReference": reference,
    }
    if label:
        body["shippingLabelId"] = label
    elif transporter:
        tracked = {"trackAndTrace": track} if track else {}
        body["transport"] = {"transporterCode": transporter, **tracked}
    return Call("create-shipment", "POST", "/retailer/shipments", body=orjson.dumps(body), idempotent=False)


def list_shipments(order_id: str, page: int) -> Call:
    """`GET /retailer/shipments?order-id=`: of whatever method, the newest first, 50 a page."""
    query = (("order-id", order_id), ("page", str(page)))
    return Call("list-shipments", "GET", "/retailer/shipments", query)


def get_shipment(shipment_id: str) -> Call:
    """`GET /retailer/shipments/{shipment-id}`: with quantities, which the list has not."""
    return Call("get-shipment", "GET", f"/retailer/shipments/{_segment(shipment_id)}")


def cancel_item(item_id: str, reason: str) -> Call:
    """`PUT /retailer/orders/cancellation` (CancellationRequest): one item a call. Not idempotent: what is open by then
    would be cancelled, and a second try is a second write."""
    body = orjson.dumps({"orderItems": [{"orderItemId": item_id, "reasonCode": reason}]})
    return Call("cancel-item", "PUT", "/retailer/orders/cancellation", body=body, idempotent=False)


def list_returns(fulfilment: str, page: int, handled: bool = False) -> Call:
    """`GET /retailer/returns`: FBR or FBB; those not handled the oldest first, 50 a page."""
    query = (
        ("handled", "true" if handled else "false"),
        ("fulfilment-method", fulfilment),
        ("page", str(page)),
    )
    return Call("list-returns", "GET", "/retailer/returns", query)


def get_return(return_id: str) -> Call:
    """`GET /retailer/returns/{return-id}`."""
    return Call("get-return", "GET", f"/retailer/returns/{_segment(return_id)}")


def handle_return(rma_id: str, result: str, quantity: int) -> Call:
    """`PUT /retailer/returns/{rma-id}` (ReturnRequest). It also changes what was handled before, so whoever repeats it
    looks first."""
    body = orjson.dumps({"handlingResult": result, "quantityReturned": quantity})
    path = f"/retailer/returns/{_segment(rma_id)}"
    return Call("handle-return", "PUT", path, body=body, idempotent=False)


def list_subscriptions() -> Call:
    """`GET /retailer/subscriptions`."""
    return Call("list-subscriptions", "GET", "/retailer/subscriptions")


def create_subscription(url: str, resources: tuple[str, ...]) -> Call:
    """`POST /retailer/subscriptions`. Not idempotent: whoever repeats it lists first."""
    return Call(
        "create-subscription",
        "POST",
        "/retailer/subscriptions",
        body=_subscription(url, resources),
        idempotent=False,
    )


def change_subscription(subscription_id: str, url: str, resources: tuple[str, ...]) -> Call:
    """`PUT /retailer/subscriptions/{id}`: sets all of it, enabled."""
    path = f"/retailer/subscriptions/{_segment(subscription_id)}"
    return Call("change-subscription", "PUT", path, body=_subscription(url, resources))


def test_subscription(subscription_id: str) -> Call:
    """`POST /retailer/subscriptions/test/{id}`: Bol sends a test push. Once more does no harm."""
    path = f"/retailer/subscriptions/test/{_segment(subscription_id)}"
    return Call("test-subscription", "POST", path)


def signature_keys() -> Call:
    """`GET /retailer/subscriptions/signature-keys`."""
    return Call("signature-keys", "GET", "/retailer/subscriptions/signature-keys")


def _subscription(url: str, resources: tuple[str, ...]) -> bytes:
    return orjson.dumps(
        {"resources": list(resources), "url": url, "subscriptionType": "WEBHOOK", "enabled": True}
    )


def _segment(text: str) -> str:
    """One segment of a path. Dots alone would lead to another path (RFC 3986, 5.2.4)."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
