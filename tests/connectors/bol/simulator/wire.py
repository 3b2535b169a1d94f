"""A shop that talks to the simulator by hand: every answer is held against the contract on its way back."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator.app import BolSimulator
from tests.connectors.bol.simulator.judge import check, judge

START = datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)
V10 = "application/vnd.retailer.v10+json"
V11 = "application/vnd.retailer.v11+json"
EAN = "8712345678906"
NOWHERE = "6ff736b5-cdd0-4150-8c67-78269ee986f5"
HOOK = "https://shop.test/webhooks/bol"


class Time:
    """A clock that stands still, and a sleep that moves it; with a `gate` it lasts until that opens."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self.asleep = asyncio.Event()
        self.gate: asyncio.Event | None = None

    def clock(self) -> datetime:
        return self.now

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.go(seconds)
        self.asleep.set()
        await (self.gate.wait() if self.gate else asyncio.sleep(0))


class Receiver:
    """Where pushes arrive: `replies` first, then `status`."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.requests: list[httpx.Request] = []
        self.status = 200
        self.replies: list[int | Exception] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert request.headers["content-type"] == "application/json"
        self.requests.append(request)
        reply = self.replies.pop(0) if self.replies else self.status
        if isinstance(reply, Exception):
            raise reply
        self.got.append(orjson.loads(request.content))
        return httpx.Response(reply)

    def events(self) -> list[tuple[str, str, str]]:
        return [(one["resource"], one["type"], one["resourceId"]) for one in self.said()]

    def said(self) -> list[dict[str, str]]:
        return [one["event"] for one in self.got]


class Shop:
    """A signed-in client of the simulator."""

    def __init__(
        self, simulator: BolSimulator, http: httpx.AsyncClient, time: Time, receiver: Receiver
    ) -> None:
        self.simulator = simulator
        self.books = simulator.books
        self.http = http
        self.time = time
        self.receiver = receiver
        self.token = ""

    async def sign_in(self) -> httpx.Response:
        config = self.simulator.config
        answer = await self.http.post(
            "/token?grant_type=client_credentials", auth=(config.client_id, config.client_secret)
        )
        if answer.status_code == 200:
            self.token = answer.json()["access_token"]
        return answer

    async def raw(
        self, method: str, path: str, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        media = V11 if path.startswith("/retailer/offers") else V10
        sent = {"accept": media, "authorization": f"Bearer {self.token}"}
        if content:
            sent["content-type"] = media
        return await self.http.request(method, path, content=content, headers=sent | (headers or {}))

    async def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The body of an answer with this status, judged by the contract."""
        answer = await self.raw(method, path, orjson.dumps(body) if body is not None else b"")
        assert answer.status_code == status, answer.text
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(answer.headers)
        told = orjson.loads(answer.content or b"null")
        if status < 300:
            judge(method, path, status, told)
            media = V11 if path.startswith("/retailer/offers") else V10
            assert answer.headers.get("content-type") == (media if answer.content else None)
        else:
            is_problem(answer)
        return told

    async def refused(self, method: str, path: str, body: Any = None, status: int = 400) -> tuple[str, str]:
        """The field at fault and the reason."""
        told = await self.call(method, path, body, status)
        [violation] = told["violations"]
        return violation["name"], violation["reason"]

    async def control(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.http.post(f"/_control/{path}", json={} if body is None else body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def dumped(self) -> dict[str, Any]:
        return dict((await self.http.get("/_control/books")).json())

    def offer(self, amount: int = 5, number: int = 0, **more: Any) -> str:
        """An offer that is there already."""
        offer = self.books.add_offer(f"{int(EAN) + number}", amount, f"sku{number}", **more)
        return offer.offer_id

    async def subscribe(self, *resources: str, url: str = HOOK) -> str:
        body = {
            "resources": list(resources or ("PROCESS_STATUS", "SHIPMENT", "ORDER")),
            "url": url,
            "subscriptionType": "WEBHOOK",
        }
        told = await self.call("POST", "/retailer/subscriptions", body, 202)
        await self.simulator.pushes.drained()
        return str(told["entityId"])


class Opened(Protocol):
    async def __call__(self, **settings: Any) -> Shop: ...


def is_problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = orjson.loads(answer.content)
    check("bol-offers-v11", "Problem", told)
    check("bol-retailer-v10", "Problem", told)
    assert told["status"] == answer.status_code
    assert told["instance"].endswith(answer.request.url.path)
    return told


def verified(request: httpx.Request, keys: list[dict[str, str]]) -> str:
    """The id of the key that signed it. Raises InvalidSignature. Written from facts/bol.md, not from the signer."""
    name, algorithm, signature = request.headers["signature"].split(", ")
    assert algorithm == 'algorithm="rsa-sha256"'
    key_id = str(name.removeprefix("keyId="))
    [told] = [one for one in keys if one["id"] == key_id]
    key = serialization.load_der_public_key(base64.b64decode(told["publicKey"], validate=True))
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(
        base64.b64decode(signature.removeprefix("signature="), validate=True),
        request.content,
        padding.PKCS1v15(),
        hashes.SHA256(),
    )
    return key_id


def config(**settings: Any) -> BolSimulatorConfig:
    """Without limits and with tokens that live on, unless told."""
    return BolSimulatorConfig(**{"limits": {}, "token_seconds": 10_000_000, **settings})
