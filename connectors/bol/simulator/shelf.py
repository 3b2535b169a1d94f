"""The offers and what is on sale of them. No I/O.

What is on sale (facts/bol.md, Offers and stock): with `managedByRetailer` the amount less the units ordered since
it was last set, shipped or not (bol-offers-v11, Stock.correctedStock); without, the amount less all open orders. A
cancelled unit counts in neither. Of an offer that Bol sends itself (FBB) it is what lies in Bol's warehouse, once
anything of its EAN does; its own amount before that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

from connectors.bol.simulator.records import Change, Item, Method, NotDone, Objection, Offer, named
from connectors.bol.simulator.warehouse import Warehouse
from streams.vocabulary.time import Clock

MOST_OFFERS = 200_000
MOST_CHANGES = 500_000
MOST_AMOUNT = 2**31 - 1
"""bol-offers-v11, UpdateStock.amount: an int32 without another limit."""
MOST_PRICES = 10
NEW: dict[str, Any] = {"category": "NEW"}
PROMISE: dict[str, Any] = {
    "method": "FBR",
    "schedule": "MY_DELIVERY_PROMISE",
    "deliveryPromise": {"minimumDaysToCustomer": 1, "maximumDaysToCustomer": 2},
}


class Shelf:
    """All offers. `changes`: every moment at which what is on sale was set or changed."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self.clock = clock
        self.rng = rng
        self.offers: dict[str, Offer] = {}
        self.changes: list[Change] = []
        self.changes_dropped = 0
        self.warehouse = Warehouse()
        self._numbers = 0
        self._listed: list[Offer] = []
        self._by_ean: dict[str, list[Offer]] = {}

    def add_offer(
        self,
        ean: str,
        amount: int,
        reference: str = "",
        price_cents: int = 1995,
        managed: bool = False,
        fulfilment: Method | dict[str, Any] = "FBR",
        title: str = "",
        offer_id: str = "",
        prices: tuple[tuple[int, int], ...] = (),
        condition: dict[str, Any] | None = None,
        countries: tuple[str, ...] = ("NL", "BE"),
        on_hold: bool = False,
        economic_operator: str = "",
    ) -> Offer:
        """A new offer. Raises NotDone: 409 where this EAN has one in this condition, 400 for what cannot be."""
        condition = condition or NEW
        _ean(ean)
        if any(other.condition == condition for other in self._by_ean.get(ean, ())):
            raise NotDone(f"an offer for EAN {ean} in this condition exists already", 409, "ean")
        if offer_id in self.offers:
            raise NotDone(f"an offer {offer_id} exists already", 409, "offerId")
        if len(self.offers) >= MOST_OFFERS:
            raise NotDone(f"the simulator holds at most {MOST_OFFERS} offers", 409)
        method: dict[str, Any] = fulfilment if isinstance(fulfilment, dict) else _promise(fulfilment)
        offer = Offer(
            offer_id=_uuid(offer_id) if offer_id else str(UUID(int=self.rng.getrandbits(128), version=4)),
            number=self.number(),
            ean=ean,
            reference=_short(reference, 100, "reference"),
            amount=_amount(amount),
            managed=managed,
            prices=_prices(prices or ((1, price_cents),)),
            fulfilment=method,
            condition=condition,
            countries=countries,
            modified=self.clock(),
            title=_short(title, 500, "unknownProductTitle"),
            on_hold=on_hold,
            economic_operator=economic_operator,
        )
        self.offers[offer.offer_id] = offer
        self._listed.append(offer)
        self._by_ean.setdefault(ean, []).append(offer)
        self.changed(offer, "created")
        return offer

    def delete_offer(self, offer: Offer) -> None:
        """DELETE: it is gone, its orders stay."""
        del self.offers[offer.offer_id]
        del self._listed[bisect_left(self._listed, offer.number, key=_number_of)]
        self._by_ean[offer.ean].remove(offer)
        self.changed(offer, "deleted")

    def offer(self, offer_id: str) -> Offer:
        """Raises NotDone (404)."""
        return named(self.offers, offer_id, "offer")

    def offers_of(self, ean: str) -> list[Offer]:
        """One for each condition."""
        return list(self._by_ean.get(ean, ()))

    def offers_after(self, number: int) -> Sequence[Offer]:
        """In the order in which they were made."""
        return self._listed[bisect_right(self._listed, number, key=_number_of) :]

    def set_stock(self, offer: Offer, amount: int | None, managed: bool | None, cause: str) -> None:
        """What is given is set; with an amount, the orders so far are taken to be in it."""
        if amount is not None:
            offer.amount = _amount(amount)
            offer.ordered_since = 0
            offer.revision += 1
        if managed is not None:
            offer.managed = managed
        offer.modified = self.clock()
        self.changed(offer, cause)

    def set_prices(self, offer: Offer, prices: tuple[tuple[int, int], ...]) -> None:
        """Raises NotDone where they are against the rules of Pricing (bol-offers-v11)."""
        offer.prices = _prices(prices)
        offer.modified = self.clock()

    def set_price(self, offer: Offer, cents: int) -> None:
        """Of one piece; the prices for several stay. Raises NotDone."""
        self.set_prices(offer, ((1, cents), *offer.prices[1:]))

    def recount(self, offer: Offer) -> None:
        """The orders so far are taken to be in its amount."""
        offer.ordered_since = 0
        offer.revision += 1
        self.changed(offer, "recounted")

    def set_hold(self, offer: Offer, on_hold: bool, cause: str) -> None:
        """The retailer holds it back, or no longer."""
        offer.on_hold = on_hold
        offer.modified = self.clock()
        self.changed(offer, cause)

    def set_offline(self, offer: Offer, reasons: tuple[Objection, ...]) -> None:
        """Bol takes it off the shop for these reasons; none: it is back."""
        offer.offline = reasons
        offer.modified = self.clock()
        self.changed(offer, "offline" if reasons else "online")

    def stock_at_bol(self, ean: str, bsku: str, regular: int, graded: int, title: str) -> str:
        """So much of it lies in Bol's warehouse from now on. Without a bsku, the EAN's first one, or a new one. Gives
        the bsku. Raises NotDone."""
        _ean(ean)
        if not bsku:
            known = self.warehouse.of(ean)
            bsku = known[0].bsku if known else f"295{self.number():010d}"
        self.warehouse.put(ean, bsku, regular, graded, title or f"Artikel {ean}")
        self._moved_at_bol(ean, "at Bol")
        return bsku

    def clear_out(self, ean: str) -> None:
        """Bol's inventory lists the EAN no more."""
        self.warehouse.clear_out(ean)
        self._moved_at_bol(ean, "at Bol")

    def _moved_at_bol(self, ean: str, cause: str, but: Offer | None = None) -> None:
        """Notes what is on sale of the offers that live from Bol's warehouse."""
        for offer in self._by_ean.get(ean, ()):
            if offer.method == "FBB" and offer is not but:
                self.changed(offer, cause)

    def corrected(self, offer: Offer) -> int:
        """`correctedStock`."""
        return max(0, offer.amount - (offer.ordered_since if offer.managed else offer.waiting))

    def left(self, offer: Offer) -> int:
        """What could be sold if it is shown."""
        at_bol = self.warehouse.regular(offer.ean) if offer.method == "FBB" else None
        return self.corrected(offer) if at_bol is None else at_bol

    def on_sale(self, offer: Offer) -> int:
        """What a customer can buy."""
        if offer.on_hold or offer.offline or not offer.countries or offer.offer_id not in self.offers:
            return 0
        return self.left(offer)

    def changed(self, offer: Offer, cause: str) -> None:
        """Notes what is on sale now."""
        if len(self.changes) >= MOST_CHANGES:
            self.changes_dropped += 1
            return
        now, on_sale = self.clock(), self.on_sale(offer)
        self.changes.append(Change(at=now, offer=offer, cause=cause, amount=offer.amount, on_sale=on_sale))

    # -- what orders do to it

    def take(self, item: Item, cause: str) -> None:
        """A customer has ordered it."""
        if item.fulfilment == "FBB":
            self.warehouse.take(item)
            self._moved_at_bol(item.ean, cause, but=item.offer)
        if item.fulfilment == item.offer.method:
            item.offer.ordered_since += item.quantity
            item.offer.waiting += item.quantity
            self.changed(item.offer, cause)

    def give_back(self, item: Item, quantity: int, cause: str) -> None:
        """So many units of it were cancelled."""
        if item.fulfilment == "FBB":
            self.warehouse.give_back(item, quantity)
            self._moved_at_bol(item.ean, cause, but=item.offer)
        if item.fulfilment == item.offer.method:
            item.offer.waiting -= quantity
            if item.revision == item.offer.revision:
                item.offer.ordered_since -= quantity
            self.changed(item.offer, cause)

    def send(self, item: Item, quantity: int, cause: str) -> None:
        """So many units of it were shipped."""
        if item.fulfilment == item.offer.method:
            item.offer.waiting -= quantity
            self.changed(item.offer, cause)

    def number(self) -> int:
        """The next number, for whatever needs one."""
        self._numbers += 1
        return self._numbers


