"""When a connection's numbers stop, what a person is told, and what goes on after he has looked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.guards.decide import LOOKED_GOOD_FOR
from streams.guards.flow import GUARDS
from streams.guards.rules import GuardRules, Kind
from streams.guards.state import FEEDS, MOST, Guarded
from streams.vocabulary.activity import GuardShown, Noted
from streams.vocabulary.events import (
    FeedOdd,
    NumberTurned,
    OffersCounted,
    OperatorResumed,
    ReadingOdd,
    Settled,
    Woke,
)
from streams.vocabulary.outcomes import Refused
from tests.streams.row import RowAtHand
from tests.streams.stock.ledger import START

RESUMED = OperatorResumed(who="Anna")


class Desk(RowAtHand[Guarded]):
    """The guards of a connection with so many offers."""

    def __init__(self, total: int | None = 40, rules: GuardRules | None = None) -> None:
        super().__init__(GUARDS, "", START, rules or GuardRules())
        self.shown: list[GuardShown] = []
        self.notes: list[Noted] = []
        if total is not None:
            self.take(OffersCounted(total=total))

    def take(self, event: Any) -> Any:
        decision = super().take(event)
        for one in decision.activity:
            if isinstance(one, GuardShown):
                self.shown.append(one)
            if isinstance(one, Noted):
                self.notes.append(one)
        return decision

    @property
    def stopped(self) -> str:
        """The guard that has stopped it; empty: it goes on."""
        stop = self.state.stop if self.state else None
        return stop.kind if stop else ""

    def fall(self, offers: range, cause: str = "reading", was: int = 5, now: int = 0) -> None:
        """The numbers of these offers turn, a second apart."""
        for number in offers:
            self.later()
            self.take(
                NumberTurned(
                    offer_id=f"o{number}", was=was, now=now, cause=cause, article_number=1000 + number // 2
                )
            )

    def odd(self, kind: Any, articles: range) -> None:
        """The readings of these articles are odd."""
        for number in articles:
            self.take(ReadingOdd(kind=kind, article_number=number, branch=1, words="odd"))


# -- stopping


def test_a_share_of_the_offers_at_0_in_one_window_stops_it() -> None:
    desk = Desk(total=100)
    desk.fall(range(19))
    assert desk.stopped == ""
    desk.fall(range(19, 20))
    assert desk.stopped == "zero"
    (note,), (shown,) = desk.notes, desk.shown
    assert note.level == "stuck"
    assert shown.why == note.text
    assert shown.stopped_at == desk.now
    for words in (
        "20 of 100 offers would fall to 0",
        "says why: articles 1009, 1008, 1007, ...",
        "resume shop",
        "the branches in",
    ):
        assert words in shown.why, words


def test_in_a_small_shop_it_takes_a_few_at_least_and_in_a_large_one_no_thousands() -> None:
    small = Desk(total=12)
    small.fall(range(9))
    assert small.stopped == ""
    small.fall(range(9, 10))
    assert small.stopped == "zero"
    rules = GuardRules(window=24 * 3600.0)
    large = Desk(total=100_000, rules=rules)
    large.fall(range(MOST - 1))
    assert large.stopped == ""
    large.fall(range(MOST - 1, MOST))
    assert large.stopped == "zero"


@pytest.mark.parametrize("cause", ["till-sale", "bol-order"])
def test_what_a_sale_or_an_order_explains_is_no_mass(cause: str) -> None:
    desk = Desk()
    desk.fall(range(40), cause=cause)
    assert desk.stopped == ""
    desk.fall(range(40), cause=cause, was=500, now=5)
    assert desk.stopped == ""


def test_one_offer_that_falls_again_and_again_counts_once() -> None:
    desk = Desk()
    for _ in range(30):
        desk.fall(range(1))
        desk.fall(range(1), was=5, now=3)
    assert desk.stopped == ""


def test_numbers_that_are_back_before_there_are_many_count_no_longer() -> None:
    desk = Desk()
    desk.fall(range(9))
    desk.fall(range(8), was=0, now=5)
    desk.fall(range(20, 28))
    assert desk.stopped == ""


def test_what_is_spread_over_more_than_a_window_is_no_mass() -> None:
    desk = Desk()
    for number in range(50):
        desk.later(40)
        desk.fall(range(number, number + 1))
    assert desk.stopped == ""


def test_numbers_that_jump() -> None:
    desk = Desk()
    desk.fall(range(20), was=10, now=90)
    assert desk.stopped == "jump"
    assert "the numbers of 20 of 40 offers would jump" in desk.shown[0].why


def test_less_than_nothing_of_many_articles() -> None:
    desk = Desk()
    desk.odd("negative", range(19))
    assert desk.stopped == ""
    desk.odd("negative", range(20))
    assert desk.stopped == "negative"
    assert "less than nothing of 20 articles: 19, 18, 17, ..." in desk.shown[0].why


def test_readings_of_several_articles_that_go_back_in_time() -> None:
    desk = Desk()
    desk.odd("back", range(1))
    desk.odd("back", range(1))
    desk.odd("back", range(1, 2))
    assert desk.stopped == "", "each was read again by its own row"
    desk.odd("back", range(2, 3))
    assert desk.stopped == "back"


@pytest.mark.parametrize("kind", ["marker-back", "empty-list"])
def test_an_odd_feed_stops_it_at_once_in_the_words_of_its_sweep(kind: Any) -> None:
    desk = Desk()
    desk.take(FeedOdd(kind=kind, feed="mplus-stock", words="The marker went from 900 to 20"))
    assert desk.stopped == kind
    assert desk.shown[0].why.startswith("The marker went from 900 to 20. No number is sent")
    desk.take(FeedOdd(kind=kind, feed="mplus-orders", words="That of orders too."))
    assert "20. That of orders too. No number" in desk.shown[1].why


def test_a_stop_that_grows_is_shown_anew_now_and_then() -> None:
    desk = Desk(total=10)
    desk.fall(range(10))
    assert len(desk.shown) == 1
    desk.fall(range(10, 40))
    assert [one.why.split()[3] for one in desk.shown] == ["10", "20", "40"]
    assert len(desk.notes) == 1


def test_a_guard_that_is_off_stops_nothing() -> None:
    kinds: tuple[Kind, ...] = ("zero", "jump", "negative", "back", "marker-back", "empty-list")
    for rules in (GuardRules(on=False), GuardRules(off=kinds)):
        desk = Desk(rules=rules)
        desk.fall(range(40))
        desk.fall(range(40), was=5, now=100)
        desk.odd("negative", range(40))
        desk.odd("back", range(40))
        desk.take(FeedOdd(kind="empty-list", feed="bol-offers", words="empty"))
        assert (desk.stopped, desk.shown) == ("", [])


# -- before it is known how many offers there are


def test_a_stop_before_the_offers_are_counted_goes_on_by_itself_when_it_was_no_mass() -> None:
    desk = Desk(total=None)
    desk.fall(range(10))
    assert desk.stopped == "zero"
    assert "it goes on by itself when Bol's list has been read" in desk.shown[0].why
    desk.take(OffersCounted(total=0))
    assert desk.stopped == "zero", "of an empty list its sweep says so"
    desk.take(OffersCounted(total=500))
    assert desk.stopped == ""
    assert [note.level for note in desk.notes] == ["stuck", "cleared"]
    assert desk.shown[-1] == GuardShown()
    desk.fall(range(10, 99))
    assert desk.stopped == ""
    desk.fall(range(99, 110))
    assert desk.stopped == "zero"


def test_a_stop_before_the_offers_are_counted_stays_when_it_was_a_mass() -> None:
    desk = Desk(total=None)
    desk.fall(range(10))
    desk.take(OffersCounted(total=40))
    assert desk.stopped == "zero"
    assert "10 of 40" in desk.shown[-1].why
    assert "by itself" not in desk.shown[-1].why
    desk.take(OffersCounted(total=4_000))
    assert desk.stopped == "zero", "a person has to look now"


def test_what_else_came_before_the_offers_were_counted_is_judged_then() -> None:
    desk = Desk(total=None)
    desk.fall(range(10))
    desk.odd("back", range(5))
    desk.take(OffersCounted(total=500))
    assert desk.stopped == "back"


# -- going on


def test_a_person_lets_it_go_on_and_is_named() -> None:
    desk = Desk()
    desk.fall(range(10))
    desk.later(3600)
    desk.take(RESUMED)
    assert desk.stopped == ""
    assert desk.shown[-1] == GuardShown(resumed_by="Anna")
    assert (desk.notes[-1].text, desk.notes[-1].level) == ("Anna has looked: pushes go on.", "cleared")
    assert desk.take(RESUMED).activity == (), "twice is once"


def test_what_was_looked_at_does_not_stop_it_again_and_a_fresh_mass_does() -> None:
    desk = Desk()
    desk.fall(range(10))
    desk.fall(range(10, 30))
    desk.take(RESUMED)
    desk.fall(range(30))
    assert desk.stopped == "", "the same falls, told twice around a crash"
    desk.fall(range(30, 40))
    assert desk.stopped == "zero"


def test_numbers_that_were_right_again_and_fall_once_more_are_a_fresh_mass() -> None:
    desk = Desk()
    desk.fall(range(10))
    desk.take(RESUMED)
    desk.fall(range(10), was=0, now=5)
    desk.fall(range(10))
    assert desk.stopped == "zero"


def test_articles_of_a_restored_database_go_back_once_each_after_a_person_has_looked() -> None:
    desk = Desk()
    desk.take(FeedOdd(kind="marker-back", feed="mplus-stock", words="from 900 to 20"))
    desk.take(RESUMED)
    desk.odd("back", range(300))
    assert desk.stopped == ""
    desk.take(FeedOdd(kind="marker-back", feed="mplus-stock", words="from 900 to 20"))
    assert desk.stopped == "", "the same words once more"
    desk.take(FeedOdd(kind="marker-back", feed="mplus-stock", words="from 30 to 20"))
    assert desk.stopped == "marker-back"
    desk.take(RESUMED)
    desk.later(LOOKED_GOOD_FOR + 1)
    desk.odd("back", range(3))
    assert desk.stopped == "back"


def test_a_list_that_stays_empty_stops_it_again_the_next_day() -> None:
    desk = Desk()
    empty = FeedOdd(kind="empty-list", feed="bol-offers", words="Bol's list of offers is empty.")
    desk.take(empty)
    desk.take(RESUMED)
    desk.later(6 * 3600)
    desk.take(empty)
    assert desk.stopped == ""
    desk.later(LOOKED_GOOD_FOR)
    desk.take(empty)
    assert desk.stopped == "empty-list"


def test_a_clock_that_was_ahead_leaves_nothing_behind() -> None:
    desk = Desk()
    desk.fall(range(9))
    desk.later(-2 * 24 * 3600)
    desk.fall(range(9, 10))
    assert desk.stopped == "zero", "what it has told counts as of now"
    desk.later(2 * 24 * 3600)
    desk.take(RESUMED)
    desk.later(-2 * 24 * 3600)
    desk.fall(range(10))
    assert desk.stopped == "zero"


# -- whatever happens

_OFFERS = st.integers(0, 30).map(lambda number: f"o{number}")
_EVENTS = st.one_of(
    st.builds(
        NumberTurned,
        offer_id=_OFFERS,
        was=st.sampled_from((0, 5, 200)),
        now=st.sampled_from((0, 5, 200)),
        cause=st.sampled_from(("reading", "offer", "till-sale", "bol-order", "part")),
    ),
    st.builds(
        ReadingOdd,
        kind=st.sampled_from(("negative", "back")),
        article_number=st.integers(1, 30),
        branch=st.integers(1, 2),
        words=st.just("odd"),
    ),
    st.builds(
        FeedOdd,
        kind=st.sampled_from(("marker-back", "empty-list")),
        feed=st.sampled_from(("mplus-stock", "bol-offers")),
        words=st.integers(0, 30).map(str),
    ),
    st.builds(OffersCounted, total=st.integers(0, 60)),
    st.just(RESUMED),
    st.just(Settled(key="x", number=1, outcome=Refused(said="no"), asked_at=START, answered_at=START)),
    st.just(Woke(due=START)),
)
_STEPS = st.lists(st.tuples(_EVENTS, st.sampled_from((0, 1, 1, 40, 4000, -4000))), max_size=120)


@given(_STEPS)
def test_it_says_whenever_it_stops_and_goes_on_and_only_a_person_ends_what_a_person_must_see(
    steps: list[tuple[Any, float]],
) -> None:
    desk = Desk(total=None, rules=GuardRules(zero_least=3, jump_least=3, negative_least=3))
    for event, wait in steps:
        desk.later(wait)
        before = desk.state.stop if desk.state else None
        told = len(desk.shown)
        desk.take(event)
        after = desk.state.stop if desk.state else None
        if (before is None) != (after is None):
            assert desk.shown[told:], "everybody who looks sees it"
            assert bool(desk.shown[-1].why) == (after is not None)
        if before is not None and after is None:
            assert event == RESUMED or (before.provisional and isinstance(event, OffersCounted))
        if event == RESUMED:
            assert desk.stopped == ""
        state = desk.state or Guarded()
        assert all(len(found) <= MOST for found in state.seen.values())
        assert len(state.feeds) <= FEEDS


@given(_STEPS)
def test_every_event_told_twice_is_told_once(steps: list[tuple[Any, float]]) -> None:
    once, twice = Desk(), Desk()
    for event, wait in steps:
        for desk in (once, twice):
            desk.later(max(0, wait))
        once.take(event)
        twice.take(event)
        twice.take(event)
        assert once.stopped == twice.stopped
        assert once.notes == twice.notes


def test_a_row_stays_small_however_long_it_is_stopped() -> None:
    desk = Desk(total=10)
    desk.fall(range(10))
    state = desk.state
    assert state is not None
    known = state.seen["zero"] | {f"x{n}": state.seen["zero"]["o0"] for n in range(MOST - 10)}
    desk.state = replace(state, seen={"zero": known})
    desk.fall(range(100, 105))
    assert desk.state is not None
    assert len(desk.state.seen["zero"]) == MOST
    assert "o104" in desk.state.seen["zero"]
    assert "o0" not in desk.state.seen["zero"]
