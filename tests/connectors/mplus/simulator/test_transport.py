from __future__ import annotations

from decimal import Decimal

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.mplus.simulator.soap import Node, SoapFault, amount, escaped, read_request
from tests.connectors.mplus.simulator.wire import SAMPLES, Opened, Shop, envelope, fault_of

WHOLE = (SAMPLES / "req_createOrderV3.xml").read_bytes()


@pytest.mark.parametrize(
    "query", ["", "?ident=demo", "?ident=demo&secret=wrong", "?ident=wrong&secret=demo-secret"]
)
async def test_a_wrong_secret_is_a_client_fault(shop: Shop, query: str) -> None:
    reply = await shop.http.post(f"/{query}", content=envelope("getApiVersion"))
    code, text = fault_of(reply)
    assert code == "SOAP-ENV:Client.Authentication"
    assert "demo" not in text


async def test_a_wrong_secret_can_be_401(opened: Opened) -> None:
    shop = await opened(wrong_secret="http-401")
    assert (await shop.http.post("/", content=envelope("getApiVersion"))).status_code == 401


async def test_get_is_refused_as_the_sign_of_life(shop: Shop) -> None:
    assert (await shop.http.get(shop.url)).status_code == 405


async def test_headers_name_the_service_version(shop: Shop) -> None:
    reply = await shop.post(envelope("getApiVersion"))
    assert reply.headers["mplus-service-version"] == "67.1.3"
    assert "server-timing" in reply.headers


async def test_an_unknown_operation_is_a_client_fault(shop: Shop) -> None:
    code, text = await shop.fault("makeCoffee")
    assert code == "SOAP-ENV:Client"
    assert "makeCoffee" in text


async def test_an_old_installation_misses_operations(opened: Opened) -> None:
    shop = await opened(missing_operations=frozenset({"createOrderV3"}))
    assert fault_of(await shop.post(WHOLE))[0] == "SOAP-ENV:Client"


async def test_a_body_has_a_bound(opened: Opened) -> None:
    shop = await opened(max_body_bytes=100)
    assert (await shop.post(b"x" * 101)).status_code == 413


async def test_the_operation_may_have_no_namespace_and_no_request_element(shop: Shop) -> None:
    call = b"<getStock><branchNumber>1</branchNumber><articleNumbers>1001</articleNumbers></getStock>"
    bare = b"<Envelope><Body>" + call + b"</Body></Envelope>"
    reply = await shop.post(bare)
    assert reply.status_code == 200
    assert reply.text.count("<ns:articleStocks>") == 1


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x00",
        b"<a/>",
        b"<Envelope/>",
        b"<Envelope><Body/></Envelope>",
        b"<!DOCTYPE x><Envelope><Body><getApiVersion/></Body></Envelope>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><Envelope><Body><findOrder><extOrderId>&e;'
        b"</extOrderId></findOrder></Body></Envelope>",
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b"<Envelope><Body><findOrder><extOrderId>&b;</extOrderId></findOrder></Body></Envelope>",
        b"<Envelope><Body><findOrder><extOrderId>&e;</extOrderId></findOrder></Body></Envelope>",
        b"<a>" * 5000,
    ],
)
async def test_what_is_no_soap_is_a_client_fault(shop: Shop, hostile: bytes) -> None:
    assert fault_of(await shop.post(hostile))[0] == "SOAP-ENV:Client"


async def test_a_request_cut_anywhere_is_a_client_fault(shop: Shop) -> None:
    whole = WHOLE.rstrip()
    for end in range(len(whole)):
        with pytest.raises(SoapFault):
            read_request(whole[:end])
    assert read_request(whole).name == "createOrderV3"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_a_damaged_request_never_crashes(shop: Shop, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(SAMPLES.glob("req_*.xml"))))
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 8))] = data.draw(
            st.sampled_from(
                [b"", b"<x/>", b"-1", b"99999999999999999999", b"true", b"\xff", b"&amp;", b"9" * 5000]
            )
        )
    reply = await shop.post(bytes(body))
    assert reply.status_code in (200, 500)
    assert b"Envelope" in reply.content


