"""The order of the runs: who takes turns with whom, how often, and what becomes of it."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench.kafka.contest import Figure, Prepared, Ring, prepare
from tests.bench.kafka.contestants import Contestant, contestants
from tests.bench.kafka.freshness import freshness
from tests.bench.kafka.recovery import recovery
from tests.bench.kafka.report import median, ratios, summary
from tests.bench.kafka.worker import Failed, busy_and_all
from tests.bench.kafka.workload import Workload

EVERYONE = ("kassabrug", "quix", "quix-exactly-once", "faust")
QUIET = 0.15
"""So much of the processors may be in use before a run begins."""
LOOK = 1.0
DISTURBED = 0.15
"""So much of the processors taken by others during a run, and it is run again."""
PACES = ((10, 30.0), (100, 15.0), (1000, 10.0))
"""Events a second, and for how many seconds."""
WARM_UP = 20_000
"""Movements of a first round that is not counted: Java compiles what it runs often."""
console = Console(stderr=True)


class Course:
    """Runs on one ring."""

    def __init__(
        self,
        ring: Ring,
        rounds: int,
        names: Sequence[str] | None,
        jobs: Sequence[str] | None,
        patience: float,
        again: int,
    ) -> None:
        """`patience`: seconds to wait for a quiet machine before each run; `again`: how often a run that others
        disturbed is run again. The last one stays, and tells how much it was."""
        self._again = again
        self._ring = ring
        self._rounds = rounds
        self._names = list(names or EVERYONE)
        self._jobs = list(jobs or ("stock", "ledger"))
        self._patience = patience

    async def jobs(self, movements: int, articles: int) -> dict[str, Any]:
        """Everybody, in turns."""
        prepared = self._prepare(movements, articles, self._jobs)
        field = [contestants(job)[name] for job in self._jobs for name in self._names]
        await self._warm_up(field)
        rounds: list[dict[tuple[str, str], Figure]] = []
        refused: list[str] = []
        for number in range(self._rounds):
            rounds.append({})
            for one in field:
                figure = await self._run(one, prepared, 1, f"round {number + 1}", refused)
                if figure is not None:
                    rounds[-1][one.name, one.job] = figure
        figures = [figure for one in rounds for figure in one.values()]
        return {
            "workload": prepared.workload.name,
            "events": movements,
            "articles": articles,
            "partitions": prepared.workload.partitions,
            "summary": summary(figures),
            "ratios": ratios(rounds),
            "refused": refused,
            "runs": [asdict(one) | {"per_second": one.per_second} for one in figures],
        }

    async def scale(self, movements: int, articles: int, workers: Sequence[int]) -> dict[str, Any]:
        """More workers; the real decide."""
        prepared = self._prepare(movements, articles, ["stock"])
        field = [contestants("stock")[name] for name in self._names if name != "faust"]
        await self._warm_up(field)
        figures: list[Figure] = []
        refused: list[str] = []
        for number in range(self._rounds):
            for count in workers:
                for one in field:
                    figure = await self._run(one, prepared, count, f"round {number + 1}", refused)
                    figures += [figure] if figure is not None else []
        return {
            "workload": prepared.workload.name,
            "summary": sorted(summary(figures), key=lambda row: (row["contestant"], row["workers"])),
            "refused": refused,
            "runs": [asdict(one) | {"per_second": one.per_second} for one in figures],
        }

    async def freshness(self) -> dict[str, Any]:
        """Everybody, at three paces."""
        field = [contestants("stock")[name] for name in self._names]
        await self._warm_up(field)
        told: dict[tuple[str, int], list[Any]] = {}
        refused: list[str] = []
        for _ in range(self._rounds):
            for one in field:
                await quiet(self._patience)
                try:
                    found = await freshness(self._ring, one, PACES, _now(900_000))
                except Failed as error:
                    refused.append(_refusal(one, error))
                    continue
                for each in found:
                    told.setdefault((each.contestant, each.per_second), []).append(each)
                    console.print(
                        f"{one.name} at {each.per_second}/s: p50 {each.p50_ms:.1f} p99 {each.p99_ms:.1f} ms"
                    )
        rows = [
            {
                "contestant": name,
                "per_second": pace,
                "runs": len(runs),
                "events": sum(one.events for one in runs),
                **{
                    each: round(median(getattr(one, each) for one in runs), 2)
                    for each in ("p50_ms", "p99_ms", "worst_ms")
                },
            }
            for (name, pace), runs in sorted(
                told.items(), key=lambda one: (one[0][1], EVERYONE.index(one[0][0]))
            )
        ]
        return {"summary": rows, "refused": refused}

    async def recovery(self, rows: int) -> dict[str, Any]:
        """Everybody; who keeps state on disk once with it and once without."""
        table: list[dict[str, Any]] = []
        refused: list[str] = []
        for name in self._names:
            one = contestants("stock")[name]
            for kept in (False, True) if name.startswith("quix") else (False,):
                await quiet(self._patience)
                try:
                    found = await recovery(self._ring, one, rows, self._rounds, _now(4 * rows), kept)
                except Failed as error:
                    refused.append(_refusal(one, error))
                    continue
                seconds = [each.seconds for each in found]
                console.print(f"{name} with {rows} rows: {', '.join(f'{each:.2f}' for each in seconds)} s")
                table.append(
                    {
                        "contestant": name,
                        "state_kept": kept,
                        "runs": len(found),
                        "seconds": round(median(seconds), 2),
                        "least": round(min(seconds), 2),
                        "most": round(max(seconds), 2),
                        "assigned_seconds": round(median(each.assigned_seconds for each in found), 2),
                    }
                )
        return {"rows": rows, "summary": table, "refused": refused}

    # -- one run

    def _prepare(self, movements: int, articles: int, jobs: Sequence[str]) -> Prepared:
        workload = Workload(articles, movements, _now(movements + 2 * articles))
        with console.status(f"working out what must come of {workload.name}"):
            return prepare(workload, jobs)

    async def _warm_up(self, field: Sequence[Contestant]) -> None:
        jobs = sorted({one.job for one in field})
        prepared = self._prepare(WARM_UP, 1000, jobs)
        for one in field:
            await self._run(one, prepared, 1, "warming up, not counted", [])

    async def _run(
        self, one: Contestant, prepared: Prepared, workers: int, when: str, refused: list[str]
    ) -> Figure | None:
        for left in range(self._again, -1, -1):
            await quiet(self._patience)
            try:
                figure = await self._ring.run(one, prepared, workers)
            except Failed as error:
                refused.append(_refusal(one, error))
                console.print(f"[red]{when}: {refused[-1]}")
                return None
            console.print(
                f"{when}: {one.title}, {workers} worker(s): {figure.per_second:,.0f}/s, worker "
                f"{figure.worker_micros:.0f} µs, broker {figure.broker_micros:.0f} µs, others {figure.others:.0%}"
            )
            if figure.others < DISTURBED or not left:
                break
        return figure


async def quiet(patience: float) -> None:
    """Waits for a machine that has nothing else to do, so many seconds at most."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        busy, there = busy_and_all()
        await asyncio.sleep(LOOK)
        busy_now, there_now = busy_and_all()
        if (busy_now - busy) / max(there_now - there, 1e-9) < QUIET:
            return


