"""An order's steps, case by case."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from streams.orders.rules import CustomerRules
from streams.vocabulary.bol_order import fingerprint
from streams.vocabulary.effects import (
    CancelMplusOrder,
    CommitOrder,
    FetchBolOrder,
)
from streams.vocabulary.events import (
    BolOrderFetched,
    BolShipmentsRead,
    CodeAsked,
    MplusOrderRead,
    OperatorAsked,
    OrderCommitted,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    Woke,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.orders.desk import BOTH, FBR, JAN, Desk, bol_order, booked, item


def commit(desk: Desk) -> CommitOrder:
    effect = desk.open["commit"].effect
    assert isinstance(effect, CommitOrder)
    return effect


DONE = OrderCommitted(order_id="m1", number="2026-12")


def test_an_order_that_is_noticed_is_read() -> None:
    desk = Desk()
    desk.notice()
    assert desk.open["fetch"].effect == FetchBolOrder(order_id="b1")
    assert desk.shown.step == "seen"


def test_a_doubled_push_of_an_unread_order_asks_nothing_more() -> None:
    desk = Desk()
    desk.notice()
    assert desk.notice().asks == ()


def test_a_sweep_that_saw_nothing_new_asks_nothing() -> None:
    desk = Desk()
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order()))
    assert desk.notice(changed=fingerprint([("i1", 1, 0, 0, False)])).asks == ()
    assert desk.notice(changed=fingerprint([("i1", 1, 0, 1, False)])).asks != ()


def test_every_code_of_every_item_is_asked_for() -> None:
    desk = Desk()
    desk.fetch(bol_order(item(1), item(2)))
    asked = [message.entity for message in desk.sent if isinstance(message.event, CodeAsked)]
    assert asked == [
        "code/ean/8712345678901",
        "code/sku/sku-1",
        "code/ean/8712345678902",
        "code/sku/sku-2",
    ]


def test_the_ean_comes_before_the_sku() -> None:
    desk = Desk()
    desk.fetch()
    desk.answer(1, 5, kind="sku")
    assert desk.order.lines[0].article_number is None, "the EAN is not answered yet"
    desk.answer(1, 1001)
    assert desk.order.lines[0].article_number == 1001


def test_the_sku_is_taken_when_no_article_has_the_ean() -> None:
    desk = Desk()
    desk.fetch()
    desk.answer(1, None)
    desk.answer(1, 5, kind="sku")
    assert desk.order.lines[0].article_number == 5


def test_stock_is_told_as_soon_as_the_article_is_known() -> None:
    desk = Desk()
    desk.fetch(bol_order(item(1, quantity=2), item(2)))
    desk.answer(1, 1001, units=3)
    made = [message for message in desk.sent if isinstance(message.event, ReservationMade)]
    assert [(message.entity, message.event.quantity) for message in made] == [("1001", 6)]  # type: ignore[union-attr]  # filtered above


def test_a_missing_article_says_what_to_do_and_the_order_goes_on_when_it_appears() -> None:
    desk = Desk()
    desk.fetch()
    desk.answer(1, None)
    desk.answer(1, None, kind="sku")
    assert "EAN 8712345678901" in desk.shown.stuck
    assert desk.notes["missing-article"].level == "stuck"
    desk.answer(1, 1001)
    assert desk.shown.stuck == ""
    assert desk.notes["goes-on"].level == "cleared"
    assert desk.asked_customer().customer.name == "Jan de Vries"


def test_the_customer_is_asked_for_once_and_the_order_committed_on_the_relation() -> None:
    desk = Desk()
    desk.fetch()
    desk.answer()
    asked = desk.asked_customer()
    assert asked.asker == "b1"
    assert asked.by == ("name-address",), "a relay address of Bol's is new for every order"
    assert asked.customer.address == "Oudegracht 12 bis"
    assert "commit" not in desk.open
    desk.is_customer(7)
    draft = commit(desk).draft
    assert draft.ext_order_id == "BOL-b1"
    assert draft.relation_number == 7
    assert [(line.article_number, line.quantity, line.price_cents) for line in draft.lines] == [
        (1001, 1, 1995)
    ]


def test_a_customer_that_mplus_does_not_take_holds_up_the_order_with_mplus_words() -> None:
    desk = Desk()
    desk.fetch()
    desk.answer()
    desk.is_customer(None, "Mplus says: relation is locked.")
    assert "relation is locked" in desk.shown.stuck
    desk.is_customer(9)
    assert commit(desk).draft.relation_number == 9
    assert desk.shown.stuck == ""


def test_a_committed_order_books_its_reservations_and_forgets_the_person() -> None:
    desk = Desk()
    desk.to_commit(bol_order(item(1, quantity=2), item(2)))
    desk.settle("commit", DONE)
    booked = [message for message in desk.sent if isinstance(message.event, ReservationBooked)]
    assert [message.entity for message in booked] == ["1001", "1002"]
    assert desk.order.step == "committed"
    assert desk.shown.mplus_order == "2026-12"
    assert "Vries" not in repr(desk.order)
    assert "Oudegracht" not in repr(desk.order)
    assert desk.notes["committed"].millis is not None


def test_a_finished_order_is_forgotten_after_its_time() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1, quantity_shipped=1)))
    decision = desk.settle("deliver", MplusOrderRead(order=desk.in_mplus(booked(1, delivered=1))))
    assert desk.order.step == "done"
    assert decision.wake == desk.now + timedelta(days=100)
    desk.later(100 * 86_400)
    waits = desk.apply(Woke(due=decision.wake))
    assert waits.state is not None, "something is still open"
    assert waits.wake is not None
    assert waits.wake > desk.now, "not at once again"
    desk.settle("learn", BolShipmentsRead(shipments=()))
    assert desk.apply(Woke(due=desk.now)).state is None


def test_after_a_lost_answer_the_commit_is_repeated_with_the_same_key() -> None:
    desk = Desk()
    desk.to_commit()
    key = commit(desk).draft.idempotency_key
    desk.settle("commit", AnswerLost(why="timed out"))
    assert desk.open["commit"].repeated
    assert commit(desk).draft.idempotency_key == key


def test_after_a_refusal_the_commit_gets_a_new_key_because_the_old_one_would_be_answered_the_same() -> None:
    desk = Desk()
    desk.to_commit()
    key = commit(desk).draft.idempotency_key
    desk.settle("commit", Refused(said="article 1001 is blocked"))
    assert "article 1001 is blocked" in desk.shown.stuck
    assert commit(desk).draft.idempotency_key != key
    assert not desk.open["commit"].repeated
    desk.settle("commit", DONE)
    assert desk.shown.stuck == ""


def test_what_was_not_sent_is_tried_again_quietly_twice() -> None:
    desk = Desk()
    desk.to_commit()
    desk.settle("commit", NotSent(why="no connection"))
    desk.settle("commit", NotSent(why="no connection"))
    assert desk.order.stuck == ""
    desk.settle("commit", NotSent(why="no connection"))
    assert "no connection" in desk.order.stuck


def test_a_person_can_ask_to_try_now() -> None:
    desk = Desk()
    desk.to_commit()
    desk.settle("commit", Refused(said="blocked"))
    desk.apply(OperatorAsked(who="the shop"))
    assert desk.open["commit"].not_before is None


def test_an_order_whose_customer_has_nothing_to_be_known_by_waits_for_a_setting() -> None:
    desk = Desk()
    desk.fetch(bol_order(ship_to=type(JAN)(first_name="Jan", surname="de Vries")))
    desk.answer()
    assert "orders.customer.fallback" in desk.order.stuck
    desk.rules = replace(FBR, customer=CustomerRules(fallback=3))
    desk.apply(OperatorAsked(who="the shop"))
    assert commit(desk).draft.relation_number == 3


def test_an_item_cancelled_before_the_commit_is_left_out() -> None:
    desk = Desk()
    desk.fetch(bol_order(item(1), item(2)))
    desk.answer(1, 1001)
    desk.answer(2, 1002)
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1), item(2, cancelled=1))))
    released = [message for message in desk.sent if isinstance(message.event, ReservationReleased)]
    assert [message.entity for message in released] == ["1002"]
    desk.is_customer(7)
    assert [line.article_number for line in commit(desk).draft.lines] == [1001]


def test_an_order_cancelled_before_the_commit_is_not_committed() -> None:
    desk = Desk()
    desk.fetch()
    desk.answer()
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancelled=1))))
    assert desk.order.step == "cancelled"
    assert desk.open == {}
    assert "Vries" not in repr(desk.order)


def test_a_cancellation_while_the_commit_is_on_its_way_is_carried_into_mplus_after_it() -> None:
    desk = Desk()
    desk.to_commit()
    desk.notice()
    gone = bol_order(item(1, cancelled=1))
    desk.settle("fetch", BolOrderFetched(order=gone))
    assert "commit" in desk.open
    desk.settle("commit", DONE)
    desk.settle("fetch", BolOrderFetched(order=gone))
    assert desk.open["less"].effect == CancelMplusOrder(order_id="m1", left=())
    desk.settle("less", MplusOrderRead(order=desk.in_mplus(booked(1, cancelled=1))))
    assert desk.order.step == "cancelled"


def test_a_cancellation_while_a_refused_commit_waits_ends_the_order() -> None:
    desk = Desk()
    desk.to_commit()
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, cancelled=1))))
    desk.settle("commit", Refused(said="blocked"))
    assert desk.order.step == "cancelled"
    assert "commit" not in desk.open


def test_an_fbb_order_is_kept_out_unless_it_is_switched_on() -> None:
    desk = Desk()
    desk.fetch(bol_order(item(1, fulfilment="FBB")))
    assert desk.order.step == "kept-out"
    both = Desk(BOTH)
    both.fetch(bol_order(item(1, fulfilment="FBB")))
    assert both.order.step == "products"


def test_an_order_that_bol_does_not_know_yet_is_asked_for_again() -> None:
    desk = Desk()
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=None))
    assert desk.open["fetch"].not_before is not None
    assert "does not know" in desk.order.stuck
    desk.settle("fetch", BolOrderFetched(order=bol_order()))
    assert desk.order.stuck == ""


def test_an_echo_about_a_forgotten_order_makes_no_row() -> None:
    desk = Desk()
    desk.answer()
    assert desk.state is None


def test_a_delivery_in_mplus_is_noted() -> None:
    desk = Desk()
    desk.commit(bol_order(item(1, quantity=2)))
    desk.seen(booked(1, quantity=2, delivered=1))
    assert desk.notes["delivery"].text == "In Mplus: partly delivered, 1 of 2 articles."
    desk.seen(booked(1, quantity=2, delivered=2))
    assert desk.notes["delivery"].text == "In Mplus: delivered."
    assert "delivery" not in desk.seen(booked(1, quantity=2, delivered=2)).activity


def test_what_is_shown_names_nobody() -> None:
    desk = Desk()
    desk.fetch()
    assert desk.shown.customer == "J** d* V****, Utrecht"


def test_the_alarm_of_a_mapping_that_failed_is_not_taken_away_by_a_sweep_that_shows_nothing_new() -> None:
    """Regression: every decision sets the row's one alarm anew, and only the failing one set it."""
    desk = Desk(replace(FBR, mapping={"order.reference": "$number(shipmentDetails.surname)"}))
    desk.to_commit()
    assert "order.reference" in desk.order.stuck
    again = desk.order.mapping_again
    assert again is not None
    decision = desk.notice(changed=desk.order.changed)
    assert decision.wake == again
    desk.rules = FBR
    desk.now = again
    desk.apply(Woke(due=again))
    assert "commit" in desk.open
    assert desk.order.stuck == ""
