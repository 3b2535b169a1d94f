"""`kassabrug replay`: what the present code would make of the events that were, and putting that in place."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson
from rich.console import Console

from app.cli.process import FAILED, WRONG_USE, read_settings
from app.cli.process import run as run_process
from app.cli.progress import Shown
from app.composition import FLOWS, flow_rules
from app.logs import OpenLog, onlooker, running_log
from app.moments import moment
from app.replay.choice import Choice
from app.replay.driving import AT_ONCE, drive, events_of
from app.replay.looking import Found, Looking
from app.replay.reading import Progress
from app.replay.telling import show, told
from app.settings import Said, Settings
from connectors.bol.intake import translate as translate_bol
from connectors.mplus.intake import translate as translate_mplus
from streams.codec import Unreadable
from streams.delivery import FlowStopped
from streams.flow import Flow
from streams.log.base import Draft, LogInUse, LogReader, LogUnavailable
from streams.topics import BOL_WEBHOOKS, MPLUS_WEBHOOKS
from streams.vocabulary.time import elapsed, milliseconds, system_clock

T = TypeVar("T")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LOOKS = 30
"""How often it looks again whether everything is in place, on Kafka, where workers apply it meanwhile."""
PAUSE = 1.5
QUIET = ("streams.delivery", "connectors")
"""Loggers that would tell of every event that is worked out anew as if it happened now."""


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
    rate: int
    as_json: bool


def run(config: Path, asked: Asked, said: Said | None) -> int:
    """The exit code: 0 done (or nothing differs), 1 it could not be done or was stopped, 2 it was not told properly."""
    try:
        choice = chosen(asked)
    except ValueError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    settings = read_settings(config, said)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return run_process(lambda stop: replay(settings, choice, asked, stop, Console(stderr=True)))


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


async def replay(
    settings: Settings, choice: Choice, asked: Asked, stop: asyncio.Event, console: Console
) -> int:
    """Looks, tells, and puts in place; the exit code. `console` gets the progress and what went wrong."""
    try:
        async with onlooker(settings) as log:
            found = await unless_stopped(_look(log, settings, choice, console), stop)
        if found is None:
            _say(console, "Stopped while looking: nothing was changed.")
            return FAILED
        if asked.as_json:
            print(orjson.dumps(told(found), option=orjson.OPT_INDENT_2).decode())
        else:
            show(found, Console(highlight=False))
        if asked.dry_run or found.same:
            if not (found.same or asked.as_json):
                print(
                    "A dry run: nothing was changed. Without --dry-run, and with a --name, it is put in place."
                )
            return 0
        return await _Putting(settings, choice, asked, stop, console).put(found)
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
    except (LogUnavailable, FlowStopped, Unreadable) as error:
        print(error, file=sys.stderr)
        return FAILED


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """The result, or None when it was to stop before: it is cancelled then, and has ended on return."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return None
    finally:
        stopping.cancel()


async def _look(log: LogReader, settings: Settings, choice: Choice, console: Console) -> Found:
    translations = {BOL_WEBHOOKS.name: translate_bol, MPLUS_WEBHOOKS.name: translate_mplus}
    flows: dict[str, Flow[Any]] = {flow.name: flow for flow in FLOWS}
    with Shown(console, elapsed) as shown:

        def tell(progress: Progress) -> None:
            shown.tell(f"Looking at {progress.what}", progress.done, progress.of)

        return await Looking(log, flows, flow_rules(settings), translations, tell).look(choice)


def _say(console: Console, words: str) -> None:
    console.print(words, highlight=False, markup=False, soft_wrap=True)


class _Putting:
    """Putting in place what was found, until nothing differs any more."""

    def __init__(
        self, settings: Settings, choice: Choice, asked: Asked, stop: asyncio.Event, console: Console
    ) -> None:
        self._settings = settings
        self._choice = choice
        self._name = asked.name
        self._rate = asked.rate
        self._stop = stop
        self._console = console
        self._written: set[tuple[str, bytes | None, bytes | None]] = set()

    async def put(self, found: Found) -> int:
        """Writes, and on Kafka looks again until the workers have it in place. The exit code."""
        async with running_log(self._settings) as log:
            for _ in range(LOOKS):
                if not await self._write(log, self._fresh(found)):
                    return FAILED
                if not self._settings.log.address:
                    self._say_that_it_lies_there(found)
                    return 0
                await self._wait(PAUSE)
                again = await unless_stopped(
                    _look(log, self._settings, self._choice, self._console), self._stop
                )
                if again is None:
                    self._say(
                        f"Stopped: {len(self._written)} events are written under {self._name!r}; whether all are in "
                        "place was not looked at. The same command goes on from here."
                    )
                    return FAILED
                found = again
                if found.same:
                    self._say(f"{len(self._written)} events under {self._name!r}: everything is in place.")
                    return 0
        left = len(found.differences) + len(found.moved)
        self._say(
            f"{left} entities still differ: they change faster than they are worked out, or no worker runs. The same "
            "command goes on from here."
        )
        return FAILED

    def _fresh(self, found: Found) -> list[Draft]:
        """What was not written yet: a row that has moved since it was written for is worked out, and written, anew."""
        return [
            one
            for one in events_of(found, self._name)
            if (one.topic, one.key, one.value) not in self._written
        ]

    async def _write(self, log: OpenLog, drafts: list[Draft]) -> bool:
        """Piece by piece; False when it was stopped in between."""
        at_once = min(AT_ONCE, self._rate) if self._rate else AT_ONCE
        before = 0
        with Shown(self._console, elapsed) as shown:
            async for count in drive(log, drafts, at_once):
                self._written.update((one.topic, one.key, one.value) for one in drafts[before:count])
                before = count
                shown.tell(f"Putting {self._name!r} in place", count, len(drafts))
                if count == len(drafts):
                    break
                if self._rate:
                    await self._wait(at_once / self._rate)
                if self._stop.is_set():
                    self._say(
                        f"Stopped: {count} of {len(drafts)} are written under {self._name!r}. The same command goes on "
                        "from here."
                    )
                    return False
        return True

    def _say_that_it_lies_there(self, found: Found) -> None:
        count = len(self._written)
        words = f"{count} events lie in the log under {self._name!r}; kassabrug applies them when it starts."
        if found.behind:
            words += f" {found.behind} others wait there before them: once it has come to rest, look again."
        self._say(words)

    async def _wait(self, seconds: float) -> None:
        """Or until it is to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            pass

    def _say(self, words: str) -> None:
        _say(self._console, words)
