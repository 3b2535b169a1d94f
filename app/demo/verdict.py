"""The verdict, from the vendors' own books and from nothing of ours. Pure.

What must hold: every Bol order exactly once in Mplus (a mixed one once for each kind) with its lines, prices, VAT,
addresses and customer; what has left and what is cancelled the same on both sides; every offer at Bol as the books of
Mplus say; no unit oversold that could be known. And how fast it went.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from app.demo.freshness import Freshness, causes_of, freshness, measured, oversold, patches_of
from app.demo.order_books import addresses, booked_as_agreed, customers, taken_over
from app.demo.parts import Agreed, Part, gone_unseen, parts_of
from app.demo.shipping_books import LateCode, cancelled, in_time, late_codes, left, status, told, unhandled

TARGET_P50 = 50.0
TARGET_P99 = 150.0
"""Milliseconds from a till sale, or a Bol order, to the changed offer."""
TARGET_ENTRY_P99 = 1000.0
"""Milliseconds from an order at Bol to the order in Mplus."""
TOLD = 20
"""Differences that are told."""
SHOP = 1
"""The branch whose stock is on sale."""
MPLUS_PARTS = "articles,stock,changes,orders,packing_slips,relations"
"""Of the books of Mplus: what a whole verdict needs."""
NOTHING = Freshness(0, 0.0, 0.0, 0.0, 0)


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
    entry: Freshness = NOTHING
    """From Bol's order to the order in Mplus; `unchanged`: orders that are not there."""
    fbb_orders: int = 0
    mixed_orders: int = 0
    vvb_orders: int = 0
    shipments: int = 0
    """That the retailer told Bol."""
    cancellations: int = 0
    relations: int = 0
    returns: int = 0
    late_codes: Freshness = NOTHING
    """From a code that staff wrote on a packing slip after it was made to its shipment at Bol; `unchanged`: parcels
    that were told without theirs."""

    @property
    def right(self) -> bool:
        """Whether the books are in order."""
        return not self.differences and self.oversold_knowable == 0

    @property
    def fast(self) -> bool:
        """Whether the offers followed as fast as is aimed at."""
        return all(
            one.p50 <= TARGET_P50 and one.p99 <= TARGET_P99
            for one in (self.sale_freshness, self.order_freshness)
            if one.causes
        )

    @property
    def prompt(self) -> bool:
        """Whether the orders came into Mplus as fast as is aimed at."""
        return self.entry.p99 < TARGET_ENTRY_P99


def verdict(
    bol: Mapping[str, Any],
    mplus: Mapping[str, Any],
    opening: Mapping[int, int],
    began: datetime,
    grace: float,
    prefix: str,
    cap: int,
    agreed: Agreed | None = None,
    closed: datetime | None = None,
) -> Verdict:
    """`bol`, `mplus`: what the simulators' `/_control/books` tell (packing slips and relations of Mplus may be left out
    and are not judged then); `opening`: free units per article when the customers came in, at `began`; `grace`: seconds
    after which what happened could be known; `agreed`: what the settings ask for, None: not judged; `closed`: when the
    customers had gone and all they did had come to rest, None: they still are in."""
    articles = {str(one["ean"]): int(one["article"]) for one in mplus["articles"]}
    offers = {
        str(one["offerId"]): articles[str(one["ean"])] for one in bol["offers"] if one["ean"] in articles
    }
    gone = gone_unseen(bol, closed)
    parts, invented = parts_of(bol, mplus, gone, prefix)
    causes = causes_of(bol, mplus, offers, gone, began, SHOP)
    patches = patches_of(bol, offers, began, closed)
    knowable, unknowable = oversold(causes, opening, grace)
    codes = late_codes(parts, bol.get("shipments", ()), mplus.get("packing_slips", ()), articles)
    kinds = [{item["fulfilment"] for item in order["items"]} for order in bol["orders"]]
    return Verdict(
        till_sales=sum(cause.kind == "till-sale" for cause in causes),
        bol_orders=len(bol["orders"]),
        offers=len(offers),
        pushes=sum(len(found) for found in patches.values()),
        differences=(
            *entered(bol, mplus, gone, prefix, cap),
            *(f"order {name} is in Mplus, but not at Bol" for name in invented),
            *_followed(bol, mplus, parts, articles, agreed),
            *(in_time(codes, agreed.code_within) if agreed is not None else ()),
        ),
        oversold_knowable=knowable,
        oversold_not_knowable=unknowable,
        sale_freshness=freshness("till-sale", causes, opening, patches, cap),
        order_freshness=freshness("bol-order", causes, opening, patches, cap),
        entry=_entry(parts),
        fbb_orders=sum(one == {"FBB"} for one in kinds),
        mixed_orders=sum(len(one) > 1 for one in kinds),
        vvb_orders=sum(part.vvb for part in parts),
        shipments=sum(one["by"] == "retailer" for one in bol.get("shipments", ())),
        cancellations=len(bol.get("cancellations", ())),
        relations=len(mplus.get("relations", ())),
        returns=len(bol.get("returns", ())),
        late_codes=_told_late(codes),
    )


