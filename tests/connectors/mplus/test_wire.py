"""Replies into our words, entity by entity; requests are in test_soap.py."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import pytest

from connectors.mplus import articles, lookups, orders, relations, settling, stock
from connectors.mplus.operation import Operation
from connectors.mplus.reply import Rows, Unreadable
from streams.vocabulary.events import ArticleSeen, Code, MarkersRead
from streams.vocabulary.mplus_order import Customer, Moved, MplusOrder, MplusOrderLine, PackingSlip, Payment
from streams.vocabulary.outcomes import Refused
from tests.connectors.mplus.test_soap import DRAFT, sent_of
from tests.connectors.mplus.till import START, envelope, operation_of, sample, stock_reply, stock_row, tree

T = TypeVar("T")
CUSTOMER = Customer(name="Jan", email="jan@example.nl")
ORDER = MplusOrder(
    order_id="001a3cd4-3892-405b-9689-134b36656063", ext_order_id="BOL-1043946570", number="2026-14", marker=513,
    delivery_state="ORDER-DELIVERY-STATE-NOTHING", cancel_state="ORDER-CANCEL-STATE-NOTHING",
    complete_state="ORDER-COMPLETE-STATE-NOTHING", relation_number=681, total_cents=3990, prepaid_cents=3990,
    fully_paid=True, version=1, changes=1,
    lines=(MplusOrderLine(article_number=1001, quantity=Decimal(2), line_id="8b1f", price_cents=1995),),
)  # fmt: skip


def read(operation: Operation[T], body: bytes) -> T:
    return operation.read(body, START, START)


# -- articles


def products(*content: str) -> Rows[articles.Product]:
    body = envelope(tree("GetProductsResponse", tree("productList", *content)))
    return read(articles.get_products(0), body)


def product(*content: object, marker: int | str = 4321, name: str = "Das") -> str:
    return tree(
        "product", tree("syncMarker", marker), tree("description", name), tree("articleList", *content)
    )


def article(number: object, **fields: object) -> str:
    return tree(
        "article", tree("articleNumber", number), *(tree(name, value) for name, value in fields.items())
    )


def test_the_sample_of_products() -> None:
    [found] = read(articles.get_products(0), sample("resp_getProducts")).found
    assert found.marker == 4321
    assert found.articles == (
        ArticleSeen(
            article_number=1001,
            description="Das geel",
            codes=(
                Code(kind="ean", value="8712345678906"),
                Code(kind="ean", value="8712345678906"),
                Code(kind="sku", value="1001"),
                Code(kind="sku", value="1001"),
            ),
            marker=4321,
            vat_code=2,
            price_cents=1995,
            groups=(10,),
        ),
    )
    assert read(articles.get_products(0), sample("resp_getProducts_empty")).found == []


def test_a_bare_article_is_taken_to_be_on_sale() -> None:
    [found] = products(product(article(7))).found
    assert found.articles == (
        ArticleSeen(article_number=7, description="Das", codes=(Code(kind="sku", value="7"),), marker=4321),
    )


def test_what_is_switched_off_is_seen_to_be() -> None:
    [found] = products(product(article(7, active="false", stockArticle="0", syncMarker=5))).found
    [seen] = found.articles
    assert (seen.active, seen.stock_kept, seen.marker) == (False, False, 5)


@pytest.mark.parametrize(
    ("fields", "description"),
    [
        ({"description": "Sjaal", "colour": "rood", "size": "L"}, "Sjaal rood L"),
        ({"description": "Sjaal ROOD", "colour": "rood"}, "Sjaal ROOD"),
        ({"colour": "rood"}, "Das rood"),
        ({"description": "x" * 500}, "x" * articles.LONGEST),
    ],
)
def test_how_an_article_is_called(fields: dict[str, str], description: str) -> None:
    [found] = products(product(article(7, **fields))).found
    assert found.articles[0].description == description


@pytest.mark.parametrize(
    ("quantity", "places", "codes"),
    [
        ("6", "0", [Code(kind="ean", value="871", units=6)]),
        ("600", "2", [Code(kind="ean", value="871", units=6)]),
        ("0", "", [Code(kind="ean", value="871")]),
        ("", "", [Code(kind="ean", value="871")]),
        ("530", "3", []),
    ],
)
def test_barcodes_of_several_pieces(quantity: str, places: str, codes: list[Code]) -> None:
    barcode = tree(
        "barcode", tree("barcode", "871"), tree("quantity", quantity), tree("decimalPlaces", places)
    )
    [found] = products(product(article(7, barcodeList=barcode, pluNumber="P7", extArticleId="X7"))).found
    assert list(found.articles[0].codes) == [
        *codes, Code(kind="sku", value="P7"), Code(kind="sku", value="X7"), Code(kind="sku", value="7"),
    ]  # fmt: skip


@pytest.mark.parametrize("bad", ["abc", "", "0", "-3"])
def test_an_article_that_cannot_be_read_takes_no_other_with_it(bad: str) -> None:
    [found] = products(product(article(bad), article(8))).found
    assert [one.article_number for one in found.articles] == [8]
    assert found.left_out == 1
    assert found.why


def test_where_a_product_stands_in_the_feed() -> None:
    with_own, without = (
        product(article(7, syncMarker=9), marker=5),
        product(article(8, syncMarker=9), marker=""),
    )
    assert [one.marker for one in products(with_own, without, product(marker="")).found] == [5, 9, 0]


# -- stock


def test_the_sample_of_stock() -> None:
    [reading] = read(stock.of_articles(1, (1001,)), sample("resp_getStock"))
    assert (reading.article_number, reading.branch, reading.marker) == (1001, 1, 9850)
    assert (reading.free, reading.reserved, reading.incoming) == (10, 3, 20)


ROW = sample("resp_getStock")
FREE = b"<ns:amountFree>10</ns:amountFree>"
MARKER = b"<ns:stockId>9850</ns:stockId>"
LAST = b"<ns:isDayStockArticle>false</ns:isDayStockArticle>"


@pytest.mark.parametrize(
    "body",
    [
        ROW.replace(FREE, b"<ns:brandNew><ns:amountFree>3</ns:amountFree></ns:brandNew>" + FREE),
        ROW.replace(MARKER, b"").replace(LAST, LAST + MARKER),
        ROW.replace(LAST, b""),
        ROW.replace(b"GetStockResponse", b"getStockV9response"),
        b"\xef\xbb\xbf" + ROW,
    ],
    ids=["new-field", "out-of-order", "required-missing", "another-name", "byte-order-mark"],
)
def test_replies_that_live_installations_give(body: bytes) -> None:
    """docs/decisions/0003-soap-with-lxml.md has what a SOAP library makes of these."""
    assert read(stock.of_articles(1, (1001,)), body) == read(stock.of_articles(1, (1001,)), ROW)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (ROW.replace(FREE, b""), "no amountFree"),
        (ROW.replace(FREE, b"<ns:amountFree/>"), "no amountFree"),
        (ROW.replace(FREE, b"<ns:amountFree>x</ns:amountFree>"), "amountFree is 'x'"),
        (ROW.rstrip()[:-60], "not XML"),
    ],
)
def test_a_number_that_was_not_read_is_no_number(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read(stock.of_articles(1, (1001,)), body)


def test_a_branch_of_stock() -> None:
    rows = read(
        stock.of_branch(1, 5), stock_reply(stock_row(1, branch=None), stock_row(2, branch=2), stock_row("x"))  # type: ignore[arg-type]  # rubbish on purpose
    )  # fmt: skip
    assert [(one.article_number, one.branch) for one in rows.found] == [(1, 1)]
    assert rows.left_out == 1


def test_parts_of_an_article_are_not_its_stock() -> None:
    part = stock_row(5, free=99).replace("articleStocks", "subArticle")
    whole = stock_row(1001, free=4).replace("</ns:articleStocks>", f"{part}</ns:articleStocks>")
    [reading] = read(stock.of_articles(1, (1001, 5)), stock_reply(whole))
    assert (reading.article_number, reading.free) == (1001, 4)


def test_of_two_rows_of_an_article_the_last_change_counts() -> None:
    rows = [stock_row(1001, free, marker=marker) for free, marker in ((4, 7), (3, 9), (5, 8))]
    [reading] = read(stock.of_articles(1, (1001,)), stock_reply(*rows))
    assert (reading.free, reading.marker) == (3, 9)


def test_negative_stock_is_read_as_it_is() -> None:
    [reading] = read(stock.of_articles(1, (1001,)), stock_reply(stock_row(1001, free=-25, places=1)))
    assert reading.free == Decimal("-2.5")


# -- orders


def test_the_samples_of_orders() -> None:
    assert read(orders.find("BOL-1043946570"), sample("resp_findOrder_found")) == ORDER
    assert read(orders.find("BOL-1043946570"), sample("resp_findOrder_none")) is None
    [found] = read(orders.get_orders(0), sample("resp_getOrders")).found
    assert found == ORDER
    made = orders.Created(ORDER.order_id, "2026-14")
    assert read(orders.create(DRAFT), sample("resp_createOrderV3")) == made._replace(marker=513)
    assert read(orders.create(DRAFT), sample("resp_createOrder")) == made
    assert read(orders.create(DRAFT), sample("resp_createOrder_dup")) == Refused(
        said="extOrderId exists", code=orders.EXISTS
    )


def test_every_article_of_an_order_is_doubted_parts_and_preparations_too() -> None:
    part = tree("line", tree("articleNumber", 5), tree("lineType", "LINE-TYPE-COMPONENT"))
    line = tree(
        "line", tree("articleNumber", 7), tree("preparationList", tree("line", tree("articleNumber", 9)))
    )
    text = tree("line", tree("articleNumber", 0), tree("text", "Let op"))
    order = tree("order", tree("orderId", "o"), tree("lineList", line, part, text))
    [found] = read(orders.get_orders(0), envelope(tree("GetOrdersResponse", tree("orderList", order)))).found
    assert found.articles == {5, 7, 9}
    assert found.prepared == (9,)
    assert [one.article_number for one in found.lines] == [7, 5, 0]
    assert [one.quantity for one in found.lines] == [0, 0, 0]


def test_the_marker_of_an_order_that_waits_for_its_branch_is_not_final() -> None:
    """It takes another one when the branch's own database has it (facts/mplus.md 7.1)."""
    queued = sample("resp_createOrderV3").replace(
        b"</ns:orderString>", b"</ns:orderString><ns:orderQueued>true</ns:orderQueued>"
    )
    made = read(orders.create(DRAFT), queued)
    assert isinstance(made, orders.Created)
    assert (made.number, made.marker) == ("2026-14", 0)


