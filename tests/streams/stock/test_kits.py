"""Composed articles and their parts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from streams.stock import kits
from streams.stock.rules import Counting, StockRules
from streams.vocabulary.events import (
    ArticleDescribed,
    OfferUnlinked,
    Part,
    PartCounted,
    PartWanted,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    StockDoubted,
    StockRead,
    TillSold,
)
from tests.streams.stock.ledger import START, Ledger
from tests.streams.stock.side_by_side import Rows

KIT, NEST = 10, 11


def kit(rules: StockRules | None = None) -> Rows:
    """Article 10 is one of article 1 and two of article 2; there are 5 and 8."""
    rows = Rows(rules) if rules else Rows()
    rows.kit(KIT, a1=1, a2=2)
    rows.on_sale(KIT)
    rows.read(1, 5)
    rows.read(2, 8)
    return rows


def made(quantity: int = 1, order: str = "b1", item: str = "i1") -> ReservationMade:
    return ReservationMade(order_id=order, item_id=item, quantity=Decimal(quantity), made_at=START)


def booked(quantity: int = 1, order: str = "b1") -> ReservationBooked:
    later = START + timedelta(hours=1)
    return ReservationBooked(order_id=order, item_id="i1", quantity=Decimal(quantity), booked_at=later)


def released(order: str = "b1") -> ReservationReleased:
    return ReservationReleased(order_id=order, item_id="i1")


def sold(quantity: int = 1, line: str = "l1") -> TillSold:
    return TillSold(session_id="s1", line_id=line, quantity=Decimal(quantity), sold_at=START, heard_at=START)


def test_there_are_as_many_as_the_scarcest_part_makes() -> None:
    rows = kit()
    assert rows.desired(KIT) == 4
    rows[1].apply(StockRead(reading=rows[1].reading(5, marker=2)))
    rows.send(1, StockRead(reading=rows[1].reading(3, marker=3)))
    assert rows.desired(KIT) == 3


def test_an_article_that_is_only_a_part_is_explained_too() -> None:
    """Regression: it had no snapshot, so that nobody could say what a composed article's number was made of."""
    rows = kit()
    shown = rows[1].shown
    assert (shown.sentence, shown.part_of) == ("5 free = 5, for what it is a part of", (KIT,))
    rows.send(1, TillSold(session_id="s", line_id="1", quantity=Decimal(2), sold_at=START, heard_at=START))
    assert rows[1].shown.desired == 3
    rows.send(KIT, OfferUnlinked(offer_id="o10"))
    assert rows[1].shown.part_of == ()


def test_nothing_is_sent_before_every_part_has_told() -> None:
    rows = Rows()
    rows.kit(KIT, a1=1, a2=2)
    rows.on_sale(KIT, amount=9)
    rows.read(1, 5)
    assert rows.desired(KIT) is None
    assert rows[KIT].shown.waits[0] == "the number waits for the stock of its parts: article 2"
    assert "read" not in rows[KIT].open, "Mplus keeps no stock of it"


def test_a_part_that_nobody_keeps_stock_of_does_not_limit() -> None:
    rows = Rows()
    rows.send(3, ArticleDescribed(marker=5, stock_kept=False))
    rows.kit(KIT, a1=1, a3=1)
    rows.on_sale(KIT)
    rows.read(1, 5)
    rows.without_stock(3)
    assert rows.desired(KIT) == 5


def test_a_part_that_stock_is_kept_of_from_now_on_limits_as_soon_as_it_is_read() -> None:
    """It was told to be no limit, and that it is one was not told before something was read."""
    rows = Rows()
    rows.send(3, ArticleDescribed(marker=5, stock_kept=False))
    rows.kit(KIT, a1=1, a3=1)
    rows.on_sale(KIT)
    rows.read(1, 5)
    rows.without_stock(3)
    rows.send(3, ArticleDescribed(marker=6, stock_kept=True))
    assert rows.desired(KIT) is None
    rows.read(3, 2)
    assert rows.desired(KIT) == 2


def test_a_parts_buffer_is_kept_from_its_kits_too_and_a_kits_own_from_itself() -> None:
    rules = StockRules(branches=(1,), articles={2: Counting(buffer=2), KIT: Counting(buffer=1)})
    rows = kit(rules)
    assert rows.desired(KIT) == 2, "(8 - 2) // 2 - 1"


