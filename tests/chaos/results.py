"""What runs of chaos have shown, in one file: the newest of each seed and log, with the command that repeats it."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.chaos.plan import Log
from tests.chaos.run import Told

ROOT = Path(__file__).parents[2]


class Result(msgspec.Struct, frozen=True):
    """One run."""

    on: Log
    seed: int
    revision: str
    """As `git describe --always --dirty` has it."""
    command: str
    attacks: dict[str, int]
    """Those that were made, by kind."""
    missed: dict[str, int]
    """Those that could not be, by kind and reason."""
    kills: int
    restarts: int
    till_sales: int
    bol_orders: int
    oversold_knowable: int
    differences: tuple[str, ...]
    right: bool


def result(told: Told, minutes: float, chosen: Sequence[str], revision: str) -> Result:
    """What is kept of a run. `minutes`, `chosen`: what it was asked for, beside seed and log."""
    command = f"scripts/chaos --on {told.on} --seed {told.seed} --minutes {minutes:g}"
    if chosen:
        command += f" --attacks {','.join(chosen)}"
    found = told.verdict
    return Result(
        on=told.on,
        seed=told.seed,
        revision=revision,
        command=command,
        attacks=told.attacks,
        missed=dict(Counter(told.missed)),
        kills=told.kills,
        restarts=told.restarts,
        till_sales=found.till_sales,
        bol_orders=found.bol_orders,
        oversold_knowable=found.oversold_knowable,
        differences=found.differences,
        right=told.right,
    )


def read(path: Path) -> list[Result]:
    """All that are kept; none where there is no file yet."""
    return msgspec.json.decode(path.read_bytes(), type=list[Result]) if path.exists() else []


def keep(path: Path, one: Result) -> None:
    """Puts it there, in the place of what that seed had on that log before."""
    others = [old for old in read(path) if (old.on, old.seed) != (one.on, one.seed)]
    every = sorted([*others, one], key=lambda each: (each.on, each.seed))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(every), indent=1) + b"\n")


def table(path: Path) -> str:
    """The same for the docs."""
    lines = [
        "| command | revision | attacks | kill -9 | till sales, Bol orders | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in read(path):
        verdict = "right" if one.right else f"WRONG: {len(one.differences)} differences"
        if one.oversold_knowable:
            verdict += f", {one.oversold_knowable} oversold"
        if one.missed:
            verdict += f"; {sum(one.missed.values())} attacks could not be made"
        lines.append(
            f"| `{one.command}` | {one.revision} | {sum(one.attacks.values())} of {len(one.attacks)} kinds "
            f"| {one.kills} | {one.till_sales}, {one.bol_orders} | {verdict} |"
        )
    return "\n".join(lines)


def revised(into: Path | None, root: Path = ROOT) -> str:
    """What is run, as `git describe --always --dirty` has it, but for the file of results: the first run of several
    would make all the others dirty. `unknown` without git."""
    others = ["--", ".", f":(exclude,top){_inside(into, root)}"] if into is not None else []
    try:
        name = _git(root, "describe", "--always")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", *others)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}-dirty" if changed else name


def _inside(path: Path, root: Path) -> str:
    whole = path.resolve()
    return whole.relative_to(root.resolve()).as_posix() if whole.is_relative_to(root.resolve()) else path.name


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
