from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mplus.intake import translate
from streams.codec import FactReader, Unreadable, message_draft
from streams.log.base import Record
from streams.vocabulary.events import Message, StockDoubted, StockEvent, TillSold
from streams.vocabulary.time import milliseconds
from tests.connectors.mplus.test_webhook import LINE, SESSION, event
from tests.connectors.mplus.till import START


def record(name: str, body: bytes | None) -> Record:
    return Record(
        offset=1, timestamp=milliseconds(START), key=b"shop", value=body, headers=(("event", name.encode()),)
    )


def test_a_sale_sells_every_line() -> None:
    messages, notes = translate(
        "shop", record("completeSession", event([LINE, LINE | {"lineId": "b", "articleNumber": 7}]))
    )
    assert notes == []
    assert [message.entity for message in messages] == ["1001", "7"]
    told = messages[0].event
    assert isinstance(told, TillSold)
    assert (told.session_id, told.line_id, told.quantity, told.heard_at) == (SESSION, "a", Decimal(2), START)
    assert told.sold_at.isoformat() == "2026-11-20T09:30:00.250000+00:00"


def test_a_sale_without_a_moment_happened_when_it_was_heard_of() -> None:
    messages, _ = translate("shop", record("completeSession", event([LINE], event=None)))
    assert isinstance(messages[0].event, TillSold)
    assert messages[0].event.sold_at == START


def test_a_refund_is_asked_after() -> None:
    lines = [LINE, LINE | {"lineId": "b"}, LINE | {"articleNumber": 7, "quantity": -1}]
    doubt = StockDoubted(why="a refund at the till", since=START)
    assert translate("shop", record("creditSession", event(lines))) == (
        [Message(flow="stock", entity=entity, event=doubt) for entity in ("7", "1001")],
        [],
    )


def test_other_events_are_passed_over() -> None:
    assert translate("shop", record("startSession", event([LINE]))) == ([], [])


def test_complaints_and_lines_left_out_are_told() -> None:
    body = {"error": {"code": "NO_SIGNATURE"}, "original": orjson.loads(event([LINE, 5]))}
    messages, notes = translate("shop", record("completeSession", orjson.dumps(body)))
    assert len(messages) == 1
    assert [note.text for _, note in notes] == [
        "The till did not like our reply to completeSession: NO_SIGNATURE.",
        "1 lines of a completeSession could not be read; Mplus's own numbers tell.",
    ]


@pytest.mark.parametrize("body", [None, b"", b"x", b"{}"])
def test_no_till_event(body: bytes | None) -> None:
    with pytest.raises(Unreadable):
        translate("shop", record("completeSession", body))


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
ANY_LINE = ANY | st.fixed_dictionaries(
    {"articleNumber": st.integers(1, 2**64 - 1) | ANY, "quantity": st.decimals(allow_nan=False) | ANY},
    optional={"lineId": ANY},
)
ANY_EVENT = st.fixed_dictionaries(
    {
        "session": ANY
        | st.fixed_dictionaries({"sessionId": st.text(max_size=120) | ANY, "lines": st.lists(ANY_LINE)})
    },
    optional={"event": ANY, "error": ANY, "original": ANY, "completeSession": ANY},
)
STOCK_READER: FactReader[StockEvent] = FactReader(StockEvent)


@given(
    st.sampled_from(["completeSession", "creditSession", "startSession", "", "\u20ac"]),
    st.binary(max_size=100)
    | st.builds(lambda told: orjson.dumps(told, default=str, option=orjson.OPT_NON_STR_KEYS), ANY_EVENT),
)
def test_whatever_comes_gives_events_that_can_be_read_or_a_reason(name: str, body: bytes) -> None:
    try:
        messages, notes = translate("shop", record(name, body))
    except Unreadable:
        return
    assert all(note.text for _, note in notes)
    for message in messages:
        draft = message_draft(message, "shop", ())
        assert draft.topic == "stock.inbox"
        assert int(message.entity) > 0
        assert STOCK_READER.read(Record(0, 0, draft.key, draft.value)) == message.event
