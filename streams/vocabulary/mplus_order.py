"""What is asked of Mplus for an order, in our own words; connectors/mplus turns it into SOAP."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from streams.vocabulary.fact import Value


class Customer(Value, frozen=True):
    """The fields of a relation that an order sets (facts/mplus.md 6): one address string, no name split."""

    name: str
    email: str
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


class PostalAddress(Value, frozen=True):
    """`Address` of the Mplus order (facts/mplus.md 7.2)."""

    name: str = ""
    contact: str = ""
    address: str = ""
    zip_code: str = ""
    city: str = ""
    country: str = ""
    company: str = ""


class OrderLine(Value, frozen=True):
    """One line: `price_cents` is the unit price including VAT, always sent (facts/mplus.md 7.3)."""

    article_number: int
    text: str
    quantity: int
    price_cents: int


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


class MplusOrderLine(Value, frozen=True):
    """A line as Mplus gives it back."""

    article_number: int
    quantity: Decimal
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
    lines: tuple[MplusOrderLine, ...] = ()
    changed_at: datetime | None = None
