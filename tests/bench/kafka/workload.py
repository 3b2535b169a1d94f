"""The movements of a shop: till sales and readings of stock, the same for every contestant. Pure.

Every article is first given an offer and a reading (the beginnings, which no figure contains); then movements of
articles picked at random: two till sales for each reading that shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from streams.codec import fact_headers, key_of, message_draft
from streams.log.partition import partition_of
from streams.vocabulary.events import Message, OfferObserved, StockEvent, StockRead, TillSold
from streams.vocabulary.stock_reading import Reading

CONNECTION = "shop"
HEADERS = fact_headers(CONNECTION, "bench")
PARTITIONS = 8
SALES_OF_TEN = 7
PLENTY = 60
START = datetime(1970, 1, 1, tzinfo=UTC)


class Event(NamedTuple):
    """One record of the inbox. `timestamp`: milliseconds since 1970."""

    partition: int
    key: bytes
    value: bytes
    timestamp: int


@dataclass(frozen=True)
class Workload:
    """So many movements over so many articles. `began`: milliseconds since 1970 of the first event; the events are a
    millisecond apart."""

    articles: int
    movements: int
    began: int
    seed: int = 7
    partitions: int = PARTITIONS

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.movements:,} movements over {self.articles:,} articles"

    @property
    def beginnings_count(self) -> int:
        """Events before the movements."""
        return 2 * self.articles

    def beginnings(self) -> Iterator[Event]:
        """An offer and a reading for each article."""
        for article in range(1, self.articles + 1):
            at = self._at(2 * article - 2)
            offer = OfferObserved(
                offer_id=f"offer-{article}",
                ean=f"87{article:011d}",
                amount=0,
                managed_by_retailer=True,
                read_at=at,
                description=f"Article {article} of the bench",
            )
            yield self._event(article, offer, at)
            at = self._at(2 * article - 1)
            yield self._event(article, _read(article, PLENTY, 1, at), at)

    def events(self) -> Iterator[Event]:
        """The movements."""
        dice = Random(self.seed)
        free = [PLENTY] * (self.articles + 1)
        marker = [1] * (self.articles + 1)
        for number in range(self.movements):
            article = dice.randrange(self.articles) + 1
            at = self._at(self.beginnings_count + number)
            if dice.randrange(10) < SALES_OF_TEN:
                free[article] -= 1
                yield self._event(article, sale(number, at), at)
            else:
                if free[article] < 10:
                    free[article] = PLENTY
                marker[article] += 1
                yield self._event(article, _read(article, free[article], marker[article], at), at)

    def sales(self, count: int, first: int = 0) -> Iterator[Event]:
        """Till sales alone, an article after the other: each has something to say (freshness, recovery)."""
        for number in range(first, first + count):
            at = self._at(self.beginnings_count + self.movements + number)
            yield self._event(1 + number % self.articles, sale(10**7 + number, at), at)

    def _at(self, number: int) -> datetime:
        return START + timedelta(milliseconds=self.began + number)

    def _event(self, article: int, event: StockEvent, at: datetime) -> Event:
        draft = message_draft(Message(flow="stock", entity=str(article), event=event), CONNECTION, HEADERS)
        assert draft.key is not None
        assert draft.value is not None
        milliseconds = (at - START) // timedelta(milliseconds=1)
        return Event(partition_of(draft.key, self.partitions), draft.key, draft.value, milliseconds)

    def key(self, article: int) -> bytes:
        """The article's key in the inbox."""
        return key_of(CONNECTION, str(article))


def sale(number: int, at: datetime) -> TillSold:
    """One unit sold at the till; sessions are as long as a till's."""
    return TillSold(
        session_id=f"5b1c9a10-0000-4000-8000-{number:012d}",
        line_id="line-1",
        quantity=Decimal(1),
        sold_at=at,
        heard_at=at,
    )


def _read(article: int, free: int, marker: int, at: datetime) -> StockRead:
    return StockRead(
        reading=Reading(
            article_number=article,
            branch=1,
            free=Decimal(free),
            reserved=Decimal(0),
            incoming=Decimal(0),
            marker=marker,
            asked_at=at,
            answered_at=at,
        )
    )
