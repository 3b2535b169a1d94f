"""A scripted Bol for these tests: it holds every request against the contracts and answers as told."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import orjson

from connectors.bol.account import BolAccount
from connectors.bol.client import BolClient
from connectors.bol.executor import BolExecutor
from connectors.retry import RetryPolicy
from tests.connectors.bol.contract import check_answer, check_request

SECRET = "s3cr&t:/ +pässword"
SHOP = BolAccount("client 1", SECRET, "https://api.bol.test/", "https://login.bol.test")
START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NO_RETRY = RetryPolicy(tries=1)

Reply = httpx.Response | Exception | Callable[[httpx.Request], Awaitable[httpx.Response]]


class Time:
    """A clock that stands still, and a sleep that moves it."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.go(seconds)
        await asyncio.sleep(0)


class Market:
    """Replies by `METHOD path` as in the contracts, first come first served; the last one stays."""

    def __init__(self) -> None:
        self.time = Time()
        self.replies: defaultdict[str, deque[Reply]] = defaultdict(deque)
        self.requests: list[httpx.Request] = []
        self.asked: list[str] = []
        self.logins: list[httpx.Request] = []
        self.login: deque[Reply] = deque()
        self.refused_tokens: set[str] = set()
        self.transport = httpx.MockTransport(self._answer)
        self._http: httpx.AsyncClient | None = None

    def will(self, operation: str, *replies: Reply) -> None:
        self.replies[operation].extend(replies)

    def sent(self, place: int = -1) -> Any:
        """The body of a request."""
        return orjson.loads(self.requests[place].content)

    def client(self, policy: RetryPolicy = NO_RETRY, **more: Any) -> BolClient:
        self._http = httpx.AsyncClient(transport=self.transport)
        return BolClient(self._http, SHOP, self.time.clock, self.time.sleep, Random(1), policy, **more)

    def executor(self, policy: RetryPolicy = NO_RETRY) -> BolExecutor:
        clients = {"shop": self.client(policy)}
        return BolExecutor(clients.__getitem__, self.time.clock)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.bol.test":
            return await self._log_in(request)
        self.requests.append(request)
        assert request.url.host == "api.bol.test"
        assert "cookie" not in request.headers
        operation = check_request(request)
        self.asked.append(f"{operation.method} {operation.path}")
        token = request.headers["authorization"].removeprefix("Bearer ")
        assert token.startswith("token-")
        if token in self.refused_tokens:
            return problem(401, "access token is invalid or has expired")
        answer = await _reply(self.replies[self.asked[-1]], request)
        if answer.status_code < 300 and answer.headers.get("x-judge") != "no":
            check_answer(operation, answer.status_code, orjson.loads(answer.content or b"null"))
        return answer

    async def _log_in(self, request: httpx.Request) -> httpx.Response:
        self.logins.append(request)
        assert (request.method, request.url.path) == ("POST", "/token")
        assert dict(request.url.params) == {"grant_type": "client_credentials"}
        pair = base64.b64encode(f"client 1:{SECRET}".encode()).decode()
        assert request.headers["authorization"] == f"Basic {pair}"
        if self.login:
            return await _reply(self.login, request)
        return token(f"token-{len(self.logins)}")


async def _reply(waiting: deque[Reply], request: httpx.Request) -> httpx.Response:
    reply = waiting.popleft() if len(waiting) > 1 else waiting[0]
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, httpx.Response):
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)
    return await reply(request)


def token(text: str, seconds: float = 299) -> httpx.Response:
    return httpx.Response(200, json={"access_token": text, "token_type": "Bearer", "expires_in": seconds})


def told(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, content=orjson.dumps(body), headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def odd(content: bytes, status: int = 200) -> httpx.Response:
    """An answer that no contract describes."""
    return httpx.Response(status, content=content, headers={"x-judge": "no"})


def empty(status: int = 204, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()})


