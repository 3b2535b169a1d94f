"""What a vendor's no, a call that did not leave and a lost answer mean for the next try. Pure; one place for all."""

from __future__ import annotations

from datetime import datetime

from streams.backoff import Failure, told, wait_after, worth_telling
from streams.orders.step import COMMIT, DELIVER, FETCH, LEARN, LESS, LOOK, PAY, READ, SLIPS, STATUS, Making
from streams.vocabulary.effects import Effect
from streams.vocabulary.time import seconds

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


def failed(step: Making, key: str, outcome: Failure) -> datetime:
    """Counts it, says so when it is worth a person's while, and gives the moment of the next try."""
    tries = step.order.failures.get(key, 0) + 1
    step.put(failures={**step.order.failures, key: tries})
    if worth_telling(outcome, tries):
        vendor, what = _TRIED[key.partition("/")[0]]
        step.stuck(key, told(what, vendor, outcome))
    return step.at + seconds(wait_after(outcome, tries, f"{step.id}/{key}"))


def again(step: Making, key: str, effect: Effect, outcome: Failure) -> None:
    """Asks for the same once more, when it is time, unless a newer asking waits already."""
    when = failed(step, key, outcome)
    if key not in step.context.open:
        step.ask(key, effect, when, step.doubt)


def worked(step: Making, key: str) -> None:
    """It was done: failures are counted from nothing again."""
    if key in step.order.failures:
        step.put(failures={name: count for name, count in step.order.failures.items() if name != key})
    step.freed(key)
