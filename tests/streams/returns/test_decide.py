"""A return, from Bol's list to its credit in Mplus."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from streams.returns.rules import HandlingRule, ReturnRules
from streams.returns.state import Return
from streams.vocabulary.effects import (
    AskBolProcess,
    CommitOrder,
    DeliverMplusOrder,
    HandleBolReturn,
    PayMplusOrder,
    SweepBolReturns,
)
from streams.vocabulary.events import (
    BolWriteBegun,
    MplusOrderPaid,
    MplusOrderRead,
    OperatorHandled,
    OrderCommitted,
    ProcessStatus,
    ProcessStatuses,
    ReturnAnswered,
    ReturnAsked,
    ReturnsEvent,
    Swept,
    Woke,
)
from streams.vocabulary.mplus_order import MplusOrder, Payment, PostalAddress
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.returns.desk import DAY, SETTLES, START, Desk, draft, item

BEGUN = BolWriteBegun(process_id="p1")
DONE = BolWriteBegun(process_id="", done=True)
COMMITTED = OrderCommitted(order_id="m1", number="2026-9")
READ = MplusOrderRead(order=MplusOrder(order_id="m1", ext_order_id="BOL-b1-Rr1"))
CREDITS = ReturnRules(credit="when-handled")
RESTOCKS = ReturnRules(credit="when-handled", restock=True)


def status(word: str, error: str = "", process: str = "p1") -> ProcessStatuses:
    return ProcessStatuses(statuses=(ProcessStatus(process_id=process, status=word, error=error),))


def handled_by_hand(rules: ReturnRules | None = None, **how: Any) -> Desk:
    """Up to Bol's SUCCESS."""
    desk = Desk(rules)
    desk.notice(item(expected=how.get("units", 1)))
    desk.by_hand(**how)
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", status("SUCCESS"))
    return desk


# -- noticed


def test_a_return_is_shown_and_nothing_is_done_by_itself() -> None:
    desk = Desk()
    desk.notice(item(expected=2), item(2))
    assert not desk.open
    assert not desk.sent
    assert desk.notes["return-seen"].text == "Return 9 of 3 units from order b1, b2."
    assert desk.shown.registered_at == START
    [first, second] = desk.shown.items
    assert (first.rma_id, first.order_id, first.expected, first.state, first.credit) == (
        "r1",
        "b1",
        2,
        "open",
        "none",
    )
    assert first.reason == "Klacht over artikel: Artikel is beschadigd"
    assert second.rma_id == "r2"


def test_a_second_notice_changes_nothing() -> None:
    desk = Desk()
    desk.notice()
    before = desk.state
    decision = desk.notice()
    assert not decision.activity
    assert not decision.asks
    assert before is not None
    assert desk.state is not None
    assert msgspec.structs.replace(desk.state, noticed_at=before.noticed_at) == before


@pytest.mark.parametrize("fulfilment", ["FBB", "FBR"])
def test_kinds_that_are_switched_off_are_left_alone(fulfilment: str) -> None:
    desk = Desk(ReturnRules(kinds=()))
    decision = desk.notice(fulfilment=fulfilment)
    assert decision.state is None
    assert not decision.activity


@pytest.mark.parametrize(
    "event", [Woke(due=START), ReturnAnswered(order_id="b1", rma_id="r1", draft=draft())]
)
def test_echoes_about_a_forgotten_return_are_nothing(event: ReturnsEvent) -> None:
    decision = Desk().apply(event)
    assert decision.state is None
    assert not decision.activity


def test_a_person_who_handles_a_forgotten_return_is_told() -> None:
    desk = Desk()
    desk.by_hand()
    assert "not remembered" in desk.notes["return-unknown"].text


# -- handled by hand


