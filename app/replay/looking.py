"""The dry run: the chosen entities' rows worked out anew, and how these differ from the live ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from app.replay.answers import VENDORS, KeptAnswers, kept
from app.replay.choice import Choice
from app.replay.choosing import Choosing, Rules
from app.replay.differing import Difference, calls, changes, reason, said, without_done
from app.replay.folding import Folder, Told
from app.replay.messages import Words, unsent
from app.replay.reading import Tell, stretch
from streams.codec import FactReader, RowCodec, Unreadable, key_of, split_key
from streams.flow import Flow, Row
from streams.log.base import Draft, LogReader, Record, TopicPartition
from streams.log.partition import partition_of
from streams.log.rows import RecoveredRows
from streams.topics import inbox_topic, rows_topic
from streams.translation import Translate
from streams.vocabulary.events import Settled

RUNS_AT_ONCE = 100
"""Outcomes whose raw answers are at hand at the same time."""


class Outcomes(NamedTuple):
    """What became of what vendors said."""

    anew: int
    """Worked out anew from the raw answers."""
    otherwise: int
    """How many of these came out otherwise than they were recorded."""
    as_recorded: Mapping[tuple[str, str], int]
    """Taken as recorded: by effect and reason."""
    parked: int
    """Events that the present code cannot apply, so that they would be dead letters."""


class Found(NamedTuple):
    """What a dry run found."""

    looked_at: Mapping[str, int]
    """By flow: how many entities."""
    events: int
    """Records that were folded."""
    outcomes: Outcomes
    differences: tuple[Difference, ...]
    not_whole: tuple[str, ...]
    """`flow key` of entities whose first events are no longer kept: nothing can be said of these."""
    moved: tuple[str, ...]
    """`flow key` of entities that seemed to differ, and whose live row changed while they were looked at."""
    unsent: tuple[Draft, ...]
    """Events that the present code makes (of chosen pushes and of vendors' answers, or that chosen rows tell each
    other), and that lie in no inbox."""
    unsure: int
    """Such events of which it cannot be said: the inbox of their time is no longer kept."""
    behind: int
    """Events of the chosen entities that their rows have not come to yet."""

    @property
    def same(self) -> bool:
        """Whether nothing would change."""
        return not self.differences and not self.unsent and not self.moved


class _Applied(msgspec.Struct):
    applied: int


_applied = msgspec.json.Decoder(_Applied)


class _Partition(NamedTuple):
    """What is to be folded of one inbox partition."""

    flow: str
    at: TopicPartition
    partitions: int
    chosen: frozenset[bytes]
    asking: frozenset[bytes]
    """Rows that are folded only for what vendors answered them."""


class Looking:
    """One dry run. Reads only."""

    def __init__(
        self,
        reader: LogReader,
        flows: Mapping[str, Flow[Any]],
        rules: Mapping[str, Rules],
        translations: Mapping[str, Translate],
        tell: Tell,
    ) -> None:
        """`translations` by webhook topic."""
        self._reader = reader
        self._answers = KeptAnswers(reader)
        self._flows = flows
        self._rules = rules
        self._translations = translations
        self._tell = tell
        self._choice = Choice()
        self._words = Words()
        self._told: list[Told] = []
        self._looked_at: Counter[str] = Counter()
        self._events = self._behind = 0
        self._differences: list[Difference] = []
        self._not_whole: list[str] = []
        self._moved: list[str] = []

    async def look(self, choice: Choice) -> Found:
        """Once. Raises ValueError for a topic or flow that there is not, LogUnavailable, FlowStopped when the present
        code cannot apply whole rows of events."""
        self._choice = choice
        choosing = Choosing(self._reader, self._rules, self._translations, choice, self._tell)
        await choosing.choose()
        self._words.add(choosing.words)
        for part in await self._partitions(choosing):
            await self._fold(part)
        late = await unsent(self._reader, self._words, self._tell)
        return Found(
            looked_at={name: self._looked_at[name] for name in choosing.compared},
            events=self._events,
            outcomes=self._outcomes(),
            differences=tuple(self._differences),
            not_whole=tuple(self._not_whole),
            moved=tuple(self._moved),
            unsent=tuple(Draft(one.topic, one.key, one.value) for one in late.words),
            unsure=late.unsure,
            behind=self._behind,
        )

    def _outcomes(self) -> Outcomes:
        recorded: Counter[tuple[str, str]] = Counter()
        for told in self._told:
            recorded += told.as_recorded
        return Outcomes(
            sum(told.anew for told in self._told),
            sum(told.otherwise for told in self._told),
            recorded,
            sum(told.parked for told in self._told),
        )

    async def _partitions(self, choosing: Choosing) -> list[_Partition]:
        found: list[_Partition] = []
        for name in self._flows:
            chosen, asking = choosing.compared.get(name, set()), choosing.asking[name]
            topic = inbox_topic(name)
            count = await self._reader.partitions(topic)
            for number in range(count):
                mine, others = (
                    frozenset(key for key in keys if partition_of(key, count) == number)
                    for keys in (chosen, asking - chosen)
                )
                if mine or others:
                    found.append(_Partition(name, TopicPartition(topic, number), count, mine, others))
        return found

    # -- one partition

    async def _fold(self, part: _Partition) -> None:
        flow = self._flows[part.flow]
        codec: RowCodec[Any] = RowCodec(flow.state)
        rows = RecoveredRows(rows_topic(part.flow), part.partitions)
        recovered = await rows.recover(self._reader, part.at.partition)
        seen = _seen(rows, part.at.partition)
        first, end = await self._reader.bounds(part.at)
        folder = Folder(flow, self._rules[part.flow], part.at)
        self._told.append(folder.folding.told)
        await folder.begin(first)
        there = await self._apply(part, flow, folder, (first, end), seen)
        found: list[Difference] = []
        for entity in sorted(part.chosen):
            value = rows.get(entity)
            live = codec.read(value) if value is not None else None
            if live is None and entity not in there:
                continue
            self._looked_at[part.flow] += 1
            shown = entity.decode(errors="replace")
            built = folder.rows.get(entity)
            if first > 0 and (live.born < first if live is not None else built is not None):
                self._not_whole.append(f"{part.flow} {shown}")
                continue
            if first == 0 or live is not None:
                self._words.add(folder.folding.decided[entity])
            rebuilt = codec.read(built) if built is not None else None
            if rebuilt is not None:
                rebuilt = without_done(rebuilt, folder.folding.deeds[entity], live)
            difference = compared(part.flow, shown, live, rebuilt, codec)
            if difference is not None:
                found.append(difference)
        self._take_finds(part, folder)
        await self._keep_still(part, recovered.end, found)

    async def _apply(
        self, part: _Partition, flow: Flow[Any], folder: Folder, bounds: tuple[int, int], seen: int
    ) -> set[bytes]:
        """Folds what the live rows have come to, with the raw answers to it. Returns whose events there are."""
        folded = part.chosen | part.asking
        settled: FactReader[Any] = FactReader(flow.events)
        there: set[bytes] = set()
        what = f"{part.at.topic}, {part.at.partition + 1} of {part.partitions}, worked out anew"
        async for records in stretch(self._reader, part.at, *bounds, what, self._tell):
            own = [record for record in records if record.key in folded]
            some = [record for record in own if record.offset < seen]
            self._behind += sum(record.key in part.chosen for record in own[len(some) :])
            there.update(record.key for record in some if record.key is not None)
            self._events += len(some)
            for portion, outcomes in _portions(some, settled):
                runs = await self._answers.of(part.flow, outcomes)
                await folder.add(portion, portion[-1].offset + 1, runs)
        return there

    def _take_finds(self, part: _Partition, folder: Folder) -> None:
        """What is found in the vendors' answers of the chosen span, about chosen entities."""
        choice = self._choice
        vendor = VENDORS.get(choice.topic, "")
        for find in folder.folding.found:
            connection, _ = split_key(find.source)
            target = key_of(connection, find.message.entity)
            if (
                choice.spans(find.moment)
                and vendor in ("", find.vendor)
                and (not choice.flow or find.message.flow == choice.flow or part.flow == choice.flow)
                and (choice.fits(target) or find.source in part.chosen)
            ):
                source = (part.flow, find.source, find.effect_key)
                self._words.say(source, find.message, connection, find.moment)

    async def _keep_still(self, part: _Partition, since: int, found: list[Difference]) -> None:
        """A row that moved meanwhile, or that its worker was about to write, is compared another time."""
        if not found:
            return
        at = TopicPartition(rows_topic(part.flow), part.at.partition)
        moved: set[str] = set()
        _, end = await self._reader.bounds(at)
        what = f"{at.topic}, what moved"
        async for records in stretch(self._reader, at, since, end, what, self._tell):
            moved.update((record.key or b"").decode(errors="replace") for record in records)
        self._differences += [one for one in found if one.key not in moved]
        self._moved += [f"{one.flow} {one.key}" for one in found if one.key in moved]


