"""The seam between the flows and whatever keeps the records.

A log holds topics; a topic holds partitions; a partition holds records by offset. A consumer gets records in
runs: what one partition holds from one position to another. A worker applies a run and writes what follows
from it with a `Checkpoint`. Everything here speaks bytes; the meaning is in streams/codec.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

Headers = tuple[tuple[str, bytes], ...]


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(NamedTuple):
    """One record as it lies in the log. `timestamp`: milliseconds since 1970, set by the writer."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    """None is a tombstone: the key is deleted (compacted topics only)."""
    headers: Headers = ()


class Draft(NamedTuple):
    """A record to be written. The partition follows from the key, unless it is given."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int | None = None
    """Milliseconds; None: the log's clock."""
    partition: int | None = None


class Run(NamedTuple):
    """What a partition holds from `begin` up to, but not including, `end`.

    Offsets between records may be missing (compaction, transaction markers), so the positions count, not
    the offsets of the first and last record.
    """

    at: TopicPartition
    begin: int
    end: int
    records: Sequence[Record]


class LogUnavailable(Exception):
    """The log cannot be read or written now. The text says which log, why, and what to do next."""


class LogFull(LogUnavailable):
    """No room to write (disk full). Nothing of the refused write is in the log."""


class LogInUse(LogUnavailable):
    """Another process holds the log (embedded: one process a file)."""


class LogForeign(LogUnavailable):
    """The file is not a log of ours, is torn, or was written by a newer version."""


class UnknownTopic(LogUnavailable):
    """No such topic in this log. Topics come from one list (streams/topics.py), never by writing to them."""


class NotOurs(Exception):
    """The partition was taken away while a run of it was applied: nothing of it may be written here any more. Whoever
    has it now applies it from where we ended."""


class Checkpoint(ABC):
    """What follows from applying one run, made durable in an order that survives a crash at any point:
    events to other flows first, then rows, then the position. `streams/delivery.py` owns the order; a log
    that can write all of it at once (embedded: one transaction) stages until `commit`."""

    @abstractmethod
    async def send(self, drafts: Sequence[Draft]) -> None:
        """Events to other flows. On return they are durable, or staged for `commit`. Raises LogUnavailable, NotOurs."""

    @abstractmethod
    async def write_rows(self, drafts: Sequence[Draft]) -> None:
        """Changelog rows. On return they are durable, or staged for `commit`. Raises LogUnavailable, NotOurs."""

    @abstractmethod
    async def commit(self) -> None:
        """Rows and events are durable on return; the partition's position will be committed as `end`
        (at once, or later but never before this). Raises LogUnavailable: then nothing may be assumed."""


class LogWriter(ABC):
    """Writes from outside a run: the ingress, and outcomes of effects."""

    @abstractmethod
    async def append(self, drafts: Sequence[Draft]) -> list[tuple[TopicPartition, int]]:
        """Writes all of them, in order per partition; returns where each lies, once durable (acks=all, or
        fsync). Raises LogUnavailable (LogFull, UnknownTopic); the embedded log then holds none of them, on
        Kafka some may be there: a caller sends again."""


class LogReader(ABC):
    """Reads without belonging to a group: the console's projection, `kassabrug log`, replay."""

    @abstractmethod
    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has. Raises UnknownTopic."""

    @abstractmethod
    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        """The first offset still kept, and the end: the offset that the next record will get."""

    @abstractmethod
    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        """Up to `limit` records from `offset` on (from the first kept one if it is older). An empty run
        with begin == end when there is nothing yet."""

    @abstractmethod
    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        """The first offset whose record is as young as `timestamp` (milliseconds), or the end."""

    @abstractmethod
    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        """Waits until any of these partitions ends beyond the known end, at most `timeout` seconds."""


class Guard(ABC):
    """What the delivery core asks of a consumer: where to go on, and going back."""

    @abstractmethod
    async def rewind(self, at: TopicPartition, position: int) -> None:
        """Deliver this partition again from `position` on: what came in between was not taken."""

    @abstractmethod
    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        """A new checkpoint for having applied this partition up to `end`."""


def headers_of(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """Text headers as a log keeps them."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return tuple((name, value.encode()) for name, value in items)


def header(headers: Headers, name: str, default: str = "") -> str:
    """The last header of this name as text (undecodable bytes replaced), or the default."""
    for key, value in reversed(headers):
        if key == name:
            return value.decode(errors="replace")
    return default


# -- running handlers over partitions


class Rows(ABC):
    """A flow's rows in memory, as the changelog has them. Keys and values are bytes."""

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """The row, or None."""

    @abstractmethod
    def put(self, key: bytes, value: bytes | None) -> None:
        """Only after the row is durable (streams/delivery.py). None deletes."""

    @abstractmethod
    def items(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """All rows whose key belongs to this partition, in no order."""

    @abstractmethod
    def __len__(self) -> int:
        """How many rows there are, over all partitions assigned here."""


class Handler(ABC):
    """What is run over the partitions of one topic: the delivery core of a flow, or a translator."""

    @abstractmethod
    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        """The partition is ours, its rows are recovered, and runs will begin at `position` (what was
        committed, or the earliest record). Called again for a partition that was taken away and came back."""

    @abstractmethod
    async def revoked(self, at: TopicPartition) -> None:
        """The partition is about to be another's (or is already): forget it. On return nothing that it asked for is
        under way here any more, as far as that can be had in reasonable time."""

    @abstractmethod
    async def apply(self, run: Run) -> None:
        """Applies one run of an assigned partition; runs of one partition come one at a time. Never raises
        for what a record holds. NotOurs is let out: the run is dropped. LogUnavailable is let out: the host stops
        and says so."""


class Subscription(NamedTuple):
    """A handler and the topic it reads; `rows` is its changelog topic, or None when it keeps no rows."""

    name: str
    topic: str
    handler: Handler
    rows: str | None = None


class Host(ABC):
    """Runs subscriptions as Faust agents: membership, assignment, recovery of rows, delivery in runs."""

    @abstractmethod
    async def start(self) -> None:
        """Returns when every partition assigned here is recovered and being read."""

    @abstractmethod
    async def stop(self) -> None:
        """Finishes the runs under way, commits what was applied, leaves the group."""

    @abstractmethod
    async def failed(self) -> Exception:
        """Waits until the host cannot go on (log unavailable, crashed) and returns why."""
