"""Which connections' numbers may leave, as the guards' rows have it. One for each worker.

The row of a connection lies with one worker, its stock rows with several. So each follows the topic of those rows by
itself, from its beginning: it is small, since it keeps one record a connection. Nothing leaves before it was read to
its end, nor while it cannot be read: what is not known counts as shut, and the numbers wait in their rows meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from streams.codec import RowCodec, Unreadable, split_key
from streams.guards.state import Guarded
from streams.log.base import LogReader, LogUnavailable, Record, TopicPartition
from streams.log.rows import Stamps, stamp_of
from streams.observer import Observer
from streams.topics import rows_topic

log = logging.getLogger(__name__)

TOPIC = rows_topic("guards")
WAIT = 10.0
"""Seconds to wait for news before it is read without."""
PAUSE = 1.0
"""Seconds until what could not be read is tried again."""


class Gates:
    """The gates of all connections; see streams/effects.py, `Gate`."""

    def __init__(
        self, reader: LogReader, observer: Observer, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self.opened: Callable[[], None] = lambda: None
        """Called when a gate has opened; set by who lets numbers leave."""
        self._reader = reader
        self._observer = observer
        self._sleep = sleep
        self._codec: RowCodec[Guarded] = RowCodec(Guarded)
        self._positions: dict[TopicPartition, int] = {}
        self._stamps = Stamps()
        self._stopped: set[str] = set()
        self._known = False

    def shut(self, connection: str) -> bool:
        """Whether this connection's numbers wait."""
        return not self._known or connection in self._stopped

    async def catch_up(self) -> None:
        """Reads all that is there now: from then on it is known. Raises LogUnavailable."""
        if not self._positions:
            for number in range(await self._reader.partitions(TOPIC)):
                at = TopicPartition(TOPIC, number)
                self._positions[at] = (await self._reader.bounds(at))[0]
        known, before = self._known, set(self._stopped)
        while await self._round():
            pass
        self._known = True
        for connection in sorted(self._stopped - before):
            log.warning("%s: its numbers wait until a person has looked (kassabrug stock guards)", connection)
        self._observer.stopped(len(self._stopped))
        if not known or before - self._stopped:
            self.opened()

    async def run(self) -> None:
        """Follows the topic until cancelled."""
        while True:
            try:
                await self.catch_up()
                self._observer.stalled("gates", None)
                await self._reader.changed(self._positions, WAIT)
            except LogUnavailable as error:
                self._known = False
                self._observer.stalled("gates", str(error))
                await self._sleep(PAUSE)

    async def _round(self) -> bool:
        """Whether there was anything."""
        news = False
        for at, position in list(self._positions.items()):
            run = await self._reader.read(at, position)
            for record in run.records:
                self._take(record)
            if run.end > position:
                self._positions[at] = run.end
                news = True
        return news

    def _take(self, record: Record) -> None:
        if record.key is None or self._stamps.late(record.key, stamp_of(record.headers)):
            return
        try:
            connection, _ = split_key(record.key)
            state = self._codec.read(record.value).state if record.value is not None else None
        except Unreadable as error:
            # A newer version wrote it: as it was before is the best that is known.
            log.error("gates: the row %r is left alone: %s", record.key, error)
            return
        if state is not None and state.stop is not None:
            self._stopped.add(connection)
        else:
            self._stopped.discard(connection)
