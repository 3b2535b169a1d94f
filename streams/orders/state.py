"""What a row of the orders flow holds: one Bol order of one connection, or the part of a mixed one that Bol sends."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from streams.orders.rules import Kind, OrderRules
from streams.vocabulary.bol_order import BolOrder, BolOrderItem
from streams.vocabulary.effects import Sent
from streams.vocabulary.fact import Value
from streams.vocabulary.mplus_order import MplusOrder

PARTS = 500
"""Articles that a row remembers of its Mplus order besides those of the lines; of more, the lowest numbers."""

Step = Literal[
    "seen",
    "products",
    "customer",
    "committing",
    "committed",
    "delivered",
    "shipping",
    "done",
    "cancelled",
    "kept-out",
]
"""seen -> products -> customer -> committing -> committed, then what both vendors show: committed (in Mplus, nothing
left yet), delivered (in Mplus, not told to Bol), shipping (Bol is being told), done. `cancelled` and `kept-out` (not an
order that the shop takes over) end it early."""

BOOKED: tuple[Step, ...] = ("committed", "delivered", "shipping", "done")
"""It is in Mplus. Which of these it is follows from what was seen last, in any direction."""
NEXT: dict[Step, tuple[Step, ...]] = {
    "seen": ("products", "committing", "cancelled", "kept-out", *BOOKED),
    "products": ("customer", "cancelled", *BOOKED),
    "customer": ("committing", "cancelled", "products", *BOOKED),
    "committing": ("products", "customer", "cancelled", *BOOKED),
    "committed": (*BOOKED, "cancelled"),
    "delivered": (*BOOKED, "cancelled"),
    "shipping": (*BOOKED, "cancelled"),
    "done": (*BOOKED, "cancelled"),
    "cancelled": ("products", *BOOKED),
    "kept-out": ("products",),
}
"""The legal transitions. Back to `products`: Bol changed the order before it was committed."""
PART = "-FBB"
"""What the entity of the part of a mixed order ends with."""


class Answer(Value, frozen=True):
    """What the catalogue said about a code."""

    article_number: int | None
    units: int = 1
    description: str = ""
    stock_kept: bool = True
    vat_code: int | None = None


class Cancelling(Value, frozen=True):
    """A cancellation at Bol, asked for by us. `status`: asked, pending, SUCCESS, FAILURE."""

    reason: str
    status: str = "asked"
    process_id: str = ""
    said: str = ""


class Line(Value, frozen=True):
    """An item of the order and the article it is. Quantities are units of the item, unless they say articles."""

    item_id: str
    ean: str
    reference: str
    wanted: int
    """Ordered, less what is cancelled at Bol."""
    answers: dict[str, Answer] = msgspec.field(default_factory=dict)
    """By the code's entity (`code/ean/...`, `code/sku/...`); missing: not answered yet."""
    article_number: int | None = None
    units: int = 1
    """Articles in one unit of the item (a multipack)."""
    description: str = ""
    stock_kept: bool = True
    vat_code: int | None = None
    """The article's own."""
    reserved: int = 0
    """Articles told to the stock flow."""
    booked: int = 0
    """Units on the Mplus order when it was committed."""
    shipped: int = 0
    """Units that Bol knows to have left."""
    cancelling: Cancelling | None = None
    asked_off: bool = False
    """The customer asked Bol to cancel it."""

    @property
    def falling(self) -> bool:
        """We are cancelling it at Bol: nobody needs it any more."""
        return self.cancelling is not None and self.cancelling.status != "FAILURE"

    @property
    def due(self) -> int:
        """Units that are to be had: wanted, and not about to be cancelled by us."""
        return 0 if self.falling else self.wanted


class Shipment(Value, frozen=True):
    """What was told to Bol in one go. `status`: asked, pending, SUCCESS, FAILURE, TIMEOUT."""

    reference: str
    items: tuple[Sent, ...]
    asked_at: datetime
    status: str = "asked"
    transporter: str = ""
    track: str = ""
    label: str = ""
    slip_id: str = ""
    """The slip whose code it carries."""
    passed: tuple[str, ...] = ()
    """Without a slip's code: the slips whose parcels these are."""
    process_id: str = ""
    said: str = ""

    @property
    def open(self) -> bool:
        """Bol has not said yet how it ended."""
        return self.status in ("asked", "pending")


class Slip(Value, frozen=True):
    """A packing slip of the order: articles by number, and what staff wrote on it."""

    slip_id: str
    reference: str = ""
    articles: dict[int, int] = msgspec.field(default_factory=dict)
    """None left on a cancelled one, which stays until the slips are read anew: an older word must not bring it back."""
    marker: int = 0
    """As Mplus numbers its changes."""
    seen_at: datetime | None = None
    """When a sweep showed it last; None: the order has read it by itself."""


