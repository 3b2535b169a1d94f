"""`python -m tests.streams.simulation`: more histories than the tests run, or one again by its seed."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from tests.streams.simulation.shop import history
from tests.streams.simulation.test_delivery import count_once


def main() -> int:
    """Exit 0: all came out right; 1: a seed did not, and it is named."""
    parser = argparse.ArgumentParser(prog="scripts/crash", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run just this one again")
    parser.add_argument("--log", choices=("embedded", "kafka", "both"), default="both")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds) if asked.seed is None else [asked.seed]
    logs = {"embedded": (True,), "kafka": (False,), "both": (True, False)}[asked.log]
    began, crashes, wrong = time.monotonic(), 0, []
    for done, seed in enumerate(seeds):
        for atomic in logs:
            name = "embedded" if atomic else "kafka"
            try:
                crashes += count_once(seed, atomic).fate.crashes + history(seed, atomic).fate.crashes
            except Exception as error:
                wrong.append(f"--seed {seed} --log {name}: {error}")
                print(f"\nseed {seed} on the {name} model: {error}", file=sys.stderr)
                if asked.seed is not None:
                    traceback.print_exc()
        if sys.stderr.isatty() and done % 20 == 0:
            print(f"\r{done + 1} of {len(seeds)} seeds, {crashes} crashes", end="", file=sys.stderr)
    took = time.monotonic() - began
    print(f"{len(seeds)} seeds x {len(logs)} logs, {crashes} crashes, {len(wrong)} wrong, {took:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
