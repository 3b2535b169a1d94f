"""What moves the number, and the history of it that a row keeps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streams.stock.movements import WORDS
from streams.stock.rules import StockRules
from streams.stock.state import MOVEMENTS
from streams.vocabulary.events import (
    OfferUnlinked,
    ReservationReleased,
    StockAnswered,
    StockDoubted,
    StockMoved,
    StockRead,
)
from streams.vocabulary.outcomes import NotSent
from tests.streams.stock.ledger import Ledger, booked, described, made, on_sale, sale


def moved(ledger: Ledger, marker: int, changed: int = 3, kind: str = "delivery", **more: str) -> StockMoved:
    return StockMoved(
        marker=marker,
        branch=1,
        changed=Decimal(changed),
        kind=kind,  # type: ignore[arg-type]  # one of MovementKind
        moved_at=ledger.now,
        **more,
    )


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_mplus_own_history_is_told_and_changes_no_number(kind: str) -> None:
    ledger = on_sale()
    ledger.apply(moved(ledger, 7, kind=kind, reference="D-12"))
    assert ledger.desired == 10
    assert ledger.notes["moved"].text == f"+3 at branch 1: {WORDS[kind]} (D-12)."  # type: ignore[index]  # a kind
    first = ledger.article.movements[0]
    assert (first.kind, first.change) == (kind, Decimal(3))


def test_a_movement_that_is_told_twice_is_one() -> None:
    ledger = on_sale()
    ledger.apply(moved(ledger, 7))
    before = ledger.article
    decision = ledger.apply(moved(ledger, 7))
    assert (ledger.article, decision.activity) == (before, ())
    ledger.apply(moved(ledger, 8, -1))
    assert ledger.notes["moved"].text.startswith("-1 at branch 1")


def test_the_history_is_bounded_and_the_newest_comes_first() -> None:
    ledger = on_sale()
    for marker in range(5 * MOVEMENTS):
        ledger.apply(moved(ledger, marker + 1, marker + 1))
    movements = ledger.article.movements
    assert len(movements) == MOVEMENTS
    assert movements[0].change == 5 * MOVEMENTS


def test_what_is_brought_back_raises_the_number_only_with_a_reading() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger, quantity=-2))
    assert ledger.desired == 10
    assert ledger.notes["till-sale"].text == "2 taken back at the till."
    assert (ledger.article.movements[0].kind, ledger.article.movements[0].change) == ("till-return", 2)
    ledger.read(12, marker=2)
    assert ledger.push().amount == 12


def test_the_way_of_an_order_is_in_the_history() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.apply(made(ledger, quantity=1))
    ledger.apply(ReservationReleased(order_id="b1", item_id="i1"))
    ledger.apply(made(ledger, order="b2"))
    ledger.apply(booked(ledger, order="b2"))
    kinds = [(one.kind, one.change) for one in ledger.article.movements]
    assert kinds == [
        ("booked", None),
        ("bol-order", -2),
        ("cancelled", 1),
        ("bol-order", 1),
        ("bol-order", -2),
    ]


def test_an_order_that_wants_less_takes_less() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger, quantity=4))
    ledger.apply(made(ledger, quantity=1))
    assert ledger.desired == 9


def test_what_an_order_takes_is_not_changed_once_it_is_booked() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.apply(booked(ledger))
    ledger.apply(made(ledger, quantity=5))
    ledger.apply(ReservationReleased(order_id="b1", item_id="i1"))
    assert ledger.desired == 8, "what is in Mplus is changed in Mplus"


def test_a_booking_whose_order_was_never_heard_of_counts_until_it_is_read() -> None:
    ledger = on_sale()
    ledger.apply(booked(ledger))
    assert ledger.desired == 8
    ledger.read(8)
    assert (ledger.desired, ledger.article.reservations) == (8, ())
    ledger.apply(made(ledger))
    assert ledger.desired == 8, "late: it is over"


def test_a_till_sale_that_a_clock_behind_tells_of_is_read_for() -> None:
    """Its moment lay before the present reading's, of another process: it was passed over until the next sweep."""
    ledger = on_sale()
    told = sale(ledger)
    ledger.apply(StockRead(reading=ledger.reading(10, marker=2)))
    ledger.apply(told)
    assert "read" in ledger.open
    ledger.read(9, marker=3)
    assert ledger.desired == 9


def test_a_doubt_that_a_clock_behind_tells_of_is_read_for() -> None:
    ledger = on_sale()
    since = ledger.now
    ledger.apply(StockRead(reading=ledger.reading(10, marker=2)))
    ledger.apply(StockDoubted(why="an order changed in Mplus", since=since))
    assert "read" in ledger.open


@pytest.mark.parametrize("free", [10, 9, 6])
def test_a_number_follows_an_order_that_was_edited_in_mplus_though_its_marker_stands_still(free: int) -> None:
    """Of two that were booked none, one or four are on the order now; what another customer waits for stays."""
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.apply(booked(ledger))
    ledger.read(8)
    ledger.apply(made(ledger, 1, "b2"))
    assert (ledger.desired, ledger.open.keys() & {"read"}) == (7, set())
    ledger.apply(StockDoubted(why="order 2026-12 changed in Mplus", since=ledger.later(3600)))
    ledger.read(free)
    assert ledger.desired == free - 1
    assert [one.order_id for one in ledger.article.reservations] == ["b2"]
    assert "read" not in ledger.open


