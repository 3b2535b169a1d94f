from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.noticing import AGAIN, LONGEST, Noticing

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_an_order_that_stands_in_every_list_is_told_ever_more_seldom() -> None:
    noticing = Noticing()
    told = [second for second in range(0, 3600, 2) if noticing.is_news("shop", "A", "1", at(second))]
    gaps = [later - earlier for earlier, later in pairwise(told)]
    assert told[:5] == [0, 4, 12, 28, 60]
    assert gaps == sorted(gaps)
    assert gaps[-1] == LONGEST


def test_what_changed_is_told_at_once() -> None:
    noticing = Noticing()
    assert noticing.is_news("shop", "A", "1", at(0))
    assert not noticing.is_news("shop", "A", "1", at(1))
    assert noticing.is_news("shop", "A", "2", at(1))
    assert noticing.is_news("shop", "A", "1", at(2)), "and changed back"
    assert not noticing.is_news("shop", "A", "1", at(2 + AGAIN / 2))
    assert noticing.is_news("shop", "A", "1", at(2 + AGAIN))


def test_shops_and_orders_are_told_apart() -> None:
    noticing = Noticing()
    assert noticing.is_news("shop", "A", "1", at(0))
    assert noticing.is_news("shop", "B", "1", at(0))
    assert noticing.is_news("other", "A", "1", at(0))


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    noticing = Noticing()
    assert noticing.is_news("shop", "A", "1", at(3600))
    assert noticing.is_news("shop", "A", "1", at(0))


def test_what_is_forgotten_is_told_again() -> None:
    noticing = Noticing(most=2)
    assert [noticing.is_news("shop", one, "1", at(0)) for one in "ABC"] == [True] * 3
    assert not noticing.is_news("shop", "C", "1", at(1))
    assert noticing.is_news("shop", "A", "1", at(1))


@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from("12")), max_size=60))
def test_no_change_is_left_out_and_nothing_is_silent_for_longer_than_that(
    lists: list[tuple[int, str]],
) -> None:
    noticing = Noticing()
    now, last, silent_since = 0, "", 0
    for later, changed in lists:
        now += later
        told = noticing.is_news("shop", "A", changed, at(now))
        assert told or changed == last
        assert told or now - silent_since < LONGEST
        if told:
            last, silent_since = changed, now
