"""Readings of single articles, gathered: what waits for its turn at the same time shares a call.

A reading is good for everyone who asked before its call started, and for nobody after: then it may have
missed what they ask because of. On a busy day one call would follow the other, each for the two or three articles that
were sold meanwhile, before everything else that waits for Mplus; so a call begins GATHER after the one before, and what
is asked for until then shares it. The first one after a pause begins at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from connectors.mplus import stock
from connectors.mplus.failure import login
from connectors.mplus.operation import MplusAnswer, Operation
from streams.vocabulary.outcomes import Delivered, Failure, Refused
from streams.vocabulary.stock_reading import Reading

ARTICLES_AT_ONCE = 100
"""Articles asked for in one getStock."""
GATHER = 0.1
"""Seconds from the start of a call to the start of the next one, unless that is full. A till sale is off the number
before it is read; what a reading alone tells of comes so much later at most."""


class Stock(NamedTuple):
    """The readings of one article, one per branch that has one, and when they were asked for and answered."""

    readings: tuple[Reading, ...]
    asked_at: datetime
    answered_at: datetime


Outcome = Delivered[Stock] | Failure


Send = Callable[
    [Callable[[], Operation[list[Reading]]]], Awaitable[Delivered[MplusAnswer[list[Reading]]] | Failure]
]
"""Sends what the function makes; calls it when the call's turn has come, not before."""


class _Batch(NamedTuple):
    branches: tuple[int, ...]
    articles: dict[int, asyncio.Future[Outcome]]


class StockDesk:
    """Where readings are asked for."""

    def __init__(self, send: Send, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._send = send
        self._sleep = sleep
        self._open: dict[tuple[int, ...], _Batch] = {}
        """By branches: the batch whose call has not started."""
        self._running: set[asyncio.Task[None]] = set()
        self._resting: dict[tuple[int, ...], asyncio.Task[None]] = {}
        """By branches: until the next call."""

    async def read(self, article: int, branches: tuple[int, ...]) -> Outcome:
        """The article's stock at these branches, asked for after this moment. Raises ValueError without a branch."""
        if not branches:
            raise ValueError("stock is read at one branch at least")
        batch = self._open.get(branches)
        if batch is None or (article not in batch.articles and len(batch.articles) >= ARTICLES_AT_ONCE):
            batch = self._open[branches] = _Batch(branches, {})
            self._start(self._run(batch))
        future = batch.articles.get(article)
        if future is None:
            future = batch.articles[article] = asyncio.get_running_loop().create_future()
        # Who asks may be cancelled; the others of the same article still wait for it.
        return await asyncio.shield(future)

    async def aclose(self) -> None:
        """Gives up what runs and waits; who waits for it is cancelled."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _start(self, what: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        # For many who ask: whether the first one still may (permission.py) is nothing to the others.
        task = asyncio.create_task(what, context=Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _run(self, batch: _Batch) -> None:
        try:
            await self._gathered(batch)
            outcomes = await self._read(batch)
            for article, future in batch.articles.items():
                future.set_result(outcomes[article])
        except Exception as error:
            for future in batch.articles.values():
                if not future.done():
                    future.set_exception(error)
        finally:
            self._close(batch)
            for future in batch.articles.values():
                future.cancel()

    async def _gathered(self, batch: _Batch) -> None:
        """Waits until a call may begin."""
        while len(batch.articles) < ARTICLES_AT_ONCE and batch.branches in self._resting:
            await asyncio.wait({self._resting[batch.branches]})

    async def _rest(self, branches: tuple[int, ...]) -> None:
        try:
            await self._sleep(GATHER)
        finally:
            if self._resting.get(branches) is asyncio.current_task():
                del self._resting[branches]

    async def _read(self, batch: _Batch) -> dict[int, Outcome]:
        whole = await self._read_together(batch, None)
        if not isinstance(whole, Refused) or len(batch.articles) == 1 or login(whole):
            return dict.fromkeys(batch.articles, whole) if isinstance(whole, Failure) else dict(whole)
        # One of them may have spoilt it for all.
        outcomes: dict[int, Outcome] = {}
        lost: Failure | None = None
        for article in batch.articles:
            if lost is not None:
                outcomes[article] = lost
                continue
            alone = await self._read_together(batch, article)
            outcomes[article] = alone if isinstance(alone, Failure) else alone[article]
            lost = alone if isinstance(alone, Failure) and not isinstance(alone, Refused) else None
        return outcomes

    async def _read_together(self, batch: _Batch, only: int | None) -> dict[int, Delivered[Stock]] | Failure:
        answers: list[MplusAnswer[list[Reading]]] = []
        for branch in batch.branches:
            sent = await self._send(partial(self._begin, batch, branch, only))
            if not isinstance(sent, Delivered):
                return sent
            answers.append(sent.answer)
        found: dict[int, list[Reading]] = {}
        for one in chain.from_iterable(answer.what for answer in answers):
            found.setdefault(one.article_number, []).append(one)
        began, ended = answers[0].asked_at, answers[-1].answered_at
        articles = batch.articles if only is None else (only,)
        return {one: Delivered(Stock(tuple(found.get(one, ())), began, ended)) for one in articles}

    def _begin(self, batch: _Batch, branch: int, only: int | None) -> Operation[list[Reading]]:
        self._close(batch)
        self._resting[batch.branches] = self._start(self._rest(batch.branches))
        return stock.of_articles(branch, tuple(batch.articles) if only is None else (only,))

    def _close(self, batch: _Batch) -> None:
        """From now on whoever asks gets another batch."""
        if self._open.get(batch.branches) is batch:
            del self._open[batch.branches]
