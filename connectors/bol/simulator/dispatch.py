"""Shipments: by the retailer, by hand in the partner site, by Bol from its own warehouse. No I/O.

Shipped via Bol (VVB: `distributionParty` BOL with method FBR). The contract has the label bought first, over the API or
in the partner site, and the shipment that is posted names it (`shippingLabelId`) and leaves the transport empty; Bol
knows transporter and track from the label. So a retailer's system sees: an order item with `distributionParty` BOL; a
shipment of it without a label fails; with the id of a label that was bought for the item it succeeds, once for each
label. Here labels are bought in the partner site only (`/_control/orders/label`): Bol tells their ids nowhere over the
API but in the shipment. Whoever ships in the partner site (`/_control/orders/ship`) has the label bought with it, and
a system sees an item that is shipped all of a sudden. Labels are sold for other FBR items too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from uuid import UUID

from connectors.bol.simulator.desk import OrderDesk
from connectors.bol.simulator.habits import Habits
from connectors.bol.simulator.records import (
    Fate,
    Item,
    Label,
    NotDone,
    Order,
    Process,
    Shipment,
    Who,
    named,
)
from connectors.bol.simulator.transporters import LETTERS, TRANSPORTERS
from streams.vocabulary.time import Clock, seconds

MOST_SHIPMENTS = 100_000
MOST_LABELS = 100_000
FROM_BOL = {"transporterCode": "TNT"}


class Dispatch(OrderDesk):
    """What leaves."""

    def __init__(
        self, clock: Clock, rng: Random, process_seconds: float, process_kept: float, habits: Habits
    ) -> None:
        super().__init__(clock, rng, process_seconds, process_kept, habits)
        self.shipments: dict[str, Shipment] = {}
        self.labels: dict[str, Label] = {}
        """Not used yet."""

    def placed(self, order: Order, shipped: list[tuple[Item, int]]) -> None:
        """What left before anybody saw the order, and what Bol will send itself."""
        for method in ("FBR", "FBB"):
            sent = [(item, units) for item, units in shipped if units and item.fulfilment == method]
            if sent:
                self.send_off(order, sent, "", FROM_BOL, "partner-site" if method == "FBR" else "bol")
        after = self.habits.fbb_after
        if after is None or all(item.fulfilment == "FBR" for item in order.items):
            return
        if after > 0:
            self.diary.enter(order.placed + seconds(after), lambda: self._by_bol(order))
        else:
            self._by_bol(order)

    def _by_bol(self, order: Order) -> None:
        sent = [(item, item.open) for item in order.items if item.fulfilment == "FBB" and item.open]
        if sent and len(self.shipments) < MOST_SHIPMENTS:
            self.send_off(order, sent, "", FROM_BOL | {"trackAndTrace": self.tracked()}, "bol")

    def ship(
        self,
        items: list[tuple[str, int | None]],
        reference: str = "",
        transport: dict[str, str] | None = None,
        fate: Fate = "SUCCESS",
        label_id: str = "",
    ) -> Process:
        """`POST /retailer/shipments`: (item id, units; None: all that are open) of one order."""
        process = self.processes.begin("CREATE_SHIPMENT", "Create shipment", items[0][0], fate)

        def act() -> None:
            order, sent = self._sendable(items)
            told = self._with_label(label_id, sent) if label_id else self._own(transport or {}, sent)
            self.send_off(order, sent, reference, told, "retailer")

        self.do(process, act)
        return process

    def ship_by_hand(
        self, order: Order, wanted: list[tuple[str, int | None]], reference: str, transport: dict[str, str]
    ) -> list[Shipment]:
        """Shipped in the partner site, at once; with no `wanted`, all that is open. What Bol sends itself (FBB) leaves
        its warehouse, in a shipment of its own. Raises NotDone."""
        items = wanted or [(item.item_id, None) for item in order.items if item.open]
        if not items:
            raise NotDone(f"order {order.order_id} has nothing open", 409)
        found, sent = self._sendable(items, any_method=True)
        if found is not order:
            raise NotDone(f"the items are not those of order {order.order_id}")
        made = []
        for method in ("FBR", "FBB"):
            some = [(item, units) for item, units in sent if item.fulfilment == method]
            if not some:
                continue
            told = transport or FROM_BOL | {"trackAndTrace": self.tracked()}
            if method == "FBR" and all(item.distribution == "RETAILER" for item, _ in some):
                told = self._own(told, some)
            elif method == "FBR":
                label = self.buy_label(order, [item for item, _ in some], told["transporterCode"])
                told = self._with_label(label.label_id, some)
            made.append(
                self.send_off(order, some, reference, told, "partner-site" if method == "FBR" else "bol")
            )
        return made

    def buy_label(self, order: Order, items: Iterable[Item], transporter: str = "TNT") -> Label:
        """A label for open items of one order, bought in the partner site. Raises NotDone."""
        chosen = tuple(items)
        if not chosen or any(item.fulfilment == "FBB" or item.open == 0 for item in chosen):
            raise NotDone("labels are for open items that the retailer sends", 409)
        if transporter not in TRANSPORTERS:
            raise NotDone(f"{transporter[:40]!r} is no transporter code of Bol's")
        if len(self.labels) >= MOST_LABELS:
            raise NotDone(f"the simulator holds at most {MOST_LABELS} labels", 409)
        label = Label(
            label_id=str(UUID(int=self.rng.getrandbits(128), version=4)),
            order=order,
            items=chosen,
            transporter=transporter,
            track=self.tracked(),
        )
        self.labels[label.label_id] = label
        return label

    def send_off(
        self, order: Order, sent: list[tuple[Item, int]], reference: str, transport: dict[str, str], by: Who
    ) -> Shipment:
        """It leaves."""
        now = self.clock()
        for item, quantity in sent:
            item.shipped += quantity
            item.changed = now
            self.send(item, quantity, f"shipped {order.order_id}")
        shipment = Shipment(
            shipment_id=str(900_000_000 + self.number()),
            at=now,
            order=order,
            items=sent,
            reference=reference,
            transport=transport,
            by=by,
        )
        self.shipments[shipment.shipment_id] = shipment
        self._note("SHIPMENT", "UPDATE_TRANSPORT_EVENT", shipment.shipment_id)
        for item, quantity in sent:
            if self._falls(self.habits.return_share):
                self.diary.enter(
                    now + seconds(self.habits.return_after),
                    self._comes_back(item, self.rng.randint(1, quantity)),
                )
        return shipment

    def _comes_back(self, item: Item, quantity: int) -> Callable[[], None]:
        raise NotImplementedError

    def tracked(self) -> str:
        """A track and trace code of PostNL's kind."""
        return f"3SBOL{self.rng.randint(0, 999_999_999):09d}"

    def shipment(self, shipment_id: str) -> Shipment:
        """Raises NotDone (404)."""
        return named(self.shipments, shipment_id, "shipment")

    def _sendable(
        self, items: list[tuple[str, int | None]], any_method: bool = False
    ) -> tuple[Order, list[tuple[Item, int]]]:
        if len(self.shipments) >= MOST_SHIPMENTS:
            raise NotDone(f"the simulator holds at most {MOST_SHIPMENTS} shipments")
        if len({item_id for item_id, _ in items}) < len(items):
            raise NotDone("An order item was named twice.")
        sent: list[tuple[Item, int]] = []
        orders: list[Order] = []
        for item_id, asked in items:
            order, item = self.item(item_id)
            if item.fulfilment == "FBB" and not any_method:
                raise NotDone(f"Order item {item_id} is fulfilled by bol.")
            quantity = item.open if asked is None else asked
            if not 1 <= quantity <= item.open:
                raise NotDone(f"Order item {item_id} has {item.open} open.")
            sent.append((item, quantity))
            orders.append(order)
        if any(order is not orders[0] for order in orders):
            raise NotDone("The order items belong to several orders.")
        return orders[0], sent

    def _own(self, transport: dict[str, str], sent: list[tuple[Item, int]]) -> dict[str, str]:
        """The retailer's own transport. Raises NotDone."""
        for item, _ in sent:
            if item.distribution == "BOL":
                raise NotDone(f"Order item {item.item_id} is shipped via bol: it needs a shipping label.")
        code = transport.get("transporterCode")
        if code is not None and code not in TRANSPORTERS:
            raise NotDone(f"Transporter code {code[:40]} is unknown.")
        if self.habits.track_required and code not in LETTERS and not transport.get("trackAndTrace"):
            raise NotDone("A track and trace code is required for this transporter.")
        return transport

    def _with_label(self, label_id: str, sent: list[tuple[Item, int]]) -> dict[str, str]:
        """The label's transport; the label is used up. Raises NotDone."""
        label = self.labels.get(label_id)
        if label is None:
            raise NotDone(f"Shipping label {label_id} was not found.")
        for item, _ in sent:
            if not any(item is one for one in label.items):
                raise NotDone(f"Shipping label {label_id} is not for order item {item.item_id}.")
        del self.labels[label_id]
        return {
            "transporterCode": label.transporter,
            "trackAndTrace": label.track,
            "shippingLabelId": label_id,
        }