def test_by_hand_up_to_the_end_at_bol() -> None:
    desk = Desk()
    desk.notice(item(expected=2))
    desk.by_hand(units=2)
    assert desk.effect("handle/r1") == HandleBolReturn(
        return_id="9", rma_id="r1", result="RETURN_RECEIVED", quantity=2
    )
    assert desk.open["handle/r1"].repeated, "whoever handled it in the partner site since is not overruled"
    assert desk.shown.items[0].state == "asked"
    desk.settle("handle/r1", BEGUN)
    assert desk.effect("process/r1") == AskBolProcess(process_id="p1")
    assert desk.waits("process/r1") == pytest.approx(2.0)
    desk.settle("process/r1", status("SUCCESS"))
    assert not desk.open
    [shown] = desk.shown.items
    assert (shown.state, shown.handled_as, shown.credit) == ("handled", "RETURN_RECEIVED", "none")
    assert desk.notes["return-handled"].text == "Item r1 is RETURN_RECEIVED at Bol, 2 units."
    assert not desk.sent, "credits are off, and nobody asked for one"


def test_pending_is_asked_after_ever_longer_waits() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand()
    desk.settle("handle/r1", BEGUN)
    waits = []
    for _ in range(14):
        desk.settle("process/r1", status("PENDING"))
        waits.append(desk.waits("process/r1"))
    assert waits[0] <= 4
    assert sorted(waits[:7]) == waits[:7]
    assert 100 < max(waits) <= 300


def test_what_bol_does_not_take_waits_for_a_person() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand("REPAIR_PRODUCT")
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", status("FAILURE", "Return item is not eligible."))
    [shown] = desk.shown.items
    assert shown.state == "failed"
    assert (
        "as REPAIR_PRODUCT (1 units). Bol says: Return item is not eligible. Handle it again" in shown.stuck
    )
    assert desk.notes["return-stuck"].level == "stuck"
    assert not desk.open
    desk.by_hand()
    assert desk.shown.items[0].stuck == ""
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", status("SUCCESS"))
    assert desk.shown.items[0].state == "handled"


def test_a_refusal_at_once_waits_for_a_person_too() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand("NONSENSE")
    desk.settle("handle/r1", Refused(said="handlingResult is not known"))
    assert desk.item().state == "failed"
    assert "Bol says: handlingResult is not known. Handle" in desk.shown.items[0].stuck


@pytest.mark.parametrize("outcome", [NotSent(why="429", retry_after=40.0), AnswerLost(why="timeout")])
def test_a_handling_that_did_not_get_through_is_tried_again(outcome: NotSent | AnswerLost) -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand()
    for _ in range(3):
        desk.settle("handle/r1", outcome)
        assert desk.open["handle/r1"].repeated
        assert desk.waits("handle/r1") > 0.4
    assert "is tried again by itself" in desk.item().stuck
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", status("SUCCESS"))
    assert desk.notes["return-handled"].level == "cleared"


@pytest.mark.parametrize("outcome", [status("TIMEOUT"), ProcessStatuses(statuses=())])
def test_a_timeout_and_a_forgotten_process_are_asked_again(outcome: ProcessStatuses) -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand()
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", outcome)
    assert desk.open["handle/r1"].repeated
    desk.settle("handle/r1", BolWriteBegun(process_id="p2"))
    assert desk.effect("process/r1") == AskBolProcess(process_id="p2")
    desk.settle("process/r1", status("SUCCESS", process="p2"))
    assert desk.item().state == "handled"


def test_a_question_about_a_process_that_fails_is_put_again() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand()
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", Refused(said="no"))
    assert desk.waits("process/r1") >= 60
    for _ in range(2):
        desk.settle("process/r1", AnswerLost(why="timeout"))
    assert "cannot be asked" in desk.shown.items[0].stuck
    desk.settle("process/r1", status("SUCCESS"))
    assert desk.shown.items[0].stuck == ""


def test_found_handled_already_bol_is_asked_how() -> None:
    desk = Desk(CREDITS)
    desk.notice()
    desk.by_hand(credit=True)
    desk.settle("handle/r1", DONE)
    assert desk.effect("read") == SweepBolReturns(return_id="9")
    assert desk.item().state == "asked"
    desk.notice(item(handled_as="RETURN_DOES_NOT_MEET_CONDITIONS", units=1))
    desk.settle("read", Swept(cursor="", found=1))
    assert desk.item().handled_as == "RETURN_DOES_NOT_MEET_CONDITIONS"
    assert not desk.sent, "the person's word was about another result"


def test_found_handled_already_as_asked_counts_as_ours() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand(credit=True)
    desk.settle("handle/r1", AnswerLost(why="timeout"))
    desk.settle("handle/r1", DONE)
    desk.notice(item(handled_as="RETURN_RECEIVED"))
    assert desk.item().state == "handled"
    assert len(desk.sent) == 1, "to be credited, as the person said"


