"""Demo traffic, replayed: nothing differs under the same rules, under another rule exactly what it touches."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.demo.child import Child
from app.demo.market import Market
from app.demo.run import free_port, settings_text, until
from app.replay.driving import AT_ONCE, drive
from streams.log.base import Draft, LogWriter, TopicPartition
from streams.log.kafka import KafkaAccess
from streams.topics import TOPICS
from streams.vocabulary.time import system_clock
from tests.apache_kafka.fixtures import kafka as kafka
from tests.streams.log.kafka.conftest import delete

pytestmark = pytest.mark.slow
BUFFER = 2
ARTICLES = 60


def replay(config: Path, *arguments: str) -> tuple[int, str, str]:
    told = subprocess.run(
        [sys.executable, "-m", "app", "replay", "--config", str(config), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return told.returncode, told.stdout, told.stderr


def looked(config: Path, *arguments: str) -> dict[str, Any]:
    code, out, said = replay(config, "--dry-run", "--json", *arguments)
    assert code == 0, said
    found: dict[str, Any] = json.loads(out)
    return found


async def patches(market: Market) -> Counter[str]:
    return Counter(one["offerId"] for one in (await market.bol_books())["changes"] if one["cause"] == "patch")


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
            assert await until(market.opened, 60, never), "everything has come to rest"
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
        assert same["looked_at"]["stock"] == ARTICLES
        assert same["looked_at"]["orders"] == market.orders

        on_sale = {int(one["ean"]): int(one["amount"]) for one in (await market.bol_books())["offers"]}
        eans = {
            int(one["ean"]): int(one["article"]) for one in (await market.mplus_books("articles"))["articles"]
        }
        touched = {f"demo/{eans[ean]}" for ean, amount in on_sale.items() if amount > 0}
        other = await asyncio.to_thread(looked, changed, "--all")
        assert {(one["flow"], one["key"]) for one in other["differences"]} == {
            ("stock", key) for key in touched
        }
        assert all(
            any(call.startswith("push-stock ") for call in one["calls"]) for one in other["differences"]
        )
        one_key = sorted(touched)[0]
        only = await asyncio.to_thread(looked, changed, "--key", one_key)
        assert [one["key"] for one in only["differences"]] == [one_key]

        code, _, said = await asyncio.to_thread(replay, changed, "--all", "--name", "buffer-2")
        assert code == 0, said
        assert f"{len(touched)} events lie in the log under 'buffer-2'" in said

        before = await patches(market)
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

        again = await asyncio.to_thread(looked, changed, "--all")
        assert again["differences"] == []
        code, out, _ = await asyncio.to_thread(replay, changed, "--all", "--name", "buffer-2")
        assert (code, "Nothing differs." in out) == (0, True), "the same incident again does nothing"


async def test_on_kafka_it_is_put_in_place_while_a_bridge_works(tmp_path: Path, kafka: str) -> None:
    await delete(KafkaAccess(tuple(kafka.split(","))), TOPICS)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    never = asyncio.Event()
    async with Market(6, ARTICLES, address, system_clock, asyncio.sleep) as market:
        config, changed = tmp_path / "kassabrug.toml", tmp_path / "changed.toml"
        # One round of offers at the start and no more: each would have the new rule applied by itself.
        text = settings_text(market, port, address, f'address = "kafka://{kafka}"')
        text = text.replace("bol_offers = 60", "bol_offers = 21600")
        config.write_text(text)
        changed.write_text(text.replace("cap = 999", f"cap = 999\nbuffer = {BUFFER}"))
        child = Child(config, tmp_path / "words", address)
        await child.start()
        try:
            assert await until(market.opened, 60, never)
            await market.customers(15, 3)
            assert await until(market.opened, 60, never), "everything has come to rest"
        finally:
            await child.stop()
        on_sale = {int(one["ean"]): int(one["amount"]) for one in (await market.bol_books())["offers"]}
        touched = sum(amount > 0 for amount in on_sale.values())
        before = await patches(market)
        child = Child(changed, tmp_path / "words-2", address)
        await child.start()
        try:
            code, _, said = await asyncio.to_thread(replay, changed, "--flow", "stock", "--name", "buffer-2")
            assert code == 0, said
            assert f"{touched} events under 'buffer-2': everything is in place" in said

            async def in_place() -> bool:
                offers = (await market.bol_books())["offers"]
                return all(int(one["amount"]) == max(0, on_sale[int(one["ean"])] - BUFFER) for one in offers)

            assert await until(in_place, 60, never)
        finally:
            await child.stop()
        made = await patches(market) - before
        assert set(made.values()) == {1}, "no call was made twice"
        assert sum(made.values()) == touched


class Notebook(LogWriter):
    def __init__(self) -> None:
        self.written: list[Draft] = []

    async def append(self, drafts: Sequence[Draft]) -> list[tuple[TopicPartition, int]]:
        self.written += drafts
        return []


async def test_driving_can_be_stopped_between_any_two_pieces() -> None:
    drafts = [Draft("stock.inbox", b"shop/%d" % number, b"{}") for number in range(2 * AT_ONCE + 50)]
    writer = Notebook()
    counts = []
    async for count in drive(writer, drafts):
        counts.append(count)
        if count == AT_ONCE:
            break
    assert (counts, writer.written) == ([AT_ONCE], drafts[:AT_ONCE]), (
        "nothing is written after it was stopped"
    )
    counts += [AT_ONCE + count async for count in drive(writer, drafts[AT_ONCE:])]
    assert counts == [AT_ONCE, 2 * AT_ONCE, 2 * AT_ONCE + 50]
    assert writer.written == drafts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say which"),
        (("--all",), "needs a --name"),
        (("--all", "--name", "a b"), "needs a --name"),
        (("--from", "soon", "--dry-run"), "'soon' is no moment"),
        (("--from", "1h", "--to", "2h", "--dry-run"), "--from has to be before --to"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    code, _, said = replay(tmp_path / "none.toml", *arguments)
    assert code == 2
    assert words in said
