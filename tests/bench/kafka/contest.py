"""One run of one contestant: started, given the beginnings, then the movements; timed, ended, and judged.

The time runs from the moment before the first movement is written to the inbox until the last output and row is durable
and the position may be committed. Start-up and the beginnings are outside of it and reported apart. A figure counts
only when everything that was left behind is exactly right; otherwise it is refused.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.topics import ACTIVITY, DEAD_LETTERS
from tests.bench.kafka.cluster import INBOX, Batches, Cluster, Reading
from tests.bench.kafka.contestants import Contestant, Place
from tests.bench.kafka.job import JOBS, Outcome
from tests.bench.kafka.worker import Failed, Team, Worker, busy_and_all, processor_seconds
from tests.bench.kafka.workload import Workload

START = 120.0
"""Seconds that starting may take."""
SLOWEST = 1_000.0
"""Events a second: slower than that, a run is given up."""
LOOK = 0.01
"""Seconds between two looks at the topics of a contestant that does not tell."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Prepared:
    """A workload as it is loaded, and what has to come out of it, by job."""

    workload: Workload
    beginnings: Batches
    movements: Batches
    outputs_before: dict[str, int]
    """Outputs of the beginnings."""
    outcomes: dict[str, Outcome]

    @property
    def ends(self) -> dict[int, int]:
        """The inbox's ends when everything is in it."""
        begun = self.beginnings.ends
        return {
            at: begun.get(at, 0) + self.movements.ends.get(at, 0) for at in range(self.workload.partitions)
        }


def prepare(workload: Workload, jobs: Sequence[str]) -> Prepared:
    """Takes a while: every decision is worked out once, here."""
    begun = list(workload.beginnings())
    moved = list(workload.events())
    return Prepared(
        workload,
        Batches(begun),
        Batches(moved),
        {job: JOBS[job].outcome(begun).outputs.count for job in jobs},
        {job: JOBS[job].outcome(itertools.chain(begun, moved)) for job in jobs},
    )


@dataclass(frozen=True)
class Figure:
    """One run that counts."""

    contestant: str
    job: str
    workers: int
    seconds: float
    events: int
    start_seconds: float
    """From the first process's start until every partition was being read."""
    worker_micros: float
    """Processor time of the workers, µs an event."""
    broker_micros: float
    others: float
    """How much of the machine's processors others used meanwhile, who have nothing to do with it: 0 to 1."""
    rows: int
    outputs: int

    @property
    def per_second(self) -> float:
        """Events a second."""
        return self.events / self.seconds


