"""Alarms: rows that want to be woken at a moment. The alarm is in the row; here is only who rings it.

When its time has come a `Woke` is sent to the row's inbox. It may ring twice around a crash; the delivery
core takes only the one that the row waits for.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime

from streams.codec import fact_headers, message_draft, split_key
from streams.log.base import Draft, LogUnavailable, LogWriter, TopicPartition
from streams.observer import Observer
from streams.vocabulary.events import FlowName, Message, Woke
from streams.vocabulary.time import Clock, milliseconds

AT_ONCE = 1_000
"""Alarms rung in one write to the log."""
LONGEST_NAP = 60.0
"""Seconds: a clock that was stepped is noticed after so long at most."""

_Id = tuple[FlowName, bytes]


class Alarms:
    """Rings rows."""

    def __init__(
        self,
        writer: LogWriter,
        observer: Observer,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._writer = writer
        self._observer = observer
        self._clock = clock
        self._sleep = sleep
        self._due: dict[_Id, tuple[datetime, TopicPartition]] = {}
        self._heap: list[tuple[datetime, FlowName, bytes]] = []
        self._changed = asyncio.Event()

    def set(self, flow: FlowName, key: bytes, at: TopicPartition, due: datetime | None) -> None:
        """Rings this row then; None: not any more. A row has one alarm."""
        one: _Id = (flow, key)
        if due is None:
            self._due.pop(one, None)
            return
        self._due[one] = (due, at)
        heapq.heappush(self._heap, (due, flow, key))
        if self._heap[0][0] >= due:
            self._changed.set()
        if len(self._heap) > 4 * len(self._due) + AT_ONCE:  # moved alarms leave their old entries behind
            self._heap = [(due, flow, key) for (flow, key), (due, _) in self._due.items()]
            heapq.heapify(self._heap)

    def revoke(self, flow: FlowName, at: TopicPartition) -> None:
        """The partition is another's: its rows are rung there."""
        for one in [one for one, (_, where) in self._due.items() if where == at and one[0] == flow]:
            del self._due[one]

    async def run(self) -> None:
        """Rings until cancelled."""
        while True:
            ringing = self.ringing(self._clock())
            if ringing:
                await self._ring(ringing)
                continue
            self._changed.clear()
            nap = LONGEST_NAP
            if self._heap:
                nap = min(nap, max(0.0, (self._heap[0][0] - self._clock()).total_seconds()))
            waiter = asyncio.ensure_future(self._changed.wait())
            napper = asyncio.ensure_future(self._sleep(nap))
            try:
                await asyncio.wait((waiter, napper), return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiter.cancel()
                napper.cancel()

    def ringing(self, now: datetime) -> list[tuple[FlowName, bytes, datetime]]:
        """Takes out what is due now: flow, key and due moment, the earliest first, AT_ONCE at most."""
        found: list[tuple[FlowName, bytes, datetime]] = []
        while self._heap and self._heap[0][0] <= now and len(found) < AT_ONCE:
            due, flow, key = heapq.heappop(self._heap)
            entry = self._due.get((flow, key))
            if entry is not None and entry[0] == due:
                del self._due[(flow, key)]
                found.append((flow, key, due))
        return found

    async def _ring(self, ringing: list[tuple[FlowName, bytes, datetime]]) -> None:
        drafts: list[Draft] = []
        for flow, key, due in ringing:
            connection, entity = split_key(key)
            message = Message(flow=flow, entity=entity, event=Woke(due=due))
            headers = fact_headers(connection, f"alarm-{milliseconds(due)}")
            drafts.append(message_draft(message, connection, headers))
        while True:
            try:
                await self._writer.append(drafts)
                self._observer.stalled("alarms", None)
                return
            except LogUnavailable as error:
                self._observer.stalled("alarms", str(error))
                await self._sleep(1.0)