def entered(
    bol: Mapping[str, Any], mplus: Mapping[str, Any], gone: Mapping[str, int], prefix: str, cap: int
) -> Iterable[str]:
    """What is wrong with the orders as they came in, and with the stock: at rest when this is nothing."""
    articles = {str(one["ean"]): int(one["article"]) for one in mplus["articles"]}
    parts, _ = parts_of(bol, mplus, gone, prefix)
    for part in parts:
        yield from taken_over(part, articles)
    yield from _stock_differences(bol, mplus, articles, cap)


def _followed(
    bol: Mapping[str, Any],
    mplus: Mapping[str, Any],
    parts: list[Part],
    articles: Mapping[str, int],
    agreed: Agreed | None,
) -> Iterable[str]:
    vat_codes = {int(one["article"]): int(one.get("vat_code", 0)) for one in mplus["articles"]}
    for part in parts:
        yield from addresses(part)
        yield from cancelled(part, articles)
        yield from left(part, articles)
        if agreed is not None:
            yield from booked_as_agreed(part, vat_codes, agreed)
            yield from status(part, articles, agreed)
    if "relations" in mplus:
        yield from customers(parts, mplus["relations"])
    if agreed is not None and "packing_slips" in mplus:
        yield from told(parts, bol["shipments"], mplus["packing_slips"], articles, agreed)
    yield from unhandled(bol.get("returns", ()))


def _stock_differences(
    bol: Mapping[str, Any], mplus: Mapping[str, Any], articles: Mapping[str, int], cap: int
) -> Iterable[str]:
    free = {int(row["article"]): int(row["free"]) for row in mplus["stock"] if int(row["branch"]) == SHOP}
    for offer in bol["offers"]:
        article = articles.get(str(offer["ean"]))
        if article is None:
            continue
        due = max(0, min(cap, free.get(article, 0)))
        if int(offer["amount"]) != due:
            yield f"article {article}: Bol has {offer['amount']}, the books say {due}"


def _told_late(codes: Iterable[LateCode]) -> Freshness:
    took: list[float] = []
    missing = 0
    for one in codes:
        if one.told is None:
            missing += 1
        else:
            took.append((one.told - one.written).total_seconds() * 1000)
    return measured(took, missing)


def _entry(parts: Iterable[Part]) -> Freshness:
    took: list[float] = []
    missing = 0
    for part in parts:
        if part.booked is not None:
            placed = datetime.fromisoformat(part.order["placed"])
            took.append((datetime.fromisoformat(part.booked["entered_at"]) - placed).total_seconds() * 1000)
        elif part.is_due:
            missing += 1
    return measured(took, missing)
