"""How far a round over articles, stock or offers is, and which comes first when a shop is connected. Pure.

At a first connect the offers come last. Read beside the articles, each of them found no article to sell, said so, and
found it later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from streams.flow import OpenEffect
from streams.sweeps.state import Connection, Name, Sweep
from streams.vocabulary.events import Swept

ROUNDS: tuple[Name, ...] = ("mplus-articles", "mplus-stock", "bol-offers")
SHOW_EVERY = 2.0
"""Seconds between snapshots while a round goes on."""


def counted(name: Name, sweep: Sweep, outcome: Swept, at: datetime) -> Sweep:
    """The sweep with what this page has found."""
    if name not in ROUNDS:
        return sweep
    return replace(
        sweep,
        so_far=(sweep.so_far if sweep.going_on else 0) + outcome.found,
        going_on=outcome.more,
        whole_at=sweep.whole_at if outcome.more else at,
    )


def is_going_on(state: Connection) -> bool:
    """Whether some round is."""
    return any(state.sweep(name).going_on for name in ROUNDS)


def comes_last(state: Connection, waiting: Mapping[str, OpenEffect]) -> Name | None:
    """What waits, though its time has come: the offers, where none was read yet and the articles or their stock are
    still to be read for the first time. `waiting`: the sweeps on their way."""
    offers = state.sweep("bol-offers")
    if offers.last_ok is not None or offers.cursor:
        return None
    first = any(_first(state, name, waiting) for name in ("mplus-articles", "mplus-stock"))
    return "bol-offers" if first else None


def _first(state: Connection, name: Name, waiting: Mapping[str, OpenEffect]) -> bool:
    """Whether its first round is still to come, or goes on. Rows of earlier versions do not know when a round ended."""
    sweep = state.sweep(name)
    if sweep.whole_at is not None:
        return False
    return sweep.last_ok is None or sweep.next_at is not None or name in waiting