def test_a_part_below_nothing_makes_none() -> None:
    rows = kit()
    rows.send(1, StockRead(reading=rows[1].reading(-3, marker=2)))
    assert rows.desired(KIT) == 0


def test_a_fixed_number_asks_no_part() -> None:
    rows = Rows(StockRules(branches=(1,), articles={KIT: Counting(calculation="fixed", fixed=7)}))
    rows.kit(KIT, a1=1)
    rows.on_sale(KIT)
    assert rows.desired(KIT) == 7


def test_an_order_takes_the_parts_and_nothing_of_the_kit_itself() -> None:
    rows = kit()
    rows.send(KIT, made(2))
    assert rows.reserved(1) == {"b1/i1+10": Decimal(2)}
    assert rows.reserved(2) == {"b1/i1+10": Decimal(4)}
    assert rows.desired(KIT) == 2
    rows.send(KIT, booked(2))
    assert rows.reserved(KIT) == {}
    rows.read(1, 3)
    rows.read(2, 4)
    assert (rows.reserved(1), rows.reserved(2), rows.desired(KIT)) == ({}, {}, 2)
    rows.send(KIT, made(2))
    assert rows.desired(KIT) == 2, "told again after a crash"


def test_an_order_that_falls_away_or_wants_less_gives_the_parts_back() -> None:
    rows = kit()
    rows.send(KIT, made(3))
    rows.send(KIT, made(1))
    assert rows.reserved(2) == {"b1/i1+10": Decimal(2)}
    rows.send(KIT, released())
    assert (rows.reserved(1), rows.reserved(2), rows.desired(KIT)) == ({}, {}, 4)


def test_a_part_that_is_sold_by_itself_and_in_the_same_order_is_kept_for_both() -> None:
    rows = kit()
    rows.on_sale(1)
    rows.send(KIT, made(1))
    rows.send(1, made(2, item="i2"))
    assert rows.reserved(1) == {"b1/i1+10": Decimal(1), "b1/i2": Decimal(2)}
    assert (rows.desired(1), rows.desired(KIT)) == (2, 2)


def test_a_till_sale_takes_the_parts_once_and_is_no_sale_of_the_kit() -> None:
    """It was taken off the kit itself too, and no reading ever ended that."""
    rows = kit()
    rows.send(KIT, sold())
    rows.send(KIT, sold())
    assert rows.desired(KIT) == 3
    assert rows[KIT].article.sales == ()
    rows.read(1, 4, marker=2)
    rows.read(2, 6, marker=2)
    assert rows.desired(KIT) == 3
    assert "read" not in rows[KIT].open


def test_a_kit_that_nobody_wants_still_takes_its_parts() -> None:
    rows = kit()
    rows.on_sale(1)
    rows.send(KIT, OfferUnlinked(offer_id="o10"))
    rows.send(KIT, sold())
    rows.send(KIT, made(1))
    assert rows.desired(1) == 3


def test_what_changed_on_an_order_has_the_parts_read() -> None:
    """Nobody reads a kit: what an order let go stayed reserved until the next sweep of all stock."""
    rows = kit()
    doubt = StockDoubted(why="there is less of it on an order", since=rows[1].later(60))
    rows[2].later(60)
    rows[KIT].later(60)
    rows.send(KIT, doubt)
    assert "read" in rows[1].open
    assert "read" in rows[2].open
    rows.read(1, 6)
    rows.read(2, 12)
    assert rows.desired(KIT) == 6
    told = len(rows.passed_on)
    rows.send(KIT, doubt)
    assert len(rows.passed_on) == told, "each once"


def test_parts_that_change_before_the_booking_leave_nothing_reserved() -> None:
    rows = kit()
    rows.send(KIT, made(2))
    rows.kit(KIT, marker=6, a1=1, a3=1)
    rows.read(3, 9)
    assert {n: sum(rows.reserved(n).values()) for n in (1, 2, 3)} == {1: 2, 2: 0, 3: 2}
    assert rows.desired(KIT) == 3
    rows.kit(KIT, marker=7, a2=1)
    assert {n: sum(rows.reserved(n).values()) for n in (1, 2, 3)} == {1: 0, 2: 2, 3: 0}
    rows.send(KIT, booked(2))
    assert (rows.reserved(1), rows.reserved(3)) == ({}, {})
    rows.read(2, 6)
    assert rows.reserved(2) == {}
    assert rows[2].article.kits == (KIT,)
    assert rows[1].article.kits == rows[3].article.kits == ()


