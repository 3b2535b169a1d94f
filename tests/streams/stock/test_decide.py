"""What moves an article's number, case by case."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.stock.readings import redated
from streams.stock.rules import StockRules
from streams.stock.state import UNREAD_SALES
from streams.vocabulary.effects import PushOffer, ReadStock
from streams.vocabulary.events import (
    OfferPushed,
    OfferUnlinked,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    Settled,
    StockAnswered,
    StockRead,
    TillSold,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.time import CLOCKS_DIFFER
from tests.streams.stock.ledger import Ledger, made, on_sale, sale


def settled(ledger: Ledger, key: str, outcome: object) -> None:
    ledger.settle(key, outcome)


def push(ledger: Ledger) -> PushOffer:
    return ledger.push()


def test_an_offer_is_read_before_anything_is_sent() -> None:
    ledger = Ledger()
    decision = ledger.apply(ledger.offer(7))
    assert [ask.effect for ask in decision.asks] == [ReadStock(article_number=1001, branches=(1,))]
    assert ledger.desired is None


def test_nothing_is_sent_when_bol_holds_the_number_already() -> None:
    ledger = on_sale(free=10, amount=10)
    assert ledger.desired == 10
    assert ledger.open == {}


def test_a_different_number_is_sent() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(3))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(10),)))
    assert push(ledger) == PushOffer(offer_id="o1", amount=10)


def test_an_offer_where_bol_counts_open_orders_itself_is_set_to_managed_by_retailer() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(10, managed_by_retailer=False))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(10),)))
    assert push(ledger).amount == 10


def test_a_till_sale_lowers_the_number_at_once_and_asks_for_a_reading() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    assert push(ledger).amount == 9
    assert ledger.open["read"].not_before is None
    assert ledger.shown.sentence.startswith("10 free - 1 just sold at the till = 9")


def test_a_doubled_till_sale_counts_once() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    decision = ledger.apply(sale(ledger))
    assert ledger.desired == 9
    assert decision.asks == ()


def test_a_row_of_a_till_that_mplus_says_nothing_of_does_not_grow_without_end() -> None:
    ledger = on_sale(free=900, amount=900)
    for number in range(3 * UNREAD_SALES):
        ledger.apply(sale(ledger, line=f"l{number}"))
    assert len(ledger.article.sales) == UNREAD_SALES
    assert ledger.article.offers[0].desired == 900 - 3 * UNREAD_SALES
    ledger.later(1)
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(900 - 3 * UNREAD_SALES, marker=2),)))
    assert ledger.article.sales == ()
    assert ledger.article.offers[0].desired == 900 - 3 * UNREAD_SALES


def test_a_reading_that_shows_the_sale_ends_its_provisional_count() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(9, marker=2),)))
    assert ledger.article.sales == ()
    assert ledger.desired == 9
    assert "read" not in ledger.open


def test_a_reading_without_the_sale_keeps_it_and_asks_again_when_it_must_be_there() -> None:
    ledger = on_sale()
    heard = ledger.now
    ledger.apply(sale(ledger))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(10, marker=1),)))
    assert ledger.desired == 9
    assert ledger.open["read"].not_before == heard + timedelta(seconds=5)
    ledger.later(10)
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(10, marker=1),)))
    assert ledger.desired == 10, "the till took it back, or the reading had it from the start"


def test_a_refund_waits_for_a_reading() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger, quantity=-1))
    assert ledger.desired == 10
    assert "read" in ledger.open


def test_a_reservation_counts_until_a_reading_asked_after_its_booking() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    assert ledger.desired == 8
    early = ledger.reading(10)
    booked_at = ledger.later()
    ledger.apply(ReservationBooked(order_id="b1", item_id="i1", quantity=2, booked_at=booked_at))
    ledger.apply(StockRead(reading=early))
    assert ledger.desired == 8, "asked before the booking: it does not contain it"
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(8),)))
    assert ledger.desired == 8
    assert ledger.article.reservations == ()


def test_a_reservation_booked_before_the_present_reading_ends_at_once() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    booked_at = ledger.later()
    ledger.apply(StockRead(reading=ledger.reading(8)))
    assert ledger.desired == 6, "both: for a moment, until the booking is told"
    ledger.apply(ReservationBooked(order_id="b1", item_id="i1", quantity=2, booked_at=booked_at))
    assert ledger.desired == 8


def test_a_reservation_made_again_after_its_end_is_not_taken_up_again() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.apply(ReservationBooked(order_id="b1", item_id="i1", quantity=2, booked_at=ledger.later()))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(8),)))
    ledger.apply(made(ledger))
    assert ledger.desired == 8


def test_a_cancelled_item_gives_its_units_back() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.apply(ReservationReleased(order_id="b1", item_id="i1"))
    assert ledger.desired == 10


def test_the_number_never_goes_below_zero_nor_above_the_cap() -> None:
    ledger = on_sale(free=1, rules=StockRules(branches=(1,), buffer=3, cap=5))
    assert ledger.desired == 0
    ledger.apply(StockRead(reading=ledger.reading(100, marker=2)))
    assert ledger.desired == 5


def test_branches_add_up_and_others_do_not_count() -> None:
    ledger = Ledger(StockRules(branches=(1, 2)))
    ledger.apply(ledger.offer(0))
    readings = (ledger.reading(3, branch=1), ledger.reading(4, branch=2), ledger.reading(50, branch=9))
    settled(ledger, "read", StockAnswered(readings=readings))
    assert ledger.desired == 7


def test_a_multipack_sells_whole_packs() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(0, units=6))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(17),)))
    assert push(ledger).amount == 2


def test_an_offer_that_bol_keeps_is_not_pushed() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(0, fulfilment="FBB"))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(17),)))
    assert "push/o1" not in ledger.open


def test_a_newer_number_replaces_one_that_is_on_its_way() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger, line="l1"))
    first = ledger.open["push/o1"]
    ledger.apply(sale(ledger, line="l2"))
    assert push(ledger).amount == 8
    assert ledger.open["push/o1"].number > first.number
    done = Settled(
        key="push/o1",
        number=first.number,
        outcome=OfferPushed(offer_id="o1", amount=9),
        asked_at=ledger.now,
        answered_at=ledger.later(),
    )
    decision = ledger.apply(done)
    assert decision.asks == (), "8 is on its way already"
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=8))
    assert ledger.open.keys() == {"read"}


def test_a_number_that_went_back_is_sent_again() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.apply(ReservationReleased(order_id="b1", item_id="i1"))
    assert push(ledger).amount == 10, "8 may be at Bol by now"


def test_a_push_that_was_not_sent_waits_and_a_newer_number_keeps_the_wait() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger, line="l1"))
    settled(ledger, "push/o1", NotSent(why="429", retry_after=30.0))
    waits = ledger.open["push/o1"].not_before
    assert waits is not None
    assert waits >= ledger.now + timedelta(seconds=29)
    ledger.apply(sale(ledger, line="l2"))
    assert push(ledger).amount == 8
    assert ledger.open["push/o1"].not_before == waits


def test_after_a_lost_answer_the_number_is_sent_again() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    settled(ledger, "push/o1", AnswerLost(why="timed out"))
    assert ledger.article.offers[0].sent is None
    assert ledger.open["push/o1"].repeated


def test_a_refusal_is_shown_with_bols_words_and_cleared_when_it_works() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    settled(ledger, "push/o1", Refused(said="offer is blocked", code="403"))
    assert "offer is blocked" in ledger.shown.stuck
    assert ledger.notes["push"].level == "stuck"
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=9))
    assert ledger.shown.stuck == ""
    assert ledger.notes["push"].level == "cleared"


def test_a_foreign_write_is_shown_and_healed() -> None:
    ledger = on_sale(amount=3)
    ledger.apply(ledger.offer(50))
    assert ledger.notes["foreign-write"].level == "warn"
    assert push(ledger).amount == 10


def test_a_foreign_write_on_an_offer_that_had_the_right_number_from_the_start_is_shown() -> None:
    """It was healed without a word: we had never sent anything to that offer."""
    ledger = on_sale(amount=10)
    assert "push/o1" not in ledger.open
    ledger.apply(ledger.offer(50))
    assert ledger.notes["foreign-write"].level == "warn"
    assert "holds 50 pieces where 10 belongs" in ledger.notes["foreign-write"].text
    assert push(ledger).amount == 10


def test_what_bol_had_before_we_knew_better_is_no_foreign_write() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(4))
    ledger.apply(ledger.offer(5))
    assert "foreign-write" not in ledger.notes


def test_a_page_read_before_our_own_push_is_no_foreign_write() -> None:
    ledger = on_sale()
    page = ledger.offer(10)
    ledger.apply(sale(ledger))
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=9))
    ledger.apply(page)
    assert "foreign-write" not in ledger.notes
    assert "push/o1" not in ledger.open


def test_freshness_is_told_from_the_cause_to_bols_answer() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    ledger.later(0.5)
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=9))
    assert ledger.notes["push"].millis == 520


def test_an_article_without_stock_keeping_says_so() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(4))
    settled(ledger, "read", StockAnswered(readings=()))
    assert "keeps no stock" in ledger.shown.stuck
    assert ledger.open == {}


def test_a_reading_that_fails_is_tried_again_and_said_after_the_third_time() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(4))
    for _ in range(3):
        settled(ledger, "read", NotSent(why="no connection to Mplus"))
        assert ledger.open["read"].not_before is not None
    assert "no connection to Mplus" in ledger.shown.stuck
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(4),)))
    assert ledger.shown.stuck == ""


def test_an_unlinked_offer_gets_no_more_pushes() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    decision = ledger.apply(OfferUnlinked(offer_id="o1"))
    assert decision.drops == ("push/o1",)
    assert "push/o1" not in ledger.open


def test_overlapping_readings_are_ordered_by_marker() -> None:
    ledger = on_sale(free=10)
    asked = ledger.later()
    newer = ledger.reading(7, marker=5, asked=asked)
    older = ledger.reading(9, marker=4, asked=asked + timedelta(milliseconds=1))
    ledger.apply(StockRead(reading=newer))
    ledger.apply(StockRead(reading=older))
    assert ledger.desired == 7


def test_overlapping_readings_that_differ_at_one_marker_are_doubted() -> None:
    ledger = on_sale(free=10)
    asked = ledger.later()
    ledger.apply(StockRead(reading=ledger.reading(7, marker=5, asked=asked)))
    ledger.apply(StockRead(reading=ledger.reading(9, marker=5, asked=asked)))
    assert "read" in ledger.open


def test_a_reading_from_the_future_loses_to_the_one_that_comes() -> None:
    """A worker whose clock was ahead had read it: what was read later counted as older until that moment had come."""
    ledger = on_sale(free=10)
    ahead = ledger.now + timedelta(hours=1)
    future = msgspec.structs.replace(ledger.reading(12), asked_at=ahead, answered_at=ahead)
    ledger.apply(StockRead(reading=future))
    assert ledger.desired == 12
    ledger.apply(StockRead(reading=ledger.reading(7)))
    assert ledger.desired == 7


def test_a_reading_from_the_future_contains_no_booking() -> None:
    ledger = on_sale(free=10)
    ahead = ledger.now + timedelta(hours=1)
    future = msgspec.structs.replace(ledger.reading(10), asked_at=ahead, answered_at=ahead)
    ledger.apply(StockRead(reading=future))
    ledger.later()
    ledger.apply(ReservationMade(order_id="B1", item_id="1", quantity=3, made_at=ledger.now))
    ledger.apply(ReservationBooked(order_id="B1", item_id="1", quantity=3, booked_at=ledger.later()))
    assert ledger.desired == 7
    assert "read" in ledger.open
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(7),)))
    assert (ledger.desired, ledger.article.reservations) == (7, ())


def test_what_a_clock_that_was_ahead_has_told_counts_as_of_now() -> None:
    ledger = on_sale(free=10)
    ahead = ledger.now + timedelta(hours=1)
    ledger.apply(TillSold(session_id="s1", line_id="1", quantity=Decimal(2), sold_at=ahead, heard_at=ahead))
    ledger.apply(ReservationBooked(order_id="B1", item_id="1", quantity=3, booked_at=ahead))
    ledger.later(20)
    ledger.apply(StockRead(reading=ledger.reading(5, marker=2)))
    ledger.later(20)
    ledger.apply(StockRead(reading=ledger.reading(5, marker=2)))
    assert (ledger.desired, ledger.article.sales, ledger.article.reservations) == (5, (), ())
    assert ledger.article.doubted_since is None


def test_what_a_clock_somewhat_ahead_tells_is_read_at_once_and_once() -> None:
    """It was waited for that clock's moment; before, it was read again and again until ours had come so far."""
    ledger = on_sale(free=10)
    ahead = ledger.now + timedelta(seconds=4)
    ledger.apply(ReservationBooked(order_id="B1", item_id="1", quantity=Decimal(3), booked_at=ahead))
    assert ledger.open["read"].not_before is None
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(7),)))
    assert (ledger.desired, ledger.article.reservations) == (7, ())
    assert "read" not in ledger.open


@given(st.lists(st.integers(-100_000, 100_000), max_size=6))
def test_redating_leaves_nothing_of_the_future_and_is_done_once(moves: list[int]) -> None:
    ledger = on_sale(free=10)
    for seconds in moves:
        at = ledger.later() + timedelta(seconds=seconds)
        reading = msgspec.structs.replace(ledger.reading(9), asked_at=at, answered_at=at)
        ledger.apply(StockRead(reading=reading))
        ledger.apply(TillSold(session_id=str(at), line_id="1", quantity=Decimal(1), sold_at=at, heard_at=at))
    now = ledger.later()
    once = redated(ledger.article, now)
    assert redated(once, now) == once
    limit = now + timedelta(seconds=CLOCKS_DIFFER)
    moments = [reading.answered_at for reading in once.readings] + [sale.heard_at for sale in once.sales]
    assert all(moment <= limit for moment in [*moments, once.doubted_since or now])
    assert len(once.readings) == len(ledger.article.readings)
