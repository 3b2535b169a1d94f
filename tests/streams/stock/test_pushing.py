"""What is sent to Bol, when, and what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streams.stock.pushing import LOUD, RISE_LATER
from streams.stock.rules import StockRules
from streams.stock.state import PUSHES
from streams.vocabulary.effects import PushOffer
from streams.vocabulary.events import OfferPushed, Settled, StockAnswered, StockRead
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.stock.ledger import Ledger, described, made, on_sale, sale

PRICES = StockRules(branches=(1,), prices=True)
HOLD = StockRules(branches=(1,), hold=True, prices=True)


def priced(rules: StockRules = PRICES, **more: object) -> Ledger:
    """10 on sale at 9.95."""
    ledger = on_sale(rules=rules, price_cents=995, on_hold=False, **more)
    ledger.apply(described(price_cents=995))
    assert ledger.open == {}
    return ledger


def test_nothing_is_sent_while_nothing_differs() -> None:
    ledger = priced()
    ledger.apply(ledger.offer(10, price_cents=995, on_hold=False))
    ledger.apply(described(marker=6, price_cents=995))
    ledger.apply(StockRead(reading=ledger.reading(10, marker=2)))
    assert ledger.open == {}


def test_price_and_hold_go_in_one_call_with_the_number() -> None:
    ledger = priced(HOLD)
    ledger.apply(described(marker=6, active=False, price_cents=1095))
    assert ledger.push() == PushOffer(offer_id="o1", amount=0, price_cents=1095, on_hold=True)
    ledger.taken()
    offer = ledger.article.offers[0]
    assert (offer.sent, offer.price_cents, offer.on_hold, offer.held) == (0, 1095, True, True)
    assert ledger.open == {}
    assert "at 10.95 euro, on hold," in ledger.notes["push"].text


def test_a_price_alone_goes_with_the_number_that_bol_has() -> None:
    """A PATCH without its stock might reset what Bol has counted since."""
    ledger = priced()
    ledger.apply(described(marker=6, price_cents=1095))
    assert ledger.push() == PushOffer(offer_id="o1", amount=10, price_cents=1095)


@pytest.mark.parametrize("more", [{"units": 6}, {"price_cents": 1095}])
def test_no_price_goes_to_a_multipack_nor_where_bol_has_it(more: dict[str, int]) -> None:
    ledger = on_sale(rules=PRICES, amount=0, **{"price_cents": 5000, **more})
    ledger.apply(described(marker=6, price_cents=1095))
    assert "push/o1" not in ledger.open


def test_prices_stay_here_where_the_shop_did_not_ask_for_them() -> None:
    ledger = on_sale(price_cents=995)
    ledger.apply(described(marker=6, price_cents=1095))
    assert ledger.open == {}


def test_a_refused_price_does_not_keep_the_number_from_going() -> None:
    ledger = priced()
    ledger.apply(described(marker=6, price_cents=1095))
    ledger.apply(sale(ledger))
    assert ledger.push() == PushOffer(offer_id="o1", amount=9, price_cents=1095)
    ledger.settle("push/o1", Refused(said="price is above the maximum"))
    assert ledger.push() == PushOffer(offer_id="o1", amount=9)
    assert ledger.open["push/o1"].not_before is None, "at once: the number was not what was refused"
    assert "10.95 euro" in ledger.notes["price"].text
    assert "price is above the maximum" in ledger.shown.stuck
    ledger.taken()
    assert ledger.article.offers[0].sent == 9
    ledger.apply(sale(ledger, line="l2"))
    assert ledger.push() == PushOffer(offer_id="o1", amount=8), "it is not tried again as it is"


def test_another_price_is_tried_again_and_one_that_is_right_clears_the_complaint() -> None:
    ledger = priced()
    ledger.apply(described(marker=6, price_cents=1095))
    ledger.settle("push/o1", Refused(said="no"))
    assert ledger.open == {}
    ledger.apply(described(marker=7, price_cents=1195))
    assert ledger.push().price_cents == 1195
    ledger.settle("push/o1", Refused(said="no"))
    ledger.apply(described(marker=8, price_cents=995))
    assert ledger.open == {}
    assert ledger.article.offers[0].price_stuck == "", "9.95 is what Bol has"


def test_a_refusal_of_what_was_sent_before_the_price_changed_is_not_the_prices() -> None:
    ledger = priced()
    ledger.apply(sale(ledger))
    first = ledger.open["push/o1"].number
    ledger.apply(described(marker=6, price_cents=1095))
    ledger.settle("push/o1", Refused(said="blocked"), number=first)
    assert ledger.article.offers[0].refused_price is None
    assert ledger.push().price_cents == 1095


def test_where_bol_counts_open_orders_itself_the_number_is_sent_to_set_that_right() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(10, managed_by_retailer=False))
    ledger.read(10)
    assert ledger.push() == PushOffer(offer_id="o1", amount=10, managed=True)
    ledger.taken()
    assert ledger.open == {}


def test_a_shop_that_changes_who_counts_has_every_number_sent() -> None:
    ledger = on_sale()
    ledger.rules = StockRules(branches=(1,), managed=False, calculation="physical")
    ledger.apply(StockRead(reading=ledger.reading(10, marker=2)))
    assert ledger.push() == PushOffer(offer_id="o1", amount=10, managed=False)


def test_what_falls_to_0_is_urgent_then_what_rises_from_0_and_the_rest_waits_its_turn() -> None:
    ledger = on_sale(free=2, amount=2)
    ledger.apply(sale(ledger))
    assert ledger.open["push/o1"].urgency is None
    ledger.apply(sale(ledger, line="l2"))
    falls = ledger.open["push/o1"].urgency
    assert falls == ledger.now
    ledger.taken()
    ledger.read(4, marker=3)
    rises = ledger.open["push/o1"].urgency
    assert rises is not None
    assert rises - ledger.now == timedelta(seconds=RISE_LATER)


def test_the_urgency_stays_through_a_failure() -> None:
    ledger = on_sale(free=1, amount=1)
    ledger.apply(sale(ledger))
    ledger.settle("push/o1", NotSent(why="429"))
    assert ledger.open["push/o1"].urgency is not None


def test_the_latest_number_wins() -> None:
    ledger = on_sale()
    first = 0
    for line in range(5):
        ledger.apply(sale(ledger, line=f"l{line}"))
        first = first or ledger.open["push/o1"].number
    assert [key for key in ledger.open if key.startswith("push/")] == ["push/o1"]
    ledger.settle("push/o1", OfferPushed(offer_id="o1", amount=9), number=first)
    assert (ledger.article.offers[0].sent, ledger.push().amount) == (9, 5)
    ledger.taken()
    assert ledger.article.offers[0].sent == 5
    assert "push/o1" not in ledger.open


def test_failures_are_told_once_and_what_ended_is_kept_within_bounds() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    told = []
    for _ in range(2 * PUSHES):
        ledger.settle("push/o1", NotSent(why="no connection to Bol"))
        told += [note.level for kind, note in ledger.notes.items() if kind == "push"]
    assert told == ["stuck"]
    assert len(ledger.article.pushes) == PUSHES
    assert ledger.article.pushes[0].outcome == "no connection to Bol"
    assert ledger.article.offers[0].tries == 2 * PUSHES > LOUD


def test_an_article_that_is_read_as_without_stock_leaves_its_last_push_as_it_ends() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    ledger.settle("read", StockAnswered(readings=()))
    assert ledger.desired is None
    ledger.settle("push/o1", AnswerLost(why="timed out"))
    assert "push/o1" not in ledger.open, "no number is known that could be sent again"


def test_a_rise_that_waits_is_not_sent_once_the_number_is_not_known_any_more() -> None:
    ledger = on_sale(free=10, amount=10)
    ledger.apply(StockRead(reading=ledger.reading(12, marker=2)))
    assert ledger.push().amount == 12
    decision = ledger.apply(described(stock_kept=False, parts=()))
    ledger.settle("read", StockAnswered(readings=()))
    assert decision.drops == ()
    assert "push/o1" not in ledger.open
    assert ledger.article.offers[0].sent is None, "it may have left before"
    ledger.apply(ledger.offer(12))
    assert ledger.article.offers[0].sent is None, "the page may be from before it got there"
    ledger.apply(described(marker=6, stock_kept=True))
    ledger.read(12, marker=3)
    assert ledger.push().amount == 12
    ledger.taken()
    assert (ledger.article.offers[0].sent, ledger.open) == (12, {})


def test_what_is_asked_no_more_may_have_got_there_all_the_same() -> None:
    """After a crash a push is made twice. The first ended badly when no number was known any more, so that nobody heard
    of the second, which Bol took."""
    ledger = on_sale()
    ledger.apply(sale(ledger))
    ledger.settle("read", StockAnswered(readings=()))
    ledger.settle("push/o1", NotSent(why="no connection"))
    assert ledger.article.offers[0].sent is None
    ledger.apply(StockRead(reading=ledger.reading(10)))
    ledger.read(10, marker=2)
    assert ledger.push().amount == 10


@pytest.mark.parametrize("outcome", [NotSent(why="x"), Refused(said="x"), AnswerLost(why="x")])
def test_where_another_system_leads_by_now_nothing_is_tried_again(outcome: object) -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    ledger.rules = StockRules(branches=(1,), push=False)
    ledger.settle("push/o1", outcome)
    assert "push/o1" not in ledger.open


def test_what_waits_is_dropped_when_bol_sends_the_offer_itself_by_now() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    decision = ledger.apply(ledger.offer(10, fulfilment="FBB"))
    assert decision.drops == ("push/o1",)
    assert ledger.article.offers[0].sent is None, "it may have left before"
    ledger.apply(ledger.offer(10))
    assert ledger.push().amount == 9


def test_a_page_that_crossed_a_push_has_it_sent_once_more() -> None:
    """Somebody wrote after our push had got there, a sweep saw it, and our push's answer came last: Bol held what they
    had written, and nothing was on its way."""
    ledger = on_sale()
    ledger.apply(sale(ledger))
    number = ledger.open["push/o1"].number
    left = ledger.later()
    page = ledger.offer(57)
    ledger.apply(page)
    ended = ledger.open.pop("push/o1")
    outcome = OfferPushed(offer_id="o1", amount=9)
    ledger.apply(
        Settled(key="push/o1", number=number, outcome=outcome, asked_at=left, answered_at=ledger.later())
    )
    assert ended.number == number
    assert ledger.push().amount == 9
    ledger.taken()
    assert "push/o1" not in ledger.open, "once"


def test_a_page_that_crossed_two_pushes_is_remembered_until_the_last_has_ended() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    first = ledger.open["push/o1"].number
    ledger.apply(sale(ledger, line="l2"))
    last = ledger.open["push/o1"].number
    left = ledger.later()
    ledger.apply(ledger.offer(57))
    for number, amount in ((first, 9), (last, 8)):
        outcome = OfferPushed(offer_id="o1", amount=amount)
        ended = Settled(
            key="push/o1", number=number, outcome=outcome, asked_at=left, answered_at=ledger.later()
        )
        ledger.apply(ended, without="push/o1" if number == last else "")
    assert ledger.push().amount == 8


def test_a_page_from_while_the_push_was_under_way_that_comes_after_it_has_it_sent_once_more() -> None:
    ledger = on_sale()
    ledger.apply(sale(ledger))
    effect = ledger.open["push/o1"]
    left, page = ledger.later(), ledger.offer(57)
    ledger.apply(
        Settled(
            key="push/o1",
            number=effect.number,
            outcome=OfferPushed(offer_id="o1", amount=9),
            asked_at=left,
            answered_at=ledger.later(),
        ),
        without="push/o1",
    )
    assert "push/o1" not in ledger.open
    ledger.apply(page)
    assert ledger.push().amount == 9
    assert "foreign-write" not in ledger.notes, "it may be from before our push"


def several(ledger: Ledger, *amounts: int) -> Ledger:
    """Several offers of the article, all of them as Bol has them."""
    for place, amount in enumerate(amounts, 1):
        ledger.apply(ledger.offer(amount, offer_id=f"o{place}"))
    return ledger


def test_no_offer_rises_before_another_has_let_go_of_it() -> None:
    """A second offer came: it was given its half while the first still showed all of it."""
    ledger = several(Ledger(), 10, 0)
    ledger.read(10)
    assert ledger.wants() == {"o1": 5, "o2": 0}
    ledger.settle("push/o1", Refused(said="the offer is being changed"))
    assert ledger.wants() == {"o1": 5, "o2": 0}, "it still holds 10"
    ledger.taken("o1")
    assert ledger.wants() == {"o1": 5, "o2": 5}
    assert ledger.push("o2").amount == 5


def test_what_bol_holds_after_a_lost_answer_may_be_all_of_what_it_had() -> None:
    ledger = several(Ledger(), 10, 0)
    ledger.read(10)
    ledger.settle("push/o1", AnswerLost(why="timed out"))
    assert ledger.wants() == {"o1": 5, "o2": 0}


def test_offers_that_share_show_everything_at_once() -> None:
    ledger = several(Ledger(StockRules(branches=(1,), split="shared")), 3, 0)
    ledger.read(10)
    assert ledger.wants() == {"o1": 10, "o2": 10}


def test_freshness_is_told_of_the_cause_that_made_the_number() -> None:
    ledger = on_sale()
    ledger.apply(made(ledger))
    ledger.later(0.5)
    ledger.taken()
    assert "after a Bol order" in ledger.notes["push"].text
    assert ledger.notes["push"].millis is not None
