"""The docs tell the truth where a test can tell."""

from __future__ import annotations

import re
from pathlib import Path

from streams.topology import AGENTS

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_link_leads_somewhere() -> None:
    for path in DOCS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert target.startswith("http") or (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_path_that_is_named_exists() -> None:
    for path in DOCS:
        for name in re.findall(
            r"`((?:app|streams|connectors|tests|scripts|docs)/[\w./-]+)`", path.read_text()
        ):
            assert (ROOT / name).exists(), f"{path.name}: {name}"


def test_the_architecture_shows_every_agent_and_what_it_reads() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    for agent in AGENTS:
        row = next(line for line in text.splitlines() if line.startswith(f"| {agent.name} |"))
        assert agent.reads in row
        for topic in agent.writes:
            assert topic in row or topic in ("activity", "deadletters")


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
