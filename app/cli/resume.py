"""`kassabrug stock guards` and `stock resume`: what is stopped and why, and the way on.

Through the console's API, as `kassabrug order` does: whoever writes the log is the bridge that runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec
import orjson
from rich.console import Console
from rich.text import Text

from app.cli.order import NotDone, Site, console_client
from app.cli.process import FAILED, WRONG_USE, read_settings
from app.console import wording
from app.readmodel.shown import GuardRow
from app.settings import Settings
from streams.vocabulary.time import system_clock


class Which(NamedTuple):
    """How the console is reached, and for whom the answer is."""

    config: Path
    address: str
    """Empty: as the settings have it."""
    as_json: bool


def show(which: Which) -> int:
    """Prints what is stopped; the exit code: 0 where nothing is."""

    def work(site: Site, settings: Settings) -> int:
        found = [one for one in _guards(site) if one.shown.why]
        if which.as_json:
            print(orjson.dumps(msgspec.to_builtins(found), option=orjson.OPT_INDENT_2).decode())
        else:
            tell(found, Console(highlight=False))
        return FAILED if found else 0

    return _run(which, work)


def resume(which: Which, connection: str, by: str) -> int:
    """Lets a connection's numbers go on; the exit code."""

    def work(site: Site, settings: Settings) -> int:
        if connection not in settings.connections:
            there = ", ".join(settings.connections)
            raise NotDone(f"There is no connection {connection!r}. There is {there}.", WRONG_USE)
        known = {one.connection: one.shown for one in _guards(site)}
        if connection not in known or not known[connection].why:
            raise NotDone(f"The numbers of {connection} are not stopped: nothing was done.")
        answer = site.ask(f"/api/guards/{quote(connection, safe='')}/resume", {"by": by})
        if which.as_json:
            print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        else:
            print(f"The numbers of {connection} go on: the newest ones are sent now.")
        return 0

    return _run(which, work)


def tell(found: list[GuardRow], console: Console) -> None:
    """What is stopped, for a person."""
    if not found:
        console.print("No numbers are stopped.")
    now = system_clock()
    for one in found:
        since = f", since {wording.moment(one.stuck_since, now)}" if one.stuck_since is not None else ""
        head = Text(one.connection, style="bold")
        head.append(f"  stopped{since}", style="red")
        console.print(head)
        console.print(Text(one.shown.why), soft_wrap=True)


def _run(which: Which, work: Callable[[Site, Settings], int]) -> int:
    settings = read_settings(which.config, {})
    try:
        with console_client(settings, which.address) as http:
            return work(Site(http, str(http.base_url).rstrip("/")), settings)
    except NotDone as error:
        print(error, file=sys.stderr)
        return error.code


def _guards(site: Site) -> list[GuardRow]:
    """All of which the guards have said anything. Raises NotDone."""
    try:
        return msgspec.convert(site.ask("/api/guards"), list[GuardRow])
    except msgspec.ValidationError as error:
        raise NotDone(
            f"The console at {site.address} is another version of kassabrug than this command ({error})."
        ) from None
