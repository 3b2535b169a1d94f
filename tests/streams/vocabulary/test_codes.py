"""Codes in one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.vocabulary.codes import LONGEST, code_entity, code_of_entity, normal, valid_ean


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (" 8712345678906 ", "8712345678906"),
        ("871234-5678906", "8712345678906"),
        ("012345678905", "0012345678905"),
        ("08712345678906", "8712345678906"),
        ("18712345678903", "18712345678903"),
        ("", ""),
        ("geen", ""),
    ],
)
def test_eans_in_one_spelling(written: str, meant: str) -> None:
    assert normal("ean", written) == meant


def test_skus_in_one_spelling() -> None:
    assert normal("sku", "  Mok-Rood ") == "mok-rood"


@given(kind=st.sampled_from(("ean", "sku")), value=st.text(max_size=200))
def test_a_code_comes_back_from_its_entity(kind: str, value: str) -> None:
    code = normal(kind, value)  # type: ignore[arg-type]  # one of the two
    assert normal(kind, code) == code or len(code) > LONGEST  # type: ignore[arg-type]  # one of the two
    entity = code_entity(kind, code)  # type: ignore[arg-type]  # one of the two
    if len(code) <= LONGEST and normal(kind, code) == code:  # type: ignore[arg-type]  # one of the two
        assert code_of_entity(entity) == (kind, code)
    assert entity.count("/") == 2


@pytest.mark.parametrize("entity", ["offer/1", "code/plu/1", "code"])
def test_another_entity_is_refused(entity: str) -> None:
    with pytest.raises(ValueError, match="not a code"):
        code_of_entity(entity)


@pytest.mark.parametrize(
    ("value", "valid"), [("8712345678906", True), ("8712345678907", False), ("96385074", True), ("12", False)]
)
def test_check_digits(value: str, valid: bool) -> None:
    assert valid_ean(value) is valid