@pytest.mark.parametrize(
    ("operation", "inner"),
    [
        ("getStock", "<request><articleNumbers/></request>"),
        ("getStock", "<request><branchNumber>1.5</branchNumber></request>"),
        ("getStock", "<request><branchNumber>2147483648</branchNumber></request>"),
        ("getProducts", "<request><onlyActive></onlyActive></request>"),
        ("getProducts", "<request><onlyActive>yes</onlyActive></request>"),
        ("getProducts", "<request><syncMarker>9223372036854775808</syncMarker></request>"),
        ("setStock", "<request><branchNumber>1</branchNumber></request>"),
        ("setStock", "<request><branchNumber>1</branchNumber><articleNumber>1001</articleNumber>"
         "<amount>1</amount><decimalPlaces>7</decimalPlaces></request>"),
        ("updateStock", "<request><branchNumber>1</branchNumber><articleNumber>1001</articleNumber>"
         "<amountChanged>1000000001</amountChanged></request>"),
        ("createOrderV3", "<request><order/></request>"),
        ("createOrder", ""),
        ("createOrder", "<order><orderType>ORDER-TYPE-GIFT</orderType></order>"),
        ("createOrder", "<order><lineList><line/></lineList></order>"),
        ("payOrder", "<request><orderId>x</orderId></request>"),
        ("createRelation", "<relation><name>x</name><defaultVatMethod>NO</defaultVatMethod></relation>"),
        ("getOrders", "<fromFinancialDate><day>31</day><mon>2</mon><year>2026</year></fromFinancialDate>"),
        ("findOrder", f"<extOrderId>{'x' * 65_537}</extOrderId>"),
    ],
)  # fmt: skip
async def test_a_value_that_does_not_fit_is_a_client_fault(shop: Shop, operation: str, inner: str) -> None:
    assert (await shop.fault(operation, inner))[0] == "SOAP-ENV:Client"


def read(inner: str) -> Node:
    return read_request(envelope("x", inner))


def test_booleans_are_words_or_digits() -> None:
    node = read("<a>1</a><b>0</b><c>true</c><d>false</d>")
    assert [node.flag(name) for name in "abcde"] == [True, False, True, False, None]


def test_double_wrappers_and_bare_lists_read_alike() -> None:
    assert read("<n><n>1</n><n>2</n></n>").wholes("n") == [1, 2]
    assert read("<n>1</n><n>2</n>").wholes("n") == [1, 2]
    assert read("<n/>").wholes("n") == []
    assert read("<p><text><text>a</text></text><text><text>b</text></text></p>").texts("p") == ["a", "b"]
    assert read("<p/>").texts("p") == []


def test_a_moment_is_wall_clock_less_its_offset() -> None:
    parts = "<sec>0</sec><min>30</min><hour>10</hour><day>20</day><mon>{mon}</mon><year>2026</year><isdst>false</isdst>"
    with_offset = read(f"<t>{parts.format(mon=11)}<timezone>60</timezone></t>").moment("t")
    without = read(f"<t>{parts.format(mon=7)}<timezone>0</timezone></t>").moment("t")
    assert with_offset is not None
    assert with_offset.isoformat() == "2026-11-20T09:30:00+00:00"
    assert without is not None
    assert without.isoformat() == "2026-07-20T08:30:00+00:00"
    assert read("<t><day>0</day><mon>0</mon><year>0</year></t>").moment("t") is None


@given(st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=3))
def test_an_amount_survives_its_pair_of_elements(value: Decimal) -> None:
    pair = amount("quantity", "decimalPlaces", value).replace("ns:", "")
    assert read(pair).amount("quantity", "decimalPlaces", 0) == value


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    assert read(f"<a>{escaped(text)}</a>").text("a") is not None


async def test_the_fault_of_a_cut_is_what_the_caller_chose(shop: Shop) -> None:
    await shop.control("faults", {"kind": "timeout"})
    with pytest.raises(httpx.ReadTimeout):
        await shop.call("getApiVersion")
    assert shop.time.slept == [30.0]
