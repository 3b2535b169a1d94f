"""Options that several commands have, and what of the settings they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of words.")]
DEFAULT = Path("kassabrug.toml")
LogAt = Annotated[
    str | None,
    typer.Option(
        "--log",
        metavar="kafka://HOST:PORT,...",
        help="The log on this Kafka cluster, whatever the settings say (log.address).",
    ),
]
ReadModelAt = Annotated[
    str | None,
    typer.Option(
        "--readmodel",
        metavar="postgresql://USER@HOST/DATABASE",
        help="The read model there, whatever the settings say (readmodel.url).",
    ),
]


def said(
    log: str | None = None, readmodel: str | None = None, host: str | None = None, port: int | None = None
) -> dict[str, dict[str, Any]]:
    """What the command line says, as the settings have it."""
    given: dict[str, dict[str, Any]] = {
        "log": {"address": log},
        "readmodel": {"url": readmodel},
        "web": {"host": host, "port": port},
    }
    return {part: {key: one for key, one in keys.items() if one is not None} for part, keys in given.items()}
