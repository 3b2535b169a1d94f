"""`kassabrug stock guards` and `stock resume`, against a console that runs."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streams.vocabulary.activity import GuardShown
from streams.vocabulary.events import Message, OperatorResumed
from tests.app.cli.command import run
from tests.app.cli.test_order import Bridge, running
from tests.app.readmodel.fakes import NOON

STOPPED = GuardShown(why="12 of 40 offers would fall to 0. What to do: look.", kind="zero", stopped_at=NOON)


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with running(tmp_path) as bridge:
        yield bridge


async def stock(bridge: Bridge, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    done = await asyncio.to_thread(run, "stock", *arguments, "--config", str(bridge.config))
    assert "Traceback" not in done.stderr
    return done


async def stop(bridge: Bridge) -> None:
    bridge.site.log.note(STOPPED, "", flow="guards")
    await bridge.site.projection.catch_up()


async def test_what_is_stopped_is_told_with_why(bridge: Bridge) -> None:
    told = await stock(bridge, "guards")
    assert (told.returncode, told.stdout) == (0, "No numbers are stopped.\n")
    await stop(bridge)
    told = await stock(bridge, "guards")
    assert told.returncode == 1
    assert "demo  stopped, since" in told.stdout
    assert STOPPED.why in told.stdout
    told = await stock(bridge, "guards", "--json")
    (row,) = json.loads(told.stdout)
    assert (row["connection"], row["shown"]["why"]) == ("demo", STOPPED.why)


async def test_one_command_goes_on(bridge: Bridge) -> None:
    await stop(bridge)
    told = await stock(bridge, "resume", "demo", "--by", "Anna")
    assert told.returncode == 0
    assert "The numbers of demo go on" in told.stdout
    event = OperatorResumed(who="Anna")
    assert bridge.site.written == [("demo", Message(flow="guards", entity="", event=event))]


async def test_what_cannot_be_done_is_told_in_words(bridge: Bridge) -> None:
    for arguments, code, words in (
        (("resume", "demo"), 1, "The numbers of demo are not stopped"),
        (("resume", "none"), 2, "There is no connection 'none'. There is demo."),
        (("guards", "--address", "http://127.0.0.1:9"), 1, "does not answer at http://127.0.0.1:9"),
    ):
        told = await stock(bridge, *arguments)
        assert (told.returncode, told.stdout) == (code, ""), arguments
        assert words in told.stderr
    assert bridge.site.written == []
