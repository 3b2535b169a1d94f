"""How often Python looks for garbage that points at itself.

A worker keeps many objects at hand (rows, runs under way), and makes hundreds for each event. Python's own measure,
700 new objects, made it go through them so often that a third of the worker's time went there (measured over 10,000
articles, docs/measured.md). What does not point at itself is freed at once in any case.
"""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 100)
"""New objects before the young ones are looked through; how many such rounds before the older, and before all."""


def seldom() -> None:
    """Sets it for this process."""
    gc.set_threshold(*THRESHOLDS)
