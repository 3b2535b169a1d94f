"""What a shop can set about its guards.

Four of them count what is odd within a window, and stop the connection where it is a mass; two stop it at once:

- `zero`: offers that would fall to 0, and no sale at the till or order at Bol says why;
- `jump`: offers whose number would become many times larger or smaller, likewise;
- `negative`: articles of which less than nothing is free in Mplus;
- `back`: articles whose reading went back in time: asked for later than the one before, and yet with a lower marker;
- `marker-back`: a marker of Mplus jumped back: its database was restored from a backup;
- `empty-list`: a vendor gave an empty list of what there was plenty of before.
"""

from __future__ import annotations

from typing import Literal

from streams.vocabulary.fact import Value

Kind = Literal["zero", "jump", "negative", "back", "marker-back", "empty-list"]


class GuardRules(Value, frozen=True):
    """The rules in force for one connection."""

    on: bool = True
    off: tuple[Kind, ...] = ()
    """Guards that do not watch."""
    window: float = 300.0
    """Seconds within which what is odd counts together."""
    zero_percent: int = 20
    """Of the offers there are."""
    zero_least: int = 10
    """And so many at least: the last pieces of a few articles are no mass in a small shop."""
    jump_percent: int = 20
    jump_least: int = 20
    negative_percent: int = 20
    negative_least: int = 20
    back_least: int = 3

    def watches(self, kind: Kind) -> bool:
        """Whether this guard may stop the connection."""
        return self.on and kind not in self.off

    def mass(self, kind: Kind, total: int | None) -> int:
        """From how many on it is a mass; `total`: how many offers there are, None: not known."""
        percent, least = {
            "zero": (self.zero_percent, self.zero_least),
            "jump": (self.jump_percent, self.jump_least),
            "negative": (self.negative_percent, self.negative_least),
            "back": (0, self.back_least),
        }.get(kind, (0, 1))
        return max(least, -(-(total or 0) * percent // 100))