def test_what_was_delivered_and_cancelled() -> None:
    pairs = {"quantity": (30, 1), "delivered": (2, 0), "cancelled": (100, 2)}
    data = "".join(
        tree(f"{name}Quantity" if name != "quantity" else name, value)
        + tree(f"{name}DecimalPlaces" if name != "quantity" else "decimalPlaces", places)
        for name, (value, places) in pairs.items()
    )
    line = tree("line", tree("articleNumber", 7), tree("data", data, tree("price", 5)))
    order = tree("order", tree("orderId", "o"), tree("lineList", line))
    [found] = read(orders.get_orders(0), envelope(tree("GetOrdersResponse", tree("orderList", order)))).found
    [read_line] = found.lines
    assert (read_line.quantity, read_line.delivered, read_line.cancelled, read_line.price_cents) == (
        3,
        2,
        1,
        5,
    )
    assert found.number == ""


def found_order(*content: str) -> bytes:
    return envelope(tree("GetOrderResponse", tree("result", "GET-ORDER-RESULT-OK"), *content))


def test_another_order_than_the_one_asked_for_is_not_adopted() -> None:
    other = tree("order", tree("orderId", "o"), tree("extOrderId", "BOL-2"))
    with pytest.raises(Unreadable, match="another"):
        read(orders.find("BOL-1"), found_order(other))
    with pytest.raises(Unreadable, match="not in the reply"):
        read(orders.find("BOL-1"), found_order())
    lean = read(orders.find("BOL-1"), found_order(tree("order", tree("orderId", "o"))))
    assert lean is not None
    assert lean.order_id == "o"


