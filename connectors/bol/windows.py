"""Which page of Bol's order list is read next, so that no order that changed slips through: pure.

`GET /retailer/orders` (bol-retailer-v10) filters by minutes back, at most 60, or by the day of the last change, 3
months back, and gives pages of 50 by number. While pages are read the list moves, and in which order it stands is not
documented. What can be relied on is in which direction it can move:

- A list that only grows is read from its first page on. What is added pushes the rest to later pages, which are still
  to come: an order that stays as it is may be seen twice, never not at all.
- A list that only shrinks is read from its last page back. What goes pulls the rest to earlier pages, which are still
  to come. Where its last page is, is looked for first (doubling, then halving); what is beyond it stays empty.
- What changes while it is read is left to the list by minutes of after it began.

The list of a day that is not over grows: what changed that day can only change again that day. The list of a day that
is over shrinks: what changes again leaves it for today's. Whether Bol's days are Dutch ones or UTC is not documented,
so there is a time when nobody knows: then it is read both ways. A list by minutes loses at one end what it gains at
the other, unless it is asked for that much further back with every page: then it only grows. Where that would be more
than 60 minutes back, the days are read instead.

While days are read, which takes minutes for thousands of orders (25 calls a minute: facts/bol.md), the list by minutes
is looked at every now and then: what a customer orders now does not wait for what was ordered yesterday.

A sweep is a sequence of such pages. Each has a `Place`; where it ends and what is to be read next is in the next one,
which is kept in the row of the sweeps flow. So the orders of a page are on their way before the next one is read, and
a stop loses nothing that was read.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from streams.vocabulary.fact import Value
from streams.vocabulary.time import CLOCKS_DIFFER, SHOP_ZONE, seconds, utc

Window = tuple[tuple[str, str], ...]
Way = Literal["forward", "seek", "back"]

MOST_MINUTES = 60
FIRST_MINUTES = 50
"""At the very first sweep: about an hour, with room to reach further back for later pages."""
OVERLAP_MINUTES = 2
"""Bol asks for at least a minute more than the time between polls; clocks differ by a little."""
MOST_DAYS = 89
"""The shortest three months there are."""
MOST_PAGES = 2_000
"""Pages of one list: 100,000 orders changed on a day."""
LOOK_AGAIN = 60.0
"""Seconds between two looks at what changes while days are read."""
SLACK = 100.0
"""Seconds within which a page is answered after it is planned: the wait for the limit, and the call itself."""


class TooLong(Exception):
    """A list has more than MOST_PAGES pages."""


class Days(Value, frozen=True, omit_defaults=True):
    """Lists by day, from `day` back to `first`."""

    day: date
    first: date
    way: Way
    page: int = 1
    known: int = 0
    """While the last page is looked for: a page that had orders; 0: none yet."""
    beyond: int = 0
    """Likewise: a page that was empty; 0: none yet."""


class Minutes(Value, frozen=True, omit_defaults=True):
    """A list by minutes."""

    began: datetime
    """What changes after this is not seen for sure: the next look begins here."""
    count: int
    page: int = 1
    before: int = 0
    """`count` of the page before."""
    asked: datetime | None = None
    """When the page before was asked for."""


class Place(Value, frozen=True, omit_defaults=True):
    """Where a sweep is."""

    since: datetime | None = None
    """What changed after this is looked for; None: in the last hour."""
    covered: datetime | None = None
    """What changes after this is seen by the next list by minutes; before it, by the days."""
    days: Days | None = None
    minutes: Minutes | None = None
    found: int = 0
    """Orders on all pages so far, some of them twice."""


class Next(NamedTuple):
    """The page to read, and the place to go on from with its answer."""

    place: Place
    window: Window
    page: int


def begin(since: datetime | None, place: str) -> Place:
    """Where the sweep goes on; at its beginning `place` is empty. One that cannot be read was written by another
    version: then as far back as Bol goes."""
    if not place:
        return Place(since=since, covered=since)
    try:
        return msgspec.json.decode(place.encode(), type=Place)
    except msgspec.DecodeError:
        long_ago = datetime(2000, 1, 1, tzinfo=UTC)
        return Place(since=long_ago, covered=long_ago)


def written(place: Place) -> str:
    """For `begin`."""
    return msgspec.json.encode(place).decode()


def coming(place: Place, now: datetime) -> Next:
    """The page that is read next. Raises TooLong."""
    place = _planned(place, now)
    minutes, days = place.minutes, place.days
    if minutes is not None:
        return Next(place, (("change-interval-minute", str(minutes.count)),), _bounded(minutes.page))
    assert days is not None, "a plan has minutes or days"
    return Next(place, (("latest-change-date", days.day.isoformat()),), _bounded(days.page))


def after(place: Place, orders: int, asked: datetime, answered: datetime) -> Place | datetime:
    """The place after the answer to the page that `coming` gave with this one; or, at the end, the moment up to which
    everything that changed is covered: the `since` of the next sweep. `orders`: how many are on the page; our clock
    when it was `asked` for and `answered`."""
    place = replace(place, found=place.found + orders)
    if place.minutes is not None:
        place = _after_minutes(place, place.minutes, orders > 0, asked, answered)
    elif place.days is not None:
        place = replace(place, days=_after_day(place.days, orders > 0, answered))
    if place.minutes is None and place.days is None and place.covered is not None:
        return place.covered
    return place


# -- by minutes


def _planned(place: Place, now: datetime) -> Place:
    """With the list by minutes where it is its turn, and by days where it cannot reach so far."""
    minutes = place.minutes
    if minutes is not None and minutes.asked is not None:
        # Bol counts back from its own now: so much later, so much further back.
        later = (now - minutes.asked).total_seconds() + SLACK
        count = minutes.before + math.ceil(later / 60)
        if later < SLACK or count > MOST_MINUTES:  # the clock was set back, or it reaches no further
            return _by_days(place, now)
        return replace(place, minutes=replace(minutes, count=count))
    if minutes is not None:
        place = replace(place, minutes=None)
    covered = place.covered
    if covered is not None and covered > now:
        # Told by a clock that was ahead: nobody knows since when nothing was read.
        return (
            _by_days(place, now)
            if place.days
            else _from_minutes(replace(place, since=None), now, MOST_MINUTES)
        )
    if place.days is not None and covered is not None and now < covered + seconds(LOOK_AGAIN):
        return place
    if covered is None:
        return _from_minutes(place, now, FIRST_MINUTES)
    count = math.ceil((now - covered).total_seconds() / 60) + OVERLAP_MINUTES
    return _from_minutes(place, now, count) if count <= MOST_MINUTES else _by_days(place, now)


def _from_minutes(place: Place, now: datetime, count: int) -> Place:
    return replace(place, minutes=Minutes(began=now, count=count))


def _after_minutes(place: Place, minutes: Minutes, more: bool, asked: datetime, answered: datetime) -> Place:
    # Bol counts back from when it answers. Where that was later than was allowed for, the list may have lost some.
    if minutes.asked is None:
        late = answered > minutes.began + timedelta(minutes=OVERLAP_MINUTES)
    else:
        late = answered > minutes.asked + timedelta(minutes=minutes.count - minutes.before)
    if late:
        return replace(place, minutes=None)  # from its first page again
    if more:
        there = replace(minutes, page=minutes.page + 1, before=minutes.count, asked=asked)
        return replace(place, minutes=there)
    return replace(place, covered=minutes.began, minutes=None)


# -- by days


def _by_days(place: Place, now: datetime) -> Place:
    """From today back to the day of `since`, a day more where both calendars differ."""
    since = min(place.since or now - timedelta(minutes=MOST_MINUTES), now)
    overlap = timedelta(minutes=OVERLAP_MINUTES)
    # The Dutch day is never behind the UTC day, so these two are the outer ones.
    last = now.astimezone(SHOP_ZONE).date()
    first = max((utc(since) - overlap).date(), last - timedelta(days=MOST_DAYS))
    return replace(place, covered=now, minutes=None, days=_of_day(last, first, now))


def _of_day(day: date, first: date, now: datetime) -> Days | None:
    """From this day on; None: there is none left."""
    if day < first:
        return None
    return Days(day=day, first=first, way="seek" if _is_over(day, now) else "forward")


def _after_day(days: Days, more: bool, answered: datetime) -> Days | None:
    following = _of_day(days.day - timedelta(days=1), days.first, answered)
    match days.way:
        case "forward" if more:
            return replace(days, page=days.page + 1)
        case "forward":
            # It may have turned into a list that shrinks while it was read.
            return following if _goes_on(days.day, answered) else replace(days, way="seek", page=1)
        case "seek":
            return _sought(days, more, following)
        case "back":
            return replace(days, page=days.page - 1) if days.page > 1 else following


def _sought(days: Days, more: bool, following: Days | None) -> Days | None:
    """The last page lies between one with orders and one without."""
    known, beyond = (days.page, days.beyond) if more else (days.known, days.page)
    if beyond == 1:
        return following
    if not beyond:
        return replace(days, page=2 * known, known=known)
    if beyond - known == 1:
        return replace(days, way="back", page=known, known=0, beyond=0)
    return replace(days, page=(known + beyond) // 2, known=known, beyond=beyond)


def _goes_on(day: date, now: datetime) -> bool:
    """The day is surely not over, in neither calendar."""
    return (now + seconds(CLOCKS_DIFFER)).astimezone(SHOP_ZONE).date() <= day


def _is_over(day: date, now: datetime) -> bool:
    """The day is surely over, in both calendars."""
    return day < utc(now - seconds(CLOCKS_DIFFER)).date()


def _bounded(page: int) -> int:
    if page > MOST_PAGES:
        raise TooLong(f"more than {MOST_PAGES} pages of orders in one list")
    return page
