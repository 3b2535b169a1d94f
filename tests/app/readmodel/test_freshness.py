"""Durations in buckets."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from app.readmodel.freshness import bucket_of, freshness, millis_of


@given(st.integers(2, 150_000_000))
@example(39)
def test_within_five_percent(millis: int) -> None:
    """39 ms are shown as 37: half a bucket, and half a millisecond of rounding."""
    assert abs(millis_of(bucket_of(millis)) - millis) <= 0.05 * millis + 0.5


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
