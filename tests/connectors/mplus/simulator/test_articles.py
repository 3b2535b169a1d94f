from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus.simulator.articles import check_digit, ean13, generate_articles


def test_the_check_digit_of_codes_in_the_wild() -> None:
    assert ean13("400638133393") == "4006381333931"
    assert ean13("871234567890") == "8712345678906"  # mplus-samples/resp_getProducts.xml


@given(st.text(max_size=14))
def test_what_is_not_twelve_digits_has_no_check_digit(text: str) -> None:
    if len(text) == 12 and text.isascii() and text.isdigit():
        assert 0 <= check_digit(text) <= 9
    else:
        with pytest.raises(ValueError, match="twelve digits"):
            check_digit(text)


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 60))
def test_a_shorter_range_is_the_beginning_of_a_longer_one(seed: int, one: int, other: int) -> None:
    short, long = sorted((one, other))
    assert generate_articles(seed, short) == generate_articles(seed, long)[:short]


@given(st.integers(0, 2**32))
def test_a_range_can_be_sold(seed: int) -> None:
    articles = generate_articles(seed, 50)
    for name in ("article_number", "plu", "ean", "description"):
        assert len({getattr(article, name) for article in articles}) == 50
    for article in articles:
        assert article.ean == ean13(article.ean[:12])
        assert article.price_cents > article.purchase_cents > 0
        assert article.opening_stock >= 0


def test_seeds_differ() -> None:
    assert generate_articles(1, 5) != generate_articles(2, 5)


@pytest.mark.parametrize("count", [-1, 1_000_001])
def test_a_count_has_bounds(count: int) -> None:
    with pytest.raises(ValueError, match="million"):
        generate_articles(1, count)
