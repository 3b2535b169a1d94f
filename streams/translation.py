"""Translations: from raw pushes on their own topics to events in the flows' inboxes.

A translation keeps no rows. It follows the same rules as the delivery core (streams/delivery.py): no gap,
events first, then the position. Doubled pushes give doubled events; the flows take them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from streams.codec import (
    Unreadable,
    activity_draft,
    dead_letter,
    fact_headers,
    key_of,
    message_draft,
    split_key,
)
from streams.log.base import Draft, Guard, Handler, LogUnavailable, Record, Rows, Run, TopicPartition, header
from streams.observer import Observer
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Message

log = logging.getLogger(__name__)

Translate = Callable[[str, Record], tuple[list[Message], list[tuple[str, Noted]]]]
"""`translate(connection, record)` gives the events of one push and the lines for people (each with the
entity it is about). It is pure, and raises Unreadable on what is no push of that vendor."""


class Translation(Handler):
    """Applies runs of a webhook topic."""

    def __init__(
        self,
        name: str,
        translate: Translate,
        known: Callable[[str], bool],
        observer: Observer,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """`known(connection)`: whether the settings have that connection."""
        self._name = name
        self._translate = translate
        self._known = known
        self._observer = observer
        self._sleep = sleep
        self._position: dict[TopicPartition, int] = {}
        self._guard: Guard

    async def assigned(self, at: TopicPartition, position: int, rows: Rows, guard: Guard) -> None:
        """Takes up the partition where it was left."""
        self._guard = guard
        self._position[at] = position

    async def revoked(self, at: TopicPartition) -> None:
        """Forgets the partition."""
        self._position.pop(at, None)

    async def apply(self, run: Run) -> None:
        """Translates what of the run is next, and makes it durable."""
        position = self._position.get(run.at)
        if position is None:
            return
        if run.end <= position:
            self._observer.skipped(self._name, len(run.records))
            return
        if run.begin > position:
            self._observer.rewound(self._name)
            await self._guard.rewind(run.at, position)
            return
        records = [record for record in run.records if record.offset >= position]
        drafts, parked = self._work_out(run.at, records)
        while True:
            try:
                checkpoint = self._guard.checkpoint(run.at, run.end)
                await checkpoint.send(drafts)
                await checkpoint.commit()
                break
            except LogUnavailable as error:
                self._observer.stalled(self._name, str(error))
                await self._sleep(1.0)
                if self._position.get(run.at) != position:
                    return
        self._observer.stalled(self._name, None)
        if run.at in self._position:
            self._position[run.at] = run.end
        self._observer.applied(self._name, len(records) - parked)
        if parked:
            self._observer.parked(self._name, parked)

    def _work_out(self, at: TopicPartition, records: list[Record]) -> tuple[list[Draft], int]:
        drafts: list[Draft] = []
        parked = 0
        for record in records:
            try:
                connection, _ = split_key(record.key)
                if not self._known(connection):
                    raise Unreadable(f"the connection {connection!r} is not in the settings")
                messages, notes = self._translate(connection, record)
            except Unreadable as error:
                drafts.append(dead_letter(record, at, str(error)))
                parked += 1
                continue
            except Exception as error:  # a bug in a translation: that push is parked, the others go on
                log.exception("%s: record %s of %s is parked", self._name, record.offset, at)
                reason = f"the translation of {self._name} failed on it: {type(error).__name__}"
                drafts.append(dead_letter(record, at, reason))
                parked += 1
                continue
            headers = fact_headers(connection, header(record.headers, "trace"))
            drafts.extend(message_draft(message, connection, headers) for message in messages)
            drafts.extend(
                activity_draft(note, key_of(connection, entity), headers, record.timestamp)
                for entity, note in notes
            )
        return drafts, parked
