"""The time of night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sweeps.night import last_night, next_night
from streams.vocabulary.time import SHOP_ZONE

CLOCKS = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "last", "following"),
    [
        ("2026-11-23T12:00", "2026-11-23T02:15", "2026-11-24T02:15"),
        ("2026-11-23T02:15", "2026-11-23T02:15", "2026-11-24T02:15"),
        ("2026-11-23T02:14", "2026-11-22T02:15", "2026-11-23T02:15"),
        ("2026-07-01T12:00", "2026-07-01T01:15", "2026-07-02T01:15"),
        ("2026-03-29T12:00", "2026-03-29T01:15", "2026-03-30T01:15"),
        ("2026-10-25T12:00", "2026-10-25T02:15", "2026-10-26T02:15"),
        ("2026-11-23T23:30", "2026-11-23T02:15", "2026-11-24T02:15"),
    ],
)
def test_a_quarter_past_three_on_the_wall_of_the_shop(at: str, last: str, following: str) -> None:
    assert last_night(utc(at), "03:15") == utc(last)
    assert next_night(utc(at), "03:15") == utc(following)


def test_a_time_that_the_clock_skips_is_an_hour_later() -> None:
    assert next_night(utc("2026-03-29T00:00"), "02:30") == utc("2026-03-29T01:30")


@given(at=MOMENTS, clock=CLOCKS)
def test_there_is_one_night_a_day(at: datetime, clock: str) -> None:
    last, following = last_night(at, clock), next_night(at, clock)
    assert last <= at < following
    assert timedelta(hours=22) <= following - last <= timedelta(hours=26)
    assert next_night(last, clock) == following
    wall = following.astimezone(SHOP_ZONE)
    assert wall.minute == int(clock[3:])
