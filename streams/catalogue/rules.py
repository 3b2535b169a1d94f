"""What a shop can set about finding articles, for one connection."""

from __future__ import annotations

from streams.vocabulary.codes import Kind
from streams.vocabulary.fact import Value


class CatalogueRules(Value, frozen=True):
    """The rules in force. Times in seconds."""

    match: tuple[Kind, ...] = ("ean", "sku")
    """By what an offer finds its article, the best first: its EAN, its reference as SKU."""
    unseen: float = 2 * 6 * 3600.0 + 3600.0
    """An offer that no round has seen for so long is asked for by itself: two rounds, and what one may last."""
    spread: float = 6 * 3600.0
    """Over how long those questions are spread: where rounds fail, all offers would be asked for at once."""
    lying_unseen: float | None = None
    """Likewise an EAN of which something lies at Bol, when no inventory has shown it for so long. None: the inventory
    is not swept, and nothing is asked."""
    lying_spread: float = 6 * 3600.0
    """Over how long these are spread. What is due beyond the 20 calls a minute that the inventory takes waits in its
    lane (streams/effects.py)."""
    judged_after: float = 900.0
    """A new article is said to have no offer after so long at the earliest (and twice that at the latest): by then the
    first round over the offers has been."""
