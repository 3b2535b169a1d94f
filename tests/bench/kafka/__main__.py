"""`scripts/bench kafka`: the stock job on Apache Kafka beside Quix Streams and a plain Faust agent.

Everything takes turns in one run on one broker; a figure counts only when rows, outputs and positions were exactly
right. Results are put into --json (parts measured earlier stay), the picture is drawn from it.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
import uvloop

from tests.apache_kafka.cluster import Cluster as Brokers
from tests.bench.kafka.cluster import Cluster
from tests.bench.kafka.contest import Ring
from tests.bench.kafka.course import Course, machine, stamp
from tests.bench.kafka.picture import picture
from tests.bench.kafka.tables import put_in

PARTS = ("jobs", "scale", "freshness", "recovery", "ingress")
DELETED_AFTER_MS = 1_000
"""Milliseconds after which a broker gives the disk back."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench kafka", description=__doc__)
    parser.add_argument("--events", type=int, default=30_000, help="movements")
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5, help="rounds; each contestant runs once in each")
    parser.add_argument(
        "--part", action="append", choices=[*PARTS, "all", "none"], help="what to measure (default: jobs)"
    )
    parser.add_argument("--contestant", action="append", help="only these (default: all)")
    parser.add_argument("--job", action="append", choices=["stock", "ledger"], help="default: both")
    parser.add_argument("--workers", default="1,2,4", help="of the part scale")
    parser.add_argument("--rows", type=int, default=100_000, help="of the part recovery")
    parser.add_argument("--callers", type=int, default=32, help="connections of the part ingress")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds to wait for a quiet machine")
    parser.add_argument(
        "--again", type=int, default=3, help="how often to repeat a run that others disturbed"
    )
    parser.add_argument("--json", type=Path, help="put the results into this file")
    parser.add_argument("--plot", type=Path, help="draw the picture of the results into this file")
    parser.add_argument(
        "--readme", type=Path, help="put the results as tables into this file, between its marks"
    )
    parser.add_argument("--peers", default="build/bench-peers/bin/python", help=argparse.SUPPRESS)
    return parser.parse_args()


async def measure(asked: argparse.Namespace, parts: list[str], result: dict[str, Any], folder: Path) -> None:
    """Puts what was measured into the result."""
    if set(parts) & {"jobs", "scale", "freshness", "recovery"}:
        settings = {"log.segment.delete.delay.ms": DELETED_AFTER_MS}
        with Brokers(folder / "one", 1, properties=settings, options=()) as brokers:
            pids = [one.pid for one in brokers.brokers if one.pid is not None]
            async with Cluster(brokers.servers) as cluster:
                ring = Ring(cluster, pids, folder / "workers", asked.peers)
                course = Course(ring, asked.runs, asked.contestant, asked.job, asked.patience, asked.again)
                if "jobs" in parts:
                    told = await course.jobs(asked.events, asked.articles)
                    result.setdefault("jobs", {})[told["workload"]] = told | stamp()
                if "scale" in parts:
                    workers = [int(one) for one in asked.workers.split(",")]
                    result["scale"] = stamp() | await course.scale(asked.events, asked.articles, workers)
                if "freshness" in parts:
                    result["freshness"] = stamp() | await course.freshness()
                if "recovery" in parts:
                    result["recovery"] = stamp() | await course.recovery(asked.rows)
    if "ingress" in parts:
        from tests.bench.kafka.ingress import ingress

        result["ingress"] = stamp() | await ingress(
            folder, asked.runs, 4.0, asked.patience, asked.again, asked.callers
        )


def main() -> int:
    """Measures, prints, and draws."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # topics that were just deleted worry it
    asked = arguments()
    named = asked.part or ["jobs"]
    parts = list(PARTS) if "all" in named else [one for one in PARTS if one in named]
    if not Path(asked.peers).exists():
        print(f"{asked.peers} is not there: run scripts/bench kafka, which makes it", file=sys.stderr)
        return 2
    result: dict[str, Any] = {}
    if asked.json is not None and asked.json.exists():
        result = orjson.loads(asked.json.read_bytes())
    if parts:
        with tempfile.TemporaryDirectory(prefix="kassabrug-bench-") as folder:
            uvloop.run(measure(asked, parts, result, Path(folder)))
        result["machine"] = machine()
        result["measured"] = stamp()["measured"]
    text = orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n"
    if asked.json is not None:
        asked.json.write_bytes(text)
    elif not (asked.plot or asked.readme):
        sys.stdout.buffer.write(text)
    if asked.plot is not None:
        asked.plot.write_text(picture(result))
    if asked.readme is not None:
        asked.readme.write_text(put_in(asked.readme.read_text(), result))
    refused = itertools.chain.from_iterable(
        part.get("refused", [])
        for part in [*result.get("jobs", {}).values(), *(result.get(name, {}) for name in PARTS[1:])]
    )
    return 1 if parts and any(refused) else 0


if __name__ == "__main__":
    sys.exit(main())
