"""The file of the embedded log: its tables, how it is opened, and how a foreign or torn one is told apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import orjson

from streams.log.base import Headers, LogForeign, LogFull, LogUnavailable, TopicPartition
from streams.topics import Topic

APPLICATION_ID = 0x4B42524C
"""`KBRL`, in the header of the file: it is a log of kassabrug."""
VERSION = 1
CHECKED_WHOLE = 64 * 1024 * 1024
"""Bytes: a file up to this size is checked page by page when it is opened (about 0.1 s)."""

SCHEMA = """
CREATE TABLE topics(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL,
    compacted INTEGER NOT NULL);
CREATE TABLE partitions(
    id INTEGER PRIMARY KEY, topic INTEGER NOT NULL, number INTEGER NOT NULL, ending INTEGER NOT NULL,
    UNIQUE(topic, number));
CREATE TABLE records(
    place INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, key BLOB, value BLOB, headers TEXT);
CREATE TABLE spans(place INTEGER PRIMARY KEY, youngest INTEGER NOT NULL);
CREATE TABLE latest(
    place INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, key BLOB NOT NULL, value BLOB, headers TEXT,
    partition INTEGER NOT NULL, UNIQUE(partition, key));
CREATE INDEX tombstones ON latest(timestamp) WHERE value IS NULL;
CREATE TABLE positions(
    member TEXT NOT NULL, partition INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY(member, partition)) WITHOUT ROWID;
"""
# `place` is the partition's id and the offset in one number, so that the table itself is in the order in
# which it is read and an append touches one end of a tree. `latest` keeps one record a key (compacted topics).
# `spans` has the youngest timestamp of each SPAN records, for finding a moment without reading everything.

OFFSET_BITS = 40
SPAN = 1024


class Place(NamedTuple):
    """One partition as the file knows it."""

    at: TopicPartition
    id: int
    compacted: bool
    ending: int

    @property
    def origin(self) -> int:
        """The place of offset 0."""
        return self.id << OFFSET_BITS

    @property
    def table(self) -> str:
        """Where its records are."""
        return "latest" if self.compacted else "records"


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection (`mode`: rwc, rw or ro) that begins and ends its transactions only where told."""
    address = f"{path.resolve().as_uri()}?mode={mode}"
    found = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        if mode != "ro":
            # FULL: a commit is on the disk before it is acknowledged, also when the power fails.
            found.execute("PRAGMA synchronous=FULL")
        found.execute("PRAGMA cache_size=-16384")
    except sqlite3.Error:
        found.close()
        raise
    return found


def create_or_check(path: Path, connection: sqlite3.Connection) -> None:
    """Makes the tables in a new file. Raises LogForeign for any file that is not a whole log of ours."""
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables == 0 and connection.execute("PRAGMA application_id").fetchone()[0] == 0:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    check(path, connection)
    # A checkpoint (the log's file catching up with its journal) each 1000 pages; the journal shrinks back.
    connection.execute("PRAGMA wal_autocheckpoint=1000")
    connection.execute(f"PRAGMA journal_size_limit={16 * 1024 * 1024}")


def check(path: Path, connection: sqlite3.Connection) -> None:
    """Raises LogForeign for a file of another program, of a newer version of this one, or a torn one."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LogForeign(
            f"{path} is a database of another program, not a log of kassabrug. Nothing was changed in it"
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise LogForeign(
            f"the log {path} was written by a newer kassabrug (format {version}, this one knows {VERSION}). "
            "Use that version, or a copy of the log from before"
        )
    if version < 1:
        raise LogForeign(f"the log {path} has no format number: it is torn. Put a copy of it back")
    if path.stat().st_size <= CHECKED_WHOLE:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise torn(path, str(found))


def torn(path: Path, detail: str) -> LogForeign:
    """The error for a file that is damaged."""
    return LogForeign(f"the log {path} is damaged or no log of kassabrug ({detail}). Put a copy of it back")


def unavailable(path: Path, error: sqlite3.Error) -> LogUnavailable:
    """What an error of SQLite means here."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return LogFull(
            f"the log {path} has no room: the disk is full, or its size limit is reached. Nothing of this "
            "write was kept; make room and it goes on by itself"
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return torn(path, str(error))
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LogUnavailable(f"the log {path} is held by another program ({error}). Close that program")
    return LogUnavailable(
        f"the log {path} cannot be read or written: {error}. Check the disk and the folder's rights"
    )


def passes(error: sqlite3.Error) -> bool:
    """Whether the log can go on after this error: no room, or held by another, and nothing else."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def add_topics(path: Path, connection: sqlite3.Connection, topics: Sequence[Topic], partitions: int) -> None:
    """Makes what is missing. The number of partitions of a topic is fixed when it is made: keys would lose
    their order otherwise. Raises LogForeign if a topic is compacted in the list and not in the file."""
    known = {
        name: bool(compacted) for name, compacted in connection.execute("SELECT name, compacted FROM topics")
    }
    connection.execute("BEGIN IMMEDIATE")
    for topic in topics:
        if topic.name not in known:
            made = connection.execute(
                "INSERT INTO topics(name, partitions, compacted) VALUES(?, ?, ?)",
                (topic.name, partitions, topic.compacted),
            ).lastrowid
            connection.executemany(
                "INSERT INTO partitions(topic, number, ending) VALUES(?, ?, 0)",
                [(made, number) for number in range(partitions)],
            )
        elif known[topic.name] != topic.compacted:
            connection.execute("ROLLBACK")
            raise LogForeign(
                f"the log {path} keeps the topic {topic.name} {'by key' if known[topic.name] else 'by age'}, "
                f"this version keeps it {'by key' if topic.compacted else 'by age'}. Start with a new log"
            )
    connection.execute("COMMIT")


def places(connection: sqlite3.Connection) -> list[Place]:
    """All partitions, with where they end."""
    rows = connection.execute(
        "SELECT name, number, partitions.id, compacted, ending FROM partitions "
        "JOIN topics ON topics.id = topic ORDER BY topics.id, number"
    )
    return [
        Place(TopicPartition(name, number), id, bool(compacted), ending)
        for name, number, id, compacted, ending in rows
    ]


@lru_cache(maxsize=1024)
def pack_headers(headers: Headers) -> str | None:
    """Headers as they lie in the file: readable, and every byte comes back."""
    if not headers:
        return None
    return orjson.dumps([(name, value.decode("latin-1")) for name, value in headers]).decode()


@lru_cache(maxsize=1024)
def unpack_headers(text: str | None) -> Headers:
    """The other way round."""
    if not text:
        return ()
    return tuple((name, value.encode("latin-1")) for name, value in orjson.loads(text))
