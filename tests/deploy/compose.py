"""docker-compose.yml read as Docker's compose reads it, as far as this project uses it: variables, merges, profiles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<how>:?[-?+])(?P<word>[^}]*))?\})")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


class Missing(Exception):
    """A variable that is asked for is not set; the text is what a person is told."""


class Variable(NamedTuple):
    """One use of a variable in the file."""

    name: str
    how: str
    word: str


def variables(text: str) -> Iterator[Variable]:
    """All uses in the text."""
    for found in _VARIABLE.finditer(text):
        if found["name"]:
            yield Variable(found["name"], found["how"] or "", found["word"] or "")


def interpolated(text: str, environ: Mapping[str, str]) -> str:
    """The text with its variables filled in. Raises Missing."""

    def fill(found: re.Match[str]) -> str:
        name, how, word = found["name"], found["how"] or "", found["word"] or ""
        if not name:
            return "$"
        value = environ.get(name)
        known = bool(value) if how.startswith(":") else value is not None
        if how.endswith("+"):
            return word if known else ""
        if known:
            return str(value)
        if how.endswith("?"):
            raise Missing(f"{name}: {word}")
        return word

    return _VARIABLE.sub(fill, text)


def seconds(span: str) -> float:
    """`45s`, `1m30s`."""
    parts = re.findall(r"(\d+)(ms|s|m|h)", span)
    assert parts
    assert "".join(number + unit for number, unit in parts) == span, span
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


class Service:
    """One service, variables filled in."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        self.name = name
        self.given = given
        self.command: list[str] = list(given.get("command", []))
        self.environment = {key: _text(value) for key, value in given.get("environment", {}).items()}
        self.profiles: list[str] = list(given.get("profiles", []))
        self.replicas = int(given.get("deploy", {}).get("replicas", 1))
        self.grace = seconds(given.get("stop_grace_period", "10s"))

    @property
    def built(self) -> bool:
        """Whether it runs our image."""
        return "build" in self.given

    @property
    def waits_for(self) -> dict[str, bool]:
        """Services that have to be healthy before; False: only where they are part of it."""
        return {
            name: bool(one.get("required", True)) for name, one in self.given.get("depends_on", {}).items()
        }

    def mounted(self, target: str) -> str | None:
        """What lies at this place in the container: a path or a volume."""
        for one in self.given.get("volumes", []):
            source, place, *_ = one.split(":")
            if place == target:
                return str(source)
        return None

    def published(self) -> dict[int, str]:
        """Port in the container -> `address:port` outside."""
        found = {}
        for one in self.given.get("ports", []):
            outside, _, inside = one.rpartition(":")
            found[int(inside)] = outside
        return found


def _text(value: Any) -> str:
    assert not isinstance(value, bool), "compose refuses true and false: write them in quotes"
    return str(value)


class Compose:
    """The file with these variables and profiles."""

    def __init__(self, environ: Mapping[str, str] | None = None, profiles: tuple[str, ...] = ()) -> None:
        environ = dict(environ or {})
        wanted = {*profiles, *(one for one in environ.get("COMPOSE_PROFILES", "").split(",") if one)}
        tree = _filled(yaml.safe_load(FILE.read_text()), environ)
        self.tree: dict[str, Any] = tree
        every = {name: Service(name, one) for name, one in tree["services"].items()}
        self.every = every
        self.services = {
            name: one for name, one in every.items() if not one.profiles or wanted & set(one.profiles)
        }

    def __getitem__(self, name: str) -> Service:
        return self.services[name]


def _filled(part: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {key: _filled(one, environ) for key, one in part.items()}
    if isinstance(part, list):
        return [_filled(one, environ) for one in part]
    return interpolated(part, environ) if isinstance(part, str) else part


def told_in_comments(heading: str) -> dict[str, str]:
    """The `NAME=value` lines of the comment that begins with this heading: what a person is told to write."""
    lines = iter(FILE.read_text().splitlines())
    for line in lines:
        if line.startswith(f"# {heading}"):
            break
    found: dict[str, str] = {}
    for line in lines:
        if not line.startswith("#") or (found and "=" not in line):
            break
        name, equals, value = line.removeprefix("#").strip().partition("=")
        if equals and re.fullmatch(r"[A-Z_]+", name):
            found[name] = value
    return found
