"""Sends calls to Mplus: two lanes, retries, and one of four outcomes (streams/vocabulary/outcomes.py).

The small lane takes one call at a time, so that readings and bookings of a connection have an order on our
clock: a reading asked after a booking was answered contains it. What takes long (whole feeds) has a lane of
its own. Worker threads of an installation are few (facts/mplus.md 1.4): two calls at once is all it gets. Where nothing
takes long at the moment, who a customer is is looked up in that lane, beside the bookings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import TypeVar

import httpx

from connectors.mplus import lookups, relations
from connectors.mplus.administration import MplusAdministration
from connectors.mplus.failure import reworded
from connectors.mplus.operation import Hear, MplusAnswer, Operation, understood
from connectors.mplus.stock_desk import Stock, StockDesk
from connectors.mplus.turn import READING, Turn, rank
from connectors.retry import RetryPolicy, with_retries
from connectors.transport import UNSENT, body_of
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent
from streams.vocabulary.permission import insist
from streams.vocabulary.time import Clock

T = TypeVar("T")

LONGEST_SMALL = 8 * 1024 * 1024
LONGEST_BULK = 128 * 1024 * 1024
"""Bytes of a reply; the stock of a hundred thousand articles at a branch is half of it."""
IN_A_THREAD = 128 * 1024
"""A longer reply is read in a thread, so that nothing else waits for it."""
CONNECT = 10.0
SMALL = 30.0
BULK = 600.0
"""Seconds that a call may take in all; the vendor's own clients allow as much (facts/mplus.md 1.4)."""
MOST_WAITING = 1000
"""Calls that wait for a lane; more are told to come again."""
COME_AGAIN = 5.0


class _Lane:
    """One call at a time, the most urgent first (turn.py)."""

    def __init__(self, seconds: float, longest: int) -> None:
        self.turn = Turn()
        self.waiting = 0
        self.seconds = seconds
        self.longest = longest
        self.timeout = httpx.Timeout(seconds, connect=min(CONNECT, seconds))


