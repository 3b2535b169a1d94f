from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from connectors.mplus import (
    articles,
    elements,
    history,
    lookups,
    orders,
    relations,
    reply,
    revision,
    settling,
    soap,
    stock,
)
from connectors.mplus.operation import Operation
from streams.vocabulary.mplus_order import Customer, Extra, OrderDraft, OrderLine, Payment, PostalAddress
from tests.connectors.mplus.till import CONTRACTS, SCHEMA, START, operation_of, sample

XSD = "{http://www.w3.org/2001/XMLSchema}"
CONTRACT = etree.parse(CONTRACTS / "mplusqapi-67.1.3.xsd")
CUSTOMER = Customer(name="Jan & Zn <b>", email="jan@example.nl", address="Dorpstraat 1A", zip_code="1111 ZZ")
WHOLE_CUSTOMER = Customer(
    name="Jan de Vries", email="jan@example.nl", address="Dorpstraat 1A", zip_code="1111 ZZ", city="Utrecht",
    country="NL", phone="0612345678", company="De Vries BV", vat_number="NL001", chamber_of_commerce="123",
    delivery_address="Kade 2", delivery_zip_code="2222 AA", delivery_city="Zwolle", delivery_country="BE",
    identity="bol-1", contact="Piet", contact_below=True, house_number="1A",
)  # fmt: skip
DRAFT = OrderDraft(
    ext_order_id="BOL-1043946570", idempotency_key="kassabrug-shop-1043946570-1", relation_number=681,
    reference="Bol.com 1043946570", financial_date=date(2026, 11, 20), branch_number=1,
    lines=(OrderLine(article_number=1001, text="Gele das", quantity=2, price_cents=1995),),
)  # fmt: skip
WHOLE_DRAFT = OrderDraft(
    ext_order_id="BOL-1", idempotency_key="k", relation_number=1, reference="r", financial_date=date(2026, 1, 2),
    branch_number=1, workplace_number=2, employee_number=7, order_category=1, delivery_method="POST",
    payment_method="BOL", lines=DRAFT.lines * 2,
    deliver_to=PostalAddress(
        name="Jan", contact="Piet", address="Kade 2", zip_code="2222 AA", city="Zwolle", country="BE",
        company="De Vries BV", label="Thuis",
    ),
    invoice_to=PostalAddress(name="Jan"), vat_method="VAT-METHOD-SHIFTED", delivery_day=date(2026, 1, 3),
    payments=(Payment(method="BOL", cents=3990, reference="BOL-1"), Payment(method="PIN", cents=1)), prepay=False,
)  # fmt: skip
ENUMS = {
    "orderType": "ORDER-TYPE-SALES-ORDER", "vatMethod": "VAT-METHOD-NONE", "vatChange": "VAT-CHANGE-EAT-HERE",
    "lineType": "LINE-TYPE-NONE", "subLineType": "SUB-LINE-TYPE-V2-NONE", "lineKind": "LINE-KIND-DEFAULT",
    "turnoverGroupType": "TURNOVER-GROUP-TYPE-TURNOVER", "discountType": "DISCOUNT-TYPE-NONE",
    "priceType": "PRICE-TYPE-ARTICLE", "defaultVatMethod": "VAT-METHOD-SHIFTED",
    "pendingVoucherIssuanceStartTs": "2026-11-20T09:30:00+01:00",
}  # fmt: skip
VALUES: dict[elements.Kind, Extra] = {
    "text": "x & y", "short": "528", "int": 2, "long": "33", "flag": True, "day": "2026-11-20",
    "moment": "2026-11-20T09:30:00+01:00",
}  # fmt: skip


def everything(table: elements.Table, before: str = "") -> dict[str, Extra]:
    """All that can be set, in an order that is not the schema's."""
    names = sorted(table.settable)
    return {f"{before}{name}": ENUMS.get(name, VALUES[table.kinds[name]]) for name in names}


