"""The marketplace's books: offers and what is on sale, orders, shipments, writes and subscriptions. No I/O.

What is on sale (facts/bol.md, Offers and stock): with `managedByRetailer` the amount less the orders placed
since it was last set; without, the amount less all open orders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from connectors.bol.simulator.customers import Customer, customer
from streams.vocabulary.time import Clock, seconds

MOST_CHANGES = 200_000
"""Changes of what is on sale that are kept."""


class NotDone(Exception):
    """What was asked is against the rules; `status` is the HTTP status for it."""

    def __init__(self, words: str, status: int = 400, name: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.name = name


@dataclass
class Offer:
    """An offer of the retailer. `price_cents` includes VAT."""

    offer_id: str
    ean: str
    reference: str
    amount: int
    managed: bool
    price_cents: int
    fulfilment: str
    modified: datetime
    title: str = ""
    on_hold: bool = False
    ordered_since: int = 0
    """Units ordered since the amount was last set."""


@dataclass
class Item:
    """A line of an order."""

    item_id: str
    offer_id: str
    ean: str
    reference: str
    title: str
    quantity: int
    unit_cents: int
    total_cents: int
    fulfilment: str
    changed: datetime
    on_sale_before: int
    shipped: int = 0
    cancelled: int = 0
    cancellation_asked: bool = False

    @property
    def open(self) -> int:
        """Units not shipped and not cancelled."""
        return self.quantity - self.shipped - self.cancelled


@dataclass
class Order:
    """A customer's order."""

    order_id: str
    placed: datetime
    items: list[Item]
    customer: Customer
    bill_elsewhere: bool = False


@dataclass
class Process:
    """An asynchronous write."""

    process_id: str
    event_type: str
    description: str
    entity_id: str
    made: datetime
    ends: datetime
    outcome: str = "SUCCESS"
    error: str = ""
    told: bool = False

    def status(self, now: datetime) -> str:
        """PENDING until its time has come."""
        return self.outcome if now >= self.ends else "PENDING"


@dataclass
class Subscription:
    """Where pushes go."""

    subscription_id: str
    url: str
    resources: tuple[str, ...]
    enabled: bool = True
    failures: int = 0


