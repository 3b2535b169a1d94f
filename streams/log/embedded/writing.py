"""Group commit: whatever is waiting is written in one transaction, with one fsync.

The rows are inserted on the event loop (a few microseconds each; in a thread every row would have to win
the interpreter's lock back: facts/engine.md), and only the commit, that is the fsync, runs in a thread of
its own. While it runs, what arrives gathers into the next transaction: no linger when idle, large groups
under load.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from streams.log.base import Draft, LogUnavailable, Record, TopicPartition
from streams.log.embedded.file import SPAN, pack_headers, passes, unavailable
from streams.log.embedded.tail import Partition

GROUP_ROWS = 1_000
"""Records in one transaction, so that inserting holds the loop for some milliseconds at most. One write that
is larger goes alone: it cannot be split."""
WAITING_BYTES = 64 * 1024 * 1024
"""Bytes waiting to be written; who comes then waits for room."""

_INSERT = "INSERT INTO records(place, timestamp, key, value, headers) VALUES(?, ?, ?, ?, ?)"
_REPLACE = (
    "INSERT OR REPLACE INTO latest(place, timestamp, key, value, headers, partition) VALUES(?, ?, ?, ?, ?, ?)"
)
_ENDING = "UPDATE partitions SET ending = ? WHERE id = ?"
_MARK = "INSERT OR REPLACE INTO spans(place, youngest) VALUES(?, ?)"
_POSITION = "INSERT OR REPLACE INTO positions(member, partition, position) VALUES(?, ?, ?)"

Position = tuple[str, Partition, int]
"""A group, a partition, and the position that is applied."""
Work = Callable[[sqlite3.Connection], Any]


class Write:
    """One write: all of it becomes durable, or none."""

    __slots__ = ("done", "drafts", "places", "positions", "size", "timestamp")

    def __init__(
        self,
        drafts: Sequence[tuple[Partition, Draft]],
        positions: Sequence[Position],
        timestamp: int,
        done: asyncio.Future[list[tuple[TopicPartition, int]]],
    ) -> None:
        self.drafts = drafts
        self.positions = positions
        self.timestamp = timestamp
        self.done = done
        self.places: list[tuple[TopicPartition, int]] = []
        self.size = sum(len(draft.key or b"") + len(draft.value or b"") + 100 for _, draft in drafts)


class _Group:
    """The writes of one transaction, and what they change once it is durable."""

    def __init__(self, writes: list[Write]) -> None:
        self.writes = writes
        self.ends: dict[Partition, int] = {}
        self.youngest: dict[Partition, int] = {}
        self.records: list[tuple[Partition, Record]] = []
        self.rows: list[tuple[Any, ...]] = []
        self.latest: dict[tuple[int, bytes], tuple[Any, ...]] = {}
        self.marks: list[tuple[int, int]] = []
        for write in writes:
            for partition, draft in write.drafts:
                write.places.append((partition.at, self._add(partition, draft, write.timestamp)))

    def _add(self, partition: Partition, draft: Draft, now: int) -> int:
        offset = self.ends.get(partition, partition.end)
        self.ends[partition] = offset + 1
        timestamp = now if draft.timestamp is None else draft.timestamp
        self.records.append((partition, Record(offset, timestamp, draft.key, draft.value, draft.headers)))
        row = (partition.origin + offset, timestamp, draft.key, draft.value, pack_headers(draft.headers))
        if partition.compacted:
            assert draft.key is not None  # store.py has checked it
            self.latest[partition.id, draft.key] = (*row, partition.id)
            return offset
        self.rows.append(row)
        youngest = max(self.youngest.get(partition, partition.youngest), timestamp)
        if (offset + 1) % SPAN == 0:
            self.marks.append((partition.origin + offset + 1 - SPAN, youngest))
            youngest = 0
        self.youngest[partition] = youngest
        return offset

    def insert(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        if self.rows:
            connection.executemany(_INSERT, self.rows)
        if self.latest:
            connection.executemany(_REPLACE, self.latest.values())
        if self.marks:
            connection.executemany(_MARK, self.marks)
        connection.executemany(_ENDING, [(end, partition.id) for partition, end in self.ends.items()])
        for write in self.writes:
            for member, partition, position in write.positions:
                connection.execute(_POSITION, (member, partition.id, position))

    def publish(self) -> None:
        """It is durable: readers may have it."""
        for partition, record in self.records:
            partition.add(record)
        for partition, youngest in self.youngest.items():
            partition.youngest = youngest
        for write in self.writes:
            for member, partition, position in write.positions:
                partition.positions[member] = position


class Writing:
    """The one writer of the file."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        loop: asyncio.AbstractEventLoop,
        published: Callable[[set[TopicPartition]], None],
    ) -> None:
        """`published` is told after each transaction which partitions have grown."""
        self._path = path
        self._connection = connection
        self._loop = loop
        self._published = published
        self._waiting: deque[Write] = deque()
        self._size = 0
        self._chores: deque[tuple[Work, asyncio.Future[Any]]] = deque()
        self._busy = False
        self._chore_last = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._room: list[asyncio.Future[None]] = []
        self._closed = False
        self.failure: asyncio.Future[LogUnavailable] = loop.create_future()
        """Done when the log cannot go on."""
        self._commands: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._obey, name="log-writing", daemon=True)
        self._thread.start()

    async def write(
        self, drafts: Sequence[tuple[Partition, Draft]], positions: Sequence[Position], timestamp: int
    ) -> list[tuple[TopicPartition, int]]:
        """Where each draft lies, once all of it is durable. LogUnavailable: none of it is there."""
        self._check()
        one = Write(drafts, positions, timestamp, self._loop.create_future())
        while self._size and self._size + one.size > WAITING_BYTES:
            room: asyncio.Future[None] = self._loop.create_future()
            self._room.append(room)
            await room
            self._check()
        self._size += one.size
        self._waiting.append(one)
        self._idle.clear()
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._next)  # the rest of this turn of the loop joins the group
        return await one.done

    async def chore(self, work: Work) -> Any:
        """Runs `work` in a transaction of its own in the writing thread, between groups: keep it short."""
        self._check()
        done: asyncio.Future[Any] = self._loop.create_future()
        self._chores.append((work, done))
        self._idle.clear()
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._next)
        return await done

    async def close(self) -> None:
        """Writes what is waiting, then takes no more. Raises nothing."""
        if not self._closed:
            self._closed = True
            await self._idle.wait()
            if not self.failure.done():
                self.failure.set_result(LogUnavailable(f"the log {self._path} is closed"))
            self._commands.put(None)
            await asyncio.to_thread(self._thread.join)
            self._connection.close()

    def _check(self) -> None:
        if self.failure.done():
            raise self.failure.result()
        if self._closed:
            raise LogUnavailable(f"the log {self._path} is closed")

    # -- on the loop, one at a time

    def _next(self) -> None:
        """Begins the next transaction, if anything waits; groups and chores take turns."""
        self._busy = True
        if self._chores and (not self._chore_last or not self._waiting):
            self._chore_last = True
            self._begin_chore(*self._chores.popleft())
        elif self._waiting:
            self._chore_last = False
            self._begin_group()
        else:
            self._busy = False
            self._idle.set()

    def _begin_group(self) -> None:
        writes: list[Write] = []
        rows = 0
        while self._waiting and (not writes or rows + len(self._waiting[0].drafts) <= GROUP_ROWS):
            write = self._waiting.popleft()
            self._size -= write.size
            rows += len(write.drafts)
            writes.append(write)
        group = _Group(writes)
        try:
            group.insert(self._connection)
        except (
            Exception
        ) as error:  # told to whoever waits for it; the log itself goes on or says that it cannot
            self._undo()
            self._loop.call_soon(self._group_done, group, error)
            return
        self._commands.put(lambda: self._tell(self._group_done, group, self._try(self._commit)))

    def _group_done(self, group: _Group, error: Exception | None) -> None:
        if error is None:
            group.publish()
            for write in group.writes:
                if not write.done.done():
                    write.done.set_result(write.places)
            self._published({partition.at for partition in group.ends})
        else:
            self._refuse([write.done for write in group.writes], error)
        for room in self._room:
            if not room.done():
                room.set_result(None)
        self._room.clear()
        self._next()

    def _begin_chore(self, work: Work, done: asyncio.Future[Any]) -> None:
        result: list[Any] = []

        def run() -> None:
            self._connection.execute("BEGIN IMMEDIATE")
            result.append(work(self._connection))
            self._commit()

        def finish(error: Exception | None) -> None:
            if error is not None:
                self._refuse([done], error)
            elif not done.done():
                done.set_result(result[0])
            self._next()

        self._commands.put(lambda: self._tell(finish, self._try(run)))

    def _refuse(self, futures: Sequence[asyncio.Future[Any]], error: Exception) -> None:
        if not isinstance(error, sqlite3.Error):
            self._tell_all(futures, error)
            return
        reason = unavailable(self._path, error)
        if not passes(error):
            # A failed fsync, a torn page: what is on the disk is not known any more. Nothing more is taken.
            self.give_up(reason)
        self._tell_all(futures, reason)

    def give_up(self, reason: LogUnavailable) -> None:
        """The log cannot go on: whoever waits is told, and nothing more is taken."""
        if not self.failure.done():
            self.failure.set_result(reason)
        self._tell_all([write.done for write in self._waiting], reason)
        self._tell_all([done for _, done in self._chores], reason)
        self._tell_all(self._room, reason)
        self._waiting.clear()
        self._chores.clear()
        self._room.clear()
        self._size = 0

    def _tell_all(self, futures: Sequence[asyncio.Future[Any]], reason: Exception) -> None:
        for future in futures:
            if not future.done():
                future.set_exception(reason)
                future.exception()  # who waits for it is told; who has gone away is not missed

    # -- in the writing thread

    def _obey(self) -> None:
        while (command := self._commands.get()) is not None:
            command()

    def _tell(self, what: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:  # the loop was closed without closing the log: nobody waits any more
            return

    def _try(self, work: Callable[[], None]) -> Exception | None:
        try:
            work()
        except Exception as error:  # told to whoever waits for it
            self._undo()
            return error
        return None

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _undo(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                return  # the next BEGIN says what is wrong
