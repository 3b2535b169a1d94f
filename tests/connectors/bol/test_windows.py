"""The pages of an order sweep: nothing that changed is left out, whatever the gap and whatever moves meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.bol import windows
from connectors.bol.windows import MOST_DAYS, Place, TooLong, Window, after, begin, coming, written
from streams.vocabulary.time import SHOP_ZONE

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PAGE = 2
"""Orders on a page of the model: small, so that every order stands at the edge of one."""


def minutes(count: int) -> Window:
    return (("change-interval-minute", str(count)),)


def day(text: str) -> Window:
    return (("latest-change-date", text),)


class Bol:
    """The list, its clock, and what a sweep has seen of it."""

    def __init__(self, now: datetime, calendar: tzinfo, newest: str) -> None:
        """`calendar`: whose days Bol means; `newest`: by what the list is ordered."""
        self.now = now
        self.calendar = calendar
        self.newest = newest
        self.orders: list[tuple[datetime, datetime]] = []
        """(placed, last changed)."""
        self.seen: set[tuple[int, datetime]] = set()
        self.read: list[tuple[Window, int]] = []

    def order(self) -> None:
        self.orders.append((self.now, self.now))

    def change(self, which: int) -> None:
        if self.orders:
            which %= len(self.orders)
            self.orders[which] = (self.orders[which][0], self.now)

    def page(self, window: Window, number: int) -> int:
        [(name, value)] = window
        self.read.append((window, number))
        listed = []
        for which, (placed, changed) in enumerate(self.orders):
            if name == "change-interval-minute":
                fits = changed >= self.now - timedelta(minutes=int(value))
            else:
                fits = changed.astimezone(self.calendar).date() == date.fromisoformat(value)
            if fits:
                listed.append((changed if self.newest == "changed" else placed, which))
        listed.sort(reverse=self.newest != "oldest")
        shown = listed[(number - 1) * PAGE : number * PAGE]
        self.seen |= {(which, self.orders[which][1]) for _, which in shown}
        return len(shown)


def sweep(
    bol: Bol,
    since: datetime | None,
    between: Callable[[], None] = lambda: None,
    place: Place | None = None,
    most: int = 2_000,
) -> datetime:
    """From the first page to the last; every place goes through its text, as in the row of the sweeps flow."""
    place = place or begin(since, "")
    for _ in range(most):
        planned = coming(begin(None, written(place)), bol.now)
        asked = bol.now
        between()
        count = bol.page(planned.window, planned.page)
        between()
        following = after(planned.place, count, asked, bol.now)
        if isinstance(following, datetime):
            return following
        place = following
        bol.now += SECOND
    pytest.fail("the sweep does not come to an end")


# -- which lists


@pytest.mark.parametrize(
    ("gap", "count"),
    [(0, 2), (1, 3), (59, 3), (60, 3), (61, 4), (57 * 60, 59), (58 * 60, 60)],
)
def test_short_gaps_take_one_list(gap: int, count: int) -> None:
    bol = Bol(NOW, UTC, "changed")
    assert sweep(bol, NOW - timedelta(seconds=gap)) == NOW
    assert bol.read == [(minutes(count), 1)]


def test_the_first_sweep_reads_about_an_hour() -> None:
    bol = Bol(NOW, UTC, "changed")
    assert sweep(bol, None) == NOW
    assert bol.read == [(minutes(50), 1)]


def test_a_cursor_from_a_clock_that_was_ahead_leaves_nothing_out() -> None:
    """It read two minutes, however long ago the sweep with the wrong clock had been."""
    bol = Bol(NOW, UTC, "changed")
    assert sweep(bol, NOW + timedelta(minutes=10)) == NOW
    assert bol.read == [(minutes(60), 1)]


def test_a_longer_gap_goes_by_days_from_today_back() -> None:
    bol = Bol(NOW, UTC, "changed")
    assert sweep(bol, NOW - timedelta(minutes=59)) == NOW
    assert bol.read == [(day("2026-11-20"), 1)]
    bol = Bol(NOW, UTC, "changed")
    assert sweep(bol, NOW - timedelta(days=2)) == NOW
    assert [window for window, _ in bol.read] == [day(f"2026-11-{number}") for number in (20, 19, 18)]


def test_around_midnight_both_calendars_are_asked_for() -> None:
    now = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight in Amsterdam
    bol = Bol(now, UTC, "changed")
    sweep(bol, now - timedelta(hours=1))
    # Whether the first of July is over is not known: forward, then for its last page.
    assert [window for window, _ in bol.read] == [day("2026-07-02"), day("2026-07-01"), day("2026-07-01")]


def test_no_further_back_than_three_months() -> None:
    bol = Bol(NOW, UTC, "changed")
    sweep(bol, NOW - timedelta(days=400))
    days = {value for window, _ in bol.read for name, value in window if name == "latest-change-date"}
    assert min(days) == (NOW - timedelta(days=MOST_DAYS)).date().isoformat()
    assert len(days) == MOST_DAYS + 1


def test_a_place_of_another_version_means_all_of_it() -> None:
    [(name, value)] = coming(begin(None, '{"page": "?", "days": 3}'), NOW).window
    assert (name, value) == ("latest-change-date", "2026-11-20")


def test_a_list_without_an_end() -> None:
    class Endless(Bol):
        def page(self, window: Window, number: int) -> int:
            return PAGE if window[0][0] == "latest-change-date" else 0

    with pytest.raises(TooLong):
        sweep(Endless(NOW, UTC, "changed"), NOW - timedelta(days=1), most=10_000)


# -- in which order


def test_today_forward_and_a_day_that_is_over_from_its_last_page_back() -> None:
    bol = Bol(NOW - timedelta(days=1), UTC, "changed")
    for _ in range(5):
        bol.order()
    bol.now = NOW
    for _ in range(3):
        bol.order()
    sweep(bol, NOW - timedelta(days=1))
    today = [(day("2026-11-20"), number) for number in (1, 2, 3)]
    sought = [(day("2026-11-19"), number) for number in (1, 2, 4, 3)]
    back = [(day("2026-11-19"), number) for number in (3, 2, 1)]
    assert bol.read == [*today, *sought, *back]


def test_every_page_by_minutes_reaches_further_back_so_that_nothing_leaves_the_list() -> None:
    bol = Bol(NOW, UTC, "changed")
    for _ in range(5):
        bol.order()
    sweep(bol, NOW)
    assert bol.read == [(minutes(count), page) for count, page in ((2, 1), (4, 2), (6, 3), (8, 4))]


def test_where_the_minutes_do_not_reach_the_days_are_read() -> None:
    bol = Bol(NOW, UTC, "changed")
    for _ in range(5):
        bol.order()
    sweep(bol, NOW - timedelta(minutes=57))
    assert bol.read[:2] == [(minutes(59), 1), (day("2026-11-20"), 1)]
    assert {which for which, _ in bol.seen} == set(range(5))


def test_while_days_are_read_new_orders_are_looked_for_every_minute() -> None:
    """A sweep of a day took a quarter of an hour, and what was ordered meanwhile waited for its end."""
    bol = Bol(NOW - timedelta(days=1), UTC, "placed")
    for _ in range(400):
        bol.order()
    bol.now = NOW
    ordered: dict[int, int] = {}
    waited: list[int] = []

    def time_goes_on() -> None:
        bol.now += SECOND
        for which, at in list(ordered.items()):
            if any(one == which for one, _ in bol.seen):
                waited.append(len(bol.read) - at)
                del ordered[which]
        if len(bol.read) % 40 == 7 and len(bol.orders) - 1 not in ordered:
            bol.order()
            ordered[len(bol.orders) - 1] = len(bol.read)

    sweep(bol, NOW - timedelta(days=1), time_goes_on)
    assert len(waited) > 4
    assert max(waited) < 30, "pages read, two seconds and more each"


# -- nothing slips through


class Moves(NamedTuple):
    """What happens between two moments of a sweep."""

    orders: int
    changes: tuple[int, ...]
    pause: int
    """Seconds."""


STILL = Moves(0, (), 0)
moves = st.builds(
    Moves,
    st.integers(0, 3),
    st.lists(st.integers(0, 30), max_size=4).map(tuple),
    st.sampled_from((0, 1, 2, 30, 70, 400, 4_000)),
)
midnights = st.sampled_from(
    (
        datetime(2026, 11, 20, 23, 0, tzinfo=UTC),  # midnight in Amsterdam, winter
        datetime(2026, 11, 21, 0, 0, tzinfo=UTC),
        datetime(2026, 7, 1, 22, 0, tzinfo=UTC),  # midnight in Amsterdam, summer
        datetime(2026, 7, 2, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
        NOW,
    )
)
starts = st.builds(
    lambda near, off: near + timedelta(seconds=off),
    midnights,
    st.integers(-120, 120) | st.integers(-4000, 4000),
)
gaps = st.timedeltas(timedelta(0), timedelta(days=3)) | st.timedeltas(timedelta(0), timedelta(hours=2))


@settings(max_examples=400)
@given(
    starts,
    gaps,
    st.sampled_from((SHOP_ZONE, UTC)),
    st.sampled_from(("changed", "placed", "oldest")),
    st.lists(st.floats(0, 1), max_size=14),
    st.lists(moves, max_size=30),
)
# By minutes: the oldest ones leave the list while its first page is read.
@example(NOW, timedelta(minutes=2), UTC, "oldest", [0.0, 0.0, 1.0, 1.0], [STILL, Moves(0, (), 70)])
# A day that is over: one of its orders changes, and those after it move up a place. (Read forward, the fifth would be
# missed.)
@example(
    NOW,
    timedelta(days=1),
    UTC,
    "placed",
    [0.1] * 10,
    [*[STILL] * 15, *[Moves(0, (one,), 0) for one in range(9)]],
)
# Today: two are ordered, and all the others move down a page. (Read backward, those on the third would be missed.)
@example(NOW, timedelta(hours=3), UTC, "placed", [0.9] * 10, [*[STILL] * 15, Moves(2, (), 0)])
# The day ends between two of its pages, and one leaves it.
@example(
    datetime(2026, 11, 20, 22, 59, 30, tzinfo=UTC), timedelta(hours=5), SHOP_ZONE, "placed", [0.9] * 6,
    [STILL, Moves(0, (), 70), Moves(0, (5,), 0)],
)  # fmt: skip
def test_no_order_that_changed_is_missed_whatever_happens_between_the_pages(
    start: datetime,
    gap: timedelta,
    calendar: tzinfo,
    newest: str,
    placed: list[float],
    moved: list[Moves],
) -> None:
    since = start - gap
    bol = Bol(since, calendar, newest)
    for share in sorted(placed):
        bol.now = since - timedelta(minutes=3) + (gap + timedelta(minutes=3)) * share
        bol.order()
    bol.now = start
    coming_up = iter(moved)

    def between() -> None:
        what = next(coming_up, STILL)
        for which in what.changes:
            bol.change(which)
        for _ in range(what.orders):
            bol.order()
        bol.now += timedelta(seconds=what.pause)

    covered = sweep(bol, since, between)
    assert since <= covered <= bol.now
    missed = [
        (which, changed)
        for which, (_, changed) in enumerate(bol.orders)
        if since <= changed < covered and (which, changed) not in bol.seen
    ]
    assert not missed


@given(starts, st.timedeltas(timedelta(days=-400), timedelta(days=400)), st.integers(0, 5))
def test_within_what_bol_allows(now: datetime, gap: timedelta, orders: int) -> None:
    bol = Bol(now, UTC, "changed")
    for _ in range(orders):
        bol.order()
    sweep(bol, now - gap)
    oldest = now.astimezone(SHOP_ZONE).date() - timedelta(days=MOST_DAYS)
    for window, page in bol.read:
        [(name, value)] = window
        assert 1 <= page <= windows.MOST_PAGES
        if name == "change-interval-minute":
            assert 2 <= int(value) <= 60
        else:
            assert oldest.isoformat() <= value <= bol.now.astimezone(SHOP_ZONE).date().isoformat()