class Booked(Value, frozen=True):
    """The order as it was last read in Mplus. Articles by number."""

    marker: int = 0
    quantity: dict[int, int] = msgspec.field(default_factory=dict)
    """Ordered, less cancelled."""
    delivered: dict[int, int] = msgspec.field(default_factory=dict)
    reference: str = ""
    category: int | None = None
    delivery_method: str = ""
    invoiced: bool = False
    total_cents: int = 0
    parts: tuple[int, ...] = ()
    """Other articles on it, rising: parts of composed articles and preparations, which Mplus reserves too."""

    @property
    def articles(self) -> frozenset[int]:
        """All that are on it."""
        return frozenset(self.quantity).union(self.parts)

    @staticmethod
    def of(order: MplusOrder) -> Booked:
        """Component lines are Mplus's own and count no quantity; one that is not whole counts as what is whole of
        it."""
        quantity: dict[int, int] = {}
        delivered: dict[int, int] = {}
        whole = order.cancel_state == "ORDER-CANCEL-STATE-COMPLETE"
        for line in order.lines:
            if line.component:
                continue
            number = line.article_number
            left = line.delivered if whole else max(line.delivered, line.quantity - line.cancelled)
            quantity[number] = quantity.get(number, 0) + int(left)
            delivered[number] = delivered.get(number, 0) + int(line.delivered)
        return Booked(
            marker=order.marker,
            quantity=quantity,
            delivered=delivered,
            reference=order.reference,
            category=order.category,
            delivery_method=order.delivery_method,
            invoiced=bool(order.invoices),
            total_cents=order.total_cents,
            parts=tuple(sorted(order.articles - quantity.keys()))[:PARTS],
        )


class Order(Value, frozen=True):
    """The row's state."""

    noticed_at: datetime
    step: Step = "seen"
    kind: Kind = "FBR"
    changed: str = ""
    """The fingerprint of the list's entry that was last fetched for."""
    wanted_change: str = ""
    """The fingerprint that the fetch on its way was asked for."""
    order: BolOrder | None = None
    """As last fetched; without names and addresses once the order is in Mplus."""
    later: BolOrder | None = None
    """Fetched while a commit was on its way: applied when that has ended."""
    looked: bool = False
    """An order that may have been booked by somebody else before was looked for in Mplus."""
    doubt: bool = False
    """A commit may have taken effect, and it is not known yet whether it did."""
    customer: str = ""
    """Masked: `J*** d* V****, Utrecht`."""
    country: str = ""
    business: bool = False
    lines: tuple[Line, ...] = ()
    relation: int | None = None
    asked_customer: str = ""
    """The row of the customers flow that was asked; empty: none."""
    attempt: int = 1
    """Part of the idempotency key: raised only after Mplus refused, because the same key would get the same
    refusal again (facts/mplus.md 1.6)."""
    mapping_again: datetime | None = None
    """When a mapping that failed is tried again by itself."""
    commit_after: datetime | None = None
    """After a refusal: not before this."""
    mplus_order: str = ""
    mplus_number: str = ""
    committed_at: datetime | None = None
    seen_before: int = 0
    """The highest marker under which a sweep showed it while it was not known here to be in Mplus."""
    cents: int = 0
    """The sum of the lines as they were committed."""
    shifted: bool = False
    """Its VAT is shifted to the customer."""
    discounts: int = 0
    """Lines of discounts among them."""
    booked: Booked | None = None
    checked: str = ""
    """`changed` as it was when Mplus was last read on purpose."""
    paid: bool = False
    refused_payments: int = 0
    shipments: tuple[Shipment, ...] = ()
    learned: str = ""
    """`changed` as it was when Bol was last asked for shipments that we had not told it of."""
    told: int = 0
    """Shipments told to Bol so far, whatever became of them."""
    looks: dict[str, int] = msgspec.field(default_factory=dict)
    """How often Bol was asked how a write ended, by the effect's key."""
    slips: tuple[Slip, ...] = ()
    left_at: datetime | None = None
    """Since when something has left that Bol is not told of."""
    by_hand: Shipment | None = None
    """What a person said about the transport, until it is told to Bol."""
    ship_after: datetime | None = None
    """After Bol refused a shipment: not before this."""
    category: int | None = None
    """The order status that we set last."""
    finished_at: datetime | None = None
    """When it was done, cancelled or kept out."""
    late: bool = False
    failures: dict[str, int] = msgspec.field(default_factory=dict)
    """Failed tries in a row, by the effect's key."""
    troubles: dict[str, str] = msgspec.field(default_factory=dict)
    """What stands in the way, in words, by the kind of note that told it."""

    @property
    def stuck(self) -> str:
        """Everything that stands in the way; empty: nothing does."""
        return " ".join(self.troubles.values())

    @property
    def is_booked(self) -> bool:
        """Whether it is in Mplus."""
        return bool(self.mplus_order)


def kind_of(order: BolOrder, entity: str, rules: OrderRules) -> Kind | None:
    """Which kind of order this row is about: a mixed order's FBB items have a row of their own. None: of a kind that is
    not taken over."""
    there = {item.fulfilment for item in order.items}
    if entity.endswith(PART):
        return "FBB" if "FBB" in there and "FBB" in rules.kinds else None
    if "FBR" in there and "FBR" in rules.kinds:
        return "FBR"
    return "FBB" if "FBB" in there and "FBB" in rules.kinds else None


def has_part(order: BolOrder, entity: str, rules: OrderRules) -> bool:
    """Whether another row must take over the order's FBB items."""
    there = {item.fulfilment for item in order.items}
    return not entity.endswith(PART) and {"FBR", "FBB"} <= there and {"FBR", "FBB"} <= rules.kinds.keys()


def bol_id(entity: str) -> str:
    """Bol's own id of the order that a row is about."""
    return entity.removesuffix(PART)


def items_taken(order: BolOrder, kind: Kind) -> tuple[BolOrderItem, ...]:
    """The items that a row of this kind is about."""
    return tuple(item for item in order.items if item.fulfilment == kind)
