"""`kassabrug log`: what lies on a topic, by key, by time, also while the bridge runs. Personal data is masked."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import orjson
from rich.console import Console

from app.cli.process import FAILED, WRONG_USE, read_settings
from app.cli.process import run as run_process
from app.logs import onlooker
from app.moments import moment
from app.readmodel.masking import shown_body
from app.settings import Said, Settings
from streams.codec import ASKING
from streams.log.base import LogReader, LogUnavailable, Record, TopicPartition
from streams.topics import topic as topic_named
from streams.vocabulary.time import SHOP_ZONE, milliseconds, moment_of, system_clock

PATIENCE = 0.5
"""Seconds between two looks whether to stop, while following."""
WIDTH = 400


def run(
    config: Path, said: Said, topic: str, key: str, since: str, follow: bool, limit: int, as_json: bool
) -> int:
    """Prints records; the exit code."""
    try:
        topic_named(topic)
        start = moment(since, system_clock()) if since else None
    except (KeyError, ValueError) as error:
        print(str(error).strip("'\""), file=sys.stderr)
        return WRONG_USE
    settings = read_settings(config, said)
    return run_process(lambda stop: _print(settings, topic, key, start, follow, limit, as_json, stop))


def fits(record: Record, key: str) -> bool:
    """Whether the record has this key, or one below it."""
    if not key:
        return True
    own = (record.key or b"").decode(errors="replace")
    return own == key or own.startswith(f"{key}/")


async def _print(
    settings: Settings,
    topic: str,
    key: str,
    since: datetime | None,
    follow: bool,
    limit: int,
    as_json: bool,
    stop: asyncio.Event,
) -> int:
    console = Console(highlight=False)
    shown = 0
    try:
        async with onlooker(settings) as log:
            async for at, record in _records(log, topic, since, follow, stop):
                if not fits(record, key):
                    continue
                if as_json:
                    print(orjson.dumps(told(at, record)).decode(), flush=follow)
                else:
                    _print_one(console, at, record)
                shown += 1
                if not follow and shown >= limit:
                    print(f"(the first {limit}; --limit shows more)", file=sys.stderr)
                    break
    except LogUnavailable as error:
        print(error, file=sys.stderr)
        return FAILED
    return 0


async def _records(
    log: LogReader, topic: str, since: datetime | None, follow: bool, stop: asyncio.Event
) -> AsyncIterator[tuple[TopicPartition, Record]]:
    """In the order of time as far as one look goes."""
    places = [TopicPartition(topic, number) for number in range(await log.partitions(topic))]
    positions: dict[TopicPartition, int] = {}
    for at in places:
        first, end = await log.bounds(at)
        if since is not None:
            positions[at] = await log.offset_at(at, milliseconds(since))
        else:
            positions[at] = end if follow else first
    while not stop.is_set():
        found: list[tuple[TopicPartition, Record]] = []
        for at in places:
            run = await log.read(at, positions[at])
            positions[at] = run.end
            found.extend((at, record) for record in run.records)
        for one in sorted(found, key=lambda pair: pair[1].timestamp):
            yield one
        if not found:
            if not follow:
                return
            await log.changed(positions, PATIENCE)


def told(at: TopicPartition, record: Record) -> dict[str, object]:
    """One record for programs; the value masked."""
    return {
        "topic": at.topic,
        "partition": at.partition,
        "offset": record.offset,
        "at": moment_of(record.timestamp).isoformat(timespec="milliseconds"),
        "key": None if record.key is None else record.key.decode(errors="replace"),
        # What was asked has a mark in there, by which somebody who guesses at it could be sure.
        "headers": {name: value.decode(errors="replace") for name, value in record.headers if name != ASKING},
        "value": None if record.value is None else shown_body(record.value),
    }


def _print_one(console: Console, at: TopicPartition, record: Record) -> None:
    when = moment_of(record.timestamp).astimezone(SHOP_ZONE).strftime("%d-%m %H:%M:%S.%f")[:-3]
    key = (record.key or b"").decode(errors="replace")
    value = "(deleted)" if record.value is None else " ".join(shown_body(record.value).split())
    console.print(
        f"{when} {at.partition}:{record.offset} {key}  {value[:WIDTH]}", markup=False, soft_wrap=True
    )
