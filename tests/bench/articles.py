"""A large shop: `python -m tests.bench.articles --articles 100000`.

A first connect (tests/bench/connect.py), the memory at rest, a second start, and then, each after a start of its own, a
whole reading of Mplus's stock and a round over Bol's offers. Exit code 1: something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rich.console import Console

from app.demo.child import BridgeFailed
from streams.sweeps.state import Connection
from tests.bench.connect import first_connect, open_shop, second_start
from tests.bench.stand import LOOK, Stand, cost, offers_anew, stand, stock_anew, sweeps_changed
from tests.bench.telling import table_of, tell

PATIENCE = 3_600.0


class Asked(NamedTuple):
    """What the command was asked."""

    articles: int
    seed: int
    watch: float


async def whole_round(
    on: Stand, change: Callable[[Connection], Connection], flow: str, records: int
) -> dict[str, Any]:
    """Started so that it reads all of something anew: seconds from ready until `flow` has applied so many records, and
    until all is at rest."""
    vendors, loop = on.vendors, asyncio.get_running_loop()
    await on.child.stop()
    await sweeps_changed(on.home / "log.db", change)
    for simulator in (vendors.bol, vendors.mplus):
        simulator.calls.clear()
    await on.child.start()
    began, before = loop.time(), cost(on.child.pid)
    while (await on.applied()).get(flow, 0) < records:
        if loop.time() - began > PATIENCE or on.child.ended:
            raise BridgeFailed(f"the {flow} flow has not applied {records} records:\n{on.child.last_words()}")
        await asyncio.sleep(LOOK)
    took = loop.time() - began
    rest = await on.at_rest()
    after, calls = cost(on.child.pid), vendors.calls()
    return {
        "applied_after": round(took, 1),
        "at_rest_after": round(took + rest, 1),
        "cpu_seconds": round(after.cpu_seconds - before.cpu_seconds, 1),
        "mb_most": round(after.most_mb),
        "calls": calls,
        "wrong": [
            *(f"{name}: {count}" for name, count in calls.items() if ":" in name),
            *([f"{calls['bol write-offer']} pushes, nothing differed"] if "bol write-offer" in calls else []),
        ],
    }


async def run(asked: Asked, say: Console) -> dict[str, Any]:
    """The whole of it. Raises BridgeFailed."""
    async with stand(asked.seed, asked.articles, say) as on:
        opening = open_shop(on.vendors, asked.seed)
        parts = {
            "first": await first_connect(on, opening),
            "second start": await second_start(on, asked.watch),
        }
        say.print("a whole reading of Mplus's stock")
        parts["stock"] = await whole_round(on, stock_anew, "stock", asked.articles)
        say.print("a round over Bol's offers")
        parts["offers"] = await whole_round(on, offers_anew, "catalogue", opening.offers)
        wrong = [one for part in parts.values() for one in part.pop("wrong")]
        log = (on.home / "log.db").stat().st_size
        return {**parts, "log_mb": round(log / 2**20), "wrong": wrong}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.articles", description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--watch", type=float, default=20.0, help="seconds that the second start is looked at"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    asked = Asked(given.articles, given.seed, given.watch)
    return tell(
        lambda console: run(asked, console),
        given.json,
        table_of("A large shop, measured here, now"),
    )


if __name__ == "__main__":
    sys.exit(main())
