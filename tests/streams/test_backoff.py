"""Waits between tries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.backoff import ASKED_CAP, CAP, delay


@given(tries=st.integers(-5, 10_000), key=st.text(), asked=st.none() | st.floats())
def test_a_wait_is_bounded_and_the_same_each_time(tries: int, key: str, asked: float | None) -> None:
    wait = delay(tries, key, asked)
    assert 0.5 <= wait <= ASKED_CAP
    assert delay(tries, key, asked) == wait
    if asked is None:
        assert wait <= CAP


@given(key=st.text())
def test_waits_grow(key: str) -> None:
    assert delay(1, key) <= 1.0
    assert delay(4, key) >= 4.0
    assert delay(50, key) >= CAP / 2


@given(asked=st.floats(0, ASKED_CAP))
def test_what_a_vendor_asks_for_is_honoured(asked: float) -> None:
    assert delay(1, "key", asked) >= asked


def test_keys_do_not_come_back_at_once() -> None:
    assert len({delay(8, f"row-{number}") for number in range(50)}) > 40
