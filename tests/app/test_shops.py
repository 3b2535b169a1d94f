"""Many shops in one installation: who does not answer stops nobody else, and each is polled by one worker at a time."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.demo.child import Child
from app.demo.market import Market
from app.demo.run import CAP, PREFIX, free_port, settings_text, until
from app.demo.verdict import Verdict, verdict
from streams.log.kafka import KafkaAccess
from streams.topics import TOPICS
from streams.vocabulary.time import system_clock
from tests.apache_kafka.fixtures import kafka as kafka
from tests.chaos.silence import silence
from tests.streams.log.kafka.conftest import delete

pytestmark = pytest.mark.slow

SILENT_SHOPS = 90
"""As many as an agency has; each has several calls under way for as long as its vendors do not answer."""
SECONDS = 6.0
TIMEOUT = 60
"""Seconds that a vendor is waited for: who would have to wait for another's shows it, however busy the machine is."""
MARKERS = 2.0
"""Seconds between two looks at what moved in Mplus (settings_text)."""
LOOKS = 6
TAKEN_OVER = 10.0
"""Seconds within which a dead worker's work has to go on elsewhere."""

SILENT = """
[connections.silent-{number}.bol]
client_id = "silent-{number}"
client_secret = "plain:demo-secret"
api_url = "{silence}"
login_url = "{silence}"
[connections.silent-{number}.mplus]
api_url = "{silence}"
ident = "silent-{number}"
secret = "plain:demo-secret"
[connections.silent-{number}.stock]
branches = [1]
[connections.silent-{number}.orders]
branch = 1
payment_method = "BOL"
delivery_method = "POST"
[connections.silent-{number}.sweeps]
markers = 2
bol_orders = 5
"""


async def test_shops_whose_vendors_do_not_answer_stop_no_other(tmp_path: Path) -> None:
    """Their calls had taken every connection of the common pool; the others waited for the end of a timeout."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    never = asyncio.Event()
    async with (
        silence() as (silent, where),
        Market(11, 40, address, system_clock, asyncio.sleep) as market,
    ):
        text = settings_text(market, port, address)
        for vendor in ("bol", "mplus"):
            text = text.replace(f"{vendor}_timeout = 3\n", f"{vendor}_timeout = {TIMEOUT}\n")
        for number in range(SILENT_SHOPS):
            text += SILENT.format(number=number, silence=where)
        config = tmp_path / "kassabrug.toml"
        config.write_text(text)
        child = Child(config, tmp_path / "words", address)
        await child.start()
        try:
            assert await until(market.opened, 60, never), child.last_words()
            opening, began = await market.free(), market.now()
            await market.customers(10, SECONDS)

            async def judged() -> Verdict:
                books = await market.mplus_books("articles,stock,changes,orders")
                return verdict(await market.bol_books(), books, opening, began, 5.0, PREFIX, CAP)

            async def right() -> bool:
                return (await judged()).right

            await until(right, 30, never)
            found = await judged()
        finally:
            await child.stop()
    assert found.right, found.differences
    assert found.sale_freshness.worst < 1000 * TIMEOUT / 2, "nobody waited for another's vendor"
    assert silent.most > 3 * SILENT_SHOPS, "more than a pool of 200 takes"


async def test_one_worker_polls_a_shop_and_another_goes_on_when_it_dies(tmp_path: Path, kafka: str) -> None:
    await delete(KafkaAccess(tuple(kafka.split(","))), TOPICS)
    port = free_port()
    never = asyncio.Event()
    async with AsyncExitStack() as stack:
        market = await stack.enter_async_context(
            Market(12, 20, f"http://127.0.0.1:{port}", system_clock, asyncio.sleep)
        )
        config = tmp_path / "kassabrug.toml"
        config.write_text(
            settings_text(market, port, f"http://127.0.0.1:{port}", f'address = "kafka://{kafka}"')
        )
        workers: list[Child] = []
        for number in range(2):
            at = free_port()
            one = Child(
                config,
                tmp_path / f"worker-{number}",
                f"http://127.0.0.1:{at}",
                ("worker", "--port", str(at)),
            )
            stack.push_async_callback(one.kill)
            await one.start()
            workers.append(one)

        async def looks() -> int:
            return int((await market.mplus_books("calls"))["calls"].get("getCurrentSyncMarkers", 0))

        async def looked_at() -> bool:
            return await looks() > 0

        assert await until(looked_at, 60, never)
        before, began = await looks(), asyncio.get_running_loop().time()

        async def looked_often() -> bool:
            return await looks() >= before + LOOKS

        assert await until(looked_often, 60, never)
        took = asyncio.get_running_loop().time() - began
        assert took > 0.8 * (LOOKS - 1) * MARKERS, "as often as the settings say, not twice"

        polled_by = await busy(workers, looks)
        await polled_by.kill()
        died, then = asyncio.get_running_loop().time(), await looks()

        async def goes_on() -> bool:
            return await looks() > then

        assert await until(goes_on, TAKEN_OVER + 5, never), "nobody polls this shop any more"
        assert asyncio.get_running_loop().time() - died < TAKEN_OVER + MARKERS


async def busy(workers: list[Child], looks: Callable[[], Awaitable[int]]) -> Child:
    """The worker that polls: while it stands still nobody looks."""
    for one in workers:
        one.signal(signal.SIGSTOP)
        before = await looks()
        await asyncio.sleep(1.5 * MARKERS)
        still = await looks() > before
        one.signal(signal.SIGCONT)
        if not still:
            return one
    raise AssertionError("nobody polls")
