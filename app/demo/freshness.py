"""How fast the offers followed what happened, and what was sold that was not there. Pure.

Units only go while the customers are in, so a push has an event in when its number is no higher than what was left
after it. What brings units back (cancellations, returns) happens when the customers are gone, and so does not count.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple


class Cause(NamedTuple):
    """Units that went: at the till, or to a Bol customer."""

    at: datetime
    article: int
    quantity: int
    kind: str
    order_id: str = ""


class Freshness(NamedTuple):
    """Milliseconds from a cause to what should come of it."""

    causes: int
    p50: float
    p99: float
    worst: float
    unchanged: int
    """Causes that nothing came of in time: the books decide whether that is wrong."""


def causes_of(
    bol: Mapping[str, Any],
    mplus: Mapping[str, Any],
    offers: Mapping[str, int],
    gone: Mapping[str, int],
    began: datetime,
    shop: int,
) -> list[Cause]:
    """Oldest first. `offers`: article by offer; `gone`: units of an order item that were cancelled before anybody saw
    them; `shop`: the branch whose stock is on sale."""
    return sorted((*_sales(mplus, began, shop), *_orders(bol, offers, gone)), key=lambda cause: cause.at)


def _sales(mplus: Mapping[str, Any], began: datetime, shop: int) -> Iterable[Cause]:
    for change in mplus["changes"]:
        gone = int(change["before"]) - int(change["after"])
        at = datetime.fromisoformat(change["at"])
        if change["cause"] == "till-sale" and int(change["branch"]) == shop and at >= began and gone > 0:
            yield Cause(at, int(change["article"]), gone, "till-sale")


def _orders(bol: Mapping[str, Any], offers: Mapping[str, int], gone: Mapping[str, int]) -> Iterable[Cause]:
    for order in bol["orders"]:
        at = datetime.fromisoformat(order["placed"])
        for item in order["items"]:
            # What Bol sends from its own warehouse takes nothing from the shop.
            units = int(item["quantity"]) - gone.get(item["itemId"], 0)
            if item["fulfilment"] == "FBR" and item["offerId"] in offers and units > 0:
                yield Cause(at, offers[item["offerId"]], units, "bol-order", order["orderId"])


def patches_of(
    bol: Mapping[str, Any], offers: Mapping[str, int], began: datetime, closed: datetime | None
) -> dict[int, list[tuple[datetime, int]]]:
    """By article, while the customers were in: (when, the number that was pushed)."""
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for change in bol["changes"]:
        at = datetime.fromisoformat(change["at"])
        if change["cause"] != "patch" or change["offerId"] not in offers or at < began:
            continue
        if closed is None or at < closed:
            found[offers[change["offerId"]]].append((at, int(change["amount"])))
    return found


def oversold(causes: Sequence[Cause], opening: Mapping[int, int], grace: float) -> tuple[int, int]:
    """Units sold at Bol that were not there: those that could be known, and those that could not.

    A unit could be known to be gone when what took it happened more than `grace` seconds before the order.
    """
    by_article: dict[int, list[Cause]] = defaultdict(list)
    knowable = unknowable = 0
    for cause in causes:
        before = by_article[cause.article]
        if cause.kind == "bol-order":
            start = opening.get(cause.article, 0)
            left = max(0, start - sum(one.quantity for one in before))
            short = max(0, cause.quantity - left)
            if short:
                known_by = cause.at - timedelta(seconds=grace)
                known_left = max(0, start - sum(one.quantity for one in before if one.at < known_by))
                known_short = min(short, max(0, cause.quantity - known_left))
                knowable += known_short
                unknowable += short - known_short
        before.append(cause)
    return knowable, unknowable


def freshness(
    kind: str,
    causes: Sequence[Cause],
    opening: Mapping[int, int],
    patches: Mapping[int, Sequence[tuple[datetime, int]]],
    cap: int,
) -> Freshness:
    """From each cause of this kind to the first push that has it in its number."""
    took: list[float] = []
    unchanged = 0
    left = dict(opening)
    for cause in causes:
        before = max(0, min(cap, left.get(cause.article, 0)))
        left[cause.article] = left.get(cause.article, 0) - cause.quantity
        after = max(0, min(cap, left[cause.article]))
        if cause.kind != kind or after == before:
            continue
        found = patches.get(cause.article, ())
        start = bisect_left(found, (cause.at, -1))
        first = next((at for at, amount in found[start:] if amount <= after), None)
        if first is None:
            unchanged += 1
        else:
            took.append((first - cause.at).total_seconds() * 1000)
    return measured(took, unchanged)


def measured(took: Sequence[float], unchanged: int) -> Freshness:
    """Of these milliseconds."""
    ordered = sorted(took)
    worst = ordered[-1] if ordered else 0.0
    return Freshness(len(ordered), _at(ordered, 0.5), _at(ordered, 0.99), worst, unchanged)


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
