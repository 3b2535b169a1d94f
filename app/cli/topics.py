"""`kassabrug topics`: the list of topics and the topology."""

from __future__ import annotations

import orjson
from rich.console import Console
from rich.table import Table

from streams.topics import DAY, TOPICS
from streams.topology import AGENTS, OUTSIDE


def run(as_json: bool) -> None:
    """Prints it."""
    if as_json:
        told = {
            "topics": [one._asdict() for one in TOPICS],
            "agents": [one._asdict() for one in (*AGENTS, *OUTSIDE)],
        }
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("topic", "key", "carries", "kept", title="Topics", title_justify="left")
    for topic in TOPICS:
        kept = "newest of a key" if topic.compacted else f"{(topic.retention or 0) // DAY} days"
        table.add_row(topic.name, topic.key, topic.carries, kept)
    agents = Table("who", "does", "reads", "writes", title="Agents and other writers", title_justify="left")
    for agent in (*AGENTS, *OUTSIDE):
        agents.add_row(
            agent.name, agent.what, agent.reads, "\n".join((*agent.writes, agent.rows or "")).strip()
        )
    console = Console()
    console.print(table)
    console.print(agents)
