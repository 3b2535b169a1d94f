"""Sends calls to Mplus: two lanes, readings gathered, retries, and one of four outcomes.

The small lane takes one call at a time, so that readings and bookings of a connection have an order on our
clock: a reading asked after a booking was answered contains it. What takes long (whole feeds) has a lane of
its own. Worker threads of an installation are few (facts/mplus.md 1.4): two calls at once is all it gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import NamedTuple
from urllib.parse import quote

import httpx

from connectors.mplus import soap
from connectors.mplus.administration import MplusAdministration
from connectors.mplus.stock import get_stock, readings
from connectors.retry import RetryPolicy, with_retries
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent, Refused
from streams.vocabulary.stock_reading import Reading
from streams.vocabulary.time import Clock

LONGEST_BODY = 256 * 1024 * 1024
"""Bytes of a reply: the whole stock of some hundred thousand articles fits."""
IN_A_THREAD = 256 * 1024
"""A longer reply is parsed in a thread, so that nothing else waits for it."""
ARTICLES_AT_ONCE = 100
"""Articles asked for in one getStock."""
SMALL = httpx.Timeout(20.0, connect=10.0)
BULK = httpx.Timeout(600.0, connect=30.0)
"""As the vendor's own clients (facts/mplus.md 1.4)."""


class Operation(NamedTuple):
    """One request."""

    name: str
    body: bytes
    idempotent: bool = True
    bulk: bool = False


class MplusAnswer(NamedTuple):
    """A reply without a fault."""

    element: soap.Element
    raw: RawAnswer


class Stock(NamedTuple):
    """The readings of one article, and when they were asked for and answered."""

    readings: tuple[Reading, ...]
    asked_at: datetime
    answered_at: datetime


_Waiting = dict[int, list["asyncio.Future[Delivered[Stock] | Failure]"]]


