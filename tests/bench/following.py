"""How long a number at Bol took to follow what moved in the shop, where it moves up and down. Pure.

The right number of an article after a movement is what the books say then, and the books go on moving: Bol has followed
a movement as soon as it holds a number that was right at that movement or at any moment since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.demo.freshness import Freshness, measured


class Moved(NamedTuple):
    """Units that came (above 0) or went."""

    at: datetime
    article: int
    kind: str
    change: int


TO_NOTHING = "of these, to 0"
"""Beside the kinds: what sells out, which is pushed before the rest."""
Pushes = Mapping[int, Sequence[tuple[datetime, int]]]
"""By article, oldest first: when Bol took which number."""


def followed(
    moved: Iterable[Moved], pushes: Pushes, opening: Mapping[int, int], cap: int
) -> dict[str, Freshness]:
    """By kind, and TO_NOTHING. A movement that changes no number (of what is below nothing, or beyond the cap) is left
    out; one that Bol never followed is counted as `unchanged`."""
    of: dict[int, list[Moved]] = {}
    for one in sorted(moved):
        of.setdefault(one.article, []).append(one)
    took: dict[str, list[float]] = {}
    never: dict[str, int] = {}
    for article, movements in of.items():
        for kind, waited in _article(movements, pushes.get(article, ()), opening.get(article, 0), cap):
            took.setdefault(kind, [])
            if waited is None:
                never[kind] = never.get(kind, 0) + 1
            else:
                took[kind].append(waited)
    return {kind: measured(one, never.get(kind, 0)) for kind, one in took.items()}


def _article(
    movements: Sequence[Moved], pushes: Sequence[tuple[datetime, int]], opening: int, cap: int
) -> Iterable[tuple[str, float | None]]:
    units, numbers = opening, []
    for one in movements:
        units += one.change
        numbers.append(max(0, min(cap, units)))
    shown = max(0, min(cap, opening))
    before = shown
    push = 0
    for place, one in enumerate(movements):
        while push < len(pushes) and pushes[push][0] < one.at:
            shown = pushes[push][1]
            push += 1
        if numbers[place] != before:
            at = _reached(movements, numbers, place, pushes, push, shown)
            waited = None if at is None else (at - one.at).total_seconds() * 1000
            yield one.kind, waited
            if not numbers[place]:
                yield TO_NOTHING, waited
        before = numbers[place]


def _reached(
    movements: Sequence[Moved],
    numbers: Sequence[int],
    place: int,
    pushes: Sequence[tuple[datetime, int]],
    push: int,
    shown: int,
) -> datetime | None:
    """When Bol first held a number that was right from this movement on."""
    right = {numbers[place]}
    if shown in right:
        return movements[place].at
    following = place + 1
    while push < len(pushes) or following < len(movements):
        moves = following < len(movements) and (
            push >= len(pushes) or movements[following].at <= pushes[push][0]
        )
        if moves:
            at = movements[following].at
            right.add(numbers[following])
            following += 1
        else:
            at, shown = pushes[push]
            push += 1
        if shown in right:
            return at
    return None
