from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus import spelling

WORD = st.text("abcdeéïøz", min_size=1, max_size=6)
NUMBER = st.integers(1, 9999).map(str)
HOUSE = st.builds(
    lambda number, more: [number, *more], NUMBER, st.lists(st.sampled_from(["a", "bis", "hs"]), max_size=1)
)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Jan de Vries", "JAN DE  VRIES", True),
        ("J. de Vries", "J de Vries", True),
        ("Renée Brûlé", "Renee Brule", True),
        ("Van den Berg", "Vandenberg", True),
        ("Søren Łuk", "Soren Luk", True),
        ("Straße", "STRASSE", True),
        ("1111 ZZ", "1111zz", True),
        ("Jan de Vries", "Jan de Vriess", False),
        ("", "", False),
        ("-", "--", False),
    ],
)
def test_names_and_postcodes(one: str, other: str, alike: bool) -> None:
    assert spelling.same(one, other) is alike


@pytest.mark.parametrize(
    ("given_code", "spellings"),
    [
        ("1111 ZZ", ("1111 ZZ", "1111ZZ")),
        ("1111zz", ("1111zz", "1111 ZZ", "1111ZZ")),
        (" 2000 ", ("2000",)),
        ("", ()),
    ],
)
def test_a_dutch_postcode_is_looked_for_in_both_spellings(
    given_code: str, spellings: tuple[str, ...]
) -> None:
    assert spelling.postcodes(given_code) == spellings


def respelt(draw: st.DrawFn, text: str) -> str:
    """The same, as somebody else types it."""
    shapes: list[Callable[[str], str]] = [str.upper, str.title, str.lower, str]
    text = draw(st.sampled_from(shapes))(text)
    if draw(st.booleans()):
        text = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    return text.replace(" ", draw(st.sampled_from([" ", "  ", "-", ", ", " - "])))


@given(st.data(), st.lists(WORD, min_size=1, max_size=4))
def test_a_name_is_the_same_however_it_is_typed(data: st.DataObject, words: list[str]) -> None:
    name = " ".join(words)
    other = data.draw(st.composite(respelt)(name))
    assert spelling.same(name, other)
    assert not spelling.same(name, other + "q")


@given(st.text(), st.text())
def test_any_text_is_compared_alike_both_ways(one: str, other: str) -> None:
    assert spelling.same(one, other) is spelling.same(other, one)
    assert spelling.same(one, one) is (spelling.runs(one) != [])
