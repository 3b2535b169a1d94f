"""What an offer is at Bol, and what the article is in Mplus."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from streams.stock.rules import StockRules
from streams.stock.state import PARTED
from streams.vocabulary.effects import PushOffer
from streams.vocabulary.events import OfferPushed, OfferUnlinked, StockAnswered
from tests.streams.stock.ledger import Ledger, described, made, on_sale, sale

HOLD = StockRules(branches=(1,), hold=True)


def test_a_foreign_amount_is_told_and_set_back() -> None:
    ledger = on_sale()
    ledger.apply(ledger.offer(50))
    assert "holds 50 pieces where 10 belongs" in ledger.notes["foreign-write"].text
    assert ledger.push().amount == 10
    ledger.taken()
    ledger.apply(ledger.offer(10))
    assert "foreign-write" not in ledger.notes


def test_a_foreign_flag_is_told_and_set_back() -> None:
    ledger = on_sale()
    ledger.apply(ledger.offer(10, managed_by_retailer=False))
    assert "Bol counting open orders itself" in ledger.notes["foreign-write"].text
    assert ledger.push() == PushOffer(offer_id="o1", amount=10, managed=True)


def test_where_bol_is_to_count_open_orders_the_other_flag_is_the_foreign_one() -> None:
    ledger = on_sale(
        rules=StockRules(branches=(1,), managed=False, calculation="physical"), managed_by_retailer=False
    )
    assert ledger.open == {}
    ledger.apply(ledger.offer(10, managed_by_retailer=True))
    assert "Bol not counting open orders itself" in ledger.notes["foreign-write"].text
    assert ledger.push().managed is False


def test_an_older_page_changes_nothing() -> None:
    """Pages come in any order: the older one was taken for what Bol holds now."""
    ledger = on_sale()
    older = ledger.offer(4)
    ledger.apply(ledger.offer(10))
    before = ledger.article
    decision = ledger.apply(older)
    assert ledger.article == before
    assert decision.asks == ()


def test_a_page_of_a_clock_far_ahead_does_not_hide_the_ones_that_come() -> None:
    ledger = on_sale()
    page = ledger.offer(10)
    ledger.apply(msgspec.structs.replace(page, read_at=page.read_at + timedelta(hours=2)))
    ledger.apply(ledger.offer(50))
    assert ledger.push().amount == 10


def test_a_hold_that_a_person_puts_on_is_left() -> None:
    ledger = on_sale(rules=HOLD, on_hold=False)
    ledger.apply(ledger.offer(10, on_hold=True))
    assert "put on hold at Bol, not by us" in ledger.notes["hold"].text
    assert ledger.open == {}
    ledger.apply(described(active=False))
    assert ledger.push().on_hold is None, "it is on hold already"
    ledger.taken()
    ledger.apply(described(marker=6, active=True))
    assert ledger.push().on_hold is None, "whoever put it on takes it off"


def test_a_hold_of_ours_that_a_person_takes_off_is_left_off_until_the_article_is_switched_on_again() -> None:
    """It was said to be left so, and put on again at once."""
    ledger = on_sale(rules=HOLD, on_hold=False)
    ledger.apply(described(active=False))
    ledger.taken()
    ledger.apply(ledger.offer(0, on_hold=False))
    assert "taken off hold at Bol, not by us" in ledger.notes["hold"].text
    assert ledger.open == {}
    ledger.apply(described(marker=6, active=True))
    assert ledger.push() == PushOffer(offer_id="o1", amount=10)
    ledger.taken()
    ledger.apply(described(marker=7, active=False))
    assert ledger.push() == PushOffer(offer_id="o1", amount=0, on_hold=True)


def test_a_hold_of_ours_is_taken_off_when_the_article_is_switched_on() -> None:
    ledger = on_sale(rules=HOLD, on_hold=False)
    ledger.apply(described(active=False))
    ledger.taken()
    ledger.apply(described(marker=6, active=True))
    assert ledger.push() == PushOffer(offer_id="o1", amount=10, on_hold=False)
    ledger.taken()
    assert (ledger.article.offers[0].held, ledger.article.offers[0].on_hold) == (False, False)


def test_switched_off_0_is_shown_and_what_there_is_when_it_is_on_again() -> None:
    ledger = on_sale()
    ledger.apply(described(active=False))
    assert ledger.push() == PushOffer(offer_id="o1", amount=0)
    assert "off in Mplus" in ledger.notes["article"].text
    assert "(switched off in Mplus)" in ledger.shown.sentence
    ledger.taken()
    ledger.apply(described(marker=6, active=True))
    assert ledger.push() == PushOffer(offer_id="o1", amount=10)


def test_why_bol_does_not_show_an_offer_is_told_once_and_cleared() -> None:
    ledger = on_sale()
    why = ("the economic operator is missing",)
    ledger.apply(ledger.offer(10, offline=why))
    assert "the economic operator is missing" in ledger.notes["offline"].text
    ledger.apply(ledger.offer(10, offline=why))
    assert "offline" not in ledger.notes
    ledger.apply(ledger.offer(10))
    assert ledger.notes["offline"].level == "cleared"
    ledger.apply(ledger.offer(10))
    assert "offline" not in ledger.notes


def test_an_older_description_changes_nothing_and_a_doubled_one_is_not_told_again() -> None:
    ledger = on_sale()
    ledger.apply(described(marker=7, active=False, description="Tea"))
    ledger.apply(described(marker=6, active=True, description="Coffee"))
    assert (ledger.article.active, ledger.article.description) == (False, "Tea")
    ledger.apply(described(marker=7, active=False, description="Tea"))
    assert "article" not in ledger.notes


def test_what_is_described_is_kept() -> None:
    ledger = on_sale()
    ledger.apply(described(unit="kg", groups=(3, 4), price_cents=1250))
    article = ledger.article
    assert (article.unit, article.groups, article.price_cents, article.described) == ("kg", (3, 4), 1250, 5)
    assert ledger.open == {}


def test_stock_that_is_kept_from_now_on_is_read() -> None:
    """The article stayed as it was read when nobody kept stock of it, until the next sweep."""
    ledger = Ledger()
    ledger.apply(described(stock_kept=False))
    ledger.apply(ledger.offer(4))
    ledger.settle("read", StockAnswered(readings=()))
    ledger.apply(described(marker=6, stock_kept=True))
    ledger.read(7)
    assert ledger.push().amount == 7


def test_an_offer_that_comes_again_is_not_shown_what_was_read_when_nobody_heard_till_sales() -> None:
    """The old reading was pushed at once, without what the till had sold meanwhile."""
    ledger = on_sale()
    ledger.apply(OfferUnlinked(offer_id="o1"))
    assert (ledger.article.readings, ledger.article.sales) == ((), ())
    ledger.apply(sale(ledger, quantity=4))
    ledger.apply(ledger.offer(10))
    assert ledger.desired is None
    ledger.read(6, marker=2)
    assert ledger.push().amount == 6


def test_the_answer_to_a_reading_from_before_the_offer_went_does_not_start_it_again() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.apply(sale(ledger))
    number = ledger.open["read"].number
    stale = ledger.reading(10)
    ledger.apply(OfferUnlinked(offer_id="o1"))
    ledger.apply(sale(ledger, line="l2"))
    ledger.apply(ledger.offer(10))
    ledger.settle("read", StockAnswered(readings=(stale,)), number=number)
    assert ledger.desired is None
    ledger.read(8, marker=3)
    assert ledger.desired == 6


def test_an_offer_that_parts_while_a_push_is_under_way_is_written_when_it_comes_again() -> None:
    """The push got there after the page that brought it back, and its outcome was of nobody's any more."""
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.taken()
    ledger.apply(sale(ledger))
    page = ledger.offer(8)
    ledger.apply(OfferUnlinked(offer_id="o1"))
    assert ledger.article.parted == ("o1",)
    ledger.apply(page)
    assert ledger.article.offers[0].sent is None
    ledger.read(9, marker=2)
    assert ledger.push().amount == 7
    assert ledger.article.parted == ()


def test_offers_that_parted_are_remembered_within_bounds() -> None:
    ledger = on_sale()
    for number in range(2 * PARTED):
        ledger.apply(ledger.offer(99, offer_id=f"x{number}"))
        ledger.apply(OfferUnlinked(offer_id=f"x{number}"))
    assert len(ledger.article.parted) <= PARTED


def test_an_outcome_of_an_offer_that_went_changes_nothing() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    number = ledger.open["push/o1"].number
    ledger.apply(OfferUnlinked(offer_id="o1"))
    before = ledger.article
    outcome = OfferPushed(offer_id="o1", amount=9)
    ledger.open["push/o1"] = msgspec.structs.replace(ledger.open["read"], number=number)
    ledger.settle("push/o1", outcome)
    assert ledger.article == before
