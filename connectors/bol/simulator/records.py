"""What the marketplace's books hold: offers, orders, shipments, returns, writes and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from connectors.bol.simulator.generator import Customer

Method = Literal["FBR", "FBB"]
Party = Literal["RETAILER", "BOL"]
"""Who has it brought: with BOL and FBR, the retailer sends it with a label of Bol's (VVB)."""
TimeFrame = Literal["REGULAR", "EVENING", "APPOINTMENT", "SAMEDAY", "SUNDAY"]
Who = Literal["retailer", "customer", "bol", "expired", "partner-site"]
Fate = Literal["SUCCESS", "FAILURE", "TIMEOUT"]
T = TypeVar("T")


class NotDone(Exception):
    """What was asked is against the rules; `status` is the HTTP status for it, `name` the field at fault."""

    def __init__(self, words: str, status: int = 400, name: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.name = name


@dataclass(frozen=True, kw_only=True)
class Objection:
    """Why Bol does not show an offer (bol-offers-v11, Reason)."""

    category: str
    code: str
    description: str


@dataclass(kw_only=True)
class Lying:
    """Units of a product in Bol's warehouse (bol-retailer-v10, Inventory)."""

    ean: str
    bsku: str
    title: str = ""
    regular: int = 0
    """Can be sold."""
    graded: int = 0
    """Cannot be sold any more."""


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
    offline: tuple[Objection, ...] = ()
    """What else Bol has against it."""
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
    distribution: Party = "RETAILER"
    discounts: tuple[tuple[str, int], ...] = ()
    """(title, cents) for the whole line: `total_cents` is after them."""
    commission_cents: int = 0
    latest: date | None = None
    exact: date | None = None
    """One of the two (OrderFulfilment)."""
    expires: date | None = None
    time_frame: TimeFrame = "REGULAR"
    services: tuple[str, ...] = ()
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0
    """Units of registered returns."""
    cancellation_asked: bool = False
    taken: list[tuple[Lying, int]] = field(default_factory=list)
    """From Bol's warehouse, with how many units."""

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
    by: Who = "retailer"


@dataclass(frozen=True, kw_only=True)
class Label:
    """A shipping label that was bought for these items."""

    label_id: str
    order: Order
    items: tuple[Item, ...]
    transporter: str
    track: str


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """Units of an item that fell away. `reason`: a code of CancellationRequest, or nothing."""

    at: datetime
    order: Order
    item: Item
    quantity: int
    by: Who
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Handling:
    """How a returned item was dealt with."""

    at: datetime
    result: str
    quantity: int
    by: Who


@dataclass(kw_only=True)
class ReturnedItem:
    """Units of an order item that come back."""

    rma_id: str
    order: Order
    item: Item
    expected: int
    main_reason: str
    detailed_reason: str
    comments: str
    transporter: str
    track: str
    handlings: list[Handling] = field(default_factory=list)

    @property
    def handled(self) -> bool:
        """Whether anybody gave a result ("once feedback is received, it becomes HANDLED": Bol's page on returns)."""
        return bool(self.handlings)


@dataclass(kw_only=True)
class Return:
    """What one customer sends back at once, all of one method."""

    return_id: str
    at: datetime
    fulfilment: Method
    items: list[ReturnedItem]

    @property
    def handled(self) -> bool:
        """Whether all of it is."""
        return all(one.handled for one in self.items)


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
