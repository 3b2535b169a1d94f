"""The one place that knows the expression language: JSONata 2.x, by jsonatapy (docs/decisions/0010-expressions.md).

An expression sees a document and functions and gives a value; it has no I/O, no clock and no dice here, and it ends:
its length, its depth, the length of a list and of a text that it makes, and its seconds are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonatapy

Function = Callable[..., Any]
Document = Mapping[str, Any]
"""What JSON has: texts, numbers, true and false, None, lists and dicts of them."""

LONGEST = 4000
"""Characters of an expression."""
DEEPEST = 200
"""Calls within calls."""
MOST = 10_000
"""Elements of a list that it makes on its way."""
LONGEST_PAD = 10_000
"""Characters that $pad fills up to: the one function of the language that makes any length of text in one step."""
PATIENCE = 500
"""Milliseconds. The last resort only: by it the same order could fail on a busy machine and not on another. Ten
thousand times what an expression takes."""

_BUILT_IN = """
    string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join
    match replace base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl number abs
    floor ceil round power sqrt formatNumber formatBase formatInteger parseInteger sum max min average boolean
    not exists count append sort reverse distinct zip keys lookup spread merge each error assert type map filter
    single reduce sift fromMillis toMillis
"""
BUILT_IN = frozenset(_BUILT_IN.split())
"""The language's own functions that an expression may use."""
FORBIDDEN = {
    "now": "the same order must give the same result tomorrow; use orderPlacedDateTime",
    "millis": "the same order must give the same result tomorrow; use orderPlacedDateTime",
    "random": "the same order must give the same result every time",
    "shuffle": "the same order must give the same result every time",
    "eval": "what an expression does must be seen from the settings",
}

_CALLED = re.compile(r"\$([A-Za-z_]\w*)\s*\(")
_NAMED = re.compile(r"\$([A-Za-z_]\w*)")
_FIELD = re.compile(r"(?<![\w$])[A-Za-z_]\w*")
_WORDS = frozenset(("and", "or", "in", "true", "false", "null", "function"))
_TEXTS = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_HOST = re.compile(r"^host function raised \w+: ", re.DOTALL)
_PARSE = re.compile(r"^Parse error: (?:Invalid syntax: )?")


class ExpressionInvalid(ValueError):
    """This is no expression. `words` are the language's own, `place` the character (from 1) where it is noticed."""

    def __init__(self, words: str, place: int) -> None:
        super().__init__(words, place)
        self.words = words
        self.place = place


class ExpressionFailed(ValueError):
    """The expression gave no value; the text says why."""


def check(text: str, functions: frozenset[str]) -> None:
    """Raises ExpressionInvalid unless this can be evaluated with functions of these names (without `$`)."""
    if not text.strip():
        raise ExpressionInvalid("it is empty", 1)
    if len(text) > LONGEST:
        raise ExpressionInvalid(f"it is longer than {LONGEST} characters", LONGEST)
    said = _refusal(text)
    if said:
        raise ExpressionInvalid(said, _place(text, said))
    # Names within texts and comments are no names; blanks keep the places.
    bare = _TEXTS.sub(lambda found: " " * len(found.group()), text)
    for found in _NAMED.finditer(bare):
        if found[1] in FORBIDDEN:
            raise ExpressionInvalid(f"${found[1]} cannot be used: {FORBIDDEN[found[1]]}", found.start() + 1)
    own = set(_defined(bare))
    for found in _CALLED.finditer(bare):
        if found[1] not in BUILT_IN | functions | own:
            raise ExpressionInvalid(f"there is no function ${found[1]}", found.start() + 1)


def fields_named(text: str) -> frozenset[str]:
    """Names that it reads from the document, at whatever depth: `a` and `b` of `a.b + 1`. Words within texts and
    comments are none, nor are names of variables and functions."""
    bare = _TEXTS.sub(lambda found: " " * len(found.group()), text)
    return frozenset(_FIELD.findall(bare)) - _WORDS


def evaluated(text: str, document: Document, functions: Mapping[str, Function]) -> Any:
    """The value, in JSON's types; None where the expression leads to nothing. Raises ExpressionFailed.

    Compiled every time: it takes some microseconds, and what is compiled belongs to its thread.
    """
    try:
        expression = jsonatapy.compile(
            text, timeout=PATIENCE, max_stack_depth=DEEPEST, max_sequence_length=MOST
        )
        # Only what it names: to register them all takes longer than everything else.
        named = set(_NAMED.findall(text))
        for name in named & functions.keys():
            expression.register(name, functions[name])
        for name in named & FORBIDDEN.keys():
            expression.register_override(name, _forbidden(name))
        if "pad" in named:
            expression.register_override("pad", _pad)
        return expression.evaluate(document)
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise ExpressionFailed(_HOST.sub("", str(error))) from None
    except BaseException as error:
        # A bug in the engine is a PanicException, which is no Exception, so as not to be swallowed by chance.
        if type(error).__name__ != "PanicException":
            raise
        raise ExpressionFailed(f"the expression engine gave up: {str(error)[:200]}") from None


def _refusal(text: str) -> str:
    """Why this cannot be parsed, in the language's words; empty: it can."""
    try:
        jsonatapy.compile(text)
    except ValueError as error:
        return _PARSE.sub("", str(error))
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        return f"the expression engine gave up: {str(error)[:200]}"
    return ""


def _place(text: str, said: str) -> int:
    """The parser does not tell where. What it refuses it refuses as soon as it has read that far, so the shortest
    beginning that is refused in the same words ends there. What is not finished is noticed at its end."""
    if "end of expression" in said or "terminated" in said:
        return len(text)
    return next((end for end in range(1, len(text)) if _refusal(text[:end]) == said), len(text))


def _defined(bare: str) -> Iterator[str]:
    """Names that the expression itself gives to functions: `$f := ...` and parameters."""
    yield from re.findall(r"\$([A-Za-z_]\w*)\s*:=", bare)
    for parameters in re.findall(r"(?:function|λ)\s*\(([^)]*)\)", bare):
        yield from _NAMED.findall(parameters)


def _forbidden(name: str) -> Function:
    def refuse(*given: Any) -> Any:
        raise ValueError(f"${name} cannot be used: {FORBIDDEN[name]}")

    return refuse


def _pad(text: Any = None, width: Any = None, filler: Any = None, *more: Any) -> Any:
    """The language's own $pad, bounded."""
    if text is None:
        return None
    if not isinstance(text, str) or isinstance(width, bool) or not isinstance(width, int | float):
        raise ValueError("$pad takes a text and a number")
    if not abs(width) <= LONGEST_PAD:
        raise ValueError(f"$pad fills up to {LONGEST_PAD} characters at most")
    with_ = filler if isinstance(filler, str) and filler else " "
    lacking = int(abs(width)) - len(text)
    filling = (with_ * (lacking // len(with_) + 1))[:lacking] if lacking > 0 else ""
    return text + filling if width > 0 else filling + text
