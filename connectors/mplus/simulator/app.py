"""The service on the wire: one SOAP endpoint behind ident and secret, and `/_control` beside it."""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import islice
from random import Random

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.config import MplusSimulatorConfig
from connectors.mplus.simulator.control import control_routes
from connectors.mplus.simulator.faults import EMPTY_LISTS, FaultRule, Faults
from connectors.mplus.simulator.operations import OPERATIONS
from connectors.mplus.simulator.operations.lookups import VERSION
from connectors.mplus.simulator.pushes import Pushes
from connectors.mplus.simulator.soap import SoapFault, envelope, fault_envelope, read_request
from streams.vocabulary.time import Clock

SLOW_SECONDS = 2.0
_PIECES_AT_ONCE = 200
"""Pieces of an answer written before other callers get a turn."""
_HEADERS = {"mplus-service-version": ".".join(map(str, VERSION)), "server-timing": "total;dur=1"}
_PAGE = "<!DOCTYPE html><html><body><h1>{status}</h1></body></html>"


class MplusSimulator:
    """The running installation: its books, its pushes, its faults. `create_app` keeps it at
    `app.state.simulator`."""

    def __init__(
        self,
        config: MplusSimulatorConfig,
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
        self.books = MplusBooks(config, clock=clock, rng=rng)
        self.faults = Faults(Random(rng.getrandbits(64)))
        self._own_client = client is None
        self._client = client or httpx.AsyncClient(follow_redirects=False)
        self.pushes = Pushes(config, self.faults, self._client, sleep)
        self.calls: Counter[str] = Counter()
        """By operation, and by `operation:fault`."""
        self._backup: MplusBooks | None = None

    def back_up(self) -> None:
        """Keeps the books as they are now: one backup, the last."""
        self._backup = self.books.copied()

    def restore(self) -> None:
        """The books of the last backup, or of the first day: what came after it is gone, and every marker is as it was
        then. The subscription stays; what was queued for the tills still goes out."""
        restored = self._backup.copied() if self._backup else self.books.fresh()
        restored.webhook = self.books.webhook
        restored.take_callbacks()
        self.books = restored

    async def reset(self) -> None:
        """The first day again: new books, no backup, no faults, nothing queued, counts at zero."""
        await self.pushes.aclose()
        self.books = self.books.fresh()
        self._backup = None
        self.faults.clear()
        self.calls.clear()
        self.pushes = Pushes(self.config, self.faults, self._client, self.sleep)

    async def aclose(self) -> None:
        """Stop the lanes and close the HTTP client, if it is our own."""
        await self.pushes.aclose()
        if self._own_client:
            await self._client.aclose()

    async def soap(self, request: Request) -> Response:
        """One call. What took effect is what the answer says, unless a fault was asked for."""
        if not self._authorised(request):
            self.calls["unauthorised"] += 1
            if self.config.wrong_secret == "http-401":
                return Response(_PAGE.format(status=401), 401, media_type="text/html")
            return _fault(SoapFault("ident or secret is wrong", "Client.Authentication"))
        body = await _read(request, self.config.max_body_bytes)
        if body is None:
            return _fault(SoapFault("the request is too long"), status=413)
        try:
            call = read_request(body)
            operation = OPERATIONS.get(call.name)
            if operation is None or call.name in self.config.missing_operations:
                raise SoapFault(
                    f"Method '{call.name[:80]}' not implemented: method name or namespace not recognized"
                )
        except SoapFault as fault:
            self.calls["unreadable"] += 1
            return _fault(fault)
        self.calls[call.name] += 1
        rule = self.faults.for_call(call.name)
        if rule is not None:
            self.calls[f"{call.name}:{rule.kind}"] += 1
            early = await self._before(rule)
            if early is not None:
                return early
        empty = rule is not None and rule.kind == "empty-list"
        try:
            answer = await _gathered((EMPTY_LISTS[call.name],) if empty else operation(self.books, call))
        except SoapFault as fault:
            return _fault(fault)
        self.pushes.call_back(self.books.take_callbacks())
        if rule is not None:
            late = await self._after(rule, answer)
            if late is not None:
                return late
        return _xml(answer)

    def _authorised(self, request: Request) -> bool:
        """Ident and secret travel in the query string (facts/mplus.md 1.1)."""
        query = request.query_params
        wanted = (("ident", self.config.ident), ("secret", self.config.secret))
        return all(
            hmac.compare_digest(query.get(name, "").encode(), value.encode()) for name, value in wanted
        )

    async def _before(self, rule: FaultRule) -> Response | None:
        match rule.kind:
            case "slow":
                await self.sleep(SLOW_SECONDS if rule.seconds is None else rule.seconds)
            case "timeout":
                return await self._cut(rule)
            case "http" | "fault" if not rule.after_effect:
                return _struck(rule)
        return None

    async def _after(self, rule: FaultRule, answer: bytes) -> Response | None:
        match rule.kind:
            case "timeout-after-effect":
                return await self._cut(rule)
            case "truncated":
                return _xml(answer[: len(answer) // 2])
            case "not-xml":
                return Response(_PAGE.format(status="OK"), 200, media_type="text/html")
            case "http" | "fault":
                return _struck(rule)
        return None

    async def _cut(self, rule: FaultRule) -> Response:
        await self.sleep(self.config.hang_seconds if rule.seconds is None else rule.seconds)
        if self.lost is not None:
            raise self.lost()
        return _Cut()


def create_app(
    config: MplusSimulatorConfig,
    *,
    clock: Clock,
    sleep: Callable[[float], Awaitable[None]],
    rng: Random,
    client: httpx.AsyncClient | None = None,
    lost: Callable[[], Exception] | None = None,
) -> Starlette:
    """The simulator as an ASGI app; the installation itself is `app.state.simulator`.

    `client` sends the webhooks (None: one of its own). `lost` is for tests that mount the app as an HTTP
    transport: the exception that stands there for a connection that was cut, such as httpx.ReadTimeout.
    Where no lifespan runs, as under such a transport, `await app.state.simulator.aclose()` at the end.
    """
    simulator = MplusSimulator(config, clock=clock, sleep=sleep, rng=rng, client=client, lost=lost)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await simulator.aclose()

    app = Starlette(
        routes=[Route("/", simulator.soap, methods=["POST"]), *control_routes(simulator)], lifespan=lifespan
    )
    app.state.simulator = simulator
    return app


async def _read(request: Request, most: int) -> bytes | None:
    """The body, or None where it is longer than allowed."""
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


async def _gathered(pieces: Iterable[str]) -> bytes:
    """One answer of its pieces in its envelope, with a turn for others every now and then."""
    head, tail = envelope("\0").split("\0")
    parts: list[bytes] = [head.encode()]
    remaining = iter(pieces)
    while some := "".join(islice(remaining, _PIECES_AT_ONCE)):
        parts.append(some.encode("utf-8", "replace"))
        if len(parts) > 2:
            await asyncio.sleep(0)
    parts.append(tail.encode())
    return b"".join(parts)


def _xml(answer: bytes, status: int = 200) -> Response:
    return Response(answer, status, headers=_HEADERS, media_type="text/xml")


def _fault(fault: SoapFault, status: int = 500) -> Response:
    return _xml(fault_envelope(fault).encode("utf-8", "replace"), status)


def _struck(rule: FaultRule) -> Response:
    if rule.kind == "fault":
        return _fault(SoapFault(rule.text, rule.code))
    return Response(_PAGE.format(status=rule.status), rule.status, media_type="text/html")


class _Cut(Response):
    """Promises a body and never sends it: the server then drops the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
