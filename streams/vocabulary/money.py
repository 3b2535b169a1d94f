"""The one place for money: cents inside, Decimal where a vendor speaks in euros, never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
MOST_DIGITS = 15
"""Digits before the point beyond which a number of euros is rubbish."""


def cents_of(euros: Decimal | str | int) -> int:
    """Euros to whole cents, half up. Raises ValueError on what is no amount (NaN, text, a float, 1E+20)."""
    if isinstance(euros, float):
        raise ValueError(f"money is never a float: {euros!r}")
    try:
        amount = Decimal(euros)
    except InvalidOperation as error:
        raise ValueError(f"not an amount of money: {euros!r}") from error
    if not amount.is_finite():
        raise ValueError(f"not an amount of money: {euros!r}")
    if amount.adjusted() > MOST_DIGITS:
        raise ValueError(f"more money than there is: {euros!r}")
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def euros_of(cents: int) -> Decimal:
    """Whole cents to euros with two places: 1995 -> Decimal('19.95')."""
    return (Decimal(cents) / 100).quantize(CENT)


def euros_text(cents: int) -> str:
    """For people: 1995 -> '€ 19.95', -50 -> '-€ 0.50'."""
    sign = "-" if cents < 0 else ""
    return f"{sign}€ {euros_of(abs(cents))}"
