"""A mapping tried on an order: beside the default, field by field, and nobody's name on the screen."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from app.mapping_trial import Row, defaults, tried
from streams.vocabulary.bol_order import BolOrder
from tests.streams.mapping.orders import ORDER, ORDERS, rules

MAPPING = {
    "relation.name": "$nameCase(shipmentDetails.firstName & ' ' & shipmentDetails.surname)",
    "relation.creditLimit": "100",
    "order.reference": "'Bol ' & orderId",
    "order.deliveryDate": "orderItems[0].fulfilment.latestDeliveryDate",
    "order.deliveryMethod": "nothing",
    "line.text": "$uppercase(default)",
}


def by_field(rows: list[Row]) -> dict[str, Row]:
    return {row.field: row for row in rows}


def test_defaults_are_what_the_flow_makes_of_it() -> None:
    base = defaults(ORDER, rules({}))
    assert base.draft.reference == "Bol.com A2K8290LP8"
    assert len(base.items) == len(base.draft.lines)
    assert set(base.items) <= {"2012345678", ""}
    assert sum(line.price_cents * line.quantity for line in base.draft.lines) == 3790
    assert base.customer.company == "Vries NV"


def test_each_field_beside_its_default() -> None:
    found = by_field(tried(ORDER, rules(MAPPING), personal=True))
    assert found["order.reference"] == Row(
        "order.reference", "Bol.com A2K8290LP8", "'Bol ' & orderId", "Bol A2K8290LP8", True
    )
    assert (found["relation.name"].default, found["relation.name"].result) == ("Vries NV", "Jan de Vries")
    assert found["relation.creditLimit"].result == "100.00"
    assert found["order.deliveryDate"].result == "2026-11-27"
    assert not found["order.deliveryMethod"].changed
    texts = [row for name, row in found.items() if name.endswith("line.text")]
    assert texts
    assert {row.result for row in texts} == {"EEN MOK"}


def test_a_field_that_fails_stops_no_other() -> None:
    mapping = {**MAPPING, "relation.points": "$number(orderId)", "relation.city": "a b", "order.nope": "1"}
    found = by_field(tried(ORDER, rules(mapping)))
    assert "D3030" in found["relation.points"].why
    assert found["relation.city"].why.endswith("(character 3)")
    assert "no such field" in found["order.nope"].why
    assert found["order.reference"].changed


def test_what_is_not_in_the_settings_yet() -> None:
    found = by_field(
        tried(ORDER, rules(MAPPING), {"order.reference": "'x'", "order.vatCountryIso3": "'BEL'"})
    )
    assert found["order.reference"].result == "x"
    assert found["order.vatCountryIso3"].result == "BEL"


def test_everything() -> None:
    found = by_field(tried(ORDER, rules({}), everything=True, personal=True))
    assert found["order.deliveryAddress.city"].default == "Antwerpen"
    assert not any(row.changed or row.expression for row in found.values())
    assert tried(ORDER, rules({})) == []


@pytest.mark.parametrize(
    "expression",
    [
        "shipmentDetails.surname",
        "orderId & ' ' & $uppercase(billingDetails.city)",
        "$phone(shipmentDetails.deliveryPhoneNumber)",
        "$error('about ' & shipmentDetails.surname)",
        "$nameCase(shipmentDetails.surname) & 'x'",
    ],
)
def test_nobody_is_named_unless_it_is_asked_for(expression: str) -> None:
    mapping = {**MAPPING, "order.reference": expression, "relation.mobile": expression}
    told = repr([row._replace(expression="") for row in tried(ORDER, rules(mapping), everything=True)])
    for personal in ("de vries", "vries nv", "antwerpen", "gent'", "0470", "kerkstraat", "2ab3"):
        assert personal not in told.lower().replace("***@verkopen.bol.com", "")
    seen = repr(tried(ORDER, rules(mapping), everything=True, personal=True))
    assert "Kerkstraat" in seen


def test_a_telephone_number_as_a_number_is_hidden_too() -> None:
    order = msgspec.structs.replace(ORDER, ship_to=msgspec.structs.replace(ORDER.ship_to, phone="470123456"))
    mapping = {"order.tableNumber": "$number(shipmentDetails.deliveryPhoneNumber)"}
    assert by_field(tried(order, rules(mapping)))["order.tableNumber"].result == "***"


@given(ORDERS)
def test_any_order_can_be_tried(order: BolOrder) -> None:
    rows = tried(order, rules(MAPPING), everything=True)
    assert {row.expression for row in rows} >= {MAPPING["relation.name"], MAPPING["order.reference"]}
