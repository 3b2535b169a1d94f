"""A small shop around `decide`: what Mplus holds, what was heard of it, and one row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from streams.flow import Context, Decision, OpenEffect, taken_in
from streams.stock.decide import decide
from streams.stock.rules import StockRules
from streams.stock.state import Article
from streams.vocabulary.activity import Noted, StockShown
from streams.vocabulary.effects import PushOffer
from streams.vocabulary.events import (
    ArticleDescribed,
    OfferObserved,
    OfferPushed,
    ReservationBooked,
    ReservationMade,
    Settled,
    StockAnswered,
    StockEvent,
    TillSold,
)
from streams.vocabulary.stock_reading import Reading

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = StockRules(branches=(1,))


class Ledger:
    """One article: applies events as the shell does, with effects kept open until they are settled."""

    def __init__(self, rules: StockRules = RULES, number: int = 1001) -> None:
        self.rules = rules
        self.number = number
        self.now = START
        self.state: Article | None = None
        self.open: dict[str, OpenEffect] = {}
        self.asked = 0
        self.last: Decision[Article] | None = None

    def settle(self, key: str, outcome: object, number: int | None = None) -> Decision[Article]:
        """The effect under this key ends now: the one that is open, or an earlier one with this `number`."""
        newest = self.open[key].number
        settled = Settled(
            key=key,
            number=newest if number is None else number,
            outcome=outcome,  # type: ignore[arg-type]  # each test gives an outcome
            asked_at=self.later(0.01),
            answered_at=self.later(0.01),
        )
        return self.apply(settled, without=key if number in (None, newest) else "")

    def push(self, offer: str = "o1") -> PushOffer:
        """What is on its way to Bol for that offer."""
        effect = self.open[f"push/{offer}"].effect
        assert isinstance(effect, PushOffer)
        return effect

    def taken(self, offer: str = "o1") -> Decision[Article]:
        """Bol takes it."""
        effect = self.push(offer)
        outcome = OfferPushed(
            offer_id=offer,
            amount=effect.amount,
            managed=effect.managed,
            price_cents=effect.price_cents,
            on_hold=effect.on_hold,
        )
        return self.settle(f"push/{offer}", outcome)

    def read(self, free: int | str, marker: int = 1) -> Decision[Article]:
        """Mplus answers the reading that is asked for."""
        return self.settle("read", StockAnswered(readings=(self.reading(free, marker),)))

    def later(self, seconds: float = 1.0) -> datetime:
        """Time goes on."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def apply(self, event: StockEvent, without: str = "") -> Decision[Article]:
        """Applies an event; `without`: the effect that it settles."""
        if without:
            self.open.pop(without, None)
        context = Context(
            connection="shop", entity=str(self.number), at=self.now, rules=self.rules, open=dict(self.open)
        )
        decision = decide(self.state, event, context)
        assert decide(self.state, event, context) == decision, "the same input gives the same decision"
        self.asked = taken_in(decision, self.open, self.asked)
        self.state = decision.state
        self.last = decision
        return decision

    def reading(
        self, free: int | str, marker: int = 1, asked: datetime | None = None, branch: int = 1
    ) -> Reading:
        """A reading taken now."""
        asked_at = asked or self.later()
        return Reading(
            article_number=self.number,
            branch=branch,
            free=Decimal(free),
            reserved=Decimal(0),
            incoming=Decimal(0),
            marker=marker,
            asked_at=asked_at,
            answered_at=self.later(0.1),
        )

    def offer(self, amount: int = 0, **more: object) -> OfferObserved:
        """The offer as a sweep reads it now."""
        fields: dict[str, object] = {
            "offer_id": "o1",
            "ean": "8712345678906",
            "amount": amount,
            "managed_by_retailer": True,
            "read_at": self.later(),
        }
        return OfferObserved(**{**fields, **more})  # type: ignore[arg-type]  # the test's own fields

    @property
    def article(self) -> Article:
        """The row."""
        assert self.state is not None
        return self.state

    @property
    def desired(self) -> int | None:
        """What the first offer should show."""
        return self.article.offers[0].desired

    def wants(self) -> dict[str, int | None]:
        """What each offer should show."""
        return {offer.offer_id: offer.desired for offer in self.article.offers}

    @property
    def shown(self) -> StockShown:
        """The last decision's snapshot."""
        assert self.last is not None
        return next(one for one in self.last.activity if isinstance(one, StockShown))

    @property
    def notes(self) -> Mapping[str, Noted]:
        """The last decision's lines by kind."""
        assert self.last is not None
        return {one.kind: one for one in self.last.activity if isinstance(one, Noted)}


def on_sale(free: int = 10, amount: int = 10, rules: StockRules | None = None, **more: object) -> Ledger:
    """An article with an offer, read and pushed."""
    ledger = Ledger(rules) if rules else Ledger()
    ledger.apply(ledger.offer(amount, **more))
    ledger.read(free)
    if "push/o1" in ledger.open:
        ledger.taken()
    return ledger


def sale(ledger: Ledger, quantity: int = 1, line: str = "l1") -> TillSold:
    """A till sold it now."""
    return TillSold(
        session_id="s1", line_id=line, quantity=Decimal(quantity), sold_at=ledger.now, heard_at=ledger.now
    )


def made(ledger: Ledger, quantity: int = 2, order: str = "b1") -> ReservationMade:
    """A Bol order takes it now."""
    return ReservationMade(order_id=order, item_id="i1", quantity=Decimal(quantity), made_at=ledger.now)


def booked(ledger: Ledger, quantity: int = 2, order: str = "b1") -> ReservationBooked:
    """The order is in Mplus now."""
    at = ledger.later()
    return ReservationBooked(order_id=order, item_id="i1", quantity=Decimal(quantity), booked_at=at)


def described(**more: object) -> ArticleDescribed:
    """What the article is."""
    fields: dict[str, object] = {"marker": 5, "price_cents": 995}
    return ArticleDescribed(**{**fields, **more})  # type: ignore[arg-type]  # the test's own fields
