"""Bol's words when it says no."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.problem import failure, seconds_of, words
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.connectors.bol import contract

EXAMPLE = contract.example("bol-retailer-v10", "Problem")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            EXAMPLE,
            "HTTP 400 Bad request; exampleValue: Request contains invalid value(s): 'INVALID', allowed values: "
            "ALLOWED_VALUE1, ALLOWED_VALUE2.",
        ),
        ({"title": "Only a title", "detail": None}, "HTTP 400 Only a title"),
        ({"detail": "d", "violations": None}, "HTTP 400 d"),
        ({"detail": "d", "violations": [None, 5, {"name": "n"}, {"reason": "r"}]}, "HTTP 400 d; n; r"),
        ({"detail": "d", "violations": [{"reason": "d"}]}, "HTTP 400 d"),
        ({"detail": "two\nlines\x1b[31m and\u202e more"}, "HTTP 400 two lines [31m and more"),
        ({"detail": 5, "title": ["x"]}, "HTTP 400"),
        ([], "HTTP 400"),
    ],
)
def test_words(body: Any, said: str) -> None:
    assert words(400, orjson.dumps(body)) == said


def test_only_the_first_violations_are_told() -> None:
    body = {"detail": "d", "violations": [{"name": f"n{i}", "reason": "r"} for i in range(9)]}
    assert words(400, orjson.dumps(body)) == "HTTP 400 d; n0: r; n1: r; n2: r; n3: r; n4: r"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'"\xff"', b"\xff", b"[" * 50_000, b'{"detail":"' + b"x" * 70_000 + b'"}']
)
def test_without_words_the_status_speaks(body: bytes) -> None:
    assert words(502, body) == "HTTP 502"


@given(st.integers(100, 599), st.binary(max_size=200))
def test_words_are_one_short_line(status: int, body: bytes) -> None:
    for told in (body, orjson.dumps({"detail": body.decode("latin-1") * 20})):
        said = words(status, told)
        assert said.startswith(f"HTTP {status}")
        assert len(said) <= 500
        assert said.isprintable()


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 405, 406, 409, 415])
def test_refused(status: int) -> None:
    assert failure(status, b"", None) == Refused(said=f"HTTP {status}", code=str(status))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_it_may_have_taken_effect(status: int) -> None:
    assert failure(status, b"", "7") == AnswerLost(why=f"Bol has trouble (HTTP {status})")


def test_too_many() -> None:
    assert failure(429, b"", "7") == NotSent(why="Bol asks for patience (HTTP 429)", retry_after=7.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("0", 0.0), ("99999999", 3600.0), ("inf", 3600.0)]
    + [(odd, None) for odd in (None, "", "soon", "-1", "nan", "Wed, 21 Oct 2026 07:28:00 GMT")],
)
def test_seconds(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header) == seconds
