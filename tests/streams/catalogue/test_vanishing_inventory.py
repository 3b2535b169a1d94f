"""What lies at Bol of an EAN, when no inventory has shown it for a while."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.catalogue.rules import CatalogueRules
from streams.catalogue.state import CatalogueRow, CodeRow, Lying
from streams.catalogue.vanishing import AFTER_A_STOP, AGAIN, LATE, SWITCHED_OFF, alarm
from streams.flow import Context
from streams.vocabulary.effects import ReadBolInventory
from streams.vocabulary.events import BolCounted, BolInventoryRead, BolOfferRead, Message
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.catalogue.rows import START, Catalogue

EAN = "8712345678906"
CODE = f"code/ean/{EAN}"
RULES = CatalogueRules(lying_unseen=50_000.0, lying_spread=20_000.0)
EARLIEST, LATEST = timedelta(seconds=50_000), timedelta(seconds=70_000)
NOTHING = BolInventoryRead(seen=None)


def shop(regular: int = 5, carried: bool = True, rules: CatalogueRules = RULES) -> Catalogue:
    catalogue = Catalogue(rules=rules)
    if carried:
        catalogue.send(catalogue.article(7, EAN))
    catalogue.inventory(EAN, regular)
    catalogue.ring(START + timedelta(seconds=2 * rules.judged_after))
    catalogue.now = START + timedelta(seconds=1)
    catalogue.out.clear()
    return catalogue


def overdue(catalogue: Catalogue) -> None:
    """Until the EAN's alarm rings."""
    catalogue.ring(catalogue.wakes[CODE])


def lying(catalogue: Catalogue) -> Lying:
    row = catalogue.rows[CODE]
    assert isinstance(row, CodeRow)
    assert row.lying is not None
    return row.lying


def counted(catalogue: Catalogue, article: str = "7") -> list[tuple[int, datetime]]:
    return [(event.amount, event.read_at) for event in catalogue.to(article) if isinstance(event, BolCounted)]


def test_an_ean_is_asked_for_when_two_rounds_have_not_shown_it() -> None:
    catalogue = shop()
    assert EARLIEST <= catalogue.wakes[CODE] - catalogue.now <= LATEST
    overdue(catalogue)
    assert catalogue.open == {CODE: ReadBolInventory(ean=EAN)}
    assert CODE not in catalogue.wakes
    assert counted(catalogue) == [], "being asked for changes nothing"


def test_an_ean_that_left_bols_inventory_does_not_keep_its_last_count() -> None:
    """Regression: nothing said that it was gone, and the article showed the old count for ever."""
    catalogue = shop()
    overdue(catalogue)
    asked_at = catalogue.now
    catalogue.now += timedelta(seconds=3)
    catalogue.answer(CODE, NOTHING, asked_at)
    assert counted(catalogue) == [(0, asked_at)]
    assert lying(catalogue) == Lying(regular=0, title="Mug", read_at=asked_at)
    assert CODE not in catalogue.wakes, "there is nothing left that could vanish"
    [note] = [one for one in catalogue.notes if one.kind == "inventory-gone"]
    assert note.text == (
        f"EAN {EAN} was in no inventory of Bol's for a while, and Bol has nothing of it when asked: 0 pieces lie there "
        "now, where 5 did."
    )


def test_one_that_is_there_is_taken_as_seen() -> None:
    catalogue = shop()
    overdue(catalogue)
    catalogue.answer(CODE, BolInventoryRead(seen=catalogue.lying(EAN, 9)))
    assert counted(catalogue) == [(9, catalogue.now)]
    assert EARLIEST <= catalogue.wakes[CODE] - catalogue.now <= LATEST
    assert not [one for one in catalogue.notes if one.kind == "inventory-gone"]


def test_one_that_comes_back_is_watched_again() -> None:
    catalogue = shop()
    overdue(catalogue)
    catalogue.answer(CODE, NOTHING)
    catalogue.inventory(EAN, 2)
    assert [amount for amount, _ in counted(catalogue)] == [0, 2]
    assert EARLIEST <= catalogue.wakes[CODE] - catalogue.now <= LATEST


def test_one_that_no_article_carries_leaves_the_list_of_unmatched_ones() -> None:
    catalogue = shop(carried=False)
    assert ("bol", EAN) in catalogue.unmatched
    overdue(catalogue)
    catalogue.answer(CODE, NOTHING)
    assert catalogue.unmatched == {}


def test_of_nothing_there_is_nothing_to_ask() -> None:
    catalogue = shop(regular=0)
    assert CODE not in catalogue.wakes
    catalogue.inventory(EAN, 4)
    assert CODE in catalogue.wakes
    catalogue.inventory(EAN, 0)
    assert CODE not in catalogue.wakes


