"""Orders and payments as they are sent, before the desk has looked at them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connectors.mplus.simulator.orders import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """A line as it was sent; None: not sent."""

    line_id: str
    article: int
    quantity: Decimal
    text: str | None = None
    price: int | None = None
    price_excl: int | None = None
    vat_code: int | None = None
    turnover_group: int | None = None
    component: bool = False
    """Sent as LINE-TYPE-COMPONENT: a part of the line before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """An order as it was sent; None: not sent, so the default applies, or the old value at an update."""

    order_id: str = ""
    ext_order_id: str | None = None
    order_type: str | None = None
    entry_branch: int | None = None
    financial_branch: int | None = None
    workplace: int | None = None
    employee: int | None = None
    relation: int | None = None
    financial_date: date | None = None
    delivery_address: Address | None = None
    invoice_address: Address | None = None
    reference: str | None = None
    activity_id: str | None = None
    vat_method: str | None = None
    delivery_method: str | None = None
    delivery_date: date | None = None
    payment_method: str | None = None
    category: int | None = None
    on_delivery_url: str | None = None
    on_invoice_url: str | None = None
    change_counter: int | None = None
    version_number: int | None = None
    lines: tuple[LineDraft, ...] | None = None


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """A payment as it was sent; cents."""

    method: str
    amount: int
    external_reference: str = ""
