"""The number for people: its words, its inputs, what is waited for, and when there is a new snapshot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.stock.rules import BranchShare, StockRules
from streams.stock.shown import UNSEEN, differs, plain, shown, signed
from streams.stock.state import Article, Count, Inbound, Movement, Offer, Reservation, Sale
from streams.vocabulary.activity import Noted, PushShown, StockShown, Term
from streams.vocabulary.events import (
    OfferObserved,
    OfferPushed,
    OfferUnlinked,
    Part,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    Settled,
    StockAnswered,
    StockRead,
    TillSold,
)
from streams.vocabulary.outcomes import NotSent, Refused
from streams.vocabulary.stock_reading import Reading
from tests.streams.stock.ledger import START, Ledger

RULES = StockRules(branches=(1, 2))
TWO = Decimal(2)


def reading(free: int = 12, branch: int = 1, **more: Any) -> Reading:
    given = {"reserved": Decimal(0), "incoming": Decimal(0), "marker": 7} | more
    return Reading(
        article_number=1001, branch=branch, free=Decimal(free), asked_at=START, answered_at=START, **given
    )


def offer(**more: Any) -> Offer:
    return Offer(**({"offer_id": "o1", "ean": "8712345678906"} | more))


def article(**more: Any) -> Article:
    given: dict[str, Any] = {"readings": (reading(),), "answered": True, "offers": (offer(),)}
    return Article(**(given | more))


def made(order: str = "b1", quantity: int = 2, booked: bool = False) -> Reservation:
    return Reservation(
        order_id=order,
        item_id="i1",
        quantity=Decimal(quantity),
        made_at=START,
        booked_at=START + timedelta(seconds=5) if booked else None,
    )


def sold(quantity: int = 1) -> Sale:
    return Sale(key="s1/l1", quantity=Decimal(quantity), heard_at=START, known_marker=7)


def snapshot(of: Article, rules: StockRules = RULES) -> StockShown:
    return shown("1001", of, rules)


KIT = Article(
    stock_kept=False,
    parts=(
        Part(article_number=7, quantity=Decimal(1)),
        Part(article_number=8, quantity=TWO),
        Part(article_number=9, quantity=Decimal(1)),
    ),
    counts=(
        Count(article_number=7, have=Decimal(5), counted_at=START),
        Count(article_number=8, have=Decimal(6), counted_at=START),
        Count(article_number=9, have=None, counted_at=START, limits=False),
    ),
    offers=(offer(),),
)


@pytest.mark.parametrize(
    ("of", "rules", "term"),
    [
        (article(), RULES, Term(amount="12", label="free", why="in Mplus: 12 at branch 1")),
        (
            article(readings=(reading(12), reading(10, 2))),
            replace(RULES, shares={2: BranchShare(percent=50, maximum=4)}),
            Term(
                amount="16",
                label="free",
                why="in Mplus: 12 at branch 1, 10 at branch 2, 50 % of it counts, 4 at most",
            ),
        ),
        (
            article(readings=(reading(reserved=Decimal(3)),)),
            replace(RULES, calculation="physical"),
            Term(amount="3", label="reserved", why="in Mplus: 3 at branch 1"),
        ),
        (
            article(readings=(reading(incoming=Decimal(6)),)),
            replace(RULES, calculation="incoming"),
            Term(amount="6", label="incoming", why="in Mplus: 6 at branch 1"),
        ),
        (
            article(),
            replace(RULES, calculation="fixed", fixed=40),
            Term(amount="40", label="fixed", why="always, by the settings"),
        ),
        (
            article(),
            replace(RULES, calculation="expression", expression="free / 2"),
            Term(amount="6", label="by your own expression", why="by the expression in the settings"),
        ),
        (
            KIT,
            RULES,
            Term(
                amount="3",
                label="sets of its parts",
                why="the least that its parts make: 5 of article 7, 1 in each; 6 of article 8, 2 in each",
            ),
        ),
        (
            article(reservations=tuple(made(f"b{number}", 1) for number in range(7))),
            RULES,
            Term(
                amount="-7",
                label="open Bol",
                why="orders not yet in a Mplus reading: b0, b1, b2, b3, b4 and 2 more",
            ),
        ),
        (
            article(sales=(sold(),)),
            RULES,
            Term(
                amount="-1",
                label="just sold at the till",
                why="heard from the till, not yet in a Mplus reading",
            ),
        ),
        (
            article(),
            replace(RULES, buffer=3),
            Term(amount="-3", label="buffer", why="kept back by the settings"),
        ),
    ],
    ids=lambda one: one.label if isinstance(one, Term) else "",
)
def test_every_term_says_how_much_and_why(of: Article, rules: StockRules, term: Term) -> None:
    assert term in snapshot(of, rules).terms


@pytest.mark.parametrize(
    ("of", "rules", "sentence"),
    [
        (article(readings=(), answered=False), RULES, "no reading of Mplus yet"),
        (replace(KIT, counts=()), RULES, "not all parts are known yet"),
        (
            article(),
            replace(RULES, calculation="expression", expression="'many'"),
            "its expression gives no number",
        ),
        (article(readings=(reading(-3),)), RULES, "-3 free = 0 (never below 0)"),
        (article(active=False), RULES, "12 free = 0 (switched off in Mplus)"),
        (
            article(),
            replace(RULES, minimum=20),
            "12 free = 0 (less than the minimum that is shown)",
        ),
        (
            article(reservations=(made(),), offers=(offer(desired=9, sent=9, sent_at=START),)),
            replace(RULES, buffer=1),
            "12 free - 2 open Bol - 1 buffer = 9, sent 13:00:00",
        ),
        (article(offers=(offer(desired=12, sent=12),)), RULES, "12 free = 12, as Bol has it"),
        (article(offers=(offer(desired=12, sent=11),)), RULES, "12 free = 12, 12 on its way"),
        (article(offers=(offer(fulfilment="FBB"),)), RULES, "12 free = 12, kept by Bol (FBB): not sent"),
        (
            article(
                offers=(
                    offer(desired=6, sent=6, sent_at=START),
                    offer(offer_id="o2", desired=6, sent=0),
                    offer(offer_id="o3", fulfilment="FBB"),
                )
            ),
            RULES,
            "12 free = 12, 6 sent 13:00:00, 6 on its way, kept by Bol (FBB): not sent",
        ),
    ],
)
def test_the_sentence(of: Article, rules: StockRules, sentence: str) -> None:
    assert snapshot(of, rules).sentence == sentence


def test_inputs_have_their_times_and_sources() -> None:
    of = article(
        readings=(reading(12, reserved=Decimal("1.50")),),
        reservations=(made("b1"), made("b2", 1, booked=True)),
        sales=(sold(3),),
    )
    assert [(one.what, one.at, one.source) for one in snapshot(of).inputs] == [
        ("branch 1: 12 free, 1.5 reserved, 0 incoming", START, "Mplus getStock, stockId 7"),
        ("2 for Bol order b1, not in Mplus yet", START, "Bol"),
        ("1 for Bol order b2, in Mplus, in no reading yet", START + timedelta(seconds=5), "Bol"),
        ("3 sold", START, "till"),
    ]
    assert [(one.what, one.source) for one in snapshot(KIT).inputs] == [
        ("article 7: 5 there", "its own row"),
        ("article 8: 6 there", "its own row"),
        ("article 9: no stock is kept of it", "its own row"),
    ]


def test_inputs_are_no_longer_than_a_person_reads() -> None:
    of = article(
        reservations=tuple(made(f"b{number}") for number in range(200)),
        sales=tuple(sold() for _ in range(200)),
    )
    assert len(snapshot(of).inputs) == 11


@pytest.mark.parametrize(
    ("of", "rules", "waits"),
    [
        (article(offers=(offer(desired=12, sent=12),)), RULES, ()),
        (article(readings=(), answered=False), RULES, ("the first reading of Mplus",)),
        (
            article(doubted_since=START, read_tries=2),
            RULES,
            ("a reading of Mplus from 13:00:00 or later, 2 tries failed",),
        ),
        (
            article(back=(1,)),
            RULES,
            ("a second reading of branch 1: the last one went back in time, and is not believed yet",),
        ),
        (article(sales=(sold(),)), RULES, ("a reading of Mplus that has the till sales in it",)),
        (
            article(reservations=(made(), made("b2", booked=True))),
            RULES,
            (
                "a reading of Mplus that has the booked Bol orders in it",
                "Bol orders that are to be booked in Mplus",
            ),
        ),
        (
            replace(KIT, counts=KIT.counts[:1]),
            RULES,
            ("the number waits for the stock of its parts: article 8, 9",),
        ),
        (
            article(offers=(offer(desired=12, sent=3, tries=2), offer(offer_id="o2", desired=4, sent=4))),
            RULES,
            ("offer o1: 12 waits for Bol to take it, after 2 tries that failed",),
        ),
        (
            article(offers=(offer(desired=12, sent=3),)),
            replace(RULES, push=False),
            ("nothing is sent to Bol: the settings say that another system leads",),
        ),
        (
            article(inbound=(Inbound(branch=5, wanted=Decimal(4), set=Decimal(3)),)),
            RULES,
            ("branch 5: 4 waits for Mplus to take it",),
        ),
        (article(offers=(offer(fulfilment="FBB", desired=1, sent=0),)), RULES, ()),
    ],
)
def test_what_is_waiting_for_what(of: Article, rules: StockRules, waits: tuple[str, ...]) -> None:
    assert snapshot(of, rules).waits == waits


def test_pushes_and_movements_are_told_as_they_were() -> None:
    of = article(
        pushes=(
            PushShown(offer_id="o1", amount=9, at=START, outcome="taken", cause="till-sale", millis=420),
        ),
        movements=(
            Movement(at=START, kind="till-sale", change=Decimal(-1), text="1 sold at the till"),
            Movement(at=START, kind="delivery", change=Decimal("2.50")),
            Movement(at=START, kind="booked", text="Bol order b1 is in Mplus"),
        ),
    )
    told = snapshot(of)
    assert [(one.amount, one.outcome, one.cause, one.millis) for one in told.pushes] == [
        (9, "taken", "till-sale", 420)
    ]
    assert [(one.kind, one.change) for one in told.movements] == [
        ("till-sale", "-1"),
        ("delivery", "+2.5"),
        ("booked", ""),
    ]


def test_an_offer_is_told_with_all_that_bol_says_of_it() -> None:
    of = article(
        offers=(
            offer(
                desired=9,
                sent=9,
                at_bol=9,
                corrected=7,
                price_cents=1995,
                on_hold=True,
                offline=("The economic operator is missing.",),
                condition="SECONDHAND/GOOD",
                price_stuck="Bol refused the price.",
            ),
        )
    )
    told = snapshot(of).offers[0]
    assert (told.corrected, told.price_cents, told.on_hold) == (7, 1995, True)
    assert told.offline == ("The economic operator is missing.",)
    assert told.condition == "SECONDHAND/GOOD"
    assert told.stuck == snapshot(of).stuck == "Bol refused the price."


@pytest.mark.parametrize(
    ("amount", "words", "with_sign"),
    [
        ("12", "12", "+12"),
        ("0.50", "0.5", "+0.5"),
        ("1E+2", "100", "+100"),
        ("-3", "-3", "-3"),
        ("-0", "0", "0"),
        ("0.00", "0", "0"),
    ],
)
def test_amounts(amount: str, words: str, with_sign: str) -> None:
    assert (plain(Decimal(amount)), signed(Decimal(amount))) == (words, with_sign)


# -- when there is a new snapshot


def test_what_no_snapshot_tells_of_makes_no_new_one() -> None:
    of = article(
        sold=("a",),
        released=("b",),
        moved=3,
        told=TWO,
        told_limits=False,
        told_at=datetime(2026, 11, 23, tzinfo=UTC),
        described=4,
        wanting=(7,),
        parted=("o1",),
        doubted_after=1,
        watched_after=1,
        swept_after=1,
        read=1,
    )
    without = article()
    assert {
        name for name in Article.__struct_fields__ if getattr(of, name) != getattr(without, name)
    } == UNSEEN
    assert not differs(without, of)
    assert snapshot(without) == snapshot(of)


IDS = st.sampled_from(["a", "b"])
SMALL = st.integers(min_value=0, max_value=4)
EVENTS = st.one_of(
    st.tuples(st.just("sale"), IDS, SMALL),
    st.tuples(st.just("made"), IDS, SMALL),
    st.tuples(st.just("booked"), IDS, SMALL),
    st.tuples(st.just("released"), IDS, SMALL),
    st.tuples(st.just("offer"), IDS, SMALL),
    st.tuples(st.just("gone"), IDS, SMALL),
    st.tuples(st.just("read"), IDS, SMALL),
    st.tuples(st.just("settled"), IDS, SMALL),
)


def event_of(ledger: Ledger, what: str, which: str, number: int) -> tuple[Any, str]:
    """An event, and the open effect that it settles."""
    ledger.later(number)
    count = Decimal(number - 1)
    match what:
        case "sale":
            return (
                TillSold(
                    session_id=which, line_id="1", quantity=count, sold_at=ledger.now, heard_at=ledger.now
                ),
                "",
            )
        case "made":
            return ReservationMade(order_id=which, item_id="1", quantity=TWO, made_at=ledger.now), ""
        case "booked":
            return ReservationBooked(order_id=which, item_id="1", quantity=TWO, booked_at=ledger.now), ""
        case "released":
            return ReservationReleased(order_id=which, item_id="1"), ""
        case "offer":
            return (
                OfferObserved(
                    offer_id=which, ean="8", amount=number, managed_by_retailer=True, read_at=ledger.now
                ),
                "",
            )
        case "gone":
            return OfferUnlinked(offer_id=which), ""
        case "read":
            return StockRead(reading=ledger.reading(number, marker=number)), ""
    key = next(iter(sorted(ledger.open)), "")
    outcome: Any = (NotSent(why="away"), Refused(said="no", code="400"))[number % 2]
    if number > 1:
        outcome = (
            StockAnswered(readings=(ledger.reading(number),))
            if key == "read"
            else OfferPushed(offer_id=key.removeprefix("push/"), amount=number)
        )
    settled = Settled(
        key=key,
        number=ledger.open[key].number if key else 0,
        outcome=outcome,
        asked_at=ledger.now,
        answered_at=ledger.later(0.1),
    )
    return settled, key


@given(st.lists(EVENTS, max_size=25))
def test_the_last_snapshot_is_always_what_would_be_shown_now(events: list[tuple[str, str, int]]) -> None:
    """A change of anything that is shown leads to a snapshot; where nothing changed there is none."""
    ledger = Ledger()
    last: StockShown | None = None
    for what, which, number in events:
        event, key = event_of(ledger, what, which, number)
        before = ledger.state
        decision = ledger.apply(event, without=key)
        sent = [one for one in decision.activity if isinstance(one, StockShown)]
        assert len(sent) <= 1
        assert not sent or decision.activity[-1] == sent[0], "after the lines that it follows from"
        last = sent[0] if sent else last
        if ledger.article.offers:
            assert last == shown("1001", ledger.article, ledger.rules)
        if decision.state == before:
            assert not sent


def test_a_doubled_event_sends_nothing_again() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(5))
    sale = TillSold(session_id="s", line_id="1", quantity=TWO, sold_at=ledger.now, heard_at=ledger.later())
    assert [type(one) for one in ledger.apply(sale).activity] == [Noted, StockShown]
    assert ledger.apply(sale).activity == ()


def test_the_same_stock_read_once_more_tells_when_that_was() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(5))
    ledger.read(5)
    again = ledger.reading(5)
    ledger.apply(StockRead(reading=again))
    assert ledger.shown.inputs[0].at == again.asked_at


def test_a_kit_of_parts_without_stock_says_what_to_do() -> None:
    """Regression: it waited for its parts for ever, and said nothing."""
    answered = tuple(replace(count, have=None, limits=False) for count in KIT.counts)
    told = snapshot(replace(KIT, counts=answered))
    assert (told.desired, told.sentence) == (None, "Mplus keeps stock of none of its parts")
    assert told.stuck.startswith("Mplus keeps stock of none of its parts, so nothing is sent to Bol. Switch")
    not_all = snapshot(replace(KIT, counts=answered[:2]))
    assert (not_all.sentence, not_all.stuck) == ("not all parts are known yet", "")
