"""The picture of a result: which figures go into which panel. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.bench.kafka.plot import Bar, Panel, svg

JOBS = {"stock": "the real decide", "ledger": "the small job: a count and an output"}


def picture(result: Mapping[str, Any]) -> str:
    """As SVG. Raises ValueError where there is nothing to show."""
    panels = [*_jobs(result), *_scale(result), *_freshness(result), *_recovery(result), *_ingress(result)]
    if not panels:
        raise ValueError("no figures yet: measure something first")
    machine = result["machine"]
    note = f"{machine['processors']} shared processors, Kafka {machine['kafka']}, {result['measured'][:10]}; medians"
    return svg("kassabrug on Apache Kafka", f"{note}, line: slowest and fastest run", panels)


def _jobs(result: Mapping[str, Any]) -> list[Panel]:
    panels = []
    for told in result.get("jobs", {}).values():
        for job, words in JOBS.items():
            bars = [
                Bar(row["contestant"], row["per_second"], row["contestant"], (row["slowest"], row["fastest"]))
                for row in told["summary"]
                if row["job"] == job
            ]
            if bars:
                panels.append(Panel(f"{told['workload']}: {words}", "events/s", bars))
    return panels


def _scale(result: Mapping[str, Any]) -> list[Panel]:
    told = result.get("scale")
    if not told:
        return []
    bars = [
        Bar(
            f"{row['contestant']}, {row['workers']} worker{'s' * (row['workers'] > 1)}",
            row["per_second"],
            row["contestant"],
            (row["slowest"], row["fastest"]),
        )
        for row in told["summary"]
    ]
    return [Panel(f"Workers: {told['workload']}, the real decide", "events/s", bars)]


def _freshness(result: Mapping[str, Any]) -> list[Panel]:
    told = result.get("freshness")
    if not told:
        return []
    return [
        Panel(
            f"Freshness, {words}: till sale written to what follows from it read",
            "ms",
            [
                Bar(f"{row['contestant']}, {row['per_second']:,}/s", row[name], row["contestant"])
                for row in told["summary"]
            ],
            logarithmic=True,
        )
        for name, words in (("p50_ms", "p50"), ("p99_ms", "p99"))
    ]


def _recovery(result: Mapping[str, Any]) -> list[Panel]:
    told = result.get("recovery")
    if not told:
        return []
    bars = [
        Bar(
            row["contestant"] + (", state on disk kept" if row["state_kept"] else ""),
            row["seconds"],
            row["contestant"],
            (row["least"], row["most"]),
        )
        for row in told["summary"]
    ]
    return [Panel(f"Start of a worker with {told['rows']:,} rows, until it has read on", "s", bars)]


def _ingress(result: Mapping[str, Any]) -> list[Panel]:
    told = result.get("ingress")
    if not told:
        return []
    bars = [
        Bar("bare Starlette", told["bare_per_second"], "bare"),
        Bar("ingress on three brokers", told["kafka_per_second"], "kassabrug"),
    ]
    return [Panel("Signed till events by HTTP, 32 callers, acks=all", "posts/s", bars)]
