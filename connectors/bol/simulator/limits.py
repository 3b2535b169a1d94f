"""Bol's rate limits per endpoint, told in every answer's headers (facts/bol.md, Transport)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from streams.vocabulary.time import Clock, seconds


class Windows:
    """Fixed windows, one per endpoint."""

    def __init__(self, limits: Mapping[str, tuple[int, float]], clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._windows: dict[str, tuple[datetime, int]] = {}

    def take(self, endpoint: str) -> tuple[bool, dict[str, str]]:
        """Whether the call is within the limit, and the headers that say so."""
        limit, length = self._limits.get(endpoint, (1_000_000, 1.0))
        now = self._clock()
        ends, used = self._windows.get(endpoint, (now, 0))
        if now >= ends:
            ends, used = now + seconds(length), 0
        allowed = used < limit
        self._windows[endpoint] = (ends, used + 1 if allowed else used)
        reset = max(1, math.ceil((ends - now).total_seconds()))
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - used - 1)),
            "x-ratelimit-reset": str(reset),
        }
        if not allowed:
            headers["retry-after"] = str(reset)
        return allowed, headers