def test_every_reading_moves_the_alarm_on() -> None:
    catalogue = shop()
    for _ in range(10):
        catalogue.now = catalogue.wakes[CODE] - timedelta(seconds=2)
        catalogue.inventory(EAN, 5)
        assert catalogue.wakes[CODE] >= catalogue.now + EARLIEST
    assert not catalogue.open


def test_what_else_happens_to_the_code_leaves_the_alarm_as_it_is() -> None:
    """A row has one alarm, the newest decision's."""
    catalogue = shop()
    due = catalogue.wakes[CODE]
    for message in (
        catalogue.ask(CODE),
        catalogue.article(8, EAN),
        catalogue.article(8, marker=2),
        catalogue.offer("o1", EAN),
        catalogue.offer("o1", "12345678"),
    ):
        catalogue.send(message)
        catalogue.settle()
        assert catalogue.wakes[CODE] == due
    overdue(catalogue)
    catalogue.send(catalogue.article(9, EAN))
    catalogue.settle()
    assert CODE not in catalogue.wakes, "it is being asked for"
    assert CODE in catalogue.open


def test_a_round_that_shows_it_answers_the_question_that_waits() -> None:
    """The few calls a minute are for what is still in doubt."""
    catalogue = shop()
    overdue(catalogue)
    catalogue.inventory(EAN, 6)
    assert catalogue.open == {}
    assert catalogue.wakes[CODE] >= catalogue.now + EARLIEST
    overdue(catalogue)
    assert catalogue.open == {CODE: ReadBolInventory(ean=EAN)}


def test_an_older_page_does_not_answer_it() -> None:
    catalogue = shop()
    old = catalogue.lying(EAN, 9)
    catalogue.inventory(EAN, 5)
    catalogue.out.clear()
    overdue(catalogue)
    before = catalogue.rows[CODE]
    catalogue.send(Message(flow="catalogue", entity=CODE, event=old))
    catalogue.settle()
    assert (catalogue.rows[CODE], CODE in catalogue.open) == (before, True)
    catalogue.answer(CODE, BolInventoryRead(seen=old))
    assert catalogue.rows[CODE] == before
    assert counted(catalogue) == []


def test_an_answer_that_a_list_has_overtaken_counts_for_nothing() -> None:
    catalogue = shop()
    overdue(catalogue)
    asked_at = catalogue.now - timedelta(seconds=5)
    catalogue.rows[CODE] = CodeRow(lying=Lying(regular=3, title="Mug", read_at=catalogue.now))
    catalogue.answer(CODE, NOTHING, asked_at)
    assert lying(catalogue).regular == 3
    assert catalogue.wakes[CODE] >= catalogue.now + EARLIEST


@pytest.mark.parametrize(
    "outcome", [NotSent(why="no connection"), AnswerLost(why="timed out"), Refused(said="403", code="403")]
)
def test_not_being_told_proves_nothing_and_is_asked_again_later(outcome: object) -> None:
    catalogue = shop()
    overdue(catalogue)
    for tries in range(1, 6):
        catalogue.answer(CODE, outcome)
        assert (lying(catalogue).regular, lying(catalogue).tries) == (5, tries)
        assert counted(catalogue) == []
        wait = catalogue.wakes[CODE] - catalogue.now
        assert timedelta(seconds=AGAIN) <= wait <= timedelta(seconds=2 * AGAIN)
        overdue(catalogue)
        assert CODE in catalogue.open
    catalogue.answer(CODE, BolInventoryRead(seen=catalogue.lying(EAN, 1)))
    assert lying(catalogue) == Lying(regular=1, title="Mug", read_at=catalogue.now)


def test_an_answer_to_another_question_is_refused() -> None:
    catalogue = shop()
    overdue(catalogue)
    with pytest.raises(ValueError, match="no answer to whether code/ean/"):
        catalogue.answer(CODE, BolOfferRead(offer=None))


def test_alarms_that_came_due_while_nothing_ran_wait_for_a_round() -> None:
    catalogue = shop()
    catalogue.now = catalogue.wakes[CODE] + timedelta(seconds=LATE + 1)
    assert catalogue.ring(catalogue.wakes[CODE])
    assert not catalogue.open
    wait = catalogue.wakes[CODE] - catalogue.now
    assert timedelta(seconds=AFTER_A_STOP) <= wait <= timedelta(seconds=AFTER_A_STOP + 20_000)
    overdue(catalogue)
    assert CODE in catalogue.open


