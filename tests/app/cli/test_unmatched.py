"""`kassabrug stock unmatched` against a console that runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.cli import unmatched
from app.cli.unmatched import Asked, run
from streams.vocabulary.activity import UnmatchedShown
from tests.app.cli.command import run as run_command
from tests.app.cli.test_order import DEMO, Bridge, running
from tests.app.console.test_unmatched import ARTICLE, OFFER, list_of


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[Bridge]:
    async with running(tmp_path) as bridge:
        await list_of(bridge.site, OFFER, ARTICLE)
        yield bridge


async def ask(bridge: Bridge, side: str = "", search: str = "", as_json: bool = False, **more: str) -> int:
    connection = more.get("connection", "")
    asked = Asked(bridge.config, side, connection, search, more.get("address", ""), as_json)
    return await asyncio.to_thread(run, asked, {})


async def test_the_command_tells_both_sides(bridge: Bridge) -> None:
    done = await asyncio.to_thread(run_command, "stock", "unmatched", "--config", str(bridge.config))
    assert done.returncode == 0
    assert "At Bol without an article in Mplus: 1" in done.stdout
    assert "In Mplus without an offer at Bol: 1" in done.stdout
    for words in ("Mug, blue", "SKU 1001", "has no barcode"):
        assert words in done.stdout, words


async def test_one_side_and_words(bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    assert await ask(bridge, side="bol") == 0
    told = capsys.readouterr().out
    assert "without an article in Mplus: 1" in told
    assert "Mug" not in told
    assert await ask(bridge, side="bol", search="nothing") == 0
    assert "without an article in Mplus: 0" in capsys.readouterr().out


async def test_for_programs_there_is_a_line_for_each_however_many(
    bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmatched, "AT_ONCE", 3)
    await list_of(
        bridge.site, *(UnmatchedShown(side="mplus", name=str(one), why="x") for one in range(2000, 2010))
    )
    assert await ask(bridge, as_json=True) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len({(row["shown"]["side"], row["shown"]["name"]) for row in rows}) == len(rows) == 12
    assert rows[0]["shown"]["codes"] == list(OFFER.codes)


async def test_a_long_list_is_cut_for_a_person(
    bridge: Bridge, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmatched, "FIRST", 3)
    await list_of(
        bridge.site, *(UnmatchedShown(side="mplus", name=str(one), why="x") for one in range(2000, 2010))
    )
    assert await ask(bridge, side="mplus") == 0
    told = capsys.readouterr().out
    assert "without an offer at Bol: 11" in told
    assert "and 8 more: --json has all of them." in told


async def test_what_is_asked_wrongly_is_said(bridge: Bridge, capsys: pytest.CaptureFixture[str]) -> None:
    assert await ask(bridge, side="amazon") == 2
    assert "--side is bol or mplus" in capsys.readouterr().err
    assert await ask(bridge, connection="nobody") == 2
    assert "There is no connection 'nobody'. There is demo." in capsys.readouterr().err


def test_without_a_bridge_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "kassabrug.toml"
    config.write_text(DEMO)
    assert run(Asked(config, "", "", "", "http://127.0.0.1:1", False), {}) == 1
    assert "kassabrug does not answer at http://127.0.0.1:1" in capsys.readouterr().err
