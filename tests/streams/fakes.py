"""Hand-written stand-ins for the seams, for tests of the shell."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from streams.log.base import Draft, LogUnavailable, LogWriter, TopicPartition
from streams.observer import Observer
from streams.vocabulary.effects import Effect, Execution


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Moves on."""
        self.now += timedelta(seconds=seconds)


class ListWriter(LogWriter):
    """Keeps what is appended; refuses as often as it is told to."""

    def __init__(self) -> None:
        self.writes: list[list[Draft]] = []
        self.refuse = 0
        self.grown = asyncio.Event()

    async def append(self, drafts: Sequence[Draft]) -> list[tuple[TopicPartition, int]]:
        if self.refuse:
            self.refuse -= 1
            raise LogUnavailable("the disk is full")
        self.writes.append(list(drafts))
        self.grown.set()
        return [(TopicPartition(draft.topic, 0), 0) for draft in drafts]

    @property
    def drafts(self) -> list[Draft]:
        """All of them, in order."""
        return [draft for write in self.writes for draft in write]

    async def until(self, count: int) -> None:
        """Waits for so many writes."""
        async with asyncio.timeout(5):
            while len(self.writes) < count:
                self.grown.clear()
                await self.grown.wait()


class Notebook(Observer):
    """Writes down what the shell says of itself."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []

    def applied(self, flow: str, records: int) -> None:
        self.said.append(("applied", flow, records))

    def skipped(self, flow: str, records: int) -> None:
        self.said.append(("skipped", flow, records))

    def parked(self, flow: str, records: int) -> None:
        self.said.append(("parked", flow, records))

    def rewound(self, flow: str) -> None:
        self.said.append(("rewound", flow))

    def stalled(self, flow: str, why: str | None) -> None:
        self.said.append(("stalled", flow, why))

    def settled(self, vendor: str, effect: str, outcome: str, seconds: float) -> None:
        self.said.append(("settled", vendor, effect, outcome))

    def fresh(self, kind: str, millis: int) -> None:
        self.said.append(("fresh", kind, millis))


class GatedExecutor:
    """Runs effects when the test lets it."""

    def __init__(self, answer: Callable[[Effect], Execution]) -> None:
        self._answer = answer
        self.started: list[tuple[str, Effect, bool]] = []
        self.running = 0
        self.most = 0
        self.begun = asyncio.Event()
        self._gates: list[asyncio.Event] = []
        self.open = False

    async def execute(self, connection: str, effect: Effect, repeated: bool) -> Execution:
        """See streams/vocabulary/effects.py."""
        self.started.append((connection, effect, repeated))
        self.running += 1
        self.most = max(self.most, self.running)
        self.begun.set()
        gate = asyncio.Event()
        self._gates.append(gate)
        if not self.open:
            await gate.wait()
        self.running -= 1
        return self._answer(effect)

    def let_go(self, place: int = 0) -> None:
        """Ends the call that started as number `place` of those still waiting."""
        self._gates.pop(place).set()

    def let_all_go(self) -> None:
        """Ends those that wait, and holds up none from now on."""
        self.open = True
        while self._gates:
            self.let_go()

    async def until(self, count: int) -> None:
        """Waits for so many calls to have started."""
        async with asyncio.timeout(5):
            while len(self.started) < count:
                self.begun.clear()
                await self.begun.wait()


async def at_once(_: float) -> None:
    """A sleep that is over at once, after letting others run."""
    await asyncio.sleep(0)
