"""One push: read within bounds, believed, stored, answered. Raw ASGI: this is the hot path.

Bol gives five seconds and disables a subscription after ten failures (facts/bol.md, Push); a till waits for
nobody. So: signature, one append, answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter

import orjson
from starlette.types import Receive, Scope, Send

from app.ingress.door import Door
from app.metrics import Metrics
from connectors.bol.signature import BadSignature
from connectors.mplus.signature import fits, sign
from streams.log.base import Draft, Headers, LogUnavailable, LogWriter
from streams.topics import BOL_WEBHOOKS, MPLUS_WEBHOOKS

READING = 10.0
"""Seconds that a body may take to come in."""
STORING = 4.0
"""Seconds until the log must have it: within the five that Bol gives."""
AT_ONCE = 512
"""Pushes in hand at the same time; more are told to come back."""
LONGEST_NAME = 60


class _Refusal(Exception):
    def __init__(self, status: int, why: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.why = why
        self.words = words


class Desk:
    """What every push goes through; `vendor` is `bol` or `mplus`."""

    def __init__(
        self,
        vendor: str,
        writer: LogWriter,
        doors: Mapping[str, Door],
        metrics: Metrics,
        new_trace: Callable[[], str],
        max_body: int,
    ) -> None:
        self._vendor = vendor
        self._writer = writer
        self._doors = doors
        self._metrics = metrics
        self._new_trace = new_trace
        self._max_body = max_body
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        began = perf_counter()
        connection = str(scope["path_params"].get("connection", ""))
        door = self._doors.get(connection)
        status, answer, words = 200, "stored", b"{}"
        self._in_hand += 1
        try:
            if door is None:
                raise _Refusal(404, "unknown-connection", "no such connection")
            if self._in_hand > AT_ONCE:
                raise _Refusal(503, "busy", "too many pushes at once, come back in a second")
            await self._take(scope, receive, connection, door)
        except _Refusal as refusal:
            status, answer = refusal.status, refusal.why
            words = orjson.dumps({"error": {"code": refusal.why, "message": refusal.words}})
        finally:
            self._in_hand -= 1
        self._metrics.pushed(self._vendor, answer, perf_counter() - began)
        await self._answer(send, status, words, door)

    async def _take(self, scope: Scope, receive: Receive, connection: str, door: Door) -> None:
        given = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _WANTED}
        length = given.get(b"content-length", "")
        if length.isdigit() and int(length) > self._max_body:
            raise self._too_large()
        body = await self._read(receive)
        extra = await self._believe(scope, given, body, door)
        try:
            readable = isinstance(orjson.loads(body), dict)
        except orjson.JSONDecodeError:
            readable = False
        if not readable:
            raise _Refusal(400, "not-json", "the body is not a JSON object")
        headers: Headers = (
            ("schema", b"1"),
            ("connection", connection.encode()),
            ("trace", self._new_trace().encode()),
            *extra,
        )
        topic = BOL_WEBHOOKS if self._vendor == "bol" else MPLUS_WEBHOOKS
        try:
            async with asyncio.timeout(STORING):
                await self._writer.append([Draft(topic.name, connection.encode(), body, headers)])
        except LogUnavailable:
            raise _Refusal(503, "log-unavailable", "it cannot be stored now, send it again") from None
        except TimeoutError:
            raise _Refusal(503, "log-slow", "it could not be stored in time, send it again") from None

    async def _read(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(READING):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Refusal(400, "cut-short", "the body was cut short")
                    part: bytes = message.get("body", b"")
                    size += len(part)
                    if size > self._max_body:
                        raise self._too_large()
                    parts.append(part)
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise _Refusal(408, "slow", "the body took too long") from None

    def _too_large(self) -> _Refusal:
        return _Refusal(413, "too-large", f"the body is longer than {self._max_body} bytes")

    async def _believe(self, scope: Scope, given: Mapping[bytes, str], body: bytes, door: Door) -> Headers:
        """Raises _Refusal for a push that is not the vendor's; gives the record's own headers."""
        if self._vendor == "bol":
            try:
                await door.bol.verify(given.get(b"signature", ""), body)
            except BadSignature as error:
                raise _Refusal(401, "bad-signature", str(error)) from None
            return ()
        signature = given.get(b"x-mplus-signature", "")
        if door.mplus_key is None or not fits(door.mplus_key, body, signature):
            raise _Refusal(401, "bad-signature", "the signature does not fit the body")
        event = str(scope["path_params"].get("event", ""))[:LONGEST_NAME]
        subscription = given.get(b"x-mplus-subscription-id", "")[:LONGEST_NAME]
        return (("event", event.encode()), ("subscription", subscription.encode()))

    async def _answer(self, send: Send, status: int, words: bytes, door: Door | None) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(words)).encode())]
        if status == 503:
            headers.append((b"retry-after", b"1"))
        if self._vendor == "mplus" and door is not None and door.mplus_key is not None:
            headers.append((b"x-mplus-signature", sign(door.mplus_key, words).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": words})


_WANTED = (b"content-length", b"signature", b"x-mplus-signature", b"x-mplus-subscription-id")
