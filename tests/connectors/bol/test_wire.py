"""Process statuses, subscriptions and keys from the wire; a line that is safe to show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import wire
from streams.vocabulary.events import ProcessStatus
from tests.connectors.bol import contract
from tests.connectors.bol.market import process, subscription


def test_process_statuses() -> None:
    body = {
        "processStatuses": [
            contract.example("bol-shared-v10", "ProcessStatus"),
            process("p2", "FAILURE", entityId=None, errorMessage="x" * 2000),
            process(None),
        ]
    }
    contract.check("bol-shared-v10", "ProcessStatusResponse", body)
    assert wire.statuses(orjson.dumps(body)) == (
        ProcessStatus(
            process_id="1234567",
            status="SUCCESS",
            event_type="CREATE_SHIPMENT",
            entity_id="987654321",
            error="Example process status error message.",
        ),
        ProcessStatus(process_id="p2", status="FAILURE", event_type="CREATE_SUBSCRIPTION", error="x" * 500),
    )
    assert wire.statuses(b"{}") == ()
    assert wire.status(orjson.dumps(process("p3"))).status == "PENDING"


def test_accepted() -> None:
    assert wire.accepted(orjson.dumps(process("p1"))) == "p1"
    assert wire.accepted(orjson.dumps(process(None))) == ""


def test_subscriptions() -> None:
    body = {"subscriptions": [contract.example("bol-retailer-v10", "SubscriptionResponse"), subscription()]}
    body["subscriptions"][0]["resources"] = ["TEST"]
    contract.check("bol-retailer-v10", "SubscriptionsResponse", body)
    first, second = wire.subscriptions(orjson.dumps(body))
    assert (first.id, first.enabled, first.resources) == ("1234", True, ["TEST"])
    assert (second.enabled, second.subscription_type) == (None, "WEBHOOK")
    assert wire.subscriptions(b"{}") == []


def test_keys() -> None:
    body = contract.example("bol-retailer-v10", "KeySetResponse")
    contract.check("bol-retailer-v10", "KeySetResponse", body)
    [key] = wire.keys(orjson.dumps(body))
    assert (key.id, key.type) == ("0", "RSA")
    assert key.public_key.startswith("MII")


READERS: list[Callable[[bytes], Any]] = [
    wire.statuses,
    wire.status,
    wire.accepted,
    wire.subscriptions,
    wire.keys,
]


@given(
    st.sampled_from(READERS), st.binary(max_size=100) | st.just(b"[" * 100_000) | st.just(b'{"a":' * 9_999)
)
def test_rubbish(read: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(wire.Unreadable, match="not what the contract says"):
        read(body + b"\xff")


def test_cut_at_every_byte() -> None:
    for made, read in (
        ({"processStatuses": [process()]}, wire.statuses),
        ({"subscriptions": [subscription()]}, wire.subscriptions),
    ):
        body = orjson.dumps(made)
        read(body)
        for length in range(len(body)):
            with pytest.raises(wire.Unreadable):
                read(body[:length])


@given(st.text(max_size=300) | st.none(), st.integers(0, 50))
def test_a_line_is_short_and_printable(text: str | None, longest: int) -> None:
    shown = wire.line(text, longest)
    assert len(shown) <= longest
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [(None, ""), ("  a\n\tb  c ", "a b c"), ("a\x1b[31mb", "a [31mb"), ("abcdef", "abcd"), ("é ∞", "é ∞")],
)
def test_a_line(text: str | None, shown: str) -> None:
    assert wire.line(text, 4 if text == "abcdef" else 20) == shown
