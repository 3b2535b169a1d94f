"""The Dockerfile as far as this project uses it."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from typing import NamedTuple

from tests.deploy.compose import ROOT


class Instruction(NamedTuple):
    """One, continued lines joined."""

    word: str
    rest: str

    @property
    def listed(self) -> list[str]:
        """Its arguments, where they are written as a JSON list."""
        found = json.loads(self.rest[self.rest.index("[") :])
        assert isinstance(found, list)
        return [str(one) for one in found]


def instructions() -> list[Instruction]:
    """All of them, in order."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            found.append(Instruction(word, rest.strip()))
    return found


def last(word: str) -> Instruction:
    """The one that holds at the end."""
    return [one for one in instructions() if one.word == word][-1]


def sent(path: str) -> bool:
    """Whether .dockerignore lets this path go to the engine: the last rule that fits it, or a folder of it, holds."""
    parts = path.split("/")
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    ignored = False
    for rule in (ROOT / ".dockerignore").read_text().splitlines():
        if not rule or rule.startswith("#"):
            continue
        wanted = rule.startswith("!")
        pattern = rule.removeprefix("!")
        if any(fnmatch(one, pattern) or fnmatch(f"/{one}", pattern.replace("**", "*")) for one in above):
            ignored = not wanted
    return not ignored
