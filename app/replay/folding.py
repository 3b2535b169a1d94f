"""Working out rows anew: the delivery core itself, over the events as they lie in an inbox, with nothing around it.

No log is written, no message is sent, no effect is run: what is left are the rows, what they would have told
other flows, and what the vendors did.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from app.replay.anew import AsRecorded, executed
from app.replay.answers import Run, RunId, run_of
from app.replay.messages import Words
from streams.codec import mark_of, split_key
from streams.delivery import Delivery
from streams.flow import Decision, Flow, OpenEffect, Row
from streams.log.base import Checkpoint, Draft, Guard, Record, Rows, TopicPartition
from streams.log.base import Run as LogRun
from streams.observer import Observer
from streams.vocabulary.effects import Effect, FindRelation, UpdateRelation
from streams.vocabulary.events import Message, Rebuilt, RelationFound, RelationSaved, Settled
from streams.vocabulary.outcomes import AnswerLost, NotSent
from streams.vocabulary.time import milliseconds

S = TypeVar("S")
RECORDS_AT_ONCE = 500
REMEMBERED = 64
"""Askings under one key of a row whose words are known when their outcome comes."""
NOT_KEPT = "its answers are not kept"
ANOTHER = "something else is asked for now"


class Deed(NamedTuple):
    """What a vendor said to an asking, as far as it was recorded (or is understood now)."""

    outcome: Any
    effect: Effect | None
    """What was asked for; None: not known."""
    mark: str = ""
    """The mark of what was asked for (streams/codec.py), where answers are kept."""


class Find(NamedTuple):
    """An event that the present code finds in the answers to an effect."""

    source: bytes
    """The row that asked."""
    effect_key: str
    vendor: str
    moment: int
    message: Message


class Told:
    """What came of the outcomes on the way."""

    def __init__(self) -> None:
        self.anew = self.otherwise = self.parked = 0
        self.as_recorded: Counter[tuple[str, str]] = Counter()
        """By effect and reason."""


class _Askings:
    """What the row of one entity has asked for."""

    def __init__(self) -> None:
        self.asked: defaultdict[str, dict[int, Effect]] = defaultdict(dict)
        """By the effect's key and the asking's number."""
        self.heard: dict[str, int] = {}
        self.parted = False
        """The numbers are no longer those of the live row."""

    def note(self, open_effects: Mapping[str, OpenEffect]) -> None:
        for name, one in open_effects.items():
            known = self.asked[name]
            known[one.number] = one.effect
            while len(known) > REMEMBERED:
                del known[next(iter(known))]

    def effect(self, name: str, number: int, run: Run | None) -> Effect | None:
        """What was asked for then, if the present code asked for it too."""
        known = self.asked[name]
        found = known.get(number)
        if run is None or (found is not None and mark_of(found) == run.asking.mark):
            return found
        return next((one for one in reversed(known.values()) if mark_of(one) == run.asking.mark), None)


class Folding(Delivery[S]):
    """A delivery core whose outcomes were recorded under other rules and by other code, perhaps.

    Where the answers of a run are kept its effect is executed anew against them, and what comes out now counts.

    With the same code and the same rules every asking has the number it had, and everything is as it was. Where other
    rules ask more, or more seldom, the numbers part ways from some moment on. What was recorded happened all the same:
    from then on an outcome is news when its number is new under its key, and closes what is open there.

    What earlier replays put in place is passed over: the events count, as the present code sees them.
    """

    def __init__(self, flow: Flow[S], rules: Callable[[str], Any | None]) -> None:
        self.told = Told()
        super().__init__(flow, rules, _Nobody(), _Counting(self.told), asyncio.sleep)
        self.runs: Mapping[RunId, Run] = {}
        """The runs that are kept, of the outcomes at hand."""
        self.deeds: defaultdict[bytes, list[Deed]] = defaultdict(list)
        self.decided: defaultdict[bytes, Words] = defaultdict(Words)
        """By row: what its decisions told other rows."""
        self.found: list[Find] = []
        self._askings: defaultdict[bytes, _Askings] = defaultdict(_Askings)

    def _settles(
        self, key: bytes, event: Settled, row: Row[S] | None, open_effects: dict[str, OpenEffect]
    ) -> Settled | None:
        askings = self._askings[key]
        askings.note(open_effects)
        run = self.runs.get(run_of(key, event))
        mark = run.asking.mark if run is not None else ""
        effect = askings.effect(event.key, event.number, run)
        asked = open_effects.get(event.key)
        if asked is not None and mark and _of_another(event, asked.effect, mark):
            self.deeds[key].append(Deed(event.outcome, None, mark))
            return None
        news = self._news(key, event, row, open_effects)
        if news is not None:
            news = self._anew(key, event, effect, run)
        self.deeds[key].append(Deed((news or event).outcome, effect, mark))
        return news

    def _news(
        self, key: bytes, event: Settled, row: Row[S] | None, open_effects: dict[str, OpenEffect]
    ) -> Settled | None:
        askings = self._askings[key]
        heard = askings.heard.get(event.key, 0)
        if event.number not in askings.asked[event.key] and event.number > heard:
            askings.parted = True
        if not askings.parted:
            askings.heard[event.key] = max(event.number, heard)
            return super()._settles(key, event, row, open_effects)
        if event.number <= heard:
            return None
        askings.heard[event.key] = event.number
        open_effects.pop(event.key, None)
        return event

    def _anew(self, key: bytes, event: Settled, effect: Effect | None, run: Run | None) -> Settled:
        """The outcome as the present code understands it."""
        try:
            if run is None:
                raise AsRecorded(NOT_KEPT)
            if effect is None:
                raise AsRecorded(ANOTHER)
            connection, _ = split_key(key)
            execution = executed(connection, effect, run)
        except AsRecorded as reason:
            self.told.as_recorded[_name(effect or event.outcome), str(reason)] += 1
            return event
        self.told.anew += 1
        moment = milliseconds(event.answered_at)
        vendor = run.answers[0].vendor
        self.found.extend(Find(key, event.key, vendor, moment, one) for one in execution.messages)
        # Where nobody knows how it ended, the words about it are of what no answer is kept of.
        lost = isinstance(event.outcome, AnswerLost | NotSent)
        if execution.outcome == event.outcome or (
            lost and isinstance(execution.outcome, AnswerLost | NotSent)
        ):
            return event
        self.told.otherwise += 1
        return msgspec.structs.replace(event, outcome=execution.outcome)

    def _rebuild(
        self, unit: Any, key: bytes, row: Row[S] | None, record: Record, trace: str, event: Rebuilt
    ) -> None:
        self._askings[key].parted = True  # what it asked for got numbers that are not ours
        unit.skipped += 1

    def _note(
        self,
        unit: Any,
        key: bytes,
        row: Row[S] | None,
        record: Record,
        connection: str,
        trace: str,
        open_effects: dict[str, OpenEffect],
        decision: Decision[S],
    ) -> None:
        super()._note(unit, key, row, record, connection, trace, open_effects, decision)
        for message in decision.messages:
            self.decided[key].say((self._flow.name, key), message, connection, record.timestamp)
        asked = unit.rows[key].open
        if decision.state is None and not asked:
            self._askings.pop(key, None)  # a row that begins again counts from the beginning
        else:
            self._askings[key].note(asked)


def _of_another(event: Settled, effect: Effect, mark: str) -> bool:
    """Whether it answers another question than the one that is open, so that this one is still to be answered: the
    relation of another address, or one that was saved with other fields."""
    return (
        isinstance(event.outcome, RelationFound | RelationSaved)
        and isinstance(effect, FindRelation | UpdateRelation)
        and mark_of(effect) != mark
    )


def _name(fact: Any) -> str:
    """The fact's name as the log has it."""
    return str(type(fact).__struct_config__.tag)


