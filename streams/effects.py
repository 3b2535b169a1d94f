"""Running effects: what open rows ask of the vendors, after the rows are durable.

An effect stays open in its row until its outcome, sent to the row's own inbox as `Settled`, is applied. So
nothing here needs to survive a crash: whoever owns the partition next is told of the open effects again
(Delivery.assigned) and runs them as `repeated`.

Bounds: never two at once under one key of a row (the latest wins); per connection and vendor a fixed number
at once, in lanes: pushes of stock, readings of stock, looks at single offers, counts of single EANs at Bol, other acts,
and sweeps, so that a long page read delays no order, a thousand rows that look at their offers, or wait for the few
calls that Bol's inventory takes, delay neither orders nor sweeps nor one another, orders that wait (for their rate
limit, or ten thousand for Mplus) delay no number on sale, and one slow merchant delays no other. In a lane, orders on
their way into Mplus go by the last day on which they can leave, the nearest first, and everything else in the order in
which it was asked for; the two take turns. So a day's orders that come at once are booked by their deadlines, what
somebody does meanwhile does not wait for ten thousand of them, and a fresh order does not wait for everything that
follows older ones. Likewise pushes: numbers that fall to 0 or rise from 0 go before the rest
(streams/stock/pushing.py), which gets every sixteenth turn.
What waits is in the rows; here it is an entry in a queue.

Numbers on sale, and numbers written into Mplus, leave only while the gate of their connection is open (gates.py):
while it is shut they wait in their lane, the latest of each, and everything else goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

from msgspec.structs import replace

from streams.backoff import ASKED_CAP
from streams.codec import fact_headers, mark_of, message_draft, raw_draft, split_key
from streams.flow import OpenEffect
from streams.log.base import Draft, Headers, LogUnavailable, LogWriter, TopicPartition
from streams.observer import Observer
from streams.vocabulary.effects import (
    Asking,
    BolEffect,
    Effect,
    Execution,
    PushOffer,
    ReadBolInventory,
    ReadBolOffer,
    ReadStock,
    SetMplusStock,
    Stumbled,
    SweepArticles,
    SweepBolInventory,
    SweepBolOffers,
    SweepBolOrders,
    SweepBolReturns,
    SweepMarkers,
    SweepMplusOrders,
    SweepPackingSlips,
    SweepProcessStatuses,
    SweepStock,
    SweepStockHistory,
)
from streams.vocabulary.events import FlowName, Message, Settled
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from streams.vocabulary.permission import Withdrawn, insist, under
from streams.vocabulary.time import Clock

log = logging.getLogger(__name__)

ACTS_AT_ONCE = 16
"""Per lane at Bol, whose limits are kept by the client's headers."""
MPLUS_AT_ONCE = 4
"""Per lane at Mplus, whose client takes one small call at a time: what has begun stands in its queue, where nothing is
more urgent than anything else."""
READINGS_AT_ONCE = 64
"""Readings of stock that wait for Mplus at the same time share a call."""
SWEEPS_AT_ONCE = 3
LOOKS_AT_ONCE = 3
"""At single offers, which many rows may want at the same time."""
COUNTS_AT_ONCE = 1
"""Of single EANs in Bol's inventory: it takes 20 calls a minute, and its sweep needs some of them."""
_AT_ONCE = {
    "sweep": SWEEPS_AT_ONCE,
    "reading": READINGS_AT_ONCE,
    "look": LOOKS_AT_ONCE,
    "count": COUNTS_AT_ONCE,
}
"""By the kind of the lane; of all others it is the vendor's."""
PUSH = "push"
"""The lanes of numbers: on sale at Bol, and written into Mplus."""
PUSHES_FIRST = 15
"""Pushes of numbers that fall to 0 or rise from 0 that go before one of all the others gets its turn: those must not
wait for ever where Bol takes less than is asked for."""
GRACE = 5.0
"""Seconds that running effects get at a stop, before they are cancelled and left open in their rows."""

LONGEST_WAIT = ASKED_CAP
"""Seconds: nothing asks for a longer one, so what would wait longer was asked for by a clock that was ahead."""

RELEASE = 5.0
"""Seconds that running effects of a partition get before it is let go, where nobody else waits for it."""
UNCERTAIN = 0.5
"""Seconds until it is asked again whether a partition is still ours."""
LONGEST_RAW = 2 * 1024 * 1024
"""Bytes of a vendor's answer that is kept: only the stock of a whole administration, read once, is longer."""

