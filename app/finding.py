"""What `kassabrug check` finds: one thing that was looked at, and the words that findings are made of."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, NamedTuple

from streams.vocabulary.outcomes import Failure, Refused

Grade = Literal["ok", "warn", "fail"]


class Finding(NamedTuple):
    """One thing that was looked at. `part`: `log`, `web`, or a connection's name."""

    part: str
    grade: Grade
    text: str
    """What works, or what does not and what to do about it."""
    key: str = ""
    """The setting that it is about, within the connection: `orders.payment_method`."""


class Known(NamedTuple):
    """Something that exists at a vendor. `usable`: it is in use there."""

    code: str
    name: str = ""
    usable: bool = True

    def __str__(self) -> str:
        return f"{self.code} ({self.name[:40]})" if self.name and self.name != self.code else self.code


def why(failure: Failure) -> str:
    """The vendor's words, or ours about the way there."""
    return (failure.said if isinstance(failure, Refused) else failure.why).rstrip(".")


def listed(parts: Iterable[object], most: int = 20) -> str:
    """`1, 2, 3`; of many the first ones."""
    texts = [str(part)[:60] for part in parts]
    if not texts:
        return "none"
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")


def closest(code: str, known: Iterable[Known]) -> Known | None:
    """What was probably meant, by code or name. Never for a number: the next one is no better than any other."""
    if code.isdigit():
        return None
    by_words: dict[str, Known] = {}
    for one in known:
        by_words.setdefault(one.code.casefold(), one)
    for one in known:
        if one.name:
            by_words.setdefault(one.name.casefold(), one)
    found = get_close_matches(code.casefold(), by_words, n=1, cutoff=0.6)
    return by_words[found[0]] if found else None
