"""Bol's words when it says no: problem+json (bol-retailer-v10, schema Problem)."""

from __future__ import annotations

import msgspec

from streams.vocabulary.outcomes import AnswerLost, Failure, NotSent, Refused

LONGEST = 500
"""Characters of Bol's words that are kept."""


class _Violation(msgspec.Struct):
    name: str = ""
    reason: str = ""


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""
    violations: list[_Violation] = []


_decoder = msgspec.json.Decoder(_Problem)


def words(status: int, body: bytes) -> str:
    """What Bol said, as one line; the status alone where it said nothing readable."""
    try:
        problem = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return f"HTTP {status}"
    parts = [problem.detail or problem.title]
    parts.extend(f"{one.name}: {one.reason}" for one in problem.violations[:5])
    text = "; ".join(part.strip() for part in parts if part.strip())
    return " ".join(f"HTTP {status} {text}".split())[:LONGEST]


def failure(status: int, body: bytes, retry_after: str | None) -> Failure:
    """The outcome of an answer that is no 2xx.

    429: our call was not taken. 408 and 5xx: it may have been. Everything else is a refusal.
    """
    said = words(status, body)
    if status == 429:
        return NotSent(why=f"Bol asks for patience ({said})", retry_after=seconds_of(retry_after))
    if status == 408 or status >= 500:
        return AnswerLost(why=f"Bol has trouble ({said})")
    return Refused(said=said, code=str(status))


def seconds_of(header: str | None) -> float | None:
    """`Retry-After` or a reset header in seconds; None where it is missing or rubbish."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return min(seconds, 3600.0) if seconds >= 0 else None
