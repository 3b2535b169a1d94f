"""The language's bounds: an expression is known by its name before it is used, has no clock, and ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.mapping.language import (
    BUILT_IN,
    FORBIDDEN,
    LONGEST,
    ExpressionFailed,
    ExpressionInvalid,
    check,
    evaluated,
)

OWN = frozenset({"first"})


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("a b", 3, "S0201"),
        ("a.b) + 1", 4, "S0201"),
        ("$uppercase(a", 12, "RightParen"),
        ("'abc", 4, "S0101"),
        ("1 +", 3, "S0207"),
        ("a & $frist(b)", 5, r"no function \$frist"),
        ("$now()", 1, "orderPlacedDateTime"),
        ("($n := $millis; $n())", 8, "orderPlacedDateTime"),
        ("$shuffle([1])", 1, "every time"),
        ("$eval('1')", 1, "cannot be used"),
        ("1" * (LONGEST + 1), LONGEST, "longer than"),
    ],
)
def test_what_is_no_expression_is_told_with_its_place(text: str, place: int, words: str) -> None:
    with pytest.raises(ExpressionInvalid, match=words) as found:
        check(text, OWN)
    assert found.value.place == place


@pytest.mark.parametrize(
    "text",
    [
        "orderItems[0].product.title",
        "$first(a, 'b')",
        "'$now() is a text' /* and $frist() a remark */",
        "($f := function($x) { $x & '!' }; $f('a'))",
        "$map([1], function($g) { $string($g) })",
        'a ? "x" : $uppercase("y")',
    ],
)
def test_what_is_one_passes(text: str) -> None:
    check(text, OWN)


def test_every_built_in_function_is_one() -> None:
    for name in BUILT_IN:
        assert evaluated(f"$type(${name})", {}, {}) == "function", name
    assert evaluated("$type($nothing)", {}, {}) is None


def test_clocks_and_dice_are_not_there_whatever_the_way() -> None:
    for name in FORBIDDEN:
        with pytest.raises(ExpressionFailed, match="cannot be used"):
            evaluated(f"($f := ${name}; $f([1]))", {}, {})


HOSTILE = [
    ("($f := function() { $f() }; $f())", "timeout"),
    ("($f := function($n) { 1 + $f($n + 1) }; $f(0))", "Stack overflow"),
    ("$sum([1..9999999])", "sequence length"),
    ("[1..3000].([1..3000].(1))", "timeout|sequence"),
    ("$pad('x', 2000000000)", "at most"),
    ("$error('no')", "no"),
]


@pytest.mark.parametrize(("text", "words"), HOSTILE, ids=[one[0] for one in HOSTILE])
def test_whatever_an_expression_does_it_ends(text: str, words: str) -> None:
    with pytest.raises(ExpressionFailed, match=words):
        evaluated(text, {}, {})


def test_a_pattern_that_hangs_others_is_nothing_special() -> None:
    # (a+)+$ takes Python's own engine years on this text.
    document = {"text": "a" * 40 + "!"}
    assert evaluated("$contains(text, /^(a+)+$/)", document, {}) is False


def test_pad_is_the_languages_own_but_for_its_bound() -> None:
    for text, gives in (
        ("$pad('a', 3)", "a  "),
        ("$pad('a', -3, '0')", "00a"),
        ("$pad('abc', 2)", "abc"),
        ("$pad('a', 6, 'xy')", "axyxyx"),
        ("$pad(nothing, 6)", None),
    ):
        assert evaluated(text, {}, {}) == gives


def test_a_functions_own_words_are_kept() -> None:
    def first(*given: Any) -> Any:
        raise ValueError("a sentence for people: é")

    with pytest.raises(ExpressionFailed, match=r"^a sentence for people: é$"):
        evaluated("$first(1)", {}, {"first": first})


def test_an_expression_is_at_home_in_every_thread() -> None:
    # The engine's compiled expressions belong to the thread that made them.
    found: list[Any] = []
    check("a & 'x'", OWN)
    threads = [
        threading.Thread(target=lambda: found.append(evaluated("a & 'x'", {"a": "q"}, {}))) for _ in range(3)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == ["qx"] * 3


def refusal(text: str) -> ExpressionInvalid | ExpressionFailed | None:
    try:
        check(text, OWN)
        evaluated(text, {"a": "x", "items": [{"a": 1}, {"a": 2}]}, {})
    except (ExpressionInvalid, ExpressionFailed) as error:
        return error
    return None


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_is_told_why_not(text: str) -> None:
    error = refusal(text)
    assert error is None or str(error)
    if isinstance(error, ExpressionInvalid):
        assert 1 <= error.place <= max(1, len(text))
        assert error.words


PIECES = (
    "( ) [ ] { } . , : ; ? & + - * / % = != < > := @ # ^ ~> ** $ $$ and in function 'a' 1 0 -1 1e3 null /a+/ a items "
    "$x $uppercase( $split( $join( $substring( $replace( $match( $sum( $map( $reduce( $sort( $number( $fromMillis( "
    "$formatNumber( $pad( $each( $sift( $zip( $round( $power( $single( $eval( 'é'"
)


@given(st.lists(st.sampled_from(PIECES.split(" ")), max_size=14).map(" ".join))
def test_any_jumble_of_the_language_gives_a_value_or_a_reason(text: str) -> None:
    error = refusal(text + ")" * max(0, text.count("(") - text.count(")")))
    assert error is None or str(error)
