"""How two rows differ, and what was done already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from app.replay.differing import NOT_THERE, Change, calls, changes, done, leaves, without_done
from streams.flow import OpenEffect, Row
from streams.vocabulary.effects import Effect, PushStock, ReadStock
from streams.vocabulary.events import OrderCommitted, Settled, StockPushed
from streams.vocabulary.outcomes import Refused

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


class State(msgspec.Struct, frozen=True):
    name: str = ""
    offers: tuple[dict[str, Any], ...] = ()


def row(**asked: Effect) -> Row[State]:
    opened = {
        name: OpenEffect(effect=effect, number=number)
        for number, (name, effect) in enumerate(asked.items(), 1)
    }
    return Row(state=State(), applied=7, open=opened, asked=len(opened))


def settled(outcome: Any, number: int = 1) -> Settled:
    return Settled(key="push/o1", number=number, outcome=outcome, asked_at=NOW, answered_at=NOW)


def test_a_tree_is_told_by_paths_and_lists_by_what_identifies_their_items() -> None:
    state = {"a": {"b": 1}, "offers": [{"offer_id": "o1", "sent": 3}, {"x": None}], "empty": []}
    assert leaves(state) == {
        "a.b": "1",
        "offers[offer_id=o1].offer_id": "o1",
        "offers[offer_id=o1].sent": "3",
        "offers[1].x": "null",
    }


def test_a_new_item_in_front_changes_nothing_of_the_others() -> None:
    before = State(offers=({"offer_id": "o1", "sent": 3},))
    after = State(offers=({"offer_id": "o0", "sent": 9}, {"offer_id": "o1", "sent": 3}))
    assert [one.field for one in changes(before, after)] == [
        "offers[offer_id=o0].offer_id",
        "offers[offer_id=o0].sent",
    ]


def test_changes_are_told_with_both_values() -> None:
    assert changes(State("a"), State("b")) == (Change("name", "a", "b"),)
    assert changes(None, State("b")) == (Change("name", NOT_THERE, "b"),)
    assert changes(State("b"), State("b")) == ()


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], False),
        ([StockPushed(offer_id="o1", amount=4)], True),
        ([StockPushed(offer_id="o1", amount=4), StockPushed(offer_id="o1", amount=5)], False),
        ([StockPushed(offer_id="o2", amount=4)], False),
        ([Refused(said="no")], False),
        ([OrderCommitted(order_id="1")], False),
    ],
)
def test_a_push_is_done_when_it_was_the_last_that_arrived(outcomes: list[Any], expected: bool) -> None:
    assert done(PushStock(offer_id="o1", amount=4), [settled(one) for one in outcomes]) is expected


def test_what_was_done_is_not_asked_for_again_and_the_rest_is() -> None:
    asked = row(push=PushStock(offer_id="o1", amount=4), read=ReadStock(article_number=1, branches=(1,)))
    kept = without_done(asked, [settled(StockPushed(offer_id="o1", amount=4))])
    assert list(kept.open) == ["read"]
    assert without_done(asked, []) is asked


def test_calls_are_what_the_live_row_does_not_ask_for_already() -> None:
    live = row(push=PushStock(offer_id="o1", amount=4))
    same = row(push=PushStock(offer_id="o1", amount=4))
    other = row(push=PushStock(offer_id="o1", amount=2))
    assert calls(live, same) == ()
    assert calls(live, other) == (PushStock(offer_id="o1", amount=2),)
    assert calls(None, other) == (PushStock(offer_id="o1", amount=2),)
    assert calls(live, None) == ()
