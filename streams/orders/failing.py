"""What a vendor's no, a call that did not leave and a lost answer mean for the next try. Pure; one place for all."""

from __future__ import annotations

from datetime import datetime

from streams.backoff import delay
from streams.orders.step import COMMIT, DELIVER, FETCH, LEARN, LESS, LOOK, PAY, READ, SLIPS, STATUS, Making
from streams.vocabulary.effects import Effect
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import seconds

REFUSED_WAIT = 60.0
"""Seconds at least before what a vendor refused is tried again: a person has to change something first."""
LOUD = 3
"""Failures in a row before a person is told: a vendor's hiccup is no news."""

_TRIED = {
    FETCH: ("Bol", "reading the order"),
    LOOK: ("Mplus", "looking whether the order is there already"),
    COMMIT: ("Mplus", "booking the order"),
    READ: ("Mplus", "reading the order"),
    DELIVER: ("Mplus", "delivering the order"),
    PAY: ("Mplus", "booking the payment"),
    LESS: ("Mplus", "cancelling what Bol has cancelled"),
    STATUS: ("Mplus", "setting the order status"),
    SLIPS: ("Mplus", "reading the packing slips"),
    LEARN: ("Bol", "reading the shipments"),
    "ship": ("Bol", "telling the shipment"),
    "process": ("Bol", "asking how it ended"),
    "cancel": ("Bol", "cancelling an item"),
}


def failed(step: Making, key: str, outcome: Refused | NotSent | AnswerLost) -> datetime:
    """Counts it, says so when it is worth a person's while, and gives the moment of the next try."""
    tries = step.order.failures.get(key, 0) + 1
    step.put(failures={**step.order.failures, key: tries})
    vendor, what = _TRIED[key.partition("/")[0]]
    label = f"{step.id}/{key}"
    match outcome:
        case Refused():
            wait, words = max(REFUSED_WAIT, delay(tries, label)), f"{vendor} says: {outcome.said}"
        case NotSent():
            wait, words = delay(tries, label, outcome.retry_after), outcome.why
        case AnswerLost():
            wait, words = delay(tries, label), f"the answer was lost: {outcome.why}"
    if tries >= LOUD or isinstance(outcome, Refused):
        advice = (
            "Change what is named here, then press try again; it is also tried by itself."
            if isinstance(outcome, Refused)
            else "It is tried again by itself; nothing is lost."
        )
        words = words.rstrip(".")
        step.stuck(key, f"{what[0].upper()}{what[1:]} does not work. {words}. {advice}")
    return step.at + seconds(wait)


def again(step: Making, key: str, effect: Effect, outcome: Refused | NotSent | AnswerLost) -> None:
    """Asks for the same once more, when it is time, unless a newer asking waits already."""
    when = failed(step, key, outcome)
    if key not in step.context.open:
        step.ask(key, effect, when, step.doubt)


def worked(step: Making, key: str) -> None:
    """It was done: failures are counted from nothing again."""
    if key in step.order.failures:
        step.put(failures={name: count for name, count in step.order.failures.items() if name != key})
    step.freed(key)
