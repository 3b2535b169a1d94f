"""VAT and chamber of commerce numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.vocabulary.company_numbers import chamber_number, vat_number


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("NL004495445B01", "NL", "NL004495445B01"),
        ("nl 0044.95.445.B01", "", "NL004495445B01"),
        ("004495445B01", "NL", "NL004495445B01"),
        ("004495445B01", "", ""),
        ("NL123456789B13", "NL", "NL123456789B13"),
        ("NL999999999B99", "NL", ""),
        ("BE 0428.759.497", "BE", "BE0428759497"),
        ("0428.759.497", "be", "BE0428759497"),
        ("428759497", "BE", "BE0428759497"),
        ("BE0428759498", "BE", ""),
        ("DE136695976", "NL", "DE136695976"),
        ("EL094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("US123456789", "US", ""),
        ("ja", "NL", ""),
        ("", "NL", ""),
        ("n.v.t.", "", ""),
    ],
)
def test_vat_numbers(text: str, country: str, expected: str) -> None:
    assert vat_number(text, country) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("99887766", "NL", "NL99887766"),
        ("KvK 99.88.77.66", "NL", "NL99887766"),
        ("99887766", "", "NL99887766"),
        ("0428.759.497", "BE", "BE0428759497"),
        ("BE 0428759497", "NL", "BE0428759497"),
        ("428759497", "BE", "BE0428759497"),
        ("0428759498", "BE", ""),
        ("998877", "NL", ""),
        ("00000000", "NL", ""),
        ("99887766", "DE", ""),
        ("HRB 12345", "DE", ""),
        ("", "NL", ""),
    ],
)
def test_chamber_numbers(text: str, country: str, expected: str) -> None:
    assert chamber_number(text, country) == expected


@given(st.text(), st.text(max_size=3))
def test_whatever_is_typed_is_a_number_or_none(text: str, country: str) -> None:
    for read in (vat_number, chamber_number):
        found = read(text, country)
        assert found == "" or read(found) == found, "its own spelling is the one it is known by"


@given(st.sampled_from(["NL004495445B01", "BE0428759497", "DE136695976"]), st.data())
def test_spaces_and_points_make_no_other_number(number: str, data: st.DataObject) -> None:
    text = "".join(sign + data.draw(st.sampled_from(["", " ", ".", "-"])) for sign in number)
    assert vat_number(text.lower()) == number
