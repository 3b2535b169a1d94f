"""Delivery: effectively once, by construction. The four rules, in one place, the same for every log.

1. No gap. A run is taken only where the last one ended; anything else makes the consumer go back. What is
   committed is what was applied, never an acknowledgement of the framework's (facts/engine.md: Faust drops
   and acknowledges records around a rebalance).
2. Order. Events to other flows first, then the changelog rows, then the position. Memory changes only after
   the rows are durable, and effects start only after that.
3. Stamps. Every row carries the offset it has applied; a redelivered record below it changes nothing. Sound
   only because of rule 1.
4. Idempotent receivers. Events can be sent twice (a crash between rule 2's steps); every `decide` takes a
   doubled event by its business identity.

`tests/streams/simulation` crashes this between any two steps, thousands of seeded times.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from msgspec.structs import replace

from streams.codec import (
    FactReader,
    RowCodec,
    Unreadable,
    activity_draft,
    dead_letter,
    fact_headers,
    flow_header,
    message_draft,
    split_key,
)
from streams.flow import Context, Decision, Flow, OpenEffect, Row, taken_in
from streams.log.base import Draft, Guard, Handler, LogUnavailable, Record, Rows, Run, TopicPartition, header
from streams.observer import Observer
from streams.topics import rows_topic
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Rebuilt, Settled, Woke
from streams.vocabulary.time import moment_of

S = TypeVar("S")
log = logging.getLogger(__name__)

PARKED_IN_A_ROW = 1_000
"""So many dead letters without one good record in between look like a bad deploy: the flow stops."""


class FlowStopped(Exception):
    """Too many records in a row could not be applied: the flow stops before it parks everything."""


class Follower(Protocol):
    """What happens after a row is durable: effects run (effects.py), alarms are set (alarms.py)."""

    def opened(self, key: bytes, at: TopicPartition, effect_key: str, effect: OpenEffect, trace: str) -> None:
        """The row asks for this effect now (or still does, after a restart)."""

    def closed(self, key: bytes, at: TopicPartition, effect_key: str) -> None:
        """The row no longer asks for it."""

    def wake(self, key: bytes, at: TopicPartition, due: datetime | None) -> None:
        """The row wants to be woken then; None: no longer."""

    async def revoked(self, at: TopicPartition) -> None:
        """The partition is another's from now on: forget everything about it. On return none of its effects is
        under way here."""


class _Unit(Generic[S]):
    """One run's work: rows on a copy and what is to be sent, nothing of it in memory yet."""

    def __init__(self) -> None:
        self.rows: dict[bytes, Row[S]] = {}
        self.before: dict[bytes, Row[S]] = {}
        self.encoded: dict[bytes, bytes | None] = {}
        """The rows as they were written; None: deleted."""
        self.sent: list[Draft] = []
        self.traces: dict[bytes, str] = {}
        self.rung: set[bytes] = set()
        """Keys whose alarm has rung: it is set anew also when it is for the same moment again."""
        self.fresh: list[tuple[str, int]] = []
        self.applied = 0
        self.skipped = 0
        self.parked = 0