def test_bol_that_tells_no_more_is_taken_at_its_word() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand()
    desk.settle("handle/r1", DONE)
    desk.settle("read", Swept(cursor=""))
    assert desk.item().handled_as == "RETURN_RECEIVED"


def test_an_old_list_between_the_question_and_the_answer_is_looked_through() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand()
    desk.settle("handle/r1", DONE)
    desk.notice()
    desk.settle("read", Swept(cursor="", found=1))
    assert desk.item().state == "asked"
    assert desk.waits("read") > 1
    desk.settle("read", Swept(cursor=""))
    assert desk.item().state == "handled"


def test_what_a_person_cannot_do_is_said() -> None:
    desk = Desk()
    desk.notice(item(), item(2, handled_as="REPAIR_PRODUCT"))
    desk.by_hand(number=7)
    assert "no item r7" in desk.notes["return-operator"].text
    desk.by_hand(units=0)
    assert "no number of units" in desk.notes["return-operator"].text
    desk.by_hand(number=2)
    assert "handled at Bol already (REPAIR_PRODUCT)" in desk.notes["return-operator"].text
    desk.by_hand()
    first = desk.open["handle/r1"]
    desk.by_hand("REPAIR_PRODUCT")
    assert "is being handled as RETURN_RECEIVED just now" in desk.notes["return-operator"].text
    assert desk.open["handle/r1"] == first


def test_bol_handles_its_own_warehouse_itself() -> None:
    desk = Desk(ReturnRules(handle=(HandlingRule(result="RETURN_RECEIVED", after_days=0),)))
    desk.notice(fulfilment="FBB")
    desk.by_hand()
    assert "Bol handles returns to its own warehouse itself" in desk.notes["return-operator"].text
    assert not desk.open


# -- by rule


def test_a_rule_handles_after_its_days_and_only_its_reason() -> None:
    rules = ReturnRules(
        handle=(
            HandlingRule(result="CUSTOMER_KEEPS_PRODUCT_PAID", after_days=0, reason="BESCHADIGD"),
            HandlingRule(result="RETURN_RECEIVED", after_days=10, reason="verkeerd besteld"),
        )
    )
    desk = Desk(rules)
    desk.notice(
        item(expected=2), item(2, reason="Verkeerd besteld: Dubbel besteld"), item(3, reason="Anders")
    )
    assert list(desk.open) == ["handle/r1"]
    assert desk.effect("handle/r1").result == "CUSTOMER_KEEPS_PRODUCT_PAID"
    assert desk.effect("handle/r1").quantity == 2
    while "handle/r2" not in desk.open:
        desk.notice(item(2, reason="Verkeerd besteld: Dubbel besteld"))
        desk.sleep()
    assert desk.now - START >= timedelta(days=10)
    assert desk.effect("handle/r2").result == "RETURN_RECEIVED"
    assert desk.open["handle/r2"].repeated
    assert "handle/r3" not in desk.open


def test_a_rule_does_nothing_about_what_failed_or_was_handled() -> None:
    desk = Desk(ReturnRules(handle=(HandlingRule(result="RETURN_RECEIVED", after_days=10),)))
    desk.notice(item(), item(2, handled_as="REPAIR_PRODUCT"))
    desk.by_hand()
    desk.settle("handle/r1", Refused(said="no"))
    desk.later(11 * DAY)
    desk.notice(item(), item(2, handled_as="REPAIR_PRODUCT"))
    assert not desk.open


def test_what_a_rule_handled_is_credited_without_goods() -> None:
    rule = HandlingRule(result="RETURN_RECEIVED", after_days=0)
    desk = Desk(ReturnRules(handle=(rule,), credit="when-handled", restock=True))
    desk.notice()
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", status("SUCCESS"))
    desk.answer(draft())
    desk.settle("credit/r1", COMMITTED)
    assert desk.shown.items[0].credit == "booked"
    assert not desk.open


# -- the state follows Bol


def test_handled_in_the_partner_site() -> None:
    desk = Desk()
    desk.notice()
    desk.notice(item(handled_as="EXCHANGE_PRODUCT", units=1))
    [shown] = desk.shown.items
    assert (shown.state, shown.handled_as) == ("handled", "EXCHANGE_PRODUCT")
    assert desk.notes["return-handled"].direction == "in"


