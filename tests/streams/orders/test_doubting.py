"""Which articles are read anew when the order changes in Mplus: what an order reserves moves no stockId."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.orders.following import moved
from streams.orders.state import PARTS, Booked
from streams.vocabulary.effects import ReadMplusOrder
from streams.vocabulary.events import (
    MplusOrderRead,
    MplusOrderSeen,
    OperatorAsked,
    OrderCommitted,
    StockDoubted,
)
from streams.vocabulary.mplus_order import MplusOrder, MplusOrderLine
from tests.streams.orders.desk import BOTH, Desk, bol_order, booked, item


def doubted(desk: Desk) -> list[str]:
    """Articles that the stock flow was told of since it was asked last."""
    found = [(one.flow, one.entity) for one in desk.sent if isinstance(one.event, StockDoubted)]
    desk.sent.clear()
    assert all(flow == "stock" for flow, _ in found)
    return [entity for _, entity in found]


def at_hand(*lines: MplusOrderLine) -> Desk:
    """An order of two of 1001 and one of 1002, seen in Mplus as we booked it."""
    desk = Desk()
    desk.commit(bol_order(item(1, quantity=2), item(2)), marker=1)
    desk.sent.clear()
    desk.seen(*(lines or (booked(1, quantity=2), booked(2))))
    return desk


def test_an_order_that_looks_as_we_booked_it_doubts_nothing() -> None:
    assert doubted(at_hand()) == []


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((booked(1, quantity=2),), "a line was taken off"),
        ((booked(1, quantity=2), booked(2, cancelled=1)), "a line was cancelled"),
        ((booked(1), booked(2)), "less is wanted"),
        ((booked(1, quantity=5), booked(2)), "more is wanted"),
        ((booked(1, cancelled=2, quantity=2), booked(2, cancelled=1)), "all of it was cancelled"),
    ],
)
def test_an_order_that_was_changed_is_doubted_with_what_was_on_it(
    lines: tuple[MplusOrderLine, ...], why: str
) -> None:
    """Found by the demo (seed 7): after a customer's cancellation of one item its unit was not on sale again."""
    desk = at_hand()
    at = desk.now
    desk.seen(*lines)
    assert all(one.event.since >= at for one in desk.sent if isinstance(one.event, StockDoubted))
    assert doubted(desk) == ["1001", "1002"], why


def test_an_article_that_was_added_is_doubted_and_once_more_when_it_goes() -> None:
    desk = at_hand()
    desk.seen(booked(1, quantity=2), booked(2), booked(9))
    assert "1009" in doubted(desk)
    desk.seen(booked(1, quantity=2), booked(2))
    assert "1009" in doubted(desk)
    desk.seen(booked(1, quantity=2), booked(2))
    assert "1009" not in doubted(desk)


def test_a_quantity_that_is_not_whole_is_on_the_order_too() -> None:
    desk = at_hand()
    half = replace(booked(9), quantity=Decimal("0.5"))
    desk.seen(booked(1, quantity=2), booked(2), half)
    assert "1009" in doubted(desk)
    desk.seen(booked(1, quantity=2), booked(2))
    assert "1009" in doubted(desk)


def test_the_same_word_twice_doubts_nothing() -> None:
    desk = at_hand()
    word = MplusOrderSeen(order=desk.in_mplus(booked(1)))
    desk.apply(word)
    assert doubted(desk) == ["1001", "1002"]
    desk.apply(word)
    desk.apply(OperatorAsked(who="the shop"))
    desk.settle("read", MplusOrderRead(order=word.order))
    assert doubted(desk) == []


def test_an_older_word_doubts_and_changes_nothing_else() -> None:
    """A database that was put back counts from a lower marker on."""
    desk = at_hand()
    older = MplusOrderSeen(order=desk.in_mplus(booked(1)))
    desk.seen(booked(1, quantity=2), booked(2))
    doubted(desk)
    before = desk.order
    desk.apply(older)
    assert doubted(desk) == ["1001", "1002"]
    assert desk.order == before


def test_a_line_that_was_put_back_between_two_looks_is_doubted() -> None:
    """It shows as it was, and may have been read while it was not there: more would be on sale than there is."""
    desk = at_hand()
    desk.in_mplus(booked(1, quantity=2))  # nobody looks
    desk.seen(booked(1, quantity=2), booked(2))
    assert doubted(desk) == ["1001", "1002"]


def test_where_mplus_gives_no_marker_everything_is_doubted_always() -> None:
    desk = Desk()
    desk.commit()
    desk.sent.clear()
    for _ in range(2):
        desk.seen(booked(1), marker=0)
        assert doubted(desk) == ["1001"]


def test_parts_and_preparations_are_doubted_once_when_they_come_and_when_they_go() -> None:
    """Mplus adds them by itself: we told of the composed article only."""
    part = replace(booked(3, quantity=4), component=True)
    desk = at_hand(booked(1, quantity=2), booked(2), part)
    assert doubted(desk) == ["1003"]
    desk.marker -= 1
    desk.seen(booked(1, quantity=2), booked(2), part)
    assert doubted(desk) == []
    desk.seen(booked(1, quantity=2), booked(2), prepared=(1008,))
    assert doubted(desk) == ["1001", "1002", "1003", "1008"]
    desk.seen(booked(1, quantity=2), booked(2))
    assert doubted(desk) == ["1001", "1002", "1008"]