def test_a_kit_that_has_stock_of_its_own_from_now_on_lets_go_of_its_parts_and_is_read() -> None:
    rows = kit()
    rows.send(KIT, made(2))
    rows.send(KIT, ArticleDescribed(marker=6, stock_kept=True, parts=rows[KIT].article.parts))
    assert {n: sum(rows.reserved(n).values()) for n in (1, 2)} == {1: 0, 2: 0}
    assert rows.desired(KIT) is None
    rows.read(KIT, 7)
    assert rows.desired(KIT) == 5
    rows.kit(KIT, marker=7, a1=1)
    rows.read(1, 5)
    assert (rows.desired(KIT), rows.reserved(1)) == (3, {"b1/i1+10": Decimal(2)})
    assert rows[KIT].article.readings == ()


def test_an_article_that_becomes_a_kit_forgets_what_was_read_and_booked() -> None:
    rows = Rows()
    rows.on_sale(KIT)
    rows.read(KIT, 7)
    rows.send(KIT, booked(2))
    rows.send(1, StockRead(reading=rows[1].reading(5)))
    rows.kit(KIT, a1=1)
    rows.read(1, 5)
    assert (rows.desired(KIT), rows.reserved(KIT)) == (5, {})


def test_what_a_part_told_before_it_was_asked_anew_is_forgotten() -> None:
    """The old count was shown until the part had answered, and till sales in between were not in it."""
    rows = kit()
    rows.send(KIT, OfferUnlinked(offer_id="o10"))
    assert rows[1].article.kits == ()
    rows.on_sale(KIT)
    assert rows.desired(KIT) is None
    rows.read(1, 2)
    rows.read(2, 8)
    assert rows.desired(KIT) == 2


def test_a_kit_in_a_kit() -> None:
    rows = kit()
    rows.kit(NEST, a10=2, a1=1)
    rows.on_sale(NEST)
    assert rows.desired(NEST) == 2
    rows.send(NEST, made(1))
    assert rows.reserved(1) == {"b1/i1+11+10": Decimal(2), "b1/i1+11": Decimal(1)}, "by two ways"
    assert rows.reserved(2) == {"b1/i1+11+10": Decimal(4)}
    assert (rows.desired(KIT), rows.desired(NEST)) == (2, 1)
    rows.send(NEST, sold())
    assert rows.desired(KIT) == 0, "5 - 3 - 3 is less than nothing"
    rows.send(NEST, released())
    rows.read(1, 2, marker=2)
    rows.read(2, 4, marker=2)
    assert (rows.reserved(1), rows.reserved(2), rows.desired(KIT)) == ({}, {}, 2)


@pytest.mark.parametrize("parts", [{"a10": 1}, {"a10": 2, "a1": 1}])
def test_a_kit_that_is_part_of_itself_is_never_known_and_goes_round_no_circle(parts: dict[str, int]) -> None:
    rows = Rows()
    rows.kit(KIT, **parts)
    rows.on_sale(KIT, amount=4)
    if "a1" in parts:
        rows.read(1, 5)
    for event in (made(2), sold(), StockDoubted(why="an order changed", since=START), booked(2), released()):
        rows.send(KIT, event)
    assert rows.desired(KIT) is None
    assert "push/o10" not in rows[KIT].open


def test_kits_that_are_parts_of_each_other_go_round_no_circle() -> None:
    """Twice as many each time: it never ended."""
    rows = Rows()
    rows.kit(KIT, a11=2, a1=1)
    rows.kit(NEST, a10=2, a2=1)
    rows.on_sale(KIT, amount=4)
    rows.on_sale(NEST, amount=4)
    rows.read(1, 5)
    rows.read(2, 5)
    doubt = StockDoubted(why="an order changed", since=START + timedelta(hours=1))
    for event in (made(2), made(3), sold(), doubt, booked(3), sold(2, "l2"), released()):
        rows.send(KIT, event)
        rows.send(NEST, event)
    assert (rows.desired(KIT), rows.desired(NEST)) == (None, None)
    rows.kit(NEST, marker=6, a2=1)
    assert rows.desired(KIT) is not None, "the circle is gone"