def test_a_connection_whose_inventory_is_not_swept_never_asks() -> None:
    catalogue = shop(rules=CatalogueRules())
    assert catalogue.ring(START + timedelta(days=60)) <= 60, "at most once a day it looks at the settings"
    assert catalogue.open == {}
    assert lying(catalogue).regular == 5


def test_it_is_asked_for_when_the_sweep_is_wanted_again() -> None:
    catalogue = shop(rules=CatalogueRules())
    catalogue.ring(START + timedelta(days=30))
    catalogue.rules = RULES
    catalogue.ring(catalogue.now + timedelta(seconds=2 * SWITCHED_OFF))
    assert CODE in catalogue.open


def test_a_question_that_is_out_when_the_sweep_is_switched_off_is_not_asked_anew() -> None:
    catalogue = shop()
    overdue(catalogue)
    catalogue.rules = CatalogueRules()
    catalogue.answer(CODE, NotSent(why="no connection"))
    assert catalogue.ring(catalogue.now + timedelta(days=10))
    assert catalogue.open == {}


def test_a_reading_by_a_clock_that_was_ahead_neither_hides_it_nor_stops_the_next_word() -> None:
    catalogue = shop()
    began = catalogue.now
    catalogue.now += timedelta(days=300)
    ahead = catalogue.lying(EAN, 8)
    for word, amount in ((BolInventoryRead(seen=None), 0), (None, 4)):
        catalogue.now = began + timedelta(seconds=10)
        catalogue.rows[CODE] = CodeRow(lying=Lying(regular=8, title="Mug", read_at=ahead.read_at))
        catalogue.send(catalogue.ask(CODE))
        catalogue.settle()
        assert catalogue.wakes[CODE] - catalogue.now <= LATEST + timedelta(minutes=1)
        if word is None:
            catalogue.inventory(EAN, amount)
        else:
            overdue(catalogue)
            catalogue.answer(CODE, word)
        assert lying(catalogue).regular == amount


def test_a_row_of_before_there_were_alarms_is_read_and_gets_one_at_its_next_event() -> None:
    old = b'{"row":"code","lying":{"regular":5,"title":"Mug","read_at":"2026-11-23T12:00:00Z"}}'
    row = msgspec.json.decode(old, type=CatalogueRow)
    assert row == CodeRow(lying=Lying(regular=5, title="Mug", read_at=START))
    catalogue = Catalogue(rules=RULES)
    catalogue.rows[CODE] = row
    catalogue.send(catalogue.ask(CODE))
    catalogue.settle()
    assert EARLIEST <= catalogue.wakes[CODE] - START <= LATEST


def test_the_alarms_of_a_large_warehouse_are_what_its_few_calls_can_answer() -> None:
    """No inventory works for hours: then each is asked for. With the settings' defaults 20 a minute are enough."""
    rules = CatalogueRules(lying_unseen=2 * 21600.0 + 3600.0, lying_spread=21600.0)
    one = Lying(regular=1, title="", read_at=START)
    rings: Counter[int] = Counter()
    for number in range(5_000):
        context = Context(connection="shop", entity=f"code/ean/{number:013d}", at=START, rules=rules)
        at = alarm(one, context)
        assert at is not None
        rings[int((at - START).total_seconds()) // 600] += 1
    assert max(rings.values()) <= 200


@given(
    there=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), min_size=1),
    left=st.sets(st.sampled_from("abcdef")),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=50, deadline=None)
def test_an_answer_is_proof_for_that_ean_only(there: dict[str, int], left: set[str], seed: int) -> None:
    """Some lines vanish; whatever Bol is asked for in whatever order, each count ends as Bol has it."""
    eans = {letter: f"87123456{place:05d}" for place, letter in enumerate("abcdef")}
    catalogue = Catalogue(random.Random(seed), rules=RULES)
    for number, letter in enumerate("abcdef", 1):
        catalogue.send(catalogue.article(number, eans[letter]))
    catalogue.settle()
    for letter, regular in there.items():
        catalogue.inventory(eans[letter], regular)
    catalogue.ring(START + LATEST + timedelta(minutes=1))
    some = {letter for letter, regular in there.items() if regular}
    assert catalogue.open == {f"code/ean/{eans[one]}": ReadBolInventory(ean=eans[one]) for one in some}
    for letter in sorted(some):
        seen = None if letter in left else catalogue.lying(eans[letter], there[letter])
        catalogue.answer(f"code/ean/{eans[letter]}", BolInventoryRead(seen=seen))
    for number, letter in enumerate("abcdef", 1):
        told = [amount for amount, _ in counted(catalogue, str(number))]
        assert told[-1:] == ([0 if letter in left else there[letter]] if letter in there else [])
