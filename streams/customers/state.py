"""What a row of the customers flow holds: one customer of one connection, under his identity."""

from __future__ import annotations

from datetime import datetime

from streams.vocabulary.effects import Match
from streams.vocabulary.fact import Value
from streams.vocabulary.mplus_order import Customer

WAITING = 1_000
"""Orders of one customer that wait at the same time: more are told to ask again."""


class Wanted(Value, frozen=True):
    """What the newest order asked, as long as it is not answered."""

    customer: Customer
    by: tuple[Match, ...]
    create: bool = True
    update: tuple[str, ...] = ()
    urgency: datetime | None = None
    """The nearest of those who wait; None: now."""


class Debtor(Value, frozen=True):
    """The row's state. Nothing personal is in it once nobody waits: a number and a digest."""

    relation: int | None = None
    written: str = ""
    """Of the fields that were last written to it (streams/customers/decide.py, `fingerprint`)."""
    writing: str = ""
    """Of the fields in the writing that is on its way."""
    wanted: Wanted | None = None
    waiting: tuple[str, ...] = ()
    """Orders without an answer, the first to ask first."""
    tries: int = 0
    stuck: str = ""
    """What the waiting orders were told."""
    used_at: datetime | None = None
