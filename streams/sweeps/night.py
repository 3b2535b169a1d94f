"""The time of night, by the clock on the shop's wall. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time

from streams.vocabulary.time import SHOP_ZONE


def last_night(at: datetime, clock: str) -> datetime:
    """The last moment, at `at` or before it, at which it was this late (`03:15`) in the shop. Raises ValueError for
    what is no time of day."""
    today = at.astimezone(SHOP_ZONE).date()
    moment = _moment(today.toordinal(), clock)
    return moment if moment <= at else _moment(today.toordinal() - 1, clock)


def next_night(at: datetime, clock: str) -> datetime:
    """The first such moment after `at`."""
    today = at.astimezone(SHOP_ZONE).date()
    moment = _moment(today.toordinal(), clock)
    return moment if moment > at else _moment(today.toordinal() + 1, clock)


def _moment(day: int, clock: str) -> datetime:
    """A time that the clock skips in spring is an hour later, one that comes twice in autumn is the first."""
    wall = datetime.combine(datetime.fromordinal(day).date(), time.fromisoformat(clock), SHOP_ZONE)
    return wall.astimezone(UTC)
