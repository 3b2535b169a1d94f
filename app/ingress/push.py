"""One push: read within bounds, believed, stored, answered. Raw ASGI: this is the hot path.

Bol gives five seconds and disables a subscription after ten failures (facts/bol.md, Push); a till waits for
nobody. So: signature, one append, answer. A refusal stores nothing and is counted by its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Literal, NamedTuple

import orjson
from starlette.types import Receive, Scope, Send

from app.ingress.deadlines import Deadlines
from app.ingress.door import Door
from app.metrics import Metrics
from connectors.bol.signature import BadSignature
from connectors.mplus.signature import fits, sign
from streams.log.base import Draft, Headers, LogUnavailable, LogWriter
from streams.topics import BOL_WEBHOOKS, MPLUS_WEBHOOKS

Vendor = Literal["bol", "mplus"]
READING = 5.0
"""Seconds that a body may take to come in."""
STORING = 4.0
"""Seconds from the whole body to our answer, the signature's keys and the log included: within the five that Bol
gives."""
AT_ONCE = 512
"""Pushes in hand at the same time, by vendor; more are told to come back."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes of their bodies together."""
LONGEST_SIGNATURE = 1024
"""Characters of a signature header: 730 hold one of a 4096-bit key."""
LONGEST_NAME = 60
EVENT = re.compile(r"[A-Za-z0-9_-]{1,60}")
"""completeSession and its like (facts/mplus.md 3.4)."""
STORED = b"{}"
SLOW_BODY = (408, "slow", "the body took too long")
SLOW_KEYS = (503, "signature-slow", "Bol's keys could not be had in time, send it again")
SLOW_LOG = (503, "log-slow", "it could not be stored in time, send it again")


