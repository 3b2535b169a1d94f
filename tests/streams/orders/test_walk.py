"""An order's whole way with both vendors while everything fails that can."""

from __future__ import annotations

import pytest

from tests.streams.orders.walk import Walk

SHARE = 25
"""Seeds in one test."""


@pytest.mark.parametrize("share", range(24))
def test_whatever_fails_there_is_one_order_and_every_delivered_unit_is_told_once(share: int) -> None:
    for seed in range(share * SHARE, (share + 1) * SHARE):
        walk = Walk(seed)
        walk.go()
        walk.calm()
        walk.check()


def test_a_commit_that_may_have_worked_is_looked_for_before_a_cancelled_order_is_dropped() -> None:
    """Seed 113: Bol cancelled while a commit's answer was lost, and the row let go of an order that was there."""
    walk = Walk(113)
    walk.go()
    walk.calm()
    walk.check()


def test_what_was_shipped_by_hand_and_cancelled_in_mplus_is_shown_to_a_person() -> None:
    """Seed 1174: Bol refused the cancellation, since the item had left by hand."""
    walk = Walk(1174)
    walk.go()
    walk.calm()
    walk.check()
    assert walk.state is not None
    assert "cancelled-in-part" in walk.state.troubles
