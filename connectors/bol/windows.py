"""Which list calls cover a time: pure. `GET /retailer/orders` (bol-retailer-v10) filters by minutes back, at
most 60, or by the day of the last change, 3 months back."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from streams.vocabulary.time import SHOP_ZONE, utc

Window = tuple[tuple[str, str], ...]

MOST_MINUTES = 60
OVERLAP_MINUTES = 2
"""Bol asks for at least a minute more than the time between polls; clocks differ by a little."""
MOST_DAYS = 89
"""The shortest three months there are."""
DAYS_AT_ONCE = 7
"""Days that one sweep reads before it writes down how far it came: the list allows 25 calls a minute
(facts/bol.md), and what is read should not be lost to a stop."""


class Plan(NamedTuple):
    """The list calls of one sweep, the oldest first."""

    windows: tuple[Window, ...]
    cursor: datetime
    """Everything that changed before this moment is covered once they are read: the next sweep's `since`."""
    more: bool
    """Whether it leaves days over that the next sweep reads at once."""


def plan(since: datetime | None, now: datetime) -> Plan:
    """The list calls that see every change after `since`; None: the last hour. Three months at most.

    A `since` that is yet to come was told by a clock that was ahead, and nobody knows when the last sweep really was:
    the last hour is read then too. Short gaps take one call by minutes; long ones a call per day, so many days at once,
    then the last hour. Whether Bol's days are Dutch ones or UTC is not documented: a day more is asked for where they
    differ.
    """
    if since is None or since > now:
        return Plan((_minutes(MOST_MINUTES),), now, more=False)
    gap = math.ceil(max(0.0, (now - since).total_seconds()) / 60) + OVERLAP_MINUTES
    if gap <= MOST_MINUTES:
        return Plan((_minutes(gap),), now, more=False)
    overlap = timedelta(minutes=OVERLAP_MINUTES)
    # The Dutch day is never behind the UTC day, so these two are the outer ones.
    last = now.astimezone(SHOP_ZONE).date()
    first = max((utc(since) - overlap).date(), last - timedelta(days=MOST_DAYS))
    count = (last - first).days + 1
    days = [first + timedelta(days=number) for number in range(count)]
    if count <= DAYS_AT_ONCE + 2:
        return Plan((*map(_day, days), _minutes(MOST_MINUTES)), now, more=False)
    # Two days at least are left over, so the next plan goes by days again, from the first that is not read here.
    cursor = datetime.combine(days[DAYS_AT_ONCE], time(), UTC) + overlap
    return Plan(tuple(map(_day, days[:DAYS_AT_ONCE])), cursor, more=True)


def _day(day: date) -> Window:
    return (("latest-change-date", day.isoformat()),)


def _minutes(count: int) -> Window:
    return (("change-interval-minute", str(count)),)
