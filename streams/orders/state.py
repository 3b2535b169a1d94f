"""What a row of the orders flow holds: one Bol order of one connection."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from streams.vocabulary.bol_order import BolOrder, BolOrderItem
from streams.vocabulary.fact import Value

Step = Literal["seen", "products", "customer", "committing", "committed", "cancelled", "kept-out"]
"""seen -> products -> customer -> committing -> committed; `cancelled` before it was committed, and
`kept-out` (not a kind of order that the shop takes over), end it early."""

NEXT: dict[Step, tuple[Step, ...]] = {
    "seen": ("products", "cancelled", "kept-out"),
    "products": ("customer", "cancelled"),
    "customer": ("committing", "cancelled", "products"),
    "committing": ("committed", "products", "customer", "cancelled"),
    "committed": (),
    "cancelled": ("products",),
    "kept-out": ("products",),
}
"""The legal transitions. Back to `products`: Bol changed the order before it was committed."""


class Answer(Value, frozen=True):
    """What the catalogue said about a code."""

    article_number: int | None
    units: int = 1
    description: str = ""
    stock_kept: bool = True


class Line(Value, frozen=True):
    """An item of the order and the article it is."""

    item_id: str
    ean: str
    reference: str
    wanted: int
    answers: dict[str, Answer] = msgspec.field(default_factory=dict)
    """By the code's entity (`code/ean/...`, `code/sku/...`); missing: not answered yet."""
    article_number: int | None = None
    units: int = 1
    description: str = ""
    stock_kept: bool = True
    reserved: int = 0
    """Articles told to the stock flow."""


class Order(Value, frozen=True):
    """The row's state."""

    noticed_at: datetime
    step: Step = "seen"
    changed: str = ""
    """The fingerprint of the list's entry that was last fetched for."""
    wanted_change: str = ""
    """The fingerprint that the fetch on its way was asked for."""
    order: BolOrder | None = None
    """As last fetched; without names and addresses once the order is in Mplus."""
    later: BolOrder | None = None
    """Fetched while a commit was on its way: applied when that has ended."""
    customer: str = ""
    """Masked: `J*** d* V****, Utrecht`."""
    lines: tuple[Line, ...] = ()
    found: int | None = None
    """The relation with the customer's e-mail address, not updated yet."""
    relation: int | None = None
    attempt: int = 1
    """Part of the idempotency key: raised only after Mplus refused, because the same key would get the same
    refusal again (facts/mplus.md 1.6)."""
    mplus_order: str = ""
    mplus_number: str = ""
    finished_at: datetime | None = None
    """When it was committed, cancelled or kept out."""
    delivery_state: str = ""
    tries: int = 0
    stuck: str = ""


def items_taken(order: BolOrder, fulfilments: tuple[str, ...]) -> tuple[BolOrderItem, ...]:
    """The items that the shop takes over."""
    return tuple(item for item in order.items if item.fulfilment in fulfilments)
