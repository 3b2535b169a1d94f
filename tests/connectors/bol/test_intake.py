"""Pushes of Bol become events; what is no push becomes a dead letter, never a crash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.intake import translate
from streams.codec import FactReader, Unreadable, message_draft
from streams.log.base import Record
from streams.topics import inbox_topic
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Message, OrderNoticed, OrdersEvent, ProcessNoticed, SweepsEvent
from streams.vocabulary.time import milliseconds

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
READERS: dict[str, FactReader[Any]] = {
    inbox_topic("orders"): FactReader(OrdersEvent),
    inbox_topic("sweeps"): FactReader(SweepsEvent),
}


def record(body: bytes | None) -> Record:
    return Record(offset=1, timestamp=milliseconds(AT), key=b"shop", value=body)


def push(retailer: Any = 1234567, **event: Any) -> Record:
    """The body of facts/bol.md, Push notifications."""
    body = {"retailerId": retailer, "timestamp": "2020-02-02T23:23:23+01:00", "event": event}
    return record(orjson.dumps(body))


@pytest.mark.parametrize("retailer", [1234567, "1234567", None])
def test_an_order_is_noticed(retailer: Any) -> None:
    noticed = OrderNoticed(via="push", noticed_at=AT)
    assert translate("shop", push(retailer, resource="ORDER", type="X", resourceId="A2K8290LP8")) == (
        [Message(flow="orders", entity="A2K8290LP8", event=noticed)],
        [],
    )


@pytest.mark.parametrize("process_id", ["1234567", 1234567])
@pytest.mark.parametrize("status", ["SUCCESS", "FAILURE", "TIMEOUT"])
def test_the_end_of_a_write_is_noticed(process_id: Any, status: str) -> None:
    ended = ProcessNoticed(process_id="1234567", status=status)
    assert translate("shop", push(resource="PROCESS_STATUS", type=status, resourceId=process_id)) == (
        [Message(flow="sweeps", entity="", event=ended)],
        [],
    )


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            {"resource": "SHIPMENT", "type": "UPDATE_TRANSPORT_EVENT", "resourceId": "957"},
            "Bol pushed SHIPMENT UPDATE_TRANSPORT_EVENT 957.",
        ),
        ({"resource": "OFFER_FOR_SALE", "type": None, "resourceId": None}, "Bol pushed OFFER_FOR_SALE  ."),
        ({"resource": "R" * 5000}, f"Bol pushed {'R' * 40}  ."),
    ],
)
def test_what_no_flow_listens_to_is_noted(event: dict[str, Any], text: str) -> None:
    assert translate("shop", push(**event)) == ([], [("", Noted(kind="push", text=text, direction="in"))])


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"resource": "ORDER"}, "id that can be used"),
        ({"resource": "ORDER", "resourceId": ""}, "id that can be used"),
        ({"resource": "ORDER", "resourceId": "x" * 65}, "id that can be used"),
        ({"resource": "ORDER", "resourceId": "a b"}, "id that can be used"),
        ({"resource": "ORDER", "resourceId": "a\n"}, "id that can be used"),
        ({"resource": "PROCESS_STATUS", "type": "SUCCESS"}, "id that can be used"),
        ({"resource": "PROCESS_STATUS", "type": "DONE", "resourceId": "1"}, "ended with 'DONE'"),
        ({"resource": "PROCESS_STATUS", "resourceId": "1"}, "ended with ''"),
        ({"resource": 5}, "not a push of Bol"),
        ({}, "not a push of Bol"),
        ({"resource": "ORDER", "resourceId": 1.5}, "not a push of Bol"),
    ],
)
def test_what_cannot_be_understood_says_why(event: dict[str, Any], words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        translate("shop", push(**event))
    assert words in str(caught.value)


@pytest.mark.parametrize("body", [None, b"", b"{", b"[]", b"null", b"{}", b'{"event": 1}', b"[" * 100_000])
def test_what_is_no_push_is_unreadable(body: bytes | None) -> None:
    with pytest.raises(Unreadable, match="not a push of Bol"):
        translate("shop", record(body))


def test_a_push_cut_short_anywhere_is_unreadable() -> None:
    whole = push(resource="ORDER", type="X", resourceId="A2K8290LP8").value
    assert whole is not None
    for end in range(len(whole)):
        with pytest.raises(Unreadable):
            translate("shop", record(whole[:end]))


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
EVENT = st.fixed_dictionaries(
    {"resource": st.sampled_from(["ORDER", "PROCESS_STATUS", "SHIPMENT"]) | ANY},
    optional={"type": st.sampled_from(["SUCCESS", "FAILURE"]) | ANY, "resourceId": ANY},
)


@given(st.binary(max_size=200) | st.builds(lambda event: orjson.dumps({"event": event}, default=str), EVENT))
def test_whatever_comes_gives_events_that_can_be_read_or_a_reason(body: bytes) -> None:
    try:
        messages, notes = translate("shop", record(body))
    except Unreadable:
        return
    assert len(messages) + len(notes) == 1
    for message in messages:
        draft = message_draft(message, "shop", ())
        written = Record(0, 0, draft.key, draft.value)
        assert READERS[draft.topic].read(written) == message.event