def test_handled_in_the_partner_site_while_it_was_asked_for_here() -> None:
    desk = Desk(CREDITS)
    desk.notice()
    desk.by_hand(credit=True)
    desk.settle("handle/r1", NotSent(why="429"))
    desk.notice(item(handled_as="REPAIR_PRODUCT", units=1))
    assert not desk.open, "it is not overruled"
    assert desk.item().handled_as == "REPAIR_PRODUCT"
    assert not desk.sent


def test_a_handling_sent_twice_of_which_bol_refuses_one() -> None:
    desk = Desk()
    desk.notice()
    desk.by_hand(credit=True)
    desk.settle("handle/r1", AnswerLost(why="timeout"))
    desk.settle("handle/r1", BEGUN)
    desk.settle("process/r1", status("FAILURE", "handled already"))
    assert desk.item().state == "failed"
    desk.notice(item(handled_as="RETURN_RECEIVED", units=1))
    assert desk.item().state == "handled"
    assert desk.item().stuck == ""
    assert len(desk.sent) == 1


def test_what_vanishes_from_the_list_is_asked_for_and_then_handled() -> None:
    desk = Desk(CREDITS)
    desk.notice()
    for _ in range(3):
        desk.later(900)
        desk.notice()
    assert desk.wake == desk.now + timedelta(seconds=3600)
    desk.sleep()
    assert desk.effect("read") == SweepBolReturns(return_id="9")
    assert desk.item().state == "open"
    desk.settle("read", NotSent(why="no connection"))
    assert desk.item().state == "open", "nothing is concluded from silence"
    desk.settle("read", Refused(said="no"))
    assert desk.waits("read") >= 60
    desk.settle("read", AnswerLost(why="x"))
    assert "return-read" in desk.notes
    desk.settle("read", Swept(cursor=""))
    [shown] = desk.shown.items
    assert (shown.state, shown.handled_as, shown.credit) == ("handled", "", "none")
    assert "not credited by itself" in desk.notes["return-credit"].text
    desk.notice()
    assert desk.shown.items[0].state == "open", "Bol has it as open after all"


def test_what_vanished_and_is_shown_as_handled_is_credited() -> None:
    desk = Desk(CREDITS)
    desk.notice()
    desk.sleep()
    desk.notice(item(handled_as="RETURN_RECEIVED", units=1))
    desk.settle("read", Swept(cursor="", found=1))
    assert [message.entity for message in desk.sent] == ["b1"]
    assert desk.item().handled_as == "RETURN_RECEIVED"


def test_a_quiet_sweep_is_no_vanishing() -> None:
    desk = Desk()
    desk.notice()
    desk.sleep()
    desk.notice()
    desk.settle("read", Swept(cursor="", found=1))
    assert desk.item().state == "open"
    assert desk.wake is not None
    assert desk.wake > desk.now


def test_a_list_that_is_minutes_old_undoes_nothing() -> None:
    desk = handled_by_hand()
    decision = desk.notice()
    assert not decision.activity
    desk.later(3700)
    desk.notice()
    assert "lists it as open all the same" in desk.shown.items[0].stuck
    assert desk.item().state == "handled", "it is not handled twice"
    desk.notice(item(handled_as="RETURN_RECEIVED"))
    assert desk.shown.items[0].stuck == ""


def test_an_old_list_leaves_no_trouble_behind() -> None:
    """Once it is handled no list has it any more: the trouble stayed for good, and so did the row."""
    desk = handled_by_hand()
    desk.later(3700)
    desk.notice()
    assert desk.item().stuck
    desk.sleep()
    desk.settle("read", Swept(cursor=""))
    assert desk.shown.items[0].stuck == ""
    assert desk.notes["return-stuck"].level == "cleared"
    assert desk.sleep().state is None


def test_a_result_that_changes_at_bol_after_the_credit_is_told() -> None:
    desk = handled_by_hand(credit=True)
    desk.answer(draft())
    desk.settle("credit/r1", COMMITTED)
    desk.notice(item(handled_as="RETURN_DOES_NOT_MEET_CONDITIONS"))
    assert "look whether the credit in Mplus is still right" in desk.notes["return-handled"].text


