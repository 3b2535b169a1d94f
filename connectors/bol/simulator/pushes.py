"""Pushes on their way out: at least once, unordered, ten tries, then the subscription is disabled."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import orjson

from connectors.bol.simulator.books import BolBooks, Subscription
from connectors.bol.simulator.config import BolSimulatorConfig
from connectors.bol.simulator.faults import Faults
from connectors.bol.simulator.keys import Keys
from connectors.bol.simulator.told import local

HOLD_SECONDS = 0.3
"""How long a push that is to come late is held back."""


class Pushes:
    """Sends what the books tell, to whoever has subscribed."""

    def __init__(
        self,
        config: BolSimulatorConfig,
        books: BolBooks,
        keys: Keys,
        faults: Faults,
        client: httpx.AsyncClient,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._config = config
        self._books = books
        self._keys = keys
        self._faults = faults
        self._client = client
        self._sleep = sleep
        self._places = asyncio.Semaphore(config.pushes_at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()

    def tell(self) -> None:
        """Starts a push for everything the books have noted since the last time."""
        events = self._books.events[:]
        self._books.events.clear()
        for resource, kind, entity in events:
            body = orjson.dumps(
                {
                    "retailerId": self._config.retailer_id,
                    "timestamp": local(self._books.clock()),
                    "event": {"resource": resource, "type": kind, "resourceId": entity},
                }
            )
            for subscription in list(self._books.subscriptions.values()):
                if subscription.enabled and resource in subscription.resources:
                    self._start(subscription, resource, body)

    def watch(self, seconds: float) -> None:
        """Tells of processes that end after so long."""
        self._keep(asyncio.create_task(self._later(seconds)))

    async def drained(self) -> None:
        """Waits until nothing is on its way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def aclose(self) -> None:
        """What is on its way is lost."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _later(self, seconds: float) -> None:
        await self._sleep(seconds)
        for process in self._books.ended():
            status = process.status(self._books.clock())
            self._books.events.append(("PROCESS_STATUS", status, process.process_id))
        self.tell()

    def _start(self, subscription: Subscription, resource: str, body: bytes) -> None:
        if len(self._tasks) >= self._config.pushes_waiting:
            self.counts["overflowed"] += 1
            return
        rule = self._faults.for_push(resource)
        kind = rule.kind if rule else ""
        if kind == "webhook-lost":
            self.counts["lost"] += 1
            return
        held = HOLD_SECONDS if kind == "webhook-reordered" else 0.0
        for _ in range(2 if kind == "webhook-doubled" else 1):
            self._keep(asyncio.create_task(self._push(subscription, body, held)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _push(self, subscription: Subscription, body: bytes, held: float) -> None:
        if held:
            await self._sleep(held)
        for number in range(1, self._config.push_tries + 1):
            if not subscription.enabled:
                return
            async with self._places:
                arrived = await self._post(subscription.url, body)
            if arrived:
                subscription.failures = 0
                return
            if number < self._config.push_tries:
                await self._sleep(self._config.push_pause)
        subscription.enabled = False
        self.counts["disabled"] += 1

    async def _post(self, url: str, body: bytes) -> bool:
        self.counts["sent"] += 1
        headers = {"Content-Type": "application/json", "Signature": self._keys.header(body)}
        try:
            answer = await self._client.post(
                url, content=body, headers=headers, timeout=self._config.push_timeout
            )
        except httpx.HTTPError:
            self.counts["failed"] += 1
            return False
        self.counts[f"answered {answer.status_code}"] += 1
        return 200 <= answer.status_code < 300
