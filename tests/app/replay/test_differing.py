"""How two rows differ, and what was done already."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from app.replay.differing import NOT_THERE, Change, calls, changes, done, leaves, without_done
from app.replay.folding import Deed
from streams.codec import mark_of
from streams.flow import OpenEffect, Row
from streams.vocabulary.effects import (
    CancelBolItem,
    CancelMplusOrder,
    CommitOrder,
    CreateRelation,
    DeliverMplusOrder,
    Effect,
    FetchBolOrder,
    HandleBolReturn,
    PayMplusOrder,
    PushOffer,
    ReadMplusOrder,
    ReadStock,
    Sent,
    SetMplusCategory,
    SetMplusStock,
    ShipBolItems,
    UpdateRelation,
)
from streams.vocabulary.events import (
    BolWriteBegun,
    MplusOrderPaid,
    MplusOrderRead,
    MplusStockSet,
    OfferPushed,
    OrderCommitted,
    RelationSaved,
)
from streams.vocabulary.mplus_order import Customer, Moved, MplusOrder, Payment
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
        ([OfferPushed(offer_id="o1", amount=4)], True),
        ([OfferPushed(offer_id="o1", amount=4), OfferPushed(offer_id="o1", amount=5)], False),
        ([OfferPushed(offer_id="o2", amount=4)], False),
        ([Refused(said="no")], False),
        ([OrderCommitted(order_id="1")], False),
    ],
)
def test_a_push_is_done_when_it_was_the_last_that_arrived(outcomes: list[Any], expected: bool) -> None:
    assert done(PushOffer(offer_id="o1", amount=4), [deed(one) for one in outcomes]) is expected


def test_what_was_done_is_not_asked_for_again_and_the_rest_is() -> None:
    asked = row(push=PushOffer(offer_id="o1", amount=4), read=ReadStock(article_number=1, branches=(1,)))
    kept = without_done(asked, [deed(OfferPushed(offer_id="o1", amount=4))], None)
    assert list(kept.open) == ["read"]
    assert without_done(asked, [], None) is asked


def test_what_the_live_row_asks_for_too_stays_that_ones() -> None:
    """Regression: a push that was on its way to set a foreign write back had been done before, in the same words; the
    rebuilt row came without it, and nobody set anything back."""
    asked = row(push=PushOffer(offer_id="o1", amount=4))
    pushed = [deed(OfferPushed(offer_id="o1", amount=4))]
    assert without_done(asked, pushed, asked) is asked
    other = row(push=PushOffer(offer_id="o1", amount=5))
    assert list(without_done(asked, pushed, other).open) == []


def test_a_push_is_done_when_all_of_it_is_what_was_written_last() -> None:
    first = deed(OfferPushed(offer_id="o1", amount=4, price_cents=1995, on_hold=True))
    later = deed(OfferPushed(offer_id="o1", amount=5))
    assert done(PushOffer(offer_id="o1", amount=5, price_cents=1995, on_hold=True), [first, later])
    assert not done(PushOffer(offer_id="o1", amount=5, price_cents=2095), [first, later])
    assert not done(PushOffer(offer_id="o1", amount=5, on_hold=False), [first, later])
    assert not done(PushOffer(offer_id="o1", amount=5, managed=False), [first, later])
    assert not done(PushOffer(offer_id="o1", amount=4), [first, later])


def test_stock_in_mplus_is_not_set_again_to_what_it_was_set_to_last() -> None:
    wanted = SetMplusStock(article_number=7, branch=2, amount=Decimal(4))
    here = deed(MplusStockSet(article_number=7, branch=2, amount=Decimal(4)))
    elsewhere = deed(MplusStockSet(article_number=7, branch=3, amount=Decimal(5)))
    later = deed(MplusStockSet(article_number=7, branch=2, amount=Decimal(6)))
    assert done(wanted, [here, elsewhere])
    assert not done(wanted, [elsewhere])
    assert not done(wanted, [here, later])


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


def test_each_credit_of_a_return_is_booked_once() -> None:
    """A return's row books one for each item."""
    other = CommitOrder(draft=msgspec.structs.replace(DRAFT, ext_order_id="BOL-RETURN-2"))
    booked = [deed(OrderCommitted(order_id="1"), other)]
    assert done(other, booked)
    assert not done(CommitOrder(draft=DRAFT), booked)
    assert done(CommitOrder(draft=DRAFT), [deed(OrderCommitted(order_id="1"), CommitOrder(draft=DRAFT))])


