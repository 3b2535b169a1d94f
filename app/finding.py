"""What `kassabrug check` finds: one thing that was looked at."""

from __future__ import annotations

from typing import Literal, NamedTuple

Grade = Literal["ok", "warn", "fail"]


class Finding(NamedTuple):
    """One thing that was looked at. `part`: `log`, `web`, or a connection's name."""

    part: str
    grade: Grade
    text: str
    """What works, or what does not and what to do about it."""
