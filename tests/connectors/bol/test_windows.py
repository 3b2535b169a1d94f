"""The list calls of an order sweep: nothing that changed is left out, whatever the gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.bol.windows import DAYS_AT_ONCE, MOST_DAYS, Plan, Window, plan
from streams.vocabulary.time import SHOP_ZONE

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def minutes(count: int) -> Window:
    return (("change-interval-minute", str(count)),)


def day(text: str) -> Window:
    return (("latest-change-date", text),)


@pytest.mark.parametrize(
    ("gap", "count"),
    [(0, 2), (1, 3), (59, 3), (60, 3), (61, 4), (57 * 60, 59), (58 * 60, 60)],
)
def test_short_gaps_take_one_call(gap: int, count: int) -> None:
    assert plan(NOW - timedelta(seconds=gap), NOW) == Plan((minutes(count),), NOW, more=False)


def test_the_first_sweep_reads_an_hour() -> None:
    assert plan(None, NOW) == Plan((minutes(60),), NOW, more=False)


def test_a_cursor_from_a_clock_that_was_ahead_leaves_nothing_out() -> None:
    """It read two minutes, however long ago the sweep with the wrong clock had been."""
    assert plan(NOW + timedelta(minutes=10), NOW) == Plan((minutes(60),), NOW, more=False)


def test_a_longer_gap_goes_by_days() -> None:
    planned = plan(NOW - timedelta(minutes=59), NOW)
    assert planned == Plan((day("2026-11-20"), minutes(60)), NOW, more=False)
    planned = plan(NOW - timedelta(days=2), NOW)
    days = [day(f"2026-11-{number}") for number in (18, 19, 20)]
    assert planned == Plan((*days, minutes(60)), NOW, more=False)


def test_around_midnight_both_calendars_are_asked_for() -> None:
    now = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight in Amsterdam
    planned = plan(now - timedelta(hours=1), now)
    assert planned.windows == (day("2026-07-01"), day("2026-07-02"), minutes(60))


def test_a_long_stop_is_caught_up_with_a_week_at_a_time() -> None:
    planned = plan(NOW - timedelta(days=20), NOW)
    assert planned.windows[0] == day("2026-10-31")
    assert planned.windows[-1] == day("2026-11-06")
    assert planned.more
    again = plan(planned.cursor, NOW)
    assert again.windows[0] == day("2026-11-07")


def test_no_further_back_than_three_months() -> None:
    planned = plan(NOW - timedelta(days=400), NOW)
    assert planned.windows[0] == day((NOW - timedelta(days=MOST_DAYS)).date().isoformat())


def covers(window: Window, moment: datetime, now: datetime, calendar: tzinfo) -> bool:
    [(name, value)] = window
    if name == "change-interval-minute":
        return now - timedelta(minutes=int(value)) <= moment
    return moment.astimezone(calendar).date().isoformat() == value


moments = st.timedeltas(timedelta(0), timedelta(days=1000)).map(lambda since: NOW - since)
gaps = st.timedeltas(timedelta(0), timedelta(days=MOST_DAYS - 1)) | st.timedeltas(
    timedelta(0), timedelta(hours=3)
)


@given(moments, gaps, st.floats(0, 1), st.sampled_from((SHOP_ZONE, UTC)), st.integers(0, 3600))
@example(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), timedelta(days=30), 0.5, SHOP_ZONE, 60)
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), timedelta(hours=2), 0.0, SHOP_ZONE, 60)
# Half past midnight in Amsterdam is still yesterday in UTC, and the overlap reaches into yesterday.
@example(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), timedelta(days=2), 0.01, UTC, 0)
@example(datetime(2026, 7, 2, 0, 1, tzinfo=UTC), timedelta(days=2), 0.0, UTC, 0)
# Eight days, the last of them young: its first hour in Amsterdam lies before midnight in UTC.
@example(datetime(2026, 11, 13, 0, 30, tzinfo=UTC), timedelta(days=7), 0.995, SHOP_ZONE, 0)
def test_every_change_is_covered_by_the_sweeps_that_follow_each_other(
    start: datetime, gap: timedelta, place: float, calendar: tzinfo, took: int
) -> None:
    """`calendar`: whose days Bol means. `took`: seconds that a sweep takes. The change is Bol's last word."""
    since, now = start, start + gap
    overlap = timedelta(minutes=2)
    changed = since - overlap + (gap + overlap) * place
    covered = False
    for _ in range(MOST_DAYS // DAYS_AT_ONCE + 2):
        planned = plan(since, now)
        assert 1 <= len(planned.windows) <= DAYS_AT_ONCE + 3
        assert since < planned.cursor or not gap
        covered = covered or any(covers(one, changed, now, calendar) for one in planned.windows)
        if not planned.more:
            assert planned.cursor == now
            break
        assert planned.cursor < now - timedelta(hours=2)
        since, now = planned.cursor, now + timedelta(seconds=took)
    else:
        pytest.fail("the sweeps do not come to an end")
    assert covered


@given(moments, st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_within_what_bol_allows(now: datetime, gap: timedelta) -> None:
    for window in plan(now - gap, now).windows:
        [(name, value)] = window
        if name == "change-interval-minute":
            assert 2 <= int(value) <= 60
        else:
            oldest = now.astimezone(SHOP_ZONE).date() - timedelta(days=MOST_DAYS)
            assert oldest.isoformat() <= value <= now.astimezone(SHOP_ZONE).date().isoformat()