def test_a_doubt_from_long_before_the_present_reading_is_none() -> None:
    ledger = on_sale()
    since = ledger.now
    ledger.later(60)
    ledger.apply(StockRead(reading=ledger.reading(10, marker=2)))
    ledger.apply(StockDoubted(why="an order changed in Mplus", since=since))
    assert ledger.open == {}


def test_an_asking_that_ends_twice_after_a_crash_contains_nothing_heard_in_between() -> None:
    """The second answer to an asking of before was taken for one that had the booking."""
    ledger = on_sale()
    ledger.apply(sale(ledger))
    first = ledger.open["read"].number
    again = ledger.reading(9, marker=2)
    ledger.settle("read", StockAnswered(readings=(again,)))
    ledger.apply(made(ledger))
    ledger.apply(booked(ledger))
    ledger.settle("read", StockAnswered(readings=(again,)), number=first)
    assert ledger.desired == 7
    ledger.read(7, marker=2)
    assert (ledger.desired, ledger.article.reservations) == (7, ())


def test_a_sweeps_reading_that_overtook_our_own_stays() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    ours = ledger.reading(9, marker=2)
    ledger.apply(StockRead(reading=ledger.reading(4, marker=5)))
    ledger.settle("read", StockAnswered(readings=(ours,)))
    assert ledger.article.readings[0].free == 4


def test_a_sweeps_reading_from_before_the_offer_is_no_first_one() -> None:
    ledger = Ledger()
    before = ledger.reading(9)
    ledger.apply(ledger.offer(3))
    ledger.apply(StockRead(reading=before))
    assert ledger.desired is None
    assert "read" in ledger.open


def test_a_sweeps_reading_from_after_it_is_and_the_row_reads_for_itself_all_the_same() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(3))
    ledger.apply(StockRead(reading=ledger.reading(9)))
    assert ledger.desired == 9
    ledger.read(8, marker=2)
    assert ledger.desired == 8


def test_a_sweeps_reading_of_one_of_two_branches_is_no_first_one() -> None:
    ledger = Ledger(StockRules(branches=(1, 2)))
    ledger.apply(ledger.offer(3))
    ledger.apply(StockRead(reading=ledger.reading(9)))
    assert ledger.desired is None


def test_a_branch_that_mplus_names_no_more_is_not_waited_for() -> None:
    """Its old reading stayed, so that every doubt asked again and again for one that would not come."""
    ledger = Ledger(StockRules(branches=(1, 2)))
    ledger.apply(ledger.offer(0))
    both = (ledger.reading(3), ledger.reading(4, branch=2))
    ledger.settle("read", StockAnswered(readings=both))
    ledger.later(60)
    ledger.apply(sale(ledger))
    ledger.settle("read", StockAnswered(readings=(ledger.reading(2, marker=2),)))
    assert ledger.desired == 2
    assert "read" not in ledger.open


def test_a_branch_that_counts_no_more_is_gone_with_the_next_reading_of_any() -> None:
    ledger = Ledger(StockRules(branches=(1, 2)))
    ledger.apply(ledger.offer(0))
    ledger.settle("read", StockAnswered(readings=(ledger.reading(3), ledger.reading(4, branch=2))))
    ledger.rules = StockRules(branches=(1,))
    ledger.apply(StockRead(reading=ledger.reading(3, marker=2)))
    assert ledger.desired == 3


def test_orders_of_what_nobody_keeps_stock_of_do_not_gather() -> None:
    ledger = Ledger()
    ledger.apply(described(stock_kept=False))
    ledger.apply(ledger.offer(4))
    ledger.settle("read", StockAnswered(readings=()))
    for number in range(5):
        ledger.apply(made(ledger, order=f"b{number}"))
        ledger.apply(booked(ledger, order=f"b{number}"))
        ledger.apply(sale(ledger, line=f"l{number}"))
    ledger.settle("read", StockAnswered(readings=()))
    assert (ledger.article.reservations, ledger.article.sales) == ((), ())
    assert ledger.open == {}


def test_orders_of_what_is_on_sale_nowhere_do_not_gather() -> None:
    """Those that are in Mplus stayed until the next sweep of all stock; a fallback article has thousands."""
    ledger = on_sale()
    ledger.apply(OfferUnlinked(offer_id="o1"))
    ledger.apply(made(ledger, order="b1"))
    ledger.apply(booked(ledger, order="b1"))
    ledger.apply(made(ledger, order="b2"))
    assert [one.order_id for one in ledger.article.reservations] == ["b2"]
    ledger.apply(made(ledger, order="b1"))
    assert [one.order_id for one in ledger.article.reservations] == ["b2"]


def test_a_doubt_that_waits_out_a_failure_keeps_its_wait() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    ledger.settle("read", NotSent(why="no connection", retry_after=60.0))
    waits = ledger.open["read"]
    ledger.apply(sale(ledger, line="l2"))
    assert ledger.open["read"].not_before == waits.not_before
    assert ledger.open["read"].number > waits.number, "the one that waits may be under way by now"
