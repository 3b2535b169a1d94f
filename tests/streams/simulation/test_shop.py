"""The flows under crashes, seeded: see shop.py."""

from __future__ import annotations

import pytest

from tests.streams.simulation.shop import history

SEEDS_AT_ONCE = 25


@pytest.mark.parametrize("atomic", [True, False], ids=["embedded", "kafka"])
@pytest.mark.parametrize("first", range(0, 500, SEEDS_AT_ONCE))
def test_the_books_come_out_right_whatever_crashes(first: int, atomic: bool) -> None:
    crashes = 0
    for seed in range(first, first + SEEDS_AT_ONCE):
        crashes += history(seed, atomic).fate.crashes
    assert crashes
