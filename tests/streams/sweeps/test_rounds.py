"""Whole rounds over the offers, and the comparison of a night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from streams.sweeps.rounds import LONGEST, QUIET, REPORT_AFTER, report
from streams.sweeps.rules import SweepRules
from streams.sweeps.state import DIFFERED, Comparison
from streams.vocabulary.effects import SweepBolInventory, SweepBolOffers
from streams.vocabulary.events import FeedOdd, OfferDiffered, OffersCounted, OffersTally, Swept, Woke
from streams.vocabulary.outcomes import NotSent
from tests.streams.sweeps.desk import RULES, START, Desk

NIGHT = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
"""03:15 in Amsterdam."""
SELDOM = replace(RULES, bol_offers=30 * 24 * 3600.0)
"""Only the night's rounds."""


def page(cursor: str, found: int = 100, **tally: object) -> Swept:
    return Swept(cursor=cursor, more=bool(cursor), found=found, offers=OffersTally(**tally))  # type: ignore[arg-type]  # its fields


def wake(desk: Desk, at: datetime) -> None:
    """The alarm rings at that moment."""
    desk.now = at
    desk.apply(Woke(due=at))


def in_the_night(rules: SweepRules = SELDOM) -> Desk:
    """A shop whose first round is done, at the time of the comparison."""
    desk = Desk(rules)
    desk.start()
    desk.settle("bol-offers", page(""))
    assert desk.wake is not None
    wake(desk, NIGHT)
    return desk


# -- every round


def test_a_round_tells_the_guard_how_many_there_are() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", page("a"))
    assert not desk.guarded(OffersCounted)
    desk.settle("bol-offers", page("b"))
    desk.settle("bol-offers", page("", found=7))
    assert desk.guarded(OffersCounted) == [OffersCounted(total=207)]
    assert not desk.guarded(FeedOdd)


def test_a_round_that_begins_anew_does_not_count_twice() -> None:
    """Bol no longer took the cursor."""
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", page("a"))
    desk.settle("bol-offers", Swept(cursor="", more=True))
    assert desk.effect("bol-offers") == SweepBolOffers()
    desk.settle("bol-offers", page("", found=7))
    assert desk.guarded(OffersCounted) == [OffersCounted(total=7)]


def test_an_empty_list_where_there_were_offers_is_odd_once() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", page("", found=7))
    for odd in (1, 0):
        while "bol-offers" not in desk.open:
            desk.sleep()
        desk.settle("bol-offers", page("", found=0))
        assert [one.kind for one in desk.guarded(FeedOdd)] == ["empty-list"] * odd
        assert desk.guarded(OffersCounted) == [OffersCounted(total=0)]
    assert "there were 7" not in str(desk.notes)


def test_a_shop_that_never_had_an_offer_is_not_odd() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", page("", found=0))
    assert not desk.guarded(FeedOdd)


def test_a_whole_reading_of_the_stock_that_finds_none_is_odd_where_there_was_some() -> None:
    desk = Desk()
    desk.start()
    desk.due_stock("900")
    desk.settle("mplus-stock", Swept(cursor="900", found=3))
    desk.rules = replace(RULES, branches=(1, 2))
    desk.start()
    assert desk.effect("mplus-stock").marker == 0
    desk.settle("mplus-stock", Swept(cursor="1", found=0))
    assert [(one.kind, one.feed) for one in desk.guarded(FeedOdd)] == [("empty-list", "mplus-stock")]


def test_an_administration_that_keeps_no_stock_is_not_odd_nor_is_a_reading_without_news() -> None:
    desk = Desk()
    desk.start()
    desk.due_stock("900")
    desk.settle("mplus-stock", Swept(cursor="1", found=0))
    assert not desk.guarded(FeedOdd)
    desk.due_stock("901")
    desk.settle("mplus-stock", Swept(cursor="901", found=4))
    desk.due_stock("902")
    desk.settle("mplus-stock", Swept(cursor="902", found=0))
    assert not desk.guarded(FeedOdd)


