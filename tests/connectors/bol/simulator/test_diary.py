"""What is due is done as if it had been in time."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.simulator.diary import Diary
from streams.vocabulary.time import seconds
from tests.connectors.bol.simulator.wire import START, Time


@given(st.lists(st.integers(0, 20), max_size=8), st.lists(st.integers(0, 10), max_size=6))
def test_everything_once_in_order_and_at_its_moment(due: list[int], passing: list[int]) -> None:
    time = Time()
    diary = Diary(time.clock)
    done: list[tuple[int, datetime]] = []

    def act(number: int) -> None:
        done.append((number, diary()))

    for number, after in enumerate(due):
        diary.enter(START + seconds(after), lambda number=number: act(number))  # type: ignore[misc]  # bound now
    for span in passing:
        time.go(span)
        diary.catch_up()
        assert diary() == time.now
    gone = sum(passing) if passing else -1
    expected = sorted((after, number) for number, after in enumerate(due) if after <= gone)
    assert done == [(number, START + seconds(after)) for after, number in expected]
    assert len(diary) == len(due) - len(done)


def test_what_is_done_may_enter_more_and_may_fail() -> None:
    time = Time()
    diary = Diary(time.clock)
    done: list[datetime] = []

    def again() -> None:
        done.append(diary())
        diary.catch_up()  # nothing of its own
        if len(done) < 3:
            diary.enter(diary() + seconds(10), again)

    diary.enter(START, again)
    time.go(100)
    diary.catch_up()
    assert done == [START, START + seconds(10), START + seconds(20)]

    def fail() -> None:
        raise ValueError("broken")

    diary.enter(START, fail)
    with pytest.raises(ValueError, match="broken"):
        diary.catch_up()
    assert diary() == time.now
