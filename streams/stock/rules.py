"""What a shop can set about its stock.

How one article is counted is a `Counting`; a connection has one for all its articles, and others for groups and for
single articles (`StockRules.of`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from streams.vocabulary.fact import Value

Calculation = Literal["available", "physical", "incoming", "fixed", "expression"]
"""`available`: free in Mplus (what is reserved for sales orders is off already). `physical`: all that lies there, free
and reserved. `incoming`: free, and what suppliers are to deliver. `fixed`: always the same number. `expression`: what
the shop's own expression gives."""
Split = Literal["even", "first", "shared"]
"""How several offers of one article share what there is. `even`: by their weights, so that nothing is promised twice.
`first`: all to the first of them (by weight, then NEW before used). `shared`: each shows everything, so that the last
piece may be sold twice."""


class Counting(Value, frozen=True):
    """How an article's number is made."""

    calculation: Calculation = "available"
    fixed: int = 0
    """With `fixed`: units on sale at Bol; nothing is taken off."""
    expression: str = ""
    """With `expression`: what gives the units there are (docs/stock-expression.md), before what is off it below."""
    buffer: int = 0
    """Kept back from Bol, in the article's own units."""
    buffer_percent: int = 0
    """Percent of what there is kept back from Bol; the larger of the two counts."""
    cap: int = 999
    """The most that is shown at Bol (the v10 maximum: facts/bol.md, Offers and stock)."""
    minimum: int = 0
    """Where fewer units than this are left for Bol, 0 is shown."""
    portion: Decimal = Decimal(1)
    """How much of the article one unit at Bol takes: 0.5 where half a kilo is sold of what is kept by the kilo."""
    managed: bool = True
    """`managedByRetailer` (facts/bol.md, Offers and stock). With False Bol takes all open orders off itself, so that
    ours are not taken off here."""


class BranchShare(Value, frozen=True):
    """How much of a branch's stock counts."""

    percent: int = 100
    maximum: int | None = None
    """At most, in the article's own units."""


WHOLE = BranchShare()


class StockRules(Counting, frozen=True):
    """The rules in force for one connection: how its articles are counted, and what holds for them all."""

    branches: tuple[int, ...] = ()
    """The Mplus branches whose stock is on sale at Bol."""
    shares: dict[int, BranchShare] = msgspec.field(default_factory=dict)
    """By branch; one that is not named counts whole."""
    groups: dict[int, Counting] = msgspec.field(default_factory=dict)
    """By article group, in the order in which they win."""
    articles: dict[int, Counting] = msgspec.field(default_factory=dict)
    split: Split = "even"
    weights: dict[str, int] = msgspec.field(default_factory=dict)
    """By offer id, else by condition (`NEW`, `SECONDHAND`, `REFURBISHED`); 1 where it is not named, and with 0 an offer
    gets nothing."""
    push: bool = True
    """Whether Bol is written to at all: not where another system leads."""
    prices: bool = False
    """Whether the price in Mplus goes to the offer too."""
    hold: bool = False
    """Whether an article that is switched off in Mplus puts its offers on hold."""
    fbb_branch: int | None = None
    """The branch of Mplus in which Bol's own count of FBB stock is kept; None: it is not."""
    fbr_branch: int | None = None
    """The branch of Mplus in which the amounts of FBR offers are kept, where another system leads; None: none."""
    till_sale_hold_seconds: float = 5.0
    """A till sale that no reading shows yet lowers the number. A reading asked so long after the sale was
    heard must contain it. Raise it where branches are slave databases that report late."""

    def of(self, number: int, groups: tuple[int, ...]) -> Counting:
        """How this article is counted: by its own rules, else by those of the first group that has some, else as all
        are."""
        if not self.articles and not self.groups:
            return self
        own = self.articles.get(number)
        if own is not None:
            return own
        return next((found for group, found in self.groups.items() if group in groups), self)

    def share(self, branch: int) -> BranchShare:
        """How much of this branch counts."""
        return self.shares.get(branch, WHOLE)