def test_an_order_that_was_made_has_an_id() -> None:
    body = envelope(tree("CreateOrderV3Response", tree("result", "CREATE-ORDER-RESULT-OK"), tree("info")))
    with pytest.raises(Unreadable, match="does not say which"):
        read(orders.create(DRAFT), body)


# -- relations


def by_email(email: str, body: bytes) -> int | None:
    [search] = relations.searches(Customer(name="Jan", email=email), "email").calls
    found = read(search, body)
    return None if isinstance(found, relations.Stranger) else found


def test_the_samples_of_relations() -> None:
    assert by_email("JAN@example.nl", sample("resp_findRelation_found")) == 681
    assert by_email("jan@example.nl", sample("resp_findRelation_none")) is None
    assert read(relations.create(CUSTOMER), sample("resp_createRelation")) == 682


def test_a_stranger_is_not_found() -> None:
    assert by_email("an@example.nl", sample("resp_findRelation_found")) is None


def test_mplus_says_no() -> None:
    failed = tree("result", "CREATE-RELATION-RESULT-FAILED") + tree("relationNumber", 0)
    body = envelope(tree("CreateRelationResponse", failed, tree("errorMessage", " no \n name")))
    assert read(relations.create(CUSTOMER), body) == Refused(
        said="no name", code="CREATE-RELATION-RESULT-FAILED"
    )
    body = envelope(tree("UpdateRelationResponse", tree("result", "UPDATE-RELATION-RESULT-NOT-FOUND")))
    no = "UPDATE-RELATION-RESULT-NOT-FOUND"
    assert read(relations.update(5, CUSTOMER), body) == Refused(said=no, code=no)
    body = envelope(tree("UpdateRelationResponse", tree("result", "UPDATE-RELATION-RESULT-OK")))
    assert read(relations.update(5, CUSTOMER), body) == 5


