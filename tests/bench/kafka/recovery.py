"""How long a worker takes, from the start of its process, until it has its rows back and has read on: a new event of
every partition is applied and durable."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass

from tests.bench.kafka.cluster import Batches
from tests.bench.kafka.contest import Ring
from tests.bench.kafka.contestants import Contestant
from tests.bench.kafka.job import JOBS
from tests.bench.kafka.worker import Team
from tests.bench.kafka.workload import Workload

PROBES = 64
"""Till sales that wait for the worker, over all partitions."""


@dataclass(frozen=True)
class Recovery:
    """One start."""

    contestant: str
    rows: int
    state_kept: bool
    """Its state on disk was still there (who keeps some)."""
    seconds: float
    assigned_seconds: float
    """Of these, until it had all its partitions."""


async def recovery(
    ring: Ring, contestant: Contestant, rows: int, runs: int, began: int, keep_state: bool = False
) -> list[Recovery]:
    """So many starts with so many rows. Raises Failed where something is missing or wrong."""
    workload = Workload(rows, 0, began)
    begun = list(workload.beginnings())
    probes = [list(workload.sales(PROBES, number * PROBES)) for number in range(runs)]
    loads = [Batches(begun), *(Batches(one) for one in probes)]
    ends = [
        {at: sum(one.ends.get(at, 0) for one in loads[: number + 1]) for at in range(workload.partitions)}
        for number in range(len(loads))
    ]
    assert len(loads[1].ends) == workload.partitions, "not every partition has a probe"
    job = JOBS[contestant.job]
    outputs = [
        job.outcome(itertools.chain(begun, *probes[:number])).outputs.count for number in range(runs + 1)
    ]
    team, group, _ = await ring.open(contestant, workload.partitions, ends)
    try:
        await ring.cluster.load(loads[0])
        await ring.done(contestant, team, group, loads[0].count, outputs[0], workload.partitions)
    finally:
        await team.end()
    told: list[Recovery] = []
    events = loads[0].count
    for number in range(1, runs + 1):
        await ring.cluster.load(loads[number])
        events += PROBES
        if not keep_state:
            shutil.rmtree(ring.folder / group / "0" / "state", ignore_errors=True)
        team = Team()
        try:
            await ring.staff(team, contestant, group, workload.partitions, ends, 1)
            due = PROBES if contestant.tells else events
            last = await ring.done(contestant, team, group, due, outputs[number], workload.partitions)
        finally:
            await team.end()
        worker = team.workers[0]
        ready = next(one["at"] for one in worker.told if one.get("count") == workload.partitions)
        told.append(
            Recovery(contestant.name, rows, keep_state, last - worker.spawned, ready - worker.spawned)
        )
    await ring.judge(contestant, group, job.outcome(itertools.chain(begun, *probes)), ends[-1])
    shutil.rmtree(ring.folder / group, ignore_errors=True)
    return told
