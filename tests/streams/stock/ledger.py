"""A small shop around `decide`: what Mplus holds, what was heard of it, and one row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from streams.flow import Context, Decision, OpenEffect
from streams.stock.decide import decide
from streams.stock.rules import StockRules
from streams.stock.state import Article
from streams.vocabulary.activity import Noted, StockShown
from streams.vocabulary.events import OfferObserved, StockEvent
from streams.vocabulary.stock_reading import Reading

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = StockRules(branches=(1,))


class Ledger:
    """One article: applies events as the shell does, with effects kept open until they are settled."""

    def __init__(self, rules: StockRules = RULES) -> None:
        self.rules = rules
        self.now = START
        self.state: Article | None = None
        self.open: dict[str, OpenEffect] = {}
        self.asked = 0
        self.last: Decision[Article] | None = None

    def later(self, seconds: float = 1.0) -> datetime:
        """Time goes on."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def apply(self, event: StockEvent, without: str = "") -> Decision[Article]:
        """Applies an event; `without`: the effect that it settles."""
        if without:
            self.open.pop(without, None)
        context = Context(
            connection="shop", entity="1001", at=self.now, rules=self.rules, open=dict(self.open)
        )
        decision = decide(self.state, event, context)
        assert decide(self.state, event, context) == decision, "the same input gives the same decision"
        for key in decision.drops:
            self.open.pop(key, None)
        for ask in decision.asks:
            self.asked += 1
            self.open[ask.key] = OpenEffect(
                effect=ask.effect, number=self.asked, not_before=ask.not_before, repeated=ask.repeated
            )
        self.state = decision.state
        self.last = decision
        return decision

    def reading(self, free: int, marker: int = 1, asked: datetime | None = None, branch: int = 1) -> Reading:
        """A reading taken now."""
        asked_at = asked or self.later()
        return Reading(
            article_number=1001,
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
