"""What every log has to do: the same tests for each, written against the seam (streams/log/base.py).

A driver's test module names them and supplies two fixtures:

    from tests.streams.log.contract import *  # noqa: F403

    @pytest.fixture
    async def wharf(...) -> AsyncIterator[Wharf]: ...

`wharf` has topics of PARTITIONS partitions: EVENTS and OTHER (kept by age) and ROWS (compacted). `reopen` ends
the process's hold of the log and takes it up again.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import pytest

from streams.log.base import (
    Draft,
    Guard,
    Handler,
    Host,
    LogReader,
    LogUnavailable,
    LogWriter,
    Record,
    Rows,
    Run,
    Subscription,
    TopicPartition,
    UnknownTopic,
)
from streams.log.partition import partition_of
from streams.topics import DAY, Topic

PARTITIONS = 3
EVENTS = "test.events"
OTHER = "test.other"
ROWS = "kassabrug-test-changelog"
TOPICS = (
    Topic(EVENTS, "inbox", "key", "events", retention=7 * DAY),
    Topic(OTHER, "inbox", "key", "what follows", retention=7 * DAY),
    Topic(ROWS, "rows", "key", "rows", compacted=True, retention=None),
)
PATIENCE = 10.0
"""Seconds: what has not come by then does not come."""


class Wharf(ABC):
    """A log as a driver's tests open it."""

    writer: LogWriter
    reader: LogReader

    @abstractmethod
    def host(self, subscriptions: Sequence[Subscription]) -> Host:
        """A new host on it; the test starts and stops it."""

    @abstractmethod
    async def reopen(self) -> None:
        """Closes the log and opens it again."""


def counted(row: bytes) -> tuple[int, int]:
    """A row of Tally's: the count, and the offset up to which it holds (0 where it was written without)."""
    count, _, applied = row.partition(b"@")
    return int(count), int(applied or b"0")


class Tally(Handler):
    """Counts events per key in rows, as the delivery core does it: no gap, one checkpoint a run, stamped rows."""

    def __init__(self) -> None:
        self.position: dict[TopicPartition, int] = {}
        self.runs: list[Run] = []
        self.applied = 0
        self.fail_with: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.rewind_once: set[TopicPartition] = set()
        self.at_work: set[TopicPartition] = set()
        self.revocations: list[TopicPartition] = []
        self.let_go: asyncio.Event | None = None
        """Letting a partition go waits for it, as for calls under way."""
        self._changed = asyncio.Condition()
        self.rows: Rows
        self.guard: Guard

    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        self.position[at] = position
        self.rows, self.guard = rows, guard

    async def revoked(self, at: TopicPartition) -> None:
        del self.position[at]
        self.revocations.append(at)
        if self.let_go is not None:
            await self.let_go.wait()

    async def apply(self, run: Run) -> None:
        assert run.at not in self.at_work, "two runs of one partition at a time"
        self.at_work.add(run.at)
        async with self._changed:
            self._changed.notify_all()
        try:
            await self._apply(run)
        finally:
            self.at_work.discard(run.at)
            async with self._changed:
                self._changed.notify_all()

    async def _apply(self, run: Run) -> None:
        self.runs.append(run)
        if self.hold is not None:
            await self.hold.wait()
        if self.fail_with is not None:
            raise self.fail_with
        position = self.position.get(run.at)
        if position is None:
            return  # let go while the run waited for its turn, as the delivery core has it
        if run.at in self.rewind_once:
            self.rewind_once.discard(run.at)
            await self.guard.rewind(run.at, position)
            return
        if run.end <= position:
            return
        assert run.begin <= position, f"a gap: {run.begin} where {position} is next"
        records = [one for one in run.records if one.offset >= position]
        rows: dict[bytes, bytes] = {}
        for one in records:
            assert one.key is not None
            count, applied = counted(rows.get(one.key) or self.rows.get(one.key) or b"0")
            if (
                one.offset >= applied
            ):  # else it is in this row already: its position was not committed any more
                rows[one.key] = b"%d@%d" % (count + 1, one.offset + 1)
        checkpoint = self.guard.checkpoint(run.at, run.end)
        await checkpoint.send([Draft(OTHER, one.key, one.value) for one in records])
        await checkpoint.write_rows(
            [Draft(ROWS, key, value, partition=run.at.partition) for key, value in rows.items()]
        )
        await checkpoint.commit()
        for key, value in rows.items():
            self.rows.put(key, value)
        self.position[run.at] = run.end
        self.applied += len(records)

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(so)

    async def until_applied(self, count: int) -> None:
        await self.until(lambda: self.applied >= count)

    def counts(self) -> dict[bytes, int]:
        return {
            key: counted(value)[0] for number in range(PARTITIONS) for key, value in self.rows.items(number)
        }