FULL_DRAFT = replace(
    WHOLE_DRAFT,
    lines=(
        OrderLine(
            article_number=1, text="", quantity=-1, price_cents=1, vat_code=2, turnover_group=8,
            extra=everything(elements.LINE) | everything(elements.DATA, "data."),
        ),
    ),
    extra=everything(elements.ORDER) | everything(elements.ADDRESS, "deliveryAddress.")
    | everything(elements.ADDRESS, "invoiceAddress."),
)  # fmt: skip
FULL_CUSTOMER = replace(
    WHOLE_CUSTOMER,
    extra=everything(elements.RELATION) | {
        "categoryIds": "3,4", "customFieldList.Kleur": "rood", "customFieldList.Punten": 3, "customFieldList.Vip": True,
    },
)  # fmt: skip
HELD = orders.get("001a3cd4-3892-405b-9689-134b36656063").read(sample("resp_findOrder_found"), START, START)
assert HELD is not None

SOUGHT: tuple[relations.Sought, ...] = ("identity", "email", "vat", "kvk", "name-address")


def sent_of(searches: relations.Searches) -> tuple[relations.Search, ...]:
    return (*searches.calls, *([searches.nearer] if searches.nearer else []))


ALL: dict[str, Operation[Any]] = {
    "articles": articles.get_products(0),
    "orders": orders.get_orders(513),
    "order": orders.find("BOL-1"),
    "create": orders.create(DRAFT),
    "create-whole": orders.create(WHOLE_DRAFT),
    "create-full": orders.create(FULL_DRAFT),
    "create-v2": orders.create_without_key(WHOLE_DRAFT),
    "get": orders.get("001a"),
    "update": revision.update(HELD, {"8b1f": Decimal(1)}, 3),
    "cancel": settling.cancel("001a"),
    "deliver": settling.deliver("001a", {"8b1f": Decimal(1), "8b20": Decimal("0.25")}),
    "deliver-invoice": settling.deliver("001a", {"8b1f": Decimal(1)}, "DELIVER-ORDER-TURNOVER-TYPE-INVOICE"),
    "deliver-all": settling.deliver_all("001a", "DELIVER-ORDER-TURNOVER-TYPE-RECEIPT"),
    "pay": settling.pay("001a", "k1", WHOLE_DRAFT.payments[0], prepay=True),
    "pay-without-key": settling.pay_without_key("001a", WHOLE_DRAFT.payments[0], prepay=False),
    "slips": settling.packing_slips("001a"),
    "changed-slips": settling.get_packing_slips(88),
    **{
        f"relation-{sought}-{place}": search
        for sought in SOUGHT
        for place, search in enumerate(sent_of(relations.searches(WHOLE_CUSTOMER, sought)))
    },
    "create-relation": relations.create(CUSTOMER),
    "create-whole-relation": relations.create(WHOLE_CUSTOMER),
    "create-full-relation": relations.create(FULL_CUSTOMER),
    "update-relation": relations.update(681, WHOLE_CUSTOMER),
    "update-full-relation": relations.update(681, FULL_CUSTOMER),
    "get-relation": relations.get(681),
    "stock": stock.of_articles(1, (1001, 1002)),
    "branch": stock.of_branch(2, 9842),
    "whole-branch": stock.of_branch(2, None),
    "own-stock": stock.of_articles(1, (1001,), kept=True),
    "set-stock": stock.set_to(1, 1001, Decimal("2.5"), "Bol.com", 999999),
    "history": history.get_history(9842, (1, 2)),
    "markers": lookups.sync_markers(),
    "version": lookups.api_version(),
    "branches": lookups.branches(),
    "payment": lookups.payment_methods(),
    "delivery": lookups.delivery_methods(),
    "employees": lookups.employees(),
    "order-categories": lookups.order_categories(),
    "turnover-groups": lookups.turnover_groups(),
    "vat-groups": lookups.vat_groups(),
    "card-categories": lookups.card_categories(),
}


@pytest.mark.parametrize("name", ALL)
def test_every_request_is_valid_by_the_vendors_schema(name: str) -> None:
    sent = operation_of(ALL[name].body)
    SCHEMA.assertValid(sent)
    assert etree.QName(sent).localname == ALL[name].name


