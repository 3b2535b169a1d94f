"""The `result` of a reply: business outcomes are no faults at Mplus but an enum (facts/mplus.md 1.5)."""

from __future__ import annotations

from connectors.mplus.reply import Node, Unreadable
from streams.vocabulary.outcomes import Refused

LONGEST = 500
"""Characters of Mplus's words that are kept."""


def refusal(answer: Node) -> Refused | None:
    """Mplus's no, or None where it did what was asked. Raises Unreadable where there is no result at all."""
    result = answer.text("result")
    if not result:
        raise Unreadable(f"{answer.name} has no result")
    if result.endswith("-RESULT-OK"):
        return None
    said = " ".join((answer.text("errorMessage") or answer.text("message")).split())
    return Refused(said=(said or result)[:LONGEST], code=result[:LONGEST])


def granted(answer: Node, no: str) -> bool:
    """True: OK. False: the one no that is expected. Anything else is Unreadable: it is neither."""
    refused = refusal(answer)
    if refused is None or refused.code.endswith(f"-RESULT-{no}"):
        return refused is None
    raise Unreadable(f"{answer.name} has the result {refused.code[:80]}")