class Ring:
    """Where the runs take place: a cluster, and folders."""

    def __init__(self, cluster: Cluster, brokers: Sequence[int], folder: Path, peers: str) -> None:
        """`brokers`: their processes, for what they take."""
        self.cluster = cluster
        self.brokers = brokers
        self.folder = folder
        self.peers = peers

    async def open(
        self, contestant: Contestant, partitions: int, marks: Sequence[dict[int, int]], workers: int = 1
    ) -> tuple[Team, str, float]:
        """Fresh topics and workers that read every partition; the group, and how long the start took."""
        group = f"bench-{contestant.name}-{next(_numbers)}"
        await self.cluster.fresh(contestant.changelog(group), partitions)
        team = Team()
        began = time.monotonic()
        try:
            await self.staff(team, contestant, group, partitions, marks, workers)
        except BaseException:
            await team.end()
            raise
        return team, group, time.monotonic() - began

    async def staff(
        self,
        team: Team,
        contestant: Contestant,
        group: str,
        partitions: int,
        marks: Sequence[dict[int, int]],
        workers: int,
    ) -> None:
        """Starts workers and waits until they share the partitions evenly."""
        for number in range(workers):
            one = Worker(self.folder / group / str(number))
            place = Place(self.cluster.servers, group, partitions, one.folder, marks, self.peers)
            team.workers.append(one)
            await one.start(contestant.command(contestant.job, place), team.heard)
        share = partitions // workers
        await team.until(
            lambda: (
                all(one.assigned >= share for one in team.workers)
                and sum(one.assigned for one in team.workers) == partitions
            ),
            "every partition is being read",
            START,
        )

    async def run(self, contestant: Contestant, prepared: Prepared, workers: int = 1) -> Figure:
        """Raises Failed when it is not done, or not right."""
        workload, partitions = prepared.workload, prepared.workload.partitions
        marks = [prepared.beginnings.ends, prepared.ends]
        team, group, started = await self.open(contestant, partitions, marks, workers)
        try:
            await self.cluster.load(prepared.beginnings)
            begun = prepared.outputs_before[contestant.job]
            await self.done(contestant, team, group, prepared.beginnings.count, begun, partitions)
            pids = [one.pid for one in team.workers]
            before = processor_seconds(pids), processor_seconds(self.brokers), busy_and_all()
            ours = time.process_time()
            began = time.monotonic()
            await self.cluster.load(prepared.movements)
            wanted = prepared.outcomes[contestant.job]
            count = prepared.beginnings.count + prepared.movements.count
            last = await self.done(contestant, team, group, count, wanted.outputs.count, partitions)
            used = processor_seconds(pids) - before[0]
            used_by_brokers = processor_seconds(self.brokers) - before[1]
            ours = time.process_time() - ours
            busy, there = (now - then for now, then in zip(busy_and_all(), before[2], strict=True))
        finally:
            await team.end()
        await self.judge(contestant, group, wanted, prepared.ends)
        shutil.rmtree(self.folder / group, ignore_errors=True)
        return Figure(
            contestant.name,
            contestant.job,
            workers,
            last - began,
            workload.movements,
            started,
            used / workload.movements * 1e6,
            used_by_brokers / workload.movements * 1e6,
            max(0.0, (busy - used - used_by_brokers - ours) / max(there, 1e-9)),
            wanted.rows.count,
            wanted.outputs.count,
        )

    async def done(
        self, contestant: Contestant, team: Team, group: str, events: int, outputs: int, partitions: int
    ) -> float:
        """Until so many events are applied, their outputs too, and all of it durable; the moment at which it was."""
        patience = START + events / SLOWEST
        if contestant.tells:
            await team.until(lambda: team.applied >= events, f"{events} events are applied", patience)
            return team.last
        until = time.monotonic() + patience
        async with Reading(self.cluster.servers) as reader:
            while True:
                moment = time.monotonic()
                there = sum((await reader.ends(ACTIVITY.name, partitions)).values())
                rows = sum((await reader.ends(contestant.changelog(group), partitions)).values())
                if there >= outputs and rows >= events:  # one row an event
                    return moment
                if moment > until or not all(one.running for one in team.workers):
                    words = "\n".join(one.last_words() for one in team.workers)
                    raise Failed(f"{there} of {outputs} outputs, {rows} of {events} rows\n{words}")
                await asyncio.sleep(LOOK)

    async def judge(
        self, contestant: Contestant, group: str, wanted: Outcome, ends: Mapping[int, int]
    ) -> None:
        """What was left behind. Raises Failed where it is not what had to come out."""
        job, partitions = JOBS[contestant.job], len(ends)
        rows = await self.cluster.rows(
            contestant.changelog(group), partitions, job.row_mark, contestant.plain_key
        )
        found = Outcome(rows, await self.cluster.outputs(partitions, job.output_mark))
        wrong = [
            f"{what}: {has}, should be {should}"
            for what, has, should in zip(("rows", "outputs"), found, wanted, strict=True)
            if has != should
        ]
        committed = await self.cluster.committed(group, INBOX)
        if committed != ends:
            wrong.append(f"committed: {committed}, should be {ends}")
        dead = sum((await self.cluster.ends(DEAD_LETTERS.name, partitions)).values())
        if dead:
            wrong.append(f"{dead} dead letters")
        if wrong:
            raise Failed("; ".join(wrong))
