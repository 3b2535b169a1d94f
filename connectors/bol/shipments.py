"""Bol's shipments into our words. Pure. Shapes: `ShipmentsResponse` and `Shipment` of bol-retailer-v10."""

from __future__ import annotations

from typing import NamedTuple

from connectors.bol.wire import MOST_UNITS, Unreadable, Wire, identifier, read
from streams.vocabulary.events import BolShipment


class _Listed(Wire, frozen=True):
    shipment_id: str
    shipment_reference: str | None = None


class _List(Wire, frozen=True):
    shipments: list[_Listed] | None = None


class _Item(Wire, frozen=True):
    order_item_id: str
    quantity: int
    quantity_shipped: int | None = None


class _Transport(Wire, frozen=True):
    transporter_code: str | None = None
    track_and_trace: str | None = None


class _Shipment(Wire, frozen=True):
    shipment_id: str
    shipment_reference: str | None = None
    shipment_items: list[_Item] | None = None
    transport: _Transport | None = None


class Listed(NamedTuple):
    """A shipment of the list, which does not tell how many units left (ReducedShipmentItem)."""

    shipment_id: str
    reference: str


def listed(body: bytes) -> list[Listed]:
    """`ShipmentsResponse`: one page; empty after the last one. Raises Unreadable."""
    return [
        Listed(identifier(one.shipment_id, "shipment"), one.shipment_reference or "")
        for one in read(body, _List).shipments or []
    ]


def shipment(body: bytes) -> BolShipment:
    """`Shipment`. Where it does not say how many of an item left (the field is nullable), all that were ordered did.
    Raises Unreadable."""
    wire = read(body, _Shipment)
    transport = wire.transport or _Transport()
    return BolShipment(
        shipment_id=identifier(wire.shipment_id, "shipment"),
        reference=wire.shipment_reference or "",
        items=tuple(_item(one) for one in wire.shipment_items or ()),
        transporter=transport.transporter_code or "",
        track=transport.track_and_trace or "",
    )


def _item(wire: _Item) -> tuple[str, int]:
    item_id = identifier(wire.order_item_id, "order item")
    units = wire.quantity if wire.quantity_shipped is None else wire.quantity_shipped
    if not 0 <= units <= MOST_UNITS:
        raise Unreadable(f"Bol's answer has a quantity of {units} in a shipment of item {item_id}")
    return item_id, units
