"""When names and addresses are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.vocabulary.likeness import alike, bare, digest, house, house_in, lives_at, place
from streams.vocabulary.mplus_order import Customer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jan de Vries", "JAN  DE VRIES"),
        ("José Núñez", "Jose Nunez"),
        ("d'Hondt", "D’Hondt"),
        ("Anne-Marie", "Anne Marie"),
        ("Müller", "Mu\N{COMBINING DIAERESIS}ller"),
        ("Weiß", "WEISS"),
        ("ﬁets", "fiets"),
        ("Ёлкин", "Елкин"),
        ("３５１１", "3511"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert bare(one) == bare(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J. de Vries", "Jan de Vries"),
        ("Jan de Vries", "Joke de Vries"),
        ("ガ", "カ"),
        ("कि", "की"),
        ("Łukasz", "Lukasz"),
    ],
)
def test_other_names(one: str, other: str) -> None:
    """In doubt they are two: a relation too many can be joined by hand."""
    assert bare(one) != bare(other)


@given(st.text())
def test_a_bare_text_stays_what_it_is(text: str) -> None:
    once = bare(text)
    assert bare(once) == once
    assert bare(f"  {text} - ") == once
    assert bare(unicodedata.normalize("NFC", text)) == once


@pytest.mark.parametrize(
    ("country", "spellings"),
    [
        ("NL", [("12", "bis"), ("12bis", ""), ("12", "BIS"), ("12 bis", ""), ("12", "-bis")]),
        ("NL", [("1-2", ""), ("1", "2"), ("1", "/2")]),
        ("BE", [("16", "bus 3"), ("16", "bte 3"), ("16", "3"), ("16/3", ""), ("16 boîte 3", ""), ("16", "Bus3")]),
    ],
)  # fmt: skip
def test_spellings_of_one_house(country: str, spellings: list[tuple[str, str]]) -> None:
    assert len({house(number, extension, country) for number, extension in spellings}) == 1


def test_other_houses() -> None:
    houses = [("12", ""), ("1", "2"), ("12", "a"), ("12", "b"), ("2", "1"), ("12", "a2"), ("121", "")]
    assert len({house(number, extension, "NL") for number, extension in houses}) == len(houses)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Oudegracht 12 bis", ("Oudegracht", "12 bis")),
        ("Oudegracht 12bis", ("Oudegracht", "12bis")),
        ("2e Jan Steenstraat 5", ("2e Jan Steenstraat", "5")),
        ("Rue de la Loi 16, bte 3", ("Rue de la Loi", "16, bte 3")),
        ("Dorpstraat,  7", ("Dorpstraat", "7")),
        ("Postbus 123", ("Postbus", "123")),
        ("Oudegracht", ("Oudegracht", "")),
        ("12", ("12", "")),
        ("", ("", "")),
    ],
)
def test_a_number_within_the_streets_line(line: str, expected: tuple[str, str]) -> None:
    assert house_in(line) == expected


def test_a_dutch_postcode_and_a_number_are_one_front_door() -> None:
    home = place("Oudegracht", "12 bis", "3511 AB", "NL")
    assert home == "3511ab/12|bis"
    assert place("OUDE GRACHT", "12bis", "3511ab", "nl") == home
    assert place("Oudegracht 12 bis", "", "3511AB", "") == home
    assert place("Oudegracht", "14", "3511 AB", "NL") != home


def test_a_belgian_postcode_is_a_whole_town() -> None:
    home = place("Wetstraat", "16", "1000", "BE")
    assert place("Nieuwstraat", "16", "1000", "BE") != home
    assert place("wetstraat", "16", "1000", "be") == home
    assert place("Wetstraat 16", "", "1000", "BE") == home
    assert place("Wetstraat 16", "16", "1000", "BE") == home
    assert place("Wetstraat", "16", "1000", "FR") != home
    assert place("Plein 1945", "7", "1000", "BE") != place("Plein", "7", "1000", "BE")


def test_who_is_known_too_little_of_is_known_by_nothing() -> None:
    assert place("Oudegracht", "12", "", "NL") == ""
    assert place("", "", "3511 AB", "NL") == ""
    assert lives_at("-", "Oudegracht", "12", "3511 AB", "NL") is None
    assert lives_at("Jan", "Oudegracht", "12", "", "NL") is None
    assert lives_at("Jan", "Oudegracht", "12", "3511 AB", "NL") == ("jan", "3511ab/12")


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_a_digest_is_of_its_parts_and_their_division(one: list[str], other: list[str]) -> None:
    assert (digest(one) == digest(other)) is (one == other)


JAN = Customer(
    name="Jan de Vries",
    email="",
    address="Oudegracht 12 bis, c/o Smit",
    house_number="12 bis",
    zip_code="3511 AB",
    city="Utrecht",
    country="NL",
)
PIET = Customer(
    name="Piet Peeters",
    email="",
    address="Wetstraat 16 bus 3, achterhuis",
    house_number="16 bus 3",
    zip_code="1000",
    city="Brussel",
    country="BE",
)


@pytest.mark.parametrize(
    ("customer", "name", "address", "zip_code", "expected"),
    [
        (JAN, "jan de vries", "Oude Gracht 12-BIS", "3511ab", True),
        (JAN, "Jan de Vries", "Oudegracht 12 bis, c/o Smit", "3511 AB", True),
        (JAN, "Jan de Vries", "Oudegracht 12", "3511 AB", False),
        (JAN, "Joke de Vries", "Oudegracht 12 bis", "3511 AB", False),
        (JAN, "Jan de Vries", "Oudegracht 12 bis", "3512 AB", False),
        (JAN, "Jan de Vries", "", "3511 AB", False),
        (PIET, "Piet Peeters", "Wetstraat 16 bus 3", "1000", True),
        (PIET, "Piet Peeters", "WETSTRAAT 16 bus 3 achterhuis", "1000", True),
        (PIET, "Piet Peeters", "Nieuwstraat 16 bus 3", "1000", False),
        (PIET, "Piet Peeters", "Wetstraat 16", "1000", False),
        (Customer(name="", email=""), "", "", "", False),
    ],
)
def test_a_relation_that_is_this_customer(
    customer: Customer, name: str, address: str, zip_code: str, expected: bool
) -> None:
    assert alike(customer, name, address, zip_code) is expected
