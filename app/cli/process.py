"""A process of the bridge: settings, logging, signals, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from app.composition import Bridge, Role, bridge
from app.logging import set_up
from app.readmodel import ReadModelUnavailable
from app.settings import Said, Settings, SettingsError, load_settings
from streams import collection
from streams.log.base import LogUnavailable

FAILED = 1
WRONG_USE = 2
"""Exit codes: it could not go on; it was not told properly (settings, arguments)."""

SWITCH = 0.0005
"""Seconds that a thread (the read model's) keeps the interpreter while the event loop waits for it; Python's own 5 ms
would be added to what a sale takes to reach Bol."""


def read_settings(config: Path, said: Said | None = None) -> Settings:
    """The settings with what the command line says, or the end of the process with what is wrong with them."""
    try:
        return load_settings(config, os.environ, said)
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(WRONG_USE)


def serve(
    config: Path,
    roles: frozenset[Role],
    as_json: bool,
    tell: Callable[[Bridge], None],
    said: Said | None = None,
) -> None:
    """Runs these roles until Ctrl-C or SIGTERM (exit 0), or until a part cannot go on (exit 1)."""
    settings = read_settings(config, said)
    set_up(settings.secrets(), as_json)
    sys.exit(run(lambda stop: _serve(settings, roles, tell, stop)))


def run(work: Callable[[asyncio.Event], Awaitable[int]]) -> int:
    """Runs the work with an event that Ctrl-C and SIGTERM set; the second Ctrl-C is not waited for."""

    async def main() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def asked(number: int) -> None:
            if stop.is_set() and number == signal.SIGINT:
                os._exit(130)
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked, number)
        return await work(stop)

    sys.setswitchinterval(SWITCH)
    collection.seldom()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())


async def _serve(
    settings: Settings, roles: frozenset[Role], tell: Callable[[Bridge], None], stop: asyncio.Event
) -> int:
    try:
        async with bridge(settings, roles) as running:
            tell(running)
            failing = asyncio.ensure_future(running.failed())
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait((failing, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if failing.done():
                print(f"kassabrug cannot go on: {failing.result()}", file=sys.stderr)
                return FAILED
            failing.cancel()
            return 0
    except (LogUnavailable, ReadModelUnavailable, OSError) as error:
        print(f"kassabrug cannot start: {error}", file=sys.stderr)
        return FAILED
