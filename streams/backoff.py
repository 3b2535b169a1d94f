"""After a failure: how long to wait before the next try, and the words for a person. Pure and deterministic: the jitter
comes from the key and the try. One place for every flow."""

from __future__ import annotations

from hashlib import blake2b

from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused

Failure = Refused | NotSent | AnswerLost
FIRST = 1.0
"""Seconds before the second try, at most."""
CAP = 300.0
"""The longest wait of our own choosing, in seconds."""
ASKED_CAP = 3600.0
"""The longest wait that a vendor may ask for, in seconds."""
REFUSED_WAIT = 60.0
"""Seconds at least before what a vendor refused is tried again: a person has to change something first."""
LOUD = 3
"""Failures in a row before a person is told: a vendor's hiccup is no news."""


def delay(tries: int, key: str, retry_after: float | None = None) -> float:
    """Seconds to wait after the `tries`-th failure (1 is the first) of what `key` names.

    Doubles from FIRST to CAP, spread over its upper half so that many rows do not come back at once. What a
    vendor asked for (`retry_after`) is honoured up to ASKED_CAP.
    """
    most = min(CAP, FIRST * 2.0 ** min(max(tries, 1) - 1, 16))
    digest = blake2b(f"{key}#{tries}".encode(), digest_size=4).digest()
    wait = most * (0.5 + int.from_bytes(digest, "big") / 2**33)
    if retry_after is not None and retry_after == retry_after:
        wait = max(wait, min(max(0.0, retry_after), ASKED_CAP))
    return wait


def wait_after(
    outcome: Failure, tries: int, key: str, refused: float = REFUSED_WAIT, lost: float = 0.0
) -> float:
    """Seconds until the next try, after the `tries`-th failure in a row of what `key` names. `refused`, `lost`: at
    least so many after a no, and after an answer that was lost."""
    match outcome:
        case Refused():
            return max(refused, delay(tries, key))
        case NotSent():
            return delay(tries, key, outcome.retry_after)
        case AnswerLost():
            return max(lost, delay(tries, key))


def worth_telling(outcome: Failure, tries: int) -> bool:
    """Whether a person is told: of a no at once, of anything else when it lasts."""
    return tries >= LOUD or isinstance(outcome, Refused)


def told(what: str, vendor: str, outcome: Failure) -> str:
    """`Booking the order does not work. Mplus says: ... Change what is named here, ...`: whole sentences, with what to
    do next. `what`: what was tried, in lower case."""
    match outcome:
        case Refused():
            words = f"{vendor} says: {outcome.said}"
            advice = "Change what is named here, then press try again; it is also tried by itself."
        case NotSent():
            words, advice = outcome.why, "It is tried again by itself; nothing is lost."
        case AnswerLost():
            words = f"the answer was lost: {outcome.why}"
            advice = "It is tried again by itself; nothing is lost."
    return f"{what[:1].upper()}{what[1:]} does not work. {words.rstrip('.')}. {advice}"
