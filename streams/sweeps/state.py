"""What a row of the sweeps flow holds: one connection."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from streams.vocabulary.fact import Value

Name = Literal[
    "mplus-markers",
    "mplus-articles",
    "mplus-orders",
    "mplus-slips",
    "mplus-stock",
    "bol-orders",
    "bol-returns",
    "bol-offers",
    "bol-processes",
    "bol-subscription",
]
NAMES: tuple[Name, ...] = (
    "mplus-markers",
    "mplus-articles",
    "mplus-orders",
    "mplus-slips",
    "mplus-stock",
    "bol-orders",
    "bol-returns",
    "bol-offers",
    "bol-processes",
    "bol-subscription",
)
PROCESSES = 1_000
"""Open process ids remembered; the bulk question takes as many (bol-shared-v10)."""


class Sweep(Value, frozen=True):
    """How one sweep stands. `next_at` None: not until something calls for it."""

    cursor: str = ""
    next_at: datetime | None = None
    again: bool = False
    """Called for while it was on its way: run once more."""
    last_ok: datetime | None = None
    failures: int = 0
    said: str = ""


class Connection(Value, frozen=True):
    """The row's state."""

    sweeps: dict[str, Sweep] = msgspec.field(default_factory=dict)
    processes: tuple[str, ...] = ()
    """Writes at Bol whose end is not known."""
    shown_at: datetime | None = None

    def sweep(self, name: Name) -> Sweep:
        """How it stands."""
        return self.sweeps.get(name, Sweep())
