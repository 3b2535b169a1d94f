"""Asynchronous writes and how they ended: kept for a limited time, as at Bol. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime

from connectors.bol.simulator.records import Fate, Process
from streams.vocabulary.time import Clock, seconds

MOST = 50_000
"""Writes that are remembered."""
WORDS = {"FAILURE": "The request failed (simulated).", "TIMEOUT": "The request timed out (simulated)."}


class Processes:
    """Every write that was answered with 202, oldest first."""

    def __init__(
        self, clock: Clock, number: Callable[[], int], lasts: float, kept: float, most: int = MOST
    ) -> None:
        """`lasts`: seconds from the 202 to the end; `kept`: seconds after which nobody knows it any more."""
        self._clock = clock
        self._number = number
        self._lasts = lasts
        self._kept = kept
        self._most = most
        self._all: dict[str, Process] = {}
        self._running: deque[Process] = deque()

    def begin(self, event_type: str, description: str, entity_id: str, fate: Fate = "SUCCESS") -> Process:
        """A new one, PENDING. `fate`: how it will end; it may still be changed to FAILURE by who began it."""
        now = self._clock()
        self._forget(now, self._most - 1)
        process = Process(
            process_id=str(1_000_000 + self._number()),
            event_type=event_type,
            description=description,
            entity_id=entity_id,
            made=now,
            ends=now + seconds(self._lasts),
            outcome=fate,
            error=WORDS.get(fate, ""),
        )
        self._all[process.process_id] = process
        self._running.append(process)
        return process

    def get(self, process_id: str) -> Process | None:
        """None: never heard of, or too long ago."""
        self._forget(self._clock(), self._most)
        return self._all.get(process_id)

    def of(self, entity_id: str, event_type: str) -> list[Process]:
        """Newest first."""
        self._forget(self._clock(), self._most)
        found = [p for p in self._all.values() if (p.entity_id, p.event_type) == (entity_id, event_type)]
        return found[::-1]

    def ended(self) -> list[Process]:
        """Those that have ended since the last asking."""
        now = self._clock()
        fresh: list[Process] = []
        while self._running and self._running[0].ends <= now:
            fresh.append(self._running.popleft())
        return fresh

    def __iter__(self) -> Iterator[Process]:
        """Those that are remembered, oldest first."""
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def _forget(self, now: datetime, most: int) -> None:
        while self._all:
            oldest = next(iter(self._all.values()))
            if len(self._all) <= most and oldest.ends + seconds(self._kept) > now:
                return
            del self._all[oldest.process_id]
