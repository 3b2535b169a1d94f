from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.mplus import articles, lookups, orders, relations, soap, stock
from connectors.mplus.operation import Operation
from streams.vocabulary.mplus_order import Customer, OrderDraft, OrderLine, PostalAddress
from tests.connectors.mplus.till import SCHEMA, operation_of, sample

CUSTOMER = Customer(name="Jan & Zn <b>", email="jan@example.nl", address="Dorpstraat 1A", zip_code="1111 ZZ")
WHOLE_CUSTOMER = Customer(
    name="Jan de Vries", email="jan@example.nl", address="Dorpstraat 1A", zip_code="1111 ZZ", city="Utrecht",
    country="NL", phone="0612345678", company="De Vries BV", vat_number="NL001", chamber_of_commerce="123",
    delivery_address="Kade 2", delivery_zip_code="2222 AA", delivery_city="Zwolle", delivery_country="BE",
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
        company="De Vries BV",
    ),
    invoice_to=PostalAddress(name="Jan"),
)  # fmt: skip

ALL: dict[str, Operation[Any]] = {
    "articles": articles.get_products(0),
    "orders": orders.get_orders(513),
    "order": orders.find("BOL-1"),
    "create": orders.create(DRAFT),
    "create-whole": orders.create(WHOLE_DRAFT),
    "create-v2": orders.create_without_key(WHOLE_DRAFT),
    "relation": relations.find("jan@example.nl"),
    "create-relation": relations.create(CUSTOMER),
    "create-whole-relation": relations.create(WHOLE_CUSTOMER),
    "update-relation": relations.update(681, WHOLE_CUSTOMER),
    "stock": stock.of_articles(1, (1001, 1002)),
    "branch": stock.of_branch(2, 9842),
    "whole-branch": stock.of_branch(2, None),
    "markers": lookups.sync_markers(),
    "version": lookups.api_version(),
    "branches": lookups.branches(),
    "payment": lookups.payment_methods(),
    "delivery": lookups.delivery_methods(),
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
    assert content_of(relations.find(" jan@example.nl").body) == (
        "<ns1:findRelationV2><ns1:request><ns1:relation><ns1:email>jan@example.nl</ns1:email></ns1:relation>"
        "<ns1:exactMatch>true</ns1:exactMatch></ns1:request></ns1:findRelationV2>"
    )


def test_the_bytes_of_a_stock_question() -> None:
    assert content_of(stock.of_articles(3, (1001, 1002)).body) == (
        "<ns1:getStock><ns1:request><ns1:branchNumber>3</ns1:branchNumber><ns1:articleNumbers>"
        "<ns1:articleNumbers>1001</ns1:articleNumbers><ns1:articleNumbers>1002</ns1:articleNumbers>"
        "</ns1:articleNumbers></ns1:request></ns1:getStock>"
    )


def test_what_may_be_repeated_and_what_is_kept() -> None:
    assert {one.name for one in ALL.values() if not one.idempotent} == {"createOrderV2", "createRelation"}
    assert {one.name for one in ALL.values() if one.kept} == {
        "createOrderV2", "createOrderV3", "createRelation", "findOrder", "findRelationV2", "getOrders", "getProducts",
        "getStock", "updateRelation",
    }  # fmt: skip
    kept = {name for name, one in ALL.items() if one.kept and one.name == "getStock"}
    assert kept == {"branch", "whole-branch"}, "single articles share a call, whose answer is nobody's own"
    assert {name for name, one in ALL.items() if one.bulk} == {"articles", "orders", "branch", "whole-branch"}


def test_stock_of_no_article_and_a_customer_without_address_are_never_asked_for() -> None:
    with pytest.raises(ValueError, match="whole branch"):
        stock.of_articles(1, ())
    with pytest.raises(ValueError, match="e-mail"):
        relations.find("  ")


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
