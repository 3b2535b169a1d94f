"""Calls to Bol as values: built here, sent by client.py. Paths and media types: contracts/bol-*.openapi.json."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

import orjson

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


def patch_stock(offer_id: str, amount: int) -> Call:
    """`PATCH /retailer/offers/{offer-id}` (bol-offers-v11, PatchOfferRequest). `managedByRetailer: true`: our
    amount has open orders taken off already, Bol must not take them off again (facts/bol.md)."""
    body = orjson.dumps({"stock": {"amount": amount, "managedByRetailer": True}})
    return Call("patch-offer", "PATCH", f"/retailer/offers/{_segment(offer_id)}", body=body, media=OFFERS)


def list_offers(cursor: str, page_size: int = 100) -> Call:
    """`GET /retailer/offers`, a page of up to 100."""
    query = (("page-size", str(page_size)), *((("cursor", cursor),) if cursor else ()))
    return Call("list-offers", "GET", "/retailer/offers", query, media=OFFERS)


def get_order(order_id: str) -> Call:
    """`GET /retailer/orders/{order-id}`."""
    return Call("get-order", "GET", f"/retailer/orders/{_segment(order_id)}")


def list_orders(window: tuple[tuple[str, str], ...], page: int) -> Call:
    """`GET /retailer/orders` of all kinds and states: FBB orders may be handled before a poll sees them open."""
    query = (("fulfilment-method", "ALL"), ("status", "ALL"), *window, ("page", str(page)))
    return Call("list-orders", "GET", "/retailer/orders", query)


def process_statuses(process_ids: tuple[str, ...]) -> Call:
    """`POST /shared/process-status`: many at once. A question, so it may be repeated."""
    body = orjson.dumps({"processStatusQueries": [{"processStatusId": one} for one in process_ids]})
    return Call("process-statuses", "POST", "/shared/process-status", body=body)


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


def signature_keys() -> Call:
    """`GET /retailer/subscriptions/signature-keys`."""
    return Call("signature-keys", "GET", "/retailer/subscriptions/signature-keys")


def _subscription(url: str, resources: tuple[str, ...]) -> bytes:
    return orjson.dumps(
        {"resources": list(resources), "url": url, "subscriptionType": "WEBHOOK", "enabled": True}
    )


def _segment(text: str) -> str:
    return quote(text, safe="")
