"""Who is compared: how each is started, where its rows lie, and whether it tells when something is durable."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from streams.topics import rows_topic
from tests.bench.kafka.cluster import INBOX


class Place(NamedTuple):
    """Where a worker runs: all that its command needs to know."""

    servers: str
    group: str
    partitions: int
    folder: Path
    """This worker's own, for state on disk."""
    marks: Sequence[dict[int, int]]
    """Ends of the inbox at which a contestant with checkpoints should make one at once."""
    peers: str
    """The interpreter of the peers' environment."""


class Contestant(NamedTuple):
    """One column of the tables."""

    name: str
    job: str
    command: Callable[[str, Place], list[str]]
    changelog: Callable[[str], str]
    """By group."""
    plain_key: Callable[[bytes], bytes | None]
    """The article's key, of a changelog's key; None: not a row."""
    tells: bool = True

    @property
    def title(self) -> str:
        """Name and job."""
        return f"{self.name}, {self.job}"


def _ours(job: str, place: Place) -> list[str]:
    arguments = [job, place.servers, place.group, str(place.partitions)]
    return [sys.executable, "-m", "tests.bench.kafka.ours", *arguments]


def _naive(job: str, place: Place) -> list[str]:
    arguments = [job, place.servers, place.group, str(place.partitions)]
    return [sys.executable, "-m", "tests.bench.kafka.naive", *arguments]


def _quix(guarantee: str) -> Callable[[str, Place], list[str]]:
    def command(job: str, place: Place) -> list[str]:
        marks = orjson.dumps(
            [{str(partition): end for partition, end in one.items()} for one in place.marks]
        ).decode()
        arguments = [job, place.servers, place.group, guarantee, str(place.folder / "state"), marks]
        return [place.peers, "-W", "ignore", "-m", "tests.bench.kafka.quix", *arguments]

    return command


def quix_key(key: bytes) -> bytes | None:
    """`shop/17|"row"` -> `shop/17`: Quix puts the record's key before the state's."""
    prefix, bar, name = key.rpartition(b"|")
    return prefix if bar and name == b'"row"' else None


def _quix_changelog(group: str) -> str:
    return f"changelog__{group}--{INBOX}--default"


def contestants(job: str) -> dict[str, Contestant]:
    """All of them, for one job."""
    everyone = [
        Contestant("kassabrug", job, _ours, lambda _: rows_topic("stock"), bytes),
        Contestant("quix", job, _quix("at-least-once"), _quix_changelog, quix_key),
        Contestant("quix-exactly-once", job, _quix("exactly-once"), _quix_changelog, quix_key),
        Contestant("faust", job, _naive, lambda group: f"{group}-rows-changelog", bytes, tells=False),
    ]
    return {one.name: one for one in everyone}