@pytest.mark.parametrize(
    ("operation", "as_in"),
    [
        (articles.get_products(1), "req_getProducts"),
        (lookups.sync_markers(), "req_getCurrentSyncMarkers"),
        (lookups.api_version(), "req_getApiVersion"),
        (lookups.branches(), "req_getBranches"),
        (orders.find("BOL-1043946570"), "req_findOrder"),
        (stock.of_branch(1, None), "req_getStock_all"),
        (stock.set_to(1, 1001, Decimal(25), "bol sync"), "req_setStock"),
        (history.get_history(9842, (1,)), "req_getStockHistoryV2"),
        (orders.get("001a3cd4-3892-405b-9689-134b36656063"), "req_getOrder"),
        (settling.packing_slips("001a3cd4-3892-405b-9689-134b36656063"), "req_getPackingSlipsByOrder"),
        (
            settling.deliver("001a3cd4-3892-405b-9689-134b36656063", {"8b1f": Decimal(1)}),
            "req_deliverOrderV2",
        ),
        (
            settling.pay(
                "001a3cd4-3892-405b-9689-134b36656063", "k1", Payment(method="BOL", cents=3990), prepay=True
            ),
            "req_payOrderV2",
        ),
        (lookups.vat_groups(), "req_getVatGroupList"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_requests_are_the_samples_byte_for_byte(operation: Operation[Any], as_in: str) -> None:
    assert operation.body == sample(as_in).strip()


def content_of(body: bytes) -> str:
    return body.decode().partition("<SOAP-ENV:Body>")[2].removesuffix("</SOAP-ENV:Body></SOAP-ENV:Envelope>")


def test_the_bytes_of_an_order() -> None:
    assert content_of(orders.create(DRAFT).body) == (
        "<ns1:createOrderV3><ns1:request>"
        "<ns1:idempotencyKey>kassabrug-shop-1043946570-1</ns1:idempotencyKey>"
        "<ns1:order><ns1:orderId></ns1:orderId><ns1:extOrderId>BOL-1043946570</ns1:extOrderId>"
        "<ns1:orderType>ORDER-TYPE-EXTERNAL-SALES-ORDER</ns1:orderType>"
        "<ns1:entryBranchNumber>1</ns1:entryBranchNumber><ns1:employeeNumber>999999</ns1:employeeNumber>"
        "<ns1:relationNumber>681</ns1:relationNumber>"
        "<ns1:financialDate><ns1:day>20</ns1:day><ns1:mon>11</ns1:mon><ns1:year>2026</ns1:year></ns1:financialDate>"
        "<ns1:financialBranchNumber>1</ns1:financialBranchNumber>"
        "<ns1:reference>Bol.com 1043946570</ns1:reference><ns1:vatMethod>VAT-METHOD-INCLUSIVE</ns1:vatMethod>"
        "<ns1:lineList><ns1:line><ns1:articleNumber>1001</ns1:articleNumber><ns1:text>Gele das</ns1:text>"
        "<ns1:data><ns1:quantity>2</ns1:quantity><ns1:decimalPlaces>0</ns1:decimalPlaces>"
        "<ns1:price>1995</ns1:price></ns1:data></ns1:line></ns1:lineList></ns1:order>"
        "<ns1:applySalesAndActions>false</ns1:applySalesAndActions>"
        "<ns1:applySalesPrices>false</ns1:applySalesPrices><ns1:applyPriceGroups>false</ns1:applyPriceGroups>"
        "</ns1:request></ns1:createOrderV3>"
    )


def test_the_bytes_of_a_relation_and_of_a_search() -> None:
    assert content_of(relations.create(CUSTOMER).body) == (
        "<ns1:createRelation><ns1:relation><ns1:name>Jan &amp; Zn &lt;b&gt;</ns1:name>"
        "<ns1:address>Dorpstraat 1A</ns1:address><ns1:zipcode>1111 ZZ</ns1:zipcode>"
        "<ns1:email>jan@example.nl</ns1:email></ns1:relation></ns1:createRelation>"
    )
    [search] = relations.searches(Customer(name="Jan", email=" jan@example.nl"), "email").calls
    assert content_of(search.body) == (
        "<ns1:findRelationV2><ns1:request><ns1:relation><ns1:email>jan@example.nl</ns1:email></ns1:relation>"
        "<ns1:exactMatch>true</ns1:exactMatch></ns1:request></ns1:findRelationV2>"
    )


def test_the_bytes_of_a_stock_question() -> None:
    assert content_of(stock.of_articles(3, (1001, 1002)).body) == (
        "<ns1:getStock><ns1:request><ns1:branchNumber>3</ns1:branchNumber><ns1:articleNumbers>"
        "<ns1:articleNumbers>1001</ns1:articleNumbers><ns1:articleNumbers>1002</ns1:articleNumbers>"
        "</ns1:articleNumbers></ns1:request></ns1:getStock>"
    )


def test_the_bytes_of_stock_that_is_set() -> None:
    assert content_of(stock.set_to(3, 1001, Decimal("2.50"), "Bol & co", 7).body) == (
        "<ns1:setStock><ns1:request><ns1:branchNumber>3</ns1:branchNumber><ns1:articleNumber>1001</ns1:articleNumber>"
        "<ns1:amount>25</ns1:amount><ns1:decimalPlaces>1</ns1:decimalPlaces><ns1:employeeNumber>7</ns1:employeeNumber>"
        "<ns1:reference>Bol &amp; co</ns1:reference></ns1:request></ns1:setStock>"
    )


def test_the_bytes_of_a_question_for_changed_packing_slips() -> None:
    assert content_of(settling.get_packing_slips(88).body) == (
        "<ns1:getPackingSlips><ns1:request><ns1:syncMarker>88</ns1:syncMarker>"
        "<ns1:syncMarkerLimit>100</ns1:syncMarkerLimit></ns1:request></ns1:getPackingSlips>"
    )


def test_what_may_be_repeated_and_what_is_kept() -> None:
    assert {one.name for one in ALL.values() if not one.idempotent} == {
        "cancelOrder", "createOrderV2", "createRelation", "deliverOrder", "deliverOrderV2", "payOrder",
        "setStock",
    }  # fmt: skip
    assert {one.name for one in ALL.values() if one.kept} == {
        "cancelOrder", "createOrderV2", "createOrderV3", "createRelation", "deliverOrder", "deliverOrderV2",
        "findOrder", "findRelationV2", "getOrder", "getOrders", "getPackingSlips", "getPackingSlipsByOrder",
        "getProducts", "getStock", "getStockHistoryV2", "payOrder", "payOrderV2", "setStock", "updateOrder",
        "updateRelation",
    }  # fmt: skip
    kept = {name for name, one in ALL.items() if one.kept and one.name == "getStock"}
    assert kept == {"branch", "whole-branch", "own-stock"}, (
        "others share a call, whose answer is nobody's own"
    )
    assert {name for name, one in ALL.items() if one.bulk} == {
        "articles", "orders", "changed-slips", "branch", "whole-branch", "history",
    }  # fmt: skip


def test_stock_of_no_article_and_a_customer_without_address_are_never_asked_for() -> None:
    with pytest.raises(ValueError, match="whole branch"):
        stock.of_articles(1, ())
    nobody = Customer(name="Jan", email="  ", zip_code="1111 ZZ", address="Dorpstraat")
    assert [relations.searches(nobody, sought) for sought in SOUGHT] == [relations.Searches()] * 5


def test_all_that_is_set_arrives_where_the_schema_has_it() -> None:
    sent = operation_of(ALL["create-full"].body)
    order = sent.find(".//{*}order")
    names = {etree.QName(one).localname for one in order}
    assert names >= set(elements.ORDER.settable) | {"deliveryAddress", "lineList"}
    assert order.findtext("{*}financialDate/{*}day") == "20"
    assert order.findtext("{*}deliveryPeriodBegin/{*}hour") == "9"
    assert order.findtext("{*}deliveryPeriodBegin/{*}timezone") == "60"
    assert order.findtext("{*}deliveryAddress/{*}supplierInformation") == "x & y"
    line = order.find("{*}lineList/{*}line")
    assert line.findtext("{*}data/{*}purchasePrice") == "33"
    assert line.findtext("{*}data/{*}quantity") == "-1"
    relation = operation_of(ALL["create-full-relation"].body)[0]
    assert [one.text for one in relation.findall("{*}categoryIds/{*}category")] == ["3", "4"]
    assert [one.text for one in relation.findall("{*}customFieldList/{*}customField/{*}fieldName")] == [
        "Kleur", "Punten", "Vip",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "table", [elements.ORDER, elements.LINE, elements.DATA, elements.ADDRESS, elements.RELATION]
)
def test_the_tables_are_the_schemas_sequences(table: elements.Table) -> None:
    names = {"an order": "Order", "an address": "Address", "a relation": "Relation"}
    name = names.get(table.what, "Line" if "lineId" in table.kinds else "LineData")
    [of_type] = CONTRACT.findall(f".//{XSD}complexType[@name='{name}']")
    assert list(table.kinds) == [one.get("name") for one in of_type.iter(f"{XSD}element")]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"colour": "red"}, "an order in Mplus has no field 'colour'"),
        ({"extOrderId": "x"}, "'extOrderId' of an order in Mplus is set by kassabrug itself"),
        ({"fullyPaid": True}, "'fullyPaid' of an order in Mplus is set by Mplus itself"),
        ({"tableNumber": "seven"}, "'tableNumber' of an order in Mplus takes a whole number, not 'seven'"),
        ({"tableNumber": 2**31}, "takes a whole number"),
        ({"vatCountryCode": 2**15}, "takes a whole number"),
        ({"deliveryDate": "tomorrow"}, "takes a day as 2026-11-20, not 'tomorrow'"),
        ({"deliveryPeriodEnd": "9:30"}, "takes a moment"),
        ({"deliveryAddress.street": "x"}, "an address in Mplus has no field 'street'"),
    ],
)
def test_what_does_not_fit_is_told_in_words(extra: dict[str, Extra], said: str) -> None:
    with pytest.raises(elements.Unfit, match=said):
        orders.create(replace(DRAFT, extra=extra))


