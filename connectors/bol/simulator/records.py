"""What the marketplace's books hold: offers, orders, shipments, writes and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from connectors.bol.simulator.generator import Customer

Method = Literal["FBR", "FBB"]
Fate = Literal["SUCCESS", "FAILURE", "TIMEOUT"]
T = TypeVar("T")


class NotDone(Exception):
    """What was asked is against the rules; `status` is the HTTP status for it, `name` the field at fault."""

    def __init__(self, words: str, status: int = 400, name: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.name = name


@dataclass(kw_only=True)
class Offer:
    """An offer of the retailer. `prices`: (from how many pieces, cents a piece including VAT), ascending."""

    offer_id: str
    number: int
    """Its place in the list: pages follow it, so an offer that is deleted meanwhile moves nothing."""
    ean: str
    reference: str
    amount: int
    managed: bool
    prices: tuple[tuple[int, int], ...]
    fulfilment: dict[str, Any]
    condition: dict[str, Any]
    countries: tuple[str, ...]
    modified: datetime
    title: str = ""
    economic_operator: str = ""
    on_hold: bool = False
    revision: int = 0
    """Grows each time the amount is set."""
    ordered_since: int = 0
    """Units ordered since the amount was last set, less those that were cancelled."""
    waiting: int = 0
    """Units of open orders."""

    @property
    def method(self) -> Method:
        """Who fulfils it."""
        return "FBB" if self.fulfilment["method"] == "FBB" else "FBR"

    def cents(self, quantity: int) -> int:
        """The price a piece of someone who takes this many."""
        return [cents for least, cents in self.prices if least <= max(1, quantity)][-1]


@dataclass(kw_only=True)
class Item:
    """A line of an order."""

    item_id: str
    offer: Offer
    reference: str
    title: str
    quantity: int
    unit_cents: int
    total_cents: int
    fulfilment: Method
    changed: datetime
    on_sale_before: int
    """What Bol showed at the moment of the order: less than `quantity` only where the order was forced."""
    revision: int
    """The offer's, when it was ordered."""
    shipped: int = 0
    cancelled: int = 0
    cancellation_asked: bool = False

    @property
    def ean(self) -> str:
        """The offer's."""
        return self.offer.ean

    @property
    def open(self) -> int:
        """Units not shipped and not cancelled."""
        return self.quantity - self.shipped - self.cancelled


@dataclass(kw_only=True)
class Order:
    """A customer's order."""

    order_id: str
    placed: datetime
    items: list[Item]
    customer: Customer


@dataclass(kw_only=True)
class Shipment:
    """Items of one order on their way: (item, units)."""

    shipment_id: str
    at: datetime
    order: Order
    items: list[tuple[Item, int]]
    reference: str
    transport: dict[str, str]


@dataclass(kw_only=True)
class Process:
    """An asynchronous write (facts/bol.md, Asynchronous writes)."""

    process_id: str
    event_type: str
    description: str
    entity_id: str
    made: datetime
    ends: datetime
    outcome: Fate = "SUCCESS"
    error: str = ""

    def status(self, now: datetime) -> str:
        """PENDING until its time has come."""
        return self.outcome if now >= self.ends else "PENDING"


@dataclass(kw_only=True)
class Subscription:
    """Where pushes go."""

    subscription_id: str
    url: str
    resources: tuple[str, ...]
    enabled: bool = True
    life: int = 0
    """Grows when it is disabled or deleted: what waits for another try is lost then."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something to be pushed. `only`: to this subscription (a test message)."""

    resource: str
    kind: str
    entity_id: str
    only: str = ""


@dataclass(kw_only=True)
class Change:
    """A moment at which what an offer has on sale was set or changed."""

    at: datetime
    offer: Offer
    cause: str
    amount: int
    on_sale: int


@dataclass(kw_only=True)
class Attempt:
    """One try of one push."""

    at: datetime
    subscription_id: str
    event: Event
    number: int
    answer: str
    """The HTTP status, or what went wrong."""


def named(kept: Mapping[str, T], name: str, kind: str) -> T:
    """What has this id. Raises NotDone (404)."""
    found = kept.get(name)
    if found is None:
        raise NotDone(f"{kind} {name[:100]} was not found", 404)
    return found
