"""The real ingress on three brokers (acks=all, two copies at least) beside a bare Starlette endpoint."""

from __future__ import annotations

import resource
import time
from pathlib import Path

from streams.topics import MPLUS_WEBHOOKS
from tests.apache_kafka.cluster import Cluster as Brokers
from tests.bench.ingress import compare
from tests.bench.kafka.cluster import Reading
from tests.bench.kafka.course import DISTURBED, quiet
from tests.bench.kafka.worker import Failed, busy_and_all, processor_seconds
from tests.bench.kafka.workload import PARTITIONS

BROKERS = 3
WARM_UP = 60.0
"""Seconds. A produce request carries many posts here, so that brokers need some 10,000 of them, three quarters of a
minute, before Java has compiled their way: with 15 seconds they took four times the processor time a post."""


async def ingress(
    folder: Path, rounds: int, seconds: float, patience: float, again: int, callers: int
) -> dict[str, float]:
    """Medians and the ratio; measured again where others disturbed it. Raises Failed when not exactly what was answered
    is stored."""
    for left in range(again, -1, -1):
        await quiet(patience)
        told = await _once(folder / f"three-{left}", rounds, seconds, callers)
        if told["others"] < DISTURBED:
            break
    return told


async def _once(folder: Path, rounds: int, seconds: float, callers: int) -> dict[str, float]:
    with Brokers(folder, BROKERS, options=()) as brokers:
        pids = [one.pid for one in brokers.brokers if one.pid is not None]
        posts = 0

        async def stored(kind: str, answered: int) -> None:
            nonlocal posts
            if kind != "kafka":
                return
            posts += answered
            async with Reading(brokers.servers) as reader:
                there = sum((await reader.ends(MPLUS_WEBHOOKS.name, PARTITIONS)).values())
            if there != posts:
                raise Failed(f"{posts} posts were answered, {there} are stored")

        before = busy_and_all(), _ours(pids)
        told = await compare(
            {"bare": str(folder), "kafka": brokers.servers}, rounds, seconds, stored, WARM_UP, callers
        )
        busy, there = (now - then for now, then in zip(busy_and_all(), before[0], strict=True))
        others = max(0.0, (busy - (_ours(pids) - before[1])) / there)
        return told | {"brokers": BROKERS, "callers": callers, "posts": posts, "others": round(others, 2)}


def _ours(brokers: list[int]) -> float:
    """Processor seconds of the load, of the servers (which have ended) and of the brokers."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + processor_seconds(brokers)
