"""One page (or all) of a feed: its events, and the cursor that is covered then (facts/mplus.md 2.6)."""

from __future__ import annotations

import logging

from msgspec.structs import replace

from connectors.mplus import articles, history, orders, settling, stock
from connectors.mplus.operation import MplusAnswer
from connectors.mplus.trip import Trip
from streams.vocabulary.effects import (
    SweepArticles,
    SweepMplusOrders,
    SweepPackingSlips,
    SweepStock,
    SweepStockHistory,
)
from streams.vocabulary.events import Message, MplusOrderSeen, PackingSlipSeen, StockDoubted, StockRead, Swept
from streams.vocabulary.outcomes import Failure
from streams.vocabulary.stock_reading import Reading

log = logging.getLogger(__name__)

LONGEST_ID = 100
"""Characters of a marketplace's order id; a longer extOrderId is not one that we made."""


async def articles_of(trip: Trip, effect: SweepArticles) -> Swept | Failure:
    """One page of products. The feed is read until a page is empty: the server may cut pages shorter than asked."""
    page = await trip.send(articles.get_products(effect.marker))
    if not isinstance(page, MplusAnswer):
        return page
    rows = page.what
    _tell_left_out(trip, "products", rows.left_out, rows.why)
    seen = [article for product in rows.found for article in product.articles]
    for product in rows.found:
        _tell_left_out(trip, "articles", product.left_out, (product.why,))
    trip.messages.extend(
        Message(
            flow="catalogue",
            entity=f"article/{article.article_number}",
            event=replace(article, epoch=effect.epoch) if effect.epoch else article,
        )
        for article in seen
    )
    return _swept(effect.marker, max((product.marker for product in rows.found), default=0), len(seen))


async def orders_of(trip: Trip, effect: SweepMplusOrders) -> Swept | Failure:
    """One page of orders. What a change of one of ours does to stock, its row tells: it knows how the order stood
    (streams/orders/following.py). Of anybody else's order every article is doubted."""
    page = await trip.send(orders.get_orders(effect.marker))
    if not isinstance(page, MplusAnswer):
        return page
    rows = page.what
    _tell_left_out(trip, "orders", rows.left_out, rows.why)
    moved: dict[int, str] = {}
    for order in rows.found:
        entity = _entity(order.ext_order_id, effect.ext_prefix)
        if entity:
            trip.messages.append(Message(flow="orders", entity=entity, event=MplusOrderSeen(order=order)))
        else:
            moved.update(dict.fromkeys(order.articles, order.number or order.order_id))
    # The change came before the answer: a reading asked from then on contains it.
    since = page.answered_at
    trip.messages.extend(
        Message(
            flow="stock",
            entity=str(article),
            event=StockDoubted(why=f"order {number} changed in Mplus", since=since),
        )
        for article, number in sorted(moved.items())
    )
    return _swept(effect.marker, max((order.marker for order in rows.found), default=0), len(rows.found))


async def slips_of(trip: Trip, effect: SweepPackingSlips) -> Swept | Failure:
    """One page of packing slips. Whose they are is told by their order's extOrderId, as with orders: the part of a
    mixed order that Bol sends has one of its own. A slip without one is left to the order, which reads its own."""
    page = await trip.send(settling.get_packing_slips(effect.marker))
    if not isinstance(page, MplusAnswer):
        return page
    rows = page.what
    _tell_left_out(trip, "packing slips", rows.left_out, rows.why)
    for slip, order_id, ext_order_id in rows.found:
        entity = _entity(ext_order_id, effect.ext_prefix)
        if entity:
            event = PackingSlipSeen(order_id=order_id, slip=slip, seen_at=page.answered_at)
            trip.messages.append(Message(flow="orders", entity=entity, event=event))
    highest = max((changed.slip.marker for changed in rows.found), default=0)
    return _swept(effect.marker, highest, len(rows.found))


def _entity(ext_order_id: str, prefix: str) -> str:
    """Of the orders flow; empty: the order is none of ours."""
    entity = ext_order_id.removeprefix(prefix)
    return entity if ext_order_id.startswith(prefix) and len(entity) <= LONGEST_ID else ""


def _swept(marker: int, highest: int, found: int) -> Swept:
    """`more` only while the feed moves on: an installation that ignores the marker is not read for ever."""
    return Swept(cursor=str(max(marker, highest + 1)), more=highest >= marker and highest > 0, found=found)


async def stock_of(trip: Trip, effect: SweepStock) -> Swept | Failure:
    """All stock that changed, branch by branch.

    `stockId` runs through all branches: what a branch changed after it was read may have a lower one than what
    a later branch shows. So a branch read before the highest was seen is read once more from where it was, and
    the cursor is what every branch is covered up to.
    """
    covered = dict.fromkeys(effect.branches, effect.marker)
    highest = effect.marker
    newest: dict[tuple[int, int], Reading] = {}
    for again in (False, True):
        target = highest
        for branch in effect.branches:
            if again and covered[branch] >= target:
                continue
            page = await trip.send(stock.of_branch(branch, covered[branch] or None))
            if not isinstance(page, MplusAnswer):
                return page
            rows = page.what
            _tell_left_out(trip, "stock readings", rows.left_out, rows.why)
            # Rows have no order that is promised (facts/mplus.md 2.6): the last change of an article wins.
            ordered = sorted(rows.found, key=lambda one: one.marker)
            newest.update({(branch, one.article_number): one for one in ordered})
            highest = max([highest, *(one.marker for one in rows.found)])
            covered[branch] = highest
    trip.messages.extend(
        Message(flow="stock", entity=str(reading.article_number), event=StockRead(reading=reading))
        for reading in newest.values()
    )
    # Rows at the marker itself come every time; they are no news to tell of, but what they show may be. Of a whole
    # reading every row counts: that it found nothing would mean that there is no stock any more.
    found = sum(1 for reading in newest.values() if reading.marker > effect.marker or not effect.marker)
    return Swept(cursor=str(max(1, min(covered.values(), default=effect.marker))), found=found)


async def history_of(trip: Trip, effect: SweepStockHistory) -> Swept | Failure:
    """One page of what stock did. The marker stays the highest one seen: whether a page begins at it or after it is not
    documented, so rows at it may come twice. A page that brings few above it is the last one: while tills sell there
    are always some."""
    if not effect.branches:
        return Swept(cursor=str(effect.marker))
    page = await trip.send(history.get_history(effect.marker, effect.branches))
    if not isinstance(page, MplusAnswer):
        return page
    rows = page.what
    _tell_left_out(trip, "rows of the stock history", rows.left_out, rows.why)
    ordered = sorted(rows.found, key=lambda row: row.moved.marker)
    trip.messages.extend(
        Message(flow="stock", entity=str(row.article_number), event=row.moved)
        for row in ordered
        if row.article_number > 0
        and row.moved.branch in effect.branches
        and row.moved.marker >= effect.marker
    )
    highest = max([effect.marker, *(row.moved.marker for row in ordered)])
    found = sum(1 for row in ordered if row.moved.marker > effect.marker)
    return Swept(cursor=str(highest), more=found >= history.MANY, found=found)


def _tell_left_out(trip: Trip, what: str, left_out: int, why: tuple[str, ...]) -> None:
    if left_out:
        log.warning(
            "%s: %d %s could not be read and are left out: %s",
            trip.connection,
            left_out,
            what,
            "; ".join(why),
        )
