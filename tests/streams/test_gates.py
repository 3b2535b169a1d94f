"""Which connections are stopped, as every worker knows it from the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from streams.codec import RowCodec, key_of
from streams.flow import Row
from streams.gates import TOPIC, Gates
from streams.guards.state import Guarded, Stop
from streams.log.base import Draft, LogReader, LogUnavailable, Record, Run, TopicPartition
from streams.log.embedded import EmbeddedLog
from streams.log.rows import stamped
from streams.topics import TOPICS
from tests.streams.fakes import HandClock, Notebook, at_once

CODEC: RowCodec[Guarded] = RowCodec(Guarded)
STOP = Stop(kind="zero", at=HandClock().now, count=10)


def row(connection: str, stop: Stop | None) -> Draft:
    """The row as the changelog has it."""
    return Draft(TOPIC, key_of(connection, ""), CODEC.write(Row(state=Guarded(stop=stop), applied=1)))


class Noting(Notebook):
    """Also how many are stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.some = asyncio.Event()

    def stopped(self, connections: int) -> None:
        self.said.append(("stopped", connections))
        if connections:
            self.some.set()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[EmbeddedLog]:
    log = await EmbeddedLog.open(folder / "log.db", TOPICS, clock=HandClock(), sleep=asyncio.sleep)
    try:
        yield log
    finally:
        await log.close()


class Door:
    """Counts how often it was told to look, and waits for it."""

    def __init__(self) -> None:
        self.times = 0
        self._told = asyncio.Event()

    def __call__(self) -> None:
        self.times += 1
        self._told.set()

    async def until(self, times: int) -> None:
        async with asyncio.timeout(10):
            while self.times < times:
                self._told.clear()
                await self._told.wait()


async def test_what_is_not_known_is_shut(tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        notebook, door = Noting(), Door()
        gates = Gates(log, notebook, at_once)
        gates.opened = door
        assert gates.shut("shop")
        await gates.catch_up()
        assert not gates.shut("shop")
        assert door.times == 1


async def test_it_is_still_shut_after_a_restart_and_for_nobody_else(tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        await log.append([row(name, STOP) for name in ("one", "two", "three", "four")])
        await log.append([row("two", None), Draft(TOPIC, b"four", None)])
    async with opened(tmp_path) as log:
        notebook = Noting()
        gates = Gates(log, notebook, at_once)
        await gates.catch_up()
        shut = [name for name in ("one", "two", "three", "four", "five") if gates.shut(name)]
        assert shut == ["one", "three"]
        assert notebook.said == [("stopped", 2)]


async def test_it_shuts_and_opens_while_it_runs(tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        door, notebook = Door(), Noting()
        gates = Gates(log, notebook, at_once)
        gates.opened = door
        running = asyncio.create_task(gates.run())
        await door.until(1)
        await log.append([row("shop", STOP)])
        async with asyncio.timeout(10):
            await notebook.some.wait()
        assert gates.shut("shop")
        assert door.times == 1
        await log.append([row("shop", None)])
        await door.until(2)
        assert not gates.shut("shop")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Uncompacted(LogReader):
    """One partition of the guards' rows, every record of them: as a cluster has it until it compacts."""

    def __init__(self, *drafts: Draft) -> None:
        self.drafts = list(drafts)

    async def partitions(self, topic: str) -> int:
        return 1

    async def bounds(self, at: TopicPartition) -> tuple[int, int]:
        return 0, len(self.drafts)

    async def read(self, at: TopicPartition, offset: int, limit: int = 500) -> Run:
        found = [
            Record(place, 0, draft.key, draft.value, draft.headers)
            for place, draft in enumerate(self.drafts)
            if place >= offset
        ]
        return Run(at, offset, max(offset, len(self.drafts)), found)

    async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
        return 0

    async def changed(self, known: Mapping[TopicPartition, int], timeout: float) -> bool:
        return True


async def test_a_row_of_a_worker_that_was_stopped_for_long_does_not_open_it() -> None:
    log = Uncompacted(stamped(row("shop", STOP), 9), stamped(row("shop", None), 4))
    gates = Gates(log, Noting(), at_once)
    await gates.catch_up()
    assert gates.shut("shop"), "the higher stamp is right (streams/log/rows.py)"
    log.drafts.append(stamped(row("shop", None), 12))
    await gates.catch_up()
    assert not gates.shut("shop")


async def test_a_row_that_cannot_be_read_changes_nothing() -> None:
    log = Uncompacted(row("shop", STOP), Draft(TOPIC, b"shop", b'{"state": 7}'), Draft(TOPIC, b"\xff", b"{}"))
    gates = Gates(log, Noting(), at_once)
    await gates.catch_up()
    assert gates.shut("shop")


async def test_while_the_log_cannot_be_read_nothing_leaves(tmp_path: Path) -> None:
    async with opened(tmp_path) as log:
        notebook, door = Noting(), Door()
        gates = Gates(log, notebook, at_once)
        gates.opened = door
        changed = log.changed
        failed: list[bool] = []

        async def away(known: Mapping[TopicPartition, int], timeout: float) -> bool:
            if not failed:
                failed.append(True)
                raise LogUnavailable("the cluster is away")
            return await changed(known, timeout)

        log.changed = away  # type: ignore[method-assign]  # this log, this once
        seen: list[bool] = []
        gates._sleep = lambda _: _noting(seen, gates)  # what holds while it waits
        running = asyncio.create_task(gates.run())
        await door.until(2)
        assert seen == [True]
        assert not gates.shut("shop")
        said = [one[2] for one in notebook.said if one[0] == "stalled"]
        assert said[:2] == [None, "the cluster is away"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _noting(seen: list[bool], gates: Gates) -> None:
    seen.append(gates.shut("shop"))
