from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus.signature import fits, key_of, sign

SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
SIGNATURE = "EBFFIb5qPH/teEFmjtwcIj6h80cl+X1DUy62D46tnu8="
"""The published vector of facts/mplus.md 3.3, for the body `test`."""


def test_the_published_vector() -> None:
    key = key_of(SECRET)
    assert sign(key, b"test") == SIGNATURE
    assert fits(key, b"test", SIGNATURE)


@given(st.binary(min_size=1), st.binary(), st.binary())
def test_a_signature_fits_its_body_and_key_only(key: bytes, body: bytes, other: bytes) -> None:
    signature = sign(key, body)
    assert fits(key, body, signature)
    if other != body:
        assert not fits(key, other, signature)
    assert not fits(b"another " + key, body, signature)


@pytest.mark.parametrize(
    "header", ["", "x", "é", SIGNATURE[:-2], SIGNATURE + "=", f" {SIGNATURE}", "A" * 100_000]
)
def test_no_signature(header: str) -> None:
    assert not fits(key_of(SECRET), b"test", header)


@given(st.text(max_size=100))
def test_any_header_is_judged(header: str) -> None:
    assert not fits(key_of(SECRET), b"test", header)


@pytest.mark.parametrize("secret", ["not base64!", "YQ", "é", "", " YQ=="])
def test_a_secret_that_is_no_key_is_not_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="base64") as raised:
        key_of(secret)
    assert not secret or secret not in str(raised.value)
    assert raised.value.__context__ is None


def test_keys_are_decoded() -> None:
    assert key_of(base64.b64encode(b"key").decode()) == b"key"
