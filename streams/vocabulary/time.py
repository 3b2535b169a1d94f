"""The one place for time: aware datetimes, UTC inside. Clocks are passed in, never looked up.

Only a composition root (app/composition.py, the simulators' entry, a test's fixture) names `system_clock`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""

SHOP_ZONE = ZoneInfo("Europe/Amsterdam")
"""The wall clock of a Mplus installation: facts/mplus.md 2.3."""


def system_clock() -> datetime:
    """The machine's clock, for composition roots only."""
    return datetime.now(UTC)


_GOES_ON = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds since some moment, which no setting of the clock changes; where the system can (Linux) they go on while
    the machine is suspended."""
    return time.clock_gettime(_GOES_ON)


NEAR = 0.5
"""Seconds by which the machine's clock may be corrected without being doubted (NTP slews, leap seconds)."""
BELIEVED = 60.0
"""Seconds after which a jump of the machine's clock is taken for what it is."""


CLOCKS_DIFFER = 15.0
"""Seconds by which the clocks of our processes may differ. What a row has from later than the record it is looking at
and this was told by a clock that was ahead of the others (a machine that came up with a wrong one, say)."""


class SteadyClock:
    """The machine's clock without its jumps, never going back by a correction.

    What happened before what is told by our clock in several places (a booking, and the reading that contains it). A
    clock that is stepped ahead for some seconds would leave facts from the future behind, which win over later ones. So
    time goes on as it did until a jump has lasted for BELIEVED seconds; then it is taken over, and `jumped` is told.
    """

    def __init__(
        self,
        wall: Clock,
        passing: Callable[[], float],
        jumped: Callable[[timedelta], None] = lambda by: None,
    ) -> None:
        """`wall` is what may jump; `passing` gives seconds that do not. `jumped(by)` is called within a call of the
        clock, in the moment that it takes the jump over."""
        self._wall = wall
        self._passing = passing
        self._jumped = jumped
        self._last = self._anchor = wall()
        self._anchored = passing()
        self._doubt: tuple[float, float] | None = None
        """The jump in seconds, and when it was first seen."""

    def __call__(self) -> datetime:
        """The present moment, as `Clock`."""
        wall, now = self._wall(), self._passing()
        ahead = (wall - self._anchor).total_seconds() - (now - self._anchored)
        if -NEAR <= ahead <= NEAR:
            self._doubt = None
        elif self._doubt is None or abs(ahead - self._doubt[0]) > NEAR:
            self._doubt = (ahead, now)
            return self._go_on(now)
        elif now - self._doubt[1] < BELIEVED:
            return self._go_on(now)
        else:
            self._doubt = None
            self._last = self._anchor = wall
            self._anchored = now
            self._jumped(timedelta(seconds=ahead))
            return wall
        self._anchor, self._anchored = wall, now
        if wall > self._last:
            self._last = wall
        return self._last

    def _go_on(self, now: float) -> datetime:
        self._last = max(self._last, self._anchor + timedelta(seconds=now - self._anchored))
        return self._last


def utc(moment: datetime) -> datetime:
    """Any aware datetime in UTC. Raises ValueError on a naive one: its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError(f"a datetime without a zone: {moment.isoformat()}")
    return moment.astimezone(UTC)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970: what a log record carries."""
    return round(utc(moment).timestamp() * 1000)


def moment_of(ms: int) -> datetime:
    """The moment of a log record's milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@lru_cache(maxsize=64)
def seconds(count: float) -> timedelta:
    """A span, spelled so that a caller reads `at + seconds(5)`."""
    return timedelta(seconds=count)
