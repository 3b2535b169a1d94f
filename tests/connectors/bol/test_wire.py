"""Offers, process statuses, subscriptions and keys from the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import wire
from streams.vocabulary.events import OfferSeen, ProcessStatus
from tests.connectors.bol import contract
from tests.connectors.bol.market import OFFER, START, process, sold_offer, subscription

PAGE = contract.example("bol-offers-v11", "OfferListResponse")


def offers(body: Any) -> tuple[list[OfferSeen], str]:
    return wire.offers(orjson.dumps(body), START)


def test_the_offers_of_the_contract() -> None:
    # The contract's own example of `margin` and the like is no matter of ours; its shape is judged in the market.
    [seen], cursor = offers({"offers": [PAGE["offers"][0]], "page": {"pageSize": 50, "nextCursor": "abc"}})
    assert seen == OfferSeen(
        offer_id=OFFER, ean="0000007740404", reference="AX1234", amount=0, fulfilment="FBR", read_at=START
    )
    assert cursor == "abc"


def test_an_offer_with_all_we_look_at() -> None:
    body = sold_offer(OFFER, 7, fulfilment={"method": "FBB"}) | {
        "stock": {"amount": 7, "correctedStock": 5, "managedByRetailer": False}
    }
    contract.check("bol-offers-v11", "OfferResponse", body)
    seen = wire.offer(orjson.dumps(body), START)
    assert (seen.amount, seen.managed_by_retailer, seen.fulfilment) == (7, False, "FBB")


def test_an_offer_with_the_least() -> None:
    body = {
        key: value
        for key, value in sold_offer(OFFER).items()
        if key
        in ("offerId", "lastModifiedDateTime", "onHoldByRetailer", "condition", "pricing", "fulfilment")
    }
    contract.check("bol-offers-v11", "OfferResponse", body)
    [seen], cursor = offers({"offers": [body], "page": {}})
    assert (seen.ean, seen.reference, seen.amount, seen.managed_by_retailer) == ("", "", 0, True)
    assert cursor == ""


@pytest.mark.parametrize(
    "body",
    [
        {"offers": [{}]},
        {"offers": [{"offerId": ""}]},
        {"offers": [sold_offer("a b")]},
        {"offers": [sold_offer(OFFER, 10**12)]},
        {"offers": [sold_offer(OFFER) | {"stock": {"amount": "3"}}]},
        {"offers": [], "page": {"nextCursor": "x" * 5000}},
        {"offers": {}},
        [],
    ],
)
def test_what_are_no_offers(body: Any) -> None:
    with pytest.raises(wire.Unreadable):
        offers(body)


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
    lambda body: wire.offers(body, START),
    lambda body: wire.offer(body, START),
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
        ({"offers": [sold_offer(OFFER)], "page": {"nextCursor": "c"}}, READERS[0]),
        ({"processStatuses": [process()]}, READERS[2]),
        ({"subscriptions": [subscription()]}, READERS[5]),
    ):
        body = orjson.dumps(made)
        read(body)
        for length in range(len(body)):
            with pytest.raises(wire.Unreadable):
                read(body[:length])