class _Refusal(Exception):
    def __init__(self, status: int, why: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.why = why
        self.words = words


class _Given(NamedTuple):
    """The headers that we look at; the last one of a name."""

    length: bytes
    signature: str
    subscription: str


class Desk:
    """What every push of a vendor goes through."""

    def __init__(
        self,
        vendor: Vendor,
        writer: LogWriter,
        doors: Mapping[str, Door],
        metrics: Metrics,
        new_trace: Callable[[], str],
        max_body: int,
    ) -> None:
        """`max_body`: bytes of one push."""
        self._vendor = vendor
        self._writer = writer
        self._doors = doors
        self._metrics = metrics
        self._new_trace = new_trace
        self._max_body = max_body
        self._topic = (BOL_WEBHOOKS if vendor == "bol" else MPLUS_WEBHOOKS).name
        self._signature = b"signature" if vendor == "bol" else b"x-mplus-signature"
        self._stored: dict[bytes, bytes] = {}
        """By key: as many as there are doors."""
        self._deadlines = Deadlines()
        self._in_hand = 0
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        began = perf_counter()
        door = self._doors.get(str(scope["path_params"].get("connection", "")))
        status, why, body = 200, "stored", STORED
        self._in_hand += 1
        try:
            await self._take(scope, receive, door)
        except _Refusal as refusal:
            status, why = refusal.status, refusal.why
            body = orjson.dumps({"error": {"code": why, "message": refusal.words}})
        except Exception:
            self._metrics.pushed(self._vendor, "broken", perf_counter() - began)
            raise  # a mistake of ours: the server logs it and answers 500
        finally:
            self._in_hand -= 1
        self._metrics.pushed(self._vendor, why, perf_counter() - began)
        await self._answer(send, status, body, door)

    async def _take(self, scope: Scope, receive: Receive, door: Door | None) -> None:
        """Returns when the push is durable. Raises _Refusal."""
        if door is None:
            raise _Refusal(404, "unknown-connection", "no such connection")
        if scope["method"] != "POST":
            raise _Refusal(405, "wrong-method", "a push is a POST")
        event = str(scope["path_params"].get("event", ""))
        if self._vendor == "mplus" and not EVENT.fullmatch(event):
            raise _Refusal(404, "unknown-event", "no such event")
        if self._in_hand > AT_ONCE:
            raise _Refusal(503, "busy", "too many pushes at once, come back in a second")
        given = self._given(scope)
        if given.length.isdigit() and (len(given.length) > 18 or int(given.length) > self._max_body):
            raise self._too_large()
        await self._in_time(scope["path_params"]["connection"], event, given, receive, door)

    async def _in_time(
        self, connection: str, event: str, given: _Given, receive: Receive, door: Door
    ) -> None:
        """Reads, believes and stores, each within its time."""
        late = SLOW_BODY
        try:
            with self._deadlines.within(READING) as limit:
                body = await self._read(receive)
                try:
                    limit.again(STORING)
                    late = SLOW_KEYS
                    await self._believe(given, body, door)
                    if not _is_object(body):
                        raise _Refusal(400, "not-json", "the body is not a JSON object")
                    # The log may have it all the same: sent again it comes twice, which the flows take.
                    late = SLOW_LOG
                    await self._writer.append([self._draft(connection, event, given, body)])
                finally:
                    self._held -= len(body)
        except LogUnavailable:
            raise _Refusal(503, "log-unavailable", "it cannot be stored now, send it again") from None
        except TimeoutError:
            raise _Refusal(*late) from None

    def _draft(self, connection: str, event: str, given: _Given, body: bytes) -> Draft:
        """As streams/translation.py reads it: the body untouched."""
        headers: Headers = (
            ("schema", b"1"),
            ("connection", connection.encode()),
            ("trace", self._new_trace().encode()),
        )
        if self._vendor == "mplus":
            headers += (("event", event.encode()), ("subscription", given.subscription.encode()))
        return Draft(self._topic, connection.encode(), body, headers)

    def _given(self, scope: Scope) -> _Given:
        length = signature = subscription = b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == self._signature:
                signature = value
            elif name == b"x-mplus-subscription-id":
                subscription = value
        if len(signature) > LONGEST_SIGNATURE:
            raise _Refusal(401, "bad-signature", "the signature header is too long")
        return _Given(length, signature.decode("latin-1"), subscription[:LONGEST_NAME].decode("latin-1"))

    async def _read(self, receive: Receive) -> bytes:
        """The whole body; its bytes count as held until the caller lets them go."""
        parts: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Refusal(400, "cut-short", "the body was cut short")
                part: bytes = message.get("body", b"")
                size += len(part)
                self._held += len(part)
                if size > self._max_body:
                    raise self._too_large()
                if self._held > MOST_BYTES:
                    raise _Refusal(503, "busy", "too much at once, come back in a second")
                if part:
                    parts.append(part)
                if not message.get("more_body", False):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
        except BaseException:
            self._held -= size
            raise

    def _too_large(self) -> _Refusal:
        return _Refusal(413, "too-large", f"the body is longer than {self._max_body} bytes")

    async def _believe(self, given: _Given, body: bytes, door: Door) -> None:
        """Raises _Refusal for a push that is not the vendor's."""
        if self._vendor == "bol":
            try:
                await door.bol.verify(given.signature, body)
            except BadSignature as error:
                raise _Refusal(401, "bad-signature", str(error)) from None
        elif door.mplus_key is None or not fits(door.mplus_key, body, given.signature):
            raise _Refusal(401, "bad-signature", "the signature does not fit the body")

    async def _answer(self, send: Send, status: int, body: bytes, door: Door | None) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        if status == 503:
            headers.append((b"retry-after", b"1"))
        elif status == 405:
            headers.append((b"allow", b"POST"))
        if self._vendor == "mplus" and door is not None and door.mplus_key is not None:
            # The till wants our replies signed too (facts/mplus.md 3.3).
            headers.append((b"x-mplus-signature", self._signed(door.mplus_key, body)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _signed(self, key: bytes, body: bytes) -> bytes:
        """The signature of our reply; of the one that nearly all get it is remembered."""
        if body is not STORED:
            return sign(key, body).encode()
        known = self._stored.get(key)
        if known is None:
            known = self._stored[key] = sign(key, body).encode()
        return known


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False