@pytest.mark.parametrize(
    "content",
    ["", tree("result", ""), tree("result", "FIND-RELATION-RESULT-BUSY"),
     tree("result", "FIND-RELATION-RESULT-OK") + tree("relation", tree("email", "jan@example.nl")),
     tree("result", "FIND-RELATION-RESULT-OK")
     + tree("relation", tree("email", "jan@example.nl"), tree("relationNumber", 0))],
)  # fmt: skip
def test_neither_yes_nor_no_is_unreadable(content: str) -> None:
    """Taking it for a no would make a second customer."""
    with pytest.raises(Unreadable):
        by_email("jan@example.nl", envelope(tree("FindRelationV2Response", content)))


# -- lookups


def test_the_samples_of_lookups() -> None:
    assert read(lookups.sync_markers(), sample("resp_getCurrentSyncMarkers")) == MarkersRead(
        article=4321, order=512, relation=700, stock=9842, slip=77
    )
    version = read(lookups.api_version(), sample("resp_getApiVersion"))
    assert str(version) == "67.1.3"


def test_markers_that_an_installation_may_leave_out() -> None:
    body = sample("resp_getCurrentSyncMarkers").replace(b"<ns:stockId>9842</ns:stockId>", b"")
    assert read(lookups.sync_markers(), body).stock is None
    assert read(lookups.sync_markers(), body).slip == 77
    without = body.replace(b"<ns:packingSlipSyncMarker>77</ns:packingSlipSyncMarker>", b"")
    assert read(lookups.sync_markers(), without).slip is None
    with pytest.raises(Unreadable, match="no orderSyncMarker"):
        read(lookups.sync_markers(), body.replace(b"orderSyncMarker", b"x"))


def test_when_the_software_was_built() -> None:
    parts = {"sec": 0, "min": 30, "hour": 10, "day": 30, "mon": 7, "year": 2026, "timezone": 120}
    built = tree("serviceDateTime", *(tree(name, value) for name, value in parts.items()))
    version = read(lookups.api_version(), envelope(tree("getApiVersionResponse", built)))
    assert version == lookups.Version("0.0.0", "0.0.0", datetime(2026, 7, 30, 8, 30, tzinfo=UTC))


