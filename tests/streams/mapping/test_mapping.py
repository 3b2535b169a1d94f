"""A mapping at work: what it sets, what it leaves, and how it fails."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.mapping.fields import FIELDS, LONGEST, Field
from streams.mapping.functions import DESCRIBED
from streams.mapping.mapping import (
    MappingFailed,
    MappingInvalid,
    Outcome,
    compiled,
    customer_outcomes,
    draft_outcomes,
    mapped_customer,
    mapped_draft,
    mapping_problems,
)
from streams.vocabulary.bol_order import BolOrder
from streams.vocabulary.mplus_order import Customer, OrderDraft, OrderLine, PostalAddress
from tests.streams.mapping.orders import CUSTOMER, DRAFT, ITEMS, ODD_TEXT, ORDER, ORDERS, SHIP, rules


def customer(mapping: dict[str, str], order: BolOrder = ORDER) -> Customer:
    return mapped_customer(CUSTOMER, order, rules(mapping, {"regions": {"BE": "Vlaanderen"}}))


def draft(mapping: dict[str, str], order: BolOrder = ORDER) -> OrderDraft:
    return mapped_draft(DRAFT, order, ITEMS, rules(mapping, {"groups": {"MOK-1": "820"}}))


def test_without_a_mapping_nothing_is_touched() -> None:
    assert mapped_customer(CUSTOMER, ORDER, rules({"order.reference": "'x'"})) is CUSTOMER
    assert mapped_draft(DRAFT, ORDER, ITEMS, rules({"relation.name": "'x'"})) is DRAFT


def test_fields_of_the_relation() -> None:
    found = customer(
        {
            "relation.name": "$nameCase(shipmentDetails.firstName & ' ' & shipmentDetails.surname)",
            "relation.telephone": "$phone(shipmentDetails.deliveryPhoneNumber)",
            "relation.city": "$uppercase(default)",
            "relation.extraText": "$table('regions', country)",
            "relation.creditLimit": "$sum(orderItems.totalPrice) * 1.5",
            "relation.paymentWithinDays": "business ? 30 : 0",
            "relation.directDebit": "false",
            "relation.birthDate": "'1980-02-29'",
            "relation.customFieldList.bol": "true",
        }
    )
    assert found == msgspec.structs.replace(
        CUSTOMER,
        name="Jan de Vries",
        phone="+32470123456",
        city="GENT",
        extra={
            "extraText": "Vlaanderen",
            "creditLimit": 5685,
            "paymentWithinDays": 30,
            "directDebit": False,
            "birthDate": "1980-02-29",
            "customFieldList.bol": True,
        },
    )


def test_fields_of_the_order_and_its_addresses() -> None:
    found = draft(
        {
            "order.reference": "'Bol ' & orderId & ' ' & billingDetails.orderReference",
            "order.deliveryMethod": "orderItems[0].fulfilment.timeFrameType = 'EVENING' ? 'AVOND' : 'POST'",
            "order.deliveryDate": "orderItems[0].fulfilment.latestDeliveryDate",
            "order.financialDate": "$daysLater(default, 1)",
            "order.orderCategoryNumber": "'7'",
            "order.deliveryPeriodBegin": "'2026-11-27T18:00'",
            "order.deliveryAddress.country": "$countryName(default)",
            "order.invoiceAddress.name": "billingDetails.company",
        }
    )
    assert found == msgspec.structs.replace(
        DRAFT,
        reference="Bol A2K8290LP8 PO-77",
        delivery_method="AVOND",
        delivery_day=date(2026, 11, 27),
        financial_date=date(2026, 11, 27),
        order_category=7,
        deliver_to=msgspec.structs.replace(DRAFT.deliver_to, country="België"),
        invoice_to=PostalAddress(name="Vries NV"),
        extra={"deliveryPeriodBegin": "2026-11-27T18:00:00+01:00"},
    )


def test_fields_of_lines_see_their_item() -> None:
    found = draft(
        {
            "line.text": "item.offer.reference & ' ' & line.units & 'x ' & default",
            "line.turnoverGroup": "$table('groups', item.offer.reference)",
            "line.purchasePrice": "line.price * 0.6",
            "line.courseNumber": "item ? 2 : 3",
        }
    )
    assert found.lines == (
        OrderLine(
            article_number=1001,
            text="MOK-1 2x Een mok",
            quantity=2,
            price_cents=1995,
            turnover_group=820,
            extra={"data.purchasePrice": 1197, "courseNumber": 2},
        ),
        OrderLine(
            article_number=9,
            text="1x Actie",
            quantity=1,
            price_cents=-200,
            extra={"data.purchasePrice": -120, "courseNumber": 3},
        ),
    )


def test_a_payment_of_the_whole_sum_follows_the_prices() -> None:
    # The second line is no item: nothing and 1 is nothing, as ever in JSONata.
    found = draft({"line.price": "item.unitPrice + 1"})
    assert [line.price_cents for line in found.lines] == [2095, -200]
    assert [one.cents for one in found.payments] == [3990, 5]


@pytest.mark.parametrize("nothing", ["nothing", "''", "null", "[]", "billingDetails.nothing", "$uppercase"])
def test_nothing_keeps_the_default(nothing: str) -> None:
    assert customer({"relation.city": nothing}) == CUSTOMER
    assert draft({"order.deliveryDate": nothing, "line.price": nothing}) == DRAFT


def test_a_text_can_be_left_empty_on_purpose() -> None:
    assert customer({"relation.email": "$empty()"}).email == ""
    assert customer({"relation.email": "$empty() & 'a@b.nl'"}).email == "a@b.nl"
    with pytest.raises(MappingFailed, match="only a text"):
        draft({"order.financialDate": "$empty()"})


def test_as_many_items_as_lines() -> None:
    with pytest.raises(ValueError, match="2 lines, and 1"):
        mapped_draft(DRAFT, ORDER, ("2012345678",), rules({"line.text": "'x'"}))


@pytest.mark.parametrize(
    ("field", "expression", "words"),
    [
        ("relation.city", "a b", r"relation\.city: 'a b', character 3: S0201"),
        ("relation.city", "$frist(a)", r"character 1: there is no function \$frist"),
        ("relation.ctiy", "'x'", r"did you mean relation\.city"),
        ("relation.relationNumber", "1", "cannot set it"),
        ("order.deliveryAddress", "'x'", r"order\.deliveryAddress\.city"),
        ("city", "'x'", "no such field"),
        ("", "'x'", "no such field"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_told_before(field: str, expression: str, words: str) -> None:
    with pytest.raises(MappingInvalid, match=words) as found:
        compiled({"order.reference": "orderId", field: expression})
    assert (found.value.field, found.value.expression) == (field, expression)


def test_what_is_wrong_with_a_mapping_is_told_in_one_go() -> None:
    mapping = {
        "order.reference": "a b",
        "order.deliveryMethod": "$table('methods', country) & $table(\"nope\", kind)",
        "relation.name": "shipmentDetails.surname",
        "line.quantity": "1",
    }
    told = mapping_problems(mapping, {"methods": {}})
    assert [one.partition(":")[0] for one in told] == [
        "order.reference",
        "order.deliveryMethod",
        "line.quantity",
    ]
    assert "no table 'nope'" in told[1]
    assert mapping_problems({}, {}) == []


def test_an_unchecked_mapping_stops_the_order_and_nothing_else() -> None:
    for run in (
        lambda: customer({"relation.city": "a b"}),
        lambda: draft({"order.nope": "1"}),
    ):
        with pytest.raises(MappingFailed, match=r"it cannot be used: .*\."):
            run()


def test_an_order_of_two_kinds_is_the_kind_of_its_lines() -> None:
    other = msgspec.structs.replace(ORDER.items[0], item_id="2", fulfilment="FBB")
    both = msgspec.structs.replace(ORDER, items=(*ORDER.items, other))
    shop = rules({"order.reference": "kind"})
    assert mapped_draft(DRAFT, both, ("2", ""), shop).reference == "FBB"
    assert mapped_draft(DRAFT, both, ITEMS, shop).reference == "FBR"


def test_compiling_twice_is_once() -> None:
    assert compiled({"order.reference": "orderId"}) is compiled({"order.reference": "orderId"})


@pytest.mark.parametrize(
    ("field", "expression", "words"),
    [
        ("relation.points", "'veel'", "whole number"),
        ("relation.points", "1.5", "whole number"),
        ("relation.points", "true", "whole number"),
        ("relation.points", "3000000000", "larger"),
        ("relation.directDebit", "'ja'", "true or false"),
        ("relation.birthDate", "'29-02-1980'", "is no day"),
        ("relation.creditLimit", "'veel'", "no amount"),
        ("relation.city", "true", "takes a text"),
        ("relation.city", "1/0", "divided by 0"),
        ("relation.city", "{'a': 1}", "one value"),
        ("relation.city", "[1, 2]", "one value"),
        ("relation.relationCode", "$pad('x', 129, 'x')", r"129 characters long; the field takes 128"),
        ("relation.extraText", "$pad('x', 2001, 'x')", "2001 characters"),
        ("relation.defaultVatMethod", "'INCL'", "VAT-METHOD-INCLUSIVE"),
        ("relation.city", "$uppercase(1)", "T0410"),
        ("relation.city", "$country2('Atlantis')", "no country"),
    ],
)
def test_a_result_that_does_not_fit_fails_with_field_expression_and_why(
    field: str, expression: str, words: str
) -> None:
    with pytest.raises(MappingFailed, match=words) as found:
        customer({field: expression})
    assert (found.value.field, found.value.expression) == (field, expression)
    assert field in str(found.value)
    assert str(found.value).endswith(".")


def test_a_failure_names_the_value() -> None:
    with pytest.raises(MappingFailed, match=r"with 'veel'") as found:
        customer({"relation.points": "'ve' & 'el'"})
    assert found.value.value == "'veel'"
    with pytest.raises(MappingFailed, match=r"with orderId = 'A2K8290LP8'") as found:
        customer({"relation.points": "$number(orderId)"})
    assert found.value.value == "orderId = 'A2K8290LP8'"


@pytest.mark.parametrize(
    "expression",
    [
        "$number(shipmentDetails.surname)",
        "shipmentDetails.deliveryPhoneNumber",
        "$lowercase(billingDetails.company) & 'x'",
        "$error('not ' & shipmentDetails.surname)",
        "$number($$.**[surname].surname[0])",
        "$digits(shipmentDetails.deliveryPhoneNumber) & '.5'",
        "$number('1' & $digits(shipmentDetails.deliveryPhoneNumber)) * 1000",
    ],
)
def test_a_failure_names_nobody(expression: str) -> None:
    with pytest.raises(MappingFailed) as found:
        draft({"order.orderCategoryNumber": expression})
    told = str(found.value) + repr(found.value)
    for personal in ("vries nv", "DE VRIES", "0470", "470123456", "de vries"):
        assert personal not in told


def test_one_field_that_fails_leaves_the_others_to_be_looked_at() -> None:
    shop = rules({"relation.points": "'veel'", "relation.city": "$uppercase(default)"})
    found = {one.field.name: one for one in customer_outcomes(CUSTOMER, ORDER, shop)}
    assert found["relation.points"].failed is not None
    assert not found["relation.points"].changed
    assert (found["relation.city"].default, found["relation.city"].result) == ("Gent", "GENT")
    assert found["relation.city"].changed


def test_everything_shows_what_is_not_mapped_too() -> None:
    shop = rules({"line.text": "'x'", "relation.customFieldList.bol": "1"})
    seen = [one.field.name for one in customer_outcomes(CUSTOMER, ORDER, shop, everything=True)]
    assert "relation.company" not in seen
    assert {"relation.name", "relation.companyName", "relation.customFieldList.bol"} <= set(seen)
    lines = [one for one in draft_outcomes(DRAFT, ORDER, ITEMS, shop, everything=True) if one.line == 1]
    assert {one.field.name: one.result for one in lines} == {"line.text": "x", "line.price": -200}


# -- whatever the order

MAPPING = {
    "relation.name": "$nameCase($first(billingDetails.company, billingDetails.surname, shipmentDetails.surname))",
    "relation.address": "$joinAddress($splitAddress(shipmentDetails.streetName).street, shipmentDetails.houseNumber)",
    "relation.country": "$countryName(country)",
    "relation.telephone": "$phone(shipmentDetails.deliveryPhoneNumber)",
    "relation.creditLimit": "$sum(orderItems.(unitPrice * quantity))",
    "relation.points": "billingDetails.houseNumber",
    "order.reference": "$shorten(orderId & ' ' & billingDetails.orderReference, 40)",
    "order.deliveryDate": "$daysLater(orderItems[0].fulfilment.latestDeliveryDate, -1)",
    "order.financialDate": "$date(orderPlacedDateTime)",
    "order.deliveryMethod": "$table('methods', kind & '/' & country, 'POST')",
    "order.deliveryAddress.label": "$join(orderItems.product.title, ', ')",
    "line.text": "$shorten(item.product.title, 30)",
    "line.price": "item.totalPrice / item.quantity",
    "line.vatCode": "$number(item.offer.reference)",
}  # fmt: skip
SHOP = rules(MAPPING, {"methods": {"FBR/NL": "TNT"}})


def fits(field: Field, outcome: Outcome) -> bool:
    if not outcome.changed:
        return True
    kinds = {
        "text": str,
        "any": (str, int),
        "whole": int,
        "money": int,
        "flag": bool,
        "date": date,
        "moment": str,
    }
    return isinstance(outcome.result, kinds[field.kind])


@given(ORDERS)
def test_any_order_is_mapped_or_fails_as_a_mapping_does(order: BolOrder) -> None:
    items = tuple(item.item_id for item in order.items)
    lines = tuple(
        OrderLine(
            article_number=1, text=item.title, quantity=item.quantity, price_cents=item.unit_price_cents
        )
        for item in order.items
    )
    base = msgspec.structs.replace(DRAFT, lines=lines)
    outcomes = [
        *customer_outcomes(CUSTOMER, order, SHOP, everything=True),
        *draft_outcomes(base, order, items, SHOP, everything=True),
    ]
    for one in outcomes:
        assert one.failed is None or str(one.failed)
        assert fits(one.field, one)
    failed = [one.field.scope for one in outcomes if one.failed is not None]
    for scopes, run in (
        (("relation",), lambda: mapped_customer(CUSTOMER, order, SHOP)),
        (("order", "line"), lambda: mapped_draft(base, order, items, SHOP)),
    ):
        if set(scopes) & set(failed):
            with pytest.raises(MappingFailed):
                run()
        else:
            run()


EXPRESSIONS = st.one_of(
    st.sampled_from(
        [*MAPPING.values(), *(one.example for one in DESCRIBED), "$$", "*", "**", "orderItems", "default"]
    ),
    st.text(max_size=20),
)


@given(st.sampled_from(sorted(FIELDS)), EXPRESSIONS, ORDERS)
def test_any_expression_on_any_field_is_invalid_fails_or_fits(name: str, text: str, order: BolOrder) -> None:
    shop = rules({name: text})
    with suppress(MappingFailed):
        mapped_customer(CUSTOMER, order, shop)
        found = mapped_draft(DRAFT, order, ("", ""), shop)
        # As it is written to the log.
        assert msgspec.json.decode(msgspec.json.encode(found), type=OrderDraft) == found


@given(ODD_TEXT.filter(lambda text: "\ud800" not in text and len(text) <= LONGEST))
def test_the_default_is_seen_as_it_is(text: str) -> None:
    assume(text.encode("utf-8", "replace").decode() == text)
    base = msgspec.structs.replace(CUSTOMER, city=text)
    found = mapped_customer(base, ORDER, rules({"relation.city": "default"}))
    assert found.city in (text, text.strip())


def test_ship_to_is_what_the_document_shows() -> None:
    assert customer({"relation.zipcode": "shipmentDetails.zipCode"}).zip_code == SHIP.zip_code
