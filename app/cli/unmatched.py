"""`kassabrug stock unmatched`: offers at Bol without an article, and articles in Mplus without an offer.

Through the console's API, as `kassabrug order`: it reads the database of the bridge that runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.process import WRONG_USE, read_settings
from app.cli.site import NotDone, Site, check_connection, site_of
from app.console import wording
from app.readmodel.shown import Page, UnmatchedRow
from app.settings import Said
from streams.vocabulary.time import system_clock

SIDES = {
    "bol": "At Bol without an article in Mplus",
    "mplus": "In Mplus without an offer at Bol",
}
FIRST = 100
"""Of each side, for a person; programs get all of them."""
AT_ONCE = 500


class Asked(NamedTuple):
    """What is wanted, and how the console is reached."""

    config: Path
    side: str
    """Empty: both."""
    connection: str
    """Empty: of all."""
    search: str
    address: str
    """Empty: as the settings have it."""
    as_json: bool


def run(asked: Asked, said: Said) -> int:
    """Prints the lists; the exit code."""
    settings = read_settings(asked.config, said)
    try:
        if asked.side and asked.side not in SIDES:
            raise NotDone(f"--side is bol or mplus, not {asked.side!r}.", WRONG_USE)
        if asked.connection:
            check_connection(settings, asked.connection)
        with site_of(settings, asked.address) as site:
            for side in [asked.side] if asked.side else SIDES:
                if asked.as_json:
                    _print_all(site, asked, side)
                else:
                    _tell(site, asked, side)
    except NotDone as error:
        print(error, file=sys.stderr)
        return error.code
    return 0


def _print_all(site: Site, asked: Asked, side: str) -> None:
    """One line of JSON for each."""
    number = 1
    while True:
        raw = _ask(site, asked, side, number, AT_ONCE)
        for row in raw["rows"]:
            print(orjson.dumps(row).decode())
        if number * raw["size"] >= raw["total"]:
            return
        number += 1


def _tell(site: Site, asked: Asked, side: str) -> None:
    page = site.told(_ask(site, asked, side, 1, FIRST), Page[UnmatchedRow])
    console, now = Console(highlight=False), system_clock()
    console.print(Text(f"{SIDES[side]}: {page.total:,}", style="bold"))
    if not page.rows:
        return
    table = Table("offer or EAN" if side == "bol" else "article", "known by", "why", "since")
    several = len({row.connection for row in page.rows}) > 1
    for row in page.rows:
        title = f"\n{row.shown.title}" if row.shown.title else ""
        of = f"\n{row.connection}" if several else ""
        table.add_row(
            Text(f"{row.shown.name}{title}{of}"),
            Text("\n".join(row.shown.codes) or "-"),
            Text(row.shown.why),
            wording.moment(row.since, now),
        )
    console.print(table)
    if page.total > len(page.rows):
        console.print(Text(f"and {page.total - len(page.rows):,} more: --json has all of them.", style="dim"))


def _ask(site: Site, asked: Asked, side: str, number: int, size: int) -> Any:
    wanted = {"side": side, "connection": asked.connection, "search": asked.search}
    given = {name: value for name, value in wanted.items() if value}
    raw = site.ask(f"/api/unmatched?{urlencode({**given, 'page': number, 'size': size})}")
    if raw is None or not {"rows", "total", "size"} <= set(raw):
        raise NotDone(f"The console at {site.address} is an older version of kassabrug: it has no such list.")
    return raw