def test_the_inventory_is_read_where_it_is_wanted_and_by_its_interval() -> None:
    desk = Desk()
    desk.start()
    assert "bol-inventory" not in desk.open
    desk = Desk(replace(RULES, bol_inventory=3600.0))
    desk.start()
    assert desk.effect("bol-inventory") == SweepBolInventory()
    desk.settle("bol-inventory", Swept(cursor="", found=12))
    assert not desk.notes
    read = desk.now
    desk.start()
    assert "bol-inventory" not in desk.open, "a restart is no reason"
    while "bol-inventory" not in desk.open:
        desk.sleep()
    assert timedelta(seconds=3600) <= desk.now - read <= timedelta(seconds=3601)
    desk.rules = RULES
    desk.settle("bol-inventory", Swept(cursor="", found=12))
    desk.start()
    assert desk.state is not None
    assert desk.state.sweep("bol-inventory").next_at is None


# -- the night's


def test_at_night_a_round_begins_beside_those_of_the_interval() -> None:
    desk = in_the_night()
    assert desk.effect("bol-offers") == SweepBolOffers()
    desk.settle("bol-offers", page(""))
    assert "bol-offers" not in desk.open
    wake(desk, NIGHT + timedelta(hours=23, minutes=59))
    assert "bol-offers" not in desk.open
    wake(desk, NIGHT + timedelta(hours=24))
    assert "bol-offers" in desk.open


def test_the_alarm_is_set_for_the_night() -> None:
    desk = Desk(SELDOM)
    desk.start()
    desk.settle("bol-offers", page(""))
    desk.now = NIGHT - timedelta(seconds=5)
    for name in list(desk.open):
        desk.settle(name, NotSent(why="x", retry_after=3600.0))
    assert desk.wake == NIGHT


def test_a_night_that_nothing_ran_in_is_made_up_for() -> None:
    desk = Desk(SELDOM)
    desk.start()
    desk.settle("bol-offers", page(""))
    desk.now = NIGHT + timedelta(hours=5)
    desk.start()
    assert "bol-offers" in desk.open


def test_without_a_time_there_is_no_comparison() -> None:
    desk = in_the_night(replace(SELDOM, compare_at=""))
    assert "bol-offers" not in desk.open


def test_a_round_that_is_under_way_is_ended_first() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", page("a"))
    wake(desk, NIGHT)
    assert desk.effect("bol-offers") == SweepBolOffers(cursor="a")
    desk.settle("bol-offers", page("", found=3, offline=5))
    assert desk.guarded(OffersCounted) == [OffersCounted(total=103)]
    assert desk.effect("bol-offers") == SweepBolOffers(), "then the night's begins"
    desk.settle("bol-offers", page("", found=103))
    wake(desk, desk.now + timedelta(seconds=REPORT_AFTER))
    assert [note.text for note in desk.notes] == [
        "Compared 103 offers with their rows: all hold what was sent."
    ]


def test_the_report_counts_what_the_pages_showed_and_what_the_rows_told() -> None:
    desk = in_the_night()
    desk.settle("bol-offers", page("a", offline=2, reasons={"No content": 2}, without_operator=1))
    desk.apply(OfferDiffered(offer_id="o1", read_at=desk.now))
    desk.settle(
        "bol-offers", page("", found=49_900, offline=1, reasons={"Price too high": 1}, without_operator=1)
    )
    desk.now += timedelta(seconds=30)
    for offer in ("o1", "o2", "o2"):
        desk.apply(OfferDiffered(offer_id=offer, read_at=NIGHT))
    assert not desk.notes
    assert desk.wake is not None
    wake(desk, desk.now + timedelta(seconds=REPORT_AFTER))
    [note] = desk.notes
    assert note.text == (
        "Compared 50,000 offers with their rows: 2 differed and were set back, 3 are not shown by Bol "
        "(2: No content; 1: Price too high), 2 without economic operator."
    )
    assert (note.kind, note.level) == ("comparison", "warn")
    wake(desk, desk.now + timedelta(hours=1))
    assert not desk.notes, "it is told once"


