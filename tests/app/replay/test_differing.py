"""How two rows differ, and what was done already."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.replay.differing import NOT_THERE, Change, calls, changes, done, leaves, without_done
from app.replay.folding import Deed
from streams.codec import mark_of
from streams.flow import OpenEffect, Row
from streams.vocabulary.effects import (
    CommitOrder,
    CreateRelation,
    Effect,
    FetchBolOrder,
    PushStock,
    ReadStock,
    UpdateRelation,
)
from streams.vocabulary.events import OrderCommitted, RelationSaved, StockPushed
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.connectors.mplus.test_soap import DRAFT


class State(msgspec.Struct, frozen=True):
    name: str = ""
    offers: tuple[dict[str, Any], ...] = ()


def row(**asked: Effect) -> Row[State]:
    opened = {
        name: OpenEffect(effect=effect, number=number)
        for number, (name, effect) in enumerate(asked.items(), 1)
    }
    return Row(state=State(), applied=7, open=opened, asked=len(opened))


def deed(outcome: Any, effect: Effect | None = None, mark: str = "") -> Deed:
    return Deed(outcome, effect, mark)


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
    assert done(PushStock(offer_id="o1", amount=4), [deed(one) for one in outcomes]) is expected


def test_what_was_done_is_not_asked_for_again_and_the_rest_is() -> None:
    asked = row(push=PushStock(offer_id="o1", amount=4), read=ReadStock(article_number=1, branches=(1,)))
    kept = without_done(asked, [deed(StockPushed(offer_id="o1", amount=4))], None)
    assert list(kept.open) == ["read"]
    assert without_done(asked, [], None) is asked


def test_what_the_live_row_asks_for_too_stays_that_ones() -> None:
    """Regression: a push that was on its way to set a foreign write back had been done before, in the same words; the
    rebuilt row came without it, and nobody set anything back."""
    asked = row(push=PushStock(offer_id="o1", amount=4))
    pushed = [deed(StockPushed(offer_id="o1", amount=4))]
    assert without_done(asked, pushed, asked) is asked
    other = row(push=PushStock(offer_id="o1", amount=5))
    assert list(without_done(asked, pushed, other).open) == []


JAN = Customer(name="Jan", email="jan@example.nl")
MOVED = Customer(name="Jan", email="jan@example.nl", city="Utrecht")
SAVED = RelationSaved(relation_number=7)
UPDATE = UpdateRelation(relation_number=7, customer=JAN)


@pytest.mark.parametrize("wanted", [UPDATE, CreateRelation(customer=JAN)])
@pytest.mark.parametrize(
    ("outcome", "asked", "marked", "expected"),
    [
        (SAVED, "same", True, True),
        (SAVED, "same", False, True),
        (SAVED, "other", True, False),
        (SAVED, "other", False, False),
        (SAVED, "unknown", False, False),
        (Refused(said="no"), "same", True, False),
        (AnswerLost(why="?"), "same", True, False),
    ],
)
def test_a_customer_is_saved_when_the_very_same_fields_were(
    wanted: Any, outcome: Any, asked: str, marked: bool, expected: bool
) -> None:
    """Regression: whatever had been saved of whichever customer stood for it."""
    effect = {
        "same": wanted,
        "other": UpdateRelation(relation_number=8, customer=JAN),
        "unknown": None,
    }[asked]
    mark = mark_of(effect) if marked else ""
    assert done(wanted, [deed(outcome, None if marked else effect, mark)]) is expected


def test_a_customer_whose_address_is_another_now_is_not_saved() -> None:
    assert done(UPDATE, [deed(SAVED, UPDATE)])
    assert not done(UpdateRelation(relation_number=7, customer=MOVED), [deed(SAVED, UPDATE)])


def test_an_order_is_booked_once_whatever_its_draft_would_be() -> None:
    made = [deed(Refused(said="no")), deed(OrderCommitted(order_id="1"))]
    assert done(CommitOrder(draft=DRAFT), made)
    assert not done(CommitOrder(draft=DRAFT), made[:1])
    assert not done(FetchBolOrder(order_id="b1"), made), "what only reads may be repeated"


def test_calls_are_what_the_live_row_does_not_ask_for_already() -> None:
    live = row(push=PushStock(offer_id="o1", amount=4))
    same = row(push=PushStock(offer_id="o1", amount=4))
    other = row(push=PushStock(offer_id="o1", amount=2))
    assert calls(live, same) == ()
    assert calls(live, other) == (PushStock(offer_id="o1", amount=2),)
    assert calls(None, other) == (PushStock(offer_id="o1", amount=2),)
    assert calls(live, None) == ()
