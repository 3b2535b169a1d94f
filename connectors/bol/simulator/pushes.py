"""Pushes on their way out: at least once, unordered, ten tries, then the subscription is disabled."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable

import httpx
import orjson

from connectors.bol.simulator.books import BolBooks
from connectors.bol.simulator.config import BolSimulatorConfig
from connectors.bol.simulator.faults import Faults
from connectors.bol.simulator.keys import Keys
from connectors.bol.simulator.records import Attempt, Event, Process, Subscription
from connectors.bol.simulator.told import local

HOLD_SECONDS = 0.3
"""How long a push that is to come late is held back."""
MOST_LOOKS = 100


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
        self.attempts: deque[Attempt] = deque(maxlen=config.attempts_kept)

    def tell(self) -> None:
        """Starts a push for everything the books have noted since the last time."""
        events = self._books.events[:]
        self._books.events.clear()
        for event in events:
            body = orjson.dumps(
                {
                    "retailerId": self._config.retailer_id,
                    "timestamp": local(self._books.clock()),
                    "event": {"resource": event.resource, "type": event.kind, "resourceId": event.entity_id},
                }
            )
            for subscription in list(self._books.subscriptions.values()):
                wanted = (
                    event.resource in subscription.resources or event.only == subscription.subscription_id
                )
                if subscription.enabled and wanted:
                    self._start(subscription, event, body)

    def watch(self, process: Process) -> None:
        """Tells of this write when it has ended."""
        self._keep(asyncio.create_task(self._ending(process)))

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

    async def _ending(self, process: Process) -> None:
        for _ in range(MOST_LOOKS):
            left = (process.ends - self._books.clock()).total_seconds()
            if left <= 0:
                break
            await self._sleep(left)  # which may wake a little before the clock says so
        self._books.tell_ended()
        self.tell()

    def _start(self, subscription: Subscription, event: Event, body: bytes) -> None:
        if len(self._tasks) >= self._config.pushes_waiting:
            self.counts["overflowed"] += 1
            return
        rule = self._faults.for_push(event.resource)
        kind = rule.kind if rule else ""
        if kind == "webhook-lost":
            self.counts["lost"] += 1
            return
        held = 0.0
        if rule is not None and kind == "webhook-reordered":
            held = HOLD_SECONDS if rule.seconds is None else rule.seconds
        for _ in range(2 if kind == "webhook-doubled" else 1):
            self._keep(asyncio.create_task(self._push(subscription, event, body, held)))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _push(self, subscription: Subscription, event: Event, body: bytes, held: float) -> None:
        life = subscription.life
        if held:
            await self._sleep(held)
        for number in range(1, self._config.push_tries + 1):
            if number > 1:
                await self._sleep(self._config.push_pause)
            async with self._places:
                if subscription.life != life:
                    self.counts["lost"] += 1
                    return
                answer = await self._post(subscription.url, body)
            self.attempts.append(
                Attempt(
                    at=self._books.clock(),
                    subscription_id=subscription.subscription_id,
                    event=event,
                    number=number,
                    answer=answer,
                )
            )
            if answer.startswith("2"):
                return
        if subscription.life == life:
            self._books.disable(subscription)
            self.counts["disabled"] += 1

    async def _post(self, url: str, body: bytes) -> str:
        """The HTTP status, or what went wrong. The answer's body is not read: it could be endless."""
        self.counts["sent"] += 1
        headers = {"Content-Type": "application/json", "Signature": self._keys.header(body)}
        try:
            async with (
                asyncio.timeout(self._config.push_timeout),
                self._client.stream("POST", url, content=body, headers=headers, timeout=None) as answer,
            ):
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self.counts["failed"] += 1
            return type(error).__name__
        self.counts[f"answered {status}"] += 1
        return str(status)
