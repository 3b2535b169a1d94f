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
    "mplus-stock-history",
    "bol-orders",
    "bol-returns",
    "bol-offers",
    "bol-inventory",
    "bol-processes",
    "bol-subscription",
]
NAMES: tuple[Name, ...] = (
    "mplus-markers",
    "mplus-articles",
    "mplus-orders",
    "mplus-slips",
    "mplus-stock",
    "mplus-stock-history",
    "bol-orders",
    "bol-returns",
    "bol-offers",
    "bol-inventory",
    "bol-processes",
    "bol-subscription",
)
PROCESSES = 1_000
"""Open process ids remembered; the bulk question takes as many (bol-shared-v10)."""
DIFFERED = 2_000
"""Offers that differed which a comparison remembers, so that one that is told twice counts once."""
REASONS = 20
"""Different reasons for which offers are not shown that a comparison counts apart."""


class Sweep(Value, frozen=True):
    """How one sweep stands. `next_at` None: not until something calls for it."""

    cursor: str = ""
    next_at: datetime | None = None
    again: bool = False
    """Called for while it was on its way: run once more."""
    last_ok: datetime | None = None
    so_far: int = 0
    """Found on the pages of the round under way, or of the last one; only of what has rounds (progress.py)."""
    going_on: bool = False
    """More pages of this round are to come."""
    whole_at: datetime | None = None
    """When a round last came to its end."""
    failures: int = 0
    said: str = ""
    marker: int = 0
    """The feed's own marker, as Mplus last told it; 0: not yet."""
    anew: str | None = None
    """The cursor that it goes on with when what is on its way has ended, whatever that covers (empty: from the start);
    None: with what that covers."""
    had: bool = False
    """It has found something once."""


class Comparison(Value, frozen=True):
    """The comparison of a night, from when it is due to its report."""

    stage: Literal["wanted", "running", "reporting"] = "wanted"
    """`wanted`: a round was under way, this one begins after it. `reporting`: the round has ended, the rows may still
    be finding what differs."""
    began: datetime | None = None
    ended: datetime | None = None
    report_at: datetime | None = None
    total: int = 0
    offline: int = 0
    reasons: dict[str, int] = msgspec.field(default_factory=dict)
    without_operator: int = 0
    differed: tuple[str, ...] = ()
    """Marks of the offers' ids."""
    more: bool = False
    """More differed than are remembered."""


class Connection(Value, frozen=True):
    """The row's state."""

    sweeps: dict[str, Sweep] = msgspec.field(default_factory=dict)
    processes: tuple[str, ...] = ()
    """Writes at Bol whose end is not known."""
    shown_at: datetime | None = None
    branches: tuple[int, ...] | None = None
    """Whose stock is read, as of the last start; None: not noted yet."""
    stock_mark: str | None = None
    """The stock rules of the last start."""
    articles_read: int = 0
    """What is read of articles (restart.py, ARTICLES_READ), as of the last start."""
    epoch: int = 0
    """How often the marker of the articles has jumped back."""
    counted: int = 0
    """Offers that the round under way has seen."""
    total: int | None = None
    """Offers that the last whole round saw."""
    compared: datetime | None = None
    """When the last comparison of a night was due."""
    comparison: Comparison | None = None

    def sweep(self, name: Name) -> Sweep:
        """How it stands."""
        return self.sweeps.get(name, Sweep())
