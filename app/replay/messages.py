"""What the present code tells the flows, and what of it lies in no inbox.

A decision, a sweep or a push tells a flow something about a subject: that an order item takes units, that an
offer holds an amount. The last word about a subject counts. Where that one was never sent it is sent late:
whoever hears it takes it by its business identity, like any other event.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple, assert_never

from app.replay.reading import Tell, stretch
from connectors.bol.noticing import LONGEST
from streams.codec import message_draft
from streams.log.base import LogReader, TopicPartition
from streams.log.partition import partition_of
from streams.vocabulary.events import (
    ArticleDescribed,
    ArticleSeen,
    BolCounted,
    CodeAnswered,
    CodeAsked,
    CodeClaimed,
    CodeDropped,
    CodeLeft,
    ConnectionStarted,
    CustomerAnswered,
    CustomerAsked,
    FeedOdd,
    InventorySeen,
    Message,
    MplusOrderSeen,
    NumberTurned,
    OfferDiffered,
    OfferLinked,
    OfferObserved,
    OffersCounted,
    OfferSeen,
    OfferUnlinked,
    OperatorAsked,
    OperatorCancelled,
    OperatorHandled,
    OperatorResumed,
    OperatorShipped,
    OrderNoticed,
    PackingSlipSeen,
    PartCounted,
    PartWanted,
    ProcessNoticed,
    ReadingOdd,
    ReservationBooked,
    ReservationMade,
    ReservationReleased,
    ReturnAnswered,
    ReturnAsked,
    ReturnNoticed,
    Settled,
    StockDoubted,
    StockMoved,
    StockRead,
    SweepNudged,
    TillSold,
    Woke,
)
from streams.vocabulary.time import CLOCKS_DIFFER

SLACK = int(CLOCKS_DIFFER * 4_000)
"""Milliseconds by which a message may seem older than what it follows from: it was written by another process."""
STANDING = int(LONGEST * 1_000)
"""Milliseconds for which an order of Bol's list that stands as it was told is not told again, at most."""
PASSING = (OfferDiffered, NumberTurned, ReadingOdd, FeedOdd)
"""What is told for the moment alone, and counts by when it comes (in a night's report, in the window of a guard): sent
late it would be wrong."""
_NOTICED = b'{"is":"order-noticed"'
_STANDS = re.compile(rb'"changed":"[^"]+"')


class Word(NamedTuple):
    """A message on its way to an inbox."""

    topic: str
    key: bytes
    value: bytes
    moment: int
    """When what it follows from was written, in milliseconds."""

    @property
    def mark(self) -> bytes:
        """What it has in common with the records that say the same."""
        return _mark(self.value)

    @property
    def since(self) -> int:
        """From when on a record that says the same counts as this word, in milliseconds. An order of Bol's list that
        stands as it was told before is not told again each time (connectors/bol/noticing.py)."""
        return self.moment - SLACK - (STANDING if self.mark != self.value else 0)


def _mark(value: bytes) -> bytes:
    """The value; of an order noticed on a list how it stood, whenever that was."""
    if not value.startswith(_NOTICED):
        return value
    stands = _STANDS.search(value)
    return value if stands is None else _NOTICED + stands.group()


class Words:
    """The last word of each source about each subject."""

    def __init__(self) -> None:
        self._last: dict[Hashable, Word] = {}

    def say(self, source: Hashable, message: Message, connection: str, moment: int) -> None:
        """It takes the place of what this source said before of this subject to this entity."""
        if isinstance(message.event, PASSING):
            return
        draft = message_draft(message, connection, ())
        word = Word(draft.topic, draft.key or b"", draft.value or b"", moment)
        self._last[source, word.topic, word.key, subject(message)] = word

    def add(self, others: Words) -> None:
        """Takes over what others say."""
        self._last |= others._last

    def __iter__(self) -> Iterator[Word]:
        return iter(self._last.values())

    def __len__(self) -> int:
        return len(self._last)


