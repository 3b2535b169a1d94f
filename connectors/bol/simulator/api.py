"""The retailer API on the wire: contracts/bol-*.openapi.json. Each handler: (simulator, request, body) -> answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request

from connectors.bol.simulator import told
from connectors.bol.simulator.books import Item, NotDone, Offer, Order
from streams.vocabulary.money import cents_of
from streams.vocabulary.time import SHOP_ZONE

if TYPE_CHECKING:
    from connectors.bol.simulator.app import BolSimulator

V10 = "application/vnd.retailer.v10+json"
V11 = "application/vnd.retailer.v11+json"
ORDERS_PAGE = 50
RESOURCES = (
    "PROCESS_STATUS",
    "SHIPMENT",
    "PRICE_STAR_BOUNDARY",
    "COMPETING_OFFER",
    "OFFER_FOR_SALE",
    "OFFER_NOT_FOR_SALE",
    "ORDER",
)


class Told(NamedTuple):
    """Status and body; None: no body."""

    status: int
    body: Any = None


Handler = Callable[["BolSimulator", Request, dict[str, Any]], Awaitable[Told]]


class Endpoint(NamedTuple):
    """One operation: its limit's name, its media type, and what it does."""

    method: str
    path: str
    operation: str
    media: str
    handler: Handler


