"""Waits between tries, and the words for a person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.backoff import (
    ASKED_CAP,
    CAP,
    LOUD,
    REFUSED_WAIT,
    Failure,
    delay,
    told,
    wait_after,
    worth_telling,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused


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


OUTCOMES: tuple[Failure, ...] = (
    Refused(said="no."),
    NotSent(why="no connection"),
    AnswerLost(why="timed out"),
)


@given(st.sampled_from(OUTCOMES), st.integers(1, 40), st.floats(0, 100), st.floats(0, 100))
def test_a_wait_is_at_least_what_was_asked_for(
    outcome: Failure, tries: int, refused: float, lost: float
) -> None:
    wait = wait_after(outcome, tries, "x", refused, lost)
    assert wait > 0
    if isinstance(outcome, Refused):
        assert wait >= refused
    if isinstance(outcome, AnswerLost):
        assert wait >= lost


def test_what_a_vendor_asks_for_is_waited() -> None:
    assert wait_after(NotSent(why="429", retry_after=77.0), 1, "x") == 77.0
    assert wait_after(Refused(said="no"), 1, "x") == REFUSED_WAIT


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_no_is_told_at_once_and_a_hiccup_when_it_lasts(outcome: Failure) -> None:
    assert worth_telling(outcome, 1) is isinstance(outcome, Refused)
    assert worth_telling(outcome, LOUD)


def test_the_words_are_whole_sentences() -> None:
    assert told("booking the order", "Mplus", Refused(said="blocked.")) == (
        "Booking the order does not work. Mplus says: blocked. Change what is named here, then press try again; it is "
        "also tried by itself."
    )
    assert told("reading it", "Bol", AnswerLost(why="cut")) == (
        "Reading it does not work. the answer was lost: cut. It is tried again by itself; nothing is lost."
    )
