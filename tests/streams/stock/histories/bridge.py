"""The stock rows of the bridge, their inboxes and their calls: what streams/delivery.py and streams/effects.py promise,
without either. Messages of one sender come in their order, whatever comes from outside in any; a crash forgets the
calls that are under way, runs what is open once more, and has the last messages of the rows sent again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from streams.codec import RowCodec
from streams.flow import Context, Decision, OpenEffect, Row, taken_in
from streams.stock.decide import decide
from streams.stock.rules import StockRules
from streams.stock.state import Article
from streams.vocabulary.events import Settled, StockEvent

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AIR = "air"
"""The channel of what comes in any order."""
PROCESSES = ("ingress", "orders", "stock", "sweeps")
"""Ours, each with its own clock: what hears tills, what books orders, what runs the rows, what sweeps."""
AGAIN = 12
"""Decisions at most that a crash takes back, so that what they told is told again."""
_CODEC: RowCodec[Article] = RowCodec(Article)


@dataclass(frozen=True)
class Envelope:
    """An event on its way to a row."""

    event: StockEvent
    by: str
    """Whose clock gives the record its time, when it gets to the log."""
    channel: str
    about: Any = None
    """What it is of, for the verdict."""


@dataclass
class StockRow:
    """A row, as the shell keeps it."""

    number: int
    state: Article | None = None
    open: dict[str, OpenEffect] = field(default_factory=dict)
    asked: int = 0
    inbox: list[Envelope] = field(default_factory=list)


@dataclass
class Call:
    """A call to a vendor."""

    row: int
    key: str
    asked: OpenEffect
    asked_at: datetime
    outcome: Any = None
    about: Any = None


class Bridge:
    """All rows of one connection."""

    def __init__(self, chance: random.Random, rules: StockRules, clocks: dict[str, float]) -> None:
        self.chance = chance
        self.rules = rules
        self.clocks = clocks
        """Seconds by which each process is ahead."""
        self.passed = 0.0
        self.rows: dict[int, StockRow] = {}
        self.calls: list[Call] = []
        self.decided = 0
        self.told: list[list[tuple[int, Envelope]]] = []
        """What the last decisions told other rows."""
        self.last: Decision[Article] | None = None

    def clock(self, process: str) -> datetime:
        """What that process takes for the time."""
        return START + timedelta(seconds=self.passed + self.clocks[process])

    def row(self, number: int) -> StockRow:
        """An article's row."""
        return self.rows.setdefault(number, StockRow(number))

    def post(self, number: int, event: Any, channel: str, by: str, about: Any = None) -> None:
        """Somebody writes an event to a row's inbox."""
        self.row(number).inbox.append(Envelope(event, by, channel, about))

    # -- what comes in

    @property
    def waiting(self) -> list[StockRow]:
        """Rows with something to read."""
        return [row for row in self.rows.values() if row.inbox]

    def next(self, row: StockRow) -> Envelope:
        """One of those that may come next: anything of the air, the first of each channel."""
        seen: set[str] = set()
        choices: list[int] = []
        for place, one in enumerate(row.inbox):
            if one.channel == AIR or one.channel not in seen:
                choices.append(place)
                seen.add(one.channel)
        return row.inbox.pop(choices[0] if self.chance.random() < 0.6 else self.chance.choice(choices))

    def apply(self, row: StockRow, one: Envelope) -> bool:
        """The row takes it. False: it was the outcome of what is asked for no longer."""
        opened = dict(row.open)
        if isinstance(one.event, Settled):
            asked = opened.get(one.event.key)
            if asked is None or one.event.number > asked.number:
                return False
            if one.event.number == asked.number:
                del opened[one.event.key]
        at = self.clock(one.by)
        context = Context(connection="shop", entity=str(row.number), at=at, rules=self.rules, open=opened)
        decision = decide(row.state, one.event, context)
        self.decided += 1
        opened = dict(opened)
        row.asked = taken_in(decision, opened, row.asked)
        row.state, row.open, self.last = decision.state, opened, decision
        told = []
        for message in decision.messages:
            if message.flow != "stock":
                continue  # what the guards are told (streams/guards) comes back to no row
            event: Any = message.event
            told.append((int(message.entity), Envelope(event, "stock", f"row {row.number}", self.decided)))
        for number, envelope in told:
            self.row(number).inbox.append(envelope)
        self.told = [*self.told[-AGAIN:], told]
        if self.decided % 50 == 0:
            self._comes_back(row)
        return True

    def _comes_back(self, row: StockRow) -> None:
        """From the changelog, as it went there."""
        kept = Row(state=row.state, applied=1, open=row.open, asked=row.asked)
        assert _CODEC.read(_CODEC.write(kept)) == kept, f"row {row.number} does not come back as it was"

    # -- calls

    def ready(self) -> list[tuple[StockRow, str]]:
        """What may be started now: never two at once under one key."""
        now = self.clock("stock")
        under_way = {(call.row, call.key) for call in self.calls}
        return [
            (row, key)
            for row in self.rows.values()
            for key, one in row.open.items()
            if (row.number, key) not in under_way and (one.not_before is None or one.not_before <= now)
        ]

    def start(self, row: StockRow, key: str) -> Call:
        """A call leaves."""
        call = Call(row.number, key, row.open[key], self.clock("stock"))
        self.calls.append(call)
        return call

    def end(self, call: Call) -> None:
        """Its outcome is written."""
        self.calls.remove(call)
        settled = Settled(
            key=call.key,
            number=call.asked.number,
            outcome=call.outcome,
            asked_at=call.asked_at,
            answered_at=self.clock("stock"),
            repeated=call.asked.repeated,
        )
        self.post(call.row, settled, f"outcomes of {call.key}", "stock", call.about)

    def crash(self, serve: Callable[[Call], None]) -> None:
        """The process is gone. What was under way has got there or not; what rows told last is told again."""
        for call in self.calls:
            if call.outcome is None and self.chance.random() < 0.5:
                serve(call)
        self.calls.clear()
        for row in self.rows.values():
            row.open = {key: replace(one, repeated=True) for key, one in row.open.items()}
        for told in self.told[-self.chance.randint(1, AGAIN) :]:
            for number, envelope in told:
                self.row(number).inbox.append(envelope)

    def soonest(self) -> float | None:
        """Seconds until something that waits for its time may start; None: nothing waits."""
        now = self.clock("stock")
        waits = [
            (one.not_before - now).total_seconds()
            for row in self.rows.values()
            for one in row.open.values()
            if one.not_before is not None
        ]
        return max(0.0, min(waits)) + 0.001 if waits else None
