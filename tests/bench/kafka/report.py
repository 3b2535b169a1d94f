"""From runs to what is told: medians, spreads and ratios. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tests.bench.kafka.contest import Figure

OURS = "kassabrug"


class Comparison(NamedTuple):
    """Two columns that are divided, and why."""

    name: str
    ours: tuple[str, str]
    """Contestant and job."""
    theirs: tuple[str, str]


COMPARISONS = (
    Comparison("the same work: the real decide on both", (OURS, "stock"), ("quix", "stock")),
    Comparison("the same, Quix exactly-once", (OURS, "stock"), ("quix-exactly-once", "stock")),
    Comparison("the framework alone: the small job on both", (OURS, "ledger"), ("quix", "ledger")),
    Comparison("the same, Quix exactly-once", (OURS, "ledger"), ("quix-exactly-once", "ledger")),
    Comparison("ours with the real decide, Quix with the small job", (OURS, "stock"), ("quix", "ledger")),
    Comparison("beside the plain Faust agent, the real decide on both", (OURS, "stock"), ("faust", "stock")),
    Comparison("beside the plain Faust agent, the small job on both", (OURS, "ledger"), ("faust", "ledger")),
)


def median(numbers: Iterable[float]) -> float:
    """Raises ValueError for none."""
    found = list(numbers)
    if not found:
        raise ValueError("the median of nothing")
    return statistics.median(found)


def summary(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """A row per contestant, job and number of workers: medians, and the slowest and fastest run."""
    groups: dict[tuple[str, str, int], list[Figure]] = {}
    for one in figures:
        groups.setdefault((one.contestant, one.job, one.workers), []).append(one)
    return [
        {
            "contestant": contestant,
            "job": job,
            "workers": workers,
            "runs": len(runs),
            "per_second": round(median(one.per_second for one in runs)),
            "slowest": round(min(one.per_second for one in runs)),
            "fastest": round(max(one.per_second for one in runs)),
            "worker_micros": round(median(one.worker_micros for one in runs), 1),
            "broker_micros": round(median(one.broker_micros for one in runs), 1),
            "start_seconds": round(median(one.start_seconds for one in runs), 2),
            "others": round(median(one.others for one in runs), 2),
        }
        for (contestant, job, workers), runs in groups.items()
    ]


def ratios(rounds: Sequence[Mapping[tuple[str, str], Figure]]) -> list[dict[str, Any]]:
    """Medians of the rounds' own ratios: what disturbs the machine for a while disturbs both sides of one. Comparisons
    of which no round has both sides are left out."""
    told: list[dict[str, Any]] = []
    for comparison in COMPARISONS:
        pairs = [
            (one[comparison.ours], one[comparison.theirs])
            for one in rounds
            if comparison.ours in one and comparison.theirs in one
        ]
        if not pairs:
            continue
        speeds = [ours.per_second / theirs.per_second for ours, theirs in pairs]
        told.append(
            {
                "what": comparison.name,
                "ours": ", ".join(comparison.ours),
                "theirs": ", ".join(comparison.theirs),
                "rounds": len(pairs),
                "ratio": round(median(speeds), 2),
                "least": round(min(speeds), 2),
                "most": round(max(speeds), 2),
                "processor_ratio": round(
                    median(theirs.worker_micros / max(ours.worker_micros, 1e-9) for ours, theirs in pairs), 2
                ),
            }
        )
    return told
