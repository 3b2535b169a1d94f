"""How much there is of an article at the branches that count, and what customers wait for already. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from streams.stock.rules import StockRules
from streams.stock.state import Article
from streams.vocabulary.stock_reading import Reading

NOTHING = Decimal(0)
HUNDRED = Decimal(100)

What = Literal["free", "reserved", "incoming"]
"""Of a reading (streams/vocabulary/stock_reading.py)."""
FREE: tuple[What, ...] = ("free",)


def of_branches(article: Article, rules: StockRules, *what: What) -> Decimal:
    """These together over the branches, each with its share; in the article's own units.

    The share is of what a branch has in all: 10 free and 10 reserved of which 10 at most count are 10. What a branch
    lacks (below 0) counts whole: it was sold somewhere.
    """
    readings = article.readings
    if not rules.shares:
        if len(readings) == 1:
            return _at(readings[0], what)
        return sum([_at(reading, what) for reading in readings], NOTHING)
    total = NOTHING
    for reading in readings:
        amount = _at(reading, what)
        if amount > 0:
            share = rules.share(reading.branch)
            amount = amount * share.percent / HUNDRED
            if share.maximum is not None:
                amount = min(amount, Decimal(share.maximum))
        total += amount
    return total


def _at(reading: Reading, what: tuple[What, ...]) -> Decimal:
    if what == FREE:
        return reading.free
    first: Decimal = getattr(reading, what[0])
    return first if len(what) == 1 else sum([getattr(reading, one) for one in what[1:]], first)


def reserved(article: Article) -> Decimal:
    """Units that Bol customers wait for and that no reading shows yet."""
    return sum([one.quantity for one in article.reservations], NOTHING) if article.reservations else NOTHING


def sold(article: Article) -> Decimal:
    """Units sold at the till that no reading shows yet."""
    return sum([sale.quantity for sale in article.sales], NOTHING) if article.sales else NOTHING
