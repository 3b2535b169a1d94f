"""Demo traffic, replayed: nothing differs under the same rules, under another rule exactly what it touches."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.cli.replay import Asked, chosen
from app.demo.child import Child
from app.demo.market import Market
from app.demo.run import free_port, settings_text, until
from streams.codec import RowCodec
from streams.flow import Row
from streams.log.base import Draft
from streams.log.embedded import EmbeddedLog, Onlooker
from streams.log.kafka import KafkaAccess
from streams.stock.state import Article
from streams.topics import TOPICS, rows_topic
from streams.vocabulary.events import StockDoubted
from streams.vocabulary.time import system_clock
from tests.apache_kafka.fixtures import kafka as kafka
from tests.app.cli.command import run
from tests.app.cli.test_commands import SETTINGS
from tests.streams.log.kafka.conftest import delete

BUFFER = 2
ARTICLES = 60


def replay(config: Path, *arguments: str) -> tuple[int, str, str]:
    told = run("replay", "--config", str(config), *arguments)
    return told.returncode, told.stdout, told.stderr


def looked(config: Path, *arguments: str) -> dict[str, Any]:
    code, out, said = replay(config, "--dry-run", "--json", *arguments)
    assert code == 0, said
    found: dict[str, Any] = json.loads(out)
    return found


async def patches(market: Market) -> Counter[str]:
    return Counter(one["offerId"] for one in (await market.bol_books())["changes"] if one["cause"] == "patch")


async def written(market: Market) -> dict[str, int]:
    """What was called at Mplus that makes something."""
    calls = (await market.mplus_books("calls"))["calls"]
    return {name: calls.get(name, 0) for name in ("createOrderV3", "createRelation", "updateRelation")}


async def at_rest(market: Market) -> bool:
    """Every order is in Mplus, and every offer shows what Mplus has. An order of just now may not have been heard of
    yet: it took its units, and a second push, from a bridge that was stopped before."""
    return (await written(market))["createOrderV3"] >= market.orders and await market.opened()


@pytest.mark.slow
async def test_a_changed_rule_differs_where_it_touches_and_is_put_in_place_once(tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    never = asyncio.Event()
    async with Market(5, ARTICLES, address, system_clock, asyncio.sleep) as market:
        config, changed = tmp_path / "kassabrug.toml", tmp_path / "changed.toml"
        text = settings_text(market, port, address)
        config.write_text(text)
        changed.write_text(text.replace("cap = 999", f"cap = 999\nbuffer = {BUFFER}"))
        child = Child(config, tmp_path / "words", address)
        await child.start()
        try:
            assert await until(market.opened, 60, never)
            await market.customers(15, 5)
            assert await until(lambda: at_rest(market), 60, never), "everything has come to rest"
            beside = await asyncio.to_thread(looked, config, "--flow", "stock")
            assert not beside["differences"], "the dry run works beside a bridge at work"
            code, _, said = await asyncio.to_thread(replay, config, "--all", "--name", "beside")
            assert code == 0, said
        finally:
            await child.stop()

        same = await asyncio.to_thread(looked, config, "--all")
        assert same["differences"] == []
        assert same["unsent"] == []
        assert same["not_whole"] == []
        assert same["moved"] == []
        assert same["looked_at"]["stock"] == ARTICLES
        assert same["looked_at"]["orders"] == market.orders
        outcomes = same["outcomes"]
        assert (outcomes["otherwise"], outcomes["parked"]) == (0, 0)
        assert outcomes["anew"] > 3 * market.orders, "read, found, saved and booked, and all sweeps"
        assert {one["effect"] for one in outcomes["as_recorded"]} == {
            "read-stock", "push-stock", "sweep-markers",
        }  # fmt: skip

        on_sale = {int(one["ean"]): int(one["amount"]) for one in (await market.bol_books())["offers"]}
        eans = {
            int(one["ean"]): int(one["article"]) for one in (await market.mplus_books("articles"))["articles"]
        }
        touched = {f"demo/{eans[ean]}" for ean, amount in on_sale.items() if amount > 0}
        other = await asyncio.to_thread(looked, changed, "--all")
        assert {one["flow"] for one in other["differences"]} == {"stock"}
        # One that was on sale, and came to 0 by other pushes, differs too; no call follows.
        pushed = {
            one["key"]
            for one in other["differences"]
            if any(call.startswith("push-stock ") for call in one["calls"])
        }
        assert pushed == touched
        assert all(one["key"] in touched or not one["calls"] for one in other["differences"])
        code, _, said = await asyncio.to_thread(replay, changed, "--all", "--name", "buffer-2")
        assert code == 0, said
        assert f"{len(other['differences'])} events lie in the log under 'buffer-2'" in said

        before, orders = await patches(market), await written(market)
        assert orders["createOrderV3"] >= market.orders > 0
        assert orders["createRelation"] > 0
        await unread(market)
        child = Child(changed, tmp_path / "words-2", address)
        await child.start()
        try:

            async def in_place() -> bool:
                offers = (await market.bol_books())["offers"]
                return all(int(one["amount"]) == max(0, on_sale[int(one["ean"])] - BUFFER) for one in offers)

            assert await until(in_place, 60, never)
        finally:
            await child.stop()
        made = await patches(market) - before
        assert set(made.values()) == {1}, "no call was made twice"
        assert sum(made.values()) == len(touched)
        assert await written(market) == orders

        # Not the sweeps: theirs wait to read all stock anew.
        code, out, _ = await asyncio.to_thread(replay, changed, "--flow", "stock", "--name", "buffer-2")
        assert (code, "Nothing differs." in out) == (0, True), f"the same incident again does nothing: {out}"


@pytest.mark.slow
async def test_on_kafka_it_is_put_in_place_while_a_bridge_works(tmp_path: Path, kafka: str) -> None:
    """Stopped in the midst, and the same command again."""
    await delete(KafkaAccess(tuple(kafka.split(","))), TOPICS)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    never = asyncio.Event()
    async with Market(6, ARTICLES, address, system_clock, asyncio.sleep) as market:
        config, changed = tmp_path / "kassabrug.toml", tmp_path / "changed.toml"
        text = settings_text(market, port, address, f'address = "kafka://{kafka}"')
        config.write_text(text)
        changed.write_text(text.replace("cap = 999", f"cap = 999\nbuffer = {BUFFER}"))
        child = Child(config, tmp_path / "words", address)
        await child.start()
        try:
            assert await until(market.opened, 60, never)
            await market.customers(15, 3)
            assert await until(lambda: at_rest(market), 60, never), "everything has come to rest"
        finally:
            await child.stop()
        on_sale = {int(one["ean"]): int(one["amount"]) for one in (await market.bol_books())["offers"]}
        touched = sum(amount > 0 for amount in on_sale.values())
        before, orders = await patches(market), await written(market)
        await unread(market)
        child = Child(changed, tmp_path / "words-2", address)
        await child.start()
        try:
            command = (str(changed), "--all", "--name", "buffer-2")
            code, said = await asyncio.to_thread(stopped, *command, "--rate", "4")
            assert code == 1, said
            told = re.search(r"Stopped: (\d+) of (\d+) are written under 'buffer-2'", said)
            assert told is not None, said
            # Beside what is on sale: what was on sale before, and came to 0 by other pushes; and the row of the sweeps,
            # which wait to read all stock anew.
            assert 0 < int(told[1]) < int(told[2]) <= ARTICLES + 1
            code, _, said = await asyncio.to_thread(replay, changed, *command[1:])
            assert code == 0, said
            assert "'buffer-2': everything is in place" in said

            async def in_place() -> bool:
                offers = (await market.bol_books())["offers"]
                return all(int(one["amount"]) == max(0, on_sale[int(one["ean"])] - BUFFER) for one in offers)

            assert await until(in_place, 60, never)
        finally:
            await child.stop()
        made = await patches(market) - before
        assert set(made.values()) == {1}, "no call was made twice"
        assert sum(made.values()) == touched
        assert await written(market) == orders


async def unread(market: Market) -> None:
    """From now on neither offers nor stock can be read: a bridge that sees that its rules have changed reads them all,
    so that each row is counted anew, and there would be nothing left for a replay to put in place."""
    await market.at_bol("faults", {"kind": "http", "operation": "list-offers"})
    await market.at_till("faults", {"kind": "http", "operation": "getStock"})


def stopped(config: str, *arguments: str) -> tuple[int, str]:
    """The command, with Ctrl-C as soon as it has put something in place: how it ended, and what it said."""
    with subprocess.Popen(
        [sys.executable, "-m", "app", "replay", "--config", config, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if line.startswith("Putting 'buffer-2' in place:"):
                process.send_signal(signal.SIGINT)
        return process.wait(timeout=30), said


async def test_ctrl_c_while_it_looks_ends_it_at_once_and_nothing_was_changed(tmp_path: Path) -> None:
    """Regression: it was not heard of before everything was looked at."""
    config = tmp_path / "kassabrug.toml"
    config.write_text(SETTINGS)
    log = await EmbeddedLog.open(tmp_path / "log.db", TOPICS, clock=system_clock, sleep=asyncio.sleep)
    now = system_clock()
    doubt = msgspec.json.encode(StockDoubted(why="a test", since=now))
    for _ in range(20):
        await log.append([Draft("stock.inbox", b"shop/1", doubt)] * 5_000)
    (at, end), *_ = await log.append([Draft("stock.inbox", b"shop/1", doubt)])
    row: Row[Article] = Row(state=Article(), applied=end + 1, born=0)
    await log.append([Draft(rows_topic("stock"), b"shop/1", RowCodec(Article).write(row))])
    await log.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "replay", "--config", str(config), "--all", "--name", "never",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    line = await process.stderr.readline()
    assert re.match(rb"Looking at stock\.inbox, \d of 4: [\d,]+ of 100,001", line), line
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(3):
        out, said = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert said.endswith(b"Stopped while looking: nothing was changed.\n")
    onlooker = await Onlooker.open(tmp_path / "log.db")
    assert (await onlooker.bounds(at))[1] == end + 1
    await onlooker.close()


def asked(*, dry_run: bool = False, name: str = "", everything: bool = False, **spans: str) -> Asked:
    since, until = spans.get("since", ""), spans.get("until", "")
    return Asked(since, until, "", "", "", "", everything, dry_run, name, 0, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (asked(), "say which"),
        (asked(everything=True), "needs a --name"),
        (asked(everything=True, name="a b"), "needs a --name"),
        (asked(since="soon", dry_run=True), "'soon' is no moment"),
        (asked(since="1h", until="2h", dry_run=True), "--from has to be before --to"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: Asked, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        chosen(arguments)


def test_the_command_says_so(tmp_path: Path) -> None:
    code, _, said = replay(tmp_path / "none.toml")
    assert code == 2
    assert "say which" in said
