"""Rate limits: never one call too many when nobody else calls, never a wait without an end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.limits import Limits
from tests.connectors.bol.market import START, Time

HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def told(limit: object, left: object, reset: object) -> dict[str, str]:
    return dict(zip(HEADERS, map(str, (limit, left, reset)), strict=True))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def limits(time: Time) -> Limits:
    return Limits(time.clock)


def drain(limits: Limits, most: int = 1000) -> int:
    """How many calls go at once."""
    for count in range(most):
        if limits.take("a") > 0:
            return count
    return most


def test_nothing_is_known_before_the_first_answer(limits: Limits) -> None:
    assert drain(limits) == 1000


def test_what_is_left_is_taken_and_then_waited_for(limits: Limits, time: Time) -> None:
    limits.learn("a", 200, told(25, 3, 40))
    assert drain(limits) == 3
    assert limits.take("a") == 40.0
    time.go(15)
    assert limits.take("a") == 25.0
    assert limits.take("b") == 0.0


def test_the_next_window_is_as_large_until_an_answer_tells(limits: Limits, time: Time) -> None:
    limits.learn("a", 200, told(25, 0, 40))
    time.go(40)
    assert drain(limits) == 25
    limits.learn("a", 200, told(10, 2, 60))
    assert limits.take("a") == 60.0  # what is on its way counts


def test_within_a_window_the_smaller_remainder_and_the_earlier_end_are_believed(
    limits: Limits, time: Time
) -> None:
    limits.learn("a", 200, told(50, 5, 1))
    time.go(0.6)
    limits.learn("a", 200, told(50, 40, 1))  # overtaken, or rounded up: the window ends in 0.4
    assert drain(limits) == 5
    assert limits.take("a") == pytest.approx(0.4)


def test_steady_calls_below_the_limit_never_wait(limits: Limits, time: Time) -> None:
    """A window of a second whose rest is told as a whole second: it must not be drawn out for ever."""
    for number in range(1000):
        assert limits.take("a") == 0.0
        limits.learn("a", 200, told(50, 49 - number % 10, 1))
        time.go(0.1)


def test_too_many(limits: Limits, time: Time) -> None:
    limits.learn("a", 429, {"retry-after": "7"})
    assert limits.take("a") == 7.0
    limits.learn("a", 200, told(25, 20, 2))  # an answer from before
    assert limits.take("a") == 7.0
    time.go(7)
    assert limits.take("a") == 0.0
    assert limits.take("a") > 0  # no figure is known: one call first
    limits.learn("a", 200, told(25, 20, 30))
    time.go(30)
    assert drain(limits) == 25


def test_too_many_without_a_word(limits: Limits, time: Time) -> None:
    limits.learn("a", 429, {})
    assert limits.take("a") == 1.0
    limits.learn("b", 429, told(25, 0, 9))
    assert limits.take("b") == 9.0
    limits.learn("c", 429, {"retry-after": "0"})
    assert limits.take("c") == 1.0


def test_after_too_many_an_answer_without_limits_ends_it(limits: Limits, time: Time) -> None:
    limits.learn("a", 429, {"retry-after": "7"})
    time.go(7)
    assert limits.take("a") == 0.0
    limits.learn("a", 200, {})
    assert drain(limits) == 1000


@pytest.mark.parametrize(
    "headers",
    [
        {},
        told("", "", ""),
        told("x", "y", "z"),
        told(25, -1, 3),
        told(25, "1e3", 3),
        told(25, "٣", 3),
        told(25, "9" * 20, 3),
    ],
)
def test_rubbish_is_not_believed(limits: Limits, headers: dict[str, str]) -> None:
    limits.learn("a", 200, headers)
    assert drain(limits) == 1000


@pytest.mark.parametrize("reset", ["-5", "nan", "inf", "1795167000", "", "soon", "0"])
def test_an_odd_reset_costs_a_second(limits: Limits, reset: str) -> None:
    limits.learn("a", 200, told(25, 0, reset))
    assert limits.take("a") == 1.0


def test_a_clock_set_back_ends_the_window(limits: Limits, time: Time) -> None:
    limits.learn("a", 200, told(25, 0, 40))
    time.go(-3600)
    assert limits.take("a") == 0.0


class Window:
    """Bol's side: a fixed window that begins with its first call, or one that begins on the clock."""

    def __init__(self, limit: int, length: int, aligned: bool) -> None:
        self.limit, self.length, self.aligned = limit, length, aligned
        self.ends: datetime | None = None
        self.used = 0

    def call(self, now: datetime) -> tuple[int, dict[str, str]]:
        if self.ends is None or now >= self.ends:
            self.used = 0
            begun = now
            if self.aligned:
                since = (now - START).total_seconds()
                begun = START + timedelta(seconds=since - since % self.length)
            self.ends = begun + timedelta(seconds=self.length)
        reset = max(1, math.ceil((self.ends - now).total_seconds()))
        if self.used >= self.limit:
            return 429, {**told(self.limit, 0, reset), "retry-after": str(reset)}
        self.used += 1
        return 200, told(self.limit, self.limit - self.used, reset)


@given(
    st.builds(Window, st.integers(1, 30), st.integers(1, 60), st.booleans()),
    st.lists(st.floats(0, 20), min_size=1, max_size=60),
)
def test_alone_we_never_draw_a_429_and_always_get_on(window: Window, pauses: list[float]) -> None:
    time = Time()
    limits = Limits(time.clock)
    for pause in pauses:
        time.go(pause)
        waited = 0.0
        while (wait := limits.take("a")) > 0:
            assert wait <= window.length + 1
            time.go(wait)
            waited += wait
            assert waited <= window.length + 2
        status, headers = window.call(time.now)
        assert status == 200
        limits.learn("a", status, headers)


headers = st.dictionaries(
    st.sampled_from((*HEADERS, "retry-after")),
    st.text(max_size=8) | st.integers(-5, 100).map(str) | st.floats().map(str),
)


@given(st.lists(st.tuples(st.sampled_from((200, 204, 404, 429, 503)), headers, st.floats(-100, 100))))
def test_whatever_is_told_no_wait_is_longer_than_an_hour(
    answers: list[tuple[int, Mapping[str, str], float]],
) -> None:
    time = Time()
    limits = Limits(time.clock)
    for status, told_here, pause in answers:
        assert 0 <= limits.take("a") <= 3600
        limits.learn("a", status, told_here)
        time.go(pause)
    wait = limits.take("a")
    time.go(wait)
    assert limits.take("a") == 0.0 or wait == 0.0
