"""Bol's orders into our words. Pure. Money is Decimal from the first byte.

Shapes: `Order` and `ReducedOrders` of contracts/bol-retailer-v10.openapi.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from connectors.bol.wire import MOST_UNITS, Unreadable, Wire, identifier, read
from streams.vocabulary import bol_order
from streams.vocabulary.bol_order import Address, BolOrder, BolOrderItem, Discount
from streams.vocabulary.money import cents_of
from streams.vocabulary.time import utc

MOST_EUROS = 100_000_000
"""More than this is no price."""


class _Address(Wire, frozen=True):
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
    pickup_point_name: str | None = None
    language: str | None = None


class _Fulfilment(Wire, frozen=True):
    method: str = "FBR"
    distribution_party: str | None = None
    latest_delivery_date: str | None = None
    exact_delivery_date: str | None = None
    expiry_date: str | None = None
    time_frame_type: str | None = None


class _Discount(Wire, frozen=True):
    amount: Decimal
    title: str | None = None


class _Service(Wire, frozen=True):
    service_type: str | None = None


class _Offer(Wire, frozen=True):
    offer_id: str | None = None
    reference: str | None = None


class _Product(Wire, frozen=True):
    ean: str | None = None
    title: str | None = None


class _Item(Wire, frozen=True):
    order_item_id: str
    quantity: int
    unit_price: Decimal
    total_price: Decimal
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    cancellation_request: bool = False
    fulfilment: _Fulfilment | None = None
    offer: _Offer | None = None
    product: _Product | None = None
    discounts: list[_Discount] | None = None
    commission: Decimal | None = None
    additional_services: list[_Service] | None = None
    latest_changed_date_time: str | None = None


class _Order(Wire, frozen=True):
    order_id: str
    order_items: list[_Item]
    order_placed_date_time: str | None = None
    shipment_details: _Address | None = None
    billing_details: _Address | None = None
    pickup_point: bool = False


class ListedItem(Wire, frozen=True):
    """An item of the list: what tells whether it changed."""

    order_item_id: str
    quantity: int = 0
    quantity_shipped: int = 0
    quantity_cancelled: int = 0
    cancellation_request: bool = False


class _Listed(Wire, frozen=True):
    order_id: str
    order_items: list[ListedItem] | None = None


class _List(Wire, frozen=True):
    orders: list[_Listed] | None = None


class Listed(NamedTuple):
    """An order of the list, with those of its items that the list's filter let through."""

    order_id: str
    items: tuple[ListedItem, ...]


def order(body: bytes, asked_at: datetime) -> BolOrder:
    """`Order`. Where Bol does not say when it was placed (the field is nullable), the first change of an item
    stands for it, or `asked_at`. Raises Unreadable."""
    wire = read(body, _Order)
    placed = _moment(wire.order_placed_date_time)
    if placed is None:
        changes = (_moment(item.latest_changed_date_time) for item in wire.order_items)
        placed = min((one for one in changes if one is not None), default=asked_at)
    return BolOrder(
        order_id=identifier(wire.order_id, "order"),
        placed_at=placed,
        items=tuple(_item(item) for item in wire.order_items),
        ship_to=_address(wire.shipment_details),
        bill_to=_address(wire.billing_details),
        pickup_point=wire.pickup_point,
    )


def listed(body: bytes) -> list[Listed]:
    """`ReducedOrders`: one page; empty after the last one. Raises Unreadable."""
    return [
        Listed(identifier(one.order_id, "order"), tuple(one.order_items or ()))
        for one in read(body, _List).orders or []
    ]


def fingerprint(items: Iterable[ListedItem]) -> str:
    """Equal as long as nothing that the flow looks at has changed; the flow makes the same of a fetched order."""
    return bol_order.fingerprint(
        (
            item.order_item_id,
            item.quantity,
            item.quantity_shipped,
            item.quantity_cancelled,
            item.cancellation_request,
        )
        for item in items
    )


def _item(wire: _Item) -> BolOrderItem:
    fulfilment = wire.fulfilment or _Fulfilment()
    offer = wire.offer or _Offer()
    product = wire.product or _Product()
    item_id = identifier(wire.order_item_id, "order item")
    exact = _day(fulfilment.exact_delivery_date)
    for units in (wire.quantity, wire.quantity_shipped, wire.quantity_cancelled):
        if not 0 <= units <= MOST_UNITS:
            raise Unreadable(f"Bol's answer has a quantity of {units} in item {item_id}")
    return BolOrderItem(
        item_id=item_id,
        ean=product.ean or "",
        quantity=wire.quantity,
        quantity_shipped=wire.quantity_shipped,
        quantity_cancelled=wire.quantity_cancelled,
        unit_price_cents=_cents(wire.unit_price, item_id),
        total_cents=_cents(wire.total_price, item_id),
        title=product.title or "",
        offer_id=offer.offer_id or "",
        reference=offer.reference or "",
        fulfilment=fulfilment.method,
        cancellation_requested=wire.cancellation_request,
        # Bol fills one of the two (OrderFulfilment).
        latest_delivery=exact or _day(fulfilment.latest_delivery_date),
        exact_delivery=bool(exact),
        expires=_day(fulfilment.expiry_date),
        time_frame=fulfilment.time_frame_type or "",
        distribution=fulfilment.distribution_party or "",
        commission_cents=_cents(wire.commission or Decimal(0), item_id),
        discounts=tuple(
            Discount(title=one.title or "", cents=_cents(one.amount, item_id)) for one in wire.discounts or ()
        ),
        services=tuple(one.service_type for one in wire.additional_services or () if one.service_type),
    )


def _cents(euros: Decimal, item_id: str) -> int:
    if not euros.is_finite() or abs(euros) > MOST_EUROS:
        raise Unreadable(f"Bol's answer has a price in item {item_id} that is none")
    return cents_of(euros)


def _moment(text: str | None) -> datetime | None:
    """A moment with its zone, in UTC; without one it would be a guess."""
    try:
        moment = datetime.fromisoformat(text or "")
        return utc(moment)
    except (ValueError, OverflowError):
        return None


def _day(text: str | None) -> str:
    """A day as `YYYY-MM-DD`; "" for what is none."""
    try:
        return date.fromisoformat((text or "")[:10]).isoformat()
    except ValueError:
        return ""


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
        pickup_point=wire.pickup_point_name or "",
        language=wire.language or "",
    )
