"""One decision of the stock flow in the making."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from streams.backoff import delay, wait_after
from streams.flow import Ask, Context
from streams.stock.rules import StockRules
from streams.stock.state import MOVEMENTS, PUSHES, Article, Movement, Offer
from streams.vocabulary.activity import Activity, Noted, PushShown
from streams.vocabulary.events import EXPLAINED_CAUSES, Message
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused

LOUD = 3
"""Tries of anything that fail before a person is told; what a vendor refuses to take is told at once."""
READ = "read"
"""The key of the one reading that a row asks for."""


class Step:
    """What an event has led to so far."""

    def __init__(self, article: Article, context: Context) -> None:
        self.article = article
        self.context = context
        self.number = int(context.entity)
        self.rules: StockRules = context.rules
        self.asks: dict[str, Ask] = {}
        self.drops: list[str] = []
        self.notes: list[Activity] = []
        self.messages: list[Message] = []
        self.cause = "reading"
        """What moves the number, for those who look at it: as in state.py, `Offer.cause`."""
        self.cause_at: datetime | None = None
        self.part_explained = False
        """What moved a part of this composed article was a known sale or order."""
        self.doubt_raised = False

    @property
    def explained(self) -> bool:
        """Whether a known sale or order moves the number."""
        return self.part_explained or self.cause in EXPLAINED_CAUSES

    @property
    def reading_asked(self) -> int:
        """The number of the newest reading that was asked for."""
        one = self.context.open.get(READ)
        return one.number if one is not None else self.article.read

    def note(self, kind: str, text: str, **more: object) -> None:
        """A line for the activity log."""
        self.notes.append(Noted(kind=kind, text=text, **more))  # type: ignore[arg-type]  # keyword fields of Noted

    def moved(self, kind: str, change: Decimal | None, text: str, at: datetime | None = None) -> None:
        """A line for the row's own history."""
        one = Movement(at=at or self.context.at, kind=kind, change=change, text=text)
        self.article = replace(self.article, movements=(one, *self.article.movements)[:MOVEMENTS])

    def ended(self, one: PushShown) -> None:
        """A push has ended."""
        self.article = replace(self.article, pushes=(one, *self.article.pushes)[:PUSHES])

    def tell(self, article: int, event: object) -> None:
        """An event to another article's row."""
        self.messages.append(Message(flow="stock", entity=str(article), event=event))  # type: ignore[arg-type]  # a StockEvent

    def offer(self, offer_id: str) -> Offer | None:
        """The offer with this id."""
        for one in self.article.offers:
            if one.offer_id == offer_id:
                return one
        return None

    def put(self, offer: Offer) -> None:
        """The offer in the place of the one with its id."""
        offers = [offer if one.offer_id == offer.offer_id else one for one in self.article.offers]
        self.article = replace(self.article, offers=tuple(offers))


def failed(outcome: object, tries: int, key: str) -> tuple[float, str]:
    """How long to wait (seconds), and the vendor's words."""
    match outcome:
        case Refused():
            return wait_after(outcome, tries, key), f"refused: {outcome.said}"
        case NotSent():
            return wait_after(outcome, tries, key), outcome.why
        case AnswerLost():
            return wait_after(outcome, tries, key), f"the answer was lost: {outcome.why}"
        case _:
            return delay(tries, key), f"an answer to another question: {type(outcome).__name__}"
