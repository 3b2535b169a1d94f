"""Several offers of one article: what each shows of one pool."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.stock.rules import Split, StockRules
from streams.stock.split import shared_out
from streams.stock.state import Offer
from tests.streams.stock.rows import offer


def rules(split: Split = "even", **weights: int) -> StockRules:
    return StockRules(branches=(1,), split=split, weights=weights)


NEW, USED, AGAIN = offer("a"), offer("b", condition="SECONDHAND/GOOD"), offer("c", condition="REFURBISHED")
SIX = offer("six", units=6)


@pytest.mark.parametrize(
    ("pool", "shown"),
    [(0, (0, 0, 0)), (1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 1, 1)), (5, (2, 2, 1)), (9, (3, 3, 3))],
)
def test_even_is_as_even_as_whole_pieces_can_be(pool: int, shown: tuple[int, ...]) -> None:
    """All that was left over went to the first: of five it got three. The last piece is for what is new."""
    found = shared_out(pool, [USED, AGAIN, NEW], rules(), 999)
    assert tuple(found[one.offer_id] for one in (NEW, AGAIN, USED)) == shown


def test_by_weight() -> None:
    found = shared_out(10, [NEW, USED], rules(NEW=3, SECONDHAND=1), 999)
    assert found == {"a": 8, "b": 2}
    assert shared_out(10, [NEW, USED], rules(NEW=1, b=4), 999) == {"a": 2, "b": 8}, "an id goes before"


def test_the_first_of_them_takes_all_by_weight_and_then_what_is_new() -> None:
    assert shared_out(10, [USED, NEW], rules("first"), 999) == {"a": 10, "b": 0}
    assert shared_out(10, [USED, NEW], rules("first"), 7) == {"a": 7, "b": 3}
    assert shared_out(10, [USED, NEW], rules("first", SECONDHAND=2), 999) == {"a": 0, "b": 10}


def test_shared_shows_everything_everywhere() -> None:
    assert shared_out(10, [NEW, USED, SIX], rules("shared"), 8) == {"a": 8, "b": 8, "six": 1}


@pytest.mark.parametrize("split", ["even", "first", "shared"])
def test_an_offer_of_no_weight_shows_nothing_even_alone(split: Split) -> None:
    """Alone it got everything: the day that the other offer ended, what was never to be on sale was."""
    assert shared_out(10, [USED], rules(split, SECONDHAND=0), 999) == {"b": 0}
    assert shared_out(10, [NEW, USED], rules(split, SECONDHAND=0), 999) == {"a": 10, "b": 0}
    assert shared_out(10, [NEW, USED], rules(split, NEW=0, SECONDHAND=0), 999) == {"a": 0, "b": 0}


def test_what_one_cannot_use_is_the_others() -> None:
    assert shared_out(10, [NEW, SIX], rules(), 999) == {"a": 10, "six": 0}, "half of ten is no six"
    assert shared_out(12, [NEW, SIX], rules(), 999) == {"a": 6, "six": 1}
    assert shared_out(10, [NEW, USED], rules(), 3) == {"a": 3, "b": 3}


def test_the_order_in_which_they_became_known_does_not_matter() -> None:
    twins = [offer("x"), offer("y")]
    assert shared_out(5, twins, rules(), 999) == shared_out(5, twins[::-1], rules(), 999) == {"x": 3, "y": 2}


# -- what must hold whatever the offers

CONDITIONS = st.sampled_from(["NEW", "SECONDHAND/GOOD", "REFURBISHED", "ODD"])
OFFERS = st.lists(st.tuples(st.integers(1, 12), CONDITIONS), min_size=1, max_size=6).map(
    lambda rows: [offer(f"o{place}", units, condition) for place, (units, condition) in enumerate(rows)]
)
WEIGHTS = st.dictionaries(
    st.sampled_from(["NEW", "SECONDHAND", "REFURBISHED", "o0", "o1"]), st.integers(0, 9), max_size=3
)
SPLITS: st.SearchStrategy[Split] = st.sampled_from(["even", "first"])
POOLS = st.integers(0, 300)
CAPS = st.integers(1, 100)


def weight(one: Offer, weights: dict[str, int]) -> int:
    return weights.get(one.offer_id, weights.get(one.condition.split("/")[0], 1))


@given(POOLS, OFFERS, SPLITS, WEIGHTS, CAPS)
def test_no_piece_is_promised_twice_and_none_lies_that_somebody_could_take(
    pool: int, offers: list[Offer], split: Split, weights: dict[str, int], cap: int
) -> None:
    shown = shared_out(pool, offers, rules(split, **weights), cap)
    assert shown.keys() == {one.offer_id for one in offers}
    promised = sum(shown[one.offer_id] * one.units for one in offers)
    assert promised <= pool
    for one in offers:
        assert 0 <= shown[one.offer_id] <= cap
        if not weight(one, weights):
            assert shown[one.offer_id] == 0
        elif shown[one.offer_id] < cap:
            assert pool - promised < one.units, "it could show one more"


@given(POOLS, st.lists(CONDITIONS, min_size=2, max_size=6), WEIGHTS, st.integers(0, 20))
def test_a_larger_pool_takes_at_most_a_piece_from_anybody(
    pool: int, conditions: list[str], weights: dict[str, int], more: int
) -> None:
    """What is rounded may be rounded the other way; nobody's number falls as stock comes in, but for that."""
    offers = [offer(f"o{place}", 1, condition) for place, condition in enumerate(conditions)]
    before = shared_out(pool, offers, rules(**weights), 10**6)
    after = shared_out(pool + more, offers, rules(**weights), 10**6)
    assert all(after[key] >= before[key] - 1 for key in before)
    if any(weight(one, weights) for one in offers):
        assert sum(before.values()) == pool


@given(POOLS, st.integers(2, 6), CAPS)
def test_alike_offers_differ_by_a_piece_at_most(pool: int, count: int, cap: int) -> None:
    shown = shared_out(pool, [offer(f"o{place}") for place in range(count)], rules(), cap).values()
    assert max(shown) - min(shown) <= 1


@given(POOLS, OFFERS, WEIGHTS, CAPS, st.integers(0, 20))
def test_the_first_of_them_never_falls_as_stock_comes_in(
    pool: int, offers: list[Offer], weights: dict[str, int], cap: int, more: int
) -> None:
    of = rules("first", **weights)
    before, after = shared_out(pool, offers, of, cap), shared_out(pool + more, offers, of, cap)
    usable = [one for one in offers if weight(one, weights)]
    if usable:
        first = min(
            usable,
            key=lambda one: (
                -weight(one, weights),
                {"NEW": 0, "REFURBISHED": 1, "SECONDHAND": 2}.get(one.condition.split("/")[0], 3),
                one.offer_id,
            ),
        )
        assert after[first.offer_id] >= before[first.offer_id]
        assert after[first.offer_id] == min((pool + more) // first.units, cap)
