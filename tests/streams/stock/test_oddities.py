"""What the guards are told of an article, and when nothing is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from streams.stock.rules import Counting, StockRules
from streams.vocabulary.effects import ReadStock
from streams.vocabulary.events import (
    ArticleDescribed,
    NumberTurned,
    OfferPushed,
    Part,
    PartCounted,
    ReadingOdd,
    StockAnswered,
    StockDoubted,
    StockRead,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent
from tests.streams.stock.ledger import RULES, Ledger
from tests.streams.stock.test_decide import made, on_sale, push, sale, settled


def told(ledger: Ledger) -> list[Any]:
    """What the last event told the guards."""
    assert ledger.last is not None
    found = [one for one in ledger.last.messages if one.flow == "guards"]
    assert all(one.entity == "" for one in found)
    return [one.event for one in found]


def read(ledger: Ledger, free: int, marker: int = 2) -> list[Any]:
    """A sweep reads the article; what the guards are told."""
    ledger.apply(StockRead(reading=ledger.reading(free, marker)))
    return told(ledger)


def turn(was: int, now: int, cause: str = "reading") -> NumberTurned:
    return NumberTurned(offer_id="o1", was=was, now=now, cause=cause, article_number=1001)


def test_a_number_that_a_reading_makes_0_is_told_once() -> None:
    ledger = on_sale()
    assert told(ledger) == []
    assert read(ledger, 0) == [turn(10, 0)]
    assert read(ledger, 0, 3) == []
    settled(ledger, "push/o1", NotSent(why="no connection"))
    assert told(ledger) == []
    settled(ledger, "push/o1", AnswerLost(why="cut"))
    assert told(ledger) == []
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=0))
    assert read(ledger, 0, 4) == []


def test_a_number_that_becomes_less_is_nothing_to_tell() -> None:
    ledger = on_sale()
    assert read(ledger, 3) == []
    assert read(ledger, 9, 3) == []


def test_a_sale_or_an_order_that_takes_the_last_piece_is_nothing_to_tell() -> None:
    till = on_sale(1, 1)
    till.apply(sale(till))
    assert (till.desired, told(till)) == (0, [])
    assert read(till, 0) == [], "the reading that shows it changes nothing"
    bol = on_sale(2, 2)
    bol.apply(made(bol))
    assert (bol.desired, told(bol)) == (0, [])


def test_a_number_that_jumps_is_told_in_both_directions() -> None:
    ledger = on_sale()
    assert read(ledger, 49) == [], "not five times as much"
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=49))
    assert read(ledger, 245, 3) == [turn(49, 245)]
    assert read(ledger, 40, 4) == [turn(245, 40)], "from what is on its way"
    assert read(on_sale(5, 5), 24) == [], "not by twenty pieces"


def test_a_number_that_rises_from_our_own_0_is_told_and_from_bols_is_not() -> None:
    ledger = on_sale()
    read(ledger, 0)
    assert read(ledger, 10, 3) == [turn(0, 10)], "the 0 was never sent"
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=0))
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=10))
    read(ledger, 0, 4)
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=0))
    assert read(ledger, 60, 5) == [turn(0, 60)], "what a delivery looks like is no jump"
    first = Ledger()
    first.apply(first.offer(0))
    settled(first, "read", StockAnswered(readings=(first.reading(60),)))
    assert (push(first).amount, told(first)) == (60, [])


def test_the_first_number_of_an_offer_that_bol_shows_otherwise_is_told() -> None:
    """A branch that is wrong in the settings would take everything off sale."""
    ledger = Ledger()
    ledger.apply(ledger.offer(7))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(0),)))
    assert told(ledger) == [turn(7, 0)]


def test_the_first_number_of_an_offer_does_not_jump_from_what_somebody_else_had_there() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(7))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(400),)))
    assert (push(ledger).amount, told(ledger)) == (400, [])


def test_what_someone_else_wrote_at_bol_and_is_set_back_is_no_turn() -> None:
    ledger = on_sale(0, 0)
    ledger.apply(ledger.offer(500))
    assert push(ledger).amount == 0
    assert told(ledger) == []


@pytest.mark.parametrize("rules", [replace(RULES, push=False), replace(RULES, cap=10)])
def test_what_is_not_pushed_is_not_told(rules: StockRules) -> None:
    ledger = on_sale(rules=rules)
    if rules.push:
        assert read(ledger, 400) == [], "the number stays at the cap"
    else:
        assert read(ledger, 0) == []


def test_offers_that_bol_sends_are_not_told() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(7, fulfilment="FBB"))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(0),)))
    assert told(ledger) == []


def test_a_part_that_a_sale_took_explains_the_articles_made_of_it() -> None:
    kit = Ledger()
    kit.apply(kit.offer(4))
    part = Part(article_number=7, quantity=Decimal(1))
    kit.apply(ArticleDescribed(marker=1, description="set", active=True, stock_kept=False, parts=(part,)))

    def count(have: int, explained: bool) -> list[Any]:
        kit.apply(
            PartCounted(part=7, have=Decimal(have), counted_at=kit.later(), explained=explained),
        )
        return told(kit)

    assert count(4, False) == []
    assert count(0, True) == []
    count(4, False)
    assert count(0, False) == [turn(4, 0, "part")]


def test_a_part_says_whether_a_sale_took_it() -> None:
    ledger = on_sale(1, 1)
    ledger.state = replace(ledger.article, kits=(55,), told=Decimal(1))
    ledger.apply(sale(ledger))
    assert ledger.last is not None
    (message,) = ledger.last.messages
    assert isinstance(message.event, PartCounted)
    assert message.event.explained
    ledger.apply(StockRead(reading=ledger.reading(5, 9)))
    (counted,) = [one.event for one in ledger.last.messages if isinstance(one.event, PartCounted)]
    assert not counted.explained


# -- readings


def test_less_than_nothing_is_told_when_it_becomes_so() -> None:
    ledger = on_sale()
    odd, turned = read(ledger, -3)
    assert isinstance(odd, ReadingOdd)
    assert (odd.kind, odd.article_number, odd.branch) == ("negative", 1001, 1)
    assert turned == turn(10, 0)
    assert "-3 free at branch 1" in ledger.notes["reading"].text
    assert ledger.notes["reading"].level == "warn"
    assert read(ledger, -5, 3) == []
    assert "reading" not in ledger.notes
    assert read(ledger, 2, 4) == [turn(0, 2)]
    assert read(ledger, -1, 5)[0].kind == "negative"


def test_of_an_article_that_nobody_sells_nothing_is_told() -> None:
    ledger = Ledger()
    assert read(ledger, -3) == []
    assert read(ledger, 5, 1) == []


def test_a_reading_that_goes_back_in_time_is_asked_for_again_and_the_second_one_is_believed() -> None:
    ledger = on_sale()
    read(ledger, 8, 50)
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=8))
    (odd,) = read(ledger, 2, 20)
    assert (odd.kind, odd.article_number, odd.branch) == ("back", 1001, 1)
    assert "was 50 and is 20" in odd.words
    assert ledger.desired == 8, "it is not believed"
    assert isinstance(ledger.open["read"].effect, ReadStock), "it is asked for again"
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(2, 20),)))
    assert (ledger.desired, told(ledger)) == (2, [])
    assert ledger.article.back == ()
    assert "read" not in ledger.open
    assert read(ledger, 3, 21) == [], "from now on that is what Mplus has"


def test_a_reading_that_went_back_once_by_mistake_is_forgotten() -> None:
    ledger = on_sale()
    read(ledger, 8, 50)
    read(ledger, 2, 20)
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(8, 50),)))
    assert (ledger.desired, ledger.article.back) == (8, ())
    assert read(ledger, 2, 20)[0].kind == "back"
    assert ledger.desired == 8


def test_readings_that_overlap_in_time_do_not_go_back() -> None:
    ledger = on_sale()
    asked = ledger.later()
    ledger.apply(StockRead(reading=ledger.reading(8, 50)))
    ledger.apply(StockRead(reading=ledger.reading(9, 49, asked=asked)))
    assert (ledger.desired, told(ledger)) == (8, [])


def test_where_nothing_is_pushed_people_are_told_and_the_guards_are_not() -> None:
    ledger = on_sale(rules=replace(RULES, push=False))
    assert read(ledger, -3) == []
    assert "less than nothing" in ledger.notes["reading"].text


def test_a_setting_that_hides_everything_is_told() -> None:
    ledger = on_sale()
    ledger.rules = replace(RULES, articles={1001: Counting(minimum=50)})
    ledger.apply(StockDoubted(why="marker", since=ledger.later()))
    assert told(ledger) == [turn(10, 0)]