def test_what_was_found_before_the_night_does_not_count() -> None:
    desk = in_the_night()
    desk.apply(OfferDiffered(offer_id="o1", read_at=NIGHT - timedelta(minutes=5)))
    desk.settle("bol-offers", page(""))
    wake(desk, desk.now + timedelta(seconds=REPORT_AFTER))
    assert [note.level for note in desk.notes] == ["good"]
    desk.apply(OfferDiffered(offer_id="o1", read_at=desk.now))
    assert desk.state is not None
    assert desk.state.comparison is None, "by day nobody counts"


def test_the_report_waits_for_rows_that_are_still_telling_but_not_for_ever() -> None:
    desk = in_the_night()
    desk.settle("bol-offers", page(""))
    ended, told = desk.now, 0
    while not [note for note in desk.notes if note.kind == "comparison"]:
        assert desk.now - ended <= timedelta(seconds=LONGEST)
        desk.now += timedelta(seconds=QUIET / 2)
        told += 1
        desk.apply(OfferDiffered(offer_id=f"o{told}", read_at=NIGHT))
    assert timedelta(seconds=LONGEST - QUIET) <= desk.now - ended <= timedelta(seconds=LONGEST)


def test_differences_are_remembered_to_a_bound_and_the_report_says_so() -> None:
    desk = in_the_night()
    for number in range(DIFFERED + 5):
        desk.apply(OfferDiffered(offer_id=f"o{number}", read_at=desk.now))
    assert desk.state is not None
    assert desk.state.comparison is not None
    assert len(desk.state.comparison.differed) == DIFFERED
    desk.settle("bol-offers", page(""))
    wake(desk, desk.now + timedelta(seconds=REPORT_AFTER))
    assert "more than 2,000 differed" in desk.notes[0].text


def test_a_round_of_the_night_that_fails_waits_as_any_other() -> None:
    desk = in_the_night()
    desk.settle("bol-offers", page("a", offline=2))
    desk.settle("bol-offers", NotSent(why="429", retry_after=600.0))
    while "bol-offers" not in desk.open:
        desk.sleep()
    assert desk.effect("bol-offers") == SweepBolOffers(cursor="a")
    desk.settle("bol-offers", page(""))
    wake(desk, desk.now + timedelta(seconds=REPORT_AFTER))
    assert "Compared 200 offers" in desk.notes[0].text
    assert "2 are not shown" in desk.notes[0].text


def test_a_clock_that_was_ahead_neither_skips_a_night_nor_holds_a_report_back() -> None:
    desk = Desk(SELDOM)
    desk.now = START + timedelta(days=30)
    desk.start()
    desk.settle("bol-offers", page(""))
    desk.now = START
    desk.start()
    desk.settle("bol-offers", page(""))
    wake(desk, NIGHT)
    assert "bol-offers" in desk.open
    desk.now = NIGHT + timedelta(hours=20)
    desk.settle("bol-offers", page(""))
    wake(desk, NIGHT + timedelta(hours=1))
    assert [note.kind for note in desk.notes if note.kind == "comparison"] == ["comparison"]


def test_a_report_that_is_still_to_come_at_the_next_night_comes_before_it() -> None:
    desk = in_the_night()
    desk.now = NIGHT + timedelta(hours=24, seconds=-30)
    desk.settle("bol-offers", page(""))
    wake(desk, NIGHT + timedelta(hours=24))
    assert [note.kind for note in desk.notes] == ["comparison"]
    assert "bol-offers" in desk.open


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (Comparison(total=1), "Compared 1 offer with its row: all hold what was sent."),
        (Comparison(total=9, offline=1), "Compared 9 offers with their rows: 1 is not shown by Bol."),
        (
            Comparison(total=9, offline=9, reasons={"a": 1, "b": 2, "c": 3, "d": 3}),
            "Compared 9 offers with their rows: 9 are not shown by Bol (3: c; 3: d; 2: b; and others).",
        ),
    ],
)
def test_the_report_in_words(comparison: Comparison, words: str) -> None:
    assert report(comparison) == words
