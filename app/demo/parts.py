"""Bol's orders beside those of Mplus: a mixed order is two there, one for each kind. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

FBB_PART = "-FBB"


class Agreed(NamedTuple):
    """What the shop's settings ask for, as far as the books show it."""

    branches: Mapping[str, int]
    """By kind."""
    vat: Mapping[str, Mapping[int, int]]
    """By country of delivery: the article's VAT code -> that of the line."""
    transporters: Mapping[str, str]
    """Mplus delivery method -> Bol's code."""
    track_wait: float
    """Seconds that a packing slip may be without a code until Bol is told without one."""
    code_within: float
    """Seconds from a code that is written on a packing slip later until Bol is told it."""
    done: int
    """The order category once all has left."""
    cancelled: int
    prepaid: bool


class Part(NamedTuple):
    """What of a Bol order is one order in Mplus: its items of one kind."""

    name: str
    """The extOrderId that it should have."""
    kind: str
    order: Mapping[str, Any]
    items: tuple[Mapping[str, Any], ...]
    due: Mapping[str, int]
    """Units by item id, less what was cancelled before anybody saw the order."""
    found: tuple[Mapping[str, Any], ...]
    """The orders of that name in Mplus: one, if all is well."""

    def __str__(self) -> str:
        more = " (the part that Bol sends)" if self.name.endswith(FBB_PART) else ""
        return f"Bol order {self.order['orderId']}{more}"

    @property
    def is_due(self) -> bool:
        """Whether there was anything to take over."""
        return any(self.due.values())

    @property
    def booked(self) -> Mapping[str, Any] | None:
        """The order in Mplus, where there is exactly one."""
        return self.found[0] if len(self.found) == 1 else None

    @property
    def vvb(self) -> bool:
        """Whether it leaves with a label of Bol's."""
        return self.kind == "FBR" and any(item["distribution"] == "BOL" for item in self.items)


def gone_unseen(bol: Mapping[str, Any], closed: datetime | None) -> Counter[str]:
    """Units by item id that were cancelled before anybody saw the order: while the customers are in nobody cancels
    anything, so these are all up to `closed`; None: all."""
    gone: Counter[str] = Counter()
    for one in bol.get("cancellations", ()):
        if closed is None or datetime.fromisoformat(one["at"]) < closed:
            gone[one["itemId"]] += int(one["quantity"])
    return gone


def parts_of(
    bol: Mapping[str, Any], mplus: Mapping[str, Any], gone: Mapping[str, int], prefix: str
) -> tuple[list[Part], list[str]]:
    """All of them, and the names of orders in Mplus that are of none."""
    made: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for order in mplus["orders"]:
        made[str(order["ext_order_id"])].append(order)
    parts = []
    for order in bol["orders"]:
        by_kind: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for item in order["items"]:
            by_kind[item["fulfilment"]].append(item)
        for kind, items in by_kind.items():
            more = FBB_PART if kind == "FBB" and len(by_kind) > 1 else ""
            name = f"{prefix}{order['orderId']}{more}"
            due = {one["itemId"]: int(one["quantity"]) - gone.get(one["itemId"], 0) for one in items}
            parts.append(Part(name, kind, order, tuple(items), due, tuple(made.pop(name, ()))))
    return parts, [name for name in made if name.startswith(prefix)]


def per_article(
    items: Iterable[Mapping[str, Any]], articles: Mapping[str, int], units: Mapping[str, int]
) -> Counter[int]:
    """Units of items by item id -> by article. Nothing is left out: an EAN without an article counts as article 0."""
    found: Counter[int] = Counter()
    for item in items:
        found[articles.get(str(item["ean"]), 0)] += units[item["itemId"]]
    return found


def wanted_now(item: Mapping[str, Any]) -> int:
    """Units of a Bol item that nobody has cancelled."""
    return int(item["quantity"]) - int(item["cancelled"])


def on_lines(lines: Sequence[Mapping[str, Any]], what: str) -> Counter[int]:
    """`quantity`, `delivered` or `cancelled` by article."""
    found: Counter[int] = Counter()
    for line in lines:
        found[int(line["article"])] += int(line[what])
    return found
