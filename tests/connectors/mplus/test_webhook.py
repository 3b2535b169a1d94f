from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus.webhook import LONGEST_ID, MOST_LINES, Line, NotATillEvent, TillEvent, parse

SESSION = "5e0f7f34-1c11-4b8e-8a9e-0d1c2b3a4f55"


def event(lines: Any = (), **more: Any) -> bytes:
    body = {
        "event": {
            "eventBlocking": False,
            "eventCounter": 3,
            "eventTimestamp": "2026-11-20T10:30:00.250+01:00",
        },
        "sender": {"branchNumber": 1, "workplaceNumber": 2, "instanceId": "x"},
        "session": {"sessionId": SESSION, "lines": lines, "totalInclAmount": 12.5},
        "completeSession": {"payments": [{"method": "PIN", "amount": 12.5}]},
    }
    return orjson.dumps(body | more)


LINE = {"lineId": "a", "articleNumber": 1001, "priceIncl": 19.95, "quantity": 2, "text": "Das"}


def test_a_sale() -> None:
    assert parse("completeSession", event([LINE, LINE | {"lineId": "b", "quantity": 0.125}])) == TillEvent(
        name="completeSession",
        kind="sale",
        session_id=SESSION,
        lines=(Line("a", 1001, Decimal(2)), Line("b", 1001, Decimal("0.125"))),
        happened_at=datetime(2026, 11, 20, 9, 30, 0, 250_000, UTC),
    )


def test_a_refund_and_a_piece_taken_back_in_a_sale() -> None:
    refund = parse("creditSession", event([LINE | {"quantity": -1}]))
    assert (refund.kind, refund.lines) == ("refund", (Line("a", 1001, Decimal(-1)),))
    assert parse("completeSession", event([LINE | {"quantity": -1}])).kind == "sale"


@pytest.mark.parametrize("name", ["startSession", "addSessionLine", "backgroundPoll", "somethingNew"])
def test_other_events_move_no_stock(name: str) -> None:
    assert parse(name, event([LINE])) == TillEvent(name, "other")
    assert parse(name, b"{}") == TillEvent(name, "other")


def test_without_a_name_the_body_tells() -> None:
    assert parse("", event([LINE])).name == "completeSession"
    refund = orjson.loads(event([LINE]))
    refund["creditSession"] = refund.pop("completeSession")
    assert parse("", orjson.dumps(refund)).kind == "refund"
    assert parse("", b'{"event": {}}') == TillEvent("", "other")


def test_a_complaint_brings_the_event_once_more() -> None:
    body = {"error": {"code": "NO_SIGNATURE", "message": "x"}, "original": orjson.loads(event([LINE]))}
    told = parse("completeSession", orjson.dumps(body))
    assert (told.complaint, told.lines) == ("NO_SIGNATURE", (Line("a", 1001, Decimal(2)),))
    # Without `original` the event's own fields may stand beside the error.
    beside = parse("completeSession", event([LINE], error={"code": "NO_SIGNATURE"}))
    assert (beside.complaint, len(beside.lines)) == ("NO_SIGNATURE", 1)
    assert parse("completeSession", b'{"error": {"code": "X"}}') == TillEvent(
        "completeSession", "other", complaint="X"
    )


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"articleNumber": "1001"}, Line("a", 1001, Decimal(2))),
        ({"quantity": "1.50"}, Line("a", 1001, Decimal("1.50"))),
        ({"quantity": 0.1}, Line("a", 1001, Decimal("0.1"))),
        ({"lineId": 7}, Line("7", 1001, Decimal(2))),
        ({"lineId": None}, Line("#0", 1001, Decimal(2))),
        ({"lineId": "x" * 500}, Line("x" * LONGEST_ID, 1001, Decimal(2))),
        ({"new": [{}]}, Line("a", 1001, Decimal(2))),
    ],
)
def test_lines_are_read_leniently(more: dict[str, Any], line: Line) -> None:
    assert parse("completeSession", event([LINE | more])).lines == (line,)


@pytest.mark.parametrize(
    ("more", "left_out"),
    [
        ({"articleNumber": None}, 0),
        ({"articleNumber": 0}, 0),
        ({"quantity": 0}, 0),
        ({"quantity": None}, 0),
        ({"articleNumber": -1}, 1),
        ({"articleNumber": 2**63}, 1),
        ({"articleNumber": "abc"}, 1),
        ({"articleNumber": "9" * 5000}, 1),
        ({"articleNumber": [1]}, 1),
        ({"quantity": "NaN"}, 1),
        ({"quantity": "Infinity"}, 1),
        ({"quantity": "1e99"}, 1),
        ({"quantity": True}, 1),
    ],
)
def test_a_line_that_is_none_takes_no_other_with_it(more: dict[str, Any], left_out: int) -> None:
    told = parse("completeSession", event([LINE | more, LINE | {"lineId": "b"}]))
    assert told.lines == (Line("b", 1001, Decimal(2)),)
    assert told.left_out == left_out


def test_lines_have_a_limit() -> None:
    told = parse("completeSession", event([LINE] * (MOST_LINES + 7)))
    assert (len(told.lines), told.left_out) == (MOST_LINES, 7)


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-07-01T10:00:00", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-11-20T09:30:00Z", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+01:00", None),
        ("yesterday", None),
        ("", None),
        (5, None),
        (None, None),
    ],
)
def test_when_it_happened(stamp: Any, moment: datetime | None) -> None:
    told = parse("completeSession", event([LINE], event={"eventTimestamp": stamp}))
    assert told.happened_at == moment
    assert told.lines


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"[]", b"null", b"{", b'{"session": null}', b'{"session": {}}', b'{"session": {"sessionId": ""}}',
        b'{"session": {"sessionId": 5}}', b'{"session": []}', b"[" * 100_000, b'{"error": 5}',
        b'{"session": {"sessionId": "' + b"x" * 101 + b'"}}',
    ],
)  # fmt: skip
def test_no_till_event(body: bytes) -> None:
    with pytest.raises(NotATillEvent):
        parse("completeSession", body)


def test_no_lines() -> None:
    assert parse("completeSession", event(None)).lines == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["session", "sessionId", "lines", "articleNumber", "quantity", "lineId", "error", "original",
                         "event", "eventTimestamp", "completeSession"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.sampled_from(["completeSession", "creditSession", ""]))
def test_any_json_is_an_event_or_none(body: Any, name: str) -> None:
    try:
        told = parse(name, orjson.dumps(body, default=str))
    except (NotATillEvent, orjson.JSONEncodeError):
        return
    assert all(line.quantity.is_finite() and line.article_number > 0 for line in told.lines)


@given(st.data())
def test_an_event_with_any_byte_changed_is_an_event_or_none(data: st.DataObject) -> None:
    body = bytearray(event([LINE]))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(NotATillEvent):
        parse("completeSession", bytes(body))
