"""The one place for time: aware datetimes, UTC inside. Clocks are passed in, never looked up.

Only a composition root (app/composition.py, the simulators' entry, a test's fixture) names `system_clock`.
"""

from __future__ import annotations

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