def tally_on(wharf: Wharf, tally: Tally) -> Host:
    return wharf.host([Subscription("tally", EVENTS, tally, ROWS)])


def events(count: int, keys: int = 7) -> list[Draft]:
    return [Draft(EVENTS, b"shop/%d" % (number % keys), b"%d" % number) for number in range(count)]


async def everything(reader: LogReader, topic: str) -> list[tuple[int, Record]]:
    """All records of a topic with their partition, partition by partition."""
    found: list[tuple[int, Record]] = []
    for number in range(await reader.partitions(topic)):
        at = TopicPartition(topic, number)
        position, end = await reader.bounds(at)
        while position < end:
            run = await reader.read(at, position, 50)
            found.extend((number, one) for one in run.records)
            assert run.end > position
            position = run.end
    return found


# -- writing and reading


async def test_what_is_appended_is_read_as_it_was(wharf: Wharf) -> None:
    headers = (("trace", b"abc"), ("raw", bytes(range(256))), ("trace", b"twice"))
    drafts = [
        Draft(EVENTS, b"a", b"1", headers, 1_700_000_000_000, 1),
        Draft(EVENTS, b"a", b"", (), 1_700_000_000_001, 1),
        Draft(EVENTS, None, b"\x00\xff", (), 1_700_000_000_002, 1),
    ]
    at = TopicPartition(EVENTS, 1)
    placed = await wharf.writer.append(drafts)
    assert placed == [(at, 0), (at, 1), (at, 2)]
    run = await wharf.reader.read(at, 0)
    assert (run.at, run.begin, run.end) == (at, 0, 3)
    assert list(run.records) == [
        Record(offset, draft.timestamp or 0, draft.key, draft.value, draft.headers)
        for offset, draft in enumerate(drafts)
    ]


async def test_a_key_has_its_partition_and_keeps_its_order(wharf: Wharf) -> None:
    drafts = events(60)
    placed = await wharf.writer.append(drafts)
    for draft, (at, _) in zip(drafts, placed, strict=True):
        assert draft.key is not None
        assert at == TopicPartition(EVENTS, partition_of(draft.key, PARTITIONS))
    for number in range(PARTITIONS):
        run = await wharf.reader.read(TopicPartition(EVENTS, number), 0)
        values = [int(one.value or b"") for one in run.records]
        assert values == sorted(values)
    assert len(await everything(wharf.reader, EVENTS)) == 60


async def test_an_empty_partition_has_an_empty_run(wharf: Wharf) -> None:
    at = TopicPartition(OTHER, 2)
    assert await wharf.reader.bounds(at) == (0, 0)
    run = await wharf.reader.read(at, 0)
    assert (run.at, run.begin, run.end, list(run.records)) == (at, 0, 0, [])
    assert await wharf.reader.offset_at(at, 0) == 0


async def test_a_read_takes_no_more_than_its_limit(wharf: Wharf) -> None:
    at = TopicPartition(EVENTS, 0)
    await wharf.writer.append([Draft(EVENTS, b"k", b"%d" % n, partition=0) for n in range(10)])
    run = await wharf.reader.read(at, 4, 3)
    assert (run.begin, run.end, [one.offset for one in run.records]) == (4, 7, [4, 5, 6])
    run = await wharf.reader.read(at, 10, 3)
    assert (run.begin, run.end, list(run.records)) == (10, 10, [])


async def test_a_record_without_a_time_gets_the_logs(wharf: Wharf) -> None:
    await wharf.writer.append([Draft(EVENTS, b"k", b"1", partition=0)])
    run = await wharf.reader.read(TopicPartition(EVENTS, 0), 0)
    assert run.records[0].timestamp > 1_500_000_000_000


async def test_a_moment_finds_its_offset(wharf: Wharf) -> None:
    at = TopicPartition(EVENTS, 0)
    times = [1_700_000_000_000 + n * 10 for n in (0, 1, 5, 3, 9)]
    await wharf.writer.append([Draft(EVENTS, b"k", b"v", (), time, 0) for time in times])
    found = [await wharf.reader.offset_at(at, 1_700_000_000_000 + n * 10) for n in (0, 1, 2, 5, 6, 10)]
    assert found == [0, 1, 2, 2, 4, 5]


