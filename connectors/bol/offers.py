"""Bol's offers into our words. Pure. Shapes: `OfferListResponse`, `OfferResponse` and `NotForSaleReasons` of
bol-offers-v11."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from connectors.bol.wire import MOST_UNITS, Unreadable, Wire, identifier, line, read
from streams.vocabulary.events import OfferSeen
from streams.vocabulary.money import cents_of

LONGEST_CURSOR = 4096
LONGEST_OPERATOR = 100
MOST_EUROS = 100_000_000
"""More than this is no price."""
MOST_REASONS = 5
LONGEST_REASON = 200
MOST_MISSING = 5
"""Attributes named in a reason of missing content."""
LONGEST_WORD = 40
"""Characters of a code or the name of a condition or an attribute that are kept."""

Prices = tuple[tuple[int, int], ...]
"""(from how many pieces, cents a piece), ascending."""


class _Stock(Wire, frozen=True):
    amount: int | None = None
    corrected_stock: int | None = None
    managed_by_retailer: bool | None = None


class _Fulfilment(Wire, frozen=True):
    method: str = "FBR"


class _Price(Wire, frozen=True):
    quantity: int
    unit_price: Decimal


class _Pricing(Wire, frozen=True):
    bundle_prices: list[_Price] | None = None


class _Condition(Wire, frozen=True):
    category: str = "NEW"
    state: str | None = None
    grade: str | None = None


class _Availability(Wire, frozen=True):
    for_sale: bool | None = None


class _Offer(Wire, frozen=True):
    offer_id: str
    ean: str | None = None
    reference: str | None = None
    on_hold_by_retailer: bool | None = None
    economic_operator_id: str | None = None
    stock: _Stock | None = None
    country_availabilities: list[_Availability] | None = None
    condition: _Condition | None = None
    pricing: _Pricing | None = None
    fulfilment: _Fulfilment | None = None


class _Page(Wire, frozen=True):
    next_cursor: str | None = None


class _Offers(Wire, frozen=True):
    offers: list[_Offer] | None = None
    page: _Page | None = None


class _Attribute(Wire, frozen=True):
    name: str | None = None


class _Reason(Wire, frozen=True):
    category: str | None = None
    code: str | None = None
    description: str | None = None
    missing_attributes: list[_Attribute] | None = None


class _Country(Wire, frozen=True):
    reasons: list[_Reason] | None = None


class _NotForSale(Wire, frozen=True):
    offer_id: str
    countries: list[_Country] | None = None


class Offered(NamedTuple):
    """One offer, read by itself."""

    seen: OfferSeen
    prices: Prices
    shown: bool
    """Whether Bol says that it is for sale in some country."""


def listed(body: bytes, asked_at: datetime, for_sale: bool | None = None) -> tuple[list[OfferSeen], str]:
    """`OfferListResponse`: the offers of one page of this list and the next cursor ("": the last page). Raises
    Unreadable."""
    wire = read(body, _Offers)
    cursor = (wire.page.next_cursor if wire.page else None) or ""
    if len(cursor) > LONGEST_CURSOR:
        raise Unreadable("Bol's answer has a cursor that is too long")
    return [_seen(one, asked_at, for_sale) for one in wire.offers or []], cursor


def offer(body: bytes, asked_at: datetime) -> Offered:
    """`OfferResponse`. Raises Unreadable."""
    wire = read(body, _Offer)
    return Offered(
        seen=_seen(wire, asked_at, None),
        prices=_prices(wire),
        shown=any(one.for_sale for one in wire.country_availabilities or ()),
    )


def repriced(prices: Prices, cents: int) -> Prices:
    """The offer's prices with another one for a single piece, as they are sent: a PATCH replaces all of them (Pricing
    is the whole set), so the others go along.

    Bol takes quantities going up with prices going down only. A price for several pieces that is not below the new one
    for one piece is left out: it would have the whole call refused, the stock in it too, and nobody pays more for it.
    """
    kept = [(1, cents)]
    for quantity, price in sorted(prices):
        if quantity > kept[-1][0] and price < kept[-1][1]:
            kept.append((quantity, price))
    return tuple(kept)


def reasons(body: bytes, offer_id: str) -> tuple[str, ...]:
    """`NotForSaleReasons` of this offer, in Bol's words, each once for all countries; none: it is for sale. Raises
    Unreadable."""
    wire = read(body, _NotForSale)
    if wire.offer_id != offer_id:
        raise Unreadable(f"asked why offer {offer_id} is not for sale, Bol answered about another one")
    told = (_words(one) for country in wire.countries or () for one in country.reasons or ())
    return tuple(dict.fromkeys(filter(None, told)))[:MOST_REASONS]


def _words(wire: _Reason) -> str:
    code = line(wire.code, LONGEST_WORD) or line(wire.category, LONGEST_WORD)
    names = (line(one.name, LONGEST_WORD) for one in (wire.missing_attributes or ())[:MOST_MISSING])
    missing = ", ".join(filter(None, names))
    said = line(wire.description, LONGEST_REASON) or line(wire.category, LONGEST_WORD)
    text = f"{said}: {missing}" if said and missing else said or missing
    if code in ("", text) or not text:
        return text[:LONGEST_REASON] or code
    return f"{text[: LONGEST_REASON - len(code) - 3]} ({code})"


def _seen(wire: _Offer, asked_at: datetime, for_sale: bool | None) -> OfferSeen:
    stock = wire.stock or _Stock()
    amount = stock.amount or 0
    for units in (amount, stock.corrected_stock or 0):
        if abs(units) > 1000 * MOST_UNITS:
            raise Unreadable(f"Bol's answer has the amount {units} on an offer")
    return OfferSeen(
        offer_id=identifier(wire.offer_id, "offer"),
        ean=wire.ean or "",
        reference=wire.reference or "",
        amount=amount,
        managed_by_retailer=stock.managed_by_retailer is not False,
        fulfilment=wire.fulfilment.method if wire.fulfilment else "FBR",
        read_at=asked_at,
        corrected=stock.corrected_stock,
        price_cents=_single(_prices(wire)),
        on_hold=wire.on_hold_by_retailer is True,
        condition=_condition(wire.condition or _Condition()),
        economic_operator=line(wire.economic_operator_id, LONGEST_OPERATOR),
        for_sale=for_sale,
    )


def _prices(wire: _Offer) -> Prices:
    found = (wire.pricing.bundle_prices if wire.pricing else None) or ()
    return tuple(sorted((one.quantity, _cents(one.unit_price)) for one in found))


def _single(prices: Iterable[tuple[int, int]]) -> int | None:
    return next((cents for quantity, cents in prices if quantity == 1), None)


def _cents(euros: Decimal) -> int:
    if not euros.is_finite() or abs(euros) > MOST_EUROS:
        raise Unreadable("Bol's answer has a price on an offer that is none")
    return cents_of(euros)


def _condition(wire: _Condition) -> str:
    parts = (wire.category, wire.state or wire.grade)
    return "/".join(filter(None, (line(one, LONGEST_WORD) for one in parts)))
