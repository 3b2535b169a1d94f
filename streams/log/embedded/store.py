"""The embedded log: everything of one shop in one SQLite file, in the process that uses it.

    log = await EmbeddedLog.open(path, TOPICS, clock=clock)
    await log.append([Draft("stock.inbox", b"shop/1001", b"...")])
    ...
    await log.close()

It belongs to the event loop in which it was opened. What an append returns is on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from streams.log.base import (
    Draft,
    LogReader,
    LogUnavailable,
    LogWriter,
    Run,
    TopicPartition,
    UnknownTopic,
)
from streams.log.driver import Driver, Owner
from streams.log.embedded import file, reading
from streams.log.embedded.lock import Lock
from streams.log.embedded.reading import Reading
from streams.log.embedded.tail import Partition
from streams.log.embedded.upkeep import Upkeep
from streams.log.embedded.writing import Position, Writing
from streams.log.partition import partition_of
from streams.topics import Topic
from streams.vocabulary.time import Clock, milliseconds

PARTITIONS = 4
"""Partitions of a new topic. One process has them all; they let runs of several keys share one fsync."""
RECORD_BYTES = 16 * 1024 * 1024
"""Key and value of one record together; more is a mistake of the caller, and a ValueError."""
LATEST_MOMENT = 1 << 52
"""Milliseconds: timestamps are whole numbers from 0 to here."""


class EmbeddedLog(LogWriter, LogReader, Driver):
    """One open log. Made by `open`."""

    def __init__(
        self,
        path: Path,
        lock: Lock,
        connections: tuple[sqlite3.Connection, sqlite3.Connection],
        partitions: Sequence[Partition],
        topics: Sequence[Topic],
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """For `open` only."""
        self.path = path
        self._lock = lock
        self._clock = clock
        self._partitions = {partition.at: partition for partition in partitions}
        self._counts: dict[str, int] = {}
        for partition in partitions:
            self._counts[partition.at.topic] = self._counts.get(partition.at.topic, 0) + 1
        self._keyless = 0
        self._watchers: dict[asyncio.Future[bool], Mapping[TopicPartition, int]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._writing = Writing(path, connections[0], asyncio.get_running_loop(), self._grown)
        self._reading = Reading(path, connections[1], self._writing.give_up)
        self._upkeep = Upkeep(self._writing, self._partitions, topics, clock, sleep)

    @classmethod
    async def open(
        cls,
        path: str | Path,
        topics: Sequence[Topic],
        *,
        partitions: int = PARTITIONS,
        max_bytes: int | None = None,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> EmbeddedLog:
        """Opens the log, and makes it and what is missing of the topics. A topic that is there keeps the
        number of partitions that it was made with; `partitions` is for new ones. `max_bytes` limits the file;
        beyond it LogFull is raised, as on a full disk, until upkeep has made room.

        Raises LogInUse (another process has it), LogForeign (not a whole log of ours) or LogUnavailable."""
        path = Path(path)
        lock = Lock(path)
        try:
            connections, found = await asyncio.to_thread(_open_file, path, topics, partitions, max_bytes)
        except BaseException:
            lock.release()
            raise
        log = cls(path, lock, connections, found, topics, clock, sleep)
        log._upkeep.start()
        return log

    async def close(self) -> None:
        """Writes what is waiting and lets the file go. May be called twice. Raises nothing."""
        await self._upkeep.stop()
        await self._writing.close()
        await asyncio.to_thread(self._reading.close)
        self._wake_all(LogUnavailable(f"the log {self.path} is closed"))
        self._lock.release()

    # -- writing

    async def append(self, drafts: Sequence[Draft]) -> list[tuple[TopicPartition, int]]:
        """See LogWriter.append. All drafts of one call are written together or not at all. ValueError or
        TypeError for a draft that no log can hold (too large, no key on a compacted topic)."""
        return await self.write(drafts)

    async def write(
        self, drafts: Sequence[Draft], positions: Sequence[tuple[str, TopicPartition, int]] = ()
    ) -> list[tuple[TopicPartition, int]]:
        """Drafts, and positions of groups, in one transaction."""
        placed = [(self._place(draft), draft) for draft in drafts]
        moved: list[Position] = [(group, self._partition(at), position) for group, at, position in positions]
        return await self._writing.write(placed, moved, milliseconds(self._clock()))

    def _place(self, draft: Draft) -> Partition:
        """Where the draft belongs; refuses what cannot be written, before it can harm others in its group."""
        for part in (draft.key, draft.value):
            if part is not None and not isinstance(part, bytes):
                raise TypeError(f"a key or value for {draft.topic} is {type(part).__name__}, not bytes")
        if len(draft.key or b"") + len(draft.value or b"") > RECORD_BYTES:
            raise ValueError(f"a record for {draft.topic} has more than {RECORD_BYTES} bytes")
        if draft.timestamp is not None and not 0 <= draft.timestamp < LATEST_MOMENT:
            raise ValueError(f"a record for {draft.topic} has the timestamp {draft.timestamp}")
        file.pack_headers(draft.headers)
        number = draft.partition
        if number is None:
            count = self._count(draft.topic)
            if draft.key is None:
                self._keyless += 1
                number = self._keyless % count
            else:
                number = partition_of(draft.key, count)
        partition = self._partition(TopicPartition(draft.topic, number))
        if partition.compacted and draft.key is None:
            raise ValueError(f"a record for {draft.topic} has no key, and that topic keeps one record a key")
        return partition

    # -- reading

    async def partitions(self, topic: str) -> int:
        """See LogReader.partitions."""
        return self._count(topic)

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """See LogReader.bounds."""
        partition = self._partition(at)
        end = partition.end
        return await self._reading(lambda db: reading.first(db, partition.place, end)), end

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        """See LogReader.read."""
        partition = self._partition(at)
        end = partition.end
        found = partition.peek(offset, limit)
        if found is not None:
            return Run(at, offset, found[-1].offset + 1 if found else max(offset, end), found)
        return await self._reading(lambda db: reading.read(db, partition.place, offset, end, limit))

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        """See LogReader.offset_at."""
        partition = self._partition(at)
        end = partition.end
        return await self._reading(lambda db: reading.offset_at(db, partition.place, timestamp, end))

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        """See LogReader.changed. Raises LogUnavailable when the log is closed or cannot go on."""
        if any(self._partition(at).end > end for at, end in known.items()):
            return True
        watcher: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._watchers[watcher] = known
        try:
            async with asyncio.timeout(timeout):
                return await watcher
        except TimeoutError:
            return False
        finally:
            self._watchers.pop(watcher, None)

    # -- for the host

    @property
    def reader(self) -> LogReader:
        """See Driver.reader."""
        return self

    def settings(self) -> Mapping[str, Any]:
        """See Driver.settings."""
        return {"broker": "embedded://"}

    def transport(self, app: Any, owner: Owner) -> Any:
        """See Driver.transport."""
        from streams.log.embedded.transport import Transport  # Faust takes half a second to import

        return Transport(self, app, owner)

    async def failed(self) -> Exception:
        """See Driver.failed."""
        return await asyncio.shield(self._writing.failure)

    def end(self, at: TopicPartition) -> int:
        """The offset that the next record will get. Raises UnknownTopic."""
        return self._partition(at).end

    def committed(self, group: str, at: TopicPartition) -> int | None:
        """What the group has applied of the partition, or None if it never committed. Raises UnknownTopic."""
        return self._partition(at).positions.get(group)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls the listener after each transaction; returns what takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def tidy(self) -> int:
        """Does at once what upkeep does bit by bit: removes what is too old. Returns how many went."""
        return await self._upkeep.tidy()

    # -- inside

    def _count(self, topic: str) -> int:
        count = self._counts.get(topic)
        if count is None:
            raise UnknownTopic(
                f"the log {self.path} has no topic {topic!r}. It has: {', '.join(self._counts)}"
            )
        return count

    def _partition(self, at: TopicPartition) -> Partition:
        partition = self._partitions.get(at)
        if partition is None:
            count = self._count(at.topic)
            raise UnknownTopic(f"the topic {at.topic} has partitions 0 to {count - 1}, not {at.partition}")
        return partition

    def _grown(self, partitions: set[TopicPartition]) -> None:
        for watcher, known in self._watchers.items():
            if not watcher.done() and any(
                at in known and self._partitions[at].end > known[at] for at in partitions
            ):
                watcher.set_result(True)
        for listener in self._listeners:
            listener()

    def _wake_all(self, reason: LogUnavailable) -> None:
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_exception(reason)


def _open_file(
    path: Path, topics: Sequence[Topic], count: int, max_bytes: int | None
) -> tuple[tuple[sqlite3.Connection, sqlite3.Connection], list[Partition]]:
    """The connections for writing and reading, and the partitions. Raises LogUnavailable."""
    if not 1 <= count <= 256:
        raise ValueError(f"{count} partitions a topic; between 1 and 256 make sense")
    with contextlib.ExitStack() as opened:
        try:
            writer = file.connect(path, "rwc")
            opened.callback(writer.close)
            file.create_or_check(path, writer)
            file.add_topics(path, writer, topics, count)
            if max_bytes is not None:
                page = writer.execute("PRAGMA page_size").fetchone()[0]
                writer.execute(f"PRAGMA max_page_count={max(1, max_bytes // page)}")
            reader = file.connect(path, "rw")
            opened.callback(reader.close)
            reader.execute("PRAGMA query_only=ON")
            partitions = [_partition(reader, place) for place in file.places(reader)]
        except sqlite3.Error as error:
            raise file.unavailable(path, error) from error
        opened.pop_all()
    return (writer, reader), partitions


def _partition(connection: sqlite3.Connection, place: file.Place) -> Partition:
    open_span = place.origin + place.ending // file.SPAN * file.SPAN
    youngest = connection.execute(
        "SELECT max(timestamp) FROM records WHERE place >= ? AND place < ?",
        (open_span, place.origin + place.ending),
    ).fetchone()[0]
    positions = connection.execute("SELECT member, position FROM positions WHERE partition = ?", (place.id,))
    return Partition(place, youngest or 0, dict(positions.fetchall()))