def test_a_part_that_is_listed_twice_is_taken_together() -> None:
    rows = Rows()
    twice = (Part(article_number=1, quantity=Decimal(1)), Part(article_number=1, quantity=Decimal(2)))
    rows.send(KIT, ArticleDescribed(marker=5, stock_kept=False, parts=twice))
    rows.on_sale(KIT)
    rows.read(1, 7)
    assert rows.desired(KIT) == 2
    rows.send(KIT, made(1))
    assert rows.reserved(1) == {"b1/i1+10": Decimal(3)}


def test_parts_by_weight() -> None:
    rows = Rows()
    rows.kit(KIT, a1="0.25")
    rows.on_sale(KIT)
    rows.read(1, "1.1")
    assert rows.desired(KIT) == 4


def test_a_count_that_is_told_again_after_a_crash_does_not_undo_a_newer_one() -> None:
    rows = kit()
    old = PartCounted(part=1, have=Decimal(5), counted_at=rows[1].now)
    rows[1].later(5)
    rows.send(1, StockRead(reading=rows[1].reading(1, marker=2)))
    assert rows.desired(KIT) == 1
    rows.send(KIT, old)
    assert rows.desired(KIT) == 1


def test_counts_come_in_their_order_though_the_clocks_that_they_follow_on_do_not() -> None:
    """Events bear the clocks of whoever wrote them: the newer count looked older, and was passed over for good."""
    rows = kit()
    rows[1].now -= timedelta(seconds=9)
    asked = rows[1].now - timedelta(seconds=1)
    rows[1].apply(StockRead(reading=rows[1].reading(5, marker=2, asked=asked)))
    rows[1].now -= timedelta(seconds=9)
    told = rows[1].apply(StockRead(reading=rows[1].reading(4, marker=3, asked=asked))).messages
    rows.send(1, StockRead(reading=rows[1].reading(2, marker=4, asked=asked)))
    assert rows.desired(KIT) == 2
    rows.send(KIT, told[0].event)  # type: ignore[arg-type]  # a PartCounted
    assert rows.desired(KIT) == 2, "told again after a crash"


def test_a_count_of_a_clock_far_ahead_does_not_stay_for_good() -> None:
    rows = kit()
    ahead = PartCounted(part=1, have=Decimal(1), counted_at=rows[KIT].now + timedelta(hours=3))
    rows.send(KIT, ahead)
    assert rows.desired(KIT) == 1
    rows.send(KIT, msgspec.structs.replace(ahead, have=Decimal(3), counted_at=rows[KIT].later()))
    assert rows.desired(KIT) == 3


def test_what_is_told_of_what_is_no_part_is_passed_over() -> None:
    rows = kit()
    before = rows[KIT].article
    rows.send(KIT, PartCounted(part=99, have=Decimal(0), counted_at=rows[KIT].now))
    assert rows[KIT].article == before


def test_a_part_tells_only_what_changed() -> None:
    rows = kit()
    told = len(rows.passed_on)
    rows.send(1, StockRead(reading=rows[1].reading(5, marker=2)))
    assert len(rows.passed_on) == told


def test_a_part_of_too_many_kits_tells_the_others_that_it_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They were told once, and showed that for ever."""
    monkeypatch.setattr(kits, "KITS", 1)
    rows = kit()
    rows.kit(NEST, a1=1)
    rows.on_sale(NEST)
    assert rows[1].article.kits == (KIT,)
    assert rows.desired(NEST) is None
    rows.send(1, PartWanted(kit=KIT, wanted=False))
    rows.send(1, PartWanted(kit=NEST))
    assert rows.desired(NEST) is None, "it is read first"
    rows.read(1, 3)
    assert rows.desired(NEST) == 3


def test_a_part_with_an_offer_of_its_own_stays_read_when_its_kit_goes() -> None:
    rows = kit()
    rows.on_sale(1)
    rows.send(KIT, OfferUnlinked(offer_id="o10"))
    assert (rows.desired(1), len(rows[1].article.readings)) == (5, 1)
    assert rows[2].article.readings == ()


def test_merged_leaves_what_is_there_once_as_it_is() -> None:
    parts = (Part(article_number=2, quantity=Decimal(1)), Part(article_number=1, quantity=Decimal(2)))
    assert kits.merged(parts) is parts


def test_ids_that_hold_a_plus_of_their_own_go_round_no_circle_either() -> None:
    ledger = Ledger(number=17)
    ledger.apply(ledger.offer(5))
    ledger.read(5)
    ledger.apply(made(1, item="a+1"))
    assert ledger.desired == 4