class Delivery(Handler, Generic[S]):
    """Applies the runs of one flow's inbox."""

    def __init__(
        self,
        flow: Flow[S],
        rules: Callable[[str], Any | None],
        follower: Follower,
        observer: Observer,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """`rules(connection)` gives the rules in force, or None for a connection that is not set up."""
        self._flow = flow
        self._rules = rules
        self._follower = follower
        self._observer = observer
        self._sleep = sleep
        self._reader: FactReader[Any] = FactReader(flow.events | Rebuilt)
        self._codec: RowCodec[S] = RowCodec(flow.state)
        self._rows_topic = rows_topic(flow.name)
        self._told_by = flow_header(flow.name)
        self._live: OrderedDict[bytes, Row[S]] = OrderedDict()
        self._position: dict[TopicPartition, int] = {}
        self._rows: Rows
        self._guard: Guard
        self._parked_in_a_row = 0

    # -- partitions come and go

    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        """Takes up the partition where it was left: open effects are run again, alarms are set again."""
        self._rows, self._guard = rows, guard
        self._live.clear()
        self._position[at] = position
        for key, value in rows.items(at.partition):
            try:
                row = self._codec.read(value)
            except Unreadable as error:
                log.error("%s: the row %r is left alone: %s", self._flow.name, key, error)
                continue
            for effect_key, effect in row.open.items():
                again = replace(effect, repeated=True)
                self._follower.opened(key, at, effect_key, again, "resumed")
            if row.wake is not None:
                self._follower.wake(key, at, row.wake)

    async def revoked(self, at: TopicPartition) -> None:
        """Forgets the partition: whoever owns it now reads its rows from the log."""
        self._position.pop(at, None)
        self._live.clear()
        await self._follower.revoked(at)

    # -- runs

    async def apply(self, run: Run) -> None:
        """Applies what of the run is next, and makes it durable. See the four rules above."""
        position = self._position.get(run.at)
        if position is None:
            return  # a run of a partition that was taken away meanwhile
        if run.end <= position:
            self._observer.skipped(self._flow.name, len(run.records))
            return
        if run.begin > position:
            self._observer.rewound(self._flow.name)
            await self._guard.rewind(run.at, position)
            return
        records = [record for record in run.records if record.offset >= position]
        while True:
            unit = self._work_out(run.at, records)
            try:
                await self._make_durable(run, unit)
                break
            except LogUnavailable as error:
                # Nothing is in memory yet and nothing may be assumed of the log: the whole unit is worked
                # out again. A full disk gets room one day; the flow stands still until then and says so.
                self._observer.stalled(self._flow.name, str(error))
                await self._sleep(1.0)
                if self._position.get(run.at) != position:
                    return
        self._observer.stalled(self._flow.name, None)
        self._take_over(run, unit)

    def _work_out(self, at: TopicPartition, records: list[Record]) -> _Unit[S]:
        """What follows from the records, on copies."""
        unit: _Unit[S] = _Unit()
        parked_in_a_row = self._parked_in_a_row
        for record in records:
            try:
                self._decide(unit, record)
                parked_in_a_row = 0
            except Unreadable as error:
                unit.sent.append(dead_letter(record, at, str(error)))
                unit.parked += 1
            except Exception as error:  # a bug in a flow: that record is parked, the others go on
                log.exception("%s: record %s of %s is parked", self._flow.name, record.offset, at)
                unit.sent.append(
                    dead_letter(
                        record, at, f"the {self._flow.name} flow failed on it: {type(error).__name__}"
                    )
                )
                unit.parked += 1
                parked_in_a_row += 1
                if parked_in_a_row >= PARKED_IN_A_ROW:
                    raise FlowStopped(
                        f"the {self._flow.name} flow failed on {parked_in_a_row} records in a row, last on "
                        f"{at.topic}-{at.partition} offset {record.offset}; nothing of it is taken as done"
                    ) from error
        self._parked_in_a_row = parked_in_a_row
        return unit

    def _decide(self, unit: _Unit[S], record: Record) -> None:
        connection, entity = split_key(record.key)
        key = record.key or b""
        event = self._reader.read(record)
        row = unit.rows.get(key) or self._load(key)
        if row is not None and record.offset < row.applied:
            unit.skipped += 1
            return
        rules = self._rules(connection)
        if rules is None:
            raise Unreadable(f"the connection {connection!r} is not in the settings")
        trace = header(record.headers, "trace")
        if isinstance(event, Rebuilt):
            self._rebuild(unit, key, row, record, trace, event)
            return
        open_effects = dict(row.open) if row else {}
        if isinstance(event, Settled):
            outcome = self._settles(key, event, row, open_effects)
            if outcome is None:
                unit.skipped += 1  # settled already: the effect was run twice around a crash
                return
            event = outcome
        at = moment_of(record.timestamp)
        if isinstance(event, Woke):
            if row is None or row.wake is None or event.due < row.wake:
                unit.skipped += 1  # an alarm that was set off twice, or moved since
                return
            unit.rung.add(key)
            at = max(at, event.due)  # a record's time is in whole milliseconds: it may lie before the moment
        context = Context(
            connection=connection,
            entity=entity,
            at=at,
            rules=rules,
            open=open_effects,
        )
        decision = self._flow.decide(row.state if row else None, event, context)
        self._note(unit, key, row, record, connection, trace, open_effects, decision)

    def _settles(
        self, key: bytes, event: Settled, row: Row[S] | None, open_effects: dict[str, OpenEffect]
    ) -> Settled | None:
        """The outcome, if it is news; closes the effect that it is of. One of an asking that was superseded is news
        too: it happened."""
        asked = open_effects.get(event.key)
        if asked is None or event.number > asked.number:
            return None
        if event.number == asked.number:
            del open_effects[event.key]
        return event

    def _rebuild(
        self, unit: _Unit[S], key: bytes, row: Row[S] | None, record: Record, trace: str, event: Rebuilt
    ) -> None:
        """Puts a row that a replay has worked out in the place of this one, unless something has happened to it since.
        What is asked for already in the same words stays the same asking: nothing is done twice for it. The rest is
        asked as `repeated`, since something like it may have been done: what is not idempotent looks first."""
        if (row.applied if row else 0) != event.basis:
            unit.skipped += 1  # the replay looks again, and works it out anew
            return
        rebuilt = self._codec.read(bytes(event.row))
        asked = row.asked if row else 0
        open_effects: dict[str, OpenEffect] = {}
        for effect_key, wanted in rebuilt.open.items():
            known = row.open.get(effect_key) if row else None
            if known is not None and known.effect == wanted.effect:
                open_effects[effect_key] = known
                continue
            asked += 1
            open_effects[effect_key] = replace(wanted, number=asked, repeated=True)
        if key not in unit.rows and row is not None:
            unit.before[key] = row
        unit.rows[key] = Row(
            state=rebuilt.state,
            applied=record.offset + 1,
            open=open_effects,
            asked=asked,
            wake=rebuilt.wake,
            born=row.born if row else rebuilt.born,
        )
        unit.rung.add(key)
        unit.traces[key] = trace
        unit.applied += 1
        connection, _ = split_key(key)
        noted = Noted(kind="rebuilt", text=f"Worked out anew by a replay ({event.incident}).")
        headers = (*fact_headers(connection, trace), self._told_by)
        unit.sent.append(activity_draft(noted, key, headers, record.timestamp))

    def _note(
        self,
        unit: _Unit[S],
        key: bytes,
        row: Row[S] | None,
        record: Record,
        connection: str,
        trace: str,
        open_effects: dict[str, OpenEffect],
        decision: Decision[S],
    ) -> None:
        asked = taken_in(decision, open_effects, row.asked if row else 0)
        if key not in unit.rows and row is not None:
            unit.before[key] = row  # as it is durable: an earlier record of this very run is not
        unit.rows[key] = Row(
            state=decision.state,
            applied=record.offset + 1,
            open=open_effects,
            asked=asked,
            wake=decision.wake,
            born=row.born if row else record.offset,
        )
        unit.traces[key] = trace
        unit.applied += 1
        headers = fact_headers(connection, trace)
        unit.sent.extend(message_draft(message, connection, headers) for message in decision.messages)
        if decision.activity:
            told = (*headers, self._told_by)
            unit.sent.extend(activity_draft(one, key, told, record.timestamp) for one in decision.activity)
        for one in decision.activity:
            if isinstance(one, Noted) and one.millis is not None:
                unit.fresh.append((one.kind, one.millis))

    async def _make_durable(self, run: Run, unit: _Unit[S]) -> None:
        """Rule 2, step by step."""
        checkpoint = self._guard.checkpoint(run.at, run.end)
        # 1. Events to other flows (and activity, and dead letters). Were they sent after the rows, a crash
        #    in between would lose them: the redelivered record is skipped by its row's stamp.
        await checkpoint.send(unit.sent)
        # 2. The rows, to the changelog partition of the same number. A crash before this repeats step 1,
        #    which receivers take (rule 4); a crash in the midst leaves some rows stamped, which skip.
        unit.encoded = {
            key: None if row.state is None and not row.open else self._codec.write(row)
            for key, row in unit.rows.items()
        }
        await checkpoint.write_rows(
            [
                Draft(self._rows_topic, key, value, partition=run.at.partition)
                for key, value in unit.encoded.items()
            ]
        )
        # 3. The position. It may come late (Kafka), never early.
        await checkpoint.commit()

    def _take_over(self, run: Run, unit: _Unit[S]) -> None:
        """Into memory, and on to effects and alarms: all of it is durable now."""
        if run.at not in self._position:
            return  # taken away while it was written: the next owner reads it from the log
        for key, row in unit.rows.items():
            value = unit.encoded[key]
            self._rows.put(key, value)
            if value is None:
                self._live.pop(key, None)
            else:
                self._remember(key, row)
            self._follow(key, run.at, unit.before.get(key), row, unit.traces[key])
            if key in unit.rung and row.wake is not None:
                self._follower.wake(key, run.at, row.wake)
        self._position[run.at] = run.end
        self._observer.applied(self._flow.name, unit.applied)
        for kind, millis in unit.fresh:
            self._observer.fresh(kind, millis)
        if unit.skipped:
            self._observer.skipped(self._flow.name, unit.skipped)
        if unit.parked:
            self._observer.parked(self._flow.name, unit.parked)

    def _follow(self, key: bytes, at: TopicPartition, before: Row[S] | None, row: Row[S], trace: str) -> None:
        known = before.open if before else {}
        for effect_key, effect in row.open.items():
            old = known.get(effect_key)
            if old is None or old.number != effect.number:
                self._follower.opened(key, at, effect_key, effect, trace)
        for effect_key in known:
            if effect_key not in row.open:
                self._follower.closed(key, at, effect_key)
        if row.wake != (before.wake if before else None):
            self._follower.wake(key, at, row.wake)

    # -- rows at hand

    def _load(self, key: bytes) -> Row[S] | None:
        row = self._live.get(key)
        if row is not None:
            self._live.move_to_end(key)
            return row
        value = self._rows.get(key)
        if value is None:
            return None
        row = self._codec.read(value)
        self._remember(key, row)
        return row

    def _remember(self, key: bytes, row: Row[S]) -> None:
        self._live[key] = row
        self._live.move_to_end(key)
        while len(self._live) > self._flow.live:
            self._live.popitem(last=False)
