"""`python -m tests.streams.stock.histories`: more histories than the tests run, or one again by its seed."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter

from tests.streams.stock.histories.history import HAPPENINGS, History

LINES = 60
"""The end of a failing history that is printed."""


def failure(seed: int, happenings: int) -> tuple[History, str]:
    """What goes wrong with it; empty: nothing."""
    made = History(seed)
    try:
        made.run(happenings)
    except AssertionError as error:
        return made, str(error) or traceback.format_exc(limit=-3)
    except Exception:
        return made, traceback.format_exc(limit=-3)
    return made, ""


def shortest(seed: int, happenings: int) -> tuple[int, History, str]:
    """The fewest happenings with which it goes wrong."""
    for count in range(happenings + 1):
        made, wrong = failure(seed, count)
        if wrong:
            return count, made, wrong
    raise AssertionError("it goes wrong no more")


def main() -> int:
    """Exit 0: all came out right; 1: a seed did not, and its shortest prefix is printed."""
    parser = argparse.ArgumentParser(prog="python -m tests.streams.stock.histories", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--steps", type=int, default=HAPPENINGS, help="happenings of each")
    parser.add_argument("--seed", type=int, help="run just this one, and tell its story")
    parser.add_argument("--most", type=int, default=3, help="failing seeds after which it ends")
    asked = parser.parse_args()
    if asked.seed is not None:
        made, wrong = failure(asked.seed, asked.steps)
        print("\n".join(made.shop.story))
        print(wrong or "all came out right")
        return 1 if wrong else 0
    began, counts, bad = time.monotonic(), Counter[str](), 0
    for done, seed in enumerate(range(asked.first, asked.first + asked.seeds), 1):
        made, wrong = failure(seed, asked.steps)
        counts += made.counts
        counts[f"clocks: {made.shop.kind}"] += 1
        counts["decided"] += made.bridge.decided
        if wrong:
            bad += 1
            count, made, wrong = shortest(seed, asked.steps)
            print(f"\nseed {seed}: {wrong}\n{made.rules}\n")
            print("\n".join(made.shop.story[-LINES:]))
            print(f"again: --seed {seed} --steps {count}")
            if bad >= asked.most:
                break
        if done % 100 == 0:
            took = time.monotonic() - began
            print(f"{done} of {asked.seeds} seeds, {bad} wrong, {took:.0f} s", file=sys.stderr, flush=True)
    took = time.monotonic() - began
    print(f"{done} seeds of {asked.steps} happenings, {bad} wrong, {took:.0f} s")
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
