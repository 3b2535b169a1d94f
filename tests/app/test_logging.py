"""No secret gets into a log line, a traceback or an address."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.logging import LONGEST, Json, Plain, Scrub, set_up

SECRET = "zeer-geheim-123"


class Unsayable:
    """Whose text cannot be had."""

    def __str__(self) -> str:
        raise KeyError("no text")


def line(
    message: str, *args: object, error: bool = False, as_json: bool = False, secret: str = SECRET
) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Scrub([secret]))
    handler.setFormatter(Json() if as_json else Plain())
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


@pytest.mark.parametrize("as_json", [False, True])
def test_a_line_that_cannot_be_put_together_does_not_reach_the_caller(as_json: bool) -> None:
    assert "could not be put together: TypeError" in line("%d pieces", "many", as_json=as_json)
    assert "could not be put together: KeyError" in line("%s", Unsayable(), as_json=as_json)


def test_what_a_message_holds_begins_no_line() -> None:
    written = line("order %s", "1\n2026-01-01 ERROR root: forged\x1b[2J\u2028x")
    assert written.count("\n") == 1
    assert "\\n2026" in written
    assert "\x1b" not in written


def test_a_traceback_stands_below_its_line() -> None:
    first, *below = line("failed", error=True).splitlines()
    assert first.endswith("failed")
    assert len(below) > 2
    assert all(one.startswith("  | ") for one in below)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_line_has_a_bound(as_json: bool) -> None:
    assert len(line("x" * 1_000_000, as_json=as_json)) < LONGEST + 200


@given(st.text(min_size=6, max_size=40), st.booleans())
def test_a_secret_is_found_in_every_spelling(secret: str, as_json: bool) -> None:
    marked = f"<{secret}>"  # no secret is by chance a part of the line around it
    for told in (marked, quote(marked, safe=""), quote_plus(marked), repr(marked), json.dumps(marked)):
        assert "found *** here" in line("found %s here", told.strip("'\""), as_json=as_json, secret=marked)


@given(st.text(max_size=80) | st.sampled_from(["\ud800", "a\udfffb"]))
def test_any_text_is_one_line_of_json(text: str) -> None:
    written = line("%s", text, as_json=True)
    assert written.count("\n") == 1
    assert isinstance(json.loads(written)["message"], str)


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, which is afterwards as it was: a handler that stayed wrote to a stream that was closed."""
    one = logging.getLogger()
    before, level = one.handlers[:], one.level
    one.handlers.clear()
    yield one
    one.handlers[:] = before
    one.setLevel(level)


def test_libraries_are_kept_quiet_and_set_up_can_be_done_again(root: logging.Logger) -> None:
    set_up([SECRET])
    set_up([SECRET], as_json=True)
    assert len(root.handlers) == 1
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert logging.getLogger("app").isEnabledFor(logging.INFO)


def test_what_aiokafka_says_of_each_try_is_left_to_our_own_log(
    root: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up([])
    logging.getLogger("aiokafka.client").error("Unable connect to node with id 1")
    logging.getLogger("streams.log.kafka.fetching").info("fetching from broker 1 failed")
    said = capsys.readouterr().err
    assert "Unable connect" not in said
    assert "fetching from broker 1 failed" in said
