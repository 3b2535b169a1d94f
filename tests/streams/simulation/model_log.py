"""A model of a log that crashes between any two steps.

Two ways of writing a checkpoint, as the two logs have them: `atomic` (embedded: all or nothing at commit) and
stepwise (Kafka: every record is there by itself, the position is committed some time later, or never).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from streams.log.base import (
    Checkpoint,
    Draft,
    Guard,
    LogUnavailable,
    LogWriter,
    Record,
    Rows,
    Run,
    TopicPartition,
)

PARTITIONS = 2


class Crash(BaseException):
    """The process is gone: no `except Exception` may stop it."""


class Fate:
    """Decides, seeded, where the process dies and where the log refuses."""

    def __init__(self, seed: int, crash: float, refuse: float) -> None:
        self.random = random.Random(seed)
        self.crash = crash
        self.refuse = refuse
        self.crashes = 0
        self.refusals = 0

    def step(self) -> None:
        """Called between any two steps."""
        if self.random.random() < self.crash:
            self.crashes += 1
            raise Crash

    def write(self) -> None:
        """Called before a write: the process may die, or the log may refuse it."""
        self.step()
        if self.random.random() < self.refuse:
            self.refusals += 1
            raise LogUnavailable("the model log is full")


class ModelLog(LogWriter):
    """Durable: what is in here survives a crash of the process."""

    def __init__(self, fate: Fate, atomic: bool) -> None:
        self.fate = fate
        self.atomic = atomic
        self.partitions: dict[TopicPartition, list[Record]] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.now = 1_700_000_000_000

    def tick(self, most: int = 20) -> int:
        """Time goes on."""
        self.now += self.fate.random.randint(1, most)
        return self.now

    def place(self, draft: Draft) -> TopicPartition:
        """The partition of a draft."""
        number = draft.partition
        if number is None:
            number = sum(draft.key or b"") % PARTITIONS
        return TopicPartition(draft.topic, number)

    def put(self, draft: Draft) -> tuple[TopicPartition, int]:
        """Makes one record durable."""
        at = self.place(draft)
        records = self.partitions.setdefault(at, [])
        stamp = draft.timestamp if draft.timestamp is not None else self.tick(3)
        records.append(Record(len(records), stamp, draft.key, draft.value, draft.headers))
        return at, len(records) - 1

    async def append(self, drafts: Sequence[Draft]) -> list[tuple[TopicPartition, int]]:
        self.fate.write()
        if self.atomic:
            return [self.put(draft) for draft in drafts]
        places = []
        for draft in drafts:
            places.append(self.put(draft))
            self.fate.step()
        return places

    def all(self, topic: str) -> list[Record]:
        """Every record of a topic."""
        return [
            record
            for at, records in sorted(self.partitions.items())
            if at.topic == topic
            for record in records
        ]

    def run(self, at: TopicPartition, begin: int) -> Run:
        """Some of what there is from `begin` on."""
        records = self.partitions.get(at, [])[begin:]
        count = self.fate.random.randint(1, max(1, len(records)))
        return Run(at, begin, min(begin + count, begin + len(records)), records[:count])


class ModelRows(Rows):
    """Rows as recovered from a changelog."""

    def __init__(self, log: ModelLog, topic: str) -> None:
        self._rows: dict[bytes, bytes] = {}
        self._log = log
        self._topic = topic
        for record in log.all(topic):
            self.put(record.key or b"", record.value)

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = value

    def items(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        return [
            (key, value)
            for key, value in self._rows.items()
            if self._log.place(Draft(self._topic, key, None)).partition == partition
        ]

    def __len__(self) -> int:
        return len(self._rows)


class ModelCheckpoint(Checkpoint):
    """See the module's words."""

    def __init__(self, guard: ModelGuard, at: TopicPartition, end: int) -> None:
        self._guard = guard
        self._at = at
        self._end = end
        self._staged: list[Draft] = []

    async def send(self, drafts: Sequence[Draft]) -> None:
        await self._write(drafts)

    async def write_rows(self, drafts: Sequence[Draft]) -> None:
        await self._write(drafts)

    async def _write(self, drafts: Sequence[Draft]) -> None:
        log = self._guard.log
        if log.atomic:
            self._staged.extend(drafts)
            log.fate.step()
        elif drafts:
            await log.append(drafts)

    async def commit(self) -> None:
        log = self._guard.log
        if log.atomic:
            log.fate.write()
            for draft in self._staged:
                log.put(draft)
            log.committed[self._at] = self._end
            log.fate.step()
            return
        log.fate.step()
        self._guard.applied[self._at] = self._end  # committed later, perhaps


class ModelGuard(Guard):
    """What one life of the process asks of its consumer."""

    def __init__(self, log: ModelLog) -> None:
        self.log = log
        self.applied: dict[TopicPartition, int] = {}
        self.read_from: dict[TopicPartition, int] = {}

    async def rewind(self, at: TopicPartition, position: int) -> None:
        self.read_from[at] = position

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        return ModelCheckpoint(self, at, end)

    def commit_some(self) -> None:
        """Kafka's way: positions are committed now and then."""
        for at, end in self.applied.items():
            if self.log.fate.random.random() < 0.5:
                self.log.committed[at] = end
