"""The dry run: which entities are meant, their rows worked out anew, and how these differ from the live ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from app.replay.differing import REASONS, Difference, calls, changes, said, without_done
from app.replay.folding import Folder
from streams.codec import FactReader, RowCodec, Unreadable, message_draft, split_key
from streams.flow import Flow, Row
from streams.log.base import Draft, LogReader, Record, TopicPartition
from streams.log.rows import RecoveredRows
from streams.topics import inbox_topic, rows_topic
from streams.translation import Translate
from streams.vocabulary.events import Settled

READ_AT_ONCE = 2_000
BETWEEN = 20
"""Reads between two tellings of the progress."""


class Choice(NamedTuple):
    """What is meant. Moments in milliseconds; nothing chosen in a field means all."""

    since: int | None = None
    until: int | None = None
    topic: str = ""
    connection: str = ""
    key: str = ""
    flow: str = ""

    @property
    def empty(self) -> bool:
        """Whether it is everything there is."""
        return self == Choice()

    def means(self, record: Record) -> bool:
        """Whether this record is chosen, by its time and key."""
        if self.since is not None and record.timestamp < self.since:
            return False
        return (self.until is None or record.timestamp < self.until) and self.fits(record.key)

    def fits(self, key: bytes | None) -> bool:
        """Whether this key is chosen."""
        own = (key or b"").decode(errors="replace")
        if self.connection and own.partition("/")[0] != self.connection:
            return False
        return (
            not self.key
            or own == self.key
            or own.partition("/")[2] == self.key
            or own.startswith(f"{self.key}/")
        )


class Progress(NamedTuple):
    """How far it is."""

    what: str
    done: int
    of: int


class Found(NamedTuple):
    """What a dry run found."""

    looked_at: Mapping[str, int]
    """By flow: how many entities."""
    events: int
    """Records that were folded."""
    differences: tuple[Difference, ...]
    not_whole: tuple[str, ...]
    """`flow key` of entities whose first events are no longer kept: nothing can be said of these."""
    unsent: tuple[Draft, ...]
    """Events that the present translations make of the chosen pushes, and that lie in no inbox."""

    @property
    def same(self) -> bool:
        """Whether nothing would change."""
        return not self.differences and not self.unsent


Tell = Callable[[Progress], None]


class Looking:
    """One dry run. Reads only."""

    def __init__(
        self,
        reader: LogReader,
        flows: Mapping[str, Flow[Any]],
        rules: Mapping[str, Callable[[str], Any | None]],
        translations: Mapping[str, Translate],
        tell: Tell,
    ) -> None:
        """`translations` by webhook topic."""
        self._reader = reader
        self._flows = flows
        self._rules = rules
        self._translations = translations
        self._tell = tell
        self._events = 0
        self._wanted: list[Draft] = []
        self._recorded: dict[str, Counter[tuple[bytes, bytes]]] = defaultdict(Counter)
        """By flow: the events that lie in the inbox partitions which were read."""

    async def look(self, choice: Choice) -> Found:
        """Raises ValueError for a topic or flow that there is not, LogUnavailable."""
        flows = self._flows_of(choice)
        pushed = await self._translated(choice)
        differences: list[Difference] = []
        not_whole: list[str] = []
        looked_at: dict[str, int] = {}
        for name in flows:
            looked_at[name] = 0
            topic = inbox_topic(name)
            count = await self._reader.partitions(topic)
            for number in range(count):
                at = TopicPartition(topic, number)
                self._tell(Progress(f"{name}: partition {number + 1} of {count}", number, count))
                chosen = await self._chosen(at, choice, pushed.get(name))
                if not chosen:
                    continue
                looked_at[name] += len(chosen)
                found, missing = await self._compare(name, at, count, chosen)
                differences += found
                not_whole += missing
        return Found(looked_at, self._events, tuple(differences), tuple(not_whole), self._unsent(flows))

    def _flows_of(self, choice: Choice) -> list[str]:
        if choice.flow and choice.flow not in self._flows:
            raise ValueError(f"no flow {choice.flow!r}; there are {', '.join(self._flows)}")
        wanted = [choice.flow] if choice.flow else list(self._flows)
        if choice.topic and choice.topic not in self._translations:
            wanted = [name for name in wanted if inbox_topic(name) == choice.topic]
            if not wanted:
                there = [*map(inbox_topic, self._flows), *self._translations]
                raise ValueError(
                    f"nothing is rebuilt from {choice.topic!r}; choose one of {', '.join(there)}"
                )
        return wanted

    # -- which entities

    async def _translated(self, choice: Choice) -> dict[str, set[bytes]]:
        """The pushes that are chosen, translated with the present code: whose entities they are about, by flow."""
        about: dict[str, set[bytes]] = defaultdict(set)
        for topic, translate in self._translations.items():
            if choice.topic and choice.topic != topic:
                continue
            for number in range(await self._reader.partitions(topic)):
                at = TopicPartition(topic, number)
                async for record in self._records(at, choice.since):
                    if not choice.means(record):
                        continue
                    try:
                        connection, _ = split_key(record.key)
                        messages, _ = translate(connection, record)
                    except Unreadable:
                        continue  # a dead letter now as then
                    for message in messages:
                        draft = message_draft(message, connection, record.headers, record.timestamp)
                        self._wanted.append(draft)
                        about[message.flow].add(draft.key or b"")
        return about

    async def _chosen(self, at: TopicPartition, choice: Choice, pushed: set[bytes] | None) -> set[bytes]:
        if choice.topic in self._translations:
            return {key for key in pushed or () if choice.fits(key)}
        return {
            record.key
            async for record in self._records(at, choice.since)
            if record.key is not None and choice.means(record)
        }

    async def _records(self, at: TopicPartition, since: int | None = None) -> Any:
        first, end = await self._reader.bounds(at)
        position = first if since is None else max(first, await self._reader.offset_at(at, since))
        while position < end:
            run = await self._reader.read(at, position, READ_AT_ONCE)
            if run.end <= position:
                return
            for record in run.records:
                yield record
            position = run.end

    # -- one partition

    async def _compare(
        self, name: str, at: TopicPartition, partitions: int, chosen: set[bytes]
    ) -> tuple[list[Difference], list[str]]:
        flow = self._flows[name]
        codec: RowCodec[Any] = RowCodec(flow.state)
        live_rows = RecoveredRows(rows_topic(name), partitions)
        await live_rows.recover(self._reader, at.partition)
        live: dict[bytes, Row[Any] | None] = {}
        for key in chosen:
            value = live_rows.get(key)
            live[key] = codec.read(value) if value is not None else None
        first, end = await self._reader.bounds(at)
        folder = Folder(flow, self._rules[name], at)
        await folder.begin(first)
        outcomes: dict[bytes, list[Settled]] = defaultdict(list)
        settled: FactReader[Any] = FactReader(flow.events)
        position = first
        reads = 0
        while position < end:
            run = await self._reader.read(at, position, READ_AT_ONCE)
            if run.end <= position:
                break
            some: list[Record] = []
            for record in run.records:
                own = record.key
                if own is None:
                    continue
                if record.value is not None:
                    self._recorded[name][(own, record.value)] += 1
                row = live.get(own)
                if own not in chosen or (row is not None and record.offset >= row.applied):
                    continue  # the live row has not come to it yet
                some.append(record)
                if record.value is not None and b'"settled"' in record.value:
                    outcomes[own] += _outcomes(settled, record)
            await folder.add(some, run.end)
            self._events += len(some)
            position = run.end
            reads += 1
            if reads % BETWEEN == 0:
                self._tell(Progress(f"{name}: partition {at.partition + 1}", position - first, end - first))
        found: list[Difference] = []
        missing: list[str] = []
        for entity in sorted(chosen):
            shown = entity.decode(errors="replace")
            was = live[entity]
            if first > 0 and (was is None or was.born < first):
                missing.append(f"{name} {shown}")
                continue
            built = folder.rows.get(entity)
            rebuilt = without_done(codec.read(built), outcomes[entity]) if built is not None else None
            difference = compared(name, shown, was, rebuilt, codec)
            if difference is not None:
                found.append(difference)
        return found, missing

    def _unsent(self, flows: list[str]) -> tuple[Draft, ...]:
        """Their partitions were read: the entities are chosen by these very events."""
        there = {inbox_topic(name): self._recorded[name].copy() for name in flows}
        unsent: list[Draft] = []
        for draft in self._wanted:
            recorded = there.get(draft.topic)
            if recorded is None or draft.key is None or draft.value is None:
                continue
            if recorded[(draft.key, draft.value)] > 0:
                recorded[(draft.key, draft.value)] -= 1
            else:
                unsent.append(draft)
        return tuple(unsent)


def compared(
    flow: str, key: str, live: Row[Any] | None, rebuilt: Row[Any] | None, codec: RowCodec[Any]
) -> Difference | None:
    """None where nothing would change. How often was asked, and what is asked for again, is no difference."""
    found = changes(live.state if live else None, rebuilt.state if rebuilt else None)
    wanted = calls(live, rebuilt)
    reasons = REASONS.get(flow, frozenset())
    if not wanted and all(one.field.rpartition(".")[2] in reasons for one in found):
        return None
    basis = live.applied if live else 0
    row = codec.write(rebuilt) if rebuilt is not None else b""
    return Difference(flow, key, basis, found, tuple(said(one) for one in wanted), row)


def _outcomes(reader: FactReader[Any], record: Record) -> Iterator[Settled]:
    try:
        event = reader.read(record)
    except Unreadable:
        return
    if isinstance(event, Settled):
        yield event
