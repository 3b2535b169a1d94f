"""What lies in Bol's warehouse (LVB/FBB), into our words. Pure. Shape: `InventoryResponse` of bol-retailer-v10."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from connectors.bol.wire import MOST_UNITS, Unreadable, Wire, line, read
from streams.vocabulary.codes import normal
from streams.vocabulary.events import InventorySeen

LONGEST_TITLE = 200
LONGEST_BSKU = 64


class _Lying(Wire, frozen=True):
    ean: str | None = None
    bsku: str | None = None
    regular_stock: int = 0
    graded_stock: int = 0
    title: str | None = None


class _Inventory(Wire, frozen=True):
    inventory: list[_Lying] | None = None


class Lying(NamedTuple):
    """A line of the inventory. `ean`: in the normal form; less than nothing lies nowhere."""

    ean: str
    bsku: str
    regular: int
    graded: int
    title: str
    read_at: datetime


def listed(body: bytes, asked_at: datetime) -> list[Lying]:
    """`InventoryResponse`: one page; empty after the last one. A line without an EAN is of no article, and is kept: the
    page is not empty. Raises Unreadable."""
    return [_lying(one, asked_at) for one in read(body, _Inventory).inventory or []]


def added_up(lines: Iterable[Lying]) -> list[InventorySeen]:
    """By EAN, which may have several bskus. A line that comes twice moved to another page while they were read: the
    later one counts."""
    found: dict[str, dict[str, Lying]] = {}
    for one in lines:
        if one.ean:
            found.setdefault(one.ean, {})[one.bsku] = one
    return [
        InventorySeen(
            ean=ean,
            regular=sum(one.regular for one in some.values()),
            graded=sum(one.graded for one in some.values()),
            title=next((one.title for one in some.values() if one.title), ""),
            read_at=min(one.read_at for one in some.values()),
        )
        for ean, some in found.items()
    ]


def _lying(wire: _Lying, asked_at: datetime) -> Lying:
    for units in (wire.regular_stock, wire.graded_stock):
        if abs(units) > 1000 * MOST_UNITS:
            raise Unreadable(f"Bol's answer has {units} pieces in its inventory")
    return Lying(
        ean=normal("ean", wire.ean or ""),
        bsku=line(wire.bsku, LONGEST_BSKU),
        regular=max(0, wire.regular_stock),
        graded=max(0, wire.graded_stock),
        title=line(wire.title, LONGEST_TITLE),
        read_at=asked_at,
    )