class MplusClient:
    """One Mplus administration. Safe to share between tasks; `await aclose()` at the end."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        administration: MplusAdministration,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        random: Random,
        policy: RetryPolicy | None = None,
        small: float = SMALL,
        bulk: float = BULK,
    ) -> None:
        """`http` brings the pool and stays the caller's to close; `small`, `bulk`: seconds for one call."""
        self._http = http
        self._administration = administration
        self._endpoint = administration.endpoint()
        self._clock = clock
        self._latest: datetime | None = None
        self._sleep = sleep
        self._random = random
        self._policy = policy or RetryPolicy()
        self._small = _Lane(small, LONGEST_SMALL)
        self._bulk = _Lane(bulk, LONGEST_BULK)
        self._desk = StockDesk(lambda make: self._retried(make, False, True, READING), sleep)

    @property
    def employee_number(self) -> int | None:
        """In whose name stock is written; None: in nobody's."""
        return self._administration.employee_number

    async def send(
        self, operation: Operation[T], hear: Hear | None = None
    ) -> Delivered[MplusAnswer[T]] | Failure:
        """Sends it in its lane, again where that is safe. Never raises for what Mplus or the network does."""
        return await self._retried(
            lambda: operation,
            operation.bulk,
            operation.idempotent,
            rank(operation.name),
            hear,
            operation.aside,
        )

    async def read_stock(self, article: int, branches: tuple[int, ...]) -> Delivered[Stock] | Failure:
        """The article's stock at these branches, asked for after this moment. Articles that wait for the lane at the
        same time share a call; one that is asked for twice is asked once. Raises ValueError without a branch."""
        return await self._desk.read(article, branches)

    async def api_version(self) -> Delivered[MplusAnswer[lookups.Version]] | Failure:
        """Whether Mplus answers, with which software."""
        return await self.send(lookups.api_version())

    async def branches(self) -> Delivered[MplusAnswer[list[lookups.Branch]]] | Failure:
        """The shops of the administration."""
        return await self.send(lookups.branches())

    async def payment_methods(self) -> Delivered[MplusAnswer[list[lookups.Method]]] | Failure:
        """The ways to pay that an order may name."""
        return await self.send(lookups.payment_methods())

    async def delivery_methods(self) -> Delivered[MplusAnswer[list[lookups.Method]]] | Failure:
        """The ways to deliver that an order may name."""
        return await self.send(lookups.delivery_methods())

    async def employees(self) -> Delivered[MplusAnswer[list[lookups.Numbered]]] | Failure:
        """The employees that an order may name."""
        return await self.send(lookups.employees())

    async def order_categories(self) -> Delivered[MplusAnswer[list[lookups.Numbered]]] | Failure:
        """The statuses that an order may have."""
        return await self.send(lookups.order_categories())

    async def turnover_groups(self) -> Delivered[MplusAnswer[list[lookups.Numbered]]] | Failure:
        """The turnover groups that a line may name."""
        return await self.send(lookups.turnover_groups())

    async def vat_groups(self) -> Delivered[MplusAnswer[list[lookups.VatGroup]]] | Failure:
        """The VAT codes that a line may name."""
        return await self.send(lookups.vat_groups())

    async def card_categories(self) -> Delivered[MplusAnswer[list[lookups.Numbered]]] | Failure:
        """The categories that a relation may have."""
        return await self.send(lookups.card_categories())

    async def relation(self, number: int) -> Delivered[MplusAnswer[str | None]] | Failure:
        """The name of a relation; None: there is none of this number."""
        return await self.send(relations.get(number))

    async def aclose(self) -> None:
        """Gives up readings that still wait."""
        await self._desk.aclose()

    # -- one call

    async def _retried(
        self,
        make: Callable[[], Operation[T]],
        bulk: bool,
        idempotent: bool,
        urgency: int,
        hear: Hear | None = None,
        aside: bool = False,
    ) -> Delivered[MplusAnswer[T]] | Failure:
        lane = self._bulk if bulk else self._small
        return await with_retries(
            lambda _: self._in_turn(lane, make, urgency, hear, aside),
            self._policy,
            self._sleep,
            self._random,
            idempotent,
        )

    async def _in_turn(
        self,
        lane: _Lane,
        make: Callable[[], Operation[T]],
        urgency: int,
        hear: Hear | None,
        aside: bool,
    ) -> Delivered[MplusAnswer[T]] | Failure:
        """One try. The lane is free while a retry waits."""
        if lane.waiting >= MOST_WAITING:
            return NotSent(why=f"{MOST_WAITING} calls wait for this Mplus already", retry_after=COME_AGAIN)
        lane.waiting += 1
        try:
            turn = lane.turn
            if aside and turn.held and not self._bulk.turn.held:
                turn = self._bulk.turn
            async with turn.of(urgency):
                return await self._once(make(), lane, hear)
        finally:
            lane.waiting -= 1

    async def _once(
        self, operation: Operation[T], lane: _Lane, hear: Hear | None
    ) -> Delivered[MplusAnswer[T]] | Failure:
        asked_at = self._now()
        try:
            async with asyncio.timeout(lane.seconds):
                answered = await self._exchange(operation, lane)
        except TimeoutError:
            return AnswerLost(why=f"Mplus did not answer {operation.name} within {lane.seconds:g} seconds")
        if isinstance(answered, Failure):
            return answered
        answered_at = self._now()
        status, body, retry_after = answered

        def kept() -> RawAnswer:
            return self._raw(operation.name, status, body, asked_at, answered_at)

        def read() -> Delivered[MplusAnswer[T]] | Failure:
            return understood(operation, status, body, retry_after, asked_at, answered_at)

        long = len(body) > IN_A_THREAD
        if hear is not None and operation.kept:  # before it is read: our own code may fail on it
            hear(await asyncio.to_thread(kept) if long else kept())
        outcome = await asyncio.to_thread(read) if long else read()
        if isinstance(outcome, Delivered):
            return outcome
        if hear is not None and not operation.kept:
            hear(kept())
        return reworded(outcome, self._administration.scrub)

    async def _exchange(
        self, operation: Operation[T], lane: _Lane
    ) -> tuple[int, bytes, str | None] | Failure:
        insist()
        request = self._http.build_request(
            "POST",
            str(self._endpoint),
            content=operation.body,
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": operation.name},
            timeout=lane.timeout,
        )
        request.url = self._endpoint
        try:
            answer = await self._http.send(request, stream=True, follow_redirects=False)
        except UNSENT as error:
            return NotSent(why=f"Mplus cannot be reached ({type(error).__name__})")
        except httpx.HTTPError as error:
            return AnswerLost(why=f"Mplus did not answer {operation.name} ({type(error).__name__})")
        try:
            body = await body_of(answer, lane.longest)
        except httpx.HTTPError as error:
            return AnswerLost(why=f"the answer to {operation.name} was cut short ({type(error).__name__})")
        finally:
            await answer.aclose()
        if body is None:
            return AnswerLost(why=f"the answer to {operation.name} is longer than {lane.longest} bytes")
        return answer.status_code, body, answer.headers.get("retry-after")

    def _now(self) -> datetime:
        """The clock, never backwards: the order of readings and bookings hangs on it."""
        now = self._clock()
        if self._latest is None or now > self._latest:
            self._latest = now
        return self._latest

    def _raw(
        self, name: str, status: int, body: bytes, asked_at: datetime, answered_at: datetime
    ) -> RawAnswer:
        return RawAnswer(
            vendor="mplus",
            operation=name,
            status=status,
            body=self._administration.scrub_bytes(body),
            asked_at=asked_at,
            answered_at=answered_at,
        )
