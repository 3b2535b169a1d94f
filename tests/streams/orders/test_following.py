"""What Mplus shows after the commit, and what is done there without staff."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from streams.orders.rules import KindRules
from streams.vocabulary.effects import DeliverMplusOrder, PayMplusOrder, ReadMplusOrder, SetMplusCategory
from streams.vocabulary.events import (
    BolOrderFetched,
    MplusOrderPaid,
    MplusOrderRead,
    MplusOrderSeen,
    OperatorAsked,
    OrderCommitted,
    ReturnAnswered,
    ReturnAsked,
)
from streams.vocabulary.mplus_order import Moved, Payment
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.streams.orders.desk import BOTH, FBR, START, Desk, bol_order, booked, item


def kind(**more: object) -> KindRules:
    return replace(KindRules(branch_number=1), **more)  # type: ignore[arg-type]  # the test's own fields


def test_an_order_that_is_older_than_we_are_is_looked_for_before_its_customer_is() -> None:
    desk = Desk()
    desk.now = START + timedelta(hours=3)
    desk.fetch()
    desk.answer()
    assert desk.open["look"].effect == ReadMplusOrder(ext_order_id="BOL-b1")
    assert not any(message.flow == "customers" for message in desk.sent)
    found = desk.in_mplus(booked(1, delivered=1), relation_number=55)
    desk.settle("look", MplusOrderRead(order=found))
    assert desk.order.mplus_order == "m1"
    assert desk.order.relation == 55
    assert "taken over" in desk.notes["committed"].text
    assert not any(message.flow == "customers" for message in desk.sent)


def test_an_adopted_order_is_read_for_what_has_left_already() -> None:
    desk = Desk()
    desk.to_commit()
    desk.settle("commit", OrderCommitted(order_id="m1", number="2026-12", adopted=True))
    assert "read" in desk.open


def test_a_deposit_is_booked_once_under_one_key() -> None:
    desk = Desk(replace(FBR, kinds={"FBR": kind(prepaid=True, payment_method="BOL")}))
    desk.commit(bol_order(item(1, quantity=2)))
    pay = desk.open["pay"].effect
    assert pay == PayMplusOrder(
        order_id="m1",
        key="kassabrug-shop-b1-pay",
        payment=Payment(method="BOL", cents=3990, reference="Bol.com b1"),
        prepay=True,
    )
    desk.settle("pay", AnswerLost(why="timed out"))
    assert desk.open["pay"].effect == pay
    desk.settle("pay", MplusOrderPaid())
    desk.seen(booked(1, quantity=2))
    assert "pay" not in desk.open


def test_a_refused_payment_gets_a_new_key_because_the_old_one_would_be_refused_for_ever() -> None:
    desk = Desk(replace(FBR, kinds={"FBR": kind(prepaid=True, payment_method="BOL")}))
    desk.commit()
    desk.settle("pay", Refused(said="unknown payment method BOL"))
    assert "unknown payment method BOL" in desk.order.stuck
    effect = desk.open["pay"].effect
    assert isinstance(effect, PayMplusOrder)
    assert effect.key != "kassabrug-shop-b1-pay"


def test_an_invoice_is_delivered_and_then_settled() -> None:
    desk = Desk(replace(FBR, kinds={"FBR": kind(commit="invoice", payment_method="BOL")}))
    desk.commit()
    assert desk.open["deliver"].effect == DeliverMplusOrder(order_id="m1")
    assert "pay" not in desk.open
    desk.settle("deliver", MplusOrderRead(order=desk.in_mplus(booked(1, delivered=1))))
    pay = desk.open["pay"].effect
    assert isinstance(pay, PayMplusOrder)
    assert not pay.prepay
    desk.settle("pay", MplusOrderPaid(invoice_id="f1"))
    assert desk.notes["paid"].text == "The invoice is made (f1)."


def test_what_was_shipped_before_it_was_booked_is_delivered_in_mplus() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1, quantity=2, quantity_shipped=1), item(2)))
    assert desk.open["deliver"].effect == DeliverMplusOrder(
        order_id="m1", due=(Moved(article_number=1001, quantity=1),)
    )


def test_an_older_word_of_mplus_changes_nothing() -> None:
    desk = Desk()
    desk.commit()
    old = desk.in_mplus(booked(1))
    desk.seen(booked(1, delivered=1))
    assert desk.apply(MplusOrderSeen(order=old)).activity == ()
    assert desk.order.booked is not None
    assert desk.order.booked.delivered == {1001: 1}


def test_a_list_without_its_lines_tells_nothing_about_them() -> None:
    desk = Desk()
    desk.commit()
    desk.seen()
    assert "cancel/i1" not in desk.open
    assert desk.open["read"].effect == ReadMplusOrder(order_id="m1"), "the order itself tells"
    desk.settle("read", MplusOrderRead(order=desk.in_mplus(marker=desk.marker, total_cents=1995)))
    assert desk.open == {}, "nor does an order without them that is to be paid"


def test_parts_of_a_composed_article_are_no_lines_of_ours() -> None:
    desk = Desk()
    desk.commit()
    part = replace(booked(1, quantity=4), component=True)
    desk.seen(booked(1), part)
    assert desk.order.booked is not None
    assert desk.order.booked.quantity == {1001: 1}


def test_an_order_that_mplus_no_longer_knows_is_told() -> None:
    desk = Desk()
    desk.commit()
    desk.apply(OperatorAsked(who="the shop"))
    desk.settle("read", MplusOrderRead(order=None))
    assert "no longer knows order 2026-12" in desk.order.stuck


def test_the_order_status_in_mplus_follows_once() -> None:
    desk = Desk(replace(FBR, shipping=replace(FBR.shipping, track="none", done_category=3)))
    desk.commit(bol_order(item(1, quantity_shipped=1)))
    desk.settle("deliver", MplusOrderRead(order=desk.in_mplus(booked(1, delivered=1))))
    assert desk.open["status"].effect == SetMplusCategory(order_id="m1", category=3)
    desk.settle("status", MplusOrderRead(order=desk.in_mplus(booked(1, delivered=1), category=3)))
    desk.seen(booked(1, delivered=1), category=1)
    assert "status" not in desk.open, "staff may change it again"


def test_the_bol_part_of_a_mixed_order_is_a_row_of_its_own() -> None:
    mixed = bol_order(item(1), item(2, fulfilment="FBB"))
    desk = Desk(BOTH)
    desk.fetch(mixed)
    assert [line.item_id for line in desk.order.lines] == ["i1"]
    parts = [message.entity for message in desk.sent if message.flow == "orders"]
    assert parts == ["b1-FBB"]
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=mixed))
    assert len([one for one in desk.sent if one.flow == "orders"]) == 1, "nothing has changed"
    desk.notice()
    gone = bol_order(item(1), item(2, fulfilment="FBB", quantity_cancelled=1))
    desk.settle("fetch", BolOrderFetched(order=gone))
    assert [one.entity for one in desk.sent if one.flow == "orders"] == ["b1-FBB", "b1-FBB"]
    part = Desk(BOTH, entity="b1-FBB")
    part.fetch(mixed)
    part.answer(2, 1002)
    part.is_customer()
    assert "commit" in part.open
    assert [line.item_id for line in part.order.lines] == ["i2"]
    assert part.order.kind == "FBB"


def test_an_order_before_the_start_is_not_taken_over() -> None:
    desk = Desk(replace(FBR, start=(START + timedelta(days=1)).date()))
    desk.fetch()
    assert desk.order.step == "kept-out"
    assert "orders.start" in desk.notes["kept-out"].text


def test_a_return_gets_the_lines_as_they_were_booked_with_less_than_nothing() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1, quantity=3)))
    desk.sent.clear()
    desk.apply(ReturnAsked(return_id="r1", rma_id="77", ean="8712345678901", quantity=2))
    answer = desk.sent[-1].event
    assert isinstance(answer, ReturnAnswered)
    assert answer.draft is not None
    assert answer.draft.ext_order_id == "BOL-b1-R77"
    assert answer.draft.relation_number == 7
    assert [(line.quantity, line.price_cents) for line in answer.draft.lines] == [(-2, 1995)]


def test_a_return_of_an_order_that_is_not_remembered_is_answered_with_nothing() -> None:
    desk = Desk()
    desk.apply(ReturnAsked(return_id="r1", rma_id="77", ean="8712345678901", quantity=1))
    answer = desk.sent[-1].event
    assert answer == ReturnAnswered(order_id="b1", rma_id="77")
    assert desk.state is None
