"""A shop's own expression for what there is of an article (docs/stock-expression.md). Pure.

It is evaluated anew wherever the sum is asked for (some times an event), at about 60 microseconds each.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from streams.mapping.language import ExpressionFailed, evaluated
from streams.stock.amounts import of_branches, reserved, sold
from streams.stock.rules import StockRules
from streams.stock.state import Article

__all__ = ["SEEN", "ExpressionFailed", "counted", "document"]

MOST = 10**9
"""Units, of the article's own."""
EXACT = Decimal("0.000001")
"""What comes of an expression is a computer's fraction: 0.1 + 0.2 gives 0.30000000000000004, and 4.35 * 100 a little
less than 435, which would be a unit less. Nobody keeps stock of less than a millionth, so the rest is rounded away."""
SEEN = (
    "free",
    "reserved",
    "incoming",
    "physical",
    "openBol",
    "soldAtTill",
    "branches",
    "article",
)
"""The names that an expression finds in its document."""


def document(number: int, article: Article, rules: StockRules) -> dict[str, Any]:
    """What an expression sees: the sums over the branches as much as they count (their shares), each branch by itself
    and whole, what customers wait for, and what the article is. Amounts are in the article's own units."""
    free = of_branches(article, rules, "free")
    physical = of_branches(article, rules, "free", "reserved")
    return {
        "free": _number(free),
        "reserved": _number(physical - free),
        "incoming": _number(of_branches(article, rules, "free", "incoming") - free),
        "physical": _number(physical),
        "openBol": _number(reserved(article)),
        "soldAtTill": _number(sold(article)),
        "branches": [
            {
                "number": reading.branch,
                "free": _number(reading.free),
                "reserved": _number(reading.reserved),
                "incoming": _number(reading.incoming),
                "physical": _number(reading.free + reading.reserved),
            }
            for reading in article.readings
        ],
        "article": {
            "number": number,
            "description": article.description,
            "unit": article.unit,
            "groups": list(article.groups),
            "price": article.price_cents / 100,
        },
    }


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def counted(text: str, number: int, article: Article, rules: StockRules) -> Decimal:
    """The units that the expression gives, exact to a millionth. Raises ExpressionFailed, in words for a person."""
    value = evaluated(text, document(number, article, rules), {})
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ExpressionFailed(f"it gives {_named(value)}, where a number of units is wanted")
    try:
        units = Decimal(str(value))
    except InvalidOperation:
        raise ExpressionFailed(
            f"it gives the text {str(value)[:60]!r}, where a number of units is wanted"
        ) from None
    if not units.is_finite() or not -MOST <= units <= MOST:
        raise ExpressionFailed(f"it gives {str(value)[:60]}, which is no number of units")
    units = units.quantize(EXACT)
    return Decimal(int(units)) if units == units.to_integral_value() else units.normalize()


def _named(value: object) -> str:
    if value is None:
        return "nothing"
    kinds = {bool: "true or false", list: "a list", dict: "an object"}
    return kinds.get(type(value), type(value).__name__)
