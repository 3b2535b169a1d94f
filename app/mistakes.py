"""Mistakes in the settings, in words: what to write instead. The value that was given is never repeated."""

from __future__ import annotations

from typing import Any, NamedTuple

NO_SUCH = "there is no such setting; see kassabrug.example.toml for those there are"
_WORDS = {
    "extra_forbidden": NO_SUCH,
    "missing": "is missing; see kassabrug.example.toml for what belongs here",
    "int_type": "write a whole number, without quotes",
    "int_from_float": "write a whole number, without quotes",
    "float_type": "write a number, without quotes",
    "finite_number": "write a number; no inf, no nan",
    "string_type": "write a text, in quotes",
    "path_type": "write a path, in quotes",
    "tuple_type": 'write a list, in brackets: [1, 2], or of texts: ["a", "b"]',
    "model_type": "write a part with settings in it; see kassabrug.example.toml",
    "model_attributes_type": "write a part with settings in it; see kassabrug.example.toml",
    "dict_type": 'write a table: {"NL" = 1, "BE" = 2}',
    "string_too_short": "is empty; fill it in",
    "string_too_long": "is too long",
    "bool_type": "write true or false, without quotes",
    "string_pattern_mismatch": "write letters, digits, - and _, at most 20",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "write a number of at least {}"),
    "greater_than": ("gt", "write a number above {}"),
    "less_than_equal": ("le", "write a number of at most {}"),
}


class Mistake(NamedTuple):
    """Two settings that do not go together: the key to change (below its part: `orders`, `stock`), and how."""

    key: str
    text: str


def words(problem: Any) -> str:
    """What to write instead, for one of pydantic's `errors()`."""
    kind = problem["type"]
    if kind in _BOUNDS:
        name, said = _BOUNDS[kind]
        return said.format(f"{problem['ctx'][name]:.15g}")
    if kind == "literal_error":
        return f"write one of {problem['ctx']['expected']}"
    if kind == "dict_type" and problem["loc"] == ("connections",):
        return "write a part for each shop: [connections.NAME.bol] and so on"
    return _WORDS.get(kind) or str(problem["msg"]).removeprefix("Value error, ")
