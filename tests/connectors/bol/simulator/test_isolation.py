"""The double must not learn from the client that it checks."""

from __future__ import annotations

import ast
from pathlib import Path

from connectors.bol import simulator

ALLOWED = ("connectors.bol.simulator", "streams.vocabulary.money", "streams.vocabulary.time")
FILES = sorted(Path(simulator.__file__).parent.rglob("*.py"))


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_it_imports_nothing_of_the_client() -> None:
    assert len(FILES) > 20
    for file in FILES:
        ours = {name for name in imported(file) if name.split(".")[0] in ("app", "connectors", "streams")}
        assert all(name.startswith(ALLOWED) for name in ours), (file.name, ours)


def test_only_the_entry_point_names_the_real_clock() -> None:
    assert [file.name for file in FILES if "system_clock" in file.read_text()] == ["serve.py"]
