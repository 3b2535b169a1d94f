from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus import articles, lookups, orders, relations, settling, stock
from connectors.mplus.operation import Operation
from connectors.mplus.reply import Fault, Node, Unreadable, answer, rows
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.time import SHOP_ZONE
from tests.connectors.mplus.till import START, envelope, sample, tree

READ: dict[str, Operation[Any]] = {
    "resp_getProducts": articles.get_products(0),
    "resp_getOrders": orders.get_orders(0),
    "resp_findOrder_found": orders.find("BOL-1043946570"),
    "resp_cancelOrder": settling.cancel("o"),
    "resp_deliverOrderV2": settling.deliver("o", {"8b1f": Decimal(1)}),
    "resp_getStock": stock.of_articles(1, (1001,)),
    "resp_getCurrentSyncMarkers": lookups.sync_markers(),
    "resp_getApiVersion": lookups.api_version(),
    "resp_findRelation_found": relations.searches(
        Customer(name="Jan", email="jan@example.nl"), "email"
    ).calls[0],
    "resp_createRelation": relations.create(Customer(name="Jan", email="")),
}


def read(name: str, body: bytes) -> Any:
    return READ[name].read(body, START, START)


@pytest.mark.parametrize("name", READ)
def test_a_reply_cut_at_any_byte_is_unreadable(name: str) -> None:
    body = sample(name).rstrip()
    read(name, body)
    for end in range(len(body)):
        with pytest.raises(Unreadable):
            read(name, body[:end])


@given(st.sampled_from(sorted(READ)), st.data())
def test_a_reply_with_any_byte_changed_is_read_or_refused(name: str, data: st.DataObject) -> None:
    body = bytearray(sample(name))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unreadable, Fault):
        read(name, bytes(body))


@given(st.sampled_from(sorted(READ)), st.binary(max_size=300))
def test_rubbish_is_unreadable(name: str, body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(name, body)


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE l SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE l [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        LAUGHS,
    ],
)
@pytest.mark.parametrize("inside", ["", "&e;", "&c;"])
def test_a_document_type_is_refused(prolog: str, inside: str) -> None:
    plain = envelope(tree("GetStockResponse", tree("stockId", inside))).decode()
    body = plain.replace("?>\n", f"?>\n{prolog}", 1).encode()
    with pytest.raises(Unreadable):
        answer(body)
    with pytest.raises(Unreadable):
        rows(body, ("stockId",), Node.itself)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not XML"),
        (b"<html><body>Welcome</body></html>", "<html>, not a SOAP envelope"),
        (b"<Envelope/>", "empty"),
        (b"<Envelope><Body/></Envelope>", "empty"),
        (b"<Envelope><Body>text</Body></Envelope>", "empty"),
        (b"<Envelope><Body><getStock/></Body></Envelope>", "no response"),
        (b"<Envelope><Body>" + b"<a>" * 100_000, "not XML"),
    ],
)
def test_what_is_no_reply_says_why(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        answer(body)


def test_prefixes_case_header_marks_comments_and_strange_elements_do_not_matter() -> None:
    body = (
        b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- hello --><e:Envelope xmlns:e='urn:x'><e:Header><a/></e:Header>"
        b"<e:Body><!-- hello --><x:GETSTOCKRESPONSE xmlns:x='urn:mplusqapi'><?pi?><x:new>1</x:new>"
        b"<x:stockId> 7 </x:stockId><x:stockId>8</x:stockId></x:GETSTOCKRESPONSE></e:Body></e:Envelope>"
    )
    assert answer(body).whole("stockId") == 7
    assert rows(body, ("stockId",), Node.itself).found == [7, 8]


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("SOAP-ENV:Client", True), ("SOAP-ENV:Client.Authentication", True), ("Client", True), ("soap:client.X", True),
        ("SOAP-ENV:Server", False), ("SOAP-ENV:Server.Busy", False), ("", False), ("Clients:Server", False),
    ],
)  # fmt: skip
def test_whose_fault_it_is(code: str, ours: bool) -> None:
    inner = f"<Fault><faultcode>{code}</faultcode><faultstring> Oops </faultstring></Fault>"
    for reading in (answer, lambda body: rows(body, ("articleStocks",), Node.itself)):
        with pytest.raises(Fault) as raised:
            reading(envelope(inner))
        assert (raised.value.ours, raised.value.code, raised.value.said) == (ours, code, "Oops")


def node(*content: str) -> Node:
    return answer(envelope(tree("XResponse", *content)))


@pytest.mark.parametrize("text", ["1", " 1 ", "+1", "1.0", "1.000"])
def test_whole_numbers(text: str) -> None:
    assert node(tree("n", text)).whole("n") == 1


@pytest.mark.parametrize("text", ["x", "1.5", "1_0", "0x1", "١", "9" * 19, "9" * 5000, "1e3", "nan", "-"])
def test_no_whole_numbers(text: str) -> None:
    with pytest.raises(Unreadable, match=r"XResponse\.n is"):
        node(tree("n", text)).whole("n", 5)


