"""Offers that no round has seen for a while."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import CodeRow, OfferRow
from streams.catalogue.vanishing import AFTER_A_STOP, AGAIN, LATE, alarm
from streams.flow import Context
from streams.vocabulary.effects import ReadBolOffer
from streams.vocabulary.events import BolOfferRead, OfferObserved, OfferUnlinked
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.catalogue.rows import START, Catalogue

EAN = "8712345678906"
RULES = CatalogueRules(unseen=50_000.0, spread=20_000.0)
EARLIEST, LATEST = timedelta(seconds=50_000), timedelta(seconds=70_000)


def shop(sold: bool = True) -> Catalogue:
    catalogue = Catalogue(rules=RULES)
    if sold:
        catalogue.send(catalogue.article(7, EAN))
    catalogue.send(catalogue.offer("o1", EAN, reference="A"))
    catalogue.settle()
    catalogue.out.clear()
    return catalogue


def overdue(catalogue: Catalogue) -> None:
    """Until the offer's alarm rings."""
    catalogue.ring(catalogue.wakes["offer/o1"])


def test_an_offer_is_asked_for_when_two_rounds_have_not_seen_it() -> None:
    catalogue = shop()
    assert EARLIEST <= catalogue.wakes["offer/o1"] - catalogue.now <= LATEST
    overdue(catalogue)
    assert catalogue.open == {"offer/o1": ReadBolOffer(offer_id="o1")}


def test_one_that_bol_no_longer_knows_is_gone_with_all_it_left_elsewhere() -> None:
    catalogue = shop()
    overdue(catalogue)
    catalogue.look("o1", BolOfferRead(offer=None))
    assert "offer/o1" not in catalogue.rows
    assert catalogue.to("7") == [OfferUnlinked(offer_id="o1")]
    assert [note.kind for note in catalogue.notes] == ["offer-gone"]
    row = catalogue.rows[f"code/ean/{EAN}"]
    assert isinstance(row, CodeRow)
    assert row.askers == (), "nobody is told about it any more"
    assert "code/sku/a" not in catalogue.rows
    assert catalogue.unmatched["mplus", "7"].why, "and its article has no offer now"


def test_one_without_an_article_leaves_the_list_of_unmatched_ones() -> None:
    catalogue = shop(sold=False)
    assert ("bol", "o1") in catalogue.unmatched
    overdue(catalogue)
    catalogue.look("o1", BolOfferRead(offer=None))
    assert catalogue.unmatched == {}
    assert catalogue.rows == {}


def test_one_that_is_there_is_taken_as_seen() -> None:
    catalogue = shop()
    overdue(catalogue)
    catalogue.look("o1", BolOfferRead(offer=catalogue.seen("o1", EAN, "A", amount=9)))
    [told] = [event for event in catalogue.to("7") if isinstance(event, OfferObserved)]
    assert told.amount == 9
    assert catalogue.wakes["offer/o1"] >= catalogue.now + EARLIEST


def test_a_404_that_a_list_has_overtaken_counts_for_nothing() -> None:
    catalogue = shop()
    overdue(catalogue)
    asked_at = catalogue.now
    catalogue.send(catalogue.offer("o1", EAN, "A"))
    catalogue.settle()
    catalogue.look("o1", BolOfferRead(offer=None), asked_at=asked_at)
    assert catalogue.sells("o1") == 7
    assert catalogue.wakes["offer/o1"] >= catalogue.now + EARLIEST - timedelta(seconds=2)


@pytest.mark.parametrize(
    "outcome", [NotSent(why="no connection"), AnswerLost(why="timed out"), Refused(said="403", code="403")]
)
def test_not_being_told_proves_nothing_and_is_asked_again_later(outcome: object) -> None:
    catalogue = shop()
    overdue(catalogue)
    for _ in range(5):
        catalogue.look("o1", outcome)
        assert catalogue.sells("o1") == 7
        wait = catalogue.wakes["offer/o1"] - catalogue.now
        assert timedelta(seconds=AGAIN) <= wait <= timedelta(seconds=2 * AGAIN)
        overdue(catalogue)
        assert "offer/o1" in catalogue.open


