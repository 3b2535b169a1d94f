"""Bol's JSON into our words. Pure. Money is Decimal from the first byte; what we do not need is not looked at.

Shapes: contracts/bol-retailer-v10.openapi.json and bol-offers-v11.openapi.json. A missing optional field is
empty; a field of the wrong type is an `Unreadable` answer.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem, fingerprint
from streams.vocabulary.events import OfferSeen, ProcessStatus
from streams.vocabulary.money import cents_of
from streams.vocabulary.time import utc

T = TypeVar("T")


class Unreadable(Exception):
    """An answer that is not what the contract says; the text is the reason."""


class _Wire(msgspec.Struct, rename="camel", frozen=True):
    pass


class _Address(_Wire, frozen=True):
    first_name: str | None = None
    surname: str | None = None
    company: str | None = None
    street_name: str | None = None
    house_number: str | None = None
    house_number_extension: str | None = None
    extra_address_information: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None
    email: str | None = None
    delivery_phone_number: str | None = None
    vat_number: str | None = None
    kvk_number: str | None = None
    order_reference: str | None = None


class _Fulfilment(_Wire, frozen=True):
    method: str = "FBR"
    latest_delivery_date: str | None = None
    exact_delivery_date: str | None = None


class _OrderOffer(_Wire, frozen=True):
    offer_id: str | None = None
    reference: str | None = None


class _Product(_Wire, frozen=True):
    ean: str = ""
    title: str | None = None


class _Item(_Wire, frozen=True):
    order_item_id: str
    quantity: int
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    unit_price: Decimal = Decimal(0)
    total_price: Decimal = Decimal(0)
    cancellation_request: bool = False
    fulfilment: _Fulfilment | None = None
    offer: _OrderOffer | None = None
    product: _Product | None = None


class _Order(_Wire, frozen=True):
    order_id: str
    order_placed_date_time: datetime | None = None
    shipment_details: _Address | None = None
    billing_details: _Address | None = None
    order_items: list[_Item] = msgspec.field(default_factory=list)


class _ListedItem(_Wire, frozen=True):
    order_item_id: str
    quantity: int = 0
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    cancellation_request: bool = False


class _Listed(_Wire, frozen=True):
    order_id: str
    order_items: list[_ListedItem] = msgspec.field(default_factory=list)


class _Orders(_Wire, frozen=True):
    orders: list[_Listed] | None = None


class _Stock(_Wire, frozen=True):
    amount: int = 0
    managed_by_retailer: bool = True


class _Offer(_Wire, frozen=True):
    offer_id: str
    ean: str | None = None
    reference: str | None = None
    stock: _Stock | None = None
    fulfilment: _Fulfilment | None = None


class _Page(_Wire, frozen=True):
    next_cursor: str | None = None


class _Offers(_Wire, frozen=True):
    offers: list[_Offer] = msgspec.field(default_factory=list)
    page: _Page | None = None


class _Status(_Wire, frozen=True):
    process_status_id: str = ""
    entity_id: str | None = None
    event_type: str | None = None
    status: str = "PENDING"
    error_message: str | None = None


class _Statuses(_Wire, frozen=True):
    process_statuses: list[_Status] = msgspec.field(default_factory=list)


class Subscription(_Wire, frozen=True):
    """One of the account's subscriptions."""

    id: str
    url: str = ""
    resources: list[str] = msgspec.field(default_factory=list)
    subscription_type: str = "WEBHOOK"
    enabled: bool | None = None


class _Subscriptions(_Wire, frozen=True):
    subscriptions: list[Subscription] | None = None


class SignatureKey(_Wire, frozen=True):
    """A key that pushes are signed with; `public_key`: base64 of the DER."""

    id: str
    public_key: str
    type: str = "RSA"


class _Keys(_Wire, frozen=True):
    signature_keys: list[SignatureKey] = msgspec.field(default_factory=list)


class Noticed(msgspec.Struct, frozen=True):
    """An order of the list, with a fingerprint of what may change."""

    order_id: str
    changed: str


