"""What a shop can set about its stock."""

from __future__ import annotations

from streams.vocabulary.fact import Value


class StockRules(Value, frozen=True):
    """The rules in force for one connection."""

    branches: tuple[int, ...]
    """The Mplus branches whose free stock is on sale at Bol."""
    buffer: int = 0
    """Units kept back from Bol."""
    cap: int = 999
    """The most that is shown at Bol (the v10 maximum: facts/bol.md, Offers and stock)."""
    till_sale_hold_seconds: float = 5.0
    """A till sale that no reading shows yet lowers the number. A reading asked so long after the sale was
    heard must contain it. Raise it where branches are slave databases that report late."""
