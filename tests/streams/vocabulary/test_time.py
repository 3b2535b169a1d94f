from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.vocabulary.time import milliseconds, moment_of, utc


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_a_moment_survives_the_log(moment: datetime) -> None:
    assert abs(moment_of(milliseconds(moment)) - moment) <= timedelta(milliseconds=1)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        utc(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_other_zones_become_utc() -> None:
    assert utc(datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))).hour == 10
