"""Upkeep: what is older than a topic's retention goes, and so do old tombstones; a little at a time.

Compaction itself needs no upkeep: a compacted topic keeps one record a key from the moment it is written.
A record that a group has not applied yet stays, however old: a shop that was closed for a month comes back to
all of its events.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence

from streams.log.base import LogUnavailable, TopicPartition
from streams.log.embedded.file import SPAN
from streams.log.embedded.tail import Partition
from streams.log.embedded.writing import Writing
from streams.topics import DAY, Topic
from streams.vocabulary.time import Clock, milliseconds

log = logging.getLogger(__name__)

ROUND = 300.0
"""Seconds between two rounds."""
BREATH = 0.05
"""Seconds between two slices of a round."""
SLICE = 500
"""Records that go in one transaction, so that an append waits for some milliseconds at most."""
TOMBSTONE_LIFE = DAY
"""Seconds that a tombstone stays, so that whoever reads along learns of it."""


class Upkeep:
    """Removes what is too old, in the writing thread, between the groups."""

    def __init__(
        self,
        writing: Writing,
        partitions: Mapping[TopicPartition, Partition],
        topics: Sequence[Topic],
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._writing = writing
        self._partitions = partitions
        self._retention = {topic.name: topic.retention for topic in topics}
        self._clock = clock
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins the rounds."""
        self._task = asyncio.get_running_loop().create_task(self._rounds(), name="log-upkeep")

    async def stop(self) -> None:
        """Ends them."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def tidy(self, breath: float | None = None) -> int:
        """One round; `breath`: seconds of pause between slices. Returns how many records went."""
        gone = 0
        now = milliseconds(self._clock())
        for partition in list(self._partitions.values()):
            while True:
                removed = await self._slice(partition, now)
                gone += removed
                if removed < SLICE:
                    break
                if breath is not None:
                    await self._sleep(breath)
        return gone

    async def _rounds(self) -> None:
        while True:
            await self._sleep(ROUND)
            try:
                gone = await self.tidy(BREATH)
            except LogUnavailable as error:
                log.warning("upkeep of the log has to wait: %s", error)
                continue
            except Exception:  # old records do no harm; a log without upkeep would fill the disk unseen
                log.exception("upkeep of the log failed; it is tried again")
                continue
            if gone:
                log.info("upkeep of the log: %d old records went", gone)

    async def _slice(self, partition: Partition, now: int) -> int:
        if partition.compacted:
            before = now - TOMBSTONE_LIFE * 1000
            removed = await self._writing.chore(lambda db: _old_tombstones(db, partition, before))
            return int(removed)
        retention = self._retention.get(partition.at.topic)
        if retention is None:
            return 0
        applied = min(partition.positions.values(), default=partition.end)
        before = now - retention * 1000
        removed, first = await self._writing.chore(lambda db: _old_records(db, partition, applied, before))
        partition.forget(first)
        return int(removed)


def _old_records(
    connection: sqlite3.Connection, partition: Partition, applied: int, before: int
) -> tuple[int, int]:
    """Removes from the beginning on, up to the first record that is young or not applied yet, so that what
    stays has no holes. Gives how many went, and the offset before which nothing is left."""
    origin = partition.origin
    found = connection.execute(
        "SELECT place, timestamp FROM records WHERE place >= ? AND place < ? ORDER BY place LIMIT ?",
        (origin, origin + applied, SLICE),
    ).fetchall()
    until = next((place for place, timestamp in found if timestamp >= before), None)
    if until is None:
        until = found[-1][0] + 1 if found else origin
    removed = connection.execute(
        "DELETE FROM records WHERE place >= ? AND place < ?", (origin, until)
    ).rowcount
    whole_spans = origin + (until - origin) // SPAN * SPAN
    connection.execute("DELETE FROM spans WHERE place >= ? AND place < ?", (origin, whole_spans))
    return int(removed), until - origin


def _old_tombstones(connection: sqlite3.Connection, partition: Partition, before: int) -> int:
    found = connection.execute(
        "SELECT place FROM latest WHERE value IS NULL AND timestamp < ? AND place >= ? AND place < ? LIMIT ?",
        (before, partition.origin, partition.origin + partition.end, SLICE),
    ).fetchall()
    connection.executemany("DELETE FROM latest WHERE place = ?", found)
    return len(found)
