"""Which list calls cover a time: pure. `GET /retailer/orders` (bol-retailer-v10) filters by minutes back, at
most 60, or by the day of the last change, 3 months back."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from streams.vocabulary.time import SHOP_ZONE

Window = tuple[tuple[str, str], ...]

MOST_MINUTES = 60
OVERLAP_MINUTES = 2
"""Bol asks for at least a minute more than the time between polls; clocks differ by a little."""
MOST_DAYS = 90


def windows(since: datetime | None, now: datetime) -> tuple[Window, ...]:
    """The filters of the list calls that see every change after `since`; None: the last hour.

    Short gaps take one call by minutes, long ones a call per day (Dutch days), the oldest first.
    """
    if since is None:
        return (_minutes(MOST_MINUTES),)
    gap = math.ceil(max(0.0, (now - since).total_seconds()) / 60) + OVERLAP_MINUTES
    if gap <= MOST_MINUTES:
        return (_minutes(gap),)
    last = now.astimezone(SHOP_ZONE).date()
    first = (since - timedelta(minutes=OVERLAP_MINUTES)).astimezone(SHOP_ZONE).date()
    first = max(first, last - timedelta(days=MOST_DAYS))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return (*((("latest-change-date", day.isoformat()),) for day in days), _minutes(MOST_MINUTES))


def _minutes(count: int) -> Window:
    return (("change-interval-minute", str(count)),)
