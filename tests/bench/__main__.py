"""`scripts/bench`: ratios in one run, medians of several. Figures are this machine's; compare ratios."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench.ingress import compare


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
            told["ingress"] = uvloop.run(
                compare({"bare": folder, "ingress": folder}, asked.rounds, asked.seconds)
            )
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


def _print(told: dict[str, object]) -> None:
    table = Table("what", "figure", title="Measured here, now", title_justify="left")
    for part, figures in told.items():
        assert isinstance(figures, dict)
        for name, figure in figures.items():
            table.add_row(f"{part} {name.replace('_', ' ')}", f"{figure:,.2f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
