"""Which entities a replay is about: those that the chosen events, pushes and answers are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from app.replay.answers import VENDORS
from app.replay.choice import Choice
from app.replay.messages import Words
from app.replay.reading import Tell, stretch
from streams.codec import Unreadable, asking_of, key_of, split_key
from streams.log.base import LogReader, Record, TopicPartition
from streams.topics import inbox_topic
from streams.translation import Translate

Rules = Callable[[str], Any | None]


class Choosing:
    """What is chosen, once `choose` has returned."""

    def __init__(
        self,
        reader: LogReader,
        rules: Mapping[str, Rules],
        translations: Mapping[str, Translate],
        choice: Choice,
        tell: Tell,
    ) -> None:
        """`rules` by flow, `translations` by webhook topic. Raises ValueError for a topic or flow that there is not."""
        self._reader = reader
        self._rules = rules
        self._translations = translations
        self._choice = choice
        self._tell = tell
        self.compared: dict[str, set[bytes]] = {name: set() for name in self._flows()}
        """By flow: whose rows are compared."""
        self.asking: defaultdict[str, set[bytes]] = defaultdict(set)
        """By flow: whose rows are looked through for what vendors answered them about others."""
        self.words = Words()
        """What the chosen pushes tell."""

    def _flows(self) -> tuple[str, ...]:
        choice, flows = self._choice, tuple(self._rules)
        if choice.flow and choice.flow not in flows:
            raise ValueError(f"no flow {choice.flow!r}; there are {', '.join(flows)}")
        wanted = (choice.flow,) if choice.flow else flows
        if choice.topic and choice.topic not in (*self._translations, *VENDORS):
            wanted = tuple(name for name in wanted if inbox_topic(name) == choice.topic)
            if not wanted:
                there = [*map(inbox_topic, flows), *self._translations, *VENDORS]
                raise ValueError(
                    f"nothing is rebuilt from {choice.topic!r}; choose one of {', '.join(there)}"
                )
        return wanted

    async def choose(self) -> None:
        """Reads the chosen span of the chosen topics. Raises LogUnavailable."""
        topic = self._choice.topic
        for name, chosen in self.compared.items():
            if topic in ("", inbox_topic(name)):
                async for record in self._records(inbox_topic(name)):
                    if record.key is not None and self._choice.fits(record.key):
                        chosen.add(record.key)
        for webhooks, translate in self._translations.items():
            if topic in ("", webhooks):
                async for record in self._records(webhooks):
                    self._take_push(webhooks, translate, record)
        if topic in VENDORS:
            async for record in self._records(topic):
                self._take_answer(record)
        for chosen in (*self.compared.values(), *self.asking.values()):
            chosen -= {key for key in chosen if not self._known(key)}

    async def _records(self, topic: str) -> AsyncIterator[Record]:
        """Those of the chosen span and connection."""
        choice = self._choice
        count = await self._reader.partitions(topic)
        for number in range(count):
            at = TopicPartition(topic, number)
            first, end = await self._reader.bounds(at)
            if choice.since is not None:
                first = max(first, await self._reader.offset_at(at, choice.since))
            what = f"{topic}, {number + 1} of {count}"
            async for records in stretch(self._reader, at, first, end, what, self._tell):
                for record in records:
                    if choice.spans(record.timestamp) and choice.concerns(record.key):
                        yield record

    def _known(self, key: bytes) -> bool:
        """Whether the settings have its connection: nothing can be said of rows of another."""
        try:
            connection, _ = split_key(key)
        except Unreadable:
            return False
        return any(rules(connection) is not None for rules in self._rules.values())

    def _take_push(self, topic: str, translate: Translate, record: Record) -> None:
        """Whose entities a push is about shows when it is translated, with the present code."""
        if not self._known(record.key or b""):
            return
        connection, _ = split_key(record.key)
        try:
            messages, _ = translate(connection, record)
        except Exception:  # a dead letter, now as then (streams/translation.py)
            return
        for message in messages:
            key = key_of(connection, message.entity)
            if message.flow in self.compared and self._choice.fits(key):
                self.compared[message.flow].add(key)
                self.words.say(topic, message, connection, record.timestamp)

    def _take_answer(self, record: Record) -> None:
        """A raw answer chooses the row that asked. An answer to a sweep is looked through in any case: it is about
        others. One that was written before it was noted who asked chooses whoever has that key."""
        if record.key is None:
            return
        asking = asking_of(record)
        for name in [asking.flow] if asking is not None else self.compared:
            if name in self.compared and self._choice.fits(record.key):
                self.compared[name].add(record.key)
            elif asking is not None and name in self._rules and b"/" not in record.key:
                self.asking[name].add(record.key)