def test_missing_and_empty_numbers() -> None:
    assert node("<ns:n/>").whole("n", 5) == 5
    assert node("<ns:n/>").maybe("n") is None
    with pytest.raises(Unreadable, match="has no n"):
        node("<ns:n/>").whole("n")


def test_flags() -> None:
    read = [node(tree("f", text)).flag("f", True) for text in ("true", "1", "FALSE", "0", "")]
    assert read == [True, True, False, False, True]
    with pytest.raises(Unreadable, match="neither true nor false"):
        node(tree("f", "yes")).flag("f", True)


@pytest.mark.parametrize(
    ("quantity", "places", "value"),
    [
        ("530", "3", "0.530"),
        ("1", "", "1"),
        ("-5", "0", "-5"),
        ("0", "2", "0.00"),
        (str(2**63 - 1), "9", None),
    ],
)
def test_amounts(quantity: str, places: str, value: str | None) -> None:
    amount = node(tree("q", quantity), tree("p", places)).amount("q", "p")
    assert amount == Decimal(value if value is not None else "9223372036.854775807")
    assert node(tree("q", "7")).amount("q", "p") == 7


@pytest.mark.parametrize("places", ["-1", "10", "99999999999", "x"])
def test_no_amounts(places: str) -> None:
    with pytest.raises(Unreadable):
        node(tree("q", "1"), tree("p", places)).amount("q", "p")


@given(st.integers(-(10**12), 10**12), st.integers(0, 9))
def test_amounts_are_exact(quantity: int, places: int) -> None:
    amount = node(tree("q", quantity), tree("p", places)).amount("q", "p")
    assert amount * 10**places == quantity


def moment(local: datetime, *more: str) -> Node:
    parts = {
        "sec": local.second,
        "min": local.minute,
        "hour": local.hour,
        "day": local.day,
        "mon": local.month,
    }
    return node(
        tree("at", *(tree(name, value) for name, value in parts.items()), tree("year", local.year), *more)
    )


@given(st.integers(315_532_800, 3_786_912_000))
def test_moments_survive_the_wall_clock(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    local = at.astimezone(SHOP_ZONE)
    offset = local.utcoffset()
    assert offset is not None
    minutes = int(offset.total_seconds()) // 60
    dst = tree("isdst", "true" if local.dst() else "false")
    assert moment(local, dst, tree("timezone", minutes)).moment("at") == at
    assert moment(local, tree("isdst", "false"), tree("timezone", minutes)).moment("at") == at
    # The vendor's older client sends no offset: the wall clock alone, and isdst for the hour that comes twice.
    assert moment(local, dst, tree("timezone", 0)).moment("at") == at


@pytest.mark.parametrize(("isdst", "hour"), [("true", 0), ("false", 1)])
def test_the_hour_that_comes_twice(isdst: str, hour: int) -> None:
    local = datetime(2026, 10, 25, 2, 30, tzinfo=SHOP_ZONE)
    at = moment(local, tree("isdst", isdst), tree("timezone", 0)).moment("at")
    assert at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_no_moment() -> None:
    assert node().moment("at") is None
    assert moment(datetime(2026, 1, 1, tzinfo=SHOP_ZONE)).moment("at") == datetime(
        2025, 12, 31, 23, tzinfo=UTC
    )
    zeros = "".join(tree(name, 0) for name in ("sec", "min", "hour", "day", "mon", "year"))
    assert node(tree("at", zeros)).moment("at") is None
    with pytest.raises(Unreadable, match="no moment"):
        node(tree("at", tree("day", 31), tree("mon", 2), tree("year", 2026))).moment("at")
    with pytest.raises(Unreadable, match="no moment"):
        node(tree("at", tree("day", 1), tree("mon", 1), tree("year", 1), tree("timezone", 60))).moment("at")


def test_rows_are_those_of_the_list_and_a_bad_one_is_left_out() -> None:
    inner = tree("orderList", tree("order", tree("n", 1), tree("order", tree("n", 9))), tree("order", tree("n", "x")),
                 tree("order", tree("n", 3)))  # fmt: skip
    body = envelope(tree("GetOrdersResponse", inner, tree("order", tree("n", 8))))
    found = rows(body, ("orderList", "order"), lambda row: row.whole("n"))
    assert found.found == [1, 3]
    nested = tree("orderList", tree("order", tree("n", 1), tree("orderList", tree("order", tree("n", 9)))))
    inside = rows(
        envelope(tree("GetOrdersResponse", nested)), ("orderList", "order"), lambda row: row.whole("n")
    )
    assert inside.found == [1]
    assert (found.left_out, found.why) == (1, ("order.n is 'x', not a whole number",))


def test_the_reasons_for_rows_left_out_are_few() -> None:
    body = envelope(tree("GetOrdersResponse", *(tree("n", "x") for _ in range(20))))
    found = rows(body, ("n",), Node.itself)
    assert (found.found, found.left_out, len(found.why)) == ([], 20, 5)


def test_a_long_reply_is_read() -> None:
    body = envelope(tree("GetStockResponse", *(tree("n", number) for number in range(400_000))))
    assert len(body) > 6_000_000
    assert rows(body, ("n",), Node.itself).found == list(range(400_000))
