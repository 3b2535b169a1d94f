"""Durations in buckets."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.readmodel.freshness import bucket_of, freshness, millis_of


@given(st.integers(2, 150_000_000))
def test_within_five_percent(millis: int) -> None:
    assert millis_of(bucket_of(millis)) == pytest.approx(millis, rel=0.051, abs=1)


@given(st.integers(0, 2**53), st.integers(0, 2**53))
def test_order_is_kept(one: int, other: int) -> None:
    assert (bucket_of(one) <= bucket_of(other)) or one > other


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=200))
def test_as_a_sorted_list_would_say(millis: list[int]) -> None:
    found = freshness("push", Counter(bucket_of(one) for one in millis))
    ordered = sorted(millis)
    assert found.count == len(millis)
    assert found.median == millis_of(bucket_of(ordered[-(-len(millis) // 2) - 1]))
    assert found.most == millis_of(bucket_of(ordered[-(-len(millis) * 95 // 100) - 1]))
    assert found.worst == millis_of(bucket_of(ordered[-1]))
    assert sum(number for _, number in found.spread) == len(millis)