_SWEEPS = (
    SweepBolOrders,
    SweepBolReturns,
    SweepBolOffers,
    SweepBolInventory,
    SweepProcessStatuses,
    SweepMarkers,
    SweepArticles,
    SweepStock,
    SweepStockHistory,
    SweepMplusOrders,
    SweepPackingSlips,
)


class Executor(Protocol):
    """Runs the effects of one vendor, for every connection."""

    async def execute(self, connection: str, effect: Effect, repeated: bool) -> Execution:
        """See streams/vocabulary/effects.py. Vendor failures are outcomes, never exceptions. A bug is let out, as
        Stumbled where answers had come already."""


class Gate(Protocol):
    """Whether a connection's numbers may leave."""

    def shut(self, connection: str) -> bool:
        """Not now."""


class _Open:
    def shut(self, connection: str) -> bool:
        return False


class _Wanted(NamedTuple):
    flow: FlowName
    at: TopicPartition
    key: bytes
    effect_key: str
    effect: OpenEffect
    trace: str


_Id = tuple[str, bytes, str]
_Lane = tuple[str, str, str]
_Entry = tuple[datetime, int, _Id, datetime | None]
"""(when it is due, which came first, what, the urgency with which it was asked)."""


class _Queues:
    """What waits in a lane: with a moment to be done by, and without. The first get as many turns in a row as the lane
    gives them while others wait."""

    def __init__(self, turns: int) -> None:
        self._timed: list[_Entry] = []
        self._plain: list[_Entry] = []
        self._turns = turns
        self._taken = 0

    def __bool__(self) -> bool:
        return bool(self._timed or self._plain)

    def of(self, urgency: datetime | None) -> list[_Entry]:
        """Where that waits: a heap."""
        return self._plain if urgency is None else self._timed

    def next(self, counts: Callable[[_Entry], bool]) -> _Entry | None:
        """The next one that counts; None: nothing does. What does not takes nobody's turn."""
        for entries in (self._timed, self._plain):
            while entries and not counts(entries[0]):
                heappop(entries)
        if not self:
            return None
        if self._timed and self._plain:
            timed = self._taken < self._turns
            self._taken = self._taken + 1 if timed else 0
            queue = self._timed if timed else self._plain
        else:
            queue = self._timed or self._plain
        return heappop(queue)


