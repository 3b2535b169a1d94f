"""What is meant by a moment on the command line and on a page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.moments import as_of, moment

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""One o'clock in the shop."""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", "2026-11-23T11:58:30+00:00"),
        ("2h", "2026-11-23T10:00:00+00:00"),
        ("1d", "2026-11-22T12:00:00+00:00"),
        ("2026-11-23T12:00", "2026-11-23T11:00:00+00:00"),
        ("2026-11-23T12:00+00:00", "2026-11-23T12:00:00+00:00"),
    ],
)
def test_moments(text: str, meant: str) -> None:
    assert moment(text, NOW).isoformat() == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12:59", "2026-11-23T11:59:00.999000+00:00"),
        ("9:05:07", "2026-11-23T08:05:07.999000+00:00"),
        # later than now on this day: the day before
        ("14:02", "2026-11-22T13:02:00.999000+00:00"),
        ("2026-11-20 14:02", "2026-11-20T13:02:00.999000+00:00"),
        ("2026-11-20T14:02:11+01:00", "2026-11-20T13:02:11.999000+00:00"),
        ("2026-11-20T14:02:11Z", "2026-11-20T14:02:11.999000+00:00"),
        # summer time
        ("2026-07-01 14:02:11", "2026-07-01T12:02:11.999000+00:00"),
        # a part of a second is meant as it stands
        ("2026-11-20T14:02:11.250+01:00", "2026-11-20T13:02:11.250000+00:00"),
        ("15m", "2026-11-23T11:45:00.999000+00:00"),
    ],
)
def test_as_of(text: str, meant: str) -> None:
    assert as_of(text, NOW).isoformat() == meant


@pytest.mark.parametrize(
    "text", ["", "noon", "24:00", "14:60", "14:02:11:5", "9999999999d", "26-11-2026 14:02"]
)
def test_what_is_no_moment_is_told_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="is no moment: write 14:02"):
        as_of(text, NOW)


def test_what_has_yet_to_come_is_told() -> None:
    with pytest.raises(ValueError, match="has yet to come"):
        as_of("2026-11-23 13:01", NOW)


def test_the_day_before_summer_time_begins_is_found_by_the_clock_too() -> None:
    night = datetime(2026, 3, 29, 1, 10, tzinfo=UTC)  # 3:10 in the shop, an hour after 1:59
    assert as_of("1:50", night).isoformat() == "2026-03-29T00:50:00.999000+00:00"
