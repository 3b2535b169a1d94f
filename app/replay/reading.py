"""Reading a stretch of a partition, and telling how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from streams.log.base import LogReader, Record, TopicPartition

READ_AT_ONCE = 2_000


class Progress(NamedTuple):
    """How far it is."""

    what: str
    done: int
    of: int


Tell = Callable[[Progress], None]


async def stretch(
    reader: LogReader, at: TopicPartition, first: int, end: int, what: str, tell: Tell
) -> AsyncIterator[Sequence[Record]]:
    """What lies from `first` up to `end`, piece by piece. Raises LogUnavailable."""
    position = first
    while position < end:
        run = await reader.read(at, position, min(READ_AT_ONCE, end - position))
        if run.end <= position:
            return
        position = run.end
        yield [record for record in run.records if record.offset < end]
        tell(Progress(what, position - first, end - first))
