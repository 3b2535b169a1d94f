"""Reads the log into the read model, for as long as the application runs.

Runs and the positions after them are one transaction, so a crash between any two steps loses nothing and
counts nothing twice. It belongs to no group: every console has a read model of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from app.readmodel.database import Database, ReadModelUnavailable
from app.readmodel.entries import READ, entries_of
from app.readmodel.pruning import SLICE, Keep, slices
from app.readmodel.writing import Applied, Moved, Stretch, forget, prepare, write
from streams.log.base import LogReader, LogUnavailable, Run, TopicPartition
from streams.vocabulary.time import Clock, seconds

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Records a transaction, of however many partitions."""
AT_ONCE_BYTES = 4 * 1024 * 1024
"""And bytes, beside what one partition gives: pages of a whole catalogue would fill the memory together."""
PACE = 0.25
"""Seconds in which what has changed gathers before it is read: a person sees no difference, and the agents, which
share the process, need not wait for the many small transactions that it would take otherwise (it halved the time
from a sale to the changed offer)."""
WAIT = 10.0
"""Seconds to wait for news before looking around (pruning, new partitions)."""
TIDY_EVERY = 60.0
"""Seconds between two rounds of pruning."""
SLICES_A_ROUND = 40
"""Pruning gives way to reading after so many slices of one kind."""
LONGEST_PAUSE = 30.0
"""Seconds between two tries when the log or the database cannot be used."""


class Standing(msgspec.Struct):
    """How the projection does, for the console's head and for readiness."""

    caught_up: bool = False
    """Everything in the log has been read at least once since the start."""
    stalled: str = ""
    """Why nothing is read at the moment; empty: all is well."""
    records: int = 0
    skipped: int = 0
    doubled: int = 0
    rebuilt: int = 0
    """How often the tables were emptied because the log was another one."""


class Projection:
    """Runs as one task; see `run`."""

    def __init__(
        self,
        database: Database,
        reader: LogReader,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        keep: Keep | None = None,
        on_applied: Callable[[Applied], None] | None = None,
    ) -> None:
        """`on_applied` is called on the event loop after each transaction; it must not block."""
        self.standing = Standing()
        self._database = database
        self._reader = reader
        self._clock = clock
        self._sleep = sleep
        self._keep = keep or Keep()
        self._on_applied = on_applied
        self._positions: dict[TopicPartition, int | None] | None = None
        self._tidied = clock()

    async def run(self) -> None:
        """Reads until cancelled. What cannot be used now is tried again, ever more slowly."""
        pause = 1.0
        while True:
            try:
                read = await self._round()
                self.standing.stalled = ""
                pause = 1.0
                if self._clock() - self._tidied >= seconds(TIDY_EVERY):
                    await self.tidy()
                elif not read:
                    await self._wait()
            except (LogUnavailable, ReadModelUnavailable) as error:
                if self.standing.stalled != str(error):
                    log.warning("the read model stands still: %s", error)
                self.standing.stalled = str(error)
                await self._sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)

    async def catch_up(self) -> None:
        """Reads all that is in the log now. Raises LogUnavailable and ReadModelUnavailable; calling it again
        goes on where it was."""
        while await self._round():
            pass

    async def tidy(self) -> int:
        """Prunes what is too old or too much, and looks for new partitions; returns how many rows went."""
        self._tidied = self._clock()
        gone = 0
        for cut in slices(self._keep, self._tidied):
            for _ in range(SLICES_A_ROUND):
                deleted = await self._database.write(cut)
                gone += deleted
                if deleted < SLICE:
                    break
        self._positions = None
        return gone

    async def _round(self) -> int:
        """One read of every partition; how many records that were (a stretch without any counts as one)."""
        try:
            if self._positions is None:
                self._positions = await self._start()
            progress = 0
            gathered: list[Stretch] = []
            records = size = 0
            for at, position in list(self._positions.items()):
                run = await self._reader.read(at, position or 0, AT_ONCE)
                if run.end <= (position or 0):
                    continue
                more, larger = len(run.records), _bytes(run)
                if records + more > AT_ONCE or size + larger > AT_ONCE_BYTES:
                    progress += await self._apply(gathered)
                    gathered, records, size = [], 0, 0
                gathered.append(Stretch(run, position))
                records, size = records + more, size + larger
            progress += await self._apply(gathered)
        except Moved:
            self._positions = None
            return 1
        except BaseException:
            self._positions = None  # what is durable is in the tables, not here
            raise
        if not progress:
            self.standing.caught_up = True
        return progress

    async def _apply(self, gathered: Sequence[Stretch]) -> int:
        """All of it in one transaction: most partitions have a few records, and a transaction has its price. Raises
        Moved: another process was here first."""
        if not gathered:
            return 0
        applied = await self._database.write(
            lambda connection: write(connection, gathered, entries_of(one.run for one in gathered))
        )
        assert self._positions is not None
        self._positions |= {one.run.at: one.run.end for one in gathered}
        self.standing.records += applied.records
        self.standing.skipped += applied.skipped
        self.standing.doubled += applied.doubled
        if self._on_applied is not None and (applied.areas or applied.skipped):
            self._on_applied(applied)
        return max(1, applied.records)

    async def _start(self) -> dict[TopicPartition, int | None]:
        """The partitions there are, each with the position in the tables."""
        known = await self._database.write(prepare)
        found: dict[TopicPartition, int | None] = {}
        for topic in READ:
            for number in range(await self._reader.partitions(topic)):
                at = TopicPartition(topic, number)
                found[at] = known.get(at)
                if at in known and known[at] > (await self._reader.bounds(at))[1]:
                    log.warning("%s ends before what was read of it: another log; reading all anew", at)
                    await self._database.write(forget)
                    self.standing.rebuilt += 1
                    return await self._start()
        return found

    async def _wait(self) -> None:
        known = {at: position or 0 for at, position in (self._positions or {}).items()}
        if await self._reader.changed(known, WAIT):
            await self._sleep(PACE)


def _bytes(run: Run) -> int:
    return sum(len(record.value or b"") for record in run.records)
