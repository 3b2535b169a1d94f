"""Which of the outcomes a reply that is no answer stands for (facts/mplus.md 1.5). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.mplus import reply
from streams.vocabulary.outcomes import AnswerLost, Failure, NotSent, Refused

LONGEST_PATIENCE = 3600.0
LONGEST_WORDS = 500
"""Characters of what Mplus said that are kept."""
_UNKNOWN = re.compile(
    r"not implemented|not recogni[sz]ed|unknown (method|operation)|no such (method|operation)", re.I
)
_ADVICE = {
    401: "ident and secret are not accepted",
    403: "ident and secret are not accepted",
    404: "there is no Mplus API at this api_url",
    405: "there is no Mplus API at this api_url",
}


def of_fault(operation: str, fault: reply.Fault) -> Failure:
    """The caller's fault is a refusal; the server's may have come after the effect."""
    said, code = " ".join(fault.said.split()), fault.code
    if not fault.ours:
        return AnswerLost(why=f"Mplus has trouble with {operation} ({code or 'no fault code'}: {said})")
    if "authentication" in code.casefold():
        said = f"{said} (ident or secret is wrong)"
    return Refused(said=said or code, code=code)


def of_status(operation: str, status: int, body: bytes, retry_after: str | None) -> Failure:
    """An HTTP status that is no 200: the fault in the body where there is one, else what the status says."""
    if status == 429:
        return NotSent(why="Mplus asks for patience (HTTP 429)", retry_after=_seconds(retry_after))
    try:
        reply.answer(body)
    except reply.Fault as fault:
        return of_fault(operation, fault)
    except reply.Unreadable:
        pass
    if 300 <= status < 500 and status != 408:
        advice = _ADVICE.get(status, "the api_url points elsewhere" if status < 400 else "")
        return Refused(
            said=f"HTTP {status} to {operation}{f': {advice}' if advice else ''}", code=str(status)
        )
    return AnswerLost(why=f"HTTP {status} to {operation}")


def unknown_operation(refused: Refused) -> bool:
    """Whether this installation is too old for the operation (facts/mplus.md 1.3). The words are those of gSOAP,
    which the service is built with; not verified against an old installation."""
    return _UNKNOWN.search(refused.said) is not None


def login(refused: Refused) -> bool:
    """Whether it is about ident and secret, so that every other call is refused as well."""
    return "authentication" in refused.code.casefold() or refused.code in ("401", "403", "404", "405")


def reworded(outcome: Failure, clean: Callable[[str], str]) -> Failure:
    """With clean words, cut after that: half a secret would not be found."""

    def words(said: str) -> str:
        return clean(said)[:LONGEST_WORDS]

    match outcome:
        case Refused():
            return Refused(said=words(outcome.said), code=words(outcome.code))
        case NotSent():
            return NotSent(why=words(outcome.why), retry_after=outcome.retry_after)
        case AnswerLost():
            return AnswerLost(why=words(outcome.why))


def _seconds(header: str | None) -> float | None:
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return min(seconds, LONGEST_PATIENCE) if seconds >= 0 else None
