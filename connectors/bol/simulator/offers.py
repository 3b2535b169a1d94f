"""The offers on the wire: contracts/bol-offers-v11.openapi.json. Writes take effect at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET

from connectors.bol.simulator import asked, told
from connectors.bol.simulator.endpoint import V11, Call, Endpoint, Told
from connectors.bol.simulator.records import NotDone, Offer

PAGE = 50
MOST_PAGE = 100
LEAST_TOLD = 25
"""The contract lets a client ask for less (page-size, minimum 1), but has no word for it in the answer
(PageSize, minimum 25): null."""
MOST_FILTERS = 1000


def list_offers(call: Call) -> Told:
    """`GET /retailer/offers`. The cursor is the number of the last offer of a page."""
    query = call.query
    size = asked.number(query, "page-size", 1, MOST_PAGE, PAGE)
    after = asked.number(query, "cursor", 0, 2**31 - 1, 0)
    ids, eans = query.getlist("offer-ids"), query.getlist("eans")
    if len(ids) + len(eans) > MOST_FILTERS:
        raise NotDone(f"at most {MOST_FILTERS} offer-ids and eans", name="offer-ids")
    for_sale = asked.flag(query, "for-sale")
    since = asked.moment(query, "last-modified-date-time")
    reference = query.get("reference")
    wanted_ids, wanted_eans = {_uuid(one) for one in ids}, set(eans)
    shown: list[Offer] = []
    for offer in call.books.offers_after(after):
        if wanted_ids and offer.offer_id not in wanted_ids:
            continue
        if wanted_eans and offer.ean not in wanted_eans:
            continue
        if not _fits(call, offer, reference, for_sale, since):
            continue
        shown.append(offer)
        if len(shown) > size:
            break
    page: dict[str, object] = {"pageSize": size if size >= LEAST_TOLD else None}
    if len(shown) > size:
        page["nextCursor"] = str(shown[size - 1].number)
    return Told(200, {"offers": [told.offer(call.books, offer) for offer in shown[:size]], "page": page})


def _fits(
    call: Call, offer: Offer, reference: str | None, for_sale: bool | None, since: datetime | None
) -> bool:
    if reference is not None and offer.reference != reference:
        return False
    if for_sale is not None and (call.books.on_sale(offer) > 0) is not for_sale:
        return False
    return since is None or offer.modified >= since


def get_offer(call: Call) -> Told:
    """`GET /retailer/offers/{offer-id}`."""
    return Told(200, told.offer(call.books, _named(call)))


def patch_offer(call: Call) -> Told:
    """`PATCH /retailer/offers/{offer-id}`: all that is given, or nothing where a part of it cannot be."""
    books, offer = call.books, _named(call)
    body: asked.PatchOffer = call.body
    stock = asked.UpdateStock() if body.stock is UNSET else body.stock
    amount = None if stock.amount is UNSET else stock.amount
    managed = None if stock.managed_by_retailer is UNSET else stock.managed_by_retailer
    if amount is not None and amount < 0:
        raise NotDone("stock.amount must be 0 or more", name="stock.amount")
    if body.pricing is not UNSET:
        books.set_prices(offer, body.pricing.cents())
    if amount is not None or managed is not None:
        books.set_stock(offer, amount, managed, "patch")
    if amount is None and call.simulator.config.any_update_recounts:
        books.recount(offer)
    if body.reference is not UNSET:
        offer.reference = body.reference
    if body.unknown_product_title is not UNSET:
        offer.title = body.unknown_product_title
    if body.economic_operator_id is not UNSET:
        offer.economic_operator = body.economic_operator_id
    if body.fulfilment is not UNSET:
        offer.fulfilment = body.fulfilment.told()
    if body.on_hold_by_retailer is not UNSET or body.country_availabilities is not UNSET:
        if body.on_hold_by_retailer is not UNSET:
            offer.on_hold = body.on_hold_by_retailer
        if body.country_availabilities is not UNSET:
            offer.countries = _countries(body.country_availabilities)
        books.changed(offer, "availability")
    offer.modified = call.now
    return Told(204)


def post_offer(call: Call) -> Told:
    """`POST /retailer/offers`."""
    body: asked.CreateOffer = call.body
    stock = body.stock if body.stock is not UNSET else asked.CreateStock(0, False)
    offer = call.books.add_offer(
        body.ean,
        stock.amount,
        reference=body.reference,
        managed=stock.managed_by_retailer,
        prices=body.pricing.cents(),
        fulfilment=body.fulfilment.told(),
        condition=msgspec.to_builtins(body.condition),
        countries=("NL", "BE")
        if body.country_availabilities is UNSET
        else _countries(body.country_availabilities),
        title=body.unknown_product_title,
        on_hold=body.on_hold_by_retailer,
        economic_operator=body.economic_operator_id,
    )
    return Told(201, {"offerId": offer.offer_id})


def delete_offer(call: Call) -> Told:
    """`DELETE /retailer/offers/{offer-id}`."""
    call.books.delete_offer(_named(call))
    return Told(204)


def not_for_sale(call: Call) -> Told:
    """`GET /retailer/offers/{offer-id}/not-for-sale-reasons`; what a healthy offer gets is a setting."""
    reasons = told.not_for_sale(call.books, _named(call))
    if not reasons["countries"] and call.simulator.config.no_reasons_status == 204:
        return Told(204)
    return Told(200, reasons)


def _named(call: Call) -> Offer:
    return call.books.offer(_uuid(call.names["offer_id"]))


def _uuid(text: str) -> str:
    if len(text) == 36:
        try:
            return str(UUID(text))
        except ValueError:
            pass
    raise NotDone(f"'{text[:50]}' is not an offer id (a UUID)", name="offer-id")


def _countries(given: list[asked.Availability]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.country_code for one in given))


ENDPOINTS = (
    Endpoint("PATCH", "/retailer/offers/{offer_id}", "write-offer", V11, patch_offer, asked.PatchOffer),
    Endpoint("GET", "/retailer/offers", "list-offers", V11, list_offers),
    Endpoint("POST", "/retailer/offers", "write-offer", V11, post_offer, asked.CreateOffer),
    Endpoint("GET", "/retailer/offers/{offer_id}", "get-offer", V11, get_offer),
    Endpoint("DELETE", "/retailer/offers/{offer_id}", "write-offer", V11, delete_offer),
    Endpoint("GET", "/retailer/offers/{offer_id}/not-for-sale-reasons", "get-offer", V11, not_for_sale),
)