def test_an_order_whose_lines_are_all_taken_off_is_read_by_itself_and_cancelled_at_bol() -> None:
    """Nobody heard of it: a list without its lines tells nothing about them, and most orders of Bol's have one line."""
    desk = Desk()
    desk.commit(marker=1)
    desk.marker = 1
    desk.sent.clear()
    desk.seen()
    assert doubted(desk) == ["1001"], "whatever it means, it is read"
    assert desk.open["read"].effect == ReadMplusOrder(order_id="m1")
    desk.settle("read", MplusOrderRead(order=desk.in_mplus(marker=desk.marker)))
    assert desk.order.booked is not None
    assert desk.order.booked.quantity == {}
    assert "cancel/i1" in desk.open, "as with any line that is taken off"
    asked = set(desk.open)
    doubted(desk)
    desk.seen(marker=desk.marker - 1)
    assert set(desk.open) == asked, "the same word again"
    assert doubted(desk) == []


def test_an_answer_that_is_older_than_a_list_without_lines_is_not_the_last_word() -> None:
    desk = at_hand()
    desk.apply(OperatorAsked(who="the shop"))
    before = desk.open["read"].number
    desk.seen()
    assert desk.open["read"].number > before, "what is on its way was asked for before that"


def test_an_order_that_was_changed_before_we_knew_that_it_is_there_is_read() -> None:
    desk = Desk()
    desk.to_commit()
    desk.sent.clear()
    desk.seen(booked(1), booked(2))
    assert doubted(desk) == ["1001", "1002"]
    desk.in_mplus()
    desk.seen(booked(1, quantity=3))
    desk.settle("commit", OrderCommitted(order_id="m1", number="2026-12", marker=1))
    assert desk.open["read"].effect == ReadMplusOrder(order_id="m1")
    doubted(desk)
    desk.settle("read", MplusOrderRead(order=desk.in_mplus(booked(1, quantity=3), marker=3)))
    assert doubted(desk) == ["1001"]
    assert desk.order.seen_before == 0


def test_an_order_that_a_sweep_shows_before_its_commit_is_told_is_not_read_for_that() -> None:
    desk = Desk()
    desk.to_commit()
    desk.seen(booked(1))
    desk.settle("commit", OrderCommitted(order_id="m1", number="2026-12", marker=1))
    assert "read" not in desk.open


def test_an_order_of_ours_that_no_row_knows_is_doubted_whole() -> None:
    """A credit, or one that is no longer remembered."""
    desk = Desk()
    desk.seen(booked(1), booked(2))
    assert doubted(desk) == ["1001", "1002"]
    assert desk.state is None


def test_an_order_at_a_branch_that_is_not_on_sale_doubts_nothing() -> None:
    part = Desk(BOTH, entity="b1-FBB")
    part.fetch(bol_order(item(1), item(2, fulfilment="FBB")))
    part.answer(2, 1002)
    part.is_customer()
    part.settle("commit", OrderCommitted(order_id="m1"))
    part.seen(booked(2, delivered=1))
    assert doubted(part) == []


def test_the_reservation_of_bols_customer_stays_as_bol_has_it() -> None:
    desk = at_hand()
    lines = [(line.reserved, line.wanted) for line in desk.order.lines]
    desk.seen(booked(1, quantity=5))
    assert {type(one.event).__name__ for one in desk.sent if one.flow == "stock"} == {"StockDoubted"}
    assert [(line.reserved, line.wanted) for line in desk.order.lines] == lines


def test_a_row_remembers_no_end_of_parts() -> None:
    many = MplusOrder(
        order_id="m1",
        ext_order_id="BOL-b1",
        marker=7,
        prepared=tuple(range(1, 3 * PARTS)),
        lines=(booked(1),),
    )
    known = Booked.of(many)
    assert len(known.parts) == PARTS
    assert moved(known, Booked.of(many)) == frozenset(), "and doubts the others once"


# -- anything staff may do, and whatever becomes of the words

ARTICLES = (1, 2, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from(ARTICLES), st.integers(0, 3)),
        st.tuples(st.just("touch"), st.just(0), st.just(0)),
        st.tuples(st.just("look"), st.integers(1, 2), st.just(0)),
        st.tuples(st.just("hear"), st.integers(0, 5), st.just(0)),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_was_changed_is_doubted_after_it_was(steps: list[tuple[str, int, int]]) -> None:
    """Words come doubled and in any order; when the newest was heard, every article that we knew to be on the order, or
    that is, was doubted after its last change. Hearing it again doubts nothing, and changes nothing."""
    desk = at_hand()
    amounts = {1: 2, 2: 1}
    changed: dict[int, int] = {}
    heard_of: dict[int, int] = {}
    words: list[MplusOrder] = []

    def look(times: int) -> None:
        lines = [booked(number, quantity=count) for number, count in sorted(amounts.items()) if count]
        shown = desk.in_mplus(*lines, marker=desk.marker, total_cents=100 * len(lines))
        desk.marker -= 1
        words.extend([shown] * times)

    def hear(word: MplusOrder, at: int) -> list[str]:
        desk.sent.clear()
        desk.apply(MplusOrderSeen(order=word))
        if "read" in desk.open:  # no lines: the order itself tells
            desk.settle("read", MplusOrderRead(order=word))
        told = doubted(desk)
        heard_of.update({int(one) - 1000: at for one in told})
        return told

    for at, (what, which, count) in enumerate(steps):
        if what == "edit" and amounts.get(which, 0) != count:
            amounts[which], changed[which] = count, at
            desk.marker += 1
        elif what == "touch":
            desk.marker += 1
        elif what == "look":
            look(which)
        elif what == "hear" and words:
            hear(words.pop(which % len(words)), at)
    end = len(steps)
    known = desk.order.booked.articles if desk.order.booked else frozenset()
    look(1)
    newest = words.pop()
    hear(newest, end)
    for number in {article - 1000 for article in known | newest.articles} & changed.keys():
        assert heard_of.get(number, -1) > changed[number], number
    row = desk.order
    assert hear(newest, end) == []
    assert desk.order == row
