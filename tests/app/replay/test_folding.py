"""The delivery core over recorded events: numbers that part ways, and what earlier replays have left in between."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.replay.folding import Folder
from streams.codec import fact_headers
from streams.flow import Ask, Context, Decision, Flow, Row
from streams.log.base import Record, TopicPartition
from streams.vocabulary.effects import FetchBolOrder
from streams.vocabulary.events import BolOrderFetched, OperatorAsked, OrdersEvent, Rebuilt, Settled
from streams.vocabulary.fact import Value

AT = TopicPartition("orders.inbox", 0)
KEY = b"shop/b1"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Tally(Value, frozen=True):
    said: tuple[str, ...] = ()


def decide(state: Tally | None, event: Any, context: Context) -> Decision[Tally]:
    said = (state or Tally()).said
    match event:
        case OperatorAsked(who="ask"):
            ask = Ask(key="fetch", effect=FetchBolOrder(order_id="b1"))
            return Decision(state=Tally(said=(*said, "ask")), asks=(ask,))
        case OperatorAsked(who="gone"):
            return Decision(state=None)
        case OperatorAsked(who="boom"):
            raise RuntimeError("a bug")
        case OperatorAsked():
            return Decision(state=Tally(said=(*said, event.who)))
        case Settled():
            return Decision(state=Tally(said=(*said, f"settled-{event.number}")))
        case _:
            return Decision(state=state)


FLOW: Flow[Tally] = Flow(name="orders", events=OrdersEvent, state=Tally, decide=decide)


def settled(number: int) -> Settled:
    return Settled(
        key="fetch", number=number, outcome=BolOrderFetched(order=None), asked_at=NOW, answered_at=NOW
    )


def rebuilt(row: Row[Tally], basis: int) -> Rebuilt:
    return Rebuilt(incident="monday", basis=basis, row=msgspec.Raw(msgspec.json.encode(row)))


async def folded(*events: Any) -> tuple[Row[Tally] | None, Folder]:
    """The row that these events make."""
    folder = Folder(FLOW, lambda _: (), AT)
    await folder.begin(0)
    records = [
        Record(
            place,
            1_000 + place,
            KEY,
            msgspec.json.encode(OperatorAsked(who=event) if isinstance(event, str) else event),
            fact_headers("shop", "t"),
        )
        for place, event in enumerate(events)
    ]
    await folder.add(records, len(records), {})
    value = folder.rows.get(KEY)
    row = msgspec.json.decode(value, type=Row[Tally]) if value is not None else None
    return row, folder


def said(row: Row[Tally] | None) -> tuple[str, ...]:
    assert row is not None
    assert row.state is not None
    return row.state.said


async def test_with_the_same_numbers_an_outcome_is_of_its_own_asking() -> None:
    row, folder = await folded("ask", "ask", settled(1))
    assert said(row) == ("ask", "ask", "settled-1")
    assert row is not None
    assert [one.number for one in row.open.values()] == [2]
    assert folder.folding.told.as_recorded == {("fetch-bol-order", "its answers are not kept"): 1}
    row, _ = await folded("ask", settled(1), settled(1))
    assert said(row) == ("ask", "settled-1")


async def test_an_outcome_that_was_asked_for_more_seldom_then_closes_what_is_open_now() -> None:
    """The code of then asked for the fifth time what the present code asks for the first."""
    row, _ = await folded("ask", settled(5), settled(5), "ask", settled(6))
    assert said(row) == ("ask", "settled-5", "ask", "settled-6")
    assert row is not None
    assert row.open == {}


async def test_what_an_earlier_replay_put_in_place_is_not_taken_for_what_happened() -> None:
    """Regression: it was the base of every later one, which then said nothing of the events before."""
    wrong = rebuilt(Row(state=Tally(said=("wrong",)), applied=1, asked=9), 1)
    row, _ = await folded("one", wrong, "two")
    assert said(row) == ("one", "two")


async def test_the_outcome_of_what_an_earlier_replay_asked_for_closes_what_is_open() -> None:
    """The live row had asked for nothing before, so the replay's asking was its first; here it is the second."""
    row, _ = await folded("ask", "ask", rebuilt(Row(state=Tally(), applied=2), 2), settled(1))
    assert said(row) == ("ask", "ask", "settled-1")
    assert row is not None
    assert row.open == {}, "it would be called once more"


async def test_a_row_that_begins_again_counts_from_the_beginning() -> None:
    row, _ = await folded("ask", settled(7), "gone", "ask", settled(1))
    assert said(row) == ("ask", "settled-1")
    assert row is not None
    assert row.open == {}


async def test_what_cannot_be_applied_is_counted_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    row, folder = await folded("one", "boom", "two")
    assert said(row) == ("one", "two")
    assert folder.folding.told.parked == 1
