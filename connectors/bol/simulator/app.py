"""The marketplace on the wire: login, media types, rate limits and trouble around the operations."""

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
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.bol.simulator import inventory, offers, orders, returns, subscriptions
from connectors.bol.simulator.answers import Cut, as_json, as_problem, read, struck, takes, without_items
from connectors.bol.simulator.books import BolBooks
from connectors.bol.simulator.config import BolSimulatorConfig
from connectors.bol.simulator.control import control_routes
from connectors.bol.simulator.endpoint import Call, Endpoint
from connectors.bol.simulator.faults import FaultRule, Faults
from connectors.bol.simulator.keys import Keys
from connectors.bol.simulator.limits import Windows
from connectors.bol.simulator.pushes import Pushes
from connectors.bol.simulator.records import NotDone
from streams.vocabulary.time import Clock, seconds

SLOW_SECONDS = 2.0
MOST_TOKENS = 1_000
ENDPOINTS = (
    *offers.ENDPOINTS,
    *orders.ENDPOINTS,
    *returns.ENDPOINTS,
    *inventory.ENDPOINTS,
    *subscriptions.ENDPOINTS,
)


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
        config = self.config
        self.books = BolBooks(
            self._clock, self._rng, config.process_seconds, config.process_kept, habits=config
        )
        self.limits = Windows(config.limits, self._clock)
        self.pushes = Pushes(config, self.books, self.keys, self.faults, self._client, self.sleep)

    async def reset(self) -> None:
        """The first day again: empty books, no faults. Tokens and keys stay."""
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
        """`POST /token?grant_type=client_credentials` with HTTP Basic (facts/bol.md, Transport)."""
        self.calls["token"] += 1
        rule = self.faults.for_call("token", request.method, request.url.path)
        early = await self._before(rule, "token", "/token", {})
        if early is not None:
            return early
        answer = self._token(request)
        return await self._after(rule, answer, "/token", {}) or answer

    def _token(self, request: Request) -> Response:
        if request.query_params.get("grant_type") != "client_credentials":
            return as_json(400, {"error": "unsupported_grant_type"})
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(given, validate=True) if kind.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            pair = b""
        if not hmac.compare_digest(pair, f"{self.config.client_id}:{self.config.client_secret}".encode()):
            words = "Invalid client or Invalid client credentials"
            return as_json(401, {"error": "invalid_client", "error_description": words})
        now = self._clock()
        self._tokens = {token: until for token, until in self._tokens.items() if until > now}
        if len(self._tokens) >= MOST_TOKENS:
            return as_json(429, {"error": "too_many_requests"})
        token = f"{self._rng.getrandbits(256):064x}"
        self._tokens[token] = now + seconds(self.config.token_seconds)
        told: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "scope": "RETAILER"}
        return as_json(200, told | {"expires_in": self.config.token_seconds})

    def forget_tokens(self) -> None:
        """Every token is refused from now on."""
        self._tokens.clear()

    def _signed_in(self, request: Request) -> bool:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        until = self._tokens.get(token) if kind.lower() == "bearer" else None
        return until is not None and until > self._clock()

    # -- operations

    async def serve(self, endpoint: Endpoint, request: Request) -> Response:
        """One call, with everything around it."""
        self.calls[endpoint.operation] += 1
        path = str(request.scope["path"])
        if not self._signed_in(request):
            return as_problem(401, "Request failed: access token is invalid or has expired", path)
        if not takes(request.headers.get("accept", ""), endpoint.media):
            return as_problem(406, f"Accept must be {endpoint.media}", path)
        allowed, headers = self.limits.take(endpoint.operation)
        if not allowed:
            self.calls[f"{endpoint.operation}:429"] += 1
            return as_problem(429, "Too many requests", path, headers)
        rule = self.faults.for_call(endpoint.operation, request.method, path)
        early = await self._before(rule, endpoint.operation, path, headers)
        if early is not None:
            return early
        answer = await self._answer(endpoint, request, path, headers)
        self.pushes.tell()
        return await self._after(rule, answer, path, headers) or answer

    async def _answer(
        self, endpoint: Endpoint, request: Request, path: str, headers: dict[str, str]
    ) -> Response:
        try:
            body = None
            if endpoint.body is not None:
                given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
                if given != endpoint.media:
                    raise NotDone(f"Content-Type must be {endpoint.media}", 415)
                body = await read(request, self.config.max_body, endpoint.body)
            names = request.path_params
            self.books.diary.catch_up()
            told = endpoint.handler(Call(self, endpoint, path, names, request.query_params, body))
        except NotDone as refusal:
            return as_problem(refusal.status, str(refusal), path, headers, refusal.name)
        except ClientDisconnect:
            return as_problem(400, "the body did not arrive", path, headers)
        if told.body is None:
            return Response(status_code=told.status, headers=headers)
        return Response(orjson.dumps(told.body), told.status, headers, media_type=endpoint.media)

    async def _before(
        self, rule: FaultRule | None, operation: str, path: str, headers: dict[str, str]
    ) -> Response | None:
        if rule is None:
            return None
        self.calls[f"{operation}:{rule.kind}"] += 1
        match rule.kind:
            case "slow":
                await self.sleep(SLOW_SECONDS if rule.seconds is None else rule.seconds)
            case "timeout":
                return await self._cut(rule)
            case "http" if not rule.after_effect:
                return struck(rule, path, headers)
        return None

    async def _after(
        self, rule: FaultRule | None, answer: Response, path: str, headers: dict[str, str]
    ) -> Response | None:
        match rule.kind if rule is not None else "":
            case "timeout-after-effect":
                assert rule is not None
                return await self._cut(rule)
            case "truncated":
                return Response(bytes(answer.body)[: len(answer.body) // 2], answer.status_code, headers)
            case "empty-list" if answer.status_code == 200:
                emptied = orjson.dumps(without_items(orjson.loads(answer.body)))
                return Response(emptied, 200, headers, media_type=answer.media_type)
            case "http":
                assert rule is not None
                return struck(rule, path, headers)
        return None

    async def _cut(self, rule: FaultRule) -> Response:
        await self.sleep(self.config.hang_seconds if rule.seconds is None else rule.seconds)
        if self.lost is not None:
            raise self.lost()
        return Cut()


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
        *(_route(simulator, endpoint) for endpoint in ENDPOINTS),
        Route("/token", simulator.token, methods=["POST"]),
        *control_routes(simulator),
    ]
    app = Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={404: _no_such_call, 405: _no_such_call}
    )
    app.state.simulator = simulator
    return app


def _route(simulator: BolSimulator, endpoint: Endpoint) -> Route:
    async def serve(request: Request) -> Response:
        return await simulator.serve(endpoint, request)

    return Route(endpoint.path, serve, methods=[endpoint.method])


async def _no_such_call(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    detail = f"{request.method} {path[:200]} is not known here"
    return as_problem(error.status_code, detail, path, dict(error.headers or {}))
