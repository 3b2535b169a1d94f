"""Bol's rate limits, per endpoint, steered by the headers of its answers (facts/bol.md, Transport).

No figures of our own: limits change, and Bol watches for clients that keep drawing 429s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from connectors.bol.problem import seconds_of
from streams.vocabulary.time import Clock, seconds

UNKNOWN_RESET = 1.0
"""Seconds to wait where Bol says that nothing is left, but not until when."""


class _Window(NamedTuple):
    left: int
    until: datetime


class Limits:
    """What is left of each endpoint's window."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def take(self, endpoint: str) -> float:
        """Seconds to wait before the next call; 0 takes one of what is left."""
        window = self._windows.get(endpoint)
        if window is None:
            return 0.0
        now = self._clock()
        if now >= window.until:
            del self._windows[endpoint]
            return 0.0
        if window.left <= 0:
            return (window.until - now).total_seconds()
        self._windows[endpoint] = window._replace(left=window.left - 1)
        return 0.0

    def learn(self, endpoint: str, status: int, headers: Mapping[str, str]) -> None:
        """Takes in what an answer says. Answers overtake each other: the smaller remainder is believed."""
        reset = seconds_of(headers.get("x-ratelimit-reset"))
        now = self._clock()
        if status == 429:
            wait = seconds_of(headers.get("retry-after")) or reset or UNKNOWN_RESET
            self._windows[endpoint] = _Window(0, now + seconds(wait))
            return
        try:
            left = int(headers.get("x-ratelimit-remaining", ""))
        except ValueError:
            return
        until = now + seconds(UNKNOWN_RESET if reset is None else reset)
        known = self._windows.get(endpoint)
        if known is not None and now < known.until:
            # The same window still: it must not be prolonged by every answer, or it would never end.
            left, until = min(left, known.left), min(until, known.until)
        self._windows[endpoint] = _Window(left, until)
