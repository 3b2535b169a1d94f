"""How fast: durations as a histogram of ever wider buckets, so that a day of them is a few hundred rows.

A bucket is a tenth wider than the one before it, so what is read back is within 5 % of what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

STEP = 1.1
LAST = 200
"""Everything above about two days falls into one bucket."""


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """How long it took from the cause to the effect, over a while. Milliseconds, within 5 %."""

    kind: str
    count: int
    median: int
    most: int
    """95 of 100 were as fast as this, or faster."""
    worst: int
    spread: tuple[tuple[int, int], ...]
    """The histogram: milliseconds (middle of the bucket) and how many; for a chart."""


def bucket_of(millis: int) -> int:
    """The bucket of a duration in milliseconds."""
    if millis <= 1:
        return 0
    return min(LAST, round(math.log(millis, STEP)))


def millis_of(bucket: int) -> int:
    """The duration that stands for a bucket."""
    return 0 if bucket <= 0 else round(STEP**bucket)


def freshness(kind: str, numbers: Mapping[int, int]) -> Freshness:
    """Sums up a histogram (bucket -> how many); it must not be empty."""
    buckets = sorted(numbers)
    count = sum(numbers.values())
    return Freshness(
        kind=kind,
        count=count,
        median=millis_of(_at(buckets, numbers, count * 0.5)),
        most=millis_of(_at(buckets, numbers, count * 0.95)),
        worst=millis_of(buckets[-1]),
        spread=tuple((millis_of(bucket), numbers[bucket]) for bucket in buckets),
    )


def _at(buckets: list[int], numbers: Mapping[int, int], rank: float) -> int:
    seen = 0
    for bucket in buckets:
        seen += numbers[bucket]
        if seen >= rank:
            return bucket
    return buckets[-1]
