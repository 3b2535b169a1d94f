"""Shipments from the wire."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import shipments
from connectors.bol.wire import Unreadable
from streams.vocabulary.events import BolShipment
from tests.connectors.bol import contract

WHOLE = contract.example("bol-retailer-v10", "Shipment")
LISTED = contract.example("bol-retailer-v10", "ShipmentsResponse")


def test_the_examples_of_the_contract() -> None:
    contract.check("bol-retailer-v10", "Shipment", WHOLE)
    contract.check("bol-retailer-v10", "ShipmentsResponse", LISTED)
    assert shipments.shipment(orjson.dumps(WHOLE)) == BolShipment(
        shipment_id="541757635",
        reference="BOLCOM001",
        items=(("1234567891", 10),),
        transporter="TNT",
        track="3SBOL0987654321",
    )
    assert shipments.listed(orjson.dumps(LISTED)) == [shipments.Listed("541757635", "BOLCOM001")]


@pytest.mark.parametrize(("shipped", "units"), [(3, 3), (None, 10), (0, 0)])
def test_the_units_that_left(shipped: int | None, units: int) -> None:
    item = WHOLE["shipmentItems"][0] | {"quantityShipped": shipped}
    assert shipments.shipment(orjson.dumps(WHOLE | {"shipmentItems": [item]})).items == (
        ("1234567891", units),
    )


@pytest.mark.parametrize("body", [{}, {"shipments": []}, {"shipments": None}])
def test_an_empty_list(body: Any) -> None:
    assert shipments.listed(orjson.dumps(body)) == []


@pytest.mark.parametrize(
    "body",
    [
        WHOLE | {"shipmentId": ""},
        WHOLE | {"shipmentId": 5},
        WHOLE | {"shipmentItems": [WHOLE["shipmentItems"][0] | {"quantityShipped": -1}]},
        WHOLE | {"shipmentItems": [WHOLE["shipmentItems"][0] | {"orderItemId": "a b"}]},
        {},
        [],
        None,
    ],
)
def test_no_shipment(body: Any) -> None:
    with pytest.raises(Unreadable):
        shipments.shipment(orjson.dumps(body))


def test_cut_at_every_byte() -> None:
    body = orjson.dumps(WHOLE)
    for length in range(len(body)):
        with pytest.raises(Unreadable):
            shipments.shipment(body[:length])


@given(st.binary(max_size=200))
def test_rubbish(body: bytes) -> None:
    for read in (shipments.shipment, shipments.listed):
        with pytest.raises(Unreadable, match="not what the contract says"):
            read(body + b"\xff")
