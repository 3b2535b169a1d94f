"""A shop's own expression for what there is of an article (docs/settings.md). Pure."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from streams.mapping.language import ExpressionFailed, evaluated
from streams.stock.state import Article

__all__ = ["ExpressionFailed", "counted", "document"]

MOST = 10**9


def document(article: Article) -> dict[str, Any]:
    """What an expression sees: sums over the branches, each branch by itself, and what the article is."""
    readings = article.readings
    return {
        "free": float(sum(reading.free for reading in readings)),
        "reserved": float(sum(reading.reserved for reading in readings)),
        "incoming": float(sum(reading.incoming for reading in readings)),
        "branches": [
            {
                "number": reading.branch,
                "free": float(reading.free),
                "reserved": float(reading.reserved),
                "incoming": float(reading.incoming),
            }
            for reading in readings
        ],
        "article": {
            "description": article.description,
            "unit": article.unit,
            "groups": list(article.groups),
            "priceCents": article.price_cents,
        },
    }


def counted(text: str, article: Article) -> Decimal:
    """The units that the expression gives. Raises ExpressionFailed, in words for a person."""
    value = evaluated(text, document(article), {})
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ExpressionFailed(f"it gives {_named(value)}, where a number of units is wanted")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ExpressionFailed(f"it gives the text {value!r}, where a number of units is wanted") from None
    if not number.is_finite() or abs(number) > MOST:
        raise ExpressionFailed(f"it gives {value}, which is no number of units")
    return number


def _named(value: object) -> str:
    return (
        "nothing"
        if value is None
        else {bool: "true or false", list: "a list", dict: "an object"}.get(type(value), type(value).__name__)
    )