def subject(message: Message) -> Hashable:
    """What a message is about, besides the entity it is sent to: a later one about the same makes it old news."""
    match message.event:
        case CodeClaimed(article_number=article) | CodeDropped(article_number=article):
            return "carrier", article
        case CodeAsked(asker=asker) | CodeLeft(asker=asker) | CustomerAsked(asker=asker):
            return "question", asker
        case CodeAnswered(kind=kind, value=value):
            return "answer", kind, value
        case OfferObserved(offer_id=offer) | OfferUnlinked(offer_id=offer) | OfferLinked(offer_id=offer):
            return "offer", offer
        case PartWanted(kit=kit):
            return "kit", kit
        case PartCounted(part=part):
            return "part", part
        case StockMoved(branch=branch, marker=marker):
            return "movement", branch, marker
        case BolCounted(ean=ean):
            return "counted", ean
        case StockRead(reading=reading):
            return "reading", reading.branch
        case PackingSlipSeen(slip=slip):
            return "slip", slip.slip_id
        case TillSold(session_id=session, line_id=line):
            return "sale", session, line
        case ReservationMade() | ReservationBooked() | ReservationReleased() as event:
            return "reservation", event.order_id, event.item_id
        case ReturnAsked(return_id=return_id, rma_id=rma):
            return "credit", return_id, rma
        case ReturnAnswered(rma_id=rma):
            return "credit", rma
        case OperatorHandled(rma_id=rma):
            return "handling", rma
        case ProcessNoticed(process_id=process):
            return "process", process
        case Settled(key=key, number=number):
            return "outcome", key, number
        case SweepNudged(sweep=sweep):
            return "nudge", sweep
        case OfferDiffered(offer_id=offer):
            return "difference", offer
        case NumberTurned(offer_id=offer):
            return "turn", offer
        case ReadingOdd(kind=kind, article_number=article, branch=branch):
            return "odd", kind, article, branch
        case FeedOdd(kind=kind, feed=feed):
            return "odd", kind, feed
        case (
            ArticleSeen()
            | ArticleDescribed()
            | OfferSeen()
            | InventorySeen()
            | StockDoubted()
            | OrderNoticed()
            | CustomerAnswered()
            | MplusOrderSeen()
            | OperatorAsked()
            | OperatorShipped()
            | OperatorCancelled()
            | OperatorResumed()
            | OffersCounted()
            | ReturnNoticed()
            | ConnectionStarted()
            | Woke()
        ):
            return type(message.event).__name__
        case _:
            assert_never(message.event)


class Unsent(NamedTuple):
    """What lies in no inbox."""

    words: tuple[Word, ...]
    unsure: int
    """Words about which nothing can be said: the inbox of their time is no longer kept."""


async def unsent(reader: LogReader, words: Iterable[Word], tell: Tell) -> Unsent:
    """Looks through the inboxes from the time of the words on. Raises LogUnavailable."""
    places: defaultdict[TopicPartition, list[Word]] = defaultdict(list)
    counts: dict[str, int] = {}
    for word in words:
        if word.topic not in counts:
            counts[word.topic] = await reader.partitions(word.topic)
        places[TopicPartition(word.topic, partition_of(word.key, counts[word.topic]))].append(word)
    found: list[Word] = []
    unsure = 0
    for at, some in places.items():
        left, kept_since = await _left(reader, at, some, tell)
        for word in left:
            if kept_since is not None and word.moment < kept_since + SLACK:
                unsure += 1
            else:
                found.append(word)
    return Unsent(tuple(sorted(found, key=lambda word: word.moment)), unsure)


async def _left(
    reader: LogReader, at: TopicPartition, words: list[Word], tell: Tell
) -> tuple[list[Word], int | None]:
    """Those that are not there, and since when records are kept (None: all are)."""
    looked_for: defaultdict[tuple[bytes, bytes], list[Word]] = defaultdict(list)
    for word in words:
        looked_for[word.key, word.mark].append(word)
    first, end = await reader.bounds(at)
    kept_since: int | None = None
    if first > 0:
        oldest = (await reader.read(at, first, 1)).records if first < end else ()
        kept_since = oldest[0].timestamp if oldest else max(word.moment for word in words)
    begin = await reader.offset_at(at, max(0, min(word.since for word in words)))
    async for records in stretch(reader, at, begin, end, f"{at.topic}, {at.partition}, what was sent", tell):
        for record in records:
            one = (record.key or b"", _mark(record.value or b""))
            waiting = looked_for.get(one)
            if waiting is None:
                continue
            later = [word for word in waiting if record.timestamp < word.since]
            if later:
                looked_for[one] = later
            else:
                del looked_for[one]
        if not looked_for:
            break
    return [word for some in looked_for.values() for word in some], kept_since
