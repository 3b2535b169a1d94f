"""A shop's own expression: what it sees, what it may give, and that what it gives is exact."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.mapping.language import fields_named
from streams.stock.expression import MOST, SEEN, ExpressionFailed, counted, document
from streams.stock.rules import BranchShare, StockRules
from streams.stock.terms import sum_of
from tests.streams.stock.rows import NUMBER, article, reading

RULES = StockRules(branches=(1, 2))
ROW = article(
    reading(8, 3, 20, branch=1),
    reading("2.5", 1, 0, branch=2),
    ordered=2,
    sold=1,
    description="Kaas",
    unit="kg",
    groups=(12, 13),
    price_cents=1995,
)


def gives(text: str, rules: StockRules = RULES) -> Decimal:
    return counted(text, NUMBER, ROW, rules)


def test_what_an_expression_sees() -> None:
    assert document(NUMBER, ROW, RULES) == {
        "free": 10.5,
        "reserved": 4,
        "incoming": 20,
        "physical": 14.5,
        "openBol": 2,
        "soldAtTill": 1,
        "branches": [
            {"number": 1, "free": 8, "reserved": 3, "incoming": 20, "physical": 11},
            {"number": 2, "free": 2.5, "reserved": 1, "incoming": 0, "physical": 3.5},
        ],
        "article": {
            "number": NUMBER,
            "description": "Kaas",
            "unit": "kg",
            "groups": [12, 13],
            "price": 19.95,
        },
    }
    assert tuple(document(NUMBER, ROW, RULES)) == SEEN


def test_the_sums_are_what_counts_and_the_branches_what_is_there() -> None:
    rules = StockRules(branches=(1, 2), shares={1: BranchShare(percent=50)})
    assert gives("free", rules) == Decimal("6.5")
    assert gives("physical", rules) == Decimal("9")
    assert gives("reserved", rules) == gives("physical - free", rules)
    assert gives("branches[number = 1].free", rules) == 8


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0.1 + 0.2", "0.3"),
        ("free * 3", "31.5"),
        ("4.35 * 100", "435"),  # 434.99999999999994 for a computer: a unit less
        ("1 - 0.9 - 0.1", "0"),
        ("'12'", "12"),
        ("' 0.5 '", "0.5"),
        ("-3", "-3"),
        ("1 / 3", "0.333333"),
        ("1e8", "100000000"),
        ("'1e-999999999'", "0"),
        ("$sum(branches[number != 2].physical)", "11"),
        ("article.price > 10 ? 5 : 0", "5"),
        ("12 in article.groups ? free - 1 : free", "9.5"),
    ],
)
def test_what_it_gives_is_exact(text: str, units: str) -> None:
    found = gives(text)
    assert found == Decimal(units)
    assert str(found) == f"{found:f}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fre", "it gives nothing"),
        ("free > 1", "it gives true or false"),
        ("branches.free", "it gives a list"),
        ("article", "it gives an object"),
        ("'veel'", "it gives the text 'veel'"),
        ("''", "it gives the text ''"),
        ("'NaN'", "it gives NaN, which is no number of units"),
        ("'-Infinity'", "which is no number of units"),
        ("1e10", "which is no number of units"),
        ("'1e999999999'", "which is no number of units"),
        ("'x' - 1", ""),
    ],
)
def test_what_is_no_number_of_units_fails_in_words(text: str, words: str) -> None:
    with pytest.raises(ExpressionFailed) as caught:
        gives(text)
    assert words in str(caught.value)
    assert str(caught.value)


AMOUNTS = st.integers(-(10**6), 10**6).map(lambda thousandths: Decimal(thousandths) / 1000)


@given(AMOUNTS, AMOUNTS.map(abs))
def test_the_calculations_as_expressions_are_the_calculations(free: Decimal, other: Decimal) -> None:
    """Stock by the gram comes through a computer's fractions as it was."""
    row = article(reading(free, other, other))
    for calculation, text in (
        ("available", "free"), ("physical", "free + reserved"), ("physical", "physical"),
        ("incoming", "free + incoming"),
    ):  # fmt: skip
        by_itself = sum_of(NUMBER, row, StockRules(branches=(1,), calculation=calculation))  # type: ignore[arg-type]  # two of them
        by_text = sum_of(NUMBER, row, StockRules(branches=(1,), calculation="expression", expression=text))
        assert (by_text.left, by_text.units) == (by_itself.left, by_itself.units)


@given(st.one_of(st.floats(), st.integers(), st.decimals(), st.text(max_size=12)))
def test_whatever_it_gives_is_a_number_or_told(value: object) -> None:
    """As a text, which takes everything through the language: beyond any number of units, too."""
    found = Decimal(0)
    told = "it gives"
    try:
        found = gives(json.dumps(str(value)))
    except ExpressionFailed as error:
        told = str(error)
    assert told.startswith("it gives")
    assert abs(found) <= MOST
    assert found == round(found, 6)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("free + reserved", {"free", "reserved"}),
        ("branches[number = 1].free", {"branches", "number", "free"}),
        ("'free' & \"reserved\" /* physical */", set()),
        ("`free`", {"free"}),
        ("$sum($map(branches, function($free) { $free.incoming }))", {"branches", "incoming"}),
        ("true and false or null in article", {"article"}),
        ("2e5", set()),
    ],
)
def test_the_names_that_an_expression_reads(text: str, named: set[str]) -> None:
    assert fields_named(text) == named
