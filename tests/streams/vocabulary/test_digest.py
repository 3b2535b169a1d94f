"""Marks and moments that stand for names."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from streams.vocabulary.digest import mark, spread


def test_marks_of_many_offers_differ() -> None:
    assert len({mark(f"offer-{number}") for number in range(20_000)}) == 20_000
    assert mark("offer-1") == mark("offer-1")
    assert len(mark("")) == 10


@given(name=st.text(max_size=40), span=st.floats(0, 10**7))
def test_a_name_has_a_moment_of_its_own_within_the_span(name: str, span: float) -> None:
    assert 0 <= spread(name, span) <= span
    assert spread(name, span) == spread(name, span)


def test_names_that_count_up_are_spread_evenly() -> None:
    tenths = Counter(int(spread(f"offer/{number}", 10)) for number in range(10_000))
    assert set(tenths) == set(range(10))
    assert all(850 < count < 1150 for count in tenths.values())
