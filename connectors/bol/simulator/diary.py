"""What is due: a clock that does late what nobody was there to see in time, as if it had been in time. No I/O.

Nothing runs in the background of the books. Whoever looks at them has done first what was due by then; while it is
done, the clock stands at the moment it was due, so that books and pushes tell that moment.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime

from streams.vocabulary.time import Clock


class Diary:
    """Called, it tells the time, as `Clock` does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at: datetime | None = None
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._numbers = 0

    def __call__(self) -> datetime:
        """The present moment, or the one that what is being done now was due at."""
        return self._clock() if self._at is None else self._at

    def enter(self, at: datetime, act: Callable[[], None]) -> None:
        """`act` is due at this moment. It must see for itself whether it is still wanted then."""
        self._numbers += 1
        heapq.heappush(self._due, (at, self._numbers, act))

    def catch_up(self) -> None:
        """Does what is due, the oldest first."""
        if self._at is not None:
            return
        now = self._clock()
        while self._due and self._due[0][0] <= now:
            self._at, _, act = heapq.heappop(self._due)
            try:
                act()
            finally:
                self._at = None

    def __len__(self) -> int:
        return len(self._due)