def test_a_refusal_that_bol_takes_back_is_credited() -> None:
    desk = Desk(CREDITS)
    desk.notice()
    desk.notice(item(handled_as="RETURN_DOES_NOT_MEET_CONDITIONS", units=1))
    assert not desk.sent
    desk.notice(item(handled_as="STILL_APPROVED", units=1))
    assert len(desk.sent) == 1


def test_an_item_that_comes_later() -> None:
    desk = Desk()
    desk.notice()
    desk.notice(item(), item(2))
    assert [one.rma_id for one in desk.shown.items] == ["r1", "r2"]


# -- the credit


def test_the_orders_flow_is_asked_and_its_credit_booked() -> None:
    desk = handled_by_hand(credit=True, units=2)
    [message] = desk.sent
    assert (message.flow, message.entity) == ("orders", "b1")
    assert message.event == ReturnAsked(return_id="9", rma_id="r1", ean="8712345678901", quantity=2)
    assert desk.shown.items[0].credit == "asked"
    desk.answer(draft(units=2))
    assert desk.effect("credit/r1") == CommitOrder(draft=draft(units=2))
    desk.answer(draft(units=2))
    assert desk.open["credit/r1"].number == 3, "a second answer asks nothing"
    desk.settle("credit/r1", COMMITTED)
    [shown] = desk.shown.items
    assert (shown.credit, shown.mplus_order, shown.stuck) == ("booked", "2026-9", "")
    assert not desk.open
    desk.answer(draft(units=2))
    assert not desk.open


@pytest.mark.parametrize(
    ("result", "credited"),
    [
        ("RETURN_RECEIVED", True),
        ("STILL_APPROVED", True),
        ("EXCHANGE_PRODUCT", False),
        ("REPAIR_PRODUCT", False),
        ("CUSTOMER_KEEPS_PRODUCT_PAID", False),
        ("RETURN_DOES_NOT_MEET_CONDITIONS", False),
    ],
)
def test_by_itself_only_what_bol_refunds_is_credited(result: str, credited: bool) -> None:
    desk = Desk(CREDITS)
    desk.notice(fulfilment="FBB")
    desk.notice(item(handled_as=result, units=1), fulfilment="FBB")
    assert bool(desk.sent) is credited


def test_the_persons_word_wins() -> None:
    assert not handled_by_hand(CREDITS, credit=False).sent
    assert handled_by_hand(None, credit=True).sent
    assert handled_by_hand(None, result="REPAIR_PRODUCT", credit=True).sent


def test_what_was_handled_before_we_knew_it_is_not_credited() -> None:
    desk = Desk(CREDITS)
    desk.notice(item(handled_as="RETURN_RECEIVED", units=1))
    assert not desk.sent


def test_how_many_is_not_guessed() -> None:
    desk = Desk(CREDITS)
    desk.notice(item(expected=3))
    desk.notice(item(expected=3, handled_as="RETURN_RECEIVED"))
    assert not desk.sent
    assert desk.shown.items[0].credit == "failed"
    assert "how many of the 3 units" in desk.shown.items[0].stuck
    desk.by_hand(units=2, credit=True)
    assert not desk.open, "Bol is not asked to handle it again"
    [message] = desk.sent
    assert isinstance(message.event, ReturnAsked)
    assert message.event.quantity == 2


@pytest.mark.parametrize("found", [None, draft(lines=())])
def test_an_order_that_is_not_remembered(found: Any) -> None:
    desk = handled_by_hand(credit=True)
    desk.answer(found)
    [shown] = desk.shown.items
    assert shown.credit == "failed"
    assert "b1 was booked in Mplus is not remembered here" in shown.stuck
    assert desk.wake is None, "it waits for a person, and is not forgotten"
    desk.by_hand(credit=True)
    assert len(desk.sent) == 2
    desk.answer(draft())
    assert "credit/r1" in desk.open


def test_an_answer_that_never_came_is_asked_for_again() -> None:
    desk = handled_by_hand(credit=True)
    desk.sleep()
    assert len(desk.sent) == 2
    assert desk.sent[0] == desk.sent[1]


