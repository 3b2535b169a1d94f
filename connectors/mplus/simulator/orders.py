"""Orders and packing slips: what they hold, what state they are in, and the books they are kept in.

Cents and Decimal pieces throughout; the contract's names for types and states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from connectors.mplus.simulator.markers import MarkerFeed

NOTHING = Decimal(0)
MOST_QUANTITY = 10**9
"""Of one line or one movement: far above any shop and far below xsd:long."""
ADDRESS_FIELDS = ("name", "contact", "address", "zipcode", "city", "country", "label", "companyName")
Address = dict[str, str]
"""By the contract's names, `ADDRESS_FIELDS` only."""


def vat_exclusive(incl_cents: int, vat_percentage: int) -> int:
    """Cents without VAT; the percentage in hundredths of a percent. Half up."""
    return whole_cents(Decimal(incl_cents) * 10_000 / (10_000 + vat_percentage))


def vat_inclusive(excl_cents: int, vat_percentage: int) -> int:
    """Cents with VAT; the percentage in hundredths of a percent. Half up."""
    return whole_cents(Decimal(excl_cents) * (10_000 + vat_percentage) / 10_000)


def whole_cents(cents: Decimal) -> int:
    """Half up."""
    return int(cents.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(slots=True, kw_only=True)
class OrderLine:
    """`price` is the unit price including VAT (facts/mplus.md 7.3); the percentage in hundredths."""

    line_id: str
    article: int
    plu: str
    text: str
    quantity: Decimal
    price: int
    vat_code: int
    vat_percentage: int
    turnover_group: int = 0
    vat_method: str = "VAT-METHOD-INCLUSIVE"
    """The order's."""
    component_of: str = ""
    """The lineId of the composed article's line that this is a part of (facts/mplus.md 4.2)."""
    delivered: Decimal = NOTHING
    cancelled: Decimal = NOTHING

    @property
    def open(self) -> Decimal:
        """Neither delivered nor cancelled yet."""
        return self.quantity - self.delivered - self.cancelled

    def share(self, quantity: Decimal) -> tuple[int, int]:
        """Cents of this much of it, with and without VAT. Shifted or none: nothing is charged, the price is both.
        Exclusive: the VAT comes on top of rounded prices without it."""
        if self.vat_method in ("VAT-METHOD-SHIFTED", "VAT-METHOD-NONE"):
            cents = whole_cents(self.price * quantity)
            return cents, cents
        if self.vat_method == "VAT-METHOD-EXCLUSIVE":
            excl = whole_cents(vat_exclusive(self.price, self.vat_percentage) * quantity)
            return vat_inclusive(excl, self.vat_percentage), excl
        incl = whole_cents(self.price * quantity)
        return incl, vat_exclusive(incl, self.vat_percentage)

    @property
    def total_incl(self) -> int:
        """Cents of the whole line including VAT."""
        return self.share(self.quantity)[0]

    @property
    def total_excl(self) -> int:
        """Cents of the whole line without VAT."""
        return self.share(self.quantity)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment on an order; `amount` in cents."""

    payment_id: str
    at: datetime
    method: str
    amount: int
    external_reference: str = ""
    prepaid: bool = True


@dataclass(slots=True, kw_only=True)
class Order:
    """A sales order. Its lines know what was delivered and cancelled; the states follow from them."""

    order_id: str
    year: int
    number: int
    entered_at: datetime
    ext_order_id: str
    order_type: str
    entry_branch: int
    financial_branch: int
    workplace: int
    employee: int
    relation: int
    relation_name: str
    financial_date: date
    delivery_address: Address | None = None
    invoice_address: Address | None = None
    reference: str = ""
    activity_id: str = ""
    vat_method: str = "VAT-METHOD-INCLUSIVE"
    delivery_method: str = ""
    delivery_date: date | None = None
    payment_method: str = ""
    category: int = 0
    on_delivery_url: str = ""
    on_invoice_url: str = ""
    lines: list[OrderLine] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)
    invoices: list[str] = field(default_factory=list)
    change_counter: int = 1
    version_number: int = 1
    marker: int = 0

    @property
    def text(self) -> str:
        """`orderString`, as the sample answers have it: 2026.14."""
        return f"{self.year}.{self.number}"

    @property
    def total_incl(self) -> int:
        """Cents including VAT."""
        return sum(line.total_incl for line in self.lines)

    @property
    def total_excl(self) -> int:
        """Cents without VAT."""
        return sum(line.total_excl for line in self.lines)

    @property
    def paid(self) -> int:
        """Cents paid, ahead or at delivery."""
        return sum(payment.amount for payment in self.payments)

    @property
    def prepaid(self) -> int:
        """Cents paid ahead."""
        return sum(payment.amount for payment in self.payments if payment.prepaid)

    def covered_by(self, cents: int) -> bool:
        """Whether so much pays for all of it; a credit is paid back."""
        total = self.total_incl
        return cents >= total if total >= 0 else cents <= total

    @property
    def delivery_state(self) -> str:
        """ORDER-DELIVERY-STATE-..."""
        return "ORDER-DELIVERY-STATE-" + _state([(line.delivered, line.quantity) for line in self.lines])

    @property
    def cancel_state(self) -> str:
        """ORDER-CANCEL-STATE-..."""
        return "ORDER-CANCEL-STATE-" + _state([(line.cancelled, line.quantity) for line in self.lines])

    @property
    def complete_state(self) -> str:
        """ORDER-COMPLETE-STATE-...: nothing is left to do on the lines."""
        return "ORDER-COMPLETE-STATE-" + _state(
            [(line.quantity - line.open, line.quantity) for line in self.lines]
        )

    @property
    def fully_cancelled(self) -> bool:
        """Every piece of it is cancelled."""
        return self.cancel_state.endswith("COMPLETE")


def _state(done_of: list[tuple[Decimal, Decimal]]) -> str:
    if not any(done for done, _ in done_of):
        return "NOTHING"
    return "COMPLETE" if all(done == whole for done, whole in done_of) else "PARTIAL"


@dataclass(slots=True, kw_only=True)
class PackingSlip:
    """What left the shop at one moment; `lines` are (order line, pieces)."""

    slip_id: str
    year: int
    number: int
    order: Order
    at: datetime
    lines: tuple[tuple[OrderLine, Decimal], ...]
    reference: str = ""
    marked_at: datetime | None = None
    """When staff wrote on it last, after it was made."""
    invoice_id: str = ""
    marker: int = 0

    @property
    def state(self) -> str:
        """PACKING-SLIP-STATE-..."""
        return "PACKING-SLIP-STATE-" + ("INVOICED" if self.invoice_id else "OPEN")


class OrderBook:
    """Orders by id and by extOrderId, packing slips by id, both with a feed of changes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._orders: dict[str, Order] = {}
        self._by_ext: dict[str, str] = {}
        self._feed: MarkerFeed[str] = MarkerFeed()
        self._slips: dict[str, PackingSlip] = {}
        self._slip_feed: MarkerFeed[str] = MarkerFeed()

    @property
    def current(self) -> int:
        """The highest order sync marker given."""
        return self._feed.current

    @property
    def current_slip(self) -> int:
        """The highest packing slip sync marker given."""
        return self._slip_feed.current

    @property
    def full(self) -> bool:
        """Nothing more can be added."""
        return len(self._orders) >= self._limit

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, order_id: str) -> Order | None:
        """By orderId."""
        return self._orders.get(order_id)

    def by_ext(self, ext_order_id: str) -> Order | None:
        """By extOrderId, cancelled or not: it is never free again (facts/mplus.md 2.5)."""
        order_id = self._by_ext.get(ext_order_id)
        return None if order_id is None else self._orders[order_id]

    def all(self) -> list[Order]:
        """Every order, in the order of entry."""
        return list(self._orders.values())

    def since(self, marker: int) -> Iterator[Order]:
        """Orders changed at or after this marker, rising."""
        return (self._orders[order_id] for order_id in self._feed.since(marker))

    def put(self, order: Order) -> None:
        """Keep a new order, or note that one changed: it takes the next marker."""
        self._orders[order.order_id] = order
        if order.ext_order_id:
            self._by_ext[order.ext_order_id] = order.order_id
        order.marker = self._feed.touch(order.order_id)

    def slip(self, slip_id: str) -> PackingSlip | None:
        """By packingSlipId."""
        return self._slips.get(slip_id)

    def slips_since(self, marker: int) -> Iterator[PackingSlip]:
        """Packing slips changed at or after this marker, rising."""
        return (self._slips[slip_id] for slip_id in self._slip_feed.since(marker))

    def put_slip(self, slip: PackingSlip) -> None:
        """Keep a new packing slip, or note that one changed."""
        self._slips[slip.slip_id] = slip
        slip.marker = self._slip_feed.touch(slip.slip_id)