@dataclass
class BolBooks:
    """All of it."""

    clock: Clock
    rng: Random
    process_seconds: float
    offers: dict[str, Offer] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    shipments: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[str, str, str]] = field(default_factory=list)
    """(resource, type, resource id) to be pushed; taken by whoever pushes."""
    _numbers: int = 0
    _eans: set[str] = field(default_factory=set)
    _ids: list[str] = field(default_factory=list)
    _items: dict[str, tuple[Order, Item]] = field(default_factory=dict)
    _of_offer: dict[str, list[Item]] = field(default_factory=dict)

    # -- offers

    def add_offer(
        self,
        ean: str,
        amount: int,
        reference: str = "",
        price_cents: int = 1995,
        managed: bool = False,
        fulfilment: str = "FBR",
        title: str = "",
        offer_id: str = "",
    ) -> Offer:
        """A new offer. Raises NotDone for an EAN that has one already."""
        if ean in self._eans:
            raise NotDone("an offer for this EAN and condition exists already", 409, "ean")
        if not 0 <= amount <= 2**31 - 1:
            raise NotDone("stock.amount must be 0 or more", name="stock.amount")
        offer_id = offer_id or str(UUID(int=self.rng.getrandbits(128), version=4))
        offer = Offer(offer_id, ean, reference, amount, managed, price_cents, fulfilment, self.clock(), title)
        self.offers[offer_id] = offer
        self._eans.add(ean)
        self._ids.append(offer_id)
        self._changed(offer, "created")
        return offer

    def delete_offer(self, offer: Offer) -> None:
        """DELETE: it is gone, its orders stay."""
        del self.offers[offer.offer_id]
        self._eans.discard(offer.ean)
        self._ids.remove(offer.offer_id)

    def offer(self, offer_id: str) -> Offer:
        """Raises NotDone (404)."""
        found = self.offers.get(offer_id)
        if found is None:
            raise NotDone(f"offer {offer_id} was not found", 404)
        return found

    def set_stock(self, offer: Offer, amount: int | None, managed: bool | None, cause: str) -> None:
        """PATCH: what is given is set; the orders so far are taken to be in it."""
        if amount is not None and not 0 <= amount <= 2**31 - 1:
            raise NotDone("stock.amount must be 0 or more", name="stock.amount")
        offer.amount = offer.amount if amount is None else amount
        offer.managed = offer.managed if managed is None else managed
        if amount is not None:
            offer.ordered_since = 0
        offer.modified = self.clock()
        self._changed(offer, cause)

    def corrected(self, offer: Offer) -> int:
        """`correctedStock`."""
        if offer.managed:
            return max(0, offer.amount - offer.ordered_since)
        items = self._of_offer.get(offer.offer_id, ())
        waiting = sum(item.open for item in items if item.fulfilment == "FBR")
        return max(0, offer.amount - waiting)

    def _changed(self, offer: Offer, cause: str) -> None:
        if len(self.changes) < MOST_CHANGES:
            self.changes.append(
                {
                    "at": self.clock().isoformat(timespec="microseconds"),
                    "offerId": offer.offer_id,
                    "ean": offer.ean,
                    "cause": cause,
                    "amount": offer.amount,
                    "onSale": self.corrected(offer) if offer.managed else offer.amount,
                }
            )

    # -- orders

    def place_order(
        self, wanted: Iterable[tuple[str, int]], force: bool = False, fulfilment: str = ""
    ) -> Order:
        """A customer orders these offers. Raises NotDone where too little is on sale, unless `force`."""
        lines = [(self.offer(offer_id), quantity) for offer_id, quantity in wanted]
        if not lines or any(quantity < 1 for _, quantity in lines):
            raise NotDone("an order has items of at least one piece")
        for offer, quantity in lines:
            if not force and (self.corrected(offer) < quantity or offer.on_hold):
                raise NotDone(f"offer {offer.offer_id} has {self.corrected(offer)} on sale", 409)
        now = self.clock()
        self._numbers += 1
        order_id = f"{self.rng.choice('ABC')}{self.rng.getrandbits(16):04X}{self._numbers:06d}"
        items = [
            self._item(offer, quantity, now, fulfilment or offer.fulfilment) for offer, quantity in lines
        ]
        buyer = customer(self.rng, order_id)
        order = Order(order_id, now, items, buyer, bill_elsewhere=self.rng.random() < 0.15)
        self.orders[order_id] = order
        for item in items:
            self._items[item.item_id] = (order, item)
            self._of_offer.setdefault(item.offer_id, []).append(item)
        for offer, quantity in lines:
            offer.ordered_since += quantity
            self._changed(offer, f"order {order_id}")
        self.events.append(("ORDER", "CREATED", order_id))
        return order

    def _item(self, offer: Offer, quantity: int, now: datetime, fulfilment: str) -> Item:
        self._numbers += 1
        total = offer.price_cents * quantity
        discount = self.rng.randint(1, max(1, total // 10)) if self.rng.random() < 0.2 else 0
        return Item(
            item_id=f"{2_000_000_000 + self._numbers}",
            offer_id=offer.offer_id,
            ean=offer.ean,
            reference=offer.reference,
            title=offer.title or f"Artikel {offer.ean}",
            quantity=quantity,
            unit_cents=offer.price_cents,
            total_cents=total - discount,
            fulfilment=fulfilment,
            changed=now,
            on_sale_before=self.corrected(offer),
        )

    def place_random(self, most_items: int = 2, most_pieces: int = 2) -> Order | None:
        """A customer takes something that is on sale; None: nothing is."""
        for _ in range(20):
            if not self.offers:
                return None
            picked = self.rng.sample(self._ids, min(len(self._ids), self.rng.randint(1, most_items)))
            wanted = [
                (one, min(self.corrected(self.offers[one]), self.rng.randint(1, most_pieces)))
                for one in picked
            ]
            wanted = [(one, quantity) for one, quantity in wanted if quantity > 0]
            if wanted:
                return self.place_order(wanted)
        return None

    def order(self, order_id: str) -> Order:
        """Raises NotDone (404)."""
        found = self.orders.get(order_id)
        if found is None:
            raise NotDone(f"order {order_id} was not found", 404)
        return found

    def item(self, item_id: str) -> tuple[Order, Item]:
        """Raises NotDone (404)."""
        found = self._items.get(item_id)
        if found is None:
            raise NotDone(f"order item {item_id} was not found", 404)
        return found

    def cancel(self, item_id: str) -> Process:
        """The retailer's cancellation of one item."""
        order, item = self.item(item_id)
        process = self.begin("CANCEL_ORDER", f"Cancel order item {item_id}", item_id)
        if item.open == 0:
            process.outcome, process.error = "FAILURE", "nothing of this item is open"
            return process
        self.cancel_item(order, item)
        return process

    def cancel_item(self, order: Order, item: Item) -> None:
        """Whoever cancels it: its open units fall away."""
        item.cancelled += item.open
        item.changed = self.clock()
        self.events.append(("ORDER", "CANCELLED", order.order_id))

    def ask_cancellation(self, item: Item) -> None:
        """The customer asks; the retailer answers."""
        item.cancellation_asked = True
        item.changed = self.clock()

    def ship(self, items: list[tuple[str, int | None]], reference: str, transport: dict[str, Any]) -> Process:
        """`POST /retailer/shipments`."""
        found = [(self.item(item_id), quantity) for item_id, quantity in items]
        process = self.begin("CONFIRM_SHIPMENT", "Confirm shipment", items[0][0])
        for (_, item), quantity in found:
            if item.open < (quantity or 1):
                process.outcome, process.error = "FAILURE", f"item {item.item_id} has {item.open} open"
                return process
        for (_, item), quantity in found:
            item.shipped += quantity or item.open
            item.changed = self.clock()
        self._numbers += 1
        shipment_id = str(900_000_000 + self._numbers)
        self.shipments.append(
            {
                "shipmentId": shipment_id,
                "at": self.clock().isoformat(),
                "orderItems": [one for one, _ in items],
                "reference": reference,
                "transport": transport,
            }
        )
        self.events.append(("SHIPMENT", "UPDATE_TRANSPORT_EVENT", shipment_id))
        return process

    # -- asynchronous writes

    def begin(self, event_type: str, description: str, entity_id: str) -> Process:
        """A 202: its end is known later."""
        self._numbers += 1
        now = self.clock()
        process_id = str(1_000_000 + self._numbers)
        process = Process(
            process_id, event_type, description, entity_id, now, now + seconds(self.process_seconds)
        )
        self.processes[process_id] = process
        return process

    def ended(self) -> list[Process]:
        """Processes that have ended since the last asking."""
        now = self.clock()
        fresh = [one for one in self.processes.values() if not one.told and one.status(now) != "PENDING"]
        for process in fresh:
            process.told = True
        return fresh

    # -- subscriptions

    def subscribe(self, url: str, resources: tuple[str, ...], enabled: bool) -> tuple[Subscription, Process]:
        """A new subscription."""
        self._numbers += 1
        made = Subscription(str(5_000 + self._numbers), url, resources, enabled)
        self.subscriptions[made.subscription_id] = made
        process = self.begin(
            "CREATE_SUBSCRIPTION", "Create push notification subscription", made.subscription_id
        )
        return made, process

    def subscription(self, subscription_id: str) -> Subscription:
        """Raises NotDone (404)."""
        found = self.subscriptions.get(subscription_id)
        if found is None:
            raise NotDone(f"subscription {subscription_id} was not found", 404)
        return found
