"""The services of docker-compose.yml, started as it says (stack.py), with both simulators: a day of customers goes
through them, and the vendors' books must be right."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from app.demo.run import CAP, PREFIX, ROUGH, until
from app.demo.verdict import Verdict, verdict
from streams.log.kafka import KafkaAccess
from streams.log.kafka.making import Topics
from streams.topics import TOPICS
from tests.apache_kafka.fixtures import kafka_runs as kafka_runs
from tests.app.readmodel.postgres import postgres as postgres
from tests.deploy.compose import FILE, Compose, told_in_comments
from tests.deploy.market import MarketOutside
from tests.deploy.stack import Stack, stack

GIVEN = {"POSTGRES_PASSWORD": "geheim-pg", "KASSABRUG_SETTINGS": "./deploy/simulators.toml"}
RATE = 8.0
SECONDS = 12.0

pytestmark = pytest.mark.slow


def of_simulator(compose: Compose, name: str) -> int:
    """What the Mplus simulator is told: `--seed=7`."""
    [value] = [
        one.partition("=")[2] for one in compose["mplus-simulator"].command if one.startswith(f"--{name}=")
    ]
    return int(value)


async def test_the_books_are_right(tmp_path: Path, kafka_runs: None, postgres: object) -> None:
    """`postgres`: where it can run, that of the file can too; the file's are started."""
    compose = Compose({**GIVEN, "WORKERS": "2"}, ("simulators",))
    with stack(compose, tmp_path) as running:
        found = await _a_day(running)
        assert found.differences == (), found.differences[:5]
        assert found.oversold_knowable == 0
        assert found.till_sales > 0
        assert found.bol_orders > 0
        async with httpx.AsyncClient(base_url=running.url("console", 8080)) as page:
            overview = (await page.get("/api/overview")).json()
            assert overview["articles"] == found.offers
            assert overview["dead_letters"] == 0
            assert (await page.get("/")).status_code == 200
        for name, one in running.running.items():
            assert one.code is None, f"{name} ended:\n{one.last_words()}"
        for name in ("console", "worker#2", "worker#3", "ingress"):
            one = running.running[name]
            assert await one.stop(compose[name.partition("#")[0]].grace) == 0, one.last_words()


async def _a_day(running: Stack) -> Verdict:
    """Customers; in the midst of them a third worker comes and the first one goes. The shelves are filled before the
    bridge starts: it looks for new offers once a minute."""
    compose, stop = running.compose, asyncio.Event()
    simulators = [name for name in compose.services if name.endswith("-simulator")]
    await running.up(*simulators)
    seed, articles = of_simulator(compose, "seed"), of_simulator(compose, "articles")
    places = running.url("bol-simulator", 8500), running.url("mplus-simulator", 8600)
    async with MarketOutside(seed, articles, *places) as market:
        await running.up(*(name for name in compose.services if name not in simulators))
        assert await until(market.opened, 240.0, stop), running.running["worker"].last_words()
        opening, began = await market.free(), market.now()
        shopping = asyncio.create_task(market.customers(RATE, SECONDS))
        running.add("worker", 3)
        await running.healthy("worker#3")
        assert await running.running["worker"].stop(compose["worker"].grace) == 0
        del running.running["worker"]
        await shopping

        async def judged() -> Verdict:
            books = await market.mplus_books("articles,stock,changes,orders")
            return verdict(await market.bol_books(), books, opening, began, ROUGH, PREFIX, CAP)

        async def right() -> bool:
            return not (await judged()).differences

        await until(right, 90.0, stop)
        return await judged()


async def test_three_brokers_start_as_the_comment_says(tmp_path: Path, kafka_runs: None) -> None:
    compose = Compose({**GIVEN, **told_in_comments("Three brokers")})
    told = "replication = 3"
    assert f"`{told}` under [log.kafka]" in FILE.read_text()
    with stack(compose, tmp_path, f"[log.kafka]\n{told}") as running:
        await running.up("kafka", "kafka-2", "kafka-3")
        running.add("worker", 1)
        await running.healthy("worker")
        servers = tuple(f"127.0.0.1:{running.port(name, 9092)}" for name in ("kafka", "kafka-2", "kafka-3"))
        async with Topics(KafkaAccess(servers)) as cluster:
            standing = await cluster.standing([one.name for one in TOPICS])
        assert {one.copies for one in standing.values()} == {3}
        assert len(standing) == len(TOPICS)
        running.running["kafka-2"].kill()  # one may be lost
        running.add("worker", 2)
        await running.healthy("worker#2", restarts=5)
        for name in ("worker", "worker#2"):
            assert await running.running[name].stop(compose["worker"].grace) == 0