async def test_what_is_not_there_is_refused(wharf: Wharf) -> None:
    with pytest.raises(UnknownTopic, match=r"no\.such"):
        await wharf.writer.append([Draft(EVENTS, b"a", b"1"), Draft("no.such", b"a", b"1")])
    with pytest.raises(UnknownTopic):
        await wharf.writer.append([Draft(EVENTS, b"a", b"1", partition=PARTITIONS)])
    with pytest.raises(UnknownTopic):
        await wharf.reader.partitions("no.such")
    with pytest.raises(UnknownTopic):
        await wharf.reader.read(TopicPartition(EVENTS, PARTITIONS), 0)
    with pytest.raises(UnknownTopic):
        await wharf.reader.bounds(TopicPartition("no.such", 0))


async def test_a_reader_is_woken_by_news(wharf: Wharf) -> None:
    at = TopicPartition(EVENTS, 0)
    assert await wharf.reader.changed({at: 0}, 0.01) is False
    waiting = asyncio.ensure_future(wharf.reader.changed({at: 0}, PATIENCE))
    await asyncio.sleep(0)
    await wharf.writer.append([Draft(EVENTS, b"k", b"1", partition=0)])
    assert await waiting is True
    assert await wharf.reader.changed({at: 0}, PATIENCE) is True
    assert await wharf.reader.changed({at: 1}, 0.01) is False


async def test_two_who_wait_for_other_partitions_do_not_get_in_each_others_way(wharf: Wharf) -> None:
    """Regression: on Kafka the second one to wait made the first one deaf for as long as it waited."""
    first, second = TopicPartition(EVENTS, 0), TopicPartition(EVENTS, 1)
    waiting = [
        asyncio.ensure_future(wharf.reader.changed({at: 0}, PATIENCE)) for at in (first, second, second)
    ]
    for one in waiting:  # each has asked
        assert await asyncio.wait([one], timeout=0.05)
    await wharf.writer.append([Draft(EVENTS, b"k", b"1", partition=0)])
    assert await waiting[0] is True
    assert not waiting[1].done()
    await wharf.writer.append([Draft(EVENTS, b"k", b"1", partition=1)])
    assert await asyncio.gather(*waiting) == [True, True, True]


async def test_everything_is_still_there_after_reopening(wharf: Wharf) -> None:
    await wharf.writer.append(events(500))
    before = await everything(wharf.reader, EVENTS)
    await wharf.reopen()
    assert await everything(wharf.reader, EVENTS) == before
    placed = await wharf.writer.append([Draft(EVENTS, b"k", b"next", partition=0)])
    assert placed[0][1] == sum(number == 0 for number, _ in before)


# -- hosts


async def test_a_host_applies_everything_once_and_commits_it(wharf: Wharf) -> None:
    tally = Tally()
    host = tally_on(wharf, tally)
    await wharf.writer.append(events(100))
    await host.start()
    await tally.until_applied(100)
    await wharf.writer.append(events(40))
    await tally.until_applied(140)
    await host.stop()
    assert tally.applied == 140
    assert sorted(tally.revocations) == [TopicPartition(EVENTS, number) for number in range(PARTITIONS)]
    assert len(await everything(wharf.reader, OTHER)) == 140

    again = Tally()
    host = tally_on(wharf, again)
    await host.start()
    assert again.counts() == tally.counts()
    assert sum(again.counts().values()) == 140
    await wharf.writer.append(events(7))
    await again.until_applied(7)
    await host.stop()
    assert again.applied == 7
    assert sum(again.counts().values()) == 147


async def test_rows_that_were_deleted_stay_away(wharf: Wharf) -> None:
    at = partition_of(b"shop/1", PARTITIONS)
    await wharf.writer.append([Draft(ROWS, b"shop/1", b"5"), Draft(ROWS, b"shop/2", b"6")])
    await wharf.writer.append([Draft(ROWS, b"shop/1", None), Draft(ROWS, b"shop/2", b"7")])
    tally = Tally()
    host = tally_on(wharf, tally)
    await host.start()
    assert tally.counts() == {b"shop/2": 7}
    assert tally.rows.get(b"shop/1") is None
    assert tally.rows.get(b"shop/2") == b"7"
    assert len(tally.rows) == 1
    assert dict(tally.rows.items(at)).get(b"shop/1") is None
    await host.stop()


async def test_a_rewound_partition_is_delivered_again(wharf: Wharf) -> None:
    tally = Tally()
    tally.rewind_once = {TopicPartition(EVENTS, number) for number in range(PARTITIONS)}
    host = tally_on(wharf, tally)
    await wharf.writer.append(
        [Draft(EVENTS, b"k%d" % n, b"1", partition=partition_of(b"k%d" % n, PARTITIONS)) for n in range(60)]
    )
    await host.start()
    await tally.until_applied(60)
    await host.stop()
    assert not tally.rewind_once
    assert sum(tally.counts().values()) == 60


