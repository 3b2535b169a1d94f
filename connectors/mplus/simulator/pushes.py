"""The tills' webhooks on their way out: signed, in order per till, once, and their replies judged.

A till tells and forgets: there is no redelivery (facts/mplus.md 3.3, UNVERIFIED). Only a reply that breaks the
contract gets a second request to the same URL, with the error and the original in it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from connectors.mplus.simulator.books import Callback
from connectors.mplus.simulator.config import MplusSimulatorConfig, WebhookTarget
from connectors.mplus.simulator.faults import Faults
from connectors.mplus.simulator.sessions import TillEvent
from connectors.mplus.simulator.signature import sign, signed_by

Lane = tuple[int, int]
HOLD_SECONDS = 1.0
"""How long a webhook that is to come late waits for another one to overtake it."""
MOST_REPLY = 1024 * 1024
_RECENT = 200


class Pushes:
    """One lane per till, each with a bounded queue; a lane starts with its first webhook."""

    def __init__(
        self,
        config: MplusSimulatorConfig,
        faults: Faults,
        client: httpx.AsyncClient,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._config = config
        self._faults = faults
        self._client = client
        self._sleep = sleep
        self._lanes: dict[Lane, tuple[asyncio.Queue[_Push], asyncio.Task[None]]] = {}
        self.counts: Counter[str] = Counter()
        """sent, lost, doubled, reordered, overflowed, and how the replies were."""
        self.recent: deque[dict[str, Any]] = deque(maxlen=_RECENT)

    def tell(self, target: WebhookTarget | None, events: list[TillEvent]) -> None:
        """Queue what the subscription listens to. Without one, nobody is told."""
        for event in events:
            if target is not None and event.name in target.events:
                self._queue(event.lane, _Push(event.name, target, orjson.dumps(event.body)))

    def call_back(self, callbacks: list[Callback]) -> None:
        """Queue the URLs of delivered orders, if this installation calls them and the host is allowed."""
        for callback in callbacks:
            if self._config.order_callbacks == "off":
                continue
            if _host(callback.url) not in self._config.order_callback_hosts:
                self.counts["callback-refused"] += 1
                continue
            body = orjson.dumps({"orderId": callback.order_id})
            self._queue((0, 0), _Push(callback.why, None, body, callback.url))

    async def drained(self) -> None:
        """Wait until everything queued so far has been sent and answered."""
        for queue, task in list(self._lanes.values()):
            joined = asyncio.ensure_future(queue.join())
            await asyncio.wait({joined, task}, return_when=asyncio.FIRST_COMPLETED)
            joined.cancel()
            if task.done() and not task.cancelled():
                task.result()

    async def aclose(self) -> None:
        """Stop the lanes; what is still queued is lost."""
        tasks = [task for _, task in self._lanes.values()]
        self._lanes.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _queue(self, lane: Lane, push: _Push) -> None:
        if lane not in self._lanes:
            queue: asyncio.Queue[_Push] = asyncio.Queue(self._config.webhook_queue)
            self._lanes[lane] = (queue, asyncio.create_task(self._run(queue)))
        try:
            self._lanes[lane][0].put_nowait(push)
        except asyncio.QueueFull:
            self.counts["overflowed"] += 1

    async def _run(self, queue: asyncio.Queue[_Push]) -> None:
        while True:
            push = await queue.get()
            rule = self._faults.for_push(push.name) if push.target else None
            kind = rule.kind if rule else ""
            if kind == "webhook-lost":
                self.counts["lost"] += 1
            elif kind == "webhook-reordered":
                self.counts["reordered"] += 1
                await self._overtaken(queue)
                await self._send(push)
            else:
                await self._send(push)
                if kind == "webhook-doubled":
                    self.counts["doubled"] += 1
                    await self._send(push)
            queue.task_done()

    async def _overtaken(self, queue: asyncio.Queue[_Push]) -> None:
        """Send the next webhook first, if one comes soon."""
        following = asyncio.ensure_future(queue.get())
        waiting = asyncio.ensure_future(self._sleep(HOLD_SECONDS))
        try:
            if queue.empty() and not following.done():
                await asyncio.wait({following, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not queue.empty() or following.done():
                await self._send(await following)
                queue.task_done()
        finally:
            for future in (following, waiting):
                future.cancel()

    async def _send(self, push: _Push) -> None:
        self.counts["sent"] += 1
        if push.target is None:
            verdict, _ = await self._post(push.url, push.body, {}, self._config.order_callbacks)
        else:
            verdict, error = await self._tell(push.target, push.name, push.body)
            if error:
                again = orjson.dumps(
                    {"error": {"code": error, "message": verdict}, "original": orjson.loads(push.body)}
                )
                self.counts["error-told"] += 1
                await self._tell(push.target, push.name, again)
        self.recent.append({"event": push.name, "reply": verdict})

    async def _tell(self, target: WebhookTarget, name: str, body: bytes) -> tuple[str, str]:
        """How the reply was, and the error code where it breaks the contract."""
        headers = {
            "X-Mplus-Subscription-Id": target.subscription_id,
            "X-Mplus-Signature": sign(target.key(), body),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        verdict, reply = await self._post(f"{target.url.rstrip('/')}/{name}", body, headers, "POST")
        error = ""
        if reply is not None:
            verdict, error = _judged(target, reply)
        self.counts[f"reply-{verdict}"] += 1
        return verdict, error

    async def _post(
        self, url: str, body: bytes, headers: dict[str, str], method: str
    ) -> tuple[str, _Reply | None]:
        try:
            async with self._client.stream(
                method, url, content=body if method == "POST" else None, headers=headers,
                timeout=self._config.webhook_timeout_seconds,
            ) as reply:  # fmt: skip
                read = bytearray()
                async for part in reply.aiter_bytes():
                    read += part
                    if len(read) > MOST_REPLY:
                        return "too-long", None
        except httpx.TimeoutException:
            return "timeout", None
        except (httpx.HTTPError, httpx.InvalidURL):
            return "unreachable", None
        return f"http-{reply.status_code}", _Reply(reply.status_code, reply.headers, bytes(read))


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: httpx.Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class _Push:
    """A webhook or (without a target) a callback that waits to be sent."""

    name: str
    target: WebhookTarget | None
    body: bytes
    url: str = ""


def _judged(target: WebhookTarget, reply: _Reply) -> tuple[str, str]:
    """A verdict for the count, and the error code of facts/mplus.md 3.3 for a reply that breaks the contract.

    200 and 400 are the two statuses of the contract; both carry a signed JSON body, which may be empty.
    """
    if reply.status not in (200, 400):
        return f"http-{reply.status}", ""
    body = reply.body
    signature = reply.headers.get("X-Mplus-Signature")
    if signature is None:
        return "unsigned", "NO_SIGNATURE"
    if not signed_by(target.key(), body, signature):
        return "wrongly-signed", "INVALID_SIGNATURE"
    kind = reply.headers.get("Content-Type")
    if kind is None:
        return "no-content-type", "NO_CONTENT_TYPE"
    if kind.split(";")[0].strip().lower() != "application/json":
        return "wrong-content-type", "INVALID_CONTENT_TYPE"
    if body.strip():
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError:
            return "not-json", "INVALID_JSON"
    return ("ok" if reply.status == 200 else "refused"), ""


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""