BEGUN = BolWriteBegun(process_id="p1")
READ = MplusOrderRead(order=MplusOrder(order_id="1", ext_order_id="BOL-1"))
SHIP = ShipBolItems(
    order_id="b1", items=(Sent(item_id="i1", quantity=1),), reference="b1-1", transporter="TNT"
)
CANCEL = CancelBolItem(order_id="b1", item_id="i1", reason="OUT_OF_STOCK")
HANDLE = HandleBolReturn(return_id="r", rma_id="1", result="RETURN_RECEIVED", quantity=1)
DELIVER = DeliverMplusOrder(order_id="1", due=(Moved(article_number=1, quantity=2),))
REDUCE = CancelMplusOrder(order_id="1", left=(Moved(article_number=1, quantity=1),))
PAY = PayMplusOrder(order_id="1", key="k", payment=Payment(method="BOL", cents=100), prepay=True)
STATUS = SetMplusCategory(order_id="1", category=3)


@pytest.mark.parametrize(
    ("effect", "outcome", "same", "another"),
    [
        (SHIP, BEGUN, {"transporter": "DPD-NL", "track": "3S"}, {"reference": "b1-2"}),
        (SHIP, BolWriteBegun(process_id="", done=True), {"label": "x"}, {"known": ("p1",)}),
        (CANCEL, BEGUN, {"reason": "REQUESTED_BY_CUSTOMER"}, {"item_id": "i2"}),
        (CANCEL, BEGUN, {}, {"known": ("p1",)}),
        (HANDLE, BEGUN, {}, {"rma_id": "2"}),
        (HANDLE, BEGUN, {}, {"quantity": 2}),
        (DELIVER, READ, {"turnover": "DELIVER-ORDER-TURNOVER-TYPE-INVOICE"}, {"due": ()}),
        (REDUCE, READ, {}, {"left": ()}),
        (PAY, MplusOrderPaid(), {"prepay": False}, {"key": "k2"}),
        (STATUS, READ, {}, {"category": 4}),
    ],
)
def test_what_was_shipped_cancelled_delivered_or_paid_is_not_done_again(
    effect: Any, outcome: Any, same: dict[str, Any], another: dict[str, Any]
) -> None:
    replace = msgspec.structs.replace
    assert not done(effect, [])
    assert done(effect, [deed(outcome, effect)])
    assert done(replace(effect, **same), [deed(outcome, effect, mark_of(effect))])
    assert not done(replace(effect, **another), [deed(outcome, effect)])
    assert not done(effect, [deed(outcome, ReadMplusOrder(order_id="1"))])
    for failed in (Refused(said="no"), AnswerLost(why="?")):
        assert not done(effect, [deed(failed, effect)])


def test_what_was_asked_in_the_same_words_was_done_though_nobody_knows_what_it_was() -> None:
    assert done(SHIP, [deed(BEGUN, None, mark_of(SHIP))])
    assert not done(SHIP, [deed(BEGUN, None, mark_of(CANCEL))])
    assert not done(SHIP, [deed(BEGUN)])


def test_an_order_that_mplus_does_not_know_was_not_delivered() -> None:
    assert not done(DELIVER, [deed(MplusOrderRead(order=None), DELIVER)])


def test_an_order_has_the_status_that_it_was_given_last() -> None:
    other = msgspec.structs.replace(STATUS, category=4)
    assert not done(STATUS, [deed(READ, STATUS), deed(READ, other)])
    assert done(STATUS, [deed(READ, other), deed(READ, STATUS), deed(READ, DELIVER)])


def test_calls_are_what_the_live_row_does_not_ask_for_already() -> None:
    live = row(push=PushOffer(offer_id="o1", amount=4))
    same = row(push=PushOffer(offer_id="o1", amount=4))
    other = row(push=PushOffer(offer_id="o1", amount=2))
    assert calls(live, same) == ()
    assert calls(live, other) == (PushOffer(offer_id="o1", amount=2),)
    assert calls(None, other) == (PushOffer(offer_id="o1", amount=2),)
    assert calls(live, None) == ()
