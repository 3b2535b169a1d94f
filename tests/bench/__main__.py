"""`scripts/bench`: ratios in one run, medians of several. Figures are this machine's; compare ratios."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from connectors.mplus.signature import key_of, sign
from tests.bench.load import load, post
from tests.bench.servers import SECRET

CALLERS = 32
BODY = orjson.dumps(
    {
        "event": {
            "eventBlocking": False,
            "eventCounter": 12,
            "eventTimestamp": "2026-11-23T12:00:00.000+01:00",
        },
        "sender": {"branchNumber": 1, "workplaceNumber": 1},
        "session": {
            "sessionId": "5b1c9a10-0000-4000-8000-000000000001",
            "lines": [
                {
                    "lineId": f"line-{number}",
                    "articleNumber": 1000 + number,
                    "quantity": 1,
                    "priceIncl": 19.95,
                }
                for number in range(3)
            ],
        },
        "completeSession": {"payments": []},
    }
)


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each server and round")
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--readings", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    console = Console(stderr=True)
    told: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="kassabrug-bench-") as folder:
        with console.status("the ingress beside a bare Starlette endpoint"):
            told["ingress"] = uvloop.run(_ingress(Path(folder), asked.rounds, asked.seconds))
        with console.status("the stock flow on the embedded log"):
            runs = []
            for number in range(asked.rounds):
                home = Path(folder) / f"stock-{number}"
                home.mkdir()
                runs.append(_flows("stock", str(asked.readings), str(home)))
            told["stock"] = sorted(runs, key=lambda run: run["events_per_second"])[len(runs) // 2]
        with console.status(f"{asked.articles} articles"):
            home = Path(folder) / "many"
            home.mkdir()
            told["fill"] = _flows("fill", str(asked.articles), str(home))
            starts = [_flows("start", str(home)) for _ in range(asked.rounds)]
            told["start"] = {name: statistics.median(run[name] for run in starts) for name in starts[0]}
    if asked.json:
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(told)
    return 0


def _flows(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.flows", *arguments], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = orjson.loads(done.stdout.splitlines()[-1])
    return found


async def _ingress(folder: Path, rounds: int, seconds: float) -> dict[str, float]:
    signature = sign(key_of(SECRET), BODY)
    headers = {
        "Content-Type": "application/json",
        "X-Mplus-Signature": signature,
        "X-Mplus-Subscription-Id": "bench",
    }
    request = post("/webhooks/shop/mplus/completeSession", BODY, headers)
    found: dict[str, list[tuple[float, float, float]]] = {"bare": [], "ingress": []}
    servers = {}
    for kind in found:
        servers[kind] = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.servers",
            kind,
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
    ports = {}
    for kind, server in servers.items():
        assert server.stdout is not None
        ports[kind] = int(await server.stdout.readline())
    try:
        for _ in range(rounds):
            for kind, port in ports.items():
                found[kind].append(await load(port, request, CALLERS, seconds))
    finally:
        for server in servers.values():
            assert server.stdin is not None
            server.stdin.close()
            await server.wait()
    told: dict[str, float] = {}
    for kind, runs in found.items():
        for place, name in enumerate(("per_second", "p50_ms", "p99_ms")):
            told[f"{kind}_{name}"] = statistics.median(run[place] for run in runs)
    told["ratio"] = statistics.median(
        ours[0] / theirs[0] for ours, theirs in zip(found["ingress"], found["bare"], strict=True)
    )
    return told


def _print(told: dict[str, object]) -> None:
    table = Table("what", "figure", title="Measured here, now", title_justify="left")
    for part, figures in told.items():
        assert isinstance(figures, dict)
        for name, figure in figures.items():
            table.add_row(f"{part} {name.replace('_', ' ')}", f"{figure:,.2f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
