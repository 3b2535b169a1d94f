"""Which readings count, and what they contain.

`free` already leaves out what Mplus has reserved (facts/mplus.md 5.1), so a Bol reservation counts until a
reading asked at or after its booking, and no longer. Never both, never neither.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from streams.stock.rules import StockRules
from streams.stock.state import REMEMBERED_ITEMS, UNREAD_SALES, Article, Reservation, Sale
from streams.vocabulary.stock_reading import Reading
from streams.vocabulary.time import CLOCKS_DIFFER, seconds


def take(article: Article, readings: tuple[Reading, ...], rules: StockRules) -> Article:
    """The article with these readings taken in where they are newer, and all that they contain settled.

    Two readings of a branch that overlap in time cannot be ordered by our clock: the higher marker is the
    newer one; with equal markers the one asked later stays, and the article is doubted when they differ.
    """
    kept = {reading.branch: reading for reading in article.readings if reading.branch in rules.branches}
    doubted = article.doubted_since
    for reading in readings:
        if reading.branch not in rules.branches:
            continue
        known = kept.get(reading.branch)
        if known is None or reading.asked_at >= known.answered_at:
            kept[reading.branch] = reading
            continue
        if reading.answered_at <= known.asked_at:
            continue
        newer, older = _order(reading, known)
        kept[reading.branch] = newer
        if newer.marker == older.marker and newer.free != older.free:
            last = max(newer.answered_at, older.answered_at)
            doubted = last if doubted is None else max(doubted, last)
    fresh = msgspec.structs.replace(
        article,
        readings=tuple(kept[branch] for branch in sorted(kept)),
        doubted_since=doubted,
        answered=True,
    )
    return settle(fresh, rules)


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def redated(article: Article, at: datetime) -> Article:
    """The article as it stands at `at` (the time of a record that follows on all that the row has), without the future.

    A reading from then would win over the ones that come, and contain bookings that it does not: it stays as the best
    that is known, but as of long ago, and is doubted. Everything else counts as having happened by now.
    """
    limit = at + seconds(CLOCKS_DIFFER)
    if not _ahead(article, limit):
        return article
    distrusted = any(reading.answered_at > limit for reading in article.readings)
    doubted = article.doubted_since
    return msgspec.structs.replace(
        article,
        readings=tuple(
            msgspec.structs.replace(reading, asked_at=LONG_AGO, answered_at=LONG_AGO)
            if reading.answered_at > limit
            else reading
            for reading in article.readings
        ),
        reservations=tuple(
            msgspec.structs.replace(one, booked_at=at)
            if one.booked_at is not None and one.booked_at > limit
            else one
            for one in article.reservations
        ),
        sales=tuple(
            msgspec.structs.replace(sale, heard_at=at) if sale.heard_at > limit else sale
            for sale in article.sales
        ),
        offers=tuple(
            msgspec.structs.replace(offer, sent_at=at)
            if offer.sent_at is not None and offer.sent_at > limit
            else offer
            for offer in article.offers
        ),
        doubted_since=at if distrusted or (doubted is not None and doubted > limit) else doubted,
    )


def _ahead(article: Article, limit: datetime) -> bool:
    """Whether the row has anything from after `limit`."""
    doubted = article.doubted_since
    if doubted is not None and doubted > limit:
        return True
    for reading in article.readings:
        if reading.answered_at > limit:
            return True
    for offer in article.offers:
        if offer.sent_at is not None and offer.sent_at > limit:
            return True
    for one in article.reservations:
        if one.booked_at is not None and one.booked_at > limit:
            return True
    return any(sale.heard_at > limit for sale in article.sales) if article.sales else False


def _order(one: Reading, other: Reading) -> tuple[Reading, Reading]:
    if (one.marker, one.asked_at) >= (other.marker, other.asked_at):
        return one, other
    return other, one


def settle(article: Article, rules: StockRules) -> Article:
    """Ends the reservations, sales and doubts that the present readings contain.

    Where several branches are on sale it is not known at which one a unit left, so the reading asked first
    decides.
    """
    asked = read_since(article)
    if asked is None:
        return article
    done: tuple[Reservation, ...] = ()
    if article.reservations:
        done = tuple(
            [one for one in article.reservations if one.booked_at is not None and one.booked_at <= asked]
        )
    sales = article.sales
    if sales:
        marker = max([reading.marker for reading in article.readings])
        hold = seconds(rules.till_sale_hold_seconds)
        sales = tuple([sale for sale in sales if not _contains(asked, marker, sale, hold)])
    doubted = article.doubted_since
    if not done and len(sales) == len(article.sales) and (doubted is None or doubted > asked):
        return article
    return msgspec.structs.replace(
        article,
        reservations=tuple([one for one in article.reservations if one not in done])
        if done
        else article.reservations,
        released=(article.released + tuple([one.key for one in done]))[-REMEMBERED_ITEMS:]
        if done
        else article.released,
        sales=sales,
        doubted_since=None if doubted is None or doubted <= asked else doubted,
    )


def read_since(article: Article) -> datetime | None:
    """The moment whose state every present reading shows: what happened before it is in them all."""
    readings = article.readings
    if len(readings) == 1:
        return readings[0].asked_at
    return min((reading.asked_at for reading in readings), default=None)


def _contains(asked: datetime, marker: int, sale: Sale, hold: timedelta) -> bool:
    if asked < sale.heard_at:
        return False
    return asked >= sale.heard_at + hold or marker > sale.known_marker


def with_sale(sales: tuple[Sale, ...], sale: Sale) -> tuple[Sale, ...]:
    """The till sales that no reading shows yet, and one more. A row does not grow without end while Mplus says nothing:
    beyond UNREAD_SALES the two oldest become one, which ends when both would have."""
    if len(sales) < UNREAD_SALES:
        return (*sales, sale)
    oldest, next_one, *others = sales
    gathered = msgspec.structs.replace(
        next_one,
        quantity=oldest.quantity + next_one.quantity,
        heard_at=max(oldest.heard_at, next_one.heard_at),
        known_marker=max(oldest.known_marker, next_one.known_marker),
    )
    return (gathered, *others, sale)


def released(article: Article, one: Reservation) -> Article:
    """The article without this reservation, which is remembered as done."""
    return msgspec.structs.replace(
        article,
        reservations=tuple(other for other in article.reservations if other.key != one.key),
        released=(*article.released, one.key)[-REMEMBERED_ITEMS:],
    )