class EffectRunner:
    """Runs open effects and sends their outcomes."""

    def __init__(
        self,
        executors: Mapping[str, Executor],
        writer: LogWriter,
        observer: Observer,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        release: float = RELEASE,
        gate: Gate | None = None,
    ) -> None:
        """`executors` by vendor: `bol`, `mplus`. `release`: seconds that running effects of a partition get before it
        is let go; where another worker takes it up, longer than a call may take. `gate`: None: always open; whoever
        opens it calls `gate_opened`."""
        self._executors = executors
        self._writer = writer
        self._observer = observer
        self._clock = clock
        self._sleep = sleep
        self._wanted: dict[_Id, _Wanted] = {}
        self._timers: dict[_Id, asyncio.TimerHandle] = {}
        self._queues: dict[_Lane, _Queues] = {}
        self._queued: dict[_Id, _Entry] = {}
        """The entry that counts of each; others were asked with another urgency before."""
        self._turns = count()
        self._running: dict[_Id, asyncio.Task[None]] = {}
        self._asked_by: WeakKeyDictionary[asyncio.Task[None], tuple[FlowName, TopicPartition]] = (
            WeakKeyDictionary()
        )
        self._busy: dict[_Lane, int] = {}
        self._release = release
        self._gate: Gate = gate or _Open()
        self._stopped = False
        self.grant: Callable[[TopicPartition], Callable[[], bool]] = lambda at: lambda: True
        """Asked for at the beginning of an effect: whether its partition is surely ours then, and has been all the
        while (FaustHost.grant); set by who joins this with a host."""

    def open(
        self,
        wanted_by: FlowName,
        key: bytes,
        at: TopicPartition,
        effect_key: str,
        effect: OpenEffect,
        trace: str,
    ) -> None:
        """The row asks for this effect: run it when its time has come and there is a place."""
        if self._stopped:
            return
        one: _Id = (wanted_by, key, effect_key)
        self._wanted[one] = _Wanted(wanted_by, at, key, effect_key, effect, trace)
        self._forget_timer(one)
        wait = 0.0
        if effect.not_before is not None:
            wait = min(LONGEST_WAIT, (effect.not_before - self._clock()).total_seconds())
        if wait > 0:
            self._timers[one] = asyncio.get_running_loop().call_later(wait, self._queue, one)
        else:
            self._queue(one)

    def close(self, wanted_by: FlowName, key: bytes, effect_key: str) -> None:
        """The row no longer asks for it. What runs already is not stopped."""
        one: _Id = (wanted_by, key, effect_key)
        self._wanted.pop(one, None)
        self._forget_timer(one)

    def gate_opened(self) -> None:
        """The gate of a connection may have opened: what waits behind it goes on."""
        for lane in [lane for lane in self._queues if lane[2] == PUSH]:
            self._fill(lane)

    async def revoke(self, flow: FlowName, at: TopicPartition) -> None:
        """The partition is another's from now on: forgets what it asks for, and returns when nothing of it is under
        way any more: its next owner must not do a second time what is being done here. What has not ended after
        `release` seconds is cancelled."""
        for one in [one for one, wanted in self._wanted.items() if wanted.flow == flow and wanted.at == at]:
            self._wanted.pop(one)
            self._forget_timer(one)
        running = [task for task in self._running.values() if self._asked_by.get(task) == (flow, at)]
        if running:
            _, late = await asyncio.wait(running, timeout=self._release)
            for task in late:
                log.warning("%s: an effect was still under way when %s partition %s was let go", flow, *at)
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @property
    def waiting(self) -> int:
        """How many effects are asked for and not done."""
        return len(self._wanted)

    async def stop(self) -> None:
        """Starts nothing more; lets what runs end for GRACE seconds, then cancels it (it stays open)."""
        self._stopped = True
        for one in list(self._timers):
            self._forget_timer(one)
        running = list(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # -- lanes

    def _forget_timer(self, one: _Id) -> None:
        timer = self._timers.pop(one, None)
        if timer is not None:
            timer.cancel()

    def _queue(self, one: _Id) -> None:
        self._timers.pop(one, None)
        wanted = self._wanted.get(one)
        if wanted is None or self._stopped or one in self._running:
            return
        waits, urgency = self._queued.get(one), wanted.effect.urgency
        if waits is not None and (urgency is None or waits[3] == urgency):
            return
        lane = _lane(wanted)
        self._queued[one] = entry = (urgency or self._clock(), next(self._turns), one, urgency)
        queues = self._queues.get(lane)
        if queues is None:
            queues = self._queues[lane] = _Queues(PUSHES_FIRST if lane[2] == PUSH else 1)
        heappush(queues.of(urgency), entry)
        self._fill(lane)

    def _fill(self, lane: _Lane) -> None:
        limit = _limit(lane)
        queues = self._queues.get(lane)
        if lane[2] == PUSH and self._gate.shut(lane[0]):
            return
        while queues and self._busy.get(lane, 0) < limit and not self._stopped:
            entry = queues.next(self._counts)
            if entry is None:
                break
            one = entry[2]
            del self._queued[one]
            wanted = self._wanted[one]
            self._busy[lane] = self._busy.get(lane, 0) + 1
            task = asyncio.get_running_loop().create_task(self._run(wanted))
            self._running[one] = task
            self._asked_by[task] = (wanted.flow, wanted.at)
            task.add_done_callback(lambda _, one=one, lane=lane: self._ended(one, lane))  # type: ignore[misc]  # mypy cannot infer lambda defaults

    def _counts(self, entry: _Entry) -> bool:
        """Whether it is the entry of something that is still wanted."""
        one = entry[2]
        if self._queued.get(one) is not entry:
            return False
        if one not in self._wanted:
            del self._queued[one]
            return False
        return True

    def _ended(self, one: _Id, lane: _Lane) -> None:
        self._running.pop(one, None)
        self._busy[lane] -= 1
        if one in self._wanted and one not in self._timers:
            self._queue(one)  # asked again meanwhile: the latest wins
        self._fill(lane)
        if not self._busy[lane] and not self._queues.get(lane):
            self._busy.pop(lane)
            self._queues.pop(lane, None)

    # -- one effect

    async def _run(self, wanted: _Wanted) -> None:
        one: _Id = (wanted.flow, wanted.key, wanted.effect_key)
        if self._wanted.get(one) != wanted:
            return  # closed, or asked for anew, before it could start
        connection, _ = split_key(wanted.key)
        effect = wanted.effect.effect
        vendor = vendor_of(effect)
        asked_at = self._clock()
        try:
            with under(self.grant(wanted.at)):
                insist()
                execution = await self._executors[vendor].execute(connection, effect, wanted.effect.repeated)
        except Withdrawn:
            self._ask_again(one, wanted)
            return
        except Exception as error:  # a bug in a connector: the effect may have been sent
            log.exception("%s: %s failed in our own code", connection, type(effect).__name__)
            stumbled = error if isinstance(error, Stumbled) else None
            cause = error.__cause__ if stumbled else error
            execution = Execution(
                outcome=AnswerLost(why=f"our own code failed: {type(cause).__name__}"),
                asked_at=asked_at,
                answered_at=self._clock(),
                raw=stumbled.raw if stumbled else (),
            )
        took = (execution.answered_at - asked_at).total_seconds()
        self._observer.settled(vendor, type(effect).__name__, outcome_name(execution), took)
        if self._wanted.get(one) == wanted:
            del self._wanted[one]  # done; a newer asking stays and is run next
        await self._publish(wanted, connection, execution)

    def _ask_again(self, one: _Id, wanted: _Wanted) -> None:
        """Nothing left, or not all of it. If the partition turns out to be ours still, it is run once more, as what
        may have been done already; if not, it was taken away meanwhile, or will be."""
        log.info(
            "%s: %s waits: is its partition still ours?", wanted.flow, type(wanted.effect.effect).__name__
        )
        if self._wanted.get(one) != wanted or self._stopped:
            return
        self._wanted[one] = wanted._replace(effect=replace(wanted.effect, repeated=True))
        self._timers[one] = asyncio.get_running_loop().call_later(UNCERTAIN, self._queue, one)

    async def _publish(self, wanted: _Wanted, connection: str, execution: Execution) -> None:
        """The events found before the outcome: a cursor never runs ahead of what it covers."""
        headers = fact_headers(connection, wanted.trace)
        settled = Settled(
            key=wanted.effect_key,
            number=wanted.effect.number,
            outcome=execution.outcome,
            asked_at=execution.asked_at,
            answered_at=execution.answered_at,
            repeated=wanted.effect.repeated,
        )
        _, entity = split_key(wanted.key)
        raw = _raw_drafts(wanted, execution, headers)
        found = [message_draft(message, connection, headers) for message in execution.messages]
        outcome = message_draft(Message(flow=wanted.flow, entity=entity, event=settled), connection, headers)
        writes = [[*raw, *found], [outcome]] if found else [[*raw, outcome]]
        while writes:
            try:
                await self._writer.append(writes[0])
                del writes[0]
                self._observer.stalled("effects", None)
            except LogUnavailable as error:
                # The call was made; its outcome must not be lost while we live. After a crash the effect
                # is run again as `repeated`.
                self._observer.stalled("effects", str(error))
                await self._sleep(1.0)


def _raw_drafts(wanted: _Wanted, execution: Execution, headers: Headers) -> list[Draft]:
    asking = wanted.effect
    mark = mark_of(asking.effect) if execution.raw else ""
    return [
        raw_draft(
            one,
            wanted.key,
            headers,
            Asking(
                flow=wanted.flow,
                key=wanted.effect_key,
                number=asking.number,
                mark=mark,
                began=execution.began or execution.asked_at,
                settled_at=execution.answered_at,
                answered_at=one.answered_at,
                call=one.call,
                place=place,
                places=len(execution.raw),
                repeated=asking.repeated,
            ),
        )
        for place, one in enumerate(execution.raw, 1)
        if len(one.body) <= LONGEST_RAW
    ]


def vendor_of(effect: Effect) -> str:
    """Whose executor runs it."""
    return "bol" if isinstance(effect, BolEffect) else "mplus"


def outcome_name(execution: Execution) -> str:
    """One word for metrics."""
    match execution.outcome:
        case Refused():
            return "refused"
        case NotSent():
            return "not-sent"
        case AnswerLost():
            return "answer-lost"
        case _:
            return "delivered"


def _limit(lane: _Lane) -> int:
    """How many at once."""
    _, vendor, kind = lane
    return _AT_ONCE.get(kind, MPLUS_AT_ONCE if vendor == "mplus" else ACTS_AT_ONCE)


def _lane(wanted: _Wanted) -> _Lane:
    connection, _ = split_key(wanted.key)
    effect = wanted.effect.effect
    match effect:
        case PushOffer() | SetMplusStock():
            kind = PUSH
        case ReadStock():
            kind = "reading"
        case ReadBolOffer():
            kind = "look"
        case ReadBolInventory():
            kind = "count"
        case _:
            kind = "sweep" if isinstance(effect, _SWEEPS) else "act"
    return connection, vendor_of(effect), kind
