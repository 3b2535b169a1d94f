"""The real ingress on three brokers (acks=all, two copies at least) beside a bare Starlette endpoint."""

from __future__ import annotations

from pathlib import Path

from streams.topics import MPLUS_WEBHOOKS
from tests.apache_kafka.cluster import Cluster as Brokers
from tests.bench.ingress import compare
from tests.bench.kafka.cluster import Reading
from tests.bench.kafka.worker import Failed
from tests.bench.kafka.workload import PARTITIONS

BROKERS = 3
WARM_UP = 15.0
"""Seconds."""


async def ingress(folder: Path, rounds: int, seconds: float) -> dict[str, float]:
    """Medians and the ratio. Raises Failed when not exactly what was answered is stored."""
    with Brokers(folder / "three", BROKERS) as brokers:
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

        told = await compare(
            {"bare": str(folder), "kafka": brokers.servers}, rounds, seconds, stored, WARM_UP
        )
        return told | {"brokers": BROKERS, "posts": posts}