# -- what is done to orders


def test_the_samples_of_settling() -> None:
    order_id = ORDER.order_id
    assert read(settling.cancel(order_id), sample("resp_cancelOrder")) is None
    assert read(settling.deliver(order_id, {"8b1f": Decimal(1)}), sample("resp_deliverOrderV2")) is None
    held = read(orders.get(order_id), sample("resp_findOrder_found"))
    assert held is not None
    assert held.order == ORDER
    assert read(orders.get(order_id), sample("resp_findOrder_none")) is None
    with pytest.raises(Unreadable, match="another"):
        read(orders.get("other"), sample("resp_findOrder_found"))


def test_the_whole_of_an_order() -> None:
    component = tree(
        "line", tree("lineId", "p"), tree("articleNumber", 8), tree("lineType", "LINE-TYPE-COMPONENT")
    )
    order = tree(
        "order", tree("orderId", "o"), tree("extOrderId", "BOL-1"),
        tree("invoiceIds", tree("id", "i1"), tree("id", "i2")), tree("relationNumber", 681),
        tree("reference", "3S1"), tree("totalInclAmount", -5), tree("deliveryMethod", "POST"),
        tree("changeCounter", 4), tree("versionNumber", 3), tree("prepaidAmount", 2), tree("fullyPaid", 1),
        tree("completeState", "ORDER-COMPLETE-STATE-PARTIAL"), tree("orderCategoryNumber", 2),
        tree("lineList", component),
        tree("paymentList", tree("payment", tree("method", "BOL"), tree("amount", 2), tree("externalReference", "B"))),
    )  # fmt: skip
    held = read(orders.get("O"), found_order(order))
    assert held is not None
    one = held.order
    assert (one.reference, one.category, one.delivery_method, one.relation_number) == ("3S1", 2, "POST", 681)
    assert (one.total_cents, one.prepaid_cents, one.fully_paid, one.invoices) == (-5, 2, True, ("i1", "i2"))
    assert (one.version, one.changes, one.complete_state) == (3, 4, "ORDER-COMPLETE-STATE-PARTIAL")
    assert [(line.line_id, line.component) for line in one.lines] == [("p", True)]
    assert held.payments == (Payment(method="BOL", cents=2, reference="B"),)


def test_an_order_whose_payment_failed_is_there_all_the_same() -> None:
    failed = tree("result", "CREATE-ORDER-RESULT-PAYMENT-FAILED")
    said = tree("errorMessage", "unknown payment method X")
    info = tree("info", tree("orderId", "o"), tree("orderString", "2026.7"))
    with_order = envelope(tree("CreateOrderV3Response", failed, said, info))
    assert read(orders.create(DRAFT), with_order) == orders.Created("o", "2026-7", "unknown payment method X")
    without = envelope(tree("CreateOrderV3Response", failed, said, tree("info", tree("orderId"))))
    assert read(orders.create(DRAFT), without) == Refused(said="unknown payment method X", code=orders.UNPAID)


def slip(slip_id: str, number: int, *more: str) -> str:
    numbered = tree("packingSlipNumber", tree("year", 2026), tree("number", number))
    return tree("packingSlip", tree("packingSlipId", slip_id), numbered, *more)


def moved(article: int, quantity: int, kind: str = "LINE-TYPE-NONE") -> str:
    data = tree("data", tree("quantity", quantity), tree("decimalPlaces", 0))
    return tree("line", tree("articleNumber", article), data, tree("lineType", kind))


