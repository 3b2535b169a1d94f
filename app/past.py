"""How an article stood at some time: the last snapshot of it on the activity topic before then, and what happened
around it.

The key says in which partition it lies, the log where that time is; from there it is read backwards, in stretches that
grow, until the article turns up. An article that moves little is far back, so there is a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from app.readmodel.entries import decent
from app.readmodel.masking import scrubbed
from app.replay.reading import stretch
from streams.codec import FactReader, Unreadable
from streams.log.base import LogReader, Record, TopicPartition, header
from streams.log.partition import partition_of
from streams.topics import ACTIVITY
from streams.vocabulary.activity import Activity, Level, Noted, StockShown
from streams.vocabulary.time import milliseconds, moment_of

AROUND = timedelta(minutes=10)
"""What happened so long before the time is told with it."""
LINES = 40
"""Lines of that at most: the last ones."""
MOST = 2_000_000
"""Records that are looked through at most."""
FIRST, LARGEST = 1_000, 64_000
"""Records of the first stretch and of the largest: each is twice the one before it."""
LATE_MS, LATE = 600_000, 20_000
"""A line has the time of the event that it follows from. While a stop is worked off, some stand so far behind younger
ones of other articles (milliseconds, or records where those are more)."""
FLOW = "stock"

Tell = Callable[[int, int], None]
"""`tell(done, of)`: records looked through, and how many there are at most."""
_reader: FactReader[Activity] = FactReader(Activity)
_SHOWN, _NOTED = b'"stock-shown"', b'"noted"'


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; `text` without what is personal in it."""

    at: datetime
    kind: str
    level: Level
    direction: str
    text: str
    millis: int | None


class Past(NamedTuple):
    """What was found."""

    shown: StockShown | None
    at: datetime | None
    """When that snapshot was made."""
    lines: tuple[Line, ...] = ()
    """What happened to the article in the last AROUND before the time, the oldest first."""
    kept_since: datetime | None = None
    """Nothing was found back to the oldest record that is kept (of any article), which is of then."""
    back_to: datetime | None = None
    """Nothing was found, and it was given up there: older ones are kept."""


async def stock_at(
    reader: LogReader, key: bytes, moment: datetime, tell: Tell = lambda done, of: None, most: int = MOST
) -> Past:
    """The article with this key (`connection/articleNumber`) as it stood at `moment`. Raises LogUnavailable."""
    at = TopicPartition(ACTIVITY.name, partition_of(key, await reader.partitions(ACTIVITY.name)))
    looking = _Looking(reader, at, key, milliseconds(moment))
    first, end = await looking.bounds()
    around = max(first, await reader.offset_at(at, looking.until - round(AROUND.total_seconds() * 1000)))
    position, size, done, of = end, FIRST, 0, min(most, end - first)
    while position > first and done < most and (looking.shown is None or position > around):
        begin = max(first, position - min(size, most - done))
        await looking.through(begin, position)
        done += position - begin
        position, size = begin, min(LARGEST, size * 2)
        tell(done, of)
    if looking.shown is not None or end == first:
        return Past(looking.shown, looking.shown_at, looking.lines())
    oldest = await looking.time_of(position)
    found = Past(None, None, looking.lines())
    return found._replace(kept_since=oldest) if position == first else found._replace(back_to=oldest)


class _Looking:
    """One search."""

    def __init__(self, reader: LogReader, at: TopicPartition, key: bytes, until: int) -> None:
        self._reader = reader
        self._at = at
        self._key = key
        self.until = until
        self.shown: StockShown | None = None
        self.shown_at: datetime | None = None
        self._lines: list[tuple[int, Line]] = []

    async def bounds(self) -> tuple[int, int]:
        """What is to be looked through, from its end to its beginning."""
        first, end = await self._reader.bounds(self._at)
        after = await self._reader.offset_at(self._at, self.until + 1)
        late = await self._reader.offset_at(self._at, self.until + LATE_MS)
        return first, max(first, min(end, max(late, after + LATE)))

    async def through(self, begin: int, end: int) -> None:
        """A stretch that lies before those looked through already."""
        newest: Record | None = None
        async for records in stretch(self._reader, self._at, begin, end, ACTIVITY.name, lambda _: None):
            for record in records:
                if record.key != self._key or record.timestamp > self.until:
                    continue
                if header(record.headers, "flow", FLOW) != FLOW:
                    continue  # a return may have an article's number
                value = record.value or b""
                # What a record is stands in front: the rest of it need not be read for that.
                if _SHOWN in value[:40]:
                    newest = record
                elif _NOTED in value[:40]:
                    self._note(record)
        if newest is not None and self.shown is None:
            fact = _read(newest)
            if isinstance(fact, StockShown):
                self.shown, self.shown_at = decent(fact), moment_of(newest.timestamp)

    def _note(self, record: Record) -> None:
        moment = moment_of(record.timestamp)
        if moment_of(self.until) - moment > AROUND:
            return
        fact = _read(record)
        if isinstance(fact, Noted):
            line = Line(
                at=moment,
                kind=fact.kind,
                level=fact.level,
                direction=fact.direction,
                text=scrubbed(fact.text),
                millis=fact.millis,
            )
            self._lines.append((record.offset, line))

    def lines(self) -> tuple[Line, ...]:
        """The last of them, the oldest first."""
        in_order = sorted(self._lines, key=lambda one: one[0])
        return tuple(line for _, line in in_order[-LINES:])

    async def time_of(self, offset: int) -> datetime | None:
        """Of the first record from there on."""
        records = (await self._reader.read(self._at, offset, 1)).records
        return moment_of(records[0].timestamp) if records else None


def _read(record: Record) -> Activity | None:
    """None for what a newer version wrote."""
    try:
        return _reader.read(record)
    except Unreadable:
        return None
