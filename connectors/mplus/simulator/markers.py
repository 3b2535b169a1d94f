"""Sync markers: one rising number per kind of entity, taken anew at every change (facts/mplus.md 2.6)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_SPARE = 1024
"""Outdated entries that are always tolerated, so that a small feed is never rebuilt."""


class MarkerFeed(Generic[K]):
    """Which key changed last at which marker, readable from any marker on in rising order.

    Entries are appended, markers only rise, so the list is sorted and a read starts with a bisection; an entry
    whose key has moved on is skipped, and the list is rebuilt once more than half of it is outdated.
    """

    def __init__(self) -> None:
        self._last = 0
        self._marker_of: dict[K, int] = {}
        self._markers: list[int] = []
        self._keys: list[K] = []

    @property
    def current(self) -> int:
        """The highest marker given so far; 0 before the first."""
        return self._last

    def touch(self, key: K) -> int:
        """Give `key` the next marker."""
        self._last += 1
        self._marker_of[key] = self._last
        self._markers.append(self._last)
        self._keys.append(key)
        if len(self._keys) > 2 * len(self._marker_of) + _SPARE:
            self._rebuild()
        return self._last

    def advance(self) -> int:
        """Take the next marker for an entity that nobody reads back."""
        self._last += 1
        return self._last

    def of(self, key: K) -> int:
        """The marker of `key`; 0 if it never changed."""
        return self._marker_of.get(key, 0)

    def since(self, marker: int) -> Iterator[K]:
        """Keys with a marker at or above `marker`, rising. Do not touch the feed while iterating."""
        for place in range(bisect_left(self._markers, marker), len(self._keys)):
            key = self._keys[place]
            if self._marker_of[key] == self._markers[place]:
                yield key

    def _rebuild(self) -> None:
        kept = sorted(self._marker_of.items(), key=lambda item: item[1])
        self._keys = [key for key, _ in kept]
        self._markers = [marker for _, marker in kept]
