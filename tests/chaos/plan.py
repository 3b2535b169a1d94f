"""What is to go wrong, when, and to whom: a pure function of the seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal, NamedTuple

Log = Literal["embedded", "kafka"]
PAUSE = (1.5, 5.0)
"""Seconds of peace before an attack."""


class Kind(NamedTuple):
    """One kind of attack."""

    name: str
    on: tuple[Log, ...]
    what: str
    lasts: tuple[float, float]
    """Seconds, at least and at most, until it is over."""
    often: int = 1


BOTH: tuple[Log, ...] = ("embedded", "kafka")
KAFKA: tuple[Log, ...] = ("kafka",)
KINDS = (
    Kind("kill-worker", BOTH, "kill -9 of a worker (embedded: of the bridge), then started again", (0, 4), 4),
    Kind("kill-ingress", KAFKA, "kill -9 of the ingress", (0, 2), 2),
    Kind("kill-console", KAFKA, "kill -9 of the console", (0, 2)),
    Kind("kill-broker", KAFKA, "kill -9 of one broker of three", (1, 8), 2),
    Kind("stop-worker", BOTH, "SIGSTOP for longer than the session timeout, then SIGCONT", (7, 14)),
    Kind("stop-broker", KAFKA, "the same of a broker", (3, 12)),
    Kind("end-worker", BOTH, "SIGTERM of a worker, and started again", (0, 4)),
    Kind("more-workers", KAFKA, "two workers more, and killed again", (8, 14)),
    Kind("cut-log", KAFKA, "every connection to a broker is cut", (0, 0), 2),
    Kind("cut-vendor", BOTH, "every connection to a vendor is cut", (0, 0), 2),
    Kind("stall-vendor", BOTH, "nothing gets through to a vendor", (2, 8)),
    Kind("fill-disk", BOTH, "the log's volume is full (needs a mount of its own)", (4, 9)),
    Kind("step-clock", BOTH, "a worker's clock jumps, and back (needs libfaketime)", (5, 12)),
)


class Attack(NamedTuple):
    """One thing that goes wrong: after `pause` seconds, for `seconds`, to number `target` of those there are."""

    pause: float
    kind: str
    target: int
    seconds: float


def kinds(on: Log, chosen: Sequence[str] = ()) -> list[Kind]:
    """Those that there are on this log, or the chosen ones of them. Raises ValueError for a name that is none."""
    there = [kind for kind in KINDS if on in kind.on]
    unknown = sorted(set(chosen) - {kind.name for kind in there})
    if unknown:
        raise ValueError(f"on {on} there is no attack {', '.join(unknown)}")
    return [kind for kind in there if not chosen or kind.name in chosen]


def plan(seed: int, on: Log, seconds: float, chosen: Sequence[str] = ()) -> list[Attack]:
    """Attacks one after the other that fill so many seconds; every kind has come as often as it should (`often`) before
    any comes more often."""
    chance = Random(seed)
    deck = [kind for kind in kinds(on, chosen) for _ in range(kind.often)]
    hand: list[Kind] = []
    attacks: list[Attack] = []
    at = 0.0
    while at < seconds:
        if not hand:
            hand = chance.sample(deck, len(deck))
        kind = hand.pop()
        one = Attack(chance.uniform(*PAUSE), kind.name, chance.randrange(6), chance.uniform(*kind.lasts))
        attacks.append(one)
        at += one.pause + one.seconds
    return attacks


def kills(attacks: Sequence[Attack]) -> int:
    """How many processes are killed with -9 by these."""
    return sum(2 if one.kind == "more-workers" else one.kind.startswith("kill-") for one in attacks)
