"""What a contestant tells the bench, a JSON line each: the moments are CLOCK_MONOTONIC, the same in all processes."""

from __future__ import annotations

import sys
import time

import orjson


def tell(what: str, **more: object) -> None:
    """One line."""
    sys.__stdout__.write(orjson.dumps({"is": what, "at": time.monotonic(), **more}).decode() + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def assigned(count: int) -> None:
    """So many partitions of the inbox are this worker's now, their rows are here, and it reads on."""
    tell("assigned", count=count)


def applied(count: int) -> None:
    """So many more events are applied: outputs and rows are durable, the position may be committed."""
    tell("applied", count=count)
