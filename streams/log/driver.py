"""What the host (host.py) asks of a log, beside reading and writing: a Faust transport of runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from streams.log.base import Checkpoint, LogReader, Run, TopicPartition


class RunBook:
    """Where each assigned partition stands: what was applied, what is read next, what is on its way.

    One run of a partition is on its way at a time. While it is applied the next one gathers in the log, so
    that runs grow with the load; and a run that Faust loses between consumer and agent (facts/faust.md,
    facts/engine.md: around a rebalance it does) is handed over again, because only `applied` counts.
    """

    def __init__(self) -> None:
        self._applied: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._under_way: set[TopicPartition] = set()
        self._held_back: set[TopicPartition] = set()
        self._halted = False
        self.wake: Callable[[], None] = lambda: None
        """Called when there may be something new to read; the consumer sets it."""

    def begin(self, at: TopicPartition, position: int) -> None:
        """The partition is assigned, and runs begin at this position."""
        self._applied[at] = self._next[at] = position
        self._under_way.discard(at)
        self._held_back.discard(at)
        self.wake()

    def end(self, at: TopicPartition) -> None:
        """The partition is no longer assigned."""
        self._applied.pop(at, None)
        self._next.pop(at, None)
        self._under_way.discard(at)
        self._held_back.discard(at)

    def hold_back(self, at: TopicPartition) -> None:
        """No more runs of it; what is on its way goes on. Until `end` or `begin`."""
        self._held_back.add(at)

    def next(self, at: TopicPartition) -> int | None:
        """From where to read this partition now; None while it has to wait or is not ours."""
        if self._halted or at in self._under_way or at in self._held_back:
            return None
        return self._next.get(at)

    def handed(self, run: Run) -> None:
        """This run is on its way to the agent."""
        self._under_way.add(run.at)
        self._next[run.at] = run.end

    def finished(self, at: TopicPartition) -> None:
        """The agent is done with the run that was on its way."""
        self._under_way.discard(at)
        self.wake()

    def applied(self, at: TopicPartition, end: int) -> None:
        """All up to `end` is applied and durable."""
        if at in self._applied:
            self._applied[at] = end

    def rewind(self, at: TopicPartition, position: int) -> None:
        """Read again from `position` on."""
        if at in self._next:
            self._next[at] = position
            self.wake()

    def dropped(self) -> None:
        """What was on its way may never arrive: read again from what was applied. Should it arrive after
        all, the handler skips what it has applied already."""
        for at in self._under_way:
            self._next[at] = self._applied[at]
        self._under_way.clear()
        self.wake()

    def halt(self) -> None:
        """No more runs; what is on its way goes on."""
        self._halted = True

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """What was applied, by partition: the only thing that is ever committed."""
        return self._applied


class Owner(Protocol):
    """Who takes up partitions and lets them go: the host. A consumer tells it, in a task of its own, never before
    Faust's own assignment is settled."""

    async def take_up(self, parts: Collection[TopicPartition]) -> None:
        """These are ours: recovers their rows and begins their runs. Called once at least, with nothing if there is
        nothing for us. Never raises: a failure ends the host."""

    async def let_go(self, parts: Collection[TopicPartition], lost: bool) -> None:
        """On return nothing of these is under way here any more. `lost`: somebody else may have them already, so
        nobody waits for what is under way."""

    async def foreign_rows(self, at: TopicPartition, begin: int, end: int) -> None:
        """Between these offsets of the partition's changelog lie records that are not ours, written while the partition
        was: those that are older than our rows are followed by ours again."""

    async def rows_end(self, at: TopicPartition) -> int:
        """Where the partition's changelog ends now; 0 where it has none. Raises LogUnavailable."""

    async def refuse(self, reason: Exception) -> None:
        """The consumer cannot go on: the host fails with this."""


class RunConsumer(Protocol):
    """The consumer of a driver's transport: one of Faust's, with these on top. Each message it delivers has
    a `Run` as its value. Faust is told at the start that every partition of the topics may come; which ones do is
    between the consumer and the `Owner`."""

    book: RunBook

    async def committed(self, at: TopicPartition) -> int:
        """Where this group goes on in the partition: what was committed, or the earliest record kept."""

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        """See Guard.checkpoint; on commit it also calls `book.applied`."""

    def recovered(self, at: TopicPartition, end: int) -> None:
        """The partition's changelog was read up to here."""

    def grant(self, at: TopicPartition) -> Callable[[], bool]:
        """Asked for now, answers later whether the partition is surely ours in that very moment, and was ours all the
        while: nobody else can have been given it in between."""

    async def leave(self) -> None:
        """Lets every partition go (through the owner), commits, and leaves the group."""


class Driver(ABC):
    """A log that FaustHost can run on."""

    @property
    @abstractmethod
    def reader(self) -> LogReader:
        """Reads this log without a group; rows are recovered through it."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Settings for faust.App that this log needs (broker addresses, timeouts)."""

    @abstractmethod
    def transport(self, app: Any, owner: Owner) -> Any:
        """A Faust transport over this log for this faust.App; its consumer is a RunConsumer that tells `owner`."""

    @abstractmethod
    async def failed(self) -> Exception:
        """Waits until the log itself cannot go on, and returns why."""
