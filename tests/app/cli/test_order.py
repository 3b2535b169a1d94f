"""`kassabrug order`, as processes against a console that runs: words, JSON, exit codes, and what is written."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.server import Server, listen
from streams.vocabulary.events import OperatorAsked, OperatorCancelled, OperatorShipped
from tests.app.cli.command import ROOT, run
from tests.app.cli.test_commands import SETTINGS
from tests.app.console.site import DONE, FIRST, LATE, OPEN, SENT, TRACK, Site, open_site

NOBODY = "Someone at the console"
DEMO = SETTINGS.replace("connections.shop", "connections.demo")


class Bridge(NamedTuple):
    """A console that runs, and the settings that say where."""

    site: Site
    config: Path

    async def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command in a process of its own."""
        done = await asyncio.to_thread(run, "order", *arguments, "--config", str(self.config))
        assert "Traceback" not in done.stderr
        assert "geheim" not in done.stdout + done.stderr
        return done

    def written(self) -> list[Any]:
        """What the flows were told."""
        return [message.event for _, message in self.site.written]


@asynccontextmanager
async def running(folder: Path, settings: str = DEMO, web: str = "", **more: Any) -> AsyncIterator[Bridge]:
    async with open_site(folder, **more) as site, Server(site.app, listen("127.0.0.1", 0)) as server:
        config = folder / "kassabrug.toml"
        config.write_text(settings.replace("port = 0", f"port = {server.port}\n{web}"))
        yield Bridge(site, config)
        site.live.close()


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with running(tmp_path) as bridge:
        yield bridge


async def test_show(bridge: Bridge) -> None:
    told = await bridge.run("show", SENT)
    assert told.returncode == 0
    for words in ("Bol is being told", TRACK, "refused by Bol", "2026-13", "K** M****", "shown, not booked"):
        assert words in told.stdout, words


async def test_show_as_json(bridge: Bridge) -> None:
    told = json.loads((await bridge.run("show", LATE, "--json")).stdout)
    assert told["connection"] == "demo"
    assert told["shown"]["due"] == "2026-11-23"


async def test_ship(bridge: Bridge) -> None:
    told = await bridge.run("ship", LATE, "--transporter", "TNT", "--track", "3SKABC1")
    assert told.returncode == 0
    assert "Bol is told now" in told.stdout
    assert f"kassabrug order show {LATE} --connection demo" in told.stdout
    as_json = await bridge.run("ship", LATE, "--transporter", "GLS", "--all", "--json")
    assert json.loads(as_json.stdout)["written"]["transporter"] == "GLS"
    assert bridge.written() == [
        OperatorShipped(who=NOBODY, transporter="TNT", track="3SKABC1"),
        OperatorShipped(who=NOBODY, transporter="GLS", all=True),
    ]


async def test_retry(bridge: Bridge) -> None:
    assert (await bridge.run("retry", OPEN)).returncode == 0
    assert bridge.written() == [OperatorAsked(who=NOBODY)]


async def test_cancel_without_anybody_to_ask_needs_a_yes(bridge: Bridge) -> None:
    told = await bridge.run("cancel", LATE, "--reason", "OUT_OF_STOCK")
    assert told.returncode == 2
    assert "--yes" in told.stderr
    assert bridge.written() == []
    told = await bridge.run("cancel", LATE, "--reason", "out_of_stock", "--item", FIRST, "--yes")
    assert told.returncode == 0
    assert bridge.written() == [OperatorCancelled(who=NOBODY, reason="OUT_OF_STOCK", item_ids=(FIRST,))]


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
async def test_cancel_asks_once_more_on_a_terminal(bridge: Bridge, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    command = ("order", "cancel", LATE, "--reason", "OTHER", "--config", str(bridge.config))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", *command),
        stdin=theirs,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        os.write(ours, f"{answer}\n".encode())
        _, told = await asyncio.wait_for(process.communicate(), 60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == code
    assert "Sure?" in told.decode()
    assert "2 x Espresso cups" in told.decode()
    assert len(bridge.written()) == (1 if code == 0 else 0)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "none"), 1, "knows no order none of demo"),
        (("ship", DONE, "--transporter", "TNT"), 2, "This order is done"),
        (("ship", OPEN, "--transporter", "TNT"), 2, "Nothing of this order is delivered"),
        (("ship", LATE, "--transporter", "post nl"), 2, "no transporter code"),
        (("cancel", LATE, "--reason", "BECAUSE", "--yes"), 2, "REQUESTED_BY_CUSTOMER"),
        (("cancel", LATE, "--reason", "OTHER", "--item", "9", "--yes"), 2, "has no item 9"),
        (("show", LATE, "--connection", "other"), 2, "There is no connection 'other'"),
        (("show", LATE, "--address", "no address"), 2, "is no address"),
        (("show", LATE, "--address", "http://winkel:geheim@127.0.0.1:1"), 2, "is no address"),
    ],
)
async def test_what_cannot_be_done_is_told_in_words(
    bridge: Bridge, arguments: tuple[str, ...], code: int, words: str
) -> None:
    told = await bridge.run(*arguments)
    assert (told.returncode, told.stdout) == (code, "")
    assert words in told.stderr
    assert bridge.written() == []


async def test_a_bridge_that_does_not_run_is_told_with_what_to_do(bridge: Bridge) -> None:
    told = await bridge.run("retry", LATE, "--address", "http://127.0.0.1:9")
    assert told.returncode == 1
    assert "kassabrug does not answer at http://127.0.0.1:9" in told.stderr
    assert "kassabrug up" in told.stderr


async def test_any_free_port_is_no_address(tmp_path: Path) -> None:
    config = tmp_path / "kassabrug.toml"
    config.write_text(DEMO)
    told = await asyncio.to_thread(run, "order", "show", LATE, "--config", str(config))
    assert told.returncode == 2
    assert "--address" in told.stderr


async def test_user_and_password_are_those_of_the_settings(tmp_path: Path) -> None:
    web = 'username = "winkel"\npassword = "plain:geheim-woord"'
    more = {"username": "winkel", "password": "geheim-woord"}
    async with running(tmp_path, web=web, **more) as bridge:
        assert (await bridge.run("retry", OPEN)).returncode == 0
        assert bridge.written() == [OperatorAsked(who="winkel")]
        bridge.config.write_text(bridge.config.read_text().replace("geheim-woord", "geheim-anders"))
        told = await bridge.run("retry", OPEN)
    assert told.returncode == 2
    assert "refuses name and password" in told.stderr


async def test_of_several_shops_the_one_that_has_it_is_found(tmp_path: Path) -> None:
    second = (
        DEMO.partition("[connections")[2].replace("demo", "tweede").replace("[connections", "[connections")
    )
    several = DEMO + "[connections" + second.replace('client_id = "tweede"', 'client_id = "two"')
    async with running(tmp_path, settings=several) as bridge:
        assert (await bridge.run("show", LATE)).returncode == 0
        assert (await bridge.run("show", LATE, "--connection", "tweede")).returncode == 1


async def test_what_is_no_console_is_told(tmp_path: Path) -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
        )
        await send({"type": "http.response.body", "body": b"<html>"})

    async with Server(other, listen("127.0.0.1", 0)) as server:
        config = tmp_path / "kassabrug.toml"
        config.write_text(DEMO.replace("port = 0", f"port = {server.port}"))
        told = await asyncio.to_thread(run, "order", "show", LATE, "--config", str(config))
    assert told.returncode == 1
    assert "no console of kassabrug" in told.stderr
