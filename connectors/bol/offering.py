"""What effects do with offers: push one, read one, and ask why Bol does not show what it could.

Bol is asked why of an offer that has stock, is held back by nobody and yet is not for sale. Not being told why fails
nothing: what the list says of amounts and prices is worth more. Then `offline` says UNKNOWN rather than nothing, since
nothing would mean that Bol knows no reason, as if all were well again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from connectors.bol import call, offers, wire
from connectors.bol.trip import Trip
from streams.vocabulary.effects import PushOffer, ReadBolOffer
from streams.vocabulary.events import Answer, BolOfferRead, OfferPushed, OfferSeen
from streams.vocabulary.outcomes import Delivered, Failure, Refused

FOR_SALE_PAGE = 100
"""Offers on a page of those that are for sale (bol-offers-v11: 100 at most)."""
MOST_ASKED = 50
"""Offers on a page of those that are not, each of which may have to be asked about: 50 a second is what is known of
that limit (facts/bol.md). A longer page has so many asked about, and the others are UNKNOWN."""
UNKNOWN = "the reason is not known yet"
"""Bol was not asked why, or did not answer."""
_FOR_SALE, _NOT_FOR_SALE = "for-sale=true:", "for-sale=false:"


class Place(NamedTuple):
    """Where a round over both lists is: in which of them, and after which of Bol's cursors ("": at its beginning)."""

    for_sale: bool
    cursor: str

    @property
    def page_size(self) -> int:
        """Offers to ask for."""
        return FOR_SALE_PAGE if self.for_sale else MOST_ASKED

    def after(self, cursor: str) -> str:
        """What comes next, as it goes through the log; `cursor`: Bol's, "" at the end of the list. "": the end."""
        if cursor and cursor != self.cursor:  # one that leads to itself leads nowhere
            return f"{_FOR_SALE if self.for_sale else _NOT_FOR_SALE}{cursor}"
        return _NOT_FOR_SALE if self.for_sale else ""


def place_of(text: str) -> Place:
    """From the log. Cursors of before there were two lists are of neither: the round begins anew."""
    for begins, for_sale in ((_FOR_SALE, True), (_NOT_FOR_SALE, False)):
        if text.startswith(begins):
            return Place(for_sale, text.removeprefix(begins))
    return Place(True, "")


async def push(trip: Trip, effect: PushOffer) -> Answer | Failure:
    """See PushOffer. With a price the offer is read first: a PATCH replaces all its prices, and those for several
    pieces are the shop's own and go along as they are (offers.repriced). They are read here, at the last moment, rather
    than carried through rows and effects: there they could only be older."""
    prices: offers.Prices = ()
    if effect.price_cents is not None:
        asked = await trip.send(call.get_offer(effect.offer_id))
        if not isinstance(asked, Delivered):
            return asked
        known = _own(effect.offer_id, offers.offer(asked.answer.body, asked.answer.raw.asked_at))
        prices = offers.repriced(known.prices, effect.price_cents)
    pushed = await trip.send(
        call.patch_offer(effect.offer_id, effect.amount, effect.managed, prices, effect.on_hold)
    )
    if not isinstance(pushed, Delivered):
        return pushed
    return OfferPushed(
        offer_id=effect.offer_id,
        amount=effect.amount,
        managed=effect.managed,
        price_cents=effect.price_cents,
        on_hold=effect.on_hold,
    )


async def look(trip: Trip, effect: ReadBolOffer) -> Answer | Failure:
    """See ReadBolOffer. It is not for sale where Bol says so of no country."""
    asked = await trip.send(call.get_offer(effect.offer_id))
    if isinstance(asked, Refused) and asked.code == "404":
        return BolOfferRead(offer=None)
    if not isinstance(asked, Delivered):
        return asked
    one = _own(effect.offer_id, offers.offer(asked.answer.body, asked.answer.raw.asked_at))
    if one.shown:
        return BolOfferRead(offer=one.seen)
    [seen] = await explained(trip, (one.seen,))
    return BolOfferRead(offer=seen)


async def explained(trip: Trip, seen: Iterable[OfferSeen]) -> list[OfferSeen]:
    """These offers, none of which is for sale, with Bol's reasons where neither stock nor hold says it."""
    told: list[OfferSeen] = []
    left = MOST_ASKED
    for one in seen:
        if one.on_hold or (one.amount if one.corrected is None else one.corrected) <= 0:
            told.append(one)
            continue
        why: tuple[str, ...] = (UNKNOWN,)
        if left > 0:
            why, answers = await _why(trip, one.offer_id)
            left = left - 1 if answers else 0  # what troubles one question troubles the next
        told.append(replace(one, offline=why))
    return told


async def _why(trip: Trip, offer_id: str) -> tuple[tuple[str, ...], bool]:
    """Why it is not for sale, and whether Bol answers such questions now."""
    asked = await trip.send(call.not_for_sale_reasons(offer_id))
    if not isinstance(asked, Delivered):
        gone = isinstance(asked, Refused) and asked.code == "404"  # deleted meanwhile: the others are there
        return (UNKNOWN,), gone
    if asked.answer.status == 204:
        return (), True
    try:
        return offers.reasons(asked.answer.body, offer_id), True
    except wire.Unreadable:
        return (UNKNOWN,), True


def _own(offer_id: str, one: offers.Offered) -> offers.Offered:
    if one.seen.offer_id != offer_id:
        raise wire.Unreadable(f"asked for offer {offer_id}, Bol answered with {one.seen.offer_id}")
    return one
