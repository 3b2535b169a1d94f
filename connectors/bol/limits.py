"""Bol's rate limits, per endpoint, steered by the headers of its answers (facts/bol.md, Transport).

No figures of our own: limits change, and Bol watches for clients that keep drawing 429s. What is known of an
endpoint is its present window: how many calls are left, and when the next window begins. An answer is as old
as its way here, and answers overtake each other: within a window the smaller remainder and the earlier end
are believed. When a window is over, the next one is taken to be as large and as long, until an answer tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.bol.problem import seconds_of
from streams.vocabulary.time import Clock, seconds

UNKNOWN_RESET = 1.0
"""Seconds to wait where Bol says that nothing is left, but not until when."""
MOST_CALLS = 1_000_000
"""A larger number of calls in a header is rubbish."""


@dataclass(slots=True)
class _Window:
    limit: int
    left: int
    until: datetime
    span: float
    """Seconds: how long it was said to last when it was first heard of."""
    told: bool
    """Whether an answer has spoken of this window, or it is a guess after the one before."""
    closed: bool = False
    """A 429: nothing more until it ends, whatever late answers say."""


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
        rest = (window.until - now).total_seconds()
        if rest <= 0 or rest > window.span:  # over, or the clock was set back
            until = now + seconds(window.span)
            self._windows[endpoint] = _Window(window.limit, window.limit - 1, until, window.span, told=False)
            return 0.0
        if window.left <= 0:
            return rest
        window.left -= 1
        return 0.0

    def learn(self, endpoint: str, status: int, headers: Mapping[str, str]) -> None:
        """Takes in what an answer says."""
        now = self._clock()
        known = self._windows.get(endpoint)
        reset = _seconds(headers.get("x-ratelimit-reset"))
        limit = _calls(headers.get("x-ratelimit-limit"))
        if status == 429:
            wait = seconds_of(headers.get("retry-after")) or reset or UNKNOWN_RESET
            # Without a figure the next window starts with one call, and its answer tells.
            calls = limit or (known.limit if known is not None else 1)
            until = now + seconds(wait)
            self._windows[endpoint] = _Window(calls, 0, until, wait, told=True, closed=True)
            return
        left = _calls(headers.get("x-ratelimit-remaining"))
        if left is None:
            if known is not None and not known.told and status < 400:
                del self._windows[endpoint]  # Bol no longer speaks of limits here
            return
        span = reset or UNKNOWN_RESET
        until = now + seconds(span)
        if known is not None and now < known.until:
            if known.closed:
                return
            left = min(left, known.left)
            if known.told and known.until < until:
                until, span = known.until, known.span
        calls = max(limit or left + 1, 1)
        self._windows[endpoint] = _Window(calls, left, until, max(span, 0.001), told=True)


def _calls(header: str | None) -> int | None:
    text = (header or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return None
    return min(int(text), MOST_CALLS)


def _seconds(header: str | None) -> float | None:
    """A reset; one that lies further away than an hour is a moment or rubbish, no span."""
    value = seconds_of(header)
    return value if value is not None and 0 < value < 3600.0 else None
