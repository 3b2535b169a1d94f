"""Addresses as customers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.mapping.addresses import joined, split

ODD = [
    # the Netherlands
    ("Kerkstraat 12", "Kerkstraat", "12", ""),
    ("Kerkstraat 12A", "Kerkstraat", "12", "A"),
    ("Kerkstraat 12-A", "Kerkstraat", "12", "A"),
    ("Kerkstraat 12 a", "Kerkstraat", "12", "a"),
    ("Kerkstraat 12-3", "Kerkstraat", "12", "3"),
    ("Kerkstraat 12 3", "Kerkstraat", "12", "3"),
    ("Kerkstraat 12 - A", "Kerkstraat", "12", "A"),
    ("Prinsengracht 12-hs", "Prinsengracht", "12", "hs"),
    ("Prinsengracht 263 III", "Prinsengracht", "263", "III"),
    ("Kade 5a II", "Kade", "5", "a II"),
    ("2e Hugo de Grootstraat 12-3hoog", "2e Hugo de Grootstraat", "12", "3hoog"),
    ("1e Jan Steenstraat 5 bis", "1e Jan Steenstraat", "5", "bis"),
    ("Stationsplein 45 Unit A4.004", "Stationsplein", "45", "Unit A4.004"),
    ("Plein 1944 3", "Plein 1944", "3", ""),
    ("Plein 1940-1945 12", "Plein 1940-1945", "12", ""),
    ("'s-Gravenweg 8 rood", "'s-Gravenweg", "8", "rood"),
    ("De Run 4250", "De Run", "4250", ""),
    ("A 4", "A", "4", ""),
    ("Kerkstraat12a", "Kerkstraat", "12", "a"),
    # Belgium
    ("Kerkstraat 12 bus 3", "Kerkstraat", "12", "bus 3"),
    ("Kerkstraat 12, bus A4", "Kerkstraat", "12", "bus A4"),
    ("Kerkstraat 12/3", "Kerkstraat", "12", "3"),
    ("Rue de la Loi 16 bte 3", "Rue de la Loi", "16", "bte 3"),
    ("Rue de la Loi 16 boîte 3.01", "Rue de la Loi", "16", "boîte 3.01"),
    ("12, rue de la Loi", "rue de la Loi", "12", ""),
    ("16 bte 3, Rue Neuve", "Rue Neuve", "16", "bte 3"),
    ("12 bis, rue de la Loi", "rue de la Loi", "12", "bis"),
    ("Rue du 11 Novembre 5", "Rue du 11 Novembre", "5", ""),
    ("Avenue du 8 mai 1945 12", "Avenue du 8 mai 1945", "12", ""),
    # no number, boxes, somebody else's door, other letters
    ("Kerkstraat", "Kerkstraat", "", ""),
    ("", "", "", ""),
    ("12", "12", "", ""),
    ("Kerkstraat 12 (achterom bij de buren aan de deur)", "Kerkstraat 12 (achterom bij de buren aan de deur)", "", ""),
    ("Postbus 90210", "Postbus", "90210", ""),
    ("Antwoordnummer 123", "Antwoordnummer", "123", ""),
    ("c/o Jansen, Kerkstraat 12", "c/o Jansen, Kerkstraat", "12", ""),
    ("Straße des 17. Juni 135", "Straße des 17. Juni", "135", ""),
    ("Øster Allé 48 B", "Øster Allé", "48", "B"),
    ("улица Шевченка 12", "улица Шевченка", "12", ""),
    ("Οδός Ερμού 15Β", "Οδός Ερμού", "15", "Β"),
    ("Kerkstraat ١٢", "Kerkstraat ١٢", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "street", "number", "extension"), ODD, ids=[one[0] for one in ODD])
def test_odd_addresses(line: str, street: str, number: str, extension: str) -> None:
    assert split(line) == (street, number, extension)


def test_joined() -> None:
    assert joined("Kerkstraat", "12", "bus 3") == "Kerkstraat 12 bus 3"
    assert joined(" Kerkstraat ", "12", "") == "Kerkstraat 12"
    assert joined("", "", "") == ""


def letters(text: str) -> list[str]:
    return sorted(one for one in text if one.isalnum())


PIECES = "bus bte 12 12A 3/4 2e Kerkstraat , - rue de 1944 (x) bis, 90210 Ερμού"
LINES = st.lists(
    st.one_of(
        st.sampled_from(PIECES.split(" ")),
        st.text(max_size=8),
    ),
    max_size=8,
).map(" ".join)


@given(LINES)
def test_splitting_and_joining_loses_nothing(line: str) -> None:
    parts = split(line)
    assert letters(joined(*parts)) == letters(line)
    assert parts.number == "" or parts.number.isascii()
    assert parts.number == "" or letters(parts.street)


@given(LINES)
def test_what_was_joined_is_split_the_same_way(line: str) -> None:
    # Once in good form it stays as it is: a mapping that is run over its own result changes nothing.
    once = joined(*split(line))
    assert letters(joined(*split(once))) == letters(once)


@given(
    st.sampled_from(["Kerkstraat", "Rue de la Loi", "2e Hugo de Grootstraat", "Οδός Ερμού", "'t Hof"]),
    st.integers(1, 99999).map(str),
    st.sampled_from(["", "A", "bis", "bus 3", "bte A4", "2 hoog", "hs", "III"]),
)
def test_joining_and_splitting_gives_the_parts(street: str, number: str, extension: str) -> None:
    assert split(joined(street, number, extension)) == (street, number, extension)