def _seen(rows: RecoveredRows, partition: int) -> int:
    """Up to where the live rows of a partition have come, all together: each tells how far it has."""
    return max((_applied.decode(value).applied for _, value in rows.items(partition)), default=0)


def _portions(
    records: Sequence[Record], reader: FactReader[Any]
) -> Iterator[tuple[list[Record], list[tuple[bytes, Settled]]]]:
    """The records in pieces, each with its outcomes, so that the raw answers of a piece fit into memory."""
    portion: list[Record] = []
    outcomes: list[tuple[bytes, Settled]] = []
    for record in records:
        portion.append(record)
        settled = _outcome(reader, record)
        if settled is not None and kept(settled):
            outcomes.append((record.key or b"", settled))
        if len(outcomes) == RUNS_AT_ONCE:
            yield portion, outcomes
            portion, outcomes = [], []
    if portion:
        yield portion, outcomes


def _outcome(reader: FactReader[Any], record: Record) -> Settled | None:
    if record.value is None or b'"settled"' not in record.value:
        return None
    try:
        event = reader.read(record)
    except Unreadable:
        return None
    return event if isinstance(event, Settled) else None


def compared(
    flow: str, key: str, live: Row[Any] | None, rebuilt: Row[Any] | None, codec: RowCodec[Any]
) -> Difference | None:
    """None where nothing would change. How often was asked, and what is asked for again, is no difference."""
    found = changes(live.state if live else None, rebuilt.state if rebuilt else None)
    wanted = calls(live, rebuilt)
    if not wanted and all(reason(flow, one.field) for one in found):
        return None
    basis = live.applied if live else 0
    row = codec.write(rebuilt) if rebuilt is not None else b""
    return Difference(flow, key, basis, found, tuple(said(one) for one in wanted), row)
