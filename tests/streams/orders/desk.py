"""One order's row and the shell around it, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from streams.flow import Decision
from streams.orders.flow import ORDERS
from streams.orders.rules import KindRules, OrderRules
from streams.orders.state import Order
from streams.vocabulary.activity import Noted, OrderShown
from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem
from streams.vocabulary.events import (
    BolOrderFetched,
    CodeAnswered,
    CustomerAnswered,
    CustomerAsked,
    Message,
    MplusOrderRead,
    MplusOrderSeen,
    OrderCommitted,
    OrderNoticed,
    OrdersEvent,
    Settled,
)
from streams.vocabulary.mplus_order import MplusOrder, MplusOrderLine
from tests.streams.row import RowAtHand

FBR = OrderRules(kinds={"FBR": KindRules(branch_number=1)})
BOTH = OrderRules(
    kinds={
        "FBR": KindRules(branch_number=1),
        "FBB": KindRules(
            branch_number=2, workplace_number=3, deliver="at-once", ship_on="never", reserves=False
        ),
    }
)
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
JAN = Address(
    first_name="Jan",
    surname="de Vries",
    street="Oudegracht",
    house_number="12",
    house_number_extension="bis",
    zip_code="3511 AB",
    city="Utrecht",
    country="NL",
    email="abc123@verkopen.bol.com",
)


def item(number: int = 1, quantity: int = 1, cancelled: int = 0, **more: object) -> BolOrderItem:
    """An item of 19.95."""
    fields: dict[str, object] = {
        "item_id": f"i{number}",
        "ean": f"871234567890{number}",
        "quantity": quantity,
        "quantity_cancelled": cancelled,
        "unit_price_cents": 1995,
        "total_cents": 1995 * quantity,
        "title": f"Mug {number}",
        "reference": f"SKU-{number}",
    }
    return BolOrderItem(**{**fields, **more})  # type: ignore[arg-type]  # the test's own fields


def bol_order(*items: BolOrderItem, ship_to: Address = JAN) -> BolOrder:
    """Jan's order."""
    return BolOrder(
        order_id="b1", placed_at=START, items=items or (item(),), ship_to=ship_to, bill_to=ship_to
    )


class Desk(RowAtHand[Order]):
    """An order's row, and what it has sent."""

    def __init__(self, rules: OrderRules | None = None, entity: str = "b1") -> None:
        super().__init__(ORDERS, entity, START, rules or FBR)
        self.sent: list[Message] = []
        self.marker = 0

    def apply(self, event: OrdersEvent) -> Decision[Order]:
        """Applies an event a second later."""
        self.later()
        decision = self.take(event)
        self.sent.extend(decision.messages)
        return decision

    def settle(self, key: str, outcome: object) -> Decision[Order]:
        """The open effect under this key ends."""
        effect = self.open[key]
        asked_at = self.later(0.01)
        event = Settled(
            key=key,
            number=effect.number,
            outcome=outcome,  # type: ignore[arg-type]  # each test gives an outcome
            asked_at=asked_at,
            answered_at=self.later(0.01),
        )
        return self.apply(event)

    def notice(self, changed: str = "") -> Decision[Order]:
        """Bol says it is there."""
        return self.apply(OrderNoticed(via="push", noticed_at=self.now, changed=changed))

    def fetch(self, order: BolOrder | None = None) -> Decision[Order]:
        """Seen and read."""
        if "fetch" not in self.open:
            self.notice()
        return self.settle("fetch", BolOrderFetched(order=order or bol_order()))

    def answer(self, number: int = 1, article: int | None = 1001, kind: str = "ean", units: int = 1) -> None:
        """The catalogue answers about item `number`."""
        value = f"871234567890{number}" if kind == "ean" else f"sku-{number}"
        event = CodeAnswered(kind=kind, value=value, article_number=article, units=units)  # type: ignore[arg-type]  # ean or sku
        self.apply(event)

    def to_commit(self, order: BolOrder | None = None) -> None:
        """Up to the open commit."""
        self.fetch(order)
        count = len(self.order.lines)
        for number in range(1, count + 1):
            self.answer(number, 1000 + number)
        if "look" in self.open:
            self.settle("look", MplusOrderRead(order=None))
        self.is_customer(7)

    def is_customer(self, relation: int | None = 7, why: str = "") -> Decision[Order]:
        """The customers flow answers."""
        return self.apply(CustomerAnswered(relation_number=relation, why=why))

    def asked_customer(self) -> CustomerAsked:
        """What the customers flow was asked last."""
        return [one.event for one in self.sent if isinstance(one.event, CustomerAsked)][-1]

    def commit(self, order: BolOrder | None = None, marker: int = 0) -> None:
        """Up to an order that is in Mplus as m1, 2026-12."""
        self.to_commit(order)
        self.settle("commit", OrderCommitted(order_id="m1", number="2026-12", marker=marker))

    def seen(self, *lines: MplusOrderLine, **more: object) -> Decision[Order]:
        """Mplus shows the order with these lines."""
        return self.apply(MplusOrderSeen(order=self.in_mplus(*lines, **more)))

    def in_mplus(self, *lines: MplusOrderLine, **more: object) -> MplusOrder:
        """The order as Mplus has it now."""
        self.marker += 1
        fields: dict[str, object] = {
            "order_id": "m1",
            "ext_order_id": "BOL-b1",
            "number": "2026-12",
            "marker": self.marker,
            "lines": lines,
        }
        return MplusOrder(**{**fields, **more})  # type: ignore[arg-type]  # the test's own fields

    @property
    def order(self) -> Order:
        """The row."""
        assert self.state is not None
        return self.state

    @property
    def shown(self) -> OrderShown:
        """The last decision's snapshot."""
        assert self.decision is not None
        return next(one for one in self.decision.activity if isinstance(one, OrderShown))

    @property
    def notes(self) -> Mapping[str, Noted]:
        """The last decision's lines by kind."""
        assert self.decision is not None
        return {one.kind: one for one in self.decision.activity if isinstance(one, Noted)}


def booked(number: int = 1, quantity: int = 1, delivered: int = 0, cancelled: int = 0) -> MplusOrderLine:
    """A line of article 1000 + `number` on the Mplus order."""
    return MplusOrderLine(
        article_number=1000 + number,
        quantity=Decimal(quantity),
        delivered=Decimal(delivered),
        cancelled=Decimal(cancelled),
        line_id=f"l{number}",
    )
