"""`kassabrug check` in the terminal."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
from rich.console import Console

from app.check import Finding, check_connection, check_log, check_web
from app.cli.process import FAILED, read_settings
from app.cli.process import run as run_process
from app.composition import clients
from app.logging import set_up
from app.settings import Said, Settings
from streams.vocabulary.time import SHOP_ZONE, system_clock

MARKS = {"ok": "[green]works[/green]", "warn": "[yellow]mind[/yellow] ", "fail": "[red]fails[/red]"}


def run(config: Path, said: Said, as_json: bool) -> int:
    """Checks and prints; the exit code."""
    settings = read_settings(config, said)
    set_up(settings.secrets(), as_json)
    return run_process(lambda stop: _run(settings, as_json, stop))


async def _run(settings: Settings, as_json: bool, stop: asyncio.Event) -> int:
    console = Console(highlight=False, soft_wrap=True)
    found = await check_log(settings)
    if not as_json:
        _print(console, "log", found)
    web = check_web(settings)
    found += web
    if web and not as_json:
        _print(console, "web", web)
    today = system_clock().astimezone(SHOP_ZONE).date()
    async with clients(settings, system_clock) as made:
        for name in settings.connections:
            if stop.is_set():
                return FAILED
            with console.status(f"asking the vendors of {name}"):
                findings = await check_connection(settings, name, made, today)
            found += findings
            if not as_json:
                _print(console, name, findings)
    failed = [one for one in found if one.grade == "fail"]
    if as_json:
        print(orjson.dumps([one._asdict() for one in found], option=orjson.OPT_INDENT_2).decode())
    else:
        console.print(
            "Everything that is needed works." if not failed else f"{len(failed)} things do not work."
        )
    return FAILED if failed else 0


def _print(console: Console, part: str, found: list[Finding]) -> None:
    console.print(f"[bold]{part}[/bold]")
    for one in found:
        console.print(f"  {MARKS[one.grade]}  ", end="")
        console.print(one.text, markup=False)