def problem(
    status: int, detail: str = "trouble", violations: list[Any] | None = None, **headers: str
) -> httpx.Response:
    body = {
        "type": "https://api.bol.com/problems",
        "title": "Error validating request.",
        "status": status,
        "detail": detail,
        "violations": violations or [],
    }
    return httpx.Response(
        status,
        content=orjson.dumps(body),
        headers={"content-type": "application/problem+json"}
        | {k.replace("_", "-"): v for k, v in headers.items()},
    )


def limited(limit: int, left: int, reset: float) -> dict[str, str]:
    """The headers of a limit."""
    return {
        "x_ratelimit_limit": str(limit),
        "x_ratelimit_remaining": str(left),
        "x_ratelimit_reset": str(reset),
    }


def listed_item(item_id: str, quantity: int = 1, cancelled: int = 0, asked: bool = False) -> dict[str, Any]:
    return {
        "orderItemId": item_id,
        "ean": "8712345678906",
        "fulfilmentMethod": "FBR",
        "fulfilmentStatus": "OPEN",
        "quantity": quantity,
        "quantityShipped": 0,
        "quantityCancelled": cancelled,
        "cancellationRequest": asked,
        "latestChangedDateTime": "2026-11-20T10:00:00+01:00",
    }


def listed_order(order_id: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {
        "orderId": order_id,
        "orderPlacedDateTime": "2026-11-20T10:00:00+01:00",
        "orderItems": list(items) or [listed_item(f"i{order_id}")],
    }


def listed_page(*orders: dict[str, Any]) -> httpx.Response:
    return told({"orders": list(orders)})


def process(process_id: str | None = "p1", status: str = "PENDING", **more: Any) -> dict[str, Any]:
    return {
        "processStatusId": process_id,
        "eventType": "CREATE_SUBSCRIPTION",
        "description": "something",
        "status": status,
        "createTimestamp": "2026-11-20T10:00:00+01:00",
        "links": [],
        **more,
    }


def subscription(
    one: str = "s1", url: str = "https://shop.test/bol", resources: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    return {"id": one, "resources": list(resources), "url": url, "subscriptionType": "WEBHOOK", **more}


def sold_offer(offer_id: str, amount: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "offerId": offer_id,
        "ean": "8712345678906",
        "reference": "1001",
        "lastModifiedDateTime": "2026-11-20T09:00:00Z",
        "onHoldByRetailer": False,
        "condition": {"category": "NEW"},
        "pricing": {"bundlePrices": [{"quantity": 1, "unitPrice": 9.99}]},
        "fulfilment": {"method": "FBR", "schedule": "MY_DELIVERY_PROMISE"},
        "stock": {"amount": amount, "correctedStock": amount, "managedByRetailer": True},
        **more,
    }


OFFER = "6ff736b5-cdd0-4150-8c67-78269ee986f5"
PATCH = "PATCH /retailer/offers/{offer-id}"
LIST_OFFERS = "GET /retailer/offers"
GET_OFFER = "GET /retailer/offers/{offer-id}"
REASONS = "GET /retailer/offers/{offer-id}/not-for-sale-reasons"
INVENTORY = "GET /retailer/inventory"
LIST_ORDERS = "GET /retailer/orders"
GET_ORDER = "GET /retailer/orders/{order-id}"
STATUSES = "POST /shared/process-status"
SUBSCRIPTIONS = "GET /retailer/subscriptions"
SUBSCRIBE = "POST /retailer/subscriptions"
CHANGE = "PUT /retailer/subscriptions/{subscription-id}"
KEYS = "GET /retailer/subscriptions/signature-keys"
SHIP = "POST /retailer/shipments"
LIST_SHIPMENTS = "GET /retailer/shipments"
GET_SHIPMENT = "GET /retailer/shipments/{shipment-id}"
CANCEL = "PUT /retailer/orders/cancellation"
PROCESSES = "GET /shared/process-status"
STATUS = "GET /shared/process-status/{process-status-id}"
LIST_RETURNS = "GET /retailer/returns"
GET_RETURN = "GET /retailer/returns/{return-id}"
HANDLE = "PUT /retailer/returns/{rma-id}"
