"""The bench of the flows runs, for every flow that there is."""

from __future__ import annotations

from pathlib import Path

from streams.topology import AGENTS
from tests.bench.flows import RULES, Bench, fill, start, stock


async def test_it_counts_what_is_applied_and_starts_again_with_it(tmp_path: Path) -> None:
    """It did not start: the rules of the orders had another shape by then, and a flow had been added."""
    told = await stock(Bench(tmp_path), 50)
    assert told["events"] > 90, "each reading, and the push that follows nearly each"
    assert (await start(Bench(tmp_path)))["seconds"] > 0


async def test_a_first_fill(tmp_path: Path) -> None:
    assert (await fill(Bench(tmp_path), 40))["articles"] == 40


def test_there_are_rules_for_every_flow() -> None:
    assert {agent.name for agent in AGENTS if agent.rows} == set(RULES)