def order(body: bytes) -> BolOrder:
    """`Order`. Raises Unreadable."""
    wire = _read(body, _Order)
    if wire.order_placed_date_time is None or wire.order_placed_date_time.tzinfo is None:
        raise Unreadable("an order without the moment it was placed")
    return BolOrder(
        order_id=wire.order_id,
        placed_at=utc(wire.order_placed_date_time),
        items=tuple(_item(item) for item in wire.order_items),
        ship_to=_address(wire.shipment_details),
        bill_to=_address(wire.billing_details),
    )


def _item(wire: _Item) -> BolOrderItem:
    fulfilment = wire.fulfilment or _Fulfilment()
    offer = wire.offer or _OrderOffer()
    product = wire.product or _Product()
    if not 0 <= wire.quantity <= 1_000_000:
        raise Unreadable(f"item {wire.order_item_id} has the quantity {wire.quantity}")
    return BolOrderItem(
        item_id=wire.order_item_id,
        ean=product.ean,
        quantity=wire.quantity,
        quantity_shipped=wire.quantity_shipped,
        quantity_cancelled=wire.quantity_cancelled,
        unit_price_cents=cents_of(wire.unit_price),
        total_cents=cents_of(wire.total_price),
        title=product.title or "",
        offer_id=offer.offer_id or "",
        reference=offer.reference or "",
        fulfilment=fulfilment.method,
        cancellation_requested=wire.cancellation_request,
        latest_delivery=fulfilment.latest_delivery_date or fulfilment.exact_delivery_date or "",
    )


def _address(wire: _Address | None) -> Address:
    if wire is None:
        return Address()
    return Address(
        first_name=wire.first_name or "",
        surname=wire.surname or "",
        company=wire.company or "",
        street=wire.street_name or "",
        house_number=wire.house_number or "",
        house_number_extension=wire.house_number_extension or "",
        extra=wire.extra_address_information or "",
        zip_code=wire.zip_code or "",
        city=wire.city or "",
        country=wire.country_code or "",
        email=wire.email or "",
        phone=wire.delivery_phone_number or "",
        vat_number=wire.vat_number or "",
        chamber_of_commerce=wire.kvk_number or "",
        order_reference=wire.order_reference or "",
    )


def orders(body: bytes) -> list[Noticed]:
    """`ReducedOrders`: one page. Raises Unreadable."""
    return [
        Noticed(
            listed.order_id,
            fingerprint(
                (item.order_item_id, item.quantity, item.quantity_cancelled, item.cancellation_request)
                for item in listed.order_items
            ),
        )
        for listed in _read(body, _Orders).orders or []
    ]


def offers(body: bytes, asked_at: datetime) -> tuple[list[OfferSeen], str]:
    """`OfferListResponse`: the offers of one page and the next cursor ("": the last page). Raises Unreadable."""
    wire = _read(body, _Offers)
    seen = [
        OfferSeen(
            offer_id=offer.offer_id,
            ean=offer.ean or "",
            reference=offer.reference or "",
            amount=offer.stock.amount if offer.stock else 0,
            managed_by_retailer=offer.stock.managed_by_retailer if offer.stock else True,
            fulfilment=offer.fulfilment.method if offer.fulfilment else "FBR",
            read_at=asked_at,
        )
        for offer in wire.offers
    ]
    return seen, (wire.page.next_cursor if wire.page else None) or ""


def statuses(body: bytes) -> tuple[ProcessStatus, ...]:
    """`ProcessStatusResponse`. Raises Unreadable."""
    return tuple(
        ProcessStatus(
            process_id=one.process_status_id,
            status=one.status,
            event_type=one.event_type or "",
            entity_id=one.entity_id or "",
            error=one.error_message or "",
        )
        for one in _read(body, _Statuses).process_statuses
    )


def accepted(body: bytes) -> str:
    """The id of the process that a 202 tells of; "" where it tells none. Raises Unreadable."""
    return _read(body, _Status).process_status_id


def subscriptions(body: bytes) -> list[Subscription]:
    """`SubscriptionsResponse`. Raises Unreadable."""
    return _read(body, _Subscriptions).subscriptions or []


def keys(body: bytes) -> list[SignatureKey]:
    """`KeySetResponse`. Raises Unreadable."""
    return _read(body, _Keys).signature_keys


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Unreadable(f"Bol's answer is not what the contract says ({error})") from error
