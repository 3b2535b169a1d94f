"""What the read model answers: plain values for pages and for JSON. Moments are aware, in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

from app.readmodel.freshness import Freshness
from streams.vocabulary.activity import (
    ConnectionShown,
    GuardShown,
    OrderShown,
    ReturnShown,
    StockShown,
    UnmatchedShown,
)

T = TypeVar("T")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all of them."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A part of a list."""

    rows: tuple[T, ...]
    number: int
    """Which part, from 1."""
    total: int
    size: int

    @property
    def pages(self) -> int:
        """How many parts there are, at least 1."""
        return max(1, -(-self.total // self.size))


class HistoryLine(Answer, frozen=True, kw_only=True):
    """One thing that happened."""

    id: int
    at: datetime
    connection: str
    entity: str
    about: Literal["article", "order", "return", "connection", ""]
    """What kind of page there is about the entity."""
    kind: str
    level: str
    direction: str
    text: str
    millis: int | None
    trace: str


class Counts(Answer, frozen=True, kw_only=True):
    """What came in, went out and got stuck; `stuck_now` is how many things are stuck at this moment."""

    connection: str
    in_hour: int = 0
    in_day: int = 0
    out_hour: int = 0
    out_day: int = 0
    stuck_now: int = 0


class Minute(Answer, frozen=True, kw_only=True):
    """One bar of the chart."""

    at: datetime
    came_in: int
    went_out: int
    stuck: int


class StuckThing(Answer, frozen=True, kw_only=True):
    """Something that cannot go on, why, and since when."""

    about: Literal["article", "order", "return", "connection", "guard"]
    connection: str
    entity: str
    title: str
    why: str
    since: datetime


class CatchingUp(Answer, frozen=True, kw_only=True):
    """A crowd of orders on its way into Mplus."""

    booked: int
    total: int
    """As far as they have been seen at Bol: more may come while its list is read."""
    steps: dict[str, int]
    """How many wait at each step."""


class Overview(Answer, frozen=True, kw_only=True):
    """The first page."""

    at: datetime
    total: Counts
    connections: tuple[Counts, ...]
    stuck: tuple[StuckThing, ...]
    stuck_total: int
    minutes: tuple[Minute, ...]
    freshness_hour: tuple[Freshness, ...]
    freshness_day: tuple[Freshness, ...]
    recent: tuple[HistoryLine, ...]
    articles: int
    orders: int
    dead_letters: int
    late: tuple[OrderRow, ...]
    """Open orders that are near their last day or past it, the longest late first; some of them."""
    late_total: int
    asking_cancellation: int
    """Orders whose customer asked Bol to cancel."""
    waiting_for_track: int
    """Orders of which something has left without a track and trace code as yet."""
    skipped: tuple[SkippedRecords, ...]
    catching_up: CatchingUp | None = None


class SkippedRecords(Answer, frozen=True, kw_only=True):
    """Records of the log that could not be shown."""

    topic: str
    reason: str
    number: int
    last_at: datetime
    last_place: str


class ArticleRow(Answer, frozen=True, kw_only=True):
    """An article in the list."""

    connection: str
    article: str
    description: str
    desired: int | None
    sentence: str
    offers: int
    stuck: str
    at: datetime


class KnownArticle(Answer, frozen=True, kw_only=True):
    """An article as it stands, without what happened to it."""

    connection: str
    article: str
    description: str
    at: datetime
    shown: StockShown


class Matches(Answer, frozen=True, kw_only=True):
    """What a person may have meant."""

    by: str
    """`article number`, `EAN`, `offer`, `description`; empty: nothing was found."""
    articles: tuple[KnownArticle, ...]
    """The first of them."""
    total: int


class ArticleDetail(Answer, frozen=True, kw_only=True):
    """An article with its sum, its offers and what happened to it."""

    connection: str
    at: datetime
    shown: StockShown
    stuck_since: datetime | None
    history: tuple[HistoryLine, ...]
    answers: tuple[VendorAnswer, ...]


class OrderRow(Answer, frozen=True, kw_only=True):
    """An order in the list."""

    connection: str
    at: datetime
    first_at: datetime
    stuck_since: datetime | None
    shown: OrderShown


class VendorAnswer(Answer, frozen=True, kw_only=True):
    """What a vendor said, masked."""

    id: int
    asked_at: datetime | None
    at: datetime
    vendor: str
    operation: str
    status: int
    size: int
    body: str


class Step(Answer, frozen=True, kw_only=True):
    """One point of a timeline: a line of the history, or a vendor's answer."""

    at: datetime
    line: HistoryLine | None = None
    answer: VendorAnswer | None = None


class OrderDetail(Answer, frozen=True, kw_only=True):
    """An order with all that happened to it, the oldest first."""

    connection: str
    at: datetime
    first_at: datetime
    stuck_since: datetime | None
    shown: OrderShown
    timeline: tuple[Step, ...]


class ReturnRow(Answer, frozen=True, kw_only=True):
    """A return in the list."""

    connection: str
    at: datetime
    first_at: datetime
    stuck_since: datetime | None
    shown: ReturnShown


class ReturnDetail(Answer, frozen=True, kw_only=True):
    """A return with all that happened to it, the oldest first."""

    connection: str
    at: datetime
    first_at: datetime
    stuck_since: datetime | None
    shown: ReturnShown
    timeline: tuple[Step, ...]


class UnmatchedRow(Answer, frozen=True, kw_only=True):
    """An offer without an article, or an article without an offer."""

    connection: str
    since: datetime
    at: datetime
    shown: UnmatchedShown


class UnmatchedCounts(Answer, frozen=True, kw_only=True):
    """How many there are on each side."""

    bol: int = 0
    mplus: int = 0


class DeadLetter(Answer, frozen=True, kw_only=True):
    """A record that could not be read or applied. `body` is empty in lists."""

    id: int
    at: datetime
    connection: str
    entity: str
    topic: str
    partition: str
    offset: str
    reason: str
    trace: str
    size: int
    body: str = ""


class ConnectionRow(Answer, frozen=True, kw_only=True):
    """A connection and its sweeps."""

    connection: str
    at: datetime
    stuck_since: datetime | None
    shown: ConnectionShown
    counts: Counts


class GuardRow(Answer, frozen=True, kw_only=True):
    """Whether a connection's numbers are stopped."""

    connection: str
    at: datetime
    stuck_since: datetime | None
    """Since when they are stopped; None: they go."""
    shown: GuardShown
