"""What expressions can call, as an integrator calls it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.mapping.countries import COUNTRIES, country_of
from streams.mapping.functions import DESCRIBED, EMPTY, NAMES, Misused, day_given, euros_given, functions
from streams.mapping.language import BUILT_IN, FORBIDDEN, ExpressionFailed, check, evaluated
from streams.vocabulary.money import euros_of

TABLES = {"regions": {"BE": "Vlaanderen", "1": "een"}}


def value(expression: str, country: str = "NL", **document: Any) -> Any:
    check(expression, NAMES)
    return evaluated(expression, document, functions(TABLES, country))


@pytest.mark.parametrize(
    ("expression", "gives"),
    [
        # tables
        ("$table('regions', 'BE', 'EU')", "Vlaanderen"),
        ("$table('regions', 'NL', 'EU')", "EU"),
        ("$table('regions', 'NL')", None),
        ("$table('regions', 1)", "een"),
        ("$table('regions', nothing, 'EU')", "EU"),
        # texts
        ("$first('', nothing, 'b', 'c')", "b"),
        ("$first('', nothing)", None),
        ("$first()", None),
        ("$first(0, 1)", 0),
        ("$shorten('Een heel lange titel van iets', 20)", "Een heel lange titel"),
        ("$shorten('Een heel lange titelregel', 18)", "Een heel lange"),
        ("$shorten('Onwaarschijnlijklangwoord', 5)", "Onwaa"),
        ("$shorten('kort', 20)", "kort"),
        ("$shorten(nothing, 20)", None),
        ("$digits('+31 (0)6-12 34')", "3106" + "1234"),
        ("$digits('geen')", ""),
        ("$nameCase('JAN VAN DER BERG')", "Jan van der Berg"),
        ("$nameCase(\"anne-marie o'brien\")", "Anne-Marie O'Brien"),
        ("$nameCase('de vries')", "De Vries"),
        ("$nameCase(\"VAN 'T HOFF\")", "Van 't Hoff"),
        ("$nameCase(\"'s-GRAVENHAGE\")", "'s-Gravenhage"),
        ("$nameCase(\"IJSBRAND D'HONDT\")", "IJsbrand d'Hondt"),
        ("$nameCase('Ronald McDonald')", "Ronald McDonald"),
        ("$nameCase('ΜΑΡΙΑ ÉMILE')", "Μαρια Émile"),
        ("$nameCase(nothing)", None),
        # addresses
        ("$splitAddress('Kerkstraat 12 bus 3')", {"street": "Kerkstraat", "number": "12", "extension": "bus 3"}),
        ("$splitAddress('Kerkstraat 12A').number", "12"),
        ("$joinAddress('Kerkstraat', 12, 'A')", "Kerkstraat 12 A"),
        ("$joinAddress('Kerkstraat', nothing)", "Kerkstraat"),
        # countries
        ("$country2('Nederland')", "NL"),
        ("$country2('bel')", "BE"),
        ("$country3('nl')", "NLD"),
        ("$countryName('BE')", "België"),
        ("$countryName('LUX')", "Luxemburg"),
        ("$country3('')", None),
        # telephone
        ("$phone('06-12 34 56 78')", "+31612345678"),
        ("$phone('+31 (0)6 12345678')", "+31612345678"),
        ("$phone('0031612345678')", "+31612345678"),
        ("$phone('31612345678')", "+31612345678"),
        ("$phone('612345678')", "+31612345678"),
        ("$phone('0470 12 34 56', 'BE')", "+32470123456"),
        ("$phone('621 123 456', 'LU')", "+352621123456"),
        ("$phone('0612345678', 'XX')", "0612345678"),
        ("$phone('')", ""),
        ("$phone(nothing)", None),
        # days
        ("$date('2026-11-25', 'DD-MM-YYYY')", "25-11-2026"),
        ("$date('2026-03-05', 'D/M/YY')", "5/3/26"),
        ("$date('2026-11-25T23:30:00+00:00', 'YYYY-MM-DD HH:mm')", "2026-11-26 00:30"),
        ("$date('2026-07-25T12:00:00Z')", "2026-07-25"),
        ("$date('')", None),
        ("$daysLater('2026-12-31', 1)", "2027-01-01"),
        ("$daysLater('2026-11-25T23:30:00+00:00', -1)", "2026-11-25"),
        # money
        ("$cents(19.95)", 1995),
        ("$cents('19.95')", 1995),
        ("$cents(19.95 * 3)", 5985),
        ("$cents(0.1 + 0.2)", 30),
        ("$cents(1.005)", 101),
        ("$cents(19.95 * 0.1)", 200),
        ("$cents(-1.005)", -101),
        ("$euros(1995)", 19.95),
        ("$money(59.849999999999994)", 59.85),
        ("$moneyText(19.9)", "19,90"),
        ("$moneyText(1234.5, '.')", "1234.50"),
        ("$empty()", EMPTY),
    ],
)  # fmt: skip
def test_functions(expression: str, gives: Any) -> None:
    assert value(expression) == gives


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("$table('nope', 'x')", r"no table 'nope'; the settings have regions"),
        ("$phone()", r"\$phone takes 1 to 2 values and was given 0"),
        ("$map(['1'], $digits)", r"function\(\$one\)"),
        ("$country2('Atlantis')", "'Atlantis' is no country"),
        ("$date('25-11-2026', 'DD')", "is no "),
        ("$date('gisteren')", "is no moment"),
        ("$daysLater('2026-11-25', 1.5)", "no whole number of days"),
        ("$daysLater('9999-12-31', 1)", "there is no day"),
        ("$cents('veel')", "write 19.95"),
        ("$cents(true)", "no amount"),
        ("$cents(1e300)", "no amount"),
        ("$euros(1.5)", "no whole number of cents"),
        ("$shorten('a', 'b')", "no number of characters"),
        ("$shorten(1, 3)", "is not a text"),
        ("$nameCase([1])", "a list is not a name"),
    ],
)
def test_what_cannot_be_done_is_told_in_words(expression: str, words: str) -> None:
    with pytest.raises(ExpressionFailed, match=words):
        value(expression)


def test_every_function_is_described_and_every_description_works() -> None:
    assert frozenset(functions({}, "")) == NAMES
    assert not NAMES & (BUILT_IN | frozenset(FORBIDDEN))
    for one in DESCRIBED:
        assert f"${one.name}(" in one.example
        check(one.example, NAMES)


def test_countries_have_codes_of_their_own() -> None:
    for country in COUNTRIES:
        assert (len(country.two), len(country.three)) == (2, 3)
        assert country.calling.isdigit()
        for word in (country.two, country.three, country.dutch, *country.also):
            assert country_of(word.upper()) is country, word


@given(st.integers(-(10**13), 10**13))
def test_cents_to_euros_and_back(cents: int) -> None:
    assert value("$cents($euros(n))", n=cents) == cents


@given(st.integers(0, 10**7), st.integers(0, 10_000))
def test_a_share_of_a_price_is_right_to_the_cent(cents: int, hundredths: int) -> None:
    # On paper: so many percent (two places) of a price, half a cent up.
    exact = (Decimal(cents) * hundredths / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    found = value("$cents(price * percent / 100)", price=cents / 100, percent=hundredths / 100)
    assert found == exact


@given(st.lists(st.integers(0, 10**6), max_size=50))
def test_a_sum_is_right_to_the_cent(prices: list[int]) -> None:
    assert value("$cents($sum(prices))", prices=[one / 100 for one in prices]) == sum(prices)


@given(st.integers(-(10**12), 10**12))
def test_money_of_text_is_money_of_the_number(cents: int) -> None:
    exact = euros_of(cents)
    assert euros_given(str(exact)) == euros_given(float(exact)) == exact


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(-1000, 1000))
def test_days_later(day: date, days: int) -> None:
    assert day_given(value("$daysLater(day, n)", day=day.isoformat(), n=days)) == day + timedelta(days=days)


@given(st.text(max_size=30), st.integers(0, 40))
def test_what_is_shortened_is_a_beginning_and_short_enough(text: str, most: int) -> None:
    found = functions({}, "")["shorten"](text, most)
    assert len(found) <= most
    assert text.strip().startswith(found)


@given(st.text(max_size=20))
def test_a_telephone_number_stays_what_it_has_become(text: str) -> None:
    phone = functions({}, "NL")["phone"]
    assert phone(phone(text)) == phone(text)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=12),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=4,
)


@given(st.sampled_from(sorted(NAMES)), st.lists(ANYTHING, max_size=4))
def test_a_function_gives_what_json_has_or_says_why_not(name: str, given_: list[Any]) -> None:
    with suppress(Misused):
        found = functions(TABLES, "NL")[name](*given_)
        assert found is None or isinstance(found, str | int | float | bool | dict | list)
