"""Nothing personal and no secret gets through, and what is left can be read."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.readmodel.masking import (
    HIDDEN,
    READ_BYTES,
    SHOWN_CHARACTERS,
    _same_for_any_case,
    hidden,
    scrubbed,
    shown_body,
)
from app.readmodel.personal_fields import KNOWN, LONGEST_KNOWN, Field, _known, _known_below
from tests.app.readmodel import thorough
from tests.app.readmodel.shop import BOL_ORDER, CONTRACTS, SECRETS


def test_a_bol_order_keeps_its_goods_and_loses_its_person() -> None:
    shown = json.loads(shown_body(BOL_ORDER))
    assert shown["orderId"] == "A2K8290LP8"
    assert shown["orderItems"] == json.loads(BOL_ORDER)["orderItems"]
    assert shown["shipmentDetails"]["surname"] == "K*****"
    assert shown["shipmentDetails"]["houseNumber"] == "***"
    assert shown["shipmentDetails"]["countryCode"] == "NL"
    assert not [secret for secret in SECRETS if secret in json.dumps(shown)]


def test_every_example_of_the_bol_contract_about_persons_is_masked() -> None:
    contract = json.loads((CONTRACTS / "bol-retailer-v10.openapi.json").read_text())
    for schema in ("ShipmentDetails", "BillingDetails", "CustomerDetails"):
        fields = contract["components"]["schemas"][schema]["properties"]
        body = {name: field["example"] for name, field in fields.items()}
        shown = json.loads(shown_body(json.dumps({"shipmentDetails": body, **body}).encode()))
        for name, value in body.items():
            if name not in ("countryCode", "language"):
                assert shown["shipmentDetails"][name] != value, name
                assert shown[name] != value, name


@pytest.mark.parametrize(
    "sample", sorted((CONTRACTS / "mplus-samples").glob("*elation*.xml")), ids=lambda p: p.stem
)
def test_the_mplus_samples_of_relations(sample: Path) -> None:
    shown = shown_body(sample.read_bytes())
    assert shown.startswith("<SOAP-ENV:Envelope")
    for secret in ("de Vries", "Dorpstraat", "1111 ZZ", "Utrecht", "0612345678", "jan@example.nl"):
        assert secret not in shown


def test_mplus_goods_stay_readable() -> None:
    shown = shown_body((CONTRACTS / "mplus-samples/resp_getOrders.xml").read_bytes())
    assert "<ns:extOrderId>BOL-1043946570</ns:extOrderId>" in shown
    assert "<ns:totalInclAmount>3990</ns:totalInclAmount>" in shown


def test_a_name_is_masked_where_else_it_appears() -> None:
    body = {"surname": "Koekenbakker", "text": "parcel for KOEKENBAKKER, ring twice"}
    assert json.loads(shown_body(json.dumps(body).encode()))["text"] == "parcel for K*****, ring twice"


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        ({"secret": {"deep": ["s3cr3t-value"]}}, "s3cr3t-value"),
        ({"access_token": "abcdef"}, "abcdef"),
        ({"url": "https://h/?ident=x&secret=s3cr3t-value"}, "s3cr3t-value"),
        ({"text": "Authorization: Bearer eyJhbGciOi.abc.def"}, "eyJhbGciOi"),
        ({"birthDate": {"day": 3, "mon": 4, "year": 1956}}, "1956"),
        ({"relation": {"unheardOf": "Koekenbakker"}}, "Koekenbakker"),
        ({"raw": '{"surname": "Koekenbakker"}'}, "Koekenbakker"),
        ({"raw": '{"surname": "Koekenbakker'}, "Koekenbakker"),
        ({"body": "UGVyc29u" * 40}, "UGVyc29u"),
        ({"phones": [612345678]}, "612345678"),
        ({"w.koekenbakker@voorbeeld.nl": 1}, "voorbeeld"),
    ],
)
def test_gone(body: object, gone: str) -> None:
    assert gone not in shown_body(json.dumps(body).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"Koekenbakker",
        b'{"surname": "Koekenbakker"',
        b"<a><surname>Koekenbakker</a>",
        b"\xff\xfeKoekenbakker",
        b'<!DOCTYPE a [<!ENTITY k "Koekenbakker">]><a>&k;</a>',
        "<!DOCTYPE a><a>Koekenbakker</a>".encode("utf-16"),
        b'{"a":' * 5000 + b'"Koekenbakker"' + b"}" * 5000,
        b"<a>" * 200 + b"Koekenbakker" + b"</a>" * 200,
        b'{"text": "' + b"Koekenbakker " * (READ_BYTES // 12) + b'"}',
    ],
)
def test_what_cannot_be_told_apart_is_not_shown(body: bytes) -> None:
    shown = shown_body(body)
    assert "Koekenbakker" not in shown
    assert shown


def test_large_bodies_are_cut_at_a_line() -> None:
    shown = shown_body(json.dumps([{"ean": str(number)} for number in range(5000)]).encode())
    assert len(shown) < SHOWN_CHARACTERS + 60
    assert shown.endswith("more characters)")


def test_half_a_surrogate_pair_can_be_written() -> None:
    assert shown_body(b'{"a": "\\ud800"}').encode()


def test_nothing_and_empty() -> None:
    assert shown_body(None) == "(no body)"
    assert shown_body(b"  ") == "(empty body)"
    assert hidden("  ") == ""


def test_free_text() -> None:
    text = "Mplus says: relation jan@devries.nl exists (https://h:1/?ident=a&secret=b )"
    assert (
        scrubbed(text)
        == f"Mplus says: relation ***@*** exists (https://h:1/?ident={HIDDEN}&secret={HIDDEN} )"
    )


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_holders = st.sampled_from(
    ["surname", "first_name", "ship_to", "customer", "e-mail", "zipCode", "deliveryAddress", "password"]
)


@settings(max_examples=150, deadline=None)
@given(
    inner=_json, holder=_holders, around=st.lists(st.sampled_from(["a", "orders", "relation"]), max_size=4)
)
def test_whatever_is_below_a_personal_field_is_masked(inner: object, holder: str, around: list[str]) -> None:
    canary = "Qxzwvkanarie"
    body: object = {holder: {"anything": [inner, canary]}, "note": f"for {canary}", "inner": inner}
    for name in around:
        body = {name: [body]}
    shown = shown_body(json.dumps(body).encode())
    assert canary not in shown
    if holder == "password":
        assert f'"{holder}": "{HIDDEN}"' in shown


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_give_some_text(body: bytes) -> None:
    assert shown_body(body).encode()


@pytest.mark.parametrize("sample", ["req_createRelation.xml", "req_createOrderV3.xml"])
def test_cut_at_every_byte_nothing_personal_shows(sample: str) -> None:
    whole = (CONTRACTS / "mplus-samples" / sample).read_bytes()
    for end in range(0, len(whole), 7):
        assert "de Vries" not in shown_body(whole[:end])


def test_a_track_and_trace_code_is_masked_wherever_it_stands() -> None:
    body = {
        "transport": {"transporterCode": "TNT", "trackAndTrace": "3SABCD1234567"},
        "track": "3SABCD7654321",
        "text": "sent as 3SABCD1234567",
    }
    shown = shown_body(json.dumps(body).encode())
    assert "3SABCD" not in shown
    assert "TNT" in shown


# -- as without anything that makes it fast

_names = st.sampled_from(
    ["surname", "name", "extra", "customer", "relation", "product", "password", "ident", "shipmentDetails", "city",
     "orderId", "countryCode", "text", "line", "reference", "w.koekenbakker@voorbeeld.nl", "j@voorbeeld.nl", "a",
     "n" * (LONGEST_KNOWN + 1), "zipCode"]
)  # fmt: skip
_words = st.sampled_from(
    ["Koekenbakker", "KOEKENBAKKER", "koe\u212aenbakker", "\u0130stanbul", "istanbul", "ISTANBUL", "Stra\u017fe",
     "strase", "\u03a3\u03af\u03c3\u03c5\u03c2", "\u03c3\u03af\u03c3\u03c5\u03c3", "Bearer abcdefgh1", "Basic abcdefgh",
     "ba\u017fic abcdefgh", "secret=abc", "jan@devries.nl", "a@verkopen.bol.com", "8911HE", "false", "0", "\xa0", "",
     "x" * 210, "characters", "hidden", '{"surname": "Koekenbakker"}', "<a><city>Istanbul</city></a>", "[1]", "{"]
)  # fmt: skip
_texts = st.lists(_words | st.text(max_size=6), max_size=3).map(" ".join) | st.just("word " * 500)
_bodies = st.recursive(
    _texts | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(body=st.dictionaries(_names, _bodies, max_size=4) | st.lists(_bodies, max_size=3))
def test_json_is_masked_as_thoroughly(body: object) -> None:
    text = json.dumps(body).encode()
    assert shown_body(text) == thorough.shown(text)


def _as_xml(node: object, name: str, attribute: str) -> str:
    """An element; every text is also its attribute, and stands behind it."""
    name = re.sub(r"[^A-Za-z]", "", name)
    if isinstance(node, dict):
        inner = "".join(_as_xml(one, key, attribute) for key, one in node.items())
        return f"<{name}>{inner}</{name}>"
    if isinstance(node, list):
        return "".join(_as_xml(one, name, attribute) for one in node)
    text = re.sub(r"[^\t\n -\ud7ff\ue000-\ufffd]", "", str(node))
    return f"<{name} {attribute}={quoteattr(text)}>{escape(text)}</{name}>{escape(text)}"


@settings(max_examples=400, deadline=None)
@given(body=st.dictionaries(_names, _bodies, max_size=4), attribute=st.sampled_from(["id", "name", "token"]))
def test_xml_is_masked_as_thoroughly(body: object, attribute: str) -> None:
    text = _as_xml(body, "Envelope", attribute).encode()
    assert shown_body(text) == thorough.shown(text)


@pytest.mark.parametrize("sample", sorted((CONTRACTS / "mplus-samples").glob("*.xml")), ids=lambda p: p.stem)
def test_the_mplus_samples_are_masked_as_thoroughly(sample: Path) -> None:
    assert shown_body(sample.read_bytes()) == thorough.shown(sample.read_bytes())


def test_deep_bodies_are_masked_as_thoroughly() -> None:
    for name in ("a", "surname", "password"):
        text = b'{"%s":' % name.encode() * 70 + b'"Koekenbakker"' + b"}" * 70
        assert shown_body(text) == thorough.shown(text)
        text = b"<%s>" % name.encode() * 70 + b"Koekenbakker" + b"</%s>" % name.encode() * 70
        assert shown_body(text) == thorough.shown(text)


def test_no_letter_that_a_search_takes_for_another_is_missed() -> None:
    """Only values that are in a text in some case are searched for; `re` must not know more cases than that."""
    cased = [one for one in map(chr, range(sys.maxunicode + 1)) if one.lower() != one or one.upper() != one]
    everything = "".join(cased)
    for one in cased:
        for other in re.findall(re.escape(one), everything, re.IGNORECASE):
            assert _same_for_any_case(one) == _same_for_any_case(other), (one, other)


@settings(max_examples=200, deadline=None)
@given(path=st.lists(_names | st.text(max_size=8), max_size=5))
def test_a_field_that_is_kept_is_the_field_worked_out(path: list[str]) -> None:
    kept, worked_out = Field(), Field()
    for name in path:
        kept, worked_out = kept.below(name), thorough.below(worked_out, name)
        for part in ("name", "above", "within", "verdict"):
            assert getattr(kept, part) == getattr(worked_out, part)


def test_names_of_a_hostile_body_do_not_stay() -> None:
    body = {f"n{number}" + "x" * 90: 1 for number in range(2 * KNOWN)} | {"y" * 10_000: {"z": 1}}
    shown_body(json.dumps(body).encode())
    assert _known.cache_info().currsize <= KNOWN
    assert _known_below.cache_info().currsize <= KNOWN
    long = Field().below("y" * 10_000)
    assert long.below("z") is not long.below("z")


@pytest.mark.parametrize(
    "text",
    [
        *("x" * length for length in (199, 200, 201, 1999, 2000, 2001)),
        "basic 12345678",
        "basic 1234567",
        "a=b",
        "@",
    ],
)
def test_texts_at_an_edge_are_masked_as_thoroughly(text: str) -> None:
    body = json.dumps({"text": text, "more": f"{text} {text}"}).encode()
    assert shown_body(body) == thorough.shown(body)
