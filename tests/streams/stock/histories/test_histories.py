"""A share of the histories (history.py); `python -m tests.streams.stock.histories --seeds 10000` runs more."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from streams.stock import kits, movements, reading
from tests.streams.stock.histories.__main__ import shortest
from tests.streams.stock.histories.history import history
from tests.streams.stock.histories.shop import Shop

SEEDS_AT_ONCE = 25


@pytest.mark.parametrize("first", range(0, 300, SEEDS_AT_ONCE))
def test_what_is_on_sale_is_what_could_be_known_and_what_there_is_when_all_is_quiet(first: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + SEEDS_AT_ONCE):
        counts += history(seed).counts
    assert counts["crashes"], "the bridge must crash, or it proves less"
    assert counts["unknowable"], "things must happen that it cannot know"


def test_a_failing_history_is_cut_to_its_shortest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: till sales that count for nothing until they are read."""
    monkeypatch.setattr(movements, "with_sale", lambda sales, sale: sales)
    seed = next(seed for seed in range(20) if fails(seed))
    count, made, wrong = shortest(seed, 60)
    assert 0 < count <= 60
    assert "could be known" in wrong
    assert "sold at branch" in "\n".join(made.shop.story)


def test_histories_find_a_reading_that_is_taken_for_a_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = reading.answered
    monkeypatch.setattr(
        reading, "answered", lambda article, *rest: answered(replace(article, swept_after=0), *rest)
    )
    assert any(fails(seed) for seed in range(40))


def test_histories_find_orders_that_are_not_passed_on_to_new_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kits, "recomposed", lambda step: None)
    assert any(fails(seed) for seed in range(40))


def test_histories_find_an_order_that_staff_edited_and_nobody_heard_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sweep = Shop.sweep_orders

    def deaf(shop: Shop) -> None:
        shop.touched.clear()
        sweep(shop)

    monkeypatch.setattr(Shop, "sweep_orders", deaf)
    assert any(fails(seed) for seed in range(40))


def fails(seed: int) -> bool:
    """Whether something is wrong with it."""
    try:
        history(seed)
    except AssertionError:
        return True
    return False
