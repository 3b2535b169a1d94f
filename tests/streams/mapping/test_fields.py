"""Every field against the vendor's own schema."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from lxml import etree

from streams.mapping.fields import CUSTOM, FIELDS, LEFT_OUT, Field, NoSuchField, field_named
from streams.vocabulary.mplus_order import Customer, OrderDraft, OrderLine, PostalAddress

CONTRACTS = Path(__file__).parents[3] / "../shared/contracts"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SCHEMA = etree.parse(str(CONTRACTS / "mplusqapi-67.1.3.xsd"))
KINDS = {
    "text": {"string", "dateTime", "VatMethod", "OrderType", "LineType", "SubLineTypeV2", "LineKind", "DiscountType",
             "PriceType", "TurnoverGroupType", "VatChange"},
    "whole": {"int", "long", "short"},
    "money": {"long"},
    "flag": {"boolean"},
    "date": {"SoapMplusDate"},
    "moment": {"SoapMplusDateTime"},
}  # fmt: skip


def elements(type_name: str) -> dict[str, str]:
    """Element -> type, without its prefix, in the schema's order."""
    found = SCHEMA.find(f".//{XSD}complexType[@name='{type_name}']")
    assert found is not None
    return {one.get("name", ""): one.get("type", "").partition(":")[2] for one in found.iter(f"{XSD}element")}


CONTRACT = {
    **{f"relation.{name}": kind for name, kind in elements("Relation").items()},
    **{f"order.{name}": kind for name, kind in elements("Order").items()},
    **{f"order.deliveryAddress.{name}": kind for name, kind in elements("Address").items()},
    **{f"order.invoiceAddress.{name}": kind for name, kind in elements("Address").items()},
    **{f"line.{name}": kind for name, kind in elements("Line").items()},
    **{f"line.{name}": kind for name, kind in elements("LineData").items()},
}


def test_every_element_of_the_contract_is_a_field_or_left_out_with_a_reason() -> None:
    assert set(FIELDS) | set(LEFT_OUT) == set(CONTRACT)
    assert not set(FIELDS) & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_a_field_is_of_the_contracts_kind(field: Field) -> None:
    assert CONTRACT[field.name] in KINDS[field.kind]


def words_of(type_name: str) -> list[str]:
    found = SCHEMA.find(f".//{XSD}simpleType[@name='{type_name}']")
    return [] if found is None else [one.get("value", "") for one in found.iter(f"{XSD}enumeration")]


@pytest.mark.parametrize("field", [one for one in FIELDS.values() if one.words], ids=lambda field: field.name)
def test_words_are_the_contracts(field: Field) -> None:
    assert list(field.words) == words_of(CONTRACT[field.name])


def holder(field: Field) -> type[msgspec.Struct]:
    if field.part:
        return PostalAddress
    return {"relation": Customer, "order": OrderDraft, "line": OrderLine}[field.scope]


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_a_field_sets_an_attribute_of_ours_or_goes_into_extra(field: Field) -> None:
    attributes = holder(field).__struct_fields__
    assert bool(field.slot) != bool(field.key)
    if field.slot:
        assert field.slot in attributes
    else:
        assert "extra" in attributes
        own = field.key.removeprefix("data.")
        assert own == field.name.rpartition(".")[2]
        assert (own in elements("LineData")) == (field.key != own) or field.scope != "line"
    if field.part:
        assert field.part in OrderDraft.__struct_fields__


def test_no_two_fields_set_the_same() -> None:
    places = [(one.scope, one.part, one.slot or one.key) for one in FIELDS.values()]
    assert len(places) == len(set(places))


def test_what_an_order_is_known_by_is_no_field() -> None:
    for name in (
        "order.orderId",
        "order.extOrderId",
        "order.relationNumber",
        "line.articleNumber",
        "line.quantity",
    ):
        with pytest.raises(NoSuchField, match="cannot set it"):
            field_named(name)


def test_a_custom_field_is_named_after_its_list() -> None:
    field = field_named(f"{CUSTOM}bol klant")
    assert (field.kind, field.key, field.scope) == ("any", "customFieldList.bol klant", "relation")
    with pytest.raises(NoSuchField):
        field_named(CUSTOM)


def test_a_wrong_name_is_told_the_nearest() -> None:
    with pytest.raises(NoSuchField, match=r"order\.deliveryAddress\.city"):
        field_named("order.deliveryAdress.city")