def test_with_restock_the_credit_is_delivered() -> None:
    desk = handled_by_hand(RESTOCKS, credit=True)
    desk.answer(draft())
    desk.settle("credit/r1", COMMITTED)
    assert desk.effect("deliver/r1") == DeliverMplusOrder(order_id="m1")
    assert desk.shown.items[0].credit == "booked"
    desk.settle("deliver/r1", READ)
    assert "return-restocked" in desk.notes
    assert not desk.open


@pytest.mark.parametrize("result", ["REPAIR_PRODUCT", "CUSTOMER_KEEPS_PRODUCT_PAID"])
def test_goods_that_are_not_the_shops_again_are_not_restocked(result: str) -> None:
    desk = handled_by_hand(RESTOCKS, result=result, credit=True)
    desk.answer(draft())
    desk.settle("credit/r1", COMMITTED)
    assert not desk.open


def test_a_payment_that_settles_follows_the_delivery() -> None:
    desk = handled_by_hand(RESTOCKS, credit=True)
    desk.answer(draft(**SETTLES))
    assert desk.effect("credit/r1").draft.payments == ()
    desk.settle("credit/r1", COMMITTED)
    desk.settle("deliver/r1", READ)
    assert desk.effect("pay/r1") == PayMplusOrder(
        order_id="m1",
        key="kassabrug-shop-b1-Rr1-pay-1",
        payment=Payment(method="Bol.com", cents=-1995),
        prepay=False,
    )
    desk.settle("pay/r1", AnswerLost(why="timeout"))
    assert desk.open["pay/r1"].repeated
    desk.settle("pay/r1", MplusOrderPaid(invoice_id="i1"))
    assert desk.item().credit == "booked"
    assert not desk.open


def test_without_restock_the_payment_goes_with_the_credit() -> None:
    desk = handled_by_hand(credit=True)
    desk.answer(draft(**SETTLES))
    assert desk.effect("credit/r1").draft.payments == SETTLES["payments"]


@pytest.mark.parametrize("restock", [True, False])
def test_the_refund_is_booked_on_the_credit(restock: bool) -> None:
    desk = handled_by_hand(ReturnRules(restock=restock, refund=True), credit=True, units=2)
    desk.answer(draft(units=2, payment_method="Bol.com"))
    desk.settle("credit/r1", COMMITTED)
    if restock:
        desk.settle("deliver/r1", READ)
    assert desk.effect("pay/r1") == PayMplusOrder(
        order_id="m1",
        key="kassabrug-shop-b1-Rr1-pay-1",
        payment=Payment(method="Bol.com", cents=-3990, reference="b1"),
        prepay=not restock,
    )
    desk.settle("pay/r1", Refused(said="no such method"))
    assert "Paying the credit in Mplus does not work" in desk.shown.items[0].stuck
    desk.by_hand(units=2, credit=True)
    assert desk.effect("pay/r1").key == "kassabrug-shop-b1-Rr1-pay-1-2", "the same key gets the same refusal"
    desk.settle("pay/r1", MplusOrderPaid())
    assert desk.item().credit == "booked"


def test_without_a_payment_method_nothing_is_refunded() -> None:
    desk = handled_by_hand(ReturnRules(refund=True), credit=True)
    desk.answer(draft())
    desk.settle("credit/r1", COMMITTED)
    assert desk.item().credit == "booked"


def test_the_branch_where_parcels_come_back() -> None:
    rules = ReturnRules(credit="when-handled", credit_branch=3, credit_workplace=5)
    desk = handled_by_hand(rules, credit=True)
    desk.answer(draft())
    made = desk.effect("credit/r1").draft
    assert (made.branch_number, made.workplace_number) == (3, 5)
    other = Desk(rules)
    other.notice(fulfilment="FBB")
    other.notice(item(handled_as="RETURN_RECEIVED"), fulfilment="FBB")
    other.answer(draft())
    assert other.effect("credit/r1").draft.branch_number == 1, "Bol's warehouse"


def test_a_credit_whose_answer_was_lost_is_looked_for() -> None:
    desk = handled_by_hand(credit=True)
    desk.answer(draft())
    for _ in range(3):
        desk.settle("credit/r1", AnswerLost(why="timeout"))
        assert desk.open["credit/r1"].repeated
        assert desk.effect("credit/r1") == CommitOrder(draft=draft())
    assert "nothing is booked twice" in desk.shown.items[0].stuck
    desk.settle("credit/r1", OrderCommitted(order_id="m1", adopted=True))
    assert "was in Mplus already" in desk.notes["return-credit"].text
    assert desk.shown.items[0].stuck == ""


