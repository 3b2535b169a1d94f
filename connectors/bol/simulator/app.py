"""The marketplace on the wire: login, media types, rate limits and trouble around the operations of api.py."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from random import Random
from typing import Any

import httpx
import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.bol.simulator.api import ENDPOINTS, Endpoint, Told
from connectors.bol.simulator.books import BolBooks, NotDone
from connectors.bol.simulator.config import BolSimulatorConfig
from connectors.bol.simulator.control import control_routes
from connectors.bol.simulator.faults import FaultRule, Faults
from connectors.bol.simulator.keys import Keys
from connectors.bol.simulator.limits import Windows
from connectors.bol.simulator.pushes import Pushes
from connectors.bol.simulator.told import problem
from streams.vocabulary.time import Clock, seconds

SLOW_SECONDS = 2.0
MOST_TOKENS = 1_000


class BolSimulator:
    """The running marketplace. `create_app` keeps it at `app.state.simulator`."""

    def __init__(
        self,
        config: BolSimulatorConfig,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        rng: Random,
        client: httpx.AsyncClient | None = None,
        lost: Callable[[], Exception] | None = None,
    ) -> None:
        self.config = config
        self.sleep = sleep
        self.lost = lost
        self._rng = rng
        self._own_client = client is None
        self._client = client or httpx.AsyncClient(follow_redirects=False)
        self.keys = Keys()
        self.faults = Faults(Random(rng.getrandbits(64)))
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._tokens: dict[str, datetime] = {}
        self._open()

    def _open(self) -> None:
        self.books = BolBooks(self._clock, self._rng, self.config.process_seconds)
        self.limits = Windows(self.config.limits, self._clock)
        self.pushes = Pushes(self.config, self.books, self.keys, self.faults, self._client, self.sleep)

    async def reset(self) -> None:
        """The first day again: empty books, no faults."""
        await self.pushes.aclose()
        self.faults.clear()
        self.calls.clear()
        self._open()

    async def aclose(self) -> None:
        """Stops the pushes and closes the HTTP client, if it is our own."""
        await self.pushes.aclose()
        if self._own_client:
            await self._client.aclose()

    # -- login

    async def token(self, request: Request) -> Response:
        """`POST /token?grant_type=client_credentials` with HTTP Basic."""
        self.calls["token"] += 1
        if request.query_params.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type"})
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(given, validate=True) if kind.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            pair = b""
        if not hmac.compare_digest(pair, f"{self.config.client_id}:{self.config.client_secret}".encode()):
            return _json(
                401,
                {
                    "error": "invalid_client",
                    "error_description": "Invalid client or Invalid client credentials",
                },
            )
        now = self._clock()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        if len(self._tokens) >= MOST_TOKENS:
            return _json(429, {"error": "too_many_requests"})
        token = f"{self._rng.getrandbits(256):064x}"
        self._tokens[token] = now + seconds(self.config.token_seconds)
        return _json(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": self.config.token_seconds,
                "scope": "RETAILER",
            },
        )

    def forget_tokens(self) -> None:
        """Every token is refused from now on."""
        self._tokens.clear()

    # -- operations

    async def serve(self, endpoint: Endpoint, request: Request) -> Response:
        """One call, with everything around it."""
        self.calls[endpoint.operation] += 1
        until = self._tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if until is None or until <= self._clock():
            return _problem(401, "Request failed: access token is invalid or has expired")
        accept = request.headers.get("accept", "*/*")
        if endpoint.media not in accept and "*/*" not in accept:
            return _problem(406, f"Accept must be {endpoint.media}")
        allowed, headers = self.limits.take(endpoint.operation)
        if not allowed:
            self.calls[f"{endpoint.operation}:429"] += 1
            return _problem(429, "Too many requests", headers)
        rule = self.faults.for_call(endpoint.operation)
        if rule is not None:
            self.calls[f"{endpoint.operation}:{rule.kind}"] += 1
            early = await self._before(rule, headers)
            if early is not None:
                return early
        answer = await self._answer(endpoint, request, headers)
        self.pushes.tell()
        if rule is not None:
            late = await self._after(rule, answer, headers)
            if late is not None:
                return late
        return answer

    async def _answer(self, endpoint: Endpoint, request: Request, headers: dict[str, str]) -> Response:
        body: dict[str, Any] = {}
        if request.method in ("POST", "PUT", "PATCH"):
            given = request.headers.get("content-type", "").partition(";")[0].strip()
            if given != endpoint.media:
                return _problem(415, f"Content-Type must be {endpoint.media}", headers)
            read = await _read(request, self.config.max_body)
            if read is None:
                return _problem(413, "the request is too long", headers)
            try:
                parsed = orjson.loads(read)
            except orjson.JSONDecodeError:
                return _problem(400, "the body is not JSON", headers)
            if not isinstance(parsed, dict):
                return _problem(400, "the body is not an object", headers)
            body = parsed
        try:
            told: Told = await endpoint.handler(self, request, body)
        except NotDone as refusal:
            return _problem(refusal.status, str(refusal), headers, refusal.name)
        if told.body is None:
            return Response(status_code=told.status, headers=headers)
        return Response(orjson.dumps(told.body), told.status, headers, media_type=endpoint.media)

    async def _before(self, rule: FaultRule, headers: dict[str, str]) -> Response | None:
        match rule.kind:
            case "slow":
                await self.sleep(SLOW_SECONDS if rule.seconds is None else rule.seconds)
            case "timeout":
                return await self._cut(rule)
            case "http" if not rule.after_effect:
                return _struck(rule, headers)
        return None

    async def _after(self, rule: FaultRule, answer: Response, headers: dict[str, str]) -> Response | None:
        match rule.kind:
            case "timeout-after-effect":
                return await self._cut(rule)
            case "truncated":
                body = bytes(answer.body)
                return Response(body[: len(body) // 2], answer.status_code, headers)
            case "http":
                return _struck(rule, headers)
        return None

    async def _cut(self, rule: FaultRule) -> Response:
        await self.sleep(self.config.hang_seconds if rule.seconds is None else rule.seconds)
        if self.lost is not None:
            raise self.lost()
        return _Cut()


def create_app(
    config: BolSimulatorConfig,
    *,
    clock: Clock,
    sleep: Callable[[float], Awaitable[None]],
    rng: Random,
    client: httpx.AsyncClient | None = None,
    lost: Callable[[], Exception] | None = None,
) -> Starlette:
    """The simulator as an ASGI app; the marketplace itself is `app.state.simulator`.

    `client` sends the pushes (None: one of its own). `lost` is for tests that mount the app as an HTTP transport:
    the exception that stands there for a connection that was cut. Where no lifespan runs, `await
    app.state.simulator.aclose()` at the end.
    """
    simulator = BolSimulator(config, clock=clock, sleep=sleep, rng=rng, client=client, lost=lost)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await simulator.aclose()

    routes = [
        Route("/token", simulator.token, methods=["POST"]),
        *(_route(simulator, endpoint) for endpoint in ENDPOINTS),
        *control_routes(simulator),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.simulator = simulator
    return app


def _route(simulator: BolSimulator, endpoint: Endpoint) -> Route:
    async def serve(request: Request) -> Response:
        return await simulator.serve(endpoint, request)

    return Route(endpoint.path, serve, methods=[endpoint.method])


class _Cut(Response):
    """An answer that breaks off: more was promised than comes, so the server drops the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _read(request: Request, most: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                return None
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)


def _struck(rule: FaultRule, headers: dict[str, str]) -> Response:
    if rule.status == 429:
        wait = "1" if rule.seconds is None else str(max(0, round(rule.seconds)))
        headers = {**headers, "retry-after": wait, "x-ratelimit-remaining": "0", "x-ratelimit-reset": wait}
    return _problem(rule.status, "simulated trouble", headers)


def _problem(status: int, detail: str, headers: dict[str, str] | None = None, name: str = "") -> Response:
    body = orjson.dumps(problem(status, detail, name))
    return Response(body, status, headers, media_type="application/problem+json")


def _json(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