def test_what_does_not_fit_a_line_or_a_relation() -> None:
    [line] = DRAFT.lines
    bad: list[tuple[dict[str, Extra], str]] = [
        ({"data.quantity": 1}, "kassabrug"), ({"quantity": 1}, "no field"),
        ({"suppressDisposableComponent": "maybe"}, "true or false"),
    ]  # fmt: skip
    for extra, said in bad:
        with pytest.raises(elements.Unfit, match=said):
            orders.create(replace(DRAFT, lines=(replace(line, extra=extra),)))
    worse: list[tuple[dict[str, Extra], str]] = [
        ({"categoryIds": "a"}, "takes numbers"), ({"contactList": "x"}, "kassabrug"),
    ]  # fmt: skip
    for extra, said in worse:
        with pytest.raises(elements.Unfit, match=said):
            relations.create(replace(CUSTOMER, extra=extra))


def test_a_renewal_leaves_whose_relation_it_is_and_makes_no_contact() -> None:
    sent = ALL["update-relation"].body.decode()
    assert "extRelationId" not in sent
    assert "contactList" not in sent
    assert "<ns1:contact>Piet</ns1:contact>" in sent
    made = content_of(ALL["create-whole-relation"].body)
    assert "<ns1:extRelationId>bol-1</ns1:extRelationId><ns1:name>" in made
    assert "<ns1:contactList><ns1:relation><ns1:name>Piet</ns1:name>" in made
    assert "contactList" not in relations.create(WHOLE_CUSTOMER, contact_below=False).body.decode()


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6),
)
def test_a_quantity_arrives_as_it_was(value: Decimal) -> None:
    line = operation_of(soap.envelope("x", soap.amount("quantity", "decimalPlaces", value)))
    assert Decimal(line[0].text).scaleb(-int(line[1].text)) == value


@given(st.integers(0, 10**9).map(lambda seconds: START + timedelta(seconds=seconds)))
def test_a_moment_arrives_as_it_was(value: datetime) -> None:
    read = reply.answer(soap.envelope("xResponse", soap.moment("at", value))).moment("at")
    assert read == value


@given(st.text())
def test_any_text_arrives_but_for_what_xml_cannot_hold(value: str) -> None:
    sent = operation_of(soap.envelope("findOrder", soap.text("extOrderId", value)))
    arrived = sent[0].text or ""
    assert arrived == "".join(
        sign
        for sign in value
        if sign in "\t\n\r"
        or (sign >= " " and not "\ud800" <= sign <= "\udfff" and sign not in "\ufffe\uffff")
    )
    SCHEMA.assertValid(sent)
