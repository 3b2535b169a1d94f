"""What is asked of Mplus for an order, in our own words; connectors/mplus turns it into SOAP."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from streams.vocabulary.fact import Value

Extra = str | int | bool
"""A field that the data mapper sets by its name in the contract; the connector writes it in the schema's order."""


class Customer(Value, frozen=True):
    """The fields of a relation that an order sets (facts/mplus.md 6): one address string, no name split."""

    name: str
    email: str
    identity: str = ""
    """Our own stable key of who this is (`extRelationId`): what a lost answer is found again by. Empty: none."""
    contact: str = ""
    """The person, where `name` is a company."""
    contact_below: bool = False
    """Send the contact as a relation of its own below the company too (`contactList`; facts/mplus.md 6: unverified)."""
    house_number: str = ""
    """For comparing only: it is part of `address`."""
    address: str = ""
    """Street, number and extension in one string: Mplus has no separate house number."""
    zip_code: str = ""
    city: str = ""
    country: str = ""
    phone: str = ""
    company: str = ""
    vat_number: str = ""
    chamber_of_commerce: str = ""
    delivery_address: str = ""
    delivery_zip_code: str = ""
    delivery_city: str = ""
    delivery_country: str = ""
    extra: dict[str, Extra] = msgspec.field(default_factory=dict)
    """Further elements of `Relation`, by name."""


class PostalAddress(Value, frozen=True):
    """`Address` of the Mplus order (facts/mplus.md 7.2)."""

    name: str = ""
    contact: str = ""
    address: str = ""
    zip_code: str = ""
    city: str = ""
    country: str = ""
    company: str = ""
    label: str = ""


class OrderLine(Value, frozen=True):
    """One line: `price_cents` is the unit price including VAT, always sent (facts/mplus.md 7.3)."""

    article_number: int
    text: str
    quantity: int
    price_cents: int
    vat_code: int | None = None
    """None: the article's own."""
    turnover_group: int | None = None
    extra: dict[str, Extra] = msgspec.field(default_factory=dict)
    """Further elements of `line` (`courseNumber`) or of its `data` (`data.purchasePrice`), by name."""


class Payment(Value, frozen=True):
    """A payment that goes with the order: the method's code, cents, and our reference."""

    method: str
    cents: int
    reference: str = ""


class OrderDraft(Value, frozen=True):
    """An order to be committed with createOrderV3."""

    ext_order_id: str
    """Unique at Mplus: the second line of defence against doubles (facts/mplus.md 1.6)."""
    idempotency_key: str
    relation_number: int
    reference: str
    financial_date: date
    lines: tuple[OrderLine, ...]
    branch_number: int
    workplace_number: int | None = None
    employee_number: int = 999999
    order_type: str = "ORDER-TYPE-EXTERNAL-SALES-ORDER"
    order_category: int | None = None
    delivery_method: str = ""
    payment_method: str = ""
    deliver_to: PostalAddress = PostalAddress()
    invoice_to: PostalAddress = PostalAddress()
    vat_method: str = "VAT-METHOD-INCLUSIVE"
    delivery_day: date | None = None
    payments: tuple[Payment, ...] = ()
    """createOrderV3 only; `prepay` says what they are."""
    prepay: bool = True
    """A deposit on goods that are still here; False settles the order, which makes its invoice (facts/mplus.md 7.4)."""
    extra: dict[str, Extra] = msgspec.field(default_factory=dict)
    """Further elements of `Order`, by name."""


class MplusOrderLine(Value, frozen=True):
    """A line as Mplus gives it back."""

    article_number: int
    quantity: Decimal
    line_id: str = ""
    component: bool = False
    """A part of a composed article, which Mplus added by itself (facts/mplus.md 4.2): no line of ours."""
    delivered: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)
    price_cents: int = 0


class MplusOrder(Value, frozen=True):
    """An order as Mplus gives it back: what the flows need of it."""

    order_id: str
    ext_order_id: str
    number: str = ""
    """For people: `2026-123`."""
    marker: int = 0
    delivery_state: str = ""
    cancel_state: str = ""
    complete_state: str = ""
    lines: tuple[MplusOrderLine, ...] = ()
    changed_at: datetime | None = None
    reference: str = ""
    category: int | None = None
    delivery_method: str = ""
    relation_number: int = 0
    total_cents: int = 0
    prepaid_cents: int = 0
    fully_paid: bool = False
    invoices: tuple[str, ...] = ()
    version: int = 0
    """`versionNumber` and `changeCounter`: an update must name both (facts/mplus.md 7.6)."""
    changes: int = 0
    prepared: tuple[int, ...] = ()
    """Articles of preparations below its lines, and of no line themselves, rising (facts/mplus.md 7.3)."""

    @property
    def articles(self) -> frozenset[int]:
        """Every article on it, all of which Mplus reserves: of lines, of parts that it added, of preparations."""
        lines = {line.article_number for line in self.lines if line.article_number > 0}
        return frozenset(lines.union(self.prepared))


class Moved(Value, frozen=True):
    """So many of an article: delivered, or left wanted."""

    article_number: int
    quantity: int


class PackingSlip(Value, frozen=True):
    """What left for an order in one go (facts/mplus.md 7.7)."""

    slip_id: str
    number: str = ""
    reference: str = ""
    state: str = ""
    lines: tuple[Moved, ...] = ()
    marker: int = 0
    """Of two words about one slip the higher one is the newer; 0: it was not told."""

    @property
    def cancelled(self) -> bool:
        """What it says has left came back."""
        return self.state.endswith("CANCELLED")
