"""The JSON bodies of `/_control`. An unknown field is a typing mistake and refused."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from connectors.mplus.simulator.config import DEFAULT_WEBHOOK_SECRET
from connectors.mplus.simulator.orders import MOST_QUANTITY

Quantity = int | str
"""Pieces; text for fractions ("0.530")."""


class NotThere(Exception):
    """What was named does not exist; the text is what is told back."""


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The settings that all bodies share."""


class Line(Body):
    """What goes over the counter."""

    article: int
    quantity: Quantity = 1
    price_cents: int | None = None


class Sale(Body):
    """One article, or several lines, or both."""

    article: int | None = None
    quantity: Quantity = 1
    price_cents: int | None = None
    lines: list[Line] = []
    branch: int | None = None
    workplace: int | None = None
    payment_method: str = "PIN"


class Goods(Body):
    """So many pieces of an article."""

    article: int
    quantity: Quantity
    branch: int | None = None
    reference: str = ""


class Count(Body):
    """Either what is counted (`amount`) or by how much it is off (`change`)."""

    article: int
    amount: Quantity | None = None
    change: Quantity | None = None
    branch: int | None = None
    reference: str = ""


class ArticleChange(Body):
    """The fields that change."""

    article: int
    description: str | None = None
    ean: str | None = None
    price_cents: int | None = None
    active: bool | None = None
    webshop: bool | None = None
    discontinued: bool | None = None
    extra_barcodes: list[tuple[str, int]] | None = None
    si_unit: str | None = None
    unit: str | None = None
    groups: list[int] | None = None
    """Those of its product."""
    components: list[tuple[int, Quantity]] | None = None
    """As in `NewArticle`; empty: it is no composed article any more."""


class NewArticle(Body):
    """`product` None: one of its own; `plu` empty: its number."""

    article: int
    ean: str
    description: str
    price_cents: int
    product: int | None = None
    plu: str = ""
    vat_code: int = 2
    opening_stock: int = 0
    stock_article: bool = True
    components: list[tuple[int, Quantity]] = []
    """Of a composed article, which then keeps no stock itself: (article number, so much of it in one)."""
    si_unit: str = ""
    unit: str = ""
    groups: list[int] = []
    """Of its product; empty: the one that all are in."""


class Restored(Body):
    """An article as the restored database has it, where that is not as the backup was."""

    article: int
    on_hand: Quantity
    branch: int | None = None


class Restoring(Body):
    """The last backup is put back, or the first day where there is none."""

    stock: list[Restored] = []


class OrderNamed(Body):
    """By either id."""

    order_id: str = ""
    ext_order_id: str = ""


class Delivery(OrderNamed):
    """What is packed."""

    quantities: dict[str, Quantity] | None = None
    """By lineId; None: everything open."""
    reference: str = ""
    invoiced: bool = False


class Cancelling(OrderNamed):
    """What is cancelled."""

    quantities: dict[str, Quantity] | None = None
    """So much of these lines, by lineId; None: everything open."""


class Editing(OrderNamed, kw_only=True):
    """What staff writes on an order's lines."""

    quantities: dict[str, Quantity] = {}
    """Other quantities, by lineId; 0 takes a line off."""
    add: list[Line] = []
    """New lines."""


class Marking(OrderNamed):
    """What staff writes on an order."""

    reference: str | None = None
    category: int | None = None
    delivery_method: str | None = None


class SlipMarking(OrderNamed, kw_only=True):
    """What staff writes on a packing slip: the one named, or the order's last."""

    packing_slip_id: str = ""
    reference: str


class Target(Body):
    """No `url`: no webhooks any more."""

    url: str = ""
    subscription_id: str = "kassabrug"
    secret: str = DEFAULT_WEBHOOK_SECRET
    events: tuple[str, ...] = ("completeSession", "creditSession")


class Nothing(Body):
    """An empty body."""


def pieces_of(quantity: Quantity) -> Decimal:
    """Raises ValueError on what is no amount of goods, or has more than six decimals."""
    try:
        pieces = Decimal(quantity)
    except ArithmeticError:
        raise ValueError(f"not a quantity: {str(quantity)[:40]!r}") from None
    if not pieces.is_finite() or abs(pieces) > MOST_QUANTITY or pieces != round(pieces, 6):
        raise ValueError(f"not a quantity: {str(quantity)[:40]!r}")
    return pieces


def above_zero(quantity: Quantity) -> Decimal:
    """As pieces_of, and above zero."""
    pieces = pieces_of(quantity)
    if pieces <= 0:
        raise ValueError("a quantity is above zero")
    return pieces


def price_of(price: int | None) -> int | None:
    """A price in cents, or None for none. Raises ValueError on one that no shop has."""
    if price is not None and not 0 <= price <= 10**10:
        raise ValueError("price_cents lies between 0 and ten billion")
    return price
