"""What an order is to be like, where somebody says so. What is None falls as the habits say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from connectors.bol.simulator.generator import Country, Customer
from connectors.bol.simulator.records import Method, Party, TimeFrame


@dataclass(frozen=True, kw_only=True)
class ItemWish:
    """A line of an order."""

    offer_id: str
    quantity: int
    unit_cents: int | None = None
    discounts: tuple[tuple[str, int], ...] | None = None
    """(title, cents) for the whole line; (): none."""
    commission_cents: int | None = None
    fulfilment: Method | None = None
    """Other than the offer's: then it does not take from its stock."""
    distribution: Party | None = None
    latest: date | None = None
    exact: date | None = None
    expires: date | None = None
    time_frame: TimeFrame | None = None
    services: tuple[str, ...] = ()
    shipped: int = 0
    """Units that have left by the time anybody sees the order."""
    cancelled: int = 0
    """Likewise; both at most `quantity` together."""
    cancellation_asked: bool = False


@dataclass(frozen=True, kw_only=True)
class OrderWish:
    """An order but for its lines."""

    country: Country | None = None
    business: bool | None = None
    pickup: bool | None = None
    odd: bool | None = None
    repeat: bool | None = None
    person: Customer | None = None
    """The customer, who is told as he is here but for the relay address."""
    email: str | None = None