def test_packing_slips_the_oldest_first_without_cancelled_ones_and_parts() -> None:
    lines = tree("lineList", moved(1001, 2), moved(8, 4, "LINE-TYPE-COMPONENT"), moved(0, 1))
    answer = tree(
        "GetPackingSlipsByOrderResponse",
        tree(
            "packingSlipList",
            slip("z", 11, tree("reference", "3SABC"), tree("state", "PACKING-SLIP-STATE-OPEN"), lines),
            slip("y", 9, tree("state", "PACKING-SLIP-STATE-INVOICED")),
            slip("x", 10, tree("state", "PACKING-SLIP-STATE-CANCELLED")),
        ),
    )
    assert read(settling.packing_slips("o"), envelope(answer)) == (
        PackingSlip(slip_id="y", number="2026-9", state="PACKING-SLIP-STATE-INVOICED"),
        PackingSlip(
            slip_id="z", number="2026-11", reference="3SABC", state="PACKING-SLIP-STATE-OPEN",
            lines=(Moved(article_number=1001, quantity=2),),
        ),
    )  # fmt: skip


def test_changed_packing_slips_say_whose_they_are_and_cancelled_ones_come_too() -> None:
    answer = tree(
        "GetPackingSlipsResponse",
        tree(
            "packingSlipList",
            slip(
                "z", 11, tree("orderId", "m1"), tree("extOrderId", "BOL-1"), tree("syncMarker", 89),
                tree("reference", "3SABC"), tree("state", "PACKING-SLIP-STATE-OPEN"),
                tree("lineList", moved(1001, 2), moved(8, 4, "LINE-TYPE-COMPONENT")),
            ),
            slip("y", 9, tree("syncMarker", 88), tree("state", "PACKING-SLIP-STATE-CANCELLED")),
            slip("x", 8, tree("syncMarker", "eighty-seven")),
        ),
    )  # fmt: skip
    rows = read(settling.get_packing_slips(88), envelope(answer))
    of_a_shop_sale = settling.ChangedSlip(
        PackingSlip(slip_id="y", number="2026-9", state="PACKING-SLIP-STATE-CANCELLED", marker=88), "", ""
    )
    ours = PackingSlip(
        slip_id="z", number="2026-11", reference="3SABC", state="PACKING-SLIP-STATE-OPEN", marker=89,
        lines=(Moved(article_number=1001, quantity=2),),
    )  # fmt: skip
    assert rows.found == [settling.ChangedSlip(ours, "m1", "BOL-1"), of_a_shop_sale]
    assert rows.left_out == 1
    assert (ours.cancelled, of_a_shop_sale.slip.cancelled) == (False, True)


# -- who a relation is

JAN = Customer(
    name="Renée de Vries", email="jan@example.nl", identity="bol-7", vat_number="NL 0012.34.567.B01",
    chamber_of_commerce="12345678", address="Dorpstraat 12 bis", house_number="12 bis", zip_code="1111 ZZ",
)  # fmt: skip


AT_HOME = {"name": "Renée de Vries", "zipcode": "1111 ZZ", "address": "Dorpstraat 12 bis"}


def relation(**fields: str) -> bytes:
    inner = tree("relationNumber", 681) + "".join(tree(name, value) for name, value in fields.items())
    return envelope(
        tree("FindRelationV2Response", tree("result", "FIND-RELATION-RESULT-OK"), tree("relation", inner))
    )


@pytest.mark.parametrize(
    ("sought", "fields", "found"),
    [
        ("identity", {"extRelationId": "bol-7"}, True),
        ("identity", {"extRelationId": "bol-77"}, False),
        ("identity", {}, False),
        ("email", {"email": "Jan@Example.NL"}, True),
        ("email", {"email": "piet.jan@example.nl"}, False),
        ("vat", {"vatNumber": "NL001234567B01"}, True),
        ("vat", {"vatNumber": ""}, False),
        ("kvk", {"commerceNumber": "1234 5678"}, True),
        ("kvk", {"commerceNumber": "12345679"}, False),
        ("name-address", {"name": "RENEE DE VRIES", "zipcode": "1111zz", "address": "Dorpstr. 12-bis"}, True),
        ("name-address", {"name": "Renée de Vries", "zipcode": "1111 ZZ", "address": "Dorpstraat 12"}, False),
        (
            "name-address",
            {"name": "R. de Vries", "zipcode": "1111 ZZ", "address": "Dorpstraat 12 bis"},
            False,
        ),
        ("name-address", {"name": "Renée de Vries", "zipcode": "1112 ZZ", "address": "Kade 12 bis"}, False),
        ("email", {"email": "jan@example.nl", "vatNumber": "NL999999999B01"}, False),
        ("email", {"email": "jan@example.nl", "vatNumber": "nl 0012 34567 b01"}, True),
        ("email", {"email": "jan@example.nl", "vatNumber": "001234567B01"}, True),
        ("email", {"email": "jan@example.nl", "commerceNumber": "87654321"}, False),
        ("name-address", {**AT_HOME, "vatNumber": "NL001234567B02"}, False),
        ("name-address", {**AT_HOME, "commerceNumber": "12345678", "vatNumber": ""}, True),
    ],
)
def test_a_relation_counts_only_when_it_is_who_was_asked_for(
    sought: relations.Sought, fields: dict[str, str], found: bool
) -> None:
    for search in sent_of(relations.searches(JAN, sought)):
        assert read(search, relation(**fields)) == (681 if found else relations.STRANGER)


