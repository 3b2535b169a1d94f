from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.vocabulary.money import cents_of, euros_of, euros_text


@given(st.integers(-(10**9), 10**9))
def test_cents_survive_the_way_to_euros_and_back(cents: int) -> None:
    assert cents_of(euros_of(cents)) == cents


@pytest.mark.parametrize(("euros", "cents"), [("19.95", 1995), ("0.005", 1), ("-0.50", -50), (3, 300)])
def test_euros_become_cents_half_up(euros: str | int, cents: int) -> None:
    assert cents_of(euros) == cents


@pytest.mark.parametrize("rubbish", ["", "abc", "NaN", "Infinity", 1.5])
def test_what_is_no_amount_is_refused(rubbish: str) -> None:
    with pytest.raises(ValueError, match=r"money|float"):
        cents_of(rubbish)


def test_text_for_people() -> None:
    assert euros_text(1995) == "€ 19.95"
    assert euros_text(-50) == "-€ 0.50"
    assert euros_of(5) == Decimal("0.05")


@pytest.mark.parametrize("euros", ["1E+20", "1E+400", "-1E+30", "9" * 40])
def test_more_money_than_there_is_is_no_amount(euros: str) -> None:
    """Regression: it raised InvalidOperation, which nobody catches."""
    with pytest.raises(ValueError, match="more money"):
        cents_of(euros)
