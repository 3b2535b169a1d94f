"""No secret gets into a log line, a traceback or an address."""

from __future__ import annotations

import io
import json
import logging

import pytest

from app.logging import Json, Scrub

SECRET = "zeer-geheim-123"


def line(message: str, *args: object, error: bool = False, as_json: bool = False) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Scrub([SECRET]))
    handler.setFormatter(Json() if as_json else logging.Formatter("%(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    if error:
        try:
            raise ValueError(f"bad {SECRET}")
        except ValueError:
            logger.exception(message, *args)
    else:
        logger.info(message, *args)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("message", "args"),
    [
        (f"got {SECRET}", ()),
        ("got %s", (SECRET,)),
        ("POST %s", (f"https://api.mpluskassa.nl:12345/?ident=winkel&secret={SECRET}",)),
        ("header Authorization: Bearer abcdefghijklmnop", ()),
    ],
)
def test_a_secret_is_taken_out(message: str, args: tuple[object, ...]) -> None:
    written = line(message, *args)
    assert SECRET not in written
    assert "abcdefghijklmnop" not in written
    assert "***" in written


def test_an_unknown_secret_in_an_address_is_taken_out_too() -> None:
    assert "other" not in line("GET /?ident=x&secret=other HTTP/1.1")


def test_a_traceback_is_cleaned() -> None:
    written = line("failed", error=True)
    assert "ValueError" in written
    assert SECRET not in written


def test_json_lines() -> None:
    told = json.loads(line("hello %s", "there", as_json=True))
    assert told["message"] == "hello there"
    assert "trace" in json.loads(line("failed", error=True, as_json=True))