def test_a_name_is_looked_for_under_each_spelling_of_the_postcode_and_at_last_with_the_address() -> None:
    terms = []
    for search in sent_of(relations.searches(JAN, "name-address")):
        sent = operation_of(search.body).find(".//{*}relation")
        terms.append([one.text for one in sent])
    assert terms == [
        ["Renée de Vries", "1111 ZZ"],
        ["Renée de Vries", "1111ZZ"],
        ["Renée de Vries", "Dorpstraat 12 bis", "1111 ZZ"],
    ]


# -- more lookups


def test_what_an_order_may_name() -> None:
    employee = tree("employee", tree("employeeNumber", 7), tree("name", "Balie"), tree("active", "false"))
    assert read(
        lookups.employees(), envelope(tree("GetEmployeesResponse", tree("employeeList", employee)))
    ) == [lookups.Numbered(7, "Balie", usable=False)]
    category = tree(
        "orderCategory", tree("orderCategoryNumber", 3), tree("orderCategoryDescription", "Verzonden")
    )
    assert read(lookups.order_categories(), envelope(tree("GetOrderCategoriesResponse", category))) == [
        lookups.Numbered(3, "Verzonden")
    ]
    groups = [
        tree("turnoverGroup", tree("turnoverGroupType", f"TURNOVER-GROUP-TYPE-{kind}"), tree("turnoverGroup", number),
             tree("turnoverGroupName", kind))
        for number, kind in ((1, "TURNOVER"), (2, "PAYMENT"))
    ]  # fmt: skip
    body = envelope(tree("GetTurnoverGroupsResponse", tree("turnoverGroupList", *groups)))
    assert read(lookups.turnover_groups(), body) == [
        lookups.Numbered(1, "TURNOVER"), lookups.Numbered(2, "PAYMENT", usable=False),
    ]  # fmt: skip
    card = tree("cardCategory", tree("categoryId", 4), tree("name", "Bol.com"))
    body = envelope(tree("GetCardCategoriesResponse", tree("relationCardCategoryList", card)))
    assert read(lookups.card_categories(), body) == [lookups.Numbered(4, "Bol.com")]


@pytest.mark.parametrize("percentages", [(0, 900, 2100), (0, 9, 21)])
def test_percentages_of_vat_in_whole_or_in_hundredths(percentages: tuple[int, ...]) -> None:
    rows = [
        tree("vatGroup", tree("vatCode", code), tree("vatPercentage", one))
        for code, one in enumerate(percentages)
    ]
    found = read(lookups.vat_groups(), envelope(tree("getVatGroupListResponse", *rows)))
    assert [(one.code, one.percentage) for one in found] == [(0, 0), (1, 9), (2, 21)]


def test_the_name_of_a_relation() -> None:
    body = relation(name="", companyName="De Vries BV").replace(b"FIND-", b"GET-")
    assert read(relations.get(681), body) == "De Vries BV"
    with pytest.raises(Unreadable, match="not in the reply"):
        read(relations.get(682), body)
    none = envelope(
        tree("GetRelationResponse", tree("result", "GET-RELATION-RESULT-NOT-FOUND"), tree("relation"))
    )
    assert read(relations.get(681), none) is None
