"""The other way round: Bol's own counts into a branch of Mplus."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from streams.stock.inbound import AGAIN, EANS, LOUD
from streams.stock.rules import StockRules
from streams.stock.shown import shown as snapshot
from streams.vocabulary.activity import StockShown
from streams.vocabulary.effects import SetMplusStock
from streams.vocabulary.events import BolCounted, MplusStockSet, OfferUnlinked, StockAnswered
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.stock.ledger import Ledger

FBB = StockRules(branches=(1,), fbb_branch=8)
FBR = StockRules(branches=(1,), push=False, fbr_branch=9)
KEY = "mplus-stock/8"


def counted(ledger: Ledger, amount: int, **more: object) -> BolCounted:
    fields: dict[str, object] = {"amount": amount, "read_at": ledger.later()}
    return BolCounted(**{**fields, **more})  # type: ignore[arg-type]  # the test's own fields


def wanted(ledger: Ledger, key: str = KEY) -> Decimal:
    effect = ledger.open[key].effect
    assert isinstance(effect, SetMplusStock)
    return effect.amount


def done(amount: int, branch: int = 8, done: bool = False) -> MplusStockSet:
    return MplusStockSet(article_number=1001, branch=branch, amount=Decimal(amount), done=done)


def test_what_lies_at_bol_is_kept_at_its_branch() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4, units=6))
    assert ledger.open[KEY].effect == SetMplusStock(
        article_number=1001, branch=8, amount=Decimal(24), reference="Bol"
    )
    ledger.settle(KEY, done(24))
    assert ledger.notes["mplus-stock"].text == "Mplus has 24 at branch 8 now, as Bol counts."
    assert ledger.open == {}


def test_what_was_so_already_is_not_told() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4))
    ledger.settle(KEY, done(4, done=True))
    assert "mplus-stock" not in ledger.notes


def test_the_latest_count_wins() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4))
    first = ledger.open[KEY].number
    ledger.apply(counted(ledger, 3))
    assert wanted(ledger) == 3
    ledger.settle(KEY, done(4), number=first)
    assert wanted(ledger) == 3
    ledger.settle(KEY, done(3))
    assert ledger.open == {}


def test_counts_of_several_codes_of_one_article_add_up() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4, ean="871"))
    ledger.apply(counted(ledger, 3, ean="872", units=2))
    assert wanted(ledger) == 10
    ledger.apply(counted(ledger, 1, ean="871"))
    assert wanted(ledger) == 7


def test_codes_are_remembered_within_bounds() -> None:
    ledger = Ledger(FBB)
    for number in range(2 * EANS):
        ledger.apply(counted(ledger, 1, ean=str(number)))
    assert wanted(ledger) == EANS


def test_an_unchanged_count_is_not_written_again_before_a_day_has_gone() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4))
    ledger.settle(KEY, done(4))
    ledger.apply(counted(ledger, 4))
    assert ledger.open == {}
    ledger.later(AGAIN.total_seconds())
    ledger.apply(counted(ledger, 4))
    assert wanted(ledger) == 4, "somebody may have changed it in Mplus"


def test_what_mplus_has_otherwise_than_was_wanted_is_written_again() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4))
    first = ledger.open[KEY].number
    ledger.apply(counted(ledger, 3))
    ledger.apply(counted(ledger, 4))
    ledger.settle(KEY, done(3), number=first)
    assert wanted(ledger) == 4


@pytest.mark.parametrize(
    ("outcome", "tries"),
    [(Refused(said="article is no stock article"), 1), (NotSent(why="no connection"), LOUD)],
)
def test_a_failure_is_tried_again_told_and_cleared(outcome: object, tries: int) -> None:
    ledger = Ledger(FBB)
    ledger.apply(ledger.offer(1))
    ledger.apply(counted(ledger, 4))
    told = 0
    for _ in range(tries + 2):
        ledger.settle(KEY, outcome)
        told += "mplus-stock" in ledger.notes
        waits = ledger.open[KEY]
        assert waits.not_before is not None
        assert waits.not_before > ledger.now - timedelta(seconds=1)
        assert waits.repeated
    assert told == 1
    assert "Mplus did not take 4 for branch 8" in ledger.shown.stuck
    ledger.settle(KEY, done(4))
    assert ledger.notes["mplus-stock"].level == "cleared"
    assert ledger.article.inbound[0].stuck == ""


def test_a_newer_count_keeps_the_wait_of_a_failure() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4))
    ledger.settle(KEY, NotSent(why="busy", retry_after=60.0))
    waits = ledger.open[KEY].not_before
    ledger.apply(counted(ledger, 5))
    assert (wanted(ledger), ledger.open[KEY].not_before) == (5, waits)


def test_after_a_lost_answer_what_mplus_has_is_not_known() -> None:
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4))
    ledger.settle(KEY, done(4))
    ledger.apply(counted(ledger, 5))
    ledger.settle(KEY, AnswerLost(why="timed out"))
    assert ledger.article.inbound[0].set is None
    ledger.apply(counted(ledger, 4))
    assert wanted(ledger) == 4


def test_where_another_system_leads_what_the_offers_have_left_is_kept_and_nothing_is_pushed() -> None:
    ledger = Ledger(FBR)
    ledger.apply(ledger.offer(10, corrected=7))
    assert wanted(ledger, "mplus-stock/9") == 7
    ledger.read(99)
    ledger.apply(ledger.offer(2, offer_id="o2", units=3))
    ledger.apply(ledger.offer(50, offer_id="o3", fulfilment="FBB"))
    assert wanted(ledger, "mplus-stock/9") == 13
    assert not [key for key in ledger.open if key.startswith("push/")]
    ledger.settle("mplus-stock/9", done(13, 9))
    ledger.apply(OfferUnlinked(offer_id="o2"))
    assert wanted(ledger, "mplus-stock/9") == 7
    ledger.apply(ledger.offer(10, corrected=-2))
    assert wanted(ledger, "mplus-stock/9") == 0, "never less than nothing"


def test_both_ways_at_once() -> None:
    ledger = Ledger(StockRules(branches=(1,), push=False, fbr_branch=9, fbb_branch=8))
    ledger.apply(ledger.offer(5))
    ledger.apply(counted(ledger, 4))
    assert (wanted(ledger), wanted(ledger, "mplus-stock/9")) == (4, 5)


def test_what_the_shop_did_not_ask_for_is_not_counted() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(5, corrected=5))
    ledger.apply(counted(ledger, 4))
    assert ledger.article.inbound == ()
    assert ledger.open.keys() == {"read"}


@pytest.mark.parametrize("under_way", [True, False])
def test_what_the_settings_want_no_longer_is_dropped(under_way: bool) -> None:
    """It was tried again for ever where it failed."""
    ledger = Ledger(FBB)
    ledger.apply(counted(ledger, 4))
    if under_way:
        ledger.settle(KEY, NotSent(why="busy"))
    ledger.rules = StockRules(branches=(1,))
    if under_way:
        ledger.settle(KEY, NotSent(why="busy"))
    else:
        assert ledger.apply(counted(ledger, 5)).drops == (KEY,)
    assert ledger.open == {}
    assert ledger.article.inbound == ()


def test_what_lies_at_bol_is_shown_where_no_branch_of_mplus_keeps_it() -> None:
    ledger = Ledger(StockRules(branches=(1,)))
    ledger.apply(ledger.offer(50, fulfilment="FBB"))
    decision = ledger.apply(counted(ledger, 4, units=6))
    assert not any(key.startswith("mplus-stock") for key in ledger.open)
    shown = next(one for one in decision.activity if isinstance(one, StockShown))
    assert [(one.what, one.source) for one in shown.inputs] == [
        ("24 at Bol (FBB), no part of the sum", "Bol's inventory")
    ]
    ledger.settle("read", StockAnswered(readings=(ledger.reading(3),)))
    told = snapshot("1001", ledger.article, ledger.rules)
    assert told.sentence.endswith("kept by Bol (FBB, 24 there): not sent")
