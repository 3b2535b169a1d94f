"""`scripts/chaos`: prints its seed, what it did and when, and the verdict.

Exit 0: the books are right after every attack of the plan; 1: they are not, or an attack could not be made.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import orjson

from tests.chaos.plan import KINDS, kinds, plan
from tests.chaos.results import keep, result, revised, table
from tests.chaos.run import Told, chaos


def arguments() -> argparse.Namespace:
    """The command line."""
    listed = "\n".join(f"  {kind.name:13} {'/'.join(kind.on):16} {kind.what}" for kind in KINDS)
    parser = argparse.ArgumentParser(
        prog="scripts/chaos",
        description=__doc__,
        epilog=f"attacks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same attacks")
    parser.add_argument("--minutes", type=float, default=2.0, help="of attacks, as planned")
    parser.add_argument("--on", choices=["embedded", "kafka"], default="embedded")
    parser.add_argument("--attacks", default="", help="only these, with commas between")
    parser.add_argument("--runs", type=int, default=1, help="several, each with the next seed")
    parser.add_argument(
        "--allow-missing", action="store_true", help="attacks that cannot be made here are no failure"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--into", type=Path, metavar="FILE", help="keep the results there, by seed and log")
    parser.add_argument(
        "--table", type=Path, metavar="FILE", help="only print what is kept there, for the docs"
    )
    return parser.parse_args()


def as_json(told: Told) -> dict[str, object]:
    """For programs."""
    verdict = told.verdict._asdict()
    for name in ("sale_freshness", "order_freshness"):
        verdict[name] = verdict[name]._asdict()
    return told._asdict() | {"verdict": verdict, "right": told.right}


def report(told: Told) -> str:
    """For people."""
    found = told.verdict
    made = ", ".join(f"{count} {kind}" for kind, count in sorted(told.attacks.items()))
    lines = [
        f"seed {told.seed} on {told.on}: {sum(told.attacks.values())} attacks ({made}), {told.kills} kills, "
        f"{told.restarts} processes that had to be started again by somebody else",
        f"  {found.till_sales} till sales, {found.bol_orders} Bol orders, {len(found.differences)} differences, "
        f"oversold {found.oversold_knowable} knowable and {found.oversold_not_knowable} not",
    ]
    for name, one in (("till sale", found.sale_freshness), ("Bol order", found.order_freshness)):
        lines.append(
            f"  {name} to changed offer: p50 {one.p50:.0f} ms, p99 {one.p99:.0f} ms, worst {one.worst:.0f} ms"
        )
    lines += [f"  could NOT be made: {one}" for one in told.missed]
    lines += [f"    {one}" for one in found.differences[:10]]
    lines.append("The books are right." if told.right else "The books are WRONG.")
    return "\n".join(lines)


def failure(told: Told, allow_missing: bool) -> str:
    """Why the run counts as failed; empty: it does not."""
    if not told.right:
        return "the books are wrong"
    if told.missed and not allow_missing:
        missed = "; ".join(f"{count} times {words}" for words, count in Counter(told.missed).items())
        return (
            f"{len(told.missed)} attacks could not be made, so this run proves less than it says: {missed}. "
            "Put right what is missing, choose others with --attacks, or say --allow-missing"
        )
    return ""


async def main() -> int:
    """Runs one after the other."""
    asked = arguments()
    if asked.table is not None:
        print(table(asked.table))
        return 0
    chosen = tuple(one for one in asked.attacks.split(",") if one)
    try:
        kinds(asked.on, chosen)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    # The simulators' connections are cut on purpose, which their server takes for a mistake of theirs.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    failed = 0
    revision = revised(asked.into)
    for seed in range(asked.seed, asked.seed + asked.runs):
        folder = Path(tempfile.mkdtemp(prefix=f"kassabrug-chaos-{seed}-"))
        print(f"chaos: seed {seed} on {asked.on}; logs in {folder}", file=sys.stderr)
        attacks = plan(seed, asked.on, asked.minutes * 60, chosen)
        told = await chaos(
            folder, seed, asked.on, attacks, lambda line: print(line, file=sys.stderr, flush=True)
        )
        if asked.json:
            print(orjson.dumps(as_json(told)).decode(), flush=True)
        else:
            print(report(told), flush=True)
        if asked.into is not None:
            keep(asked.into, result(told, asked.minutes, chosen, revision))
        if told.right:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"every process's log is kept in {folder}", file=sys.stderr)
        if why := failure(told, asked.allow_missing):
            failed += 1
            print(f"chaos: seed {seed} on {asked.on} FAILED: {why}.", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
