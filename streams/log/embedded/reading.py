"""Reads from the file, each in a thread of its own, so that a slow disk never holds the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from streams.log.base import LogUnavailable, Record, Run
from streams.log.embedded.file import SPAN, Place, passes, unavailable, unpack_headers

T = TypeVar("T")

RUN_BYTES = 4 * 1024 * 1024
"""A run is cut off after so many bytes of keys and values: 500 large pushes are too much at once."""
FETCHED = 128


class Reading:
    """One connection for reading, used by one thread."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        broken: Callable[[LogUnavailable], None] = lambda reason: None,
    ) -> None:
        """`broken` is told when the file cannot be read any more, whoever asked."""
        self._path = path
        self._broken = broken
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-reading")
        self._closed = False

    async def __call__(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `work`. Raises LogUnavailable for what SQLite raises, and after `close`."""
        if self._closed:
            raise LogUnavailable(f"the log {self._path} is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._connection)
        except sqlite3.Error as error:
            reason = unavailable(self._path, error)
            if not passes(error):
                self._broken(reason)
            raise reason from error

    def close(self) -> None:
        """Waits for the read under way."""
        self._closed = True
        self._thread.shutdown()
        self._connection.close()


def read(connection: sqlite3.Connection, place: Place, offset: int, ending: int, limit: int) -> Run:
    """Up to `limit` records from `offset` on, none at or beyond `ending`."""
    origin = place.origin
    start = max(offset, first(connection, place, ending))
    rows = connection.execute(
        f"SELECT place, timestamp, key, value, headers FROM {place.table} WHERE place >= ? AND place < ? "
        "ORDER BY place LIMIT ?",
        (origin + start, origin + ending, max(1, limit)),
    )
    records: list[Record] = []
    size = 0
    more = True
    while more and size < RUN_BYTES:
        fetched = rows.fetchmany(FETCHED)
        more = len(fetched) == FETCHED
        for at, timestamp, key, value, headers in fetched:
            records.append(Record(at - origin, timestamp, key, value, unpack_headers(headers)))
            size += len(key or b"") + len(value or b"")
    rows.close()
    cut_off = more or len(records) >= limit
    end = records[-1].offset + 1 if records and cut_off else max(start, ending)
    return Run(place.at, start, end, records)


def first(connection: sqlite3.Connection, place: Place, ending: int) -> int:
    """The first offset that is kept, or the end."""
    found = connection.execute(
        f"SELECT min(place) FROM {place.table} WHERE place >= ? AND place < ?",
        (place.origin, place.origin + ending),
    ).fetchone()[0]
    return ending if found is None else int(found) - place.origin


def offset_at(connection: sqlite3.Connection, place: Place, timestamp: int, ending: int) -> int:
    """The first offset whose record is as young as `timestamp`, or the end."""
    origin, beyond = place.origin, place.origin + ending
    scan = (
        f"SELECT place FROM {place.table} WHERE place >= ? AND place < ? AND timestamp >= ? "
        "ORDER BY place LIMIT 1"
    )
    unmarked = origin
    if not place.compacted:
        spans = connection.execute(
            "SELECT place FROM spans WHERE place >= ? AND place < ? AND youngest >= ? ORDER BY place",
            (origin, beyond, timestamp),
        )
        for (begin,) in spans:
            found = connection.execute(scan, (begin, min(begin + SPAN, beyond), timestamp)).fetchone()
            if found is not None:  # else: retention has taken that part of the span
                return int(found[0]) - origin
        last = connection.execute(
            "SELECT max(place) FROM spans WHERE place >= ? AND place < ?", (origin, beyond)
        ).fetchone()[0]
        unmarked = origin if last is None else int(last) + SPAN
    found = connection.execute(scan, (unmarked, beyond, timestamp)).fetchone()
    return ending if found is None else int(found[0]) - origin
