"""The verdict, from the vendors' own books and from nothing of ours. Pure.

What must hold: every Bol order exactly once in Mplus with its lines and prices; every offer at Bol as the books
of Mplus say; no unit oversold that could be known. And how fast it went.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

TARGET_P50 = 50.0
TARGET_P99 = 150.0
"""Milliseconds from a till sale, or a Bol order, to the changed offer."""
TOLD = 20
"""Differences that are told."""


class Cause(NamedTuple):
    """Units that went: at the till, or to a Bol customer."""

    at: datetime
    article: int
    quantity: int
    kind: str
    order_id: str = ""


class Freshness(NamedTuple):
    """Milliseconds from a cause to the changed offer."""

    causes: int
    p50: float
    p99: float
    worst: float
    unchanged: int
    """Causes whose offer was not changed in time: the books decide whether that is wrong."""


class Verdict(NamedTuple):
    """What the books say."""

    till_sales: int
    bol_orders: int
    offers: int
    pushes: int
    differences: tuple[str, ...]
    oversold_knowable: int
    oversold_not_knowable: int
    sale_freshness: Freshness
    order_freshness: Freshness

    @property
    def right(self) -> bool:
        """Whether the books are in order."""
        return not self.differences and self.oversold_knowable == 0

    @property
    def fast(self) -> bool:
        """Whether the targets were met."""
        return all(
            one.p50 <= TARGET_P50 and one.p99 <= TARGET_P99
            for one in (self.sale_freshness, self.order_freshness)
            if one.causes
        )


def verdict(
    bol: Mapping[str, Any],
    mplus: Mapping[str, Any],
    opening: Mapping[int, int],
    began: datetime,
    grace: float,
    prefix: str,
    cap: int,
) -> Verdict:
    """`bol`, `mplus`: what the simulators' `/_control/books` tell; `opening`: free units per article when the
    customers came in, at `began`; `grace`: seconds after which what happened could be known."""
    articles = {str(one["ean"]): int(one["article"]) for one in mplus["articles"]}
    offers = {
        str(one["offerId"]): articles[str(one["ean"])] for one in bol["offers"] if one["ean"] in articles
    }
    causes = sorted((*_sales(mplus, began), *_orders(bol, offers)), key=lambda cause: cause.at)
    patches = _patches(bol, offers, began)
    knowable, unknowable = oversold(causes, opening, grace)
    return Verdict(
        till_sales=sum(cause.kind == "till-sale" for cause in causes),
        bol_orders=len(bol["orders"]),
        offers=len(offers),
        pushes=sum(len(found) for found in patches.values()),
        differences=(
            *_order_differences(bol, mplus, articles, prefix),
            *_stock_differences(bol, mplus, articles, cap),
        ),
        oversold_knowable=knowable,
        oversold_not_knowable=unknowable,
        sale_freshness=freshness("till-sale", causes, opening, patches, cap),
        order_freshness=freshness("bol-order", causes, opening, patches, cap),
    )


# -- what happened


def _sales(mplus: Mapping[str, Any], began: datetime) -> Iterable[Cause]:
    for change in mplus["changes"]:
        gone = int(change["before"]) - int(change["after"])
        at = datetime.fromisoformat(change["at"])
        if change["cause"] == "till-sale" and at >= began and gone > 0:
            yield Cause(at, int(change["article"]), gone, "till-sale")


def _orders(bol: Mapping[str, Any], offers: Mapping[str, int]) -> Iterable[Cause]:
    for order in bol["orders"]:
        at = datetime.fromisoformat(order["placed"])
        for item in order["items"]:
            if item["offerId"] in offers:
                yield Cause(at, offers[item["offerId"]], int(item["quantity"]), "bol-order", order["orderId"])


def _patches(
    bol: Mapping[str, Any], offers: Mapping[str, int], began: datetime
) -> dict[int, list[tuple[datetime, int]]]:
    found: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for change in bol["changes"]:
        at = datetime.fromisoformat(change["at"])
        if change["cause"] == "patch" and change["offerId"] in offers and at >= began:
            found[offers[change["offerId"]]].append((at, int(change["amount"])))
    return found


# -- the books against each other


def _order_differences(
    bol: Mapping[str, Any], mplus: Mapping[str, Any], articles: Mapping[str, int], prefix: str
) -> Iterable[str]:
    made: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for order in mplus["orders"]:
        made[str(order["ext_order_id"])].append(order)
    for order in bol["orders"]:
        name = f"{prefix}{order['orderId']}"
        found = made.pop(name, [])
        if len(found) != 1:
            yield f"Bol order {order['orderId']} is {len(found)} times in Mplus"
            continue
        wanted: Counter[int] = Counter()
        charged: Counter[int] = Counter()
        for item in order["items"]:
            article = articles.get(str(item["ean"]), 0)
            wanted[article] += int(item["quantity"])
            charged[article] += int(item["totalCents"])
        booked: Counter[int] = Counter()
        priced: Counter[int] = Counter()
        for line in found[0]["lines"]:
            booked[int(line["article"])] += int(line["quantity"])
            priced[int(line["article"])] += int(line["quantity"]) * int(line["price_cents"])
        if wanted != booked:
            yield f"Bol order {order['orderId']} wants {dict(wanted)}, Mplus has {dict(booked)}"
        elif charged != priced:
            yield f"Bol order {order['orderId']} costs {dict(charged)} cents, in Mplus {dict(priced)}"
    for name in made:
        if name.startswith(prefix):
            yield f"order {name} is in Mplus, but not at Bol"


def _stock_differences(
    bol: Mapping[str, Any], mplus: Mapping[str, Any], articles: Mapping[str, int], cap: int
) -> Iterable[str]:
    free: Counter[int] = Counter()
    for row in mplus["stock"]:
        free[int(row["article"])] += int(row["free"])
    for offer in bol["offers"]:
        article = articles.get(str(offer["ean"]))
        if article is None:
            continue
        due = max(0, min(cap, free[article]))
        if int(offer["amount"]) != due:
            yield f"article {article}: Bol has {offer['amount']}, the books say {due}"


# -- oversold, and how fast


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
    """From each cause of this kind to the first push that has it in its number. Units only go while the customers
    are in, so a push has it in when its number is no higher than what was left after it."""
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
    took.sort()
    return Freshness(len(took), _at(took, 0.5), _at(took, 0.99), took[-1] if took else 0.0, unchanged)


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
