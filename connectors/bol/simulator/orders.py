"""Orders, cancellations and shipments on the wire: contracts/bol-retailer-v10.openapi.json."""

from __future__ import annotations

from datetime import timedelta

from connectors.bol.simulator import asked, told
from connectors.bol.simulator.endpoint import V10, Call, Endpoint, Told
from connectors.bol.simulator.records import Item, NotDone, Order
from streams.vocabulary.time import SHOP_ZONE

PAGE = 50
"""Orders, and shipments, of one page (bol-retailer-v10)."""
MOST_PAGES = 1_000_000


def list_orders(call: Call) -> Told:
    """`GET /retailer/orders`: newest first, each with the items that fit."""
    query = call.query
    page = asked.number(query, "page", 1, MOST_PAGES, 1)
    method = asked.choice(query, "fulfilment-method", ("FBR", "FBB", "ALL"), "FBR")
    status = asked.choice(query, "status", ("OPEN", "SHIPPED", "ALL"), "OPEN")
    minutes = asked.number(query, "change-interval-minute", 0, 60, -1)
    since = None if minutes < 0 else call.now - timedelta(minutes=minutes)
    on_day = asked.day(query, "latest-change-date")
    by_label = asked.flag(query, "vvb-only") is True

    def fits(item: Item) -> bool:
        if by_label and (item.fulfilment, item.distribution) != ("FBR", "BOL"):
            return False  # only what is shipped with Bol's labels (VVB)
        if method != "ALL" and item.fulfilment != method:
            return False
        if status == "OPEN" and item.open == 0:
            return False
        if status == "SHIPPED" and item.shipped == 0:
            return False
        if since is not None and item.changed < since:
            return False
        return on_day is None or item.changed.astimezone(SHOP_ZONE).date() == on_day

    shown: list[tuple[Order, list[Item]]] = []
    skip = (page - 1) * PAGE
    for order in reversed(call.books.orders.values()):
        items = [item for item in order.items if fits(item)]
        if not items:
            continue
        if skip:
            skip -= 1
            continue
        shown.append((order, items))
        if len(shown) == PAGE:
            break
    return Told(200, {"orders": [told.reduced(order, items) for order, items in shown]})


def get_order(call: Call) -> Told:
    """`GET /retailer/orders/{order-id}`."""
    return Told(200, told.order(call.books.order(call.names["order_id"])))


def cancel(call: Call) -> Told:
    """`PUT /retailer/orders/cancellation`: one item a call."""
    body: asked.CancellationAsked = call.body
    one = body.order_items[0]
    return call.accepted(call.books.cancel(one.order_item_id, call.fate(), one.reason_code))


def ship(call: Call) -> Told:
    """`POST /retailer/shipments`."""
    body: asked.ShipmentAsked = call.body
    transport: dict[str, str] = {}
    if body.transport is not None:
        if body.shipping_label_id is not None:
            raise NotDone("with a shippingLabelId the transport stays empty", name="transport")
        transport["transporterCode"] = body.transport.transporter_code
        if body.transport.track_and_trace is not None:
            transport["trackAndTrace"] = body.transport.track_and_trace
    items = [(one.order_item_id, one.quantity) for one in body.order_items]
    return call.accepted(
        call.books.ship(
            items, body.shipment_reference or "", transport, call.fate(), body.shipping_label_id or ""
        )
    )


def list_shipments(call: Call) -> Told:
    """`GET /retailer/shipments`: newest first; with `order-id` of whatever method."""
    order_id = call.query.get("order-id")
    page = asked.number(call.query, "page", 1, MOST_PAGES, 1)
    method = asked.choice(call.query, "fulfilment-method", ("FBR", "FBB"), "FBR")
    found = [
        one
        for one in reversed(call.books.shipments.values())
        if (
            one.order.order_id == order_id
            if order_id is not None
            else any(item.fulfilment == method for item, _ in one.items)
        )
    ]
    shown = found[(page - 1) * PAGE : page * PAGE]
    return Told(200, {"shipments": [told.shipment_reduced(one) for one in shown]})


def get_shipment(call: Call) -> Told:
    """`GET /retailer/shipments/{shipment-id}`."""
    return Told(200, told.shipment(call.books.shipment(call.names["shipment_id"])))


ENDPOINTS = (
    Endpoint("GET", "/retailer/orders", "list-orders", V10, list_orders),
    Endpoint("PUT", "/retailer/orders/cancellation", "shipments", V10, cancel, asked.CancellationAsked),
    Endpoint("GET", "/retailer/orders/{order_id}", "get-order", V10, get_order),
    Endpoint("POST", "/retailer/shipments", "shipments", V10, ship, asked.ShipmentAsked),
    Endpoint("GET", "/retailer/shipments", "shipments", V10, list_shipments),
    Endpoint("GET", "/retailer/shipments/{shipment_id}", "shipments", V10, get_shipment),
)
