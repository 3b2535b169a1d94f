"""The vendors' raw answers, found again for the outcomes that they became.

A raw answer lies under its row's key, written with the outcome or just before it, and names its run
(`Asking`). So it is looked for around the outcome's time, and nothing is kept in memory but what the
outcomes at hand need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from streams.codec import Unreadable, asking_of, raw_answer
from streams.log.base import LogReader, TopicPartition
from streams.log.partition import partition_of
from streams.topics import BOL_RAW, MPLUS_RAW
from streams.vocabulary.effects import Asking, RawAnswer
from streams.vocabulary.events import MarkersRead, OfferPushed, Settled, StockAnswered
from streams.vocabulary.time import milliseconds

VENDORS = {BOL_RAW.name: "bol", MPLUS_RAW.name: "mplus"}
READ_AT_ONCE = 200
BEFORE, AFTER = 1_000, 60_000
"""Milliseconds around a run in which its answers lie. They were written when it ended, by the same process as the
outcome, so the clocks of others and a write that was tried again are all that can come in between."""
NEAR = 5 * 60 * 1000
"""Milliseconds between two runs that are still read in one go."""


class Run(NamedTuple):
    """One run of an effect, with all the answers it got, in their order."""

    asking: Asking
    answers: tuple[RawAnswer, ...]


RunId = tuple[bytes, str, int, datetime]
"""The row's key, the effect's key, the asking's number, and when it was settled."""


class _Window(NamedTuple):
    begin: int
    end: int
    runs: set[RunId]


def run_of(key: bytes, settled: Settled) -> RunId:
    """The run that this outcome is of."""
    return key, settled.key, settled.number, settled.answered_at


def kept(settled: Settled) -> bool:
    """Whether there can be raw answers to it: those that tell nothing more than the outcome are not kept."""
    return not isinstance(settled.outcome, OfferPushed | StockAnswered | MarkersRead)


class KeptAnswers:
    """Reads the raw topics."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader

    async def of(self, flow: str, outcomes: Sequence[tuple[bytes, Settled]]) -> dict[RunId, Run]:
        """By run: those whose answers are all kept. Raises LogUnavailable."""
        found: dict[RunId, Run] = {}
        asked = [(key, one) for key, one in outcomes if kept(one)]
        if not asked:
            return found
        for topic, vendor in VENDORS.items():
            count = await self._reader.partitions(topic)
            spans: defaultdict[int, list[tuple[int, int, RunId]]] = defaultdict(list)
            for key, one in asked:
                span = (milliseconds(one.asked_at), milliseconds(one.answered_at), run_of(key, one))
                spans[partition_of(key, count)].append(span)
            for number, some in spans.items():
                for window in windows(some):
                    found |= await self._read(TopicPartition(topic, number), vendor, flow, window)
        return found

    async def _read(self, at: TopicPartition, vendor: str, flow: str, window: _Window) -> dict[RunId, Run]:
        parts: dict[RunId, dict[int, tuple[Asking, RawAnswer]]] = {}
        missing = set(window.runs)
        keys = {run[0] for run in missing}
        _, end = await self._reader.bounds(at)
        position = await self._reader.offset_at(at, window.begin - BEFORE)
        while missing and position < end:
            run = await self._reader.read(at, position, READ_AT_ONCE)
            if run.end <= position:
                break
            position = run.end
            for record in run.records:
                if record.timestamp > window.end + AFTER:
                    position = end
                    break
                asking = asking_of(record) if record.key in keys else None
                if asking is None or asking.flow != flow:
                    continue
                one: RunId = (record.key or b"", asking.key, asking.number, asking.settled_at)
                if one not in missing:
                    continue
                try:
                    answer = raw_answer(record, vendor, asking)
                except Unreadable:
                    continue
                heard = parts.setdefault(one, {})
                heard[asking.place] = (
                    asking,
                    answer,
                )  # written twice, perhaps, where a write was tried again
                if len(heard) == asking.places:
                    missing.discard(one)
        return {
            one: Run(heard[1][0], tuple(answer for _, (_, answer) in sorted(heard.items())))
            for one, heard in parts.items()
            if one not in missing
        }


def windows(spans: Iterable[tuple[int, int, RunId]]) -> list[_Window]:
    """Spans of time that lie near each other, together."""
    found: list[_Window] = []
    for begin, end, run in sorted(spans, key=lambda span: span[0]):
        last = found[-1] if found else None
        if last is not None and begin <= last.end + NEAR:
            found[-1] = last._replace(end=max(last.end, end))
            last.runs.add(run)
        else:
            found.append(_Window(begin, end, {run}))
    return found
