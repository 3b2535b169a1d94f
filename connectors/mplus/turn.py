"""Whose turn it is in a lane that takes one call at a time: the most urgent of those who wait, then who came first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count

READING = 0
"""A number on sale waits for it."""
INTO = 1
"""A customer, an order: the way into Mplus."""
AFTER = 2
"""What follows an order that is there already, and everything else."""
_INTO = frozenset(
    ("findRelationV2", "createRelation", "updateRelation", "findOrder", "createOrderV2", "createOrderV3")
)


def rank(operation: str) -> int:
    """How urgent a call is, by its operation; the lower the sooner."""
    return READING if operation == "getStock" else INTO if operation in _INTO else AFTER


class Turn:
    """A lock that is handed to the most urgent of those who wait, every so often to who has waited longest: what is
    less urgent comes late, and is never forgotten."""

    def __init__(self, every: int = 4) -> None:
        """`every`: of so many turns at most, one is for who has waited longest, whatever its rank."""
        self._held = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._came = count()
        self._every = every
        self._given = 0

    @property
    def held(self) -> bool:
        """Somebody has it now."""
        return self._held

    @asynccontextmanager
    async def of(self, urgency: int) -> AsyncIterator[None]:
        """Waits for the turn, and gives it on."""
        await self._wait(urgency)
        try:
            yield
        finally:
            self._give_on()

    async def _wait(self, urgency: int) -> None:
        if not self._held:
            self._held = True
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (urgency, next(self._came), mine))
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._give_on()  # it was handed over in the very moment that we gave up
            raise

    def _give_on(self) -> None:
        while self._waiting:
            self._given += 1
            if self._given % self._every == 0:
                oldest = min(range(len(self._waiting)), key=lambda place: self._waiting[place][1])
                _, number, mine = self._waiting[oldest]
                self._waiting[oldest] = (-1, number, mine)
                self._waiting.sort()
            _, _, mine = heappop(self._waiting)
            if not mine.done():
                mine.set_result(None)
                return
        self._held = False