class Folder:
    """Rows of one partition, built record by record."""

    def __init__(self, flow: Flow[Any], rules: Callable[[str], Any | None], at: TopicPartition) -> None:
        self.rows = _Memory()
        self.folding: Folding[Any] = Folding(flow, rules)
        self._at = at
        self._position = 0

    async def begin(self, position: int) -> None:
        """The first record will lie at `position` or behind it."""
        self._position = position
        await self.folding.assigned(self._at, position, self.rows, _Gathering())

    async def add(self, records: Sequence[Record], end: int, runs: Mapping[RunId, Run]) -> None:
        """Applies these, whose outcomes have these runs, and has then seen everything before `end`. Raises
        FlowStopped."""
        self.folding.runs = runs
        for first in range(0, len(records), RECORDS_AT_ONCE):
            some = records[first : first + RECORDS_AT_ONCE]
            upto = end if first + RECORDS_AT_ONCE >= len(records) else some[-1].offset + 1
            await self.folding.apply(LogRun(self._at, self._position, upto, some))
            self._position = upto
        self.folding.runs = {}


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
        """What decisions tell is noted with its row; activity and dead letters are nobody's business here."""

    async def write_rows(self, drafts: Sequence[Draft]) -> None:
        """They are in memory afterwards, which is all that is wanted."""

    async def commit(self) -> None:
        """Nothing is kept."""


class _Gathering(Guard):
    async def rewind(self, at: TopicPartition, position: int) -> None:
        raise AssertionError(f"the events of {at} are read in their order")

    def checkpoint(self, at: TopicPartition, end: int) -> Checkpoint:
        return _Gathered()


class _Counting(Observer):
    def __init__(self, told: Told) -> None:
        self._told = told

    def parked(self, flow: str, records: int) -> None:
        self._told.parked += records


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
