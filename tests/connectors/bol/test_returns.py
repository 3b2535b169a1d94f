"""Returns from the wire: what is read, and what customers write about them is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol import returns
from connectors.bol.wire import Unreadable
from streams.vocabulary.events import ReturnItem, ReturnNoticed
from tests.connectors.bol import contract
from tests.connectors.bol.market import START

WHOLE = contract.example("bol-retailer-v10", "Return")
LISTED = contract.example("bol-retailer-v10", "ReturnsResponse")


def with_item(**changes: Any) -> dict[str, Any]:
    return {**WHOLE, "returnItems": [WHOLE["returnItems"][0] | changes]}


def item_of(**changes: Any) -> ReturnItem:
    [item] = returns.returned(orjson.dumps(with_item(**changes)), START).noticed.items
    return item


def test_the_examples_of_the_contract() -> None:
    contract.check("bol-retailer-v10", "Return", WHOLE)
    contract.check("bol-retailer-v10", "ReturnsResponse", LISTED)
    expected = returns.Returned(
        "1",
        ReturnNoticed(
            registered_at=datetime(2016, 11, 14, 10, 6, 48, 423000, tzinfo=UTC),
            fulfilment="FBR",
            items=(
                ReturnItem(
                    rma_id="31234567",
                    order_id="4012345678",
                    ean="9789076174082",
                    expected=1,
                    reason="Niet naar verwachting",
                    handled=True,
                    handled_as="RETURN_RECEIVED",
                    handled_quantity=1,
                ),
            ),
        ),
    )
    assert returns.returned(orjson.dumps(WHOLE), START) == expected
    assert returns.listed(orjson.dumps(LISTED), START) == [expected]
    assert "Lorem" not in repr(expected)


def test_the_least() -> None:
    body = {"returnId": "1", "returnItems": [{"rmaId": "2", "orderId": "A1"}]}
    assert returns.returned(orjson.dumps(body), START).noticed == ReturnNoticed(
        registered_at=START, items=(ReturnItem(rma_id="2", order_id="A1"),)
    )


@pytest.mark.parametrize(
    ("main", "detailed", "reason"),
    [
        ("Defect", "Doet het niet", "Defect: Doet het niet"),
        ("Defect", None, "Defect"),
        ("Defect", "Defect", "Defect"),
        ("", "Te\n klein", "Te klein"),
        ("x" * 1000, None, "x" * returns.LONGEST_REASON),
    ],
)
def test_the_reason(main: str, detailed: str | None, reason: str) -> None:
    told = {"mainReason": main, "detailedReason": detailed, "customerComments": "my name is Jan"}
    assert item_of(returnReason=told).reason == reason


def test_the_last_handling_counts() -> None:
    results = [
        {"handlingResult": "EXCHANGE_PRODUCT", "processingDateTime": "2026-11-20T10:00:00+01:00"},
        {"handlingResult": "RETURN_RECEIVED", "processingDateTime": "2026-11-20T09:30:00Z"},
        {"handlingResult": "REPAIR_PRODUCT", "processingDateTime": None},
    ]
    assert item_of(processingResults=results).handled_as == "RETURN_RECEIVED"
    assert item_of(processingResults=results[2:]).handled_as == "REPAIR_PRODUCT"
    assert item_of(processingResults=[], handled=False).handled_as == ""


@pytest.mark.parametrize("body", [{}, {"returns": []}, {"returns": None}])
def test_an_empty_list(body: Any) -> None:
    assert returns.listed(orjson.dumps(body), START) == []


@pytest.mark.parametrize(
    "body",
    [
        WHOLE | {"returnId": ""},
        WHOLE | {"returnItems": None},
        with_item(rmaId="../x y"),
        with_item(orderId=""),
        with_item(expectedQuantity=-1),
        with_item(expectedQuantity="1"),
        {},
        [],
    ],
)
def test_no_return(body: Any) -> None:
    with pytest.raises(Unreadable):
        returns.returned(orjson.dumps(body), START)


def test_cut_at_every_byte() -> None:
    body = orjson.dumps(WHOLE)
    for length in range(len(body)):
        with pytest.raises(Unreadable):
            returns.returned(body[:length], START)


# -- what customers write


@given(st.text(max_size=40), st.text(max_size=10))
def test_comments_are_blotted_out_and_the_rest_stays(comment: str, detail: str) -> None:
    reason = {"mainReason": "Defect", "detailedReason": detail, "customerComments": comment}
    body = orjson.dumps(with_item(returnReason=reason))
    left = orjson.loads(returns.without_comments(body))
    assert left == with_item(returnReason=reason | {"customerComments": ""})


@given(st.text(min_size=1, max_size=20), st.integers(0, 30))
def test_comments_are_blotted_out_of_what_is_cut_short_too(comment: str, more: int) -> None:
    told = orjson.dumps(with_item(returnReason={"mainReason": "D", "customerComments": comment}))
    written = orjson.dumps(comment)[1:-1]
    before = told.index(b'"customerComments":"') + len(b'"customerComments":"')
    left = returns.without_comments(told[: before + min(more, len(written))])
    # A lone backslash at the cut stays: half of an escape says nothing.
    assert left.rstrip(b"\\") == told[:before]


@given(st.binary(max_size=200))
def test_other_bytes_stay_as_they_came(body: bytes) -> None:
    if b"customerComments" not in body:
        assert returns.without_comments(body) == body
