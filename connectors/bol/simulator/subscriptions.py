"""Subscriptions, signature keys and process statuses on the wire: contracts/bol-{retailer,shared}-v10."""

from __future__ import annotations

import re

import httpx

from connectors.bol.simulator import asked, told
from connectors.bol.simulator.endpoint import V10, Call, Endpoint, Told
from connectors.bol.simulator.records import NotDone, Subscription

PAGE = 50
EVENT_TYPES = (
    "CREATE_SHIPMENT", "CANCEL_ORDER", "CHANGE_TRANSPORT", "HANDLE_RETURN_ITEM", "CREATE_RETURN_ITEM",
    "CREATE_INBOUND", "DELETE_OFFER", "CREATE_OFFER", "UPDATE_OFFER", "UPDATE_OFFER_STOCK", "UPDATE_OFFER_PRICE",
    "CREATE_OFFER_EXPORT", "UNPUBLISHED_OFFER_REPORT", "CREATE_PRODUCT_CONTENT", "CREATE_SUBSCRIPTION",
    "UPDATE_SUBSCRIPTION", "DELETE_SUBSCRIPTION", "SEND_SUBSCRIPTION_TST_MSG", "CREATE_SHIPPING_LABEL",
    "CREATE_REPLENISHMENT", "UPDATE_REPLENISHMENT", "REQUEST_PRODUCT_DESTINATIONS",
    "CREATE_SOV_SEARCH_TERM_REPORT", "CREATE_SOV_CATEGORY_REPORT", "UPLOAD_INVOICE",
    "CREATE_CAMPAIGN_PERFORMANCE_REPORT",
)  # fmt: skip
"""bol-shared-v10, GET /shared/process-status, event-type."""
HOST = re.compile(rb"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
"""A name (of another script: its ASCII form), or an address."""


def process_status(call: Call) -> Told:
    """`GET /shared/process-status/{process-status-id}`."""
    found = call.books.processes.get(call.names["process_id"])
    if found is None:
        raise NotDone("this process status was not found", 404)
    return Told(200, told.process(found, call.now))


def process_statuses(call: Call) -> Told:
    """`POST /shared/process-status`: those that are known."""
    body: asked.ProcessesAsked = call.body
    found = [call.books.processes.get(one.process_status_id) for one in body.process_status_queries]
    return Told(200, {"processStatuses": [told.process(one, call.now) for one in found if one is not None]})


def processes_of(call: Call) -> Told:
    """`GET /shared/process-status?entity-id&event-type`: newest first."""
    entity = call.query.get("entity-id")
    if not entity:
        raise NotDone("entity-id is missing", name="entity-id")
    event_type = asked.choice(call.query, "event-type", EVENT_TYPES, "")
    page = asked.number(call.query, "page", 1, 1_000_000, 1)
    found = call.books.processes.of(entity, event_type)[(page - 1) * PAGE : page * PAGE]
    return Told(200, {"processStatuses": [told.process(one, call.now) for one in found]})


def list_subscriptions(call: Call) -> Told:
    """`GET /retailer/subscriptions`."""
    return Told(200, {"subscriptions": [told.subscription(one) for one in call.books.subscriptions.values()]})


def get_subscription(call: Call) -> Told:
    """`GET /retailer/subscriptions/{subscription-id}`."""
    return Told(200, told.subscription(_named(call)))


def post_subscription(call: Call) -> Told:
    """`POST /retailer/subscriptions`."""
    url, resources, enabled = _asked(call)
    if any(one.url == url for one in call.books.subscriptions.values()):
        raise NotDone("a subscription for this url exists already", name="url")
    return call.accepted(call.books.subscribe(url, resources, enabled)[1])


def put_subscription(call: Call) -> Told:
    """`PUT /retailer/subscriptions/{subscription-id}`: this is how a disabled one is enabled again."""
    one = _named(call)
    one.url, one.resources, enabled = _asked(call)
    if one.enabled and not enabled:
        call.books.disable(one)
    one.enabled = enabled
    words = "Update push notification subscription"
    return call.accepted(call.books.processes.begin("UPDATE_SUBSCRIPTION", words, one.subscription_id))


def delete_subscription(call: Call) -> Told:
    """`DELETE /retailer/subscriptions/{subscription-id}`."""
    return call.accepted(call.books.unsubscribe(_named(call)))


def test_subscription(call: Call) -> Told:
    """`POST /retailer/subscriptions/test/{subscription-id}`."""
    return call.accepted(call.books.test_push(_named(call)))


def signature_keys(call: Call) -> Told:
    """`GET /retailer/subscriptions/signature-keys`."""
    return Told(200, {"signatureKeys": call.simulator.keys.told()})


def _named(call: Call) -> Subscription:
    return call.books.subscription(call.names["subscription_id"])


def _asked(call: Call) -> tuple[str, tuple[str, ...], bool]:
    body: asked.SubscriptionAsked = call.body
    config = call.simulator.config
    if body.subscription_type != "WEBHOOK":
        raise NotDone("the simulator has webhooks only", name="subscriptionType")
    for resource in body.resources:
        if resource not in config.resources:
            words = f"'{resource[:40]}' is not available for WEBHOOK, only: {', '.join(config.resources)}."
            raise NotDone(words, name="resources")
    try:
        url = httpx.URL(body.url)
    except httpx.InvalidURL:
        raise NotDone("url is not an address", name="url") from None
    schemes = ("https",) if config.https_only else ("https", "http")
    if url.scheme not in schemes or not HOST.fullmatch(url.raw_host):
        raise NotDone("url must be an https address", name="url")
    return body.url, tuple(dict.fromkeys(body.resources)), body.enabled is not False


_ONE = "/retailer/subscriptions/{subscription_id}"
ENDPOINTS = (
    Endpoint("GET", "/shared/process-status", "process-status", V10, processes_of),
    Endpoint("POST", "/shared/process-status", "process-status", V10, process_statuses, asked.ProcessesAsked),
    Endpoint("GET", "/shared/process-status/{process_id}", "process-status", V10, process_status),
    Endpoint("GET", "/retailer/subscriptions", "subscriptions", V10, list_subscriptions),
    Endpoint(
        "POST", "/retailer/subscriptions", "subscriptions", V10, post_subscription, asked.SubscriptionAsked
    ),
    Endpoint("GET", "/retailer/subscriptions/signature-keys", "subscriptions", V10, signature_keys),
    Endpoint(
        "POST", "/retailer/subscriptions/test/{subscription_id}", "subscriptions", V10, test_subscription
    ),
    Endpoint("GET", _ONE, "subscriptions", V10, get_subscription),
    Endpoint("PUT", _ONE, "subscriptions", V10, put_subscription, asked.SubscriptionAsked),
    Endpoint("DELETE", _ONE, "subscriptions", V10, delete_subscription),
)
