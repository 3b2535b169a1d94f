"""Orders and their cancellations. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from connectors.bol.simulator.diary import Diary
from connectors.bol.simulator.generator import Customer, again, customer
from connectors.bol.simulator.habits import Habits
from connectors.bol.simulator.processes import Processes
from connectors.bol.simulator.records import (
    Cancellation,
    Event,
    Fate,
    Item,
    Method,
    NotDone,
    Offer,
    Order,
    Party,
    Process,
    TimeFrame,
    Who,
    named,
)
from connectors.bol.simulator.shelf import Shelf
from connectors.bol.simulator.wishes import ItemWish, OrderWish
from streams.vocabulary.time import SHOP_ZONE, Clock, seconds, utc

MOST_ORDERS = 50_000
MOST_EVENTS = 10_000
MOST_PIECES = 10_000
"""Of one line of an order."""
MOST_LINES = 100
MOST_CENTS = 999_900
"""Of one piece (bol-offers-v11, Pricing)."""
COMMISSION = Decimal("0.12")
PROMOTIONS = ("3 voor 2", "2e halve prijs", "Select Deals", "Korting", "Welkomstkorting € 5 & meer")
OTHER_TIMES: tuple[TimeFrame, ...] = ("EVENING", "APPOINTMENT", "SAMEDAY", "SUNDAY")


class OrderDesk(Shelf):
    """`events` is what is to be pushed: emptied by whoever pushes."""

    def __init__(
        self, clock: Clock, rng: Random, process_seconds: float, process_kept: float, habits: Habits
    ) -> None:
        self.diary = Diary(clock)
        super().__init__(self.diary, rng)
        self.habits = habits
        self.orders: dict[str, Order] = {}
        self.cancellations: list[Cancellation] = []
        self.processes = Processes(self.diary, self.number, process_seconds, process_kept)
        self.events: list[Event] = []
        self._items: dict[str, tuple[Order, Item]] = {}

    # -- customers order

    def place_order(
        self,
        wanted: Iterable[tuple[str, int] | ItemWish],
        force: bool = False,
        fulfilment: Method | None = None,
        wish: OrderWish | None = None,
    ) -> Order:
        """A customer orders (offer id, pieces), or what is wished. Raises NotDone where too little is on sale, unless
        `force`, and for what cannot be. `fulfilment`: of the items that do not say one."""
        self.diary.catch_up()
        lines = [
            one if isinstance(one, ItemWish) else ItemWish(offer_id=one[0], quantity=one[1]) for one in wanted
        ]
        offers = [self.offer(one.offer_id) for one in lines]
        self._check(lines, offers, force)
        now = self.clock()
        order_id = f"{self.rng.choice('ABC')}{self.rng.getrandbits(16):04X}{self.number():06d}"
        wish = wish or OrderWish()
        made = [
            self._item(line, offer, now, line.fulfilment or fulfilment)
            for line, offer in zip(lines, offers, strict=True)
        ]
        if self.rng.random() < self.habits.vvb_share:
            self._via_bol(lines, made)
        order = Order(order_id=order_id, placed=now, items=[], customer=self._customer(order_id, wish))
        self.orders[order_id] = order
        for item in made:
            item.on_sale_before = self.on_sale(item.offer)
            order.items.append(item)
            self._items[item.item_id] = (order, item)
            self.take(item, f"order {order_id}")
        self._note("ORDER", "CREATED", order_id)
        for line, item in zip(lines, made, strict=True):
            if line.cancelled:
                self.cancel_item(order, item, "bol", quantity=line.cancelled)
        self.placed(order, [(item, line.shipped) for line, item in zip(lines, made, strict=True)])
        self._foresee(order)
        return order

    def placed(self, order: Order, shipped: list[tuple[Item, int]]) -> None:
        """A new order; so many units of its items have left already."""
        raise NotImplementedError

    def _check(self, lines: Sequence[ItemWish], offers: Sequence[Offer], force: bool) -> None:
        if not 1 <= len(lines) <= MOST_LINES or any(not 1 <= one.quantity <= MOST_PIECES for one in lines):
            raise NotDone(f"an order has 1 to {MOST_LINES} items of 1 to {MOST_PIECES} pieces")
        if len(self.orders) >= MOST_ORDERS:
            raise NotDone(f"the simulator holds at most {MOST_ORDERS} orders", 409)
        for line, offer in zip(lines, offers, strict=True):
            self._check_line(line, offer)
        if force:
            return
        asked: dict[str, int] = {}
        for offer, line in zip(offers, lines, strict=True):
            asked[offer.offer_id] = asked.get(offer.offer_id, 0) + line.quantity
            if self.on_sale(offer) < asked[offer.offer_id]:
                raise NotDone(f"offer {offer.offer_id} has {self.on_sale(offer)} on sale", 409)

    def _check_line(self, line: ItemWish, offer: Offer) -> None:
        if line.shipped < 0 or line.cancelled < 0 or line.shipped + line.cancelled > line.quantity:
            raise NotDone("shipped and cancelled are at most the quantity together")
        if line.latest is not None and line.exact is not None:
            raise NotDone("an item has a latest or an exact delivery date (OrderFulfilment)")
        unit = offer.cents(line.quantity) if line.unit_cents is None else line.unit_cents
        if not 0 <= unit <= MOST_CENTS:
            raise NotDone(f"a piece costs 0 to {MOST_CENTS} cents")
        off = [cents for _, cents in line.discounts or ()]
        if any(cents < 0 for cents in off) or sum(off) > unit * line.quantity:
            raise NotDone("discounts are at most the price")
        if line.commission_cents is not None and not 0 <= line.commission_cents <= MOST_CENTS * MOST_PIECES:
            raise NotDone("a commission is not below nothing")

    def _item(self, line: ItemWish, offer: Offer, now: datetime, fulfilment: Method | None) -> Item:
        habits, today = self.habits, now.astimezone(SHOP_ZONE).date()
        method = fulfilment or ("FBB" if self._falls(habits.fbb_share) else offer.method)
        unit = offer.cents(line.quantity) if line.unit_cents is None else line.unit_cents
        if line.unit_cents is None and self._falls(habits.free_share):
            unit = 0
        discounts = self._discounts(unit * line.quantity) if line.discounts is None else line.discounts
        total = unit * line.quantity - sum(cents for _, cents in discounts)
        latest, exact = line.latest, line.exact
        if latest is None and exact is None:
            day = today + timedelta(days=habits.delivery_days)
            latest, exact = (None, day) if self._falls(habits.exact_day_share) else (day, None)
        frame: TimeFrame = "REGULAR"
        if line.time_frame is not None:
            frame = line.time_frame
        elif self._falls(habits.time_frame_share):
            frame = self.rng.choice(OTHER_TIMES)
        by_bol: Party = "BOL" if method == "FBB" else "RETAILER"
        commission = int((total * COMMISSION).quantize(Decimal(1), ROUND_HALF_UP))
        return Item(
            item_id=f"{2_000_000_000 + self.number()}",
            offer=offer,
            reference=offer.reference,
            title=offer.title or f"Artikel {offer.ean}",
            quantity=line.quantity,
            unit_cents=unit,
            total_cents=total,
            fulfilment=method,
            distribution=line.distribution or by_bol,
            discounts=discounts,
            commission_cents=commission if line.commission_cents is None else line.commission_cents,
            latest=latest,
            exact=exact,
            expires=line.expires or today + timedelta(days=habits.expiry_days),
            time_frame=frame,
            services=line.services,
            changed=now,
            on_sale_before=0,
            revision=offer.revision,
            cancellation_asked=line.cancellation_asked,
        )

    def _discounts(self, price: int) -> tuple[tuple[str, int], ...]:
        if not self._falls(self.habits.discount_share) or price == 0:
            return ()
        return ((self.rng.choice(PROMOTIONS), self.rng.randint(1, max(1, price // 10))),)

    def _via_bol(self, lines: Sequence[ItemWish], made: Sequence[Item]) -> None:
        for line, item in zip(lines, made, strict=True):
            if line.distribution is None and item.fulfilment == "FBR":
                item.distribution = "BOL"

    def _customer(self, order_id: str, wish: OrderWish) -> Customer:
        known = wish.person
        # Always drawn, so that a wish changes nothing for the next order.
        before = self._falls(self.habits.repeat_share)
        free = (wish.country, wish.business, wish.pickup, wish.odd) == (None,) * 4
        if known is None and self.orders and (wish.repeat or (wish.repeat is None and before and free)):
            known = self.rng.choice(list(self.orders.values())).customer
        if known is not None:
            made = again(self.rng, known, order_id)
        else:
            made = customer(
                self.rng, order_id, self.habits, wish.country, wish.business, wish.pickup, wish.odd
            )
        return made if wish.email is None else replace(made, email=wish.email)

    def _falls(self, share: float) -> bool:
        return share > 0 and self.rng.random() < share

    def place_random(self, most_items: int = 2, most_pieces: int = 2) -> Order | None:
        """A customer takes something that is on sale; None: nothing is, or he did not find it."""
        found = self.pick(most_items, most_pieces)
        return self.place_order(found) if found else None

    def pick(self, most_items: int, most_pieces: int) -> list[tuple[str, int]]:
        """What a customer takes: (offer id, pieces) of what is on sale; nothing: he did not find it."""
        self.diary.catch_up()
        for _ in range(20):
            if not self._listed:
                return []
            picked = self.rng.sample(self._listed, min(len(self._listed), self.rng.randint(1, most_items)))
            wanted = [
                (offer.offer_id, min(self.on_sale(offer), self.rng.randint(1, most_pieces)))
                for offer in picked
            ]
            wanted = [(one, quantity) for one, quantity in wanted if quantity > 0]
            if wanted:
                return wanted
        return []

    def order(self, order_id: str) -> Order:
        """Raises NotDone (404)."""
        return named(self.orders, order_id, "order")

    def item(self, item_id: str) -> tuple[Order, Item]:
        """Raises NotDone (404)."""
        return named(self._items, item_id, "order item")

    # -- orders fall away

    def cancel(self, item_id: str, fate: Fate = "SUCCESS", reason: str = "") -> Process:
        """The retailer's cancellation of one item: all that is open of it."""
        process = self.processes.begin("CANCEL_ORDER", f"Cancel order item {item_id}", item_id, fate)

        def act() -> None:
            order, item = self.item(item_id)
            if item.fulfilment == "FBB":
                raise NotDone(f"Order item {item_id} is fulfilled by bol.")
            if item.open == 0:
                raise NotDone(f"Order item {item_id} is not open.")
            self.cancel_item(order, item, "retailer", reason)

        self.do(process, act)
        return process

    def cancel_item(
        self, order: Order, item: Item, by: Who = "bol", reason: str = "", quantity: int | None = None
    ) -> None:
        """Whoever cancels it: its open units (or so many of them) fall away, and are on sale again."""
        gone = item.open if quantity is None else min(quantity, item.open)
        if gone == 0:
            return
        now = self.clock()
        item.cancelled += gone
        item.changed = now
        self.cancellations.append(
            Cancellation(at=now, order=order, item=item, quantity=gone, by=by, reason=reason)
        )
        self.give_back(item, gone, f"cancelled {order.order_id}")
        self._note("ORDER", "CANCELLED", order.order_id)

    def ask_cancellation(self, item: Item) -> None:
        """The customer asks; the retailer answers."""
        item.cancellation_asked = True
        item.changed = self.clock()

    def _foresee(self, order: Order) -> None:
        """What will come of it by itself."""
        after = self.habits.ask_cancellation_after
        for item in order.items:
            if item.fulfilment == "FBR" and item.expires is not None:
                self.diary.enter(_end(item.expires), self._expire(order, item))
            if self._falls(self.habits.ask_cancellation_share):
                self.diary.enter(order.placed + seconds(after), self._regret(item))

    def _expire(self, order: Order, item: Item) -> Callable[[], None]:
        return lambda: self.cancel_item(order, item, "expired")

    def _regret(self, item: Item) -> Callable[[], None]:
        def act() -> None:
            if item.open:
                self.ask_cancellation(item)

        return act

    # -- writes

    def do(self, process: Process, act: Callable[[], None]) -> None:
        """What a write that was taken does, when the habits say; where it cannot (NotDone), it ends as FAILURE. A write
        that is to fail does nothing."""
        if process.outcome != "SUCCESS":
            return

        def run() -> None:
            try:
                act()
            except NotDone as refusal:
                process.outcome, process.error = "FAILURE", str(refusal)

        if self.habits.writes_late:
            self.diary.enter(process.ends, run)
        else:
            run()

    def _note(self, resource: str, kind: str, entity_id: str, only: str = "") -> None:
        if len(self.events) < MOST_EVENTS:
            self.events.append(Event(resource=resource, kind=kind, entity_id=entity_id, only=only))


def _end(day: date) -> datetime:
    """When a Dutch day is over."""
    return utc(datetime.combine(day + timedelta(days=1), time(), SHOP_ZONE))
