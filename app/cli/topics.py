"""`kassabrug topics`: the list of topics and the topology, and what differs from it on a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from app.cli.process import FAILED, WRONG_USE
from app.cli.process import run as run_process
from app.logging import set_up
from app.logs import access
from app.sections import Log
from app.settings import SettingsError, load_settings, log_at, topics_of
from streams.log.base import LogUnavailable
from streams.log.kafka.making import Difference, compare
from streams.topics import DAY, TOPICS, Topic
from streams.topology import AGENTS, OUTSIDE


def run(config: Path, address: str | None, as_json: bool) -> int:
    """Prints it. With an address also what a cluster has otherwise; then exit 1 when anything is."""
    if address is None:
        _print(TOPICS, None, as_json)
        return 0
    try:
        log, secrets = _log(config, address)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    set_up(secrets, as_json)
    return run_process(lambda stop: _compare(log, as_json))


def _log(config: Path, address: str) -> tuple[Log, list[str]]:
    """How the cluster is spoken to is in the settings; for a plain one they are not needed."""
    if not config.exists():
        return log_at(address), []
    settings = load_settings(config, os.environ, {"log": {"address": address}})
    return settings.log, settings.secrets()


async def _compare(log: Log, as_json: bool) -> int:
    topics = topics_of(log)
    try:
        found = await compare(access(log), topics, log.parts, log.kafka.replication)
    except LogUnavailable as error:
        print(error, file=sys.stderr)
        return FAILED
    _print(topics, found, as_json)
    return FAILED if found else 0


def _print(topics: Sequence[Topic], differences: Sequence[Difference] | None, as_json: bool) -> None:
    if as_json:
        told = {
            "topics": [one._asdict() for one in topics],
            "agents": [one._asdict() for one in (*AGENTS, *OUTSIDE)],
        }
        if differences is not None:
            told["differences"] = [one._asdict() for one in differences]
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console()
    if differences is not None:
        for one in differences:
            console.print(str(one), markup=False, highlight=False, soft_wrap=True)
        if not differences:
            console.print("The cluster has every topic as the list says.")
        return
    table = Table("topic", "key", "carries", "kept", title="Topics", title_justify="left")
    for topic in topics:
        kept = "newest of a key" if topic.compacted else f"{(topic.retention or 0) // DAY} days"
        table.add_row(topic.name, topic.key, topic.carries, kept)
    agents = Table("who", "does", "reads", "writes", title="Agents and other writers", title_justify="left")
    for agent in (*AGENTS, *OUTSIDE):
        agents.add_row(
            agent.name, agent.what, agent.reads, "\n".join((*agent.writes, agent.rows or "")).strip()
        )
    console.print(table)
    console.print(agents)