def test_a_credit_that_mplus_refuses_waits_for_a_person_and_gets_another_key() -> None:
    desk = handled_by_hand(credit=True)
    desk.answer(draft())
    desk.settle("credit/r1", Refused(said="Branch 9 does not exist"))
    [shown] = desk.shown.items
    assert shown.credit == "failed"
    assert "Mplus says: Branch 9 does not exist. Change" in shown.stuck
    assert not desk.open
    desk.by_hand(credit=True)
    desk.answer(draft())
    made = desk.open["credit/r1"]
    assert isinstance(made.effect, CommitOrder)
    assert made.effect.draft.idempotency_key == "kassabrug-shop-b1-Rr1-2"
    assert made.effect.draft.ext_order_id == "BOL-b1-Rr1", "what Mplus may have all the same is adopted"
    assert made.repeated


@pytest.mark.parametrize("outcome", [Refused(said="no"), MplusOrderRead(order=None)])
def test_a_delivery_that_mplus_refuses_is_gone_on_with_by_hand(outcome: Any) -> None:
    desk = handled_by_hand(RESTOCKS, credit=True)
    desk.answer(draft())
    desk.settle("credit/r1", COMMITTED)
    desk.settle("deliver/r1", outcome)
    assert "2026-9" in desk.shown.items[0].stuck
    assert desk.wake is None
    desk.by_hand(credit=True)
    assert desk.effect("deliver/r1") == DeliverMplusOrder(order_id="m1")
    assert "credit/r1" not in desk.open
    desk.settle("deliver/r1", READ)
    assert desk.item().credit == "booked"
    desk.by_hand(credit=True)
    assert "credited already: 2026-9" in desk.notes["return-credit"].text
    assert not desk.open


def test_a_person_need_not_wait_for_the_next_try() -> None:
    desk = handled_by_hand(credit=True)
    desk.answer(draft())
    desk.settle("credit/r1", AnswerLost(why="x"))
    desk.by_hand(credit=True)
    assert desk.open["credit/r1"].not_before is None
    assert desk.open["credit/r1"].repeated


def test_nothing_personal_is_left_in_the_row() -> None:
    person = PostalAddress(name="Jan de Vries", address="Oudegracht 12", city="Utrecht")
    desk = handled_by_hand(credit=True)
    desk.answer(draft(deliver_to=person, invoice_to=person))
    desk.settle("credit/r1", COMMITTED)
    assert b"Vries" not in msgspec.json.encode(desk.state)


# -- in the end


def test_a_handled_return_is_forgotten() -> None:
    desk = handled_by_hand()
    decision = desk.sleep()
    assert decision.state is None
    assert desk.now - START > timedelta(days=60)


def test_what_still_looks_at_bol_does_not_keep_it() -> None:
    desk = Desk()
    desk.notice()
    desk.sleep()
    desk.notice(item(handled_as="REPAIR_PRODUCT"))
    assert "read" in desk.open
    assert desk.sleep().state is None


def test_an_open_item_is_not_forgotten() -> None:
    desk = Desk()
    desk.notice(item(), item(2, handled_as="REPAIR_PRODUCT"))
    desk.later(100 * DAY)
    desk.notice(item(), item(2, handled_as="REPAIR_PRODUCT"))
    assert desk.wake == desk.now + timedelta(seconds=3600)


def test_rows_are_read_back_as_they_were_written() -> None:
    desk = handled_by_hand(RESTOCKS, credit=True)
    desk.answer(draft(**SETTLES))
    assert msgspec.json.decode(msgspec.json.encode(desk.state), type=Return) == desk.state


def test_the_operator_event_is_no_name_of_a_customer() -> None:
    desk = Desk()
    desk.notice()
    desk.apply(OperatorHandled(who="Ans", rma_id="r1", result="RETURN_RECEIVED", quantity=1))
    assert desk.notes["return-operator"].text == "Ans handled item r1 as RETURN_RECEIVED, 1 of 1 units."