class MplusClient:
    """One Mplus administration. Safe to share between tasks."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        administration: MplusAdministration,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        random: Random,
        policy: RetryPolicy | None = None,
        small: httpx.Timeout = SMALL,
        bulk: httpx.Timeout = BULK,
    ) -> None:
        """`http` brings the pool; timeouts are set per call."""
        self._http = http
        self._secret = administration.secret
        query = f"ident={quote(administration.ident, safe='')}&secret={quote(administration.secret, safe='')}"
        self._url = httpx.URL(f"{administration.api_url.rstrip('/')}/?{query}")
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._policy = policy or RetryPolicy()
        self._timeouts = {False: small, True: bulk}
        self._lanes = {False: asyncio.Lock(), True: asyncio.Lock()}
        self._waiting: dict[tuple[int, ...], _Waiting] = {}
        self._drains: set[asyncio.Task[None]] = set()

    async def send(self, operation: Operation) -> Delivered[MplusAnswer] | Failure:
        """Sends it in its lane, again where that is safe. Never raises for what Mplus or the network does."""
        async with self._lanes[operation.bulk]:
            return await self._retried(operation)

    async def read_stock(self, article: int, branches: tuple[int, ...]) -> Delivered[Stock] | Failure:
        """The article's stock at these branches, asked for after this moment. Articles that wait for the lane at the
        same time share a call; one that is asked for twice is asked once."""
        future: asyncio.Future[Delivered[Stock] | Failure] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(branches, {})
        first = not waiting
        waiting.setdefault(article, []).append(future)
        if first:
            drain = asyncio.create_task(self._drain(branches))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        return await future

    async def _drain(self, branches: tuple[int, ...]) -> None:
        """Asks for all articles that wait, a call at a time, letting others into the lane in between."""
        while self._waiting.get(branches):
            async with self._lanes[False]:
                waiting = self._waiting[branches]
                batch = {article: waiting.pop(article) for article in list(waiting)[:ARTICLES_AT_ONCE]}
                try:
                    outcomes = await self._read(tuple(batch), branches)
                except BaseException as error:
                    for futures in batch.values():
                        for future in futures:
                            if not future.done():
                                future.set_result(
                                    AnswerLost(why=f"our own code failed: {type(error).__name__}")
                                )
                    raise
            for article, futures in batch.items():
                for future in futures:
                    if not future.done():
                        future.set_result(outcomes[article])

    async def _read(
        self, articles: tuple[int, ...], branches: tuple[int, ...]
    ) -> dict[int, Delivered[Stock] | Failure]:
        found: dict[int, list[Reading]] = {article: [] for article in articles}
        began = ended = self._clock()
        for branch in branches:
            sent = await self._retried(Operation("getStock", get_stock(branch, articles)))
            if not isinstance(sent, Delivered):
                return dict.fromkeys(articles, sent)
            raw = sent.answer.raw
            ended = raw.answered_at
            began = min(began, raw.asked_at)
            try:
                for reading in readings(sent.answer.element, branch, raw.asked_at, raw.answered_at):
                    if reading.article_number in found and reading.branch == branch:
                        found[reading.article_number].append(reading)
            except soap.Unreadable as error:
                return dict.fromkeys(articles, AnswerLost(why=str(error)))
        return {
            article: Delivered(Stock(tuple(readings), began, ended)) for article, readings in found.items()
        }

    # -- one call

    async def _retried(self, operation: Operation) -> Delivered[MplusAnswer] | Failure:
        return await with_retries(
            lambda _: self._once(operation), self._policy, self._sleep, self._random, operation.idempotent
        )

    async def _once(self, operation: Operation) -> Delivered[MplusAnswer] | Failure:
        asked_at = self._clock()
        request = self._http.build_request(
            "POST",
            self._url,
            content=operation.body,
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": operation.name},
            timeout=self._timeouts[operation.bulk],
        )
        try:
            answer = await self._http.send(request, stream=True)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.UnsupportedProtocol,
        ) as error:
            return NotSent(why=f"Mplus cannot be reached ({type(error).__name__})")
        except httpx.HTTPError as error:
            return AnswerLost(why=f"Mplus did not answer {operation.name} ({type(error).__name__})")
        try:
            body = await _bounded(answer)
        except httpx.HTTPError as error:
            return AnswerLost(why=f"the answer to {operation.name} was cut short ({type(error).__name__})")
        finally:
            await answer.aclose()
        if body is None:
            return AnswerLost(why=f"the answer to {operation.name} is longer than {LONGEST_BODY} bytes")
        answered_at = self._clock()
        try:
            if len(body) > IN_A_THREAD:
                element = await asyncio.to_thread(soap.reply, body)
            else:
                element = soap.reply(body)
        except soap.Unreadable as error:
            return self._unreadable(operation, answer.status_code, str(error))
        if isinstance(element, soap.Fault):
            return self._fault(element)
        if answer.status_code != 200:
            return AnswerLost(why=f"Mplus answered {operation.name} with HTTP {answer.status_code}")
        raw = RawAnswer(
            vendor="mplus",
            operation=operation.name,
            status=answer.status_code,
            body=body,
            asked_at=asked_at,
            answered_at=answered_at,
        )
        return Delivered(MplusAnswer(element, raw))

    def _unreadable(self, operation: Operation, status: int, reason: str) -> Failure:
        if status == 429:
            return NotSent(why="Mplus asks for patience (HTTP 429)")
        if 400 <= status < 500:
            return Refused(said=f"HTTP {status} to {operation.name}", code=str(status))
        return AnswerLost(why=f"HTTP {status} to {operation.name}: {reason}")

    def _fault(self, fault: soap.Fault) -> Failure:
        said = " ".join(fault.said.replace(self._secret, "***").split())[:500] if self._secret else fault.said
        if fault.ours:
            return Refused(said=said or fault.code, code=fault.code)
        return AnswerLost(why=f"Mplus has trouble ({fault.code}: {said})")


async def _bounded(answer: httpx.Response) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > LONGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)
