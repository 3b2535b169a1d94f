"""Bol's words when it says no: problem+json (bol-retailer-v10, schema Problem)."""

from __future__ import annotations

from typing import Any

import msgspec

from streams.vocabulary.outcomes import AnswerLost, Failure, NotSent, Refused

LONGEST = 500
"""Characters of Bol's words that are kept."""
LONGEST_PROBLEM = 64 * 1024
"""Bytes of an answer in which words are looked for."""
MOST_VIOLATIONS = 5
LONGEST_WAIT = 3600.0
"""Seconds: the longest wait that is believed."""


def words(status: int, body: bytes) -> str:
    """What Bol said, as one line with its violations; the status alone where it said nothing readable. A part
    that is missing or odd takes nothing away from the others."""
    problem = _object(body)
    parts = [_text(problem.get("detail")) or _text(problem.get("title"))]
    violations = problem.get("violations")
    if isinstance(violations, list):
        for one in violations[:MOST_VIOLATIONS]:
            if isinstance(one, dict):
                named = (_text(one.get("name")), _text(one.get("reason")))
                parts.append(": ".join(part for part in named if part))
    told = list(dict.fromkeys(part for part in parts if part))
    return f"HTTP {status} {'; '.join(told)}".strip()[:LONGEST]


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
    """`Retry-After` in seconds, an hour at most; None where it is missing or rubbish."""
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return min(seconds, LONGEST_WAIT) if seconds >= 0 else None


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > LONGEST_PROBLEM:
        return {}
    try:
        problem = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return {}
    return problem if isinstance(problem, dict) else {}


def _text(value: object) -> str:
    """One line that is safe on a terminal."""
    if not isinstance(value, str):
        return ""
    shown = "".join(one if one.isprintable() else " " for one in value[: 4 * LONGEST])
    return " ".join(shown.split())