def _refusal(one: Contestant, error: Failed) -> str:
    return f"{one.title}: refused: {error}"


def _now(events: int) -> int:
    """When a workload of so many events must begin to end now: brokers refuse times that are to come."""
    return int(time.time() * 1000) - events


def stamp() -> dict[str, Any]:
    """When, and which source: every part may have been measured at another time."""
    return {"measured": datetime.now(UTC).isoformat(timespec="seconds"), "revision": revision()}


def machine() -> dict[str, Any]:
    """On what."""
    here = Path(__file__).parent
    kafka = re.search(r"<version>([\d.]+)</version>\s*</dependency>", _pom())
    quix = re.search(r"quixstreams==(\S+)", (here / "peers.txt").read_text())
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processors": os.cpu_count(),
        "model": model.group(1) if model else "",
        "python": platform.python_version(),
        "kafka": kafka.group(1) if kafka else "",
        "faust": version("faust-streaming"),
        "aiokafka": version("aiokafka"),
        "quixstreams": quix.group(1) if quix else "",
        "system": sys.platform,
    }


def revision() -> str:
    """Of the source that was measured; `BENCH_REVISION` says it where the tree is an export."""
    told = os.environ.get("BENCH_REVISION")
    if told:
        return told
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _pom() -> str:
    return (Path(__file__).parents[2] / "apache_kafka" / "pom.xml").read_text()
