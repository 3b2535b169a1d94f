"""Guards on Kafka: a connection's stock rows lie with several workers, and all of them stop and go on together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.demo.child import Child
from app.demo.market import Market
from app.demo.run import free_port, settings_text
from streams.codec import key_of
from streams.log.kafka import KafkaAccess
from streams.log.partition import partition_of
from streams.topics import TOPICS
from streams.vocabulary.time import system_clock
from tests.apache_kafka.fixtures import kafka as kafka
from tests.app.cli.command import run
from tests.app.test_guards import Desk, free_of, wait_for
from tests.streams.log.kafka.conftest import delete

pytestmark = pytest.mark.slow

ARTICLES = 90
EMPTIED = 40
"""Of them: a mass, more than a fifth of the offers (streams/guards/rules.py: zero_percent)."""
PARTITIONS = 8
SHOP = "demo"


class Role:
    """A process of the bridge, and what it tells of itself."""

    def __init__(self, config: Path, command: str, name: str, port: int | None = None) -> None:
        at = free_port() if port is None else port
        self.address = f"http://127.0.0.1:{at}"
        self.child = Child(config, config.parent / name, self.address, (command, "--port", str(at)))

    async def counted(self, sample: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"{self.address}/metrics")).text
        families = text_string_to_metric_families(text)
        samples = (one for family in families for one in family.samples if one.name == sample)
        return sum(one.value for one in samples if labels.items() <= one.labels.items())

    async def applied(self, flow: str) -> float:
        """Events of the flow's rows that lie with this worker."""
        return await self.counted("kassabrug_records_applied_total", flow=flow)

    async def pushes(self) -> float:
        """Pushes to Bol that this worker has ended."""
        return await self.counted("kassabrug_call_seconds_count", effect="PushOffer")

    async def shut(self) -> bool:
        """Whether it has seen that the connection is stopped."""
        return await self.counted("kassabrug_stopped_connections") == 1

    async def open(self) -> bool:
        """Whether it has seen that it goes on."""
        return not await self.shut()


class Shelves:
    """What lies there: one piece of everything more at each count, which is odd to nobody, and a number that no
    article has had before."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._opening = free_of(market)
        self._counts = 0
        self._before = self.lying
        """As counted last before the count that went wrong."""
        self._by_ean = {one.ean: one.article_number for one in market.range}
        assert {partition_of(key_of(SHOP, str(article)), PARTITIONS) for article in self._opening} == set(
            range(PARTITIONS)
        ), "whoever has a partition has some of them"

    @property
    def lying(self) -> dict[int, int]:
        """Pieces by article, as counted last."""
        return {article: pieces + self._counts for article, pieces in self._opening.items()}

    async def count(self, desk: Desk) -> None:
        """All of them anew; returns when every row wants Bol to show it."""
        self._counts += 1
        for article, pieces in self.lying.items():
            await self._market.at_till("correct", {"article": article, "amount": pieces})
        for article, pieces in self.lying.items():
            await desk.wants(article, pieces)

    async def miscount(self) -> None:
        """A count of many that finds nothing."""
        self._before = self.lying
        for article in list(self._opening)[:EMPTIED]:
            await self._market.at_till("correct", {"article": article, "amount": 0})

    async def count_until_all_work(self, desk: Desk, workers: Iterable[Role]) -> None:
        """Returns when rows of a count lay with each of them."""

        async def all_work() -> bool:
            before = [await one.applied("stock") for one in workers]
            await self.count(desk)
            after = [await one.applied("stock") for one in workers]
            return all(then < now for then, now in zip(before, after, strict=True))

        await wait_for(all_work)

    async def sent(self, since: int) -> dict[int, set[int]]:
        """The numbers that Bol was given, by article, after so many of all."""
        found: defaultdict[int, set[int]] = defaultdict(set)
        for change in (await self._market.bol_books())["changes"][since:]:
            found[self._by_ean[change["ean"]]].add(int(change["amount"]))
        return {article: numbers for article, numbers in found.items() if article in self._opening}

    async def nothing_leaves(self, since: int) -> bool:
        """Whether Bol was given nothing since then but what was on its way when all was shut: a 0, or a number of
        before. What was counted afterwards is more than that."""
        sent = await self.sent(since)
        return all(max(numbers) <= self._before[article] for article, numbers in sent.items())


async def told(market: Market) -> tuple[int, int]:
    """How many writes have come to Bol, and how many numbers were set by them."""
    books = await market.bol_books()
    return books["calls"]["write-offer"], len(books["changes"])


async def test_all_workers_stop_and_go_on_together(tmp_path: Path, kafka: str) -> None:
    await delete(KafkaAccess(tuple(kafka.split(","))), TOPICS)
    port = free_port()
    async with AsyncExitStack() as stack:
        market = await stack.enter_async_context(
            Market(21, ARTICLES, f"http://127.0.0.1:{port}", system_clock, asyncio.sleep)
        )
        config = tmp_path / "kassabrug.toml"
        config.write_text(
            settings_text(market, port, f"http://127.0.0.1:{port}", f'address = "kafka://{kafka}"')
        )
        role = partial(Role, config)
        ingress, console = role("ingress", "ingress", port), role("console", "console")
        workers = [role("worker", f"worker-{number}") for number in range(3)]
        for one in (ingress, console, *workers):
            stack.push_async_callback(one.child.kill)
        first, second, third = workers
        for one in (ingress, console, first, second):
            await one.child.launch()
        for one in (ingress, console, first, second):
            await one.child.ready()
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=console.address))
        desk, shelves = Desk(market, http), Shelves(market)
        await wait_for(market.opened)
        await shelves.count_until_all_work(desk, [first, second])
        await wait_for(market.opened)
        assert await desk.stopped() == "", "an ordinary day"

        # A wrong count stops both of them, wherever the guard's row lies.
        guards = await first.applied("guards")
        await shelves.miscount()
        await wait_for(desk.stopped)
        assert "would fall to 0" in await desk.stopped()
        await wait_for(first.shut)
        await wait_for(second.shut)
        _, seen = await told(market)
        await shelves.count_until_all_work(desk, [first, second])
        assert await shelves.nothing_leaves(seen), "every row of both has a number that waits"
        stopped = await told(market)
        pushes = [await one.pushes() for one in (first, second)]

        # The one with the guard's row dies; the other one has all rows now.
        dies, stays = (first, second) if await first.applied("guards") > guards else (second, first)
        await dies.child.kill()
        await shelves.count(desk)
        assert await shelves.nothing_leaves(seen)

        # A new one gets rows whose numbers wait.
        await third.child.start()
        assert await third.shut(), "before it is ready it has read what the guards' rows say"
        await shelves.count_until_all_work(desk, [stays, third])
        assert await third.pushes() == 0
        assert await stays.pushes() == pushes[workers.index(stays)]
        assert await told(market) == stopped, "nothing has come to Bol since"
        assert await shelves.nothing_leaves(seen)

        # A person has looked: of all that waited the newest goes, from all of them.
        at = ("--config", str(config), "--address", console.address)
        done = await asyncio.to_thread(run, "stock", "resume", SHOP, "--by", "Anna", *at)
        assert done.returncode == 0, done.stderr
        await wait_for(market.opened)
        assert await shelves.sent(stopped[1]) == {
            article: {pieces} for article, pieces in shelves.lying.items()
        }, "of each the newest number alone"
        assert await third.pushes() > 0
        assert await stays.pushes() > pushes[workers.index(stays)]
        await wait_for(stays.open)
        await wait_for(third.open)
        assert await desk.goes_on()