async def list_orders(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    query = request.query_params
    page = _number(query.get("page", "1"), "page", 1, 1_000_000)
    method = _choice(query.get("fulfilment-method", "FBR"), "fulfilment-method", ("FBR", "FBB", "ALL"))
    status = _choice(query.get("status", "OPEN"), "status", ("OPEN", "SHIPPED", "ALL"))
    now = simulator.books.clock()
    since = None
    if "change-interval-minute" in query:
        minutes = _number(query["change-interval-minute"], "change-interval-minute", 0, 60)
        since = now - timedelta(minutes=minutes)
    on_day = _day(query["latest-change-date"]) if "latest-change-date" in query else None

    def fits(item: Item) -> bool:
        if method != "ALL" and item.fulfilment != method:
            return False
        if status == "OPEN" and item.open == 0:
            return False
        if status == "SHIPPED" and item.shipped == 0:
            return False
        if since is not None and item.changed < since:
            return False
        return on_day is None or item.changed.astimezone(SHOP_ZONE).date() == on_day

    found: list[tuple[Order, list[Item]]] = []
    for order in reversed(simulator.books.orders.values()):
        items = [item for item in order.items if fits(item)]
        if items:
            found.append((order, items))
    shown = found[(page - 1) * ORDERS_PAGE : page * ORDERS_PAGE]
    return Told(200, {"orders": [told.reduced(order, items) for order, items in shown]})


async def get_order(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    return Told(200, told.order(simulator.books.order(request.path_params["order_id"])))


async def list_offers(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    query = request.query_params
    size = _number(query.get("page-size", "50"), "page-size", 1, 100)
    start = _number(query.get("cursor", "0"), "cursor", 0, 10**9)
    offers = list(simulator.books.offers.values())
    ids = set(query.getlist("offer-ids"))
    eans = set(query.getlist("eans"))
    if ids:
        offers = [offer for offer in offers if offer.offer_id in ids]
    if eans:
        offers = [offer for offer in offers if offer.ean in eans]
    if "reference" in query:
        offers = [offer for offer in offers if offer.reference == query["reference"]]
    shown = offers[start : start + size]
    page: dict[str, Any] = {"pageSize": size}
    if start + size < len(offers):
        page["nextCursor"] = str(start + size)
    return Told(200, {"offers": [told.offer(simulator.books, offer) for offer in shown], "page": page})


async def get_offer(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    return Told(200, told.offer(simulator.books, simulator.books.offer(request.path_params["offer_id"])))


async def patch_offer(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    books = simulator.books
    offer = books.offer(request.path_params["offer_id"])
    stock = body.get("stock")
    price = _price(body)
    reference = body.get("reference")
    if reference is not None and (not isinstance(reference, str) or len(reference) > 100):
        raise NotDone("reference has at most 100 characters", name="reference")
    if stock is not None:
        amount, managed = _stock(stock)
        books.set_stock(offer, amount, managed, "patch")
    if price is not None:
        offer.price_cents = price
    if reference is not None:
        offer.reference = reference
    if isinstance(body.get("onHoldByRetailer"), bool):
        offer.on_hold = body["onHoldByRetailer"]
    offer.modified = books.clock()
    return Told(204)


async def post_offer(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    ean = body.get("ean")
    if not isinstance(ean, str) or not (8 <= len(ean) <= 13 and ean.isdigit()):
        raise NotDone("ean must have 8 to 13 digits", name="ean")
    amount, managed = _stock(body.get("stock") or {})
    price = _price(body)
    method = (body.get("fulfilment") or {}).get("method", "FBR")
    offer: Offer = simulator.books.add_offer(
        ean,
        amount or 0,
        reference=str(body.get("reference") or "")[:100],
        price_cents=price or 100,
        managed=bool(managed),
        fulfilment=_choice(str(method), "fulfilment.method", ("FBR", "FBB")),
    )
    return Told(201, {"offerId": offer.offer_id})


async def delete_offer(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    simulator.books.delete_offer(simulator.books.offer(request.path_params["offer_id"]))
    return Told(204)


async def not_for_sale(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    simulator.books.offer(request.path_params["offer_id"])
    return Told(204)


async def ship(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    items = [
        (str(item.get("orderItemId", "")), item.get("quantity"))
        for item in body.get("orderItems") or []
        if isinstance(item, dict)
    ]
    if not items:
        raise NotDone("orderItems must not be empty", name="orderItems")
    reference = str(body.get("shipmentReference") or "")
    return _accepted(simulator, simulator.books.ship(items, reference, body.get("transport") or {}))


async def cancel(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    items = [item for item in body.get("orderItems") or [] if isinstance(item, dict)]
    if len(items) != 1:
        raise NotDone("exactly one order item a call", name="orderItems")
    return _accepted(simulator, simulator.books.cancel(str(items[0].get("orderItemId", ""))))


async def process_status(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    found = simulator.books.processes.get(request.path_params["process_id"])
    if found is None:
        raise NotDone("this process status was not found", 404)
    return Told(200, told.process(found, simulator.books.clock()))


async def process_statuses(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    wanted = [
        str(one.get("processStatusId"))
        for one in body.get("processStatusQueries") or []
        if isinstance(one, dict)
    ]
    if not 1 <= len(wanted) <= 1000:
        raise NotDone("1 to 1000 process statuses", name="processStatusQueries")
    now = simulator.books.clock()
    known = simulator.books.processes
    return Told(200, {"processStatuses": [told.process(known[one], now) for one in wanted if one in known]})


async def list_subscriptions(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    return Told(
        200, {"subscriptions": [told.subscription(one) for one in simulator.books.subscriptions.values()]}
    )


async def get_subscription(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    return Told(200, told.subscription(simulator.books.subscription(request.path_params["subscription_id"])))


async def post_subscription(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    url, resources, enabled = _subscription(simulator, body)
    if any(one.url == url for one in simulator.books.subscriptions.values()):
        raise NotDone("a subscription for this url exists already", 409, "url")
    _, process = simulator.books.subscribe(url, resources, enabled)
    return _accepted(simulator, process)


async def put_subscription(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    one = simulator.books.subscription(request.path_params["subscription_id"])
    one.url, one.resources, one.enabled = _subscription(simulator, body)
    one.failures = 0
    process = simulator.books.begin(
        "UPDATE_SUBSCRIPTION", "Update push notification subscription", one.subscription_id
    )
    return _accepted(simulator, process)


async def delete_subscription(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    one = simulator.books.subscription(request.path_params["subscription_id"])
    del simulator.books.subscriptions[one.subscription_id]
    process = simulator.books.begin(
        "DELETE_SUBSCRIPTION", "Delete push notification subscription", one.subscription_id
    )
    return _accepted(simulator, process)


async def test_subscription(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    one = simulator.books.subscription(request.path_params["subscription_id"])
    process = simulator.books.begin(
        "SEND_SUBSCRIPTION_TST_MSG", "Send test push notification", one.subscription_id
    )
    return _accepted(simulator, process)


async def signature_keys(simulator: BolSimulator, request: Request, body: dict[str, Any]) -> Told:
    return Told(200, {"signatureKeys": simulator.keys.told()})


ENDPOINTS = (
    Endpoint("GET", "/retailer/orders", "list-orders", V10, list_orders),
    Endpoint("PUT", "/retailer/orders/cancellation", "shipments", V10, cancel),
    Endpoint("GET", "/retailer/orders/{order_id}", "get-order", V10, get_order),
    Endpoint("POST", "/retailer/shipments", "shipments", V10, ship),
    Endpoint("GET", "/retailer/offers", "list-offers", V11, list_offers),
    Endpoint("POST", "/retailer/offers", "write-offer", V11, post_offer),
    Endpoint("GET", "/retailer/offers/{offer_id}", "get-offer", V11, get_offer),
    Endpoint("PATCH", "/retailer/offers/{offer_id}", "write-offer", V11, patch_offer),
    Endpoint("DELETE", "/retailer/offers/{offer_id}", "write-offer", V11, delete_offer),
    Endpoint("GET", "/retailer/offers/{offer_id}/not-for-sale-reasons", "get-offer", V11, not_for_sale),
    Endpoint("POST", "/shared/process-status", "process-status", V10, process_statuses),
    Endpoint("GET", "/shared/process-status/{process_id}", "process-status", V10, process_status),
    Endpoint("GET", "/retailer/subscriptions", "subscriptions", V10, list_subscriptions),
    Endpoint("POST", "/retailer/subscriptions", "subscriptions", V10, post_subscription),
    Endpoint("GET", "/retailer/subscriptions/signature-keys", "subscriptions", V10, signature_keys),
    Endpoint(
        "POST", "/retailer/subscriptions/test/{subscription_id}", "subscriptions", V10, test_subscription
    ),
    Endpoint("GET", "/retailer/subscriptions/{subscription_id}", "subscriptions", V10, get_subscription),
    Endpoint("PUT", "/retailer/subscriptions/{subscription_id}", "subscriptions", V10, put_subscription),
    Endpoint(
        "DELETE", "/retailer/subscriptions/{subscription_id}", "subscriptions", V10, delete_subscription
    ),
)


def _accepted(simulator: BolSimulator, process: Any) -> Told:
    simulator.pushes.watch(simulator.config.process_seconds)
    return Told(202, told.process(process, simulator.books.clock()))


def _number(text: str, name: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
        raise NotDone(f"{name} must be a number from {least} to {most}", name=name)
    return int(text)


def _choice(text: str, name: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise NotDone(
            f"Request contains invalid value(s): '{text[:40]}', allowed values: {', '.join(allowed)}.",
            name=name,
        )
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise NotDone("latest-change-date must be a date", name="latest-change-date") from None


def _stock(stock: Any) -> tuple[int | None, bool | None]:
    if not isinstance(stock, dict):
        raise NotDone("stock must be an object", name="stock")
    amount, managed = stock.get("amount"), stock.get("managedByRetailer")
    if amount is not None and (not isinstance(amount, int) or isinstance(amount, bool)):
        raise NotDone("stock.amount must be a whole number", name="stock.amount")
    if managed is not None and not isinstance(managed, bool):
        raise NotDone("stock.managedByRetailer must be true or false", name="stock.managedByRetailer")
    return amount, managed


def _price(body: dict[str, Any]) -> int | None:
    pricing = body.get("pricing")
    if pricing is None:
        return None
    try:
        price = Decimal(str(pricing["bundlePrices"][0]["unitPrice"]))
        if 1 <= price <= 9999:
            return cents_of(price)
    except (KeyError, IndexError, TypeError, ValueError, ArithmeticError):
        pass
    raise NotDone("a unit price lies between 1 and 9999", name="pricing.bundlePrices")


def _subscription(simulator: BolSimulator, body: dict[str, Any]) -> tuple[str, tuple[str, ...], bool]:
    url = body.get("url")
    schemes = ("https://",) if simulator.config.https_only else ("https://", "http://")
    if not isinstance(url, str) or not url.startswith(schemes):
        raise NotDone("url must be an https address", name="url")
    resources = body.get("resources")
    if not isinstance(resources, list) or not resources:
        raise NotDone("resources must not be empty", name="resources")
    _choice(str(body.get("subscriptionType")), "subscriptionType", ("WEBHOOK",))
    known = tuple(_choice(str(one), "resources", RESOURCES) for one in resources)
    return url, known, body.get("enabled") is not False
