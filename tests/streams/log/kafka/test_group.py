"""Several workers in one group: who works on what, when one comes, goes, dies, or wakes up too late."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition as KafkaPartition

from streams.log.base import Draft, LogUnavailable, NotOurs, Run, Subscription, TopicPartition
from streams.log.host import FaustHost
from streams.log.kafka import KafkaAccess, KafkaLog, transport
from streams.log.partition import partition_of
from streams.log.rows import STAMP
from tests.streams.log.contract import (
    EVENTS,
    OTHER,
    PARTITIONS,
    PATIENCE,
    ROWS,
    Tally,
    counted,
    events,
    everything,
)
from tests.streams.log.kafka.conftest import Opener

ALL = [TopicPartition(EVENTS, number) for number in range(PARTITIONS)]
SESSION = 6.0
"""Seconds; a broker takes no less."""
TAKEN_OVER = 10.0
"""Seconds within which a dead worker's partitions have to run elsewhere."""


class Worker:
    """A process of its own, as far as the group can tell."""

    def __init__(self, log: KafkaLog, group: str) -> None:
        self.log = log
        self.tally = Tally()
        self.host = FaustHost(log, [Subscription("tally", EVENTS, self.tally, ROWS)], group=group)

    @property
    def parts(self) -> set[TopicPartition]:
        return set(self.tally.position)

    @property
    def membership(self):  # type: ignore[no-untyped-def]
        return self.host._app.consumer._membership

    def fall_silent(self) -> None:
        """No more heartbeats, without a word: as SIGSTOP, or a cut cable, would have it."""

        async def never(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        self.membership._ask = never


Hire = Callable[..., Awaitable[Worker]]


@pytest.fixture
async def hire(opener: Opener, group: str) -> AsyncIterator[Hire]:
    workers: list[Worker] = []

    async def hired(**options: object) -> Worker:
        one = Worker(await opener(**{"session_timeout": SESSION, **options}), group)
        workers.append(one)
        await one.host.start()
        return one

    yield hired
    for one in workers:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                await one.host.stop()


async def until(so: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Looks again and again: several workers have no common event."""

    async def look() -> bool:
        return so()

    await until_seen(look, seconds)


async def until_seen(so: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    """The same, of what has to be asked for."""
    async with asyncio.timeout(seconds):
        while not await so():  # noqa: ASYNC110 - a broker sets no event of ours
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def admin(access: KafkaAccess) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(**access.options())
    await client.start()
    try:
        yield client
    finally:
        await client.close()


def shared(*workers: Worker) -> bool:
    held = [at for one in workers for at in one.parts]
    return sorted(held) == ALL


async def test_two_workers_share_and_the_first_keeps_working_on_what_it_keeps(hire: Hire) -> None:
    first = await hire()
    await until(lambda: len(first.parts) == PARTITIONS)
    kept_before = dict(first.tally.position)
    second = await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    assert 1 <= len(second.parts) <= 2
    assert first.tally.revocations == sorted(second.parts), "what it keeps was never taken away"
    assert set(first.tally.position) == set(kept_before) - second.parts
    await first.log.append(events(60, 40))
    await until(lambda: first.tally.applied + second.tally.applied == 60)
    assert first.tally.applied > 0
    assert second.tally.applied > 0


async def test_a_worker_that_leaves_hands_over_at_once_and_nothing_is_applied_twice(hire: Hire) -> None:
    first, second = await hire(), await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    await first.log.append(events(60, 40))
    await until(lambda: first.tally.applied + second.tally.applied == 60)
    began = asyncio.get_running_loop().time()
    await second.host.stop()
    await until(lambda: len(first.parts) == PARTITIONS)
    assert asyncio.get_running_loop().time() - began < SESSION / 2, "nobody waited for the session to end"
    await first.log.append(events(60, 40))
    await until(lambda: first.tally.applied + second.tally.applied == 120)
    assert sum(first.tally.counts().values()) == 120


async def test_a_dead_workers_partitions_run_elsewhere_within_ten_seconds(hire: Hire) -> None:
    first, second = await hire(), await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    second.fall_silent()
    second.tally.hold = asyncio.Event()
    await until(lambda: len(first.parts) == PARTITIONS, TAKEN_OVER)
    await first.log.append(events(60, 40))
    await until(lambda: first.tally.applied == 60)
    assert sum(first.tally.counts().values()) == 60


async def test_a_worker_that_wakes_up_too_late_writes_nothing(hire: Hire) -> None:
    """It holds a run when the group gives its partitions away; then it goes on as if nothing had happened."""
    first, second = await hire(), await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    second.tally.hold = asyncio.Event()
    await first.log.append(events(60, 40))
    await until(lambda: bool(second.tally.at_work))
    second.fall_silent()
    await until(lambda: first.tally.applied == 60, TAKEN_OVER)
    assert not second.host.grant(next(iter(second.parts)))()
    second.tally.hold.set()
    async with asyncio.timeout(PATIENCE):
        assert isinstance(await second.host.failed(), LogUnavailable), "its lease has run out"
    assert second.tally.applied == 0
    assert sum(first.tally.counts().values()) == 60
    assert len(await everything(first.log, OTHER)) == 60


async def test_a_checkpoint_of_a_partition_that_was_taken_away_is_refused(hire: Hire) -> None:
    first = await hire()
    await until(lambda: len(first.parts) == PARTITIONS)
    stale = {at: first.tally.guard.checkpoint(at, 1) for at in ALL}
    second = await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    for at in second.parts:
        with pytest.raises(NotOurs, match="taken away"):
            await stale[at].send([])
        with pytest.raises(NotOurs):
            await stale[at].write_rows([Draft(ROWS, b"k", b"1", partition=at.partition)])
        with pytest.raises(NotOurs):
            await stale[at].commit()
    for at in first.parts:
        await stale[at].send([])


async def test_a_late_row_of_another_worker_loses_and_ours_is_written_again(hire: Hire, group: str) -> None:
    """The one write that no lease can stop: its request had left when the worker fell silent."""
    first = await hire()
    await until(lambda: len(first.parts) == PARTITIONS)
    number = partition_of(b"shop/1", PARTITIONS)
    near = next(b"near/%d" % n for n in range(99) if partition_of(b"near/%d" % n, PARTITIONS) == number)
    await first.log.append([Draft(EVENTS, b"shop/1", b"x") for _ in range(5)])
    await until(lambda: first.tally.applied == 5)
    late = Draft(ROWS, b"shop/1", b"3", ((STAMP, b"3"),))
    await first.log.append([late])
    await first.log.append([Draft(EVENTS, near, b"x")])
    await until(lambda: first.tally.applied == 6)

    async def last() -> bytes | None:
        return [one for _, one in await everything(first.log, ROWS) if one.key == b"shop/1"][-1].value

    async def healed() -> bool:
        return counted(await last() or b"0")[0] == 5

    await until_seen(healed)
    await first.log.append([late])
    await first.host.stop()
    assert await last() == b"3"
    second = await hire()
    await until(lambda: len(second.parts) == PARTITIONS)
    assert second.tally.counts() == {b"shop/1": 5, near: 1}
    assert await healed(), "what is recovered is written again, before compaction takes it"


async def test_more_workers_than_partitions_wait_and_step_in(hire: Hire) -> None:
    workers = [await hire() for _ in range(PARTITIONS + 1)]
    await until(lambda: shared(*workers) and sum(not one.parts for one in workers) == 1)
    idle = next(one for one in workers if not one.parts)
    busy = next(one for one in workers if one.parts)
    await busy.host.stop()
    await until(lambda: bool(idle.parts))


async def test_a_named_worker_that_starts_again_takes_up_its_partitions_without_a_round(hire: Hire) -> None:
    first, second = await hire(instance="one"), await hire(instance="two")
    await until(lambda: bool(second.parts) and shared(first, second))
    had = second.parts
    generation = first.membership._generation
    await second.host.stop()
    again = await hire(instance="two")
    await until(lambda: again.parts == had)
    assert first.membership._generation == generation
    assert not set(first.tally.revocations) & first.parts


async def test_positions_are_committed_while_it_works(hire: Hire) -> None:
    first = await hire()
    await first.log.append(events(30, 20))
    await until(lambda: first.tally.applied == 30)
    ends = {at: (await first.log.bounds(at))[1] for at in ALL}

    async def committed() -> bool:
        found = await first.membership.committed(frozenset(ALL))
        return bool(found) and all(found.get(at, 0) == end for at, end in ends.items())

    await until_seen(committed)


async def test_runs_are_of_bounded_length(hire: Hire) -> None:
    first = await hire()
    await until(lambda: len(first.parts) == PARTITIONS)
    await first.log.append([Draft(EVENTS, b"k", b"x", partition=0) for _ in range(5_000)])
    await until(lambda: first.tally.applied == 5_000)
    runs: list[Run] = first.tally.runs
    assert max(len(one.records) for one in runs) <= 500
    assert [one.begin for one in runs] == [0, *[one.end for one in runs[:-1]]]


async def test_who_keeps_its_partitions_works_on_while_a_round_waits_for_a_dead_worker(hire: Hire) -> None:
    """The round lasts longer than the lease that was there when it began. It was seen to run out, and everybody stood
    still."""
    first, dead = await hire(), await hire(session_timeout=1.7 * SESSION)
    await until(lambda: bool(dead.parts) and shared(first, dead))
    kept = set(first.parts)
    dead.fall_silent()
    dead.tally.hold = asyncio.Event()
    began = asyncio.get_running_loop().time()
    joining = asyncio.ensure_future(hire())  # which begins the round
    uncertain = 0

    async def joined() -> bool:
        nonlocal uncertain
        uncertain += not all(first.host.grant(at)() for at in kept)
        return joining.done()

    await until_seen(joined, 3 * SESSION)
    assert asyncio.get_running_loop().time() - began > SESSION, "it did wait"
    assert uncertain == 0
    assert not set(first.tally.revocations[1:]) & kept


async def test_a_worker_that_lets_go_slowly_joins_every_round_and_keeps_the_rest(hire: Hire) -> None:
    """It waited for calls under way before it joined the next round. The group gave it up after the session timeout,
    while its heartbeats were still answered: two workers held the same partitions for seconds."""
    first = await hire()
    await until(lambda: len(first.parts) == PARTITIONS)
    first.tally.let_go = asyncio.Event()
    second = await hire()
    await until(lambda: bool(first.tally.revocations))
    moving, member = set(first.tally.revocations), first.membership._member
    kept = set(first.parts)
    third = asyncio.ensure_future(hire())
    loop = asyncio.get_running_loop()
    ends = loop.time() + 2.5 * SESSION
    while loop.time() < ends:
        assert not moving & second.parts, "what is being let go is nobody else's yet"
        assert all(first.host.grant(at)() for at in first.parts), "what it keeps is surely its own"
        await asyncio.sleep(0.1)
    assert first.membership._member == member, "the group has not given it up"
    assert third.done(), "nobody waits for it"
    assert first.parts <= kept
    first.tally.let_go.set()
    last = await third
    await until(lambda: shared(first, second, last) and bool(last.parts) and bool(second.parts))
    await first.log.append(events(60, 40))
    await until(lambda: first.tally.applied + second.tally.applied + last.tally.applied == 60)


async def test_a_worker_given_up_in_a_round_has_no_lease(hire: Hire) -> None:
    """It hears that a round has begun and never joins it: its heartbeats are answered while the round waits."""
    first, second = await hire(), await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    had = set(second.parts)

    async def never() -> None:
        await asyncio.Event().wait()

    second.membership._join = never
    third = await hire()
    await until(lambda: bool(had & (first.parts | third.parts)), 4 * SESSION)
    assert not any(second.host.grant(at)() for at in had), "somebody else has been given them"


async def test_what_is_let_go_while_a_round_waits_is_given_to_somebody_in_the_next(hire: Hire) -> None:
    """The wake-up for another round was lost with the end of the one under way, in which it was still claimed: nobody
    worked on it until the next worker came or went."""
    first, dead = await hire(), await hire(session_timeout=1.7 * SESSION)
    await until(lambda: bool(dead.parts) and shared(first, dead))
    first.tally.let_go = dead.tally.let_go = asyncio.Event()
    second = await hire()
    await until(lambda: bool(first.tally.revocations + dead.tally.revocations))
    slow = first if first.tally.revocations else dead
    other = dead if slow is first else first
    generation = slow.membership._generation
    other.fall_silent()
    other.tally.hold = asyncio.Event()
    joining = asyncio.ensure_future(hire())  # which begins a round that waits for the one that fell silent
    await asyncio.sleep(2.5)  # more than a heartbeat: its joining is on its way
    assert slow.membership._generation == generation, "the round is still on"
    first.tally.let_go.set()
    third = await joining
    await until(lambda: shared(slow, second, third), 4 * SESSION)


async def test_a_worker_that_leaves_stays_a_member_until_its_calls_have_ended(hire: Hire) -> None:
    """No heartbeat was sent meanwhile: after the session timeout the next owner made the same calls beside it."""
    first, second = await hire(), await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    had = set(second.parts)
    second.tally.let_go = asyncio.Event()
    leaving = asyncio.ensure_future(second.host.stop())
    await until(lambda: set(second.tally.revocations) == had)
    ends = asyncio.get_running_loop().time() + 1.7 * SESSION
    while asyncio.get_running_loop().time() < ends:
        assert not had & first.parts, "its calls are still under way"
        await asyncio.sleep(0.1)
    second.tally.let_go.set()
    await leaving
    await until(lambda: len(first.parts) == PARTITIONS, SESSION / 2)


async def test_a_name_that_another_worker_takes_ends_the_first_with_words(hire: Hire) -> None:
    """Both took each other's place for ever."""
    first = await hire(instance="one")
    await until(lambda: len(first.parts) == PARTITIONS)
    second = await hire(instance="one")
    async with asyncio.timeout(PATIENCE):
        reason = await first.host.failed()
    assert isinstance(reason, LogUnavailable)
    assert "under the name 'one'. Give each worker a name of its own" in str(reason)
    await until(lambda: len(second.parts) == PARTITIONS)


async def test_what_was_begun_before_a_partition_was_away_is_not_gone_on_with(hire: Hire) -> None:
    """A call that waited for its turn got its permission back with the partition; whoever had it meanwhile had made
    the same call."""
    first = await hire()
    await until(lambda: len(first.parts) == PARTITIONS)
    before = {at: first.host.grant(at) for at in ALL}
    second = await hire()
    await until(lambda: bool(second.parts) and shared(first, second))
    had = set(second.parts)
    assert [at for at in ALL if not before[at]()] == sorted(had)
    await second.host.stop()
    await until(lambda: len(first.parts) == PARTITIONS)
    assert all(first.host.grant(at)() for at in ALL)
    assert [at for at in ALL if not before[at]()] == sorted(had), "a grant ends with its partition's leaving"


async def test_retention_that_overtakes_a_worker_costs_what_it_deleted_and_no_standstill(
    hire: Hire, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the group has not been told yet what was applied: it was lost without a word then."""
    monkeypatch.setattr(transport, "COMMIT_EVERY", 600.0)
    first = await hire()
    await until(lambda: len(first.parts) == PARTITIONS)
    at = ALL[0]
    first.tally.hold = asyncio.Event()
    await first.log.append([Draft(EVENTS, b"a", b"x", partition=0)])
    await until(lambda: at in first.tally.at_work)
    for _ in range(8):  # more than is read ahead
        await first.log.append([Draft(EVENTS, b"a", bytes(1024), partition=0) for _ in range(500)])
    _, end = await first.log.bounds(at)
    async with admin(first.log.access) as client:
        await client.delete_records({KafkaPartition(*at): RecordsToDelete(before_offset=end - 10)})
    first.tally.hold.set()
    await until(lambda: first.tally.position.get(at) == end)
    first.tally.hold = None
    await first.log.append([Draft(EVENTS, b"a", b"x", partition=0), Draft(EVENTS, b"b", b"x", partition=1)])
    await until(lambda: first.tally.position.get(at) == end + 1)
    assert "before they were applied" in caplog.text
    assert first.tally.revocations == [at], "it was taken up anew once"


async def test_a_late_row_of_a_quiet_partition_is_found_too(
    hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was noticed with our next own row there, which may be later than compaction."""
    monkeypatch.setattr(transport, "LOOK_AGAIN", 1.0)
    first = await hire()
    await first.log.append([Draft(EVENTS, b"shop/1", b"x") for _ in range(5)])
    await until(lambda: first.tally.applied == 5)
    await first.host.stop()
    second = await hire()
    await until(lambda: len(second.parts) == PARTITIONS)
    await second.log.append([Draft(ROWS, b"shop/1", b"3", ((STAMP, b"3"),))])

    async def healed() -> bool:
        rows = [one for _, one in await everything(second.log, ROWS) if one.key == b"shop/1"]
        return counted(rows[-1].value or b"0")[0] == 5

    await until_seen(healed)
