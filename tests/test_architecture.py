"""The import law and the banned names (docs/architecture.md), read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.topics import FLOWS, TOPICS, topic
from streams.topology import AGENTS, OUTSIDE

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "streams", "connectors")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
ENTRIES = (
    "app/composition.py",
    "app/cli/",
    "app/demo/",
    "app/server.py",
    "connectors/bol/simulator/serve.py",
    "connectors/mplus/simulator/serve.py",
    "streams/vocabulary/time.py",
)
"""Where clocks, ids and randomness may start."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def breaks(path: Path, module: str) -> str:
    """Why this file may not import that module; empty: it may."""
    name = name_of(path)
    first = module.split(".")[0]
    if first in ("tests",):
        return "nothing imports the tests"
    if name.startswith("streams/") and first in ("app", "connectors"):
        return "streams knows neither the application nor a vendor"
    if name.startswith("streams/") and first in ("starlette", "httpx", "uvicorn", "typer", "rich", "lxml"):
        return "streams speaks to no vendor and no browser"
    if first == "jsonatapy" and name != "streams/mapping/language.py":
        return "the expression language is spoken in streams/mapping/language.py only"
    if first in ("faust", "mode", "aiokafka") and not name.startswith("streams/log/"):
        return "Faust and aiokafka are used in streams/log only"
    if name.startswith("connectors/") and first == "app":
        return "connectors do not know the application"
    if name.startswith("connectors/bol/") and module.startswith("connectors.mplus"):
        return "vendors do not know each other"
    if name.startswith("connectors/mplus/") and module.startswith("connectors.bol"):
        return "vendors do not know each other"
    if name.startswith("connectors/") and first == "streams":
        allowed = ("streams.vocabulary", "streams.codec", "streams.log.base")
        intake = name.endswith("/intake.py")
        if not module.startswith(allowed if intake else allowed[:1]):
            return "connectors know the shared vocabulary only (intake: the records too)"
    if "/simulator/" in name and module.startswith("connectors.") and ".simulator" not in module:
        return "a simulator imports nothing of the client it checks"
    if mapping(name) and first == "streams":
        fine = ("streams.mapping", "streams.vocabulary", "streams.orders.rules")
        if not module.startswith(fine):
            return "the mapping knows the vocabulary and what a shop can set, and no flow"
    if pure(name):
        own = ".".join(name.split("/")[:2])
        fine = (own, "streams.vocabulary", "streams.flow", "streams.backoff", "streams.mapping", "msgspec")
        standard = (
            "__future__",
            "datetime",
            "decimal",
            "functools",
            "math",
            "re",
            "typing",
            "collections.abc",
        )
        if not module.startswith(fine) and module not in standard:
            return "a flow decides with the vocabulary and the standard library alone"
    return ""


def mapping(name: str) -> bool:
    return name.startswith("streams/mapping/")


def pure(name: str) -> bool:
    return any(name.startswith(f"streams/{flow}/") for flow in FLOWS)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_keep_the_law(path: Path) -> None:
    broken = {module: why for module in imports(path) if (why := breaks(path, module))}
    assert not broken, f"{name_of(path)}: {broken}"


def test_the_law_can_be_broken() -> None:
    assert breaks(ROOT / "streams/stock/decide.py", "httpx")
    assert breaks(ROOT / "streams/stock/decide.py", "streams.delivery")
    assert breaks(ROOT / "connectors/bol/client.py", "streams.delivery")
    assert breaks(ROOT / "connectors/bol/simulator/api.py", "connectors.bol.wire")
    assert breaks(ROOT / "app/composition.py", "faust")
    assert breaks(ROOT / "streams/mapping/mapping.py", "jsonatapy")
    assert breaks(ROOT / "streams/mapping/mapping.py", "streams.orders.decide")
    assert not breaks(ROOT / "app/composition.py", "streams.log.host")


BANNED = {
    "datetime.now": "take a Clock (streams/vocabulary/time.py)",
    "datetime.utcnow": "take a Clock (streams/vocabulary/time.py)",
    "datetime.today": "take a Clock (streams/vocabulary/time.py)",
    "time.time": "take a Clock (streams/vocabulary/time.py)",
    "uuid.uuid4": "take an id from the caller",
    "uuid4": "take an id from the caller",
    "secrets.token_hex": "take an id from the caller",
    "random.random": "take a random.Random",
    "random.randint": "take a random.Random",
    "random.choice": "take a random.Random",
}


def called(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_clocks_ids_and_dice_are_passed_in(path: Path) -> None:
    if name_of(path).startswith(ENTRIES):
        return
    source = path.read_text()
    module_dice = "import random\n" in source
    found = {
        name: BANNED[name]
        for name in called(path)
        if name in BANNED and (not name.startswith("random.") or module_dice)
    }
    assert not found, f"{name_of(path)}: {found}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_are_named_after_what_they_are(path: Path) -> None:
    parts = {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    assert not parts & {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def test_no_file_names_this_machine_or_a_registry() -> None:
    needles = (
        "/work/" + "main",
        "pypi" + ".org",
        "files.python" + "hosted",
        "index" + "-url",
        "registry.npm" + "js",
    )
    kinds = {".py", ".md", ".toml", ".txt", ".yml", ".html", ".js", ".css", ".svg", ""}
    folders = (*PACKAGES, "tests", "docs", "scripts", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    # In a second work tree `.git` is a file that says where the first one is.
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    for path in files:
        if path.suffix in kinds and "__pycache__" not in path.parts:
            text = path.read_text("utf-8", "ignore")
            assert not [needle for needle in needles if needle in text], path


def test_the_topology_names_topics_that_exist() -> None:
    for agent in (*AGENTS, *OUTSIDE):
        for name in (agent.reads, *agent.writes, agent.rows):
            if name:
                topic(name)
    read = [agent.reads for agent in AGENTS]
    assert len(read) == len(set(read))
    assert {one.name for one in TOPICS if one.role in ("webhooks", "inbox")} == set(read)


def test_every_private_name_of_faust_is_used_in_the_log_only() -> None:
    for path in SOURCES:
        if not name_of(path).startswith("streams/log/"):
            assert "faust" not in {module.split(".")[0] for module in imports(path)}
