"""Secrets by reference: `env:NAME` or `file:/path` stands in the settings, the secret itself elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

SECRETS = frozenset(("client_secret", "secret", "webhook_secret", "password"))
"""Keys whose values are references."""
NAMES = frozenset(("instance",))
"""Keys that are no secret, but may differ from one process to the next: `env:NAME` is followed, other text is it."""
TEXTS = frozenset(("mapping", "tables"))
"""Tables whose keys are the shop's own words: none of them is a secret's."""
LONGEST_SECRET = 4096
"""Characters of a secret; a longer file is not a secret but some other file."""
DEEPEST = 20
"""Tables within tables; settings have four."""


class ReferenceProblem(ValueError):
    """Why a reference leads nowhere. The secret is not in the text."""


def secret(reference: str, environ: Mapping[str, str]) -> str:
    """What the reference leads to, without white space around it. Raises ReferenceProblem.

    `plain:...` is the secret itself, for a demo or a first try.
    """
    kind, _, where = reference.partition(":")
    if kind == "env" and where:
        found = environ.get(where, "").strip()
        if not found:
            raise ReferenceProblem(f"the environment has no {where}: set it to the secret")
    elif kind == "file" and where:
        found = _file(where)
    elif kind == "plain" and where:
        found = where
    else:
        raise ReferenceProblem(
            "write env:NAME or file:/path here, not the secret itself (plain:... is for trying things out)"
        )
    if len(found) > LONGEST_SECRET:
        raise ReferenceProblem(f"a secret has at most {LONGEST_SECRET} characters: is it the right one?")
    return found


def _file(where: str) -> str:
    try:
        path = Path(where).expanduser()
        if not path.is_absolute():
            raise ReferenceProblem("write the whole path of the secret's file: file:/path")
        with path.open(encoding="utf-8") as file:
            found = file.read(LONGEST_SECRET + 10).strip()
    except OSError as error:
        raise ReferenceProblem(f"the secret's file cannot be read: {error.strerror}") from None
    except ReferenceProblem:
        raise
    except (ValueError, RuntimeError):  # not text; a path no system takes; a ~user who is not there
        raise ReferenceProblem("the secret's file cannot be read: no such file, or it is not text") from None
    if not found:
        raise ReferenceProblem("the secret's file is empty: put the secret in it")
    return found


def follow(
    given: Mapping[str, Any], environ: Mapping[str, str], problems: list[str], at: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The same tables with every reference followed. What goes wrong is added to `problems`, a line each:
    `  connections.winkel.bol.client_secret: ...`."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        here = (*at, str(key))
        if key in TEXTS:
            found[key] = value
        elif isinstance(value, Mapping):
            if len(here) > DEEPEST:
                problems.append(f"  {'.'.join(here)}: tables within tables, {DEEPEST} deep")
                continue
            found[key] = follow(value, environ, problems, here)
        elif key in NAMES and isinstance(value, str) and value.startswith("env:"):
            name = value.removeprefix("env:")
            found[key] = environ.get(name, "").strip()
            if not found[key]:
                problems.append(
                    f"  {'.'.join(here)}: the environment has no {name}: set it, or write a name here"
                )
        elif key in SECRETS and isinstance(value, str):
            try:
                found[key] = secret(value, environ)
            except ReferenceProblem as problem:
                problems.append(f"  {'.'.join(here)}: {problem}")
        else:
            found[key] = value
    return found
