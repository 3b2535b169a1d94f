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

from app.cli.process import FAILED, read_settings
from app.cli.site import NotDone, Site, check_connection, site_of
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
        check_connection(settings, connection)
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
        with site_of(settings, which.address) as site:
            return work(site, settings)
    except NotDone as error:
        print(error, file=sys.stderr)
        return error.code


def _guards(site: Site) -> list[GuardRow]:
    """All of which the guards have said anything. Raises NotDone."""
    return site.told(site.ask("/api/guards"), list[GuardRow])
