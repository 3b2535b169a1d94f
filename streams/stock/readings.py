"""Which readings count, and what they contain.

`free` already leaves out what Mplus has reserved (facts/mplus.md 5.1), so a Bol reservation counts until a reading
that contains its booking, and no longer. Never both, never neither.

When something happened and when a reading was asked for is told by several of our processes (one hears sales, others
book orders, read articles and sweep), and their clocks may differ by CLOCKS_DIFFER. So clocks decide at once, but not
for good: whatever the row hears of raises a doubt, which ends with a reading that the row asked for *after* it heard
(`Asking`). That one contains it, whatever the clocks say.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from streams.stock.rules import StockRules
from streams.stock.state import REMEMBERED_ITEMS, UNREAD_SALES, Article, Offer, Reservation, Sale
from streams.vocabulary.stock_reading import Reading
from streams.vocabulary.time import CLOCKS_DIFFER, seconds

DIFFER = timedelta(seconds=CLOCKS_DIFFER)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Asking(NamedTuple):
    """Which asking of the row a reading answers."""

    number: int
    """Among all that the row asked for, rising."""
    latest: bool
    """No newer one is open. Whatever is heard asks anew, so that this one was asked for after all of it."""

    def contains(self, after: int) -> bool:
        """Whether it was surely asked for after something was heard (state.py, `Sale.after`)."""
        return self.latest or self.number > after


def answered(
    article: Article, readings: tuple[Reading, ...], rules: StockRules, asking: Asking, asked: int
) -> Article:
    """The article with the answer to a reading of its own taken in: newer than all that the row has, since it was asked
    for later, unless a sweep's came in between. A branch that is not in it has none of the article (any more).
    `asked`: the newest asking."""
    given = [reading for reading in readings if reading.branch in rules.branches]
    if len(given) > 1:
        given.sort(key=lambda reading: reading.branch)
    if asking.number > article.swept_after:
        return settle(msgspec.structs.replace(article, readings=tuple(given), answered=True), rules, asking)
    known = {one.branch: one for one in article.readings}
    there = {reading.branch for reading in given}
    doubts = [one.answered_at for one in article.readings if one.branch not in there]
    kept: list[Reading] = []
    for reading in given:
        one, since = _between(known.get(reading.branch), reading)
        kept.append(one)
        if since is not None:
            doubts.append(since)
    fresh = settle(msgspec.structs.replace(article, readings=tuple(kept), answered=True), rules, asking)
    # After it has ended what was doubted before: this is what it leaves open itself.
    return doubted(fresh, max(doubts), asked) if doubts else fresh


def swept(article: Article, reading: Reading, rules: StockRules, asked: int) -> Article:
    """The article with a sweep's reading taken in, where it is newer.

    Read within CLOCKS_DIFFER of the known one, nobody's clock tells which is newer: the higher marker does; with
    equal markers (reservations move none) what is less free stays, and the article is doubted where they differ.
    `asked`: the newest asking.
    """
    if reading.branch not in rules.branches:
        return article
    if any(one.branch not in rules.branches for one in article.readings):  # the settings have changed
        counting = tuple([one for one in article.readings if one.branch in rules.branches])
        article = msgspec.structs.replace(article, readings=counting)
    known = next((one for one in article.readings if one.branch == reading.branch), None)
    if known is None or reading.asked_at >= known.answered_at + DIFFER:
        fresh = _with(article, reading)
    elif reading.answered_at + DIFFER <= known.asked_at:
        return article
    else:
        one, since = _between(known, reading)
        fresh = _with(article, one)
        if since is not None:
            fresh = doubted(fresh, since, asked)
    return settle(msgspec.structs.replace(fresh, swept_after=asked), rules)


def _between(known: Reading | None, reading: Reading) -> tuple[Reading, datetime | None]:
    """Which of two readings stays, where no clock tells; and since when the article is doubted, where nothing does."""
    if known is None or reading.marker > known.marker:
        return reading, None
    if reading.marker < known.marker:
        return known, None
    less = reading if reading.free <= known.free else known
    return less, None if reading.free == known.free else max(reading.answered_at, known.answered_at)


def _with(article: Article, reading: Reading) -> Article:
    kept = {one.branch: one for one in article.readings}
    kept[reading.branch] = reading
    return msgspec.structs.replace(article, readings=tuple([kept[branch] for branch in sorted(kept)]))


def doubted(article: Article, since: datetime, asked: int) -> Article:
    """The article with the doubt that something has moved it since: it ends with a reading that is asked for after
    `asked`, the newest asking."""
    known = article.doubted_since
    return msgspec.structs.replace(
        article,
        doubted_since=since if known is None else max(known, since),
        doubted_after=asked,
    )


def redated(article: Article, at: datetime) -> Article:
    """The article as it stands at `at` (the time of a record that follows on all that the row has), without the future.

    A reading from then would win over the ones that come, and contain bookings that it does not: it stays as the best
    that is known, but as of long ago, and is doubted. Everything else counts as having happened by now.
    """
    limit = at + DIFFER
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
        offers=tuple(_offer_redated(offer, at, limit) for offer in article.offers),
        counts=tuple(
            msgspec.structs.replace(count, counted_at=LONG_AGO) if count.counted_at > limit else count
            for count in article.counts
        ),
        inbound=tuple(
            msgspec.structs.replace(one, set_at=at) if one.set_at is not None and one.set_at > limit else one
            for one in article.inbound
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
        if offer.at_bol_read is not None and offer.at_bol_read > limit:
            return True
    for one in article.reservations:
        if one.booked_at is not None and one.booked_at > limit:
            return True
    if article.sales and any(sale.heard_at > limit for sale in article.sales):
        return True
    if article.counts and any(count.counted_at > limit for count in article.counts):
        return True
    inbound = article.inbound
    return bool(inbound) and any(one.set_at is not None and one.set_at > limit for one in inbound)


def _offer_redated(offer: Offer, at: datetime, limit: datetime) -> Offer:
    if offer.sent_at is not None and offer.sent_at > limit:
        offer = msgspec.structs.replace(offer, sent_at=at, left_at=None)
    if offer.at_bol_read is not None and offer.at_bol_read > limit:
        offer = msgspec.structs.replace(offer, at_bol_read=LONG_AGO)
    return offer


def settle(article: Article, rules: StockRules, asking: Asking | None = None) -> Article:
    """Ends the reservations, sales and doubts that the present readings contain. `asking`: they are the answer to it.

    Where several branches are on sale it is not known at which one a unit left, so the reading asked first
    decides.
    """
    asked = read_since(article)
    if asked is None and asking is None:
        return article
    at = asked or LONG_AGO
    done: tuple[Reservation, ...] = ()
    if article.reservations:
        done = tuple([one for one in article.reservations if _has_booking(one, at, asking)])
    sales = article.sales
    if sales:
        marker = max([reading.marker for reading in article.readings], default=2**63)
        hold = seconds(rules.till_sale_hold_seconds)
        sales = tuple([sale for sale in sales if not _has_sale(sale, at, marker, hold, asking)])
    doubted = article.doubted_since
    if doubted is not None and (
        doubted + DIFFER <= at or (asking is not None and asking.contains(article.doubted_after))
    ):
        doubted = None
    if not done and len(sales) == len(article.sales) and doubted is article.doubted_since:
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
        doubted_since=doubted,
    )


def _has_booking(one: Reservation, asked: datetime, asking: Asking | None) -> bool:
    if one.booked_at is None:
        return False
    return one.booked_at <= asked or (asking is not None and asking.contains(one.after))


def _has_sale(sale: Sale, asked: datetime, marker: int, hold: timedelta, asking: Asking | None) -> bool:
    """A till may tell of a sale before Mplus shows it: then a marker that moved tells that it does, or time."""
    heard = asked >= sale.heard_at or (asking is not None and asking.contains(sale.after))
    return heard and (asked >= sale.heard_at + hold or marker > sale.known_marker)


def read_since(article: Article) -> datetime | None:
    """The moment whose state every present reading shows: what happened before it is in them all."""
    readings = article.readings
    if len(readings) == 1:
        return readings[0].asked_at
    return min((reading.asked_at for reading in readings), default=None)


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
        after=max(oldest.after, next_one.after),
    )
    return (gathered, *others, sale)


def released(article: Article, one: Reservation) -> Article:
    """The article without this reservation, which is remembered as done."""
    return msgspec.structs.replace(
        article,
        reservations=tuple(other for other in article.reservations if other.key != one.key),
        released=(*article.released, one.key)[-REMEMBERED_ITEMS:],
    )
