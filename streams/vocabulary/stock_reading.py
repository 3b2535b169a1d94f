"""A stock reading of one article at one branch."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from streams.vocabulary.fact import Value


class Reading(Value, frozen=True):
    """One `articleStocks` of getStock (facts/mplus.md 5.1).

    `free` already excludes what Mplus has reserved. `asked_at` and `answered_at` are our own clock right
    around the call, inside the connection's lane: a reading with `asked_at` at or after a booking's
    `answered_at` contains that booking.
    """

    article_number: int
    branch: int
    free: Decimal
    reserved: Decimal
    incoming: Decimal
    marker: int
    """`stockId`: grows with every stock mutation, perhaps not with reservations (facts/mplus.md 5.2)."""
    asked_at: datetime
    answered_at: datetime
