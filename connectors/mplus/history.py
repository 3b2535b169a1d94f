"""getStockHistoryV2 on the wire (facts/mplus.md 5.3). Pure.

A row tells what lay there before and after no reading of ours: it explains, and counts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from connectors.mplus import reply, soap
from connectors.mplus.operation import Operation
from connectors.mplus.reply import Node, Rows
from streams.vocabulary.events import MovementKind, StockMoved

NAME = "getStockHistoryV2"
PAGE = 500
"""Rows asked for in a page (`sinceStockIdLimit`)."""
MANY = 50
"""New rows in a page after which the next one is read at once: there may be more of them. What comes in one by one, or
stays behind where an installation gives shorter pages, is read when the marker is looked at next."""
LONGEST_REFERENCE = 60
"""Characters; a UUID with a word before it is shorter."""
_TYPE = "STOCK-HISTORY-TYPE-"
_KINDS: dict[str, MovementKind] = {
    "SALES": "sale",
    "DELIVERY": "delivery",
    "CORRECTION": "correction",
    "MANUAL": "manual",
    "API": "api",
    # Between the merchant's own branches: what leaves one, and what comes in at the other.
    "INTERNAL-SHIPMENT": "transfer",
    "INTERNAL-DELIVERY": "transfer",
}
_ORDINAL = ("year", "number")
_NUMBERED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("receipt", "receiptNumber", ("branchNumber", "workplaceNumber", "year", "number")),
    ("invoice", "invoiceNumber", _ORDINAL),
    ("correction", "correctionNumber", _ORDINAL),
    ("delivery", "deliveryNumber", _ORDINAL),
    ("internal shipment", "internalShipmentNumber", _ORDINAL),
    ("internal delivery", "internalDeliveryNumber", ("year", "number", "part")),
)
"""(what it is, its element, the parts of its number as people say them)."""
_NAMED = (
    ("order", "orderId"),
    ("packing slip", "packingSlipId"),
    ("invoice", "invoiceId"),
    ("receipt", "receiptId"),
)
"""Where no number is given, the id is what there is to look it up by."""


class Movement(NamedTuple):
    """A row, and the article that it is of."""

    article_number: int
    moved: StockMoved


def get_history(marker: int, branches: Sequence[int]) -> Operation[Rows[Movement]]:
    """A page of what these branches' stock did since the `stockId`, that one included or not (it is not documented:
    whoever sends the highest one that is known again misses nothing). Raises ValueError without a branch: none named
    asks for all of them."""
    if not branches:
        raise ValueError("getStockHistoryV2 without branches reads all of them")
    only = branches[0] if len(branches) == 1 else None
    request = soap.tag(
        "request",
        *(soap.number("branchNumbers", branch) for branch in branches),
        soap.number("sinceStockId", marker),
        soap.number("sinceStockIdLimit", PAGE),
    )

    def read(body: bytes, asked_at: datetime, answered_at: datetime) -> Rows[Movement]:
        return reply.rows(body, ("articleStockHistory",), _movement(only, answered_at))

    return Operation(NAME, soap.envelope(NAME, request), read, bulk=True, kept=True)


def _movement(only: int | None, told_at: datetime) -> Callable[[Node], Movement]:
    """Reads a row. The branch is the only one asked for where the row names none; a row without a moment moved when
    it was told at the latest."""

    def read(row: Node) -> Movement:
        moved = StockMoved(
            marker=row.whole("stockId"),
            branch=row.whole("branchNumber", only),
            changed=row.amount("amountChanged", "decimalPlaces"),
            kind=_KINDS.get(row.text("type").removeprefix(_TYPE), "unknown"),
            moved_at=row.moment("timestamp") or told_at,
            reference=_reference(row),
        )
        return Movement(row.whole("articleNumber"), moved)

    return read


def _reference(row: Node) -> str:
    """`receipt 1-2-2026-31`, `delivery 2026-7`; empty where the row names nothing."""
    for what, name, parts in _NUMBERED:
        number = row.child(name)
        if number is not None and number.whole("number", 0):
            return f"{what} {'-'.join(str(number.whole(part, 0)) for part in parts)}"
    for what, name in _NAMED:
        if named := row.text(name):
            return f"{what} {named}"[:LONGEST_REFERENCE]
    return ""
