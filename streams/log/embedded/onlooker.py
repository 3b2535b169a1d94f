"""Looking into a log that another process may be using: `kassabrug log`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from streams.log.base import LogForeign, LogReader, LogUnavailable, Run, TopicPartition, UnknownTopic
from streams.log.embedded import file, reading
from streams.log.embedded.reading import Reading

LOOK_EVERY = 0.1
"""Seconds between two looks while waiting for news: another process cannot be told."""


class Onlooker(LogReader):
    """Reads only; takes no lock, and the user of the log notices nothing. Made by `open`."""

    def __init__(self, path: Path, reads: Reading, sleep: Callable[[float], Awaitable[None]]) -> None:
        """For `open` only."""
        self.path = path
        self._reading = reads
        self._sleep = sleep

    @classmethod
    async def open(
        cls, path: str | Path, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> Onlooker:
        """Raises LogUnavailable when there is no log, LogForeign when it is none of ours."""
        path = Path(path)
        return cls(path, Reading(path, await asyncio.to_thread(_open_file, path)), sleep)

    async def close(self) -> None:
        """Lets the file go."""
        await asyncio.to_thread(self._reading.close)

    async def topics(self) -> dict[str, int]:
        """The topics there are, with how many partitions each has."""
        rows = await self._reading(
            lambda db: db.execute("SELECT name, partitions FROM topics ORDER BY id").fetchall()
        )
        return {str(name): int(count) for name, count in rows}

    async def partitions(self, topic: str) -> int:
        """See LogReader.partitions."""
        found = await self.topics()
        if topic not in found:
            raise UnknownTopic(f"the log {self.path} has no topic {topic!r}. It has: {', '.join(found)}")
        return found[topic]

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """See LogReader.bounds."""
        place = await self._place(at)
        return await self._reading(lambda db: reading.first(db, place, place.ending)), place.ending

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        """See LogReader.read."""
        place = await self._place(at)
        return await self._reading(lambda db: reading.read(db, place, offset, place.ending, limit))

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        """See LogReader.offset_at."""
        place = await self._place(at)
        return await self._reading(lambda db: reading.offset_at(db, place, timestamp, place.ending))

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        """See LogReader.changed. Looks every LOOK_EVERY seconds."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for at, end in known.items():
                        if (await self._place(at)).ending > end:
                            return True
                    await self._sleep(LOOK_EVERY)
        except TimeoutError:
            return False

    async def committed(self, group: str) -> dict[TopicPartition, int]:
        """What the group has applied, by partition."""
        rows = await self._reading(
            lambda db: db.execute(
                "SELECT name, number, position FROM positions JOIN partitions ON partitions.id = partition "
                "JOIN topics ON topics.id = topic WHERE member = ?",
                (group,),
            ).fetchall()
        )
        return {TopicPartition(name, number): position for name, number, position in rows}

    async def _place(self, at: TopicPartition) -> file.Place:
        row = await self._reading(
            lambda db: db.execute(
                "SELECT partitions.id, compacted, ending FROM partitions JOIN topics ON topics.id = topic "
                "WHERE name = ? AND number = ?",
                at,
            ).fetchone()
        )
        if row is None:
            count = await self.partitions(at.topic)
            raise UnknownTopic(f"the topic {at.topic} has partitions 0 to {count - 1}, not {at.partition}")
        return file.Place(at, row[0], bool(row[1]), row[2])


def _open_file(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise LogUnavailable(f"there is no log at {path}")
    try:
        connection = file.connect(path, "rw")
        try:
            connection.execute("PRAGMA query_only=ON")
            file.check(path, connection)
        except BaseException:
            connection.close()
            raise
    except LogForeign:
        raise
    except sqlite3.Error as error:
        raise file.unavailable(path, error) from error
    return connection
