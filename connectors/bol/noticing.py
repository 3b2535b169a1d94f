"""Which orders of a list the orders flow is told of. Pure, but for what it remembers.

Bol lists what changed in the last minutes, and a sweep has to reach further back than to the one before it
(windows.py): an order stands in every list for minutes, and in a busy shop there are hundreds of them every few
seconds, of which the flow knows all but some. So one that was told is told again ever more seldom as long as it stays
as it is: not never, since Bol may give the order itself a moment later than the list.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import NamedTuple

from streams.vocabulary.time import seconds

AGAIN = 4.0
LONGEST = 600.0
"""Seconds until an order that has not changed is told again: at first, doubling each time, and at most."""
MOST = 50_000
"""Orders that are remembered, of all connections; one that is forgotten is told again."""


class _Last(NamedTuple):
    changed: str
    at: datetime
    wait: float


class Noticing:
    """What was told lately. Lost with the process: then all is told once more."""

    def __init__(self, most: int = MOST) -> None:
        self._told: OrderedDict[tuple[str, str], _Last] = OrderedDict()
        self._most = most

    def is_news(self, connection: str, order_id: str, changed: str, now: datetime) -> bool:
        """Whether the flow is to be told now that this order of the list stands as `changed` says; remembered as told
        if so."""
        key = (connection, order_id)
        last = self._told.get(key)
        wait = AGAIN
        if last is not None and last.changed == changed and now >= last.at:
            if now < last.at + seconds(last.wait):
                return False
            wait = min(LONGEST, last.wait * 2)
        self._told[key] = _Last(changed, now, wait)
        self._told.move_to_end(key)
        while len(self._told) > self._most:
            self._told.popitem(last=False)
        return True