def _ean(text: str) -> None:
    if not (text.isascii() and text.isdigit() and 8 <= len(text) <= 13):
        raise NotDone("ean must have 8 to 13 digits", name="ean")


def _number_of(offer: Offer) -> int:
    return offer.number


def _promise(method: Method) -> dict[str, Any]:
    return PROMISE if method == "FBR" else {"method": "FBB"}


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise NotDone("an offer id is a UUID", name="offerId") from None


def _amount(amount: int) -> int:
    if not 0 <= amount <= MOST_AMOUNT:
        raise NotDone(f"stock.amount must be 0 to {MOST_AMOUNT}", name="stock.amount")
    return amount


def _short(text: str, most: int, name: str) -> str:
    if len(text) > most:
        raise NotDone(f"{name} has at most {most} characters", name=name)
    return text


def _prices(prices: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """bol-offers-v11, Pricing: from 1 piece on, quantities up, prices down, 1 to 9999 euros."""
    name = "pricing.bundlePrices"
    if not prices or len(prices) > MOST_PRICES or prices[0][0] != 1:
        raise NotDone(f"there are 1 to {MOST_PRICES} bundle prices, the first for 1 piece", name=name)
    for (least, dearer), (more, cheaper) in pairwise(prices):
        if more <= least or cheaper >= dearer:
            raise NotDone("quantities must go up and unit prices down", name=name)
    if any(not 100 <= cents <= 999_900 for _, cents in prices):
        raise NotDone("a unit price lies between 1 and 9999", name=name)
    return prices
