"""The sum: every calculation, and what must hold of all of them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.stock.rules import BranchShare, Calculation, Counting, StockRules
from streams.stock.split import shared_out
from streams.stock.state import Article, Count
from streams.stock.terms import available, sets_of, sum_of
from streams.vocabulary.events import Part
from tests.streams.stock.rows import AT, NUMBER, article, offer, reading


def rules(**more: object) -> StockRules:
    return StockRules(**{"branches": (1, 2), **more})  # type: ignore[arg-type]  # the test's own fields


def units(row: Article, of: StockRules) -> int | None:
    return available(NUMBER, row, of)


def steps(row: Article, of: StockRules) -> list[tuple[str, Decimal]]:
    return [(step.kind, step.amount) for step in sum_of(NUMBER, row, of).steps]


# -- what there is


@pytest.mark.parametrize(
    ("calculation", "there", "left"),
    [
        ("available", [("free", 7)], 4),
        ("physical", [("free", 7), ("reserved", 5)], 9),
        ("incoming", [("free", 7), ("incoming", 20)], 24),
    ],
)
def test_what_there_is_by_calculation(
    calculation: Calculation, there: list[tuple[str, int]], left: int
) -> None:
    row = article(reading(4, 2, 20, branch=1), reading(3, 3, branch=2), ordered=2, sold=1)
    of = rules(calculation=calculation)
    assert steps(row, of) == [*there, ("open-bol", -2), ("sold", -1)]
    assert units(row, of) == left


def test_nothing_is_known_before_a_reading() -> None:
    assert sum_of(NUMBER, article(ordered=1), rules()).units is None
    assert units(article(), rules(calculation="physical")) is None


def test_a_fixed_number_is_on_sale_as_it_is() -> None:
    """Nothing is off it, and a unit at Bol is a unit: portion and buffer are about what there is."""
    of = rules(calculation="fixed", fixed=3, buffer=1, buffer_percent=50, portion=Decimal("0.5"))
    assert steps(article(reading(0), ordered=2, sold=1), of) == [("fixed", 3)]
    assert units(article(reading(0), ordered=2), of) == 3
    assert units(article(), of) == 3, "known without a reading"
    assert units(article(reading(9), active=False), of) == 0


def test_an_expression_gives_what_there_is_before_the_rest() -> None:
    of = rules(calculation="expression", expression="free + incoming / 2", buffer=1)
    row = article(reading(4, 9, 3), ordered=2, sold=1)
    assert steps(row, of) == [
        ("expression", Decimal("5.5")),
        ("open-bol", -2),
        ("sold", -1),
        ("buffer", -1),
    ]
    assert units(row, of) == 1


def test_an_expression_that_gives_no_number_says_so_and_sends_nothing() -> None:
    total = sum_of(NUMBER, article(reading(4)), rules(calculation="expression", expression="fre"))
    assert (total.units, total.left) == (None, None)
    assert total.unknown == "it gives nothing, where a number of units is wanted"


# -- branches


def test_what_a_branch_lacks_counts_whole_and_what_it_has_by_its_share() -> None:
    of = rules(shares={1: BranchShare(percent=50), 2: BranchShare(percent=50)})
    assert sum_of(NUMBER, article(reading(-3, branch=1), reading(10, branch=2)), of).left == 2
    assert sum_of(NUMBER, article(reading(5, branch=1), reading(4, branch=2)), of).left == Decimal("4.5")
    assert units(article(reading(5, branch=1), reading(4, branch=2)), of) == 4


def test_a_branch_that_is_not_named_counts_whole() -> None:
    of = rules(shares={2: BranchShare(percent=10)})
    assert units(article(reading(7, branch=1), reading(10, branch=2)), of) == 8


@pytest.mark.parametrize("calculation", ["physical", "incoming"])
def test_the_maximum_of_a_branch_holds_for_all_that_it_has(calculation: Calculation) -> None:
    """It held for what is free and for what is reserved each, so that twice the maximum went on sale."""
    of = rules(calculation=calculation, shares={1: BranchShare(maximum=10)})
    assert units(article(reading(10, 10, 10)), of) == 10
    assert units(article(reading(4, 10, 10)), of) == 10
    assert units(article(reading(4, 3, 3)), of) == 7


def test_the_share_of_a_branch_is_of_all_that_it_has() -> None:
    """Two free too few and six reserved are four that lie there: half of them is two."""
    of = rules(calculation="physical", shares={1: BranchShare(percent=50)})
    row = article(reading(-2, 6))
    assert units(row, of) == 2
    assert steps(row, of) == [("free", -2), ("reserved", 4)]


# -- what is off it


def test_where_bol_takes_open_orders_off_we_do_not() -> None:
    row = article(reading(4, 2), ordered=2, sold=1)
    assert steps(row, rules(calculation="physical", managed=False)) == [
        ("free", 4),
        ("reserved", 2),
        ("sold", -1),
    ]


@pytest.mark.parametrize(
    ("buffer", "percent", "free", "kept"),
    [
        (2, 0, 10, 2),
        (0, 10, 10, 1),
        (2, 10, 100, 10),  # the larger of the two
        (20, 10, 100, 20),
        (0, 10, 0, 0),
        (0, 100, 7, 7),
        (0, 10, -5, 0),
        (3, 10, -5, 3),
    ],
)
def test_what_is_kept_back(buffer: int, percent: int, free: int, kept: int) -> None:
    total = sum_of(NUMBER, article(reading(free)), rules(buffer=buffer, buffer_percent=percent))
    assert total.left == free - kept
    assert total.units == max(0, free - kept)


def test_a_part_of_a_piece_that_is_kept_back_keeps_back_the_piece() -> None:
    total = sum_of(NUMBER, article(reading(11)), rules(buffer_percent=10))
    assert (total.left, total.units) == (Decimal("9.9"), 9)


def test_a_little_more_to_sell_by_weight_shows_no_fewer_units() -> None:
    """The percentage was rounded up to a whole kilo: 10.001 kilos showed a unit less than 10, and 0.8 none."""
    of = rules(buffer_percent=10, portion=Decimal("0.1"))
    assert [units(article(reading(free)), of) for free in ("0.8", "10", "10.001")] == [7, 90, 90]


@pytest.mark.parametrize(
    ("left", "minimum", "shown", "zero"),
    [
        (5, 5, 5, ""),
        (4, 5, 0, "below-minimum"),
        (0, 5, 0, ""),
        (-1, 5, 0, "below-nothing"),
        (0, 0, 0, ""),
    ],
)
def test_less_than_the_minimum_is_nothing(left: int, minimum: int, shown: int, zero: str) -> None:
    total = sum_of(NUMBER, article(reading(left)), rules(minimum=minimum))
    assert (total.units, total.zero) == (shown, zero)


@pytest.mark.parametrize(
    ("left", "portion", "shown"),
    [
        ("2.75", "0.5", 5),
        ("0.3", "0.1", 3),  # in floats it would be 2
        ("0.49", "0.5", 0),
        ("10", "2.5", 4),
        ("1", "0.3", 3),
        ("7.999", "1", 7),
    ],
)
def test_what_is_sold_by_weight_sells_in_whole_portions(left: str, portion: str, shown: int) -> None:
    assert units(article(reading(left)), rules(portion=Decimal(portion))) == shown


def test_the_minimum_is_of_units_at_bol() -> None:
    assert units(article(reading("1.4")), rules(portion=Decimal("0.5"), minimum=2)) == 2
    assert units(article(reading("0.9")), rules(portion=Decimal("0.5"), minimum=2)) == 0


def test_an_article_that_is_switched_off_shows_nothing() -> None:
    total = sum_of(NUMBER, article(reading(9), active=False), rules())
    assert (total.left, total.units, total.zero) == (9, 0, "switched-off")


# -- overrides


def test_an_article_goes_before_its_groups_and_the_first_group_before_the_next() -> None:
    of = rules(
        buffer=1,
        groups={12: Counting(buffer=2), 13: Counting(buffer=3)},
        articles={NUMBER + 1: Counting(buffer=4)},
    )

    def kept(number: int, *groups: int) -> Decimal | None:
        left = sum_of(number, article(reading(10), groups=groups), of).left
        assert left is not None
        return 10 - left

    assert kept(NUMBER) == 1
    assert kept(NUMBER, 99) == 1
    assert kept(NUMBER, 12) == 2
    assert kept(NUMBER, 13, 12) == 2, "the order is that of the settings"
    assert kept(NUMBER, 13) == 3
    assert kept(NUMBER + 1, 12) == 4


# -- composed articles


def kit(parts: dict[int, str], counts: dict[int, Count | None], **more: object) -> Article:
    return article(
        stock_kept=False,
        parts=tuple(
            Part(article_number=number, quantity=Decimal(quantity)) for number, quantity in parts.items()
        ),
        counts=tuple(one for one in counts.values() if one is not None),
        **more,
    )


def count(number: int, have: str | None, limits: bool = True) -> Count:
    return Count(
        article_number=number,
        have=None if have is None else Decimal(have),
        counted_at=AT,
        limits=limits,
    )


def test_a_composed_article_is_the_least_that_its_parts_make() -> None:
    row = kit({1: "2", 2: "0.5", 3: "1"}, {1: count(1, "9"), 2: count(2, "1.9"), 3: count(3, None, False)})
    assert steps(row, rules()) == [("parts", 3)]
    assert units(kit({1: "2"}, {1: count(1, None)}), rules()) is None
    assert units(kit({1: "2", 2: "1"}, {1: count(1, "9")}), rules()) is None
    assert units(kit({1: "2"}, {1: count(1, "-3")}), rules()) == 0


def test_its_orders_are_taken_from_its_parts_alone() -> None:
    row = kit({1: "1"}, {1: count(1, "9")}, ordered=2)
    assert units(row, rules()) == 9


def test_a_part_of_which_nothing_is_in_one_limits_nothing() -> None:
    """It was divided by."""
    assert sets_of(kit({1: "1", 2: "0"}, {1: count(1, "4"), 2: None})) == 4


def test_what_a_composed_article_keeps_stock_of_by_itself_is_read() -> None:
    row = msgspec.structs.replace(kit({1: "1"}, {1: count(1, "9")}), stock_kept=True, readings=(reading(2),))
    assert units(row, rules()) == 2


# -- what must hold of every sum

AMOUNTS = st.decimals(-50, 200, places=3) | st.integers(-50, 200).map(Decimal)
POSITIVE = st.decimals(0, 50, places=3) | st.integers(0, 50).map(Decimal)
READ: tuple[Calculation, ...] = ("available", "physical", "incoming")
COUNTINGS = {
    "calculation": st.sampled_from(READ),
    "buffer": st.integers(0, 10),
    "buffer_percent": st.integers(0, 100),
    "cap": st.integers(1, 60),
    "minimum": st.integers(0, 5),
    "portion": st.sampled_from([Decimal(text) for text in ("1", "0.5", "0.25", "2.5", "0.001")]),
    "managed": st.booleans(),
}
RULES = st.builds(
    StockRules,
    branches=st.just((1, 2)),
    shares=st.dictionaries(
        st.sampled_from([1, 2]),
        st.builds(BranchShare, percent=st.integers(1, 100), maximum=st.none() | st.integers(0, 40)),
    ),
    **COUNTINGS,
)
ROWS = st.builds(
    lambda one, two, ordered, sold, active: article(
        reading(*one, branch=1), reading(*two, branch=2), ordered=ordered, sold=sold, active=active
    ),
    st.tuples(AMOUNTS, POSITIVE, POSITIVE),
    st.tuples(AMOUNTS, POSITIVE, POSITIVE),
    POSITIVE,
    POSITIVE,
    st.booleans(),
)


@given(ROWS, RULES)
def test_the_steps_add_up_and_the_units_are_whole_and_never_below_nothing(
    row: Article, of: StockRules
) -> None:
    total = sum_of(NUMBER, row, of)
    assert total.left is not None
    assert total.units is not None
    assert sum(step.amount for step in total.steps) == total.left
    assert total.units >= 0
    assert total.units * of.portion <= max(total.left, 0)
    assert total.units == 0 or total.units >= of.minimum
    assert (total.units + 1) * of.portion > total.left or total.zero


@given(ROWS, RULES, st.integers(1, 3))
def test_no_offer_shows_more_than_the_cap(row: Article, of: StockRules, pack: int) -> None:
    total = units(row, of)
    assert total is not None
    shown = shared_out(total, [offer("o1", units=pack)], of, of.cap)["o1"]
    assert 0 <= shown <= of.cap
    assert shown * pack <= total


@given(ROWS, RULES, POSITIVE, st.sampled_from([0, 1]))
def test_more_free_never_gives_fewer_units(row: Article, of: StockRules, more: Decimal, branch: int) -> None:
    readings = list(row.readings)
    readings[branch] = msgspec.structs.replace(readings[branch], free=readings[branch].free + more)
    richer = msgspec.structs.replace(row, readings=tuple(readings))
    before, after = units(row, of), units(richer, of)
    assert before is not None
    assert after is not None
    assert after >= before


@given(ROWS, RULES, POSITIVE)
def test_what_is_ordered_or_sold_never_raises_the_number(row: Article, of: StockRules, more: Decimal) -> None:
    base = units(row, of)
    assert base is not None
    ordered = article(*row.readings, ordered=sum((one.quantity for one in row.reservations), more),
                      sold=sum((one.quantity for one in row.sales), more), active=row.active)  # fmt: skip
    less = units(ordered, of)
    assert less is not None
    assert less <= base


@given(ROWS, RULES)
def test_connections_that_share_a_branch_half_and_half_promise_no_piece_twice(
    row: Article, of: StockRules
) -> None:
    halves = msgspec.structs.replace(
        of, shares={branch: BranchShare(percent=50) for branch in (1, 2)}, buffer=0, buffer_percent=0,
        portion=Decimal(1), calculation="available",
    )  # fmt: skip
    quiet = msgspec.structs.replace(row, reservations=(), sales=())
    one = units(quiet, halves)
    assert one is not None
    assert 2 * one <= max(Decimal(0), sum(reading.free for reading in row.readings))