def test_every_reading_moves_the_alarm_on() -> None:
    catalogue = shop()
    for _ in range(10):
        catalogue.now = catalogue.wakes["offer/o1"] - timedelta(seconds=2)
        catalogue.send(catalogue.offer("o1", EAN, "A"))
        catalogue.settle()
        assert catalogue.wakes["offer/o1"] >= catalogue.now + EARLIEST
    assert not catalogue.open


def test_alarms_that_came_due_while_nothing_ran_wait_for_a_round() -> None:
    """All at once after a stop of a day: the round that begins then sees nearly all of them."""
    catalogue = shop()
    catalogue.now = catalogue.wakes["offer/o1"] + timedelta(seconds=LATE + 1)
    assert catalogue.ring(catalogue.wakes["offer/o1"])
    assert not catalogue.open
    wait = catalogue.wakes["offer/o1"] - catalogue.now
    assert timedelta(seconds=AFTER_A_STOP) <= wait <= timedelta(seconds=AFTER_A_STOP + RULES.spread)
    overdue(catalogue)
    assert "offer/o1" in catalogue.open, "that round did not see it either"


def test_a_reading_by_a_clock_that_was_ahead_neither_hides_the_offer_nor_stops_the_next_reading() -> None:
    catalogue = shop()
    began = catalogue.now
    catalogue.now += timedelta(days=300)
    ahead = catalogue.offer("o1", EAN, "A", amount=5)
    catalogue.now = began + timedelta(seconds=10)
    catalogue.send(ahead)
    catalogue.settle()
    assert catalogue.wakes["offer/o1"] - catalogue.now <= LATEST + timedelta(minutes=1)
    catalogue.send(catalogue.offer("o1", EAN, "A", amount=4))
    catalogue.settle()
    assert [event.amount for event in catalogue.to("7") if isinstance(event, OfferObserved)] == [5, 4]


def test_the_alarms_of_50_000_offers_are_far_below_what_bol_takes_in_a_second() -> None:
    """No round works for hours: then every one of them is asked for. Bol takes 50 single reads a second."""
    row = OfferRow(ean=EAN, read_at=START)
    rings: Counter[int] = Counter()
    for number in range(50_000):
        context = Context(
            connection="shop", entity=f"offer/{number:08x}-aaaa", at=START, rules=CatalogueRules()
        )
        at = alarm(row, context)
        assert at is not None
        rings[int((at - START).total_seconds())] += 1
    assert max(rings.values()) <= 15


def test_a_404_counts_also_where_a_clock_that_was_ahead_has_read_the_offer() -> None:
    """Regression: until that clock's time had come, no 404 was believed."""
    catalogue = shop()
    began = catalogue.now
    catalogue.now += timedelta(days=300)
    ahead = catalogue.offer("o1", EAN, "A")
    catalogue.now = began
    catalogue.send(ahead)
    catalogue.settle()
    overdue(catalogue)
    catalogue.look("o1", BolOfferRead(offer=None))
    assert "offer/o1" not in catalogue.rows


@given(
    offers=st.sets(st.text("abcdef0123456789", min_size=4, max_size=36), min_size=1, max_size=20),
    gone=st.data(),
)
@settings(max_examples=50, deadline=None)
def test_a_404_is_proof_for_that_offer_only(offers: set[str], gone: st.DataObject) -> None:
    catalogue = Catalogue(rules=RULES)
    catalogue.send(catalogue.article(7, EAN))
    for offer in sorted(offers):
        catalogue.send(catalogue.offer(offer, EAN))
    catalogue.settle()
    vanished = gone.draw(st.sets(st.sampled_from(sorted(offers))))
    catalogue.ring(START + LATEST + timedelta(minutes=1))
    assert catalogue.open == {f"offer/{offer}": ReadBolOffer(offer_id=offer) for offer in offers}
    for offer in sorted(offers):
        there = None if offer in vanished else catalogue.seen(offer, EAN)
        catalogue.look(offer, BolOfferRead(offer=there))
    left = {entity.removeprefix("offer/") for entity in catalogue.rows if entity.startswith("offer/")}
    assert left == offers - vanished
    unlinked = {event.offer_id for event in catalogue.to("7") if isinstance(event, OfferUnlinked)}
    assert unlinked == vanished
