"""How a call to a vendor ended: delivered, refused, not sent, or sent but the answer was lost.

A vendor's failure is an expected outcome, not an exception (house rule 16). Only what is idempotent may be
repeated after `AnswerLost`; everything else looks first whether the earlier try took effect.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from streams.vocabulary.fact import Fact

T = TypeVar("T")


class Refused(Fact, frozen=True, kw_only=True, tag="refused"):
    """The vendor understood and said no. The same call again gets the same answer."""

    said: str
    """The vendor's own words, without secrets."""
    code: str = ""
    """HTTP status, problem type, SOAP fault code or result enum."""


class NotSent(Fact, frozen=True, kw_only=True, tag="not-sent"):
    """It surely had no effect (no connection, 429, our own limit). Safe to send again."""

    why: str
    retry_after: float | None = None
    """Seconds the vendor asked us to wait, if it said so."""


class AnswerLost(Fact, frozen=True, kw_only=True, tag="answer-lost"):
    """It was sent and may have taken effect: a timeout, a 5xx, a body cut short."""

    why: str


Failure = Refused | NotSent | AnswerLost


class Delivered(msgspec.Struct, Generic[T], frozen=True):
    """The vendor did it; `answer` is what it said, read into our words."""

    answer: T
