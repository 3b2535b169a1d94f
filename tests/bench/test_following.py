"""What counts as having followed a movement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.following import TO_NOTHING, Moved, followed

BEGAN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def at(milliseconds: float) -> datetime:
    return BEGAN + timedelta(milliseconds=milliseconds)


def moved(milliseconds: float, change: int = -1, kind: str = "till-sale") -> Moved:
    return Moved(at(milliseconds), 1, kind, change)


def test_a_sale_and_its_push() -> None:
    found = followed([moved(0)], {1: [(at(40), 9)]}, {1: 10}, 999)["till-sale"]
    assert (found.causes, found.p50, found.unchanged) == (1, 40.0, 0)


def test_two_movements_in_one_push_have_both_been_followed() -> None:
    found = followed([moved(0), moved(30)], {1: [(at(50), 8)]}, {1: 10}, 999)["till-sale"]
    assert (found.causes, found.worst, found.p50) == (2, 50.0, 50.0)


def test_a_number_from_before_is_not_the_right_one() -> None:
    found = followed([moved(0), moved(30)], {1: [(at(40), 9), (at(90), 8)]}, {1: 10}, 999)["till-sale"]
    assert (found.causes, found.worst) == (2, 60.0), "9 was right for the first only"


def test_what_sells_out_is_told_apart() -> None:
    found = followed([moved(0), moved(100)], {1: [(at(50), 1), (at(120), 0)]}, {1: 2}, 999)
    assert (found["till-sale"].causes, found[TO_NOTHING].causes, found[TO_NOTHING].worst) == (2, 1, 20.0)


def test_what_comes_back_at_once_is_followed_by_doing_nothing() -> None:
    found = followed([moved(0), moved(20, 1, "till-refund")], {}, {1: 10}, 999)
    assert found["till-sale"].worst == 20.0
    assert found["till-refund"].worst == 0.0


def test_never_followed_and_no_number_to_change() -> None:
    found = followed([moved(0)], {1: [(at(40), 10)]}, {1: 10}, 999)["till-sale"]
    assert (found.causes, found.unchanged) == (0, 1)
    assert followed([moved(0)], {}, {1: 0}, 999) == {}, "below nothing it stays 0"
    assert followed([moved(0)], {}, {1: 2000}, 999) == {}, "beyond the cap likewise"


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from((-2, -1, 1, 3))), max_size=20),
    st.integers(0, 100),
)
def test_pushed_at_once_with_what_is_right_everything_took_that_long(
    history: list[tuple[int, int]], later: int
) -> None:
    units, pushes, movements = 20, [], []
    for milliseconds, change in sorted(history):
        units += change
        movements.append(moved(milliseconds, change))
        pushes.append((at(milliseconds + later), max(0, min(30, units))))
    for found in followed(movements, {1: sorted(pushes)}, {1: 20}, 30).values():
        assert found.unchanged == 0
        assert found.worst <= later
