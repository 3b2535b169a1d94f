"""Ends what takes too long, with one timer for all of it: a timer for each push costs as much as its signature."""

from __future__ import annotations

import asyncio
from types import TracebackType

TICK = 0.25
"""Seconds between two looks: by so much a limit may be passed."""


class Limit:
    """`with deadlines.within(seconds) as limit`: raises TimeoutError in the midst of it when the time is over."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "ends")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        """Use `Deadlines.within`."""
        task = asyncio.current_task()
        assert task is not None, "within a task"
        self._deadlines = deadlines
        self._task = task
        self._cancelling = task.cancelling()
        self._expired = False
        self.ends = asyncio.get_running_loop().time() + seconds

    def again(self, seconds: float) -> None:
        """So many seconds from now on."""
        self.ends = asyncio.get_running_loop().time() + seconds

    def expire(self) -> None:
        """The time is over."""
        self._expired = True
        self._task.cancel()

    def __enter__(self) -> Limit:
        self._deadlines.watch(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.forget(self)
        # As asyncio.timeout does it: a cancellation by somebody else goes on its way.
        ours = self._expired and self._task.uncancel() <= self._cancelling
        if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error


class Deadlines:
    """The limits that run now, of one event loop."""

    def __init__(self) -> None:
        self._running: set[Limit] = set()
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> Limit:
        """A limit for what the present task does next."""
        return Limit(self, seconds)

    def watch(self, limit: Limit) -> None:
        """It has begun."""
        self._running.add(limit)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK, self._look)

    def forget(self, limit: Limit) -> None:
        """It has ended."""
        self._running.discard(limit)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for limit in [one for one in self._running if one.ends <= now]:
            self._running.discard(limit)
            limit.expire()
        self._timer = loop.call_later(TICK, self._look) if self._running else None
