"""Less is wanted than was ordered, in every direction."""

from __future__ import annotations

from msgspec.structs import replace

from streams.orders.rules import CancelRules
from streams.vocabulary.bol_order import Discount
from streams.vocabulary.effects import CancelBolItem, CancelMplusOrder, ReadMplusOrder
from streams.vocabulary.events import (
    BolOrderFetched,
    BolWriteBegun,
    MplusOrderRead,
    OperatorCancelled,
    ProcessStatus,
    ProcessStatuses,
)
from streams.vocabulary.mplus_order import Moved
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.streams.orders.desk import FBR, Desk, bol_order, booked, item


def cancelled_at_bol(desk: Desk, number: int = 1, status: str = "SUCCESS", error: str = "") -> None:
    desk.settle(f"cancel/i{number}", BolWriteBegun(process_id="p"))
    found = ProcessStatus(process_id="p", status=status, error=error)
    desk.settle(f"process/cancel/i{number}", ProcessStatuses(statuses=(found,)))


def test_a_request_before_the_booking_is_granted_and_nothing_is_booked() -> None:
    desk = Desk()
    desk.fetch(bol_order(item(1, cancellation_requested=True)))
    assert desk.open["cancel/i1"].effect == CancelBolItem(
        order_id="b1", item_id="i1", reason="REQUESTED_BY_CUSTOMER"
    )
    assert "commit" not in desk.open
    cancelled_at_bol(desk)
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancelled=1))))
    assert desk.order.step == "cancelled"


def test_a_request_after_the_booking_is_granted_when_mplus_shows_that_nothing_has_left() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1), item(2)))
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancellation_requested=True), item(2))))
    assert desk.open["read"].effect == ReadMplusOrder(order_id="m1")
    assert "cancel/i1" not in desk.open
    desk.settle("read", MplusOrderRead(order=desk.in_mplus(booked(1), booked(2))))
    cancelled_at_bol(desk)
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancelled=1), item(2))))
    assert desk.open["less"].effect == CancelMplusOrder(
        order_id="m1", left=(Moved(article_number=1002, quantity=1),)
    )
    desk.settle("less", MplusOrderRead(order=desk.in_mplus(booked(1, cancelled=1), booked(2))))
    assert desk.order.stuck == ""
    assert desk.order.step == "committed"


def test_a_request_for_what_has_left_is_shown_and_not_granted() -> None:
    desk = Desk()
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancellation_requested=True))))
    assert "cancel/i1" not in desk.open
    assert "asked Bol to cancel" in desk.order.stuck
    assert desk.shown.asks_cancellation


def test_by_hand_means_that_a_person_decides() -> None:
    desk = Desk(replace(FBR, cancel=CancelRules(asked_by_customer="by-hand")))
    desk.commit()
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancellation_requested=True))))
    assert "cancel/i1" not in desk.open
    desk.apply(OperatorCancelled(who="the shop", reason="REQUESTED_BY_CUSTOMER"))
    assert "cancel/i1" in desk.open


def test_what_staff_cancel_in_mplus_is_cancelled_at_bol() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1), item(2)))
    desk.seen(booked(1, cancelled=1), booked(2))
    assert desk.open["cancel/i1"].effect == CancelBolItem(order_id="b1", item_id="i1", reason="OUT_OF_STOCK")
    assert "cancel/i2" not in desk.open
    desk.seen(booked(1, cancelled=1), booked(2))
    cancelled_at_bol(desk)
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancelled=1), item(2))))
    assert "less" not in desk.open, "both sides agree"
    assert desk.order.stuck == ""


def test_what_staff_cancel_in_part_is_for_a_person() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1, quantity=3)))
    desk.seen(booked(1, quantity=3, cancelled=1))
    assert "cancel/i1" not in desk.open
    assert "2 instead of 3" in desk.order.stuck
    desk.seen(booked(1, quantity=3))
    assert desk.order.stuck == ""


def test_what_bol_does_not_cancel_is_told_in_its_words_and_not_asked_again() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1), item(2)))
    desk.seen(booked(1, cancelled=1), booked(2))
    cancelled_at_bol(desk, status="FAILURE", error="Order item is already shipped")
    assert "already shipped" in desk.order.stuck
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1), item(2))))
    desk.seen(booked(1, cancelled=1), booked(2))
    assert "cancel/i1" not in desk.open


def test_a_refused_call_is_a_failure_and_a_lost_one_is_repeated() -> None:
    desk = Desk()
    desk.commit()
    desk.apply(OperatorCancelled(who="the shop", reason="OTHER", item_ids=("i1",)))
    desk.settle("cancel/i1", AnswerLost(why="timed out"))
    assert desk.open["cancel/i1"].repeated
    desk.settle("cancel/i1", Refused(said="no such item"))
    assert "no such item" in desk.order.stuck


def test_what_bol_cancels_after_it_has_left_is_for_a_person() -> None:
    desk = Desk()
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancelled=1))))
    assert "less" not in desk.open
    assert "has left already" in desk.order.stuck


def test_shown_only_where_the_shop_wants_it_so() -> None:
    desk = Desk(replace(FBR, cancel=CancelRules(at_bol="show", in_mplus="show")))
    desk.commit(bol_order(item(1), item(2)))
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancelled=1), item(2))))
    assert "less" not in desk.open
    assert "i1: 0 instead of 1" in desk.order.stuck
    desk.seen(booked(1, cancelled=1), booked(2, cancelled=1))
    assert "cancel/i2" not in desk.open


def test_a_line_of_discount_stays_as_long_as_anything_of_the_order_does() -> None:
    desk = Desk(replace(FBR, discount_article=99))
    less = (Discount(title="Korting", cents=100),)
    both = bol_order(item(1, discounts=less, total_cents=1895), item(2))
    desk.commit(both)
    desk.notice()
    desk.settle(
        "fetch",
        BolOrderFetched(order=bol_order(item(1, discounts=less, total_cents=1895), item(2, cancelled=1))),
    )
    assert desk.open["less"].effect == CancelMplusOrder(
        order_id="m1",
        left=(Moved(article_number=99, quantity=1), Moved(article_number=1001, quantity=1)),
    )
