"""Working out rows anew: the delivery core itself, over the events as they lie in an inbox, with nothing around it.

No log is written, no message is sent, no effect is run: what is left are the rows.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from streams.delivery import Delivery
from streams.flow import Flow, OpenEffect, Row
from streams.log.base import Checkpoint, Draft, Guard, Record, Rows, Run, TopicPartition
from streams.observer import Observer
from streams.vocabulary.events import Settled

S = TypeVar("S")
RECORDS_AT_ONCE = 500


class Folding(Delivery[S]):
    """A delivery core whose outcomes were recorded under other rules, perhaps.

    With the same code and the same rules every asking has the number it had, and everything is as it was. Where other
    rules ask more, or more seldom, the numbers part ways from some moment on. What was recorded happened all the same:
    from then on an outcome is news when its number is new under its key, and closes what is open there.
    """

    def __init__(self, flow: Flow[S], rules: Callable[[str], Any | None]) -> None:
        super().__init__(flow, rules, _Nobody(), Observer(), asyncio.sleep)
        self._asked: defaultdict[tuple[bytes, str], set[int]] = defaultdict(set)
        self._heard: dict[tuple[bytes, str], int] = {}
        self._parted: set[bytes] = set()

    def _settles(
        self, key: bytes, event: Settled, row: Row[S] | None, open_effects: dict[str, OpenEffect]
    ) -> Settled | None:
        for name, one in open_effects.items():
            self._asked[key, name].add(one.number)
        place = (key, event.key)
        if event.number not in self._asked[place] and event.number > self._heard.get(place, 0):
            self._parted.add(key)
        if key not in self._parted:
            self._heard[place] = max(event.number, self._heard.get(place, 0))
            return super()._settles(key, event, row, open_effects)
        if event.number <= self._heard.get(place, 0):
            return None
        self._heard[place] = event.number
        open_effects.pop(event.key, None)
        return event

    def _note(self, unit: Any, key: bytes, *rest: Any) -> None:
        super()._note(unit, key, *rest)
        for name, one in unit.rows[key].open.items():
            self._asked[key, name].add(one.number)


class Folder:
    """Rows of one partition, built record by record."""

    def __init__(self, flow: Flow[Any], rules: Callable[[str], Any | None], at: TopicPartition) -> None:
        self.rows = _Memory()
        self._at = at
        self._folding: Folding[Any] = Folding(flow, rules)
        self._position = 0

    async def begin(self, position: int) -> None:
        """The first record will lie at `position` or behind it."""
        self._position = position
        await self._folding.assigned(self._at, position, self.rows, _Gathering())

    async def add(self, records: Sequence[Record], end: int) -> None:
        """Applies these, and has then seen everything before `end`."""
        for first in range(0, len(records), RECORDS_AT_ONCE):
            some = records[first : first + RECORDS_AT_ONCE]
            upto = end if first + RECORDS_AT_ONCE >= len(records) else some[-1].offset + 1
            await self._folding.apply(Run(self._at, self._position, upto, some))
            self._position = upto


class _Memory(Rows):
    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def put(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = value

    def items(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        return list(self._rows.items())

    def __len__(self) -> int:
        return len(self._rows)


class _Gathered(Checkpoint):
    async def send(self, drafts: Sequence[Draft]) -> None:
        """Other flows have had it, or are folded themselves."""

    async def write_rows(self, drafts: Sequence[Draft]) -> None:
        """They are in memory afterwards, which is all that is wanted."""

    async def commit(self) -> None:
        """Nothing is kept."""


class _Gathering(Guard):
    async def rewind(self, at: TopicPartition, position: int) -> None:
        raise AssertionError(f"the events of {at} are read in their order")

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        return _Gathered()


class _Nobody:
    """Runs no effects and rings no alarms: what is open is in the rows."""

    def opened(self, key: bytes, at: TopicPartition, effect_key: str, effect: OpenEffect, trace: str) -> None:
        """Not run."""

    def closed(self, key: bytes, at: TopicPartition, effect_key: str) -> None:
        """Not run."""

    def wake(self, key: bytes, at: TopicPartition, due: datetime | None) -> None:
        """Not rung."""

    async def revoked(self, at: TopicPartition) -> None:
        """Nothing is kept."""
