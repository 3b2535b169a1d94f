"""The marketplace's books: the shelf of offers, and orders, shipments, writes and subscriptions. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from random import Random

from connectors.bol.simulator.generator import customer
from connectors.bol.simulator.processes import Processes
from connectors.bol.simulator.records import (
    Event,
    Fate,
    Item,
    Method,
    NotDone,
    Offer,
    Order,
    Process,
    Shipment,
    Subscription,
    named,
)
from connectors.bol.simulator.shelf import Shelf
from streams.vocabulary.time import Clock

__all__ = ["BolBooks", "NotDone", "Order"]

MOST_ORDERS = 50_000
MOST_SHIPMENTS = 100_000
MOST_SUBSCRIPTIONS = 100
MOST_EVENTS = 10_000
MOST_PIECES = 10_000
"""Of one line of an order."""
MOST_LINES = 100


class BolBooks(Shelf):
    """All of it. `events` is what is to be pushed: emptied by whoever pushes."""

    def __init__(
        self, clock: Clock, rng: Random, process_seconds: float = 0.2, process_kept: float = 3600.0
    ) -> None:
        super().__init__(clock, rng)
        self.orders: dict[str, Order] = {}
        self.processes = Processes(clock, self.number, process_seconds, process_kept)
        self.subscriptions: dict[str, Subscription] = {}
        self.shipments: dict[str, Shipment] = {}
        self.events: list[Event] = []
        self._items: dict[str, tuple[Order, Item]] = {}

    # -- orders

    def place_order(
        self, wanted: Iterable[tuple[str, int]], force: bool = False, fulfilment: Method | None = None
    ) -> Order:
        """A customer orders (offer id, pieces). Raises NotDone where too little is on sale, unless `force`.

        `fulfilment`: other than the offer's, and then it does not take from its stock.
        """
        lines = [(self.offer(offer_id), quantity) for offer_id, quantity in wanted]
        if not 1 <= len(lines) <= MOST_LINES or any(not 1 <= pieces <= MOST_PIECES for _, pieces in lines):
            raise NotDone(f"an order has 1 to {MOST_LINES} items of 1 to {MOST_PIECES} pieces")
        if len(self.orders) >= MOST_ORDERS:
            raise NotDone(f"the simulator holds at most {MOST_ORDERS} orders", 409)
        if not force:
            asked: dict[str, int] = {}
            for offer, quantity in lines:
                asked[offer.offer_id] = asked.get(offer.offer_id, 0) + quantity
                if self.on_sale(offer) < asked[offer.offer_id]:
                    raise NotDone(f"offer {offer.offer_id} has {self.on_sale(offer)} on sale", 409)
        now = self.clock()
        order_id = f"{self.rng.choice('ABC')}{self.rng.getrandbits(16):04X}{self.number():06d}"
        order = Order(order_id=order_id, placed=now, items=[], customer=customer(self.rng, order_id))
        self.orders[order_id] = order
        for offer, quantity in lines:
            item = self._item(offer, quantity, now, fulfilment or offer.method)
            order.items.append(item)
            self._items[item.item_id] = (order, item)
            self.take(item, f"order {order_id}")
        self._note("ORDER", "CREATED", order_id)
        return order

    def _item(self, offer: Offer, quantity: int, now: datetime, fulfilment: Method) -> Item:
        total = offer.cents(quantity) * quantity
        discount = self.rng.randint(1, max(1, total // 10)) if self.rng.random() < 0.2 else 0
        return Item(
            item_id=f"{2_000_000_000 + self.number()}",
            offer=offer,
            reference=offer.reference,
            title=offer.title or f"Artikel {offer.ean}",
            quantity=quantity,
            unit_cents=offer.cents(quantity),
            total_cents=total - discount,
            fulfilment=fulfilment,
            changed=now,
            on_sale_before=self.on_sale(offer),
            revision=offer.revision,
        )

    def place_random(self, most_items: int = 2, most_pieces: int = 2) -> Order | None:
        """A customer takes something that is on sale; None: nothing is, or he did not find it."""
        for _ in range(20):
            if not self._listed:
                return None
            picked = self.rng.sample(self._listed, min(len(self._listed), self.rng.randint(1, most_items)))
            wanted = [
                (offer.offer_id, min(self.on_sale(offer), self.rng.randint(1, most_pieces)))
                for offer in picked
            ]
            wanted = [(one, quantity) for one, quantity in wanted if quantity > 0]
            if wanted:
                return self.place_order(wanted)
        return None

    def order(self, order_id: str) -> Order:
        """Raises NotDone (404)."""
        return named(self.orders, order_id, "order")

    def item(self, item_id: str) -> tuple[Order, Item]:
        """Raises NotDone (404)."""
        return named(self._items, item_id, "order item")

    def cancel(self, item_id: str, fate: Fate = "SUCCESS") -> Process:
        """The retailer's cancellation of one item."""
        process = self.processes.begin("CANCEL_ORDER", f"Cancel order item {item_id}", item_id, fate)
        order, item = self._items.get(item_id, (None, None))
        if fate != "SUCCESS":
            return process
        if order is None or item is None or item.open == 0:
            process.outcome, process.error = "FAILURE", f"Order item {item_id} is not open."
        else:
            self.cancel_item(order, item)
        return process

    def cancel_item(self, order: Order, item: Item) -> None:
        """Whoever cancels it: its open units fall away, and are on sale again."""
        gone = item.open
        if gone == 0:
            return
        item.cancelled += gone
        item.changed = self.clock()
        self.give_back(item, gone, f"cancelled {order.order_id}")
        self._note("ORDER", "CANCELLED", order.order_id)

    def ask_cancellation(self, item: Item) -> None:
        """The customer asks; the retailer answers."""
        item.cancellation_asked = True
        item.changed = self.clock()

    def ship(
        self,
        items: list[tuple[str, int | None]],
        reference: str = "",
        transport: dict[str, str] | None = None,
        fate: Fate = "SUCCESS",
    ) -> Process:
        """`POST /retailer/shipments`: (item id, units; None: all that are open) of one order."""
        process = self.processes.begin("CREATE_SHIPMENT", "Create shipment", items[0][0], fate)
        if fate != "SUCCESS":
            return process
        try:
            order, sent = self._sendable(items)
        except NotDone as refusal:
            process.outcome, process.error = "FAILURE", str(refusal)
            return process
        now = self.clock()
        for item, quantity in sent:
            item.shipped += quantity
            item.changed = now
            self.send(item, quantity, f"shipped {order.order_id}")
        shipment_id = str(900_000_000 + self.number())
        self.shipments[shipment_id] = Shipment(
            shipment_id=shipment_id,
            at=now,
            order=order,
            items=sent,
            reference=reference,
            transport=transport or {},
        )
        self._note("SHIPMENT", "UPDATE_TRANSPORT_EVENT", shipment_id)
        return process

    def _sendable(self, items: list[tuple[str, int | None]]) -> tuple[Order, list[tuple[Item, int]]]:
        if len(self.shipments) >= MOST_SHIPMENTS:
            raise NotDone(f"the simulator holds at most {MOST_SHIPMENTS} shipments")
        if len({item_id for item_id, _ in items}) < len(items):
            raise NotDone("An order item was named twice.")
        sent: list[tuple[Item, int]] = []
        orders: list[Order] = []
        for item_id, asked in items:
            order, item = self.item(item_id)
            quantity = item.open if asked is None else asked
            if not 1 <= quantity <= item.open:
                raise NotDone(f"Order item {item_id} has {item.open} open.")
            sent.append((item, quantity))
            orders.append(order)
        if any(order is not orders[0] for order in orders):
            raise NotDone("The order items belong to several orders.")
        return orders[0], sent

    # -- subscriptions

    def subscribe(
        self, url: str, resources: tuple[str, ...], enabled: bool = True
    ) -> tuple[Subscription, Process]:
        """A new subscription. Raises NotDone where there are too many."""
        if len(self.subscriptions) >= MOST_SUBSCRIPTIONS:
            raise NotDone(f"at most {MOST_SUBSCRIPTIONS} subscriptions")
        made = Subscription(
            subscription_id=str(5_000 + self.number()), url=url, resources=resources, enabled=enabled
        )
        self.subscriptions[made.subscription_id] = made
        words = "Create push notification subscription"
        return made, self.processes.begin("CREATE_SUBSCRIPTION", words, made.subscription_id)

    def unsubscribe(self, one: Subscription) -> Process:
        """It is gone, and what was on its way to it."""
        del self.subscriptions[one.subscription_id]
        self.disable(one)
        words = "Delete push notification subscription"
        return self.processes.begin("DELETE_SUBSCRIPTION", words, one.subscription_id)

    def disable(self, one: Subscription) -> None:
        """What waits for another try is lost (facts/bol.md, Push notifications)."""
        one.enabled = False
        one.life += 1

    def test_push(self, one: Subscription) -> Process:
        """A message to see whether pushes arrive."""
        process = self.processes.begin(
            "SEND_SUBSCRIPTION_TST_MSG", "Send test push notification", one.subscription_id
        )
        self._note("TEST", "TEST", one.subscription_id, one.subscription_id)
        return process

    def subscription(self, subscription_id: str) -> Subscription:
        """Raises NotDone (404)."""
        return named(self.subscriptions, subscription_id, "subscription")

    def tell_ended(self) -> None:
        """Notes a push for every write that has ended."""
        now = self.clock()
        for process in self.processes.ended():
            self._note("PROCESS_STATUS", process.status(now), process.process_id)

    def _note(self, resource: str, kind: str, entity_id: str, only: str = "") -> None:
        if len(self.events) < MOST_EVENTS:
            self.events.append(Event(resource=resource, kind=kind, entity_id=entity_id, only=only))
