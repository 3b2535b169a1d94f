"""What a round over the offers shows that is told elsewhere: differences, economic operators, what lies at Bol."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from streams.vocabulary.effects import SetMplusStock
from streams.vocabulary.events import BolCounted, Message, OfferDiffered, OfferPushed, Settled, StockAnswered
from tests.streams.stock.ledger import RULES, Ledger

EAN, SIX = "8712345678906", "5901234123457"


def pushed() -> Ledger:
    """An article whose offer holds the 10 that were sent."""
    ledger = Ledger()
    ledger.apply(ledger.offer(3))
    settled(ledger, "read", StockAnswered(readings=(ledger.reading(10),)))
    settled(ledger, "push/o1", OfferPushed(offer_id="o1", amount=10))
    return ledger


def settled(ledger: Ledger, key: str, outcome: object) -> None:
    number, asked_at = ledger.open[key].number, ledger.later(0.01)
    event = Settled(
        key=key,
        number=number,
        outcome=outcome,  # type: ignore[arg-type]  # each test gives an outcome
        asked_at=asked_at,
        answered_at=ledger.later(0.01),
    )
    ledger.apply(event, without=key)


def test_a_difference_is_told_to_the_sweeps_for_the_nights_report() -> None:
    ledger = pushed()
    ledger.apply(ledger.offer(10))
    assert ledger.last is not None
    assert not ledger.last.messages
    decision = ledger.apply(ledger.offer(77))
    assert "foreign-write" in ledger.notes
    read_at = ledger.article.offers[0].at_bol_read
    assert read_at is not None
    found = OfferDiffered(offer_id="o1", read_at=read_at)
    assert decision.messages == (Message(flow="sweeps", entity="", event=found),)


def test_an_offer_without_economic_operator_is_warned_of_once_and_cleared() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(3, on_hold=False))
    assert ledger.notes["operator"].level == "warn"
    ledger.apply(ledger.offer(3, on_hold=False))
    assert "operator" not in ledger.notes
    ledger.apply(ledger.offer(3, on_hold=False, economic_operator="eo-1"))
    assert ledger.notes["operator"].level == "cleared"
    ledger.apply(ledger.offer(3, on_hold=False))
    assert ledger.notes["operator"].level == "warn"


def test_a_reading_of_before_operators_were_read_tells_nothing_of_them() -> None:
    ledger = Ledger()
    ledger.apply(ledger.offer(3))
    assert "operator" not in ledger.notes


def test_what_lies_at_bol_under_several_eans_counts_together() -> None:
    """A single piece and a box of six of one article: each overwrote the other in Mplus."""
    ledger = Ledger(replace(RULES, fbb_branch=9))
    ledger.apply(BolCounted(amount=5, ean=EAN, read_at=ledger.later()))
    ledger.apply(BolCounted(amount=2, units=6, ean=SIX, read_at=ledger.later()))

    def wanted() -> Decimal:
        effect = ledger.open["mplus-stock/9"].effect
        assert isinstance(effect, SetMplusStock)
        return effect.amount

    assert wanted() == 17
    ledger.apply(BolCounted(amount=4, ean=EAN, read_at=ledger.later()))
    assert wanted() == 16
    ledger.apply(BolCounted(amount=0, units=6, ean=SIX, read_at=ledger.later()))
    assert wanted() == 4
    ledger.apply(BolCounted(amount=0, ean=EAN, read_at=ledger.later()))
    assert wanted() == 0
    assert ledger.article.lying == {}
