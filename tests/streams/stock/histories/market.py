"""A model of Bol: offers, what is on sale with them, and orders, as facts/bol.md (Offers and stock) has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class BolOffer:
    """An offer, and what happened to its stock behind the bridge's back."""

    offer_id: str
    article: int
    units: int = 1
    condition: str = "NEW"
    fulfilment: str = "FBR"
    amount: int = 0
    managed: bool = True
    price_cents: int = 995
    on_hold: bool = False
    ordered_since: int = 0
    """Ordered after the last update of its stock."""
    written_by: str = "shop"
    """Who wrote it last: `bridge`, or somebody else, of whom the bridge learns by a sweep."""
    writes: int = 0
    linked: bool = True

    def on_sale(self, still_open: int) -> int:
        """What a customer can buy: with managedByRetailer only orders after the last update are taken off, else all
        that are open."""
        return max(0, self.amount - (self.ordered_since if self.managed else still_open))

    def write(self, by: str, amount: int, managed: bool) -> None:
        """Somebody sets its stock."""
        self.amount, self.managed, self.written_by = amount, managed, by
        self.ordered_since = 0
        self.writes += 1


@dataclass
class Claim:
    """One item of a Bol order, until it is delivered or cancelled."""

    order_id: str
    item_id: str
    offer_id: str
    article: int
    quantity: int
    """Articles, not units of the offer."""
    pieces: int
    """Units of the offer."""
    branch: int
    state: str = "waiting"
    """`waiting` (not in Mplus) -> `booked` -> `gone` (delivered or cancelled)."""
    noticed: bool = False
    booking: dict[int, Decimal] = field(default_factory=dict)
    """What it reserves in Mplus, by article."""
    places: dict[int, int] = field(default_factory=dict)
    """Of that, by article: where in the order of all that happened."""
    on_order: int = 0
    """Of `quantity`, as it stands on the order in Mplus: staff may edit that."""
    shown: frozenset[int] = frozenset()
    """Articles on that order as the orders flow has seen it last: what it has booked, at first."""
    changed: bool = False
    """Somebody has changed it since."""

    @property
    def key(self) -> str:
        return f"{self.order_id}/{self.item_id}"


class Market:
    """All offers and orders."""

    def __init__(self) -> None:
        self.offers: dict[str, BolOffer] = {}
        self.claims: list[Claim] = []

    def on_sale(self, offer: BolOffer) -> int:
        """Pieces of it that can be bought now."""
        waiting = sum(
            one.pieces for one in self.claims if one.offer_id == offer.offer_id and one.state != "gone"
        )
        return offer.on_sale(waiting)
