"""What should be on sale, worked out once more from the books alone: written after docs/settings.md and the words of
streams/stock/rules.py, and sharing no line with streams/stock/terms.py."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

from streams.stock.rules import Counting, StockRules
from tests.streams.stock.histories.till import NOTHING, Amounts

HALF = "free / 2"
"""The one expression of the model."""


def counting(rules: StockRules, number: int) -> Counting:
    """How this article is counted; the model has no groups."""
    return rules.articles.get(number, rules)


def there_is(how: Counting, rules: StockRules, branches: Mapping[int, Amounts]) -> Decimal:
    """What there is by the calculation, over the branches that count."""
    total = NOTHING
    for branch in rules.branches:
        amounts = branches.get(branch, Amounts())
        one = amounts.free
        if how.calculation == "physical":
            one += amounts.reserved
        if how.calculation == "incoming":
            one += amounts.incoming
        share = rules.shares.get(branch)
        if share is not None and one > 0:
            one = one * share.percent / 100
            one = one if share.maximum is None else min(one, Decimal(share.maximum))
        total += one
    return total / 2 if how.calculation == "expression" else total


def left(how: Counting, have: Decimal, waiting: Decimal) -> Decimal:
    """What is left of so much for whoever is not waiting yet, in the article's own units; may be below 0."""
    if how.calculation == "fixed":
        return Decimal(how.fixed)
    kept = Decimal(how.buffer)
    if how.buffer_percent and have > 0:
        kept = max(kept, have * how.buffer_percent / 100)
    return have - kept - (waiting if how.managed else NOTHING)


def units(how: Counting, what_is_left: Decimal, active: bool) -> int:
    """Whole units for Bol, before they are shared and before the cap."""
    if not active or what_is_left < 0:
        return 0
    portion = Decimal(1) if how.calculation == "fixed" else how.portion
    whole = int((what_is_left / portion).to_integral_value(ROUND_FLOOR))
    return 0 if whole < how.minimum else whole


def sets(haves: Mapping[int, Decimal | None], quantities: Mapping[int, Decimal]) -> Decimal | None:
    """How many can be made of these parts; of one that nobody keeps stock of (None) there are always enough."""
    makes = [
        (have / quantities[part]).to_integral_value(ROUND_FLOOR)
        for part, have in haves.items()
        if have is not None
    ]
    return min(makes) if makes else None
