"""`kassabrug replay`: what the present code would make of the events that were, and putting that in place."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.table import Table

from app.cli.log import moment
from app.cli.process import FAILED, WRONG_USE, read_settings
from app.cli.process import run as run_process
from app.composition import FLOWS, flow_rules
from app.logs import onlooker, running_log
from app.readmodel.masking import shown_body
from app.replay.driving import drive, events_of
from app.replay.looking import Choice, Found, Looking, Progress
from app.settings import Said, Settings
from connectors.bol.intake import translate as translate_bol
from connectors.mplus.intake import translate as translate_mplus
from streams.flow import Flow
from streams.log.base import LogInUse, LogReader, LogUnavailable
from streams.topics import BOL_WEBHOOKS, MPLUS_WEBHOOKS
from streams.vocabulary.time import milliseconds, system_clock

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LOOKS = 20
"""How often it looks again whether everything is in place, on Kafka, where workers apply it meanwhile."""
PAUSE = 1.5
SHOWN = 50
"""Entities that are shown to people; --json shows all."""


class Asked(NamedTuple):
    """The command line."""

    since: str
    until: str
    topic: str
    connection: str
    key: str
    flow: str
    everything: bool
    dry_run: bool
    name: str
    as_json: bool


def run(config: Path, asked: Asked, said: Said | None) -> int:
    """The exit code: 0 done (or nothing differs), 1 it could not be done, 2 it was not told properly."""
    try:
        choice = chosen(asked)
    except ValueError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    settings = read_settings(config, said)
    return run_process(lambda stop: _run(settings, choice, asked, stop))


def chosen(asked: Asked) -> Choice:
    """What is meant. Raises ValueError for what cannot be meant."""
    now = system_clock()
    choice = Choice(
        milliseconds(moment(asked.since, now)) if asked.since else None,
        milliseconds(moment(asked.until, now)) if asked.until else None,
        asked.topic,
        asked.connection,
        asked.key,
        asked.flow,
    )
    if choice.empty and not asked.everything:
        raise ValueError(
            "say which: --from, --to, --topic, --connection, --key or --flow; or --all for everything"
        )
    if choice.since is not None and choice.until is not None and choice.since >= choice.until:
        raise ValueError("--from has to be before --to")
    if not asked.dry_run and not NAME.fullmatch(asked.name):
        raise ValueError(
            "without --dry-run it needs a --name: the incident, in letters, digits, dots and dashes (40 at most)"
        )
    return choice


async def _run(settings: Settings, choice: Choice, asked: Asked, stop: asyncio.Event) -> int:
    console = Console(stderr=True)
    try:
        async with onlooker(settings) as log:
            found = await _look(log, settings, choice, console)
        _print(found, asked.as_json, asked.dry_run)
        if asked.dry_run or found.same:
            return 0
        return await _drive(settings, choice, found, asked.name, console, stop)
    except ValueError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except LogInUse as error:
        print(
            f"{error}\nThe embedded log has one process: stop kassabrug, run this again, and start it; it applies "
            "what lies in the log then. --dry-run works beside it.",
            file=sys.stderr,
        )
        return FAILED
    except LogUnavailable as error:
        print(error, file=sys.stderr)
        return FAILED


async def _look(log: LogReader, settings: Settings, choice: Choice, console: Console) -> Found:
    translations = {BOL_WEBHOOKS.name: translate_bol, MPLUS_WEBHOOKS.name: translate_mplus}
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("looking", total=None)

        def tell(progress: Progress) -> None:
            bar.update(task, description=progress.what, completed=progress.done, total=max(1, progress.of))

        flows: dict[str, Flow[Any]] = {flow.name: flow for flow in FLOWS}
        return await Looking(log, flows, flow_rules(settings), translations, tell).look(choice)


async def _drive(
    settings: Settings, choice: Choice, found: Found, name: str, console: Console, stop: asyncio.Event
) -> int:
    """Writes, and on Kafka looks again until the workers have it in place."""
    written = 0
    for _ in range(LOOKS):
        drafts = events_of(found, name)
        async with running_log(settings) as log:
            with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
                task = bar.add_task(f"driving {name}", total=len(drafts))
                async for count in drive(log, drafts):
                    bar.update(task, completed=count)
                    if stop.is_set():
                        written += count
                        console.print(
                            f"{written} written; the same command goes on from here", highlight=False
                        )
                        return FAILED
            written += len(drafts)
            if not settings.log.address:
                console.print(
                    f"{written} events lie in the log under {name!r}; kassabrug applies them when it starts",
                    highlight=False,
                )
                return 0
            for _ in range(LOOKS):
                await asyncio.sleep(PAUSE)
                found = await _look(log, settings, choice, console)
                if found.same:
                    console.print(f"{written} events under {name!r}: everything is in place", highlight=False)
                    return 0
                if stop.is_set():
                    return FAILED
    console.print(
        f"{len(found.differences)} entities still differ: they change faster than they are worked out, or no worker "
        "runs. The same command goes on from here",
        highlight=False,
    )
    return FAILED


# -- what is told


def told(found: Found) -> dict[str, Any]:
    """For programs; values masked."""
    return {
        "looked_at": dict(found.looked_at),
        "events": found.events,
        "differences": [
            {
                "flow": one.flow,
                "key": one.key,
                "changes": [
                    {
                        "field": change.field,
                        "before": masked(change.field, change.before),
                        "after": masked(change.field, change.after),
                    }
                    for change in one.changes
                ],
                "calls": [masked_call(call) for call in one.calls],
            }
            for one in found.differences
        ],
        "not_whole": list(found.not_whole),
        "unsent": [
            {
                "topic": one.topic,
                "key": (one.key or b"").decode(errors="replace"),
                "value": shown_body(one.value),
            }
            for one in found.unsent
        ],
    }


def masked(field: str, value: str) -> str:
    """A field's value without what is personal, which its name and those above it tell."""
    node: Any = value
    names = re.sub(r"\[[^]]*\]", "", field).split(".")
    for name in reversed(names):
        node = {name: node}
    shown = orjson.loads(shown_body(orjson.dumps(node)))
    for name in names:
        shown = shown[name]
    return str(shown)