async def test_what_a_rewind_lets_pass_comes_back(wharf: Wharf) -> None:
    """The position counts, not what was delivered: from there on everything is there again."""
    tally = Tally()
    host = tally_on(wharf, tally)
    await wharf.writer.append([Draft(EVENTS, b"k", b"%d" % n, partition=0) for n in range(30)])
    await host.start()
    await tally.until_applied(30)
    at = TopicPartition(EVENTS, 0)
    tally.runs.clear()
    await tally.guard.rewind(at, 10)
    await tally.until(lambda: bool(tally.runs))
    await host.stop()
    assert (tally.runs[0].begin, tally.runs[0].end) == (10, 30)
    assert tally.applied == 30


async def test_partitions_do_not_wait_for_each_other(wharf: Wharf) -> None:
    tally = Tally()
    tally.hold = asyncio.Event()
    host = tally_on(wharf, tally)
    await wharf.writer.append([Draft(EVENTS, b"k", b"1", partition=n) for n in range(PARTITIONS)])
    await host.start()
    await tally.until(lambda: len(tally.at_work) == PARTITIONS)
    tally.hold.set()
    await tally.until_applied(PARTITIONS)
    await host.stop()


async def test_a_stop_lets_the_run_under_way_end(wharf: Wharf) -> None:
    tally = Tally()
    tally.hold = asyncio.Event()
    host = tally_on(wharf, tally)
    await host.start()
    await wharf.writer.append([Draft(EVENTS, b"k", b"1", partition=0)])
    await tally.until(lambda: bool(tally.at_work))
    stopping = asyncio.ensure_future(host.stop())
    await wharf.writer.append([Draft(EVENTS, b"k", b"2", partition=1)])
    assert not stopping.done()
    tally.hold.set()
    await stopping
    assert tally.applied == 1
    again = Tally()
    host = tally_on(wharf, again)
    await host.start()
    await again.until_applied(1)
    await host.stop()
    assert [one.value for run in again.runs for one in run.records] == [b"2"]


async def test_a_host_fails_with_what_a_handler_lets_out(wharf: Wharf) -> None:
    tally = Tally()
    tally.fail_with = LogUnavailable("the log is away")
    host = tally_on(wharf, tally)
    await host.start()
    await wharf.writer.append(events(10))
    async with asyncio.timeout(PATIENCE):
        assert await host.failed() is tally.fail_with
    await wharf.writer.append(events(10))
    seen = len(tally.runs)
    await host.stop()
    assert len(tally.runs) == seen
    assert seen <= PARTITIONS

    again = Tally()
    host = tally_on(wharf, again)
    await host.start()
    await again.until_applied(20)
    await host.stop()


async def test_several_subscriptions_live_in_one_host(wharf: Wharf) -> None:
    first, second = Tally(), Follower()
    host = wharf.host([Subscription("first", EVENTS, first, ROWS), Subscription("second", OTHER, second)])
    await host.start()
    await wharf.writer.append(events(50))
    await first.until_applied(50)
    await second.until(50)
    await host.stop()
    assert sorted(int(value) for value in second.values) == list(range(50))


class Follower(Handler):
    """Reads only, without rows."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self._changed = asyncio.Condition()
        self._guard: Guard

    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        assert len(rows) == 0
        self._guard = guard

    async def revoked(self, at: TopicPartition) -> None:
        """Nothing is kept."""

    async def apply(self, run: Run) -> None:
        await self._guard.checkpoint(run.at, run.end).commit()
        self.values.extend(one.value or b"" for one in run.records)
        async with self._changed:
            self._changed.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: len(self.values) >= count)


async def test_a_write_of_many_batches_keeps_its_order(wharf: Wharf) -> None:
    big = b"x" * 100_000
    drafts = [Draft(EVENTS, b"k", b"%d:" % number + big, partition=0) for number in range(40)]
    placed = await wharf.writer.append(drafts)
    assert [offset for _, offset in placed] == list(range(40))
    found = await everything(wharf.reader, EVENTS)
    assert [int((one.value or b"").split(b":")[0]) for _, one in found] == list(range(40))


async def test_many_writers_at_once_each_get_their_own_places(wharf: Wharf) -> None:
    async def write(number: int) -> tuple[int, int]:
        ((_, offset),) = await wharf.writer.append([Draft(EVENTS, b"k", b"%d" % number, partition=0)])
        return number, offset

    told = await asyncio.gather(*(write(number) for number in range(100)))
    run = await wharf.reader.read(TopicPartition(EVENTS, 0), 0)
    assert {one.offset: int(one.value or b"") for one in run.records} == {
        offset: number for number, offset in told
    }
