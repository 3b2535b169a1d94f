"""`kassabrug stock explain`: why an article has the number that it has at Bol, now or at some time.

Now: as the read model has it, which the bridge may be writing meanwhile. At some time: as the activity topic tells.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console

from app.carrier import Carrier, carriers
from app.cli.article import Explained, tell
from app.cli.process import FAILED, WRONG_USE, read_settings
from app.cli.process import run as run_process
from app.cli.progress import Shown
from app.cli.replay import unless_stopped
from app.cli.site import NotDone, check_connection
from app.console import wording
from app.logs import onlooker
from app.moments import as_of
from app.past import MOST, Past, stock_at
from app.readmodel import ReadModel, ReadModelUnavailable
from app.readmodel.shown import KnownArticle, Matches
from app.settings import Said, Settings
from streams.codec import key_of
from streams.log.base import LogUnavailable
from streams.vocabulary.time import elapsed, system_clock

PATIENCE = 1.0
"""Seconds after which it is told how far the search is."""


class Asked(NamedTuple):
    """The command line."""

    sku: str
    connection: str
    """Empty: any."""
    at: str
    """Empty: now."""
    as_json: bool


class Several(Exception):
    """More than one article fits."""

    def __init__(self, by: str, found: Sequence[tuple[str, str, str]], total: int) -> None:
        super().__init__(by)
        self.by = by
        self.found = found
        """Connection, article number, description."""
        self.total = total


class _Which(NamedTuple):
    """The article that is meant; `known`: as the read model has it."""

    connection: str
    article: str
    known: KnownArticle | None
    stopped: str = ""
    """Why no numbers of its connection are sent."""


def run(config: Path, asked: Asked, said: Said | None) -> int:
    """Prints why; the exit code."""
    now = system_clock()
    try:
        at = as_of(asked.at, now) if asked.at else None
    except ValueError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    settings = read_settings(config, said)
    return run_process(lambda stop: _run(settings, asked, at, now, stop))


async def _run(
    settings: Settings, asked: Asked, at: datetime | None, now: datetime, stop: asyncio.Event
) -> int:
    try:
        told = await unless_stopped(_explained(settings, asked, at, now), stop)
    except Several as several:
        _list(several, asked)
        return WRONG_USE
    except NotDone as error:
        print(error, file=sys.stderr)
        return error.code
    except (LogUnavailable, ReadModelUnavailable) as error:
        print(error, file=sys.stderr)
        return FAILED
    if told is None:
        print("Stopped while looking.", file=sys.stderr)
        return FAILED
    if asked.as_json:
        print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        tell(told, Console(highlight=False), now)
    return 0


async def _explained(settings: Settings, asked: Asked, at: datetime | None, now: datetime) -> Explained:
    if asked.connection:
        check_connection(settings, asked.connection)
    names = [asked.connection] if asked.connection else list(settings.connections)
    which = await _which(settings, names, asked.sku)
    if at is None and which.known is not None:
        return Explained(
            connection=which.connection, at=which.known.at, shown=which.known.shown, stopped=which.stopped
        )
    past = await _past(settings, which, at or now)
    if past.shown is None or past.at is None:
        raise NotDone(_nothing(which, past, at))
    return Explained(
        connection=which.connection, at=past.at, shown=past.shown, asked=at, around=past.lines if at else ()
    )


# -- which article


async def _which(settings: Settings, names: Sequence[str], sku: str) -> _Which:
    """The one that is meant. Raises NotDone, Several."""
    place, secret = settings.readmodel, settings.readmodel.password
    try:
        model = await ReadModel.look(
            place.url or place.path,
            clock=system_clock,
            password=secret.get_secret_value() if secret is not None else "",
        )
    except ReadModelUnavailable as error:
        # The log has it too, by the article's number.
        if sku.strip().isdigit() and len(names) == 1:
            return _Which(names[0], sku.strip(), None)
        raise NotDone(
            f"{error}\nWithout it an article is found by its number and with --connection only."
        ) from None
    try:
        which = await _among(model, settings, names, sku)
        stopped = {one.connection: one.shown.why for one in await model.guards()}
        return which._replace(stopped=stopped.get(which.connection, ""))
    finally:
        await model.close()


async def _among(model: ReadModel, settings: Settings, names: Sequence[str], sku: str) -> _Which:
    matches = await model.matching(sku, names)
    if matches.by in ("", "description"):
        carrying = await _carriers(settings, names, sku)
        if len(carrying) > 1:
            found = [(one.connection, one.article, one.description) for one in carrying]
            raise Several(carrying[0].kind, found, len(found))
        if carrying:
            return await _on_sale(model, carrying[0], sku)
    if matches.total == 1:
        one = matches.articles[0]
        return _Which(one.connection, one.article, one)
    if matches.total:
        raise Several(matches.by, _named(matches.articles), matches.total)
    raise NotDone(_unknown(names, sku, await model.alike(sku, names)))


async def _carriers(settings: Settings, names: Sequence[str], sku: str) -> list[Carrier]:
    """Who carries this code in Mplus: nobody where it is no code, or where the log is away (the rest does without)."""
    if len(sku.split()) != 1:
        return []
    try:
        async with onlooker(settings) as log:
            return [one for name in names for one in await carriers(log, name, sku)]
    except LogUnavailable:
        return []


async def _on_sale(model: ReadModel, carrier: Carrier, sku: str) -> _Which:
    matches: Matches = await model.matching(carrier.article, [carrier.connection])
    if matches.by != "article number":
        name = f" ({carrier.description})" if carrier.description else ""
        raise NotDone(
            f"{carrier.kind} {sku.strip()} is on article {carrier.article}{name} of {carrier.connection} in Mplus, and "
            "no offer at Bol sells that, so there is no number of it. Put its EAN, or its number as the reference, on "
            "an offer."
        )
    one = matches.articles[0]
    return _Which(one.connection, one.article, one)


def _named(found: Sequence[KnownArticle]) -> list[tuple[str, str, str]]:
    return [(one.connection, one.article, one.description) for one in found]


def _list(several: Several, asked: Asked) -> None:
    if asked.as_json:
        rows = [
            {"connection": name, "article": number, "description": words}
            for name, number, words in several.found
        ]
        print(msgspec.json.format(msgspec.json.encode({"matches": rows, "total": several.total})).decode())
        return
    lines = "\n".join(f"  {name:<12} {number:>8}  {words}" for name, number, words in several.found)
    left = several.total - len(several.found)
    more = f"\n  and {left} more" if left > 0 else ""
    has = "in their codes or description" if several.by == "description" else f"as their {several.by}"
    which = "by its number"
    if len({name for name, _, _ in several.found}) > 1:
        which += ", and with --connection"
    print(
        f"{several.total} articles have {asked.sku!r} {has}: say which {which}.\n{lines}{more}",
        file=sys.stderr,
    )


def _unknown(names: Sequence[str], sku: str, alike: Sequence[KnownArticle]) -> str:
    where = ", ".join(names)
    words = (
        f"No article of {where} that is on sale at Bol has {sku!r} as its number, EAN, PLU or reference, offer or in "
        "its description."
    )
    if alike:
        lines = "\n".join(f"  {name:<12} {number:>8}  {text}" for name, number, text in _named(alike))
        return f"{words} Perhaps you mean\n{lines}"
    return (
        f"{words} An article is known here once an offer has found it by its EAN or reference; the page Articles of "
        "the console lists all of them."
    )


# -- at some time


async def _past(settings: Settings, which: _Which, at: datetime) -> Past:
    began = elapsed()
    async with onlooker(settings) as log:
        with Shown(Console(stderr=True), elapsed) as shown:

            def far(done: int, of: int) -> None:
                if elapsed() - began > PATIENCE:
                    shown.tell("Looking back through the activity", done, of)

            return await stock_at(log, key_of(which.connection, which.article), at, far)


def _nothing(which: _Which, past: Past, at: datetime | None) -> str:
    name = f"article {which.article} of {which.connection}"
    before = f" as it stood {wording.full(at)[:-4]}" if at is not None else ""
    if past.back_to is not None:
        return (
            f"Nothing is known of {name}{before}: {MOST:,} records were looked through, back to "
            f"{wording.full(past.back_to)[:-4]}. If it is on sale, it last changed before; without --at you get how "
            "it stands now."
        )
    if past.kept_since is None:
        return f"Nothing is known of {name}{before}: the log has no activity yet."
    return (
        f"Nothing is known of {name}{before}: what is kept begins {wording.full(past.kept_since)[:-4]}, and it is not "
        "in there before then."
    )