def masked_call(call: str) -> str:
    """A call without what is personal."""
    name, _, fields = call.partition(" ")
    return f"{name} {shown_body(fields.encode())}" if fields else name


def _print(found: Found, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print(orjson.dumps(told(found), option=orjson.OPT_INDENT_2).decode())
        return
    console = Console(highlight=False)
    counts = Table(title="Looked at", title_justify="left")
    for name in ("flow", "entities", "would differ", "calls to vendors", "beginning not kept"):
        counts.add_column(name, justify="left" if name == "flow" else "right")
    differing = Counter(one.flow for one in found.differences)
    calling = Counter(one.flow for one in found.differences for _ in one.calls)
    missing = Counter(one.partition(" ")[0] for one in found.not_whole)
    for flow, count in found.looked_at.items():
        counts.add_row(flow, str(count), str(differing[flow]), str(calling[flow]), str(missing[flow]))
    console.print(counts)
    for one in found.differences[:SHOWN]:
        table = Table(title=f"{one.flow} {one.key}", title_justify="left")
        for name in ("field", "is", "would be"):
            table.add_column(name, overflow="fold")
        for change in one.changes:
            before, after = (masked(change.field, one) for one in (change.before, change.after))
            table.add_row(*map(escape, (change.field, before, after)))
        for call in one.calls:
            table.add_row("call", "", escape(masked_call(call)))
        console.print(table)
    if len(found.differences) > SHOWN:
        console.print(f"and {len(found.differences) - SHOWN} more entities (--json shows all)")
    if found.unsent:
        console.print(f"{len(found.unsent)} events that pushes should have become lie in no inbox")
    if found.same:
        console.print("Nothing differs.")
    elif dry_run:
        console.print(
            "A dry run: nothing was changed. Without --dry-run, and with a --name, it is put in place."
        )
