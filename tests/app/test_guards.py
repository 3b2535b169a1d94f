"""A bridge at work between both simulators: a count that went wrong stops its numbers, and one click goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from app.composition import bridge
from app.demo.market import Market
from app.demo.run import free_port, settings_text, until
from app.settings import Settings, load_settings
from streams.vocabulary.time import system_clock

ARTICLES = 80
SOLD_OUT = 12
"""More than a mass takes (streams/guards/rules.py: zero_least) as long as nobody has counted the offers."""
WITHIN = 40.0
"""Seconds for what takes a moment, on a busy machine."""


class Desk:
    """Whoever looks at the pages of a bridge that runs."""

    def __init__(self, market: Market, http: httpx.AsyncClient) -> None:
        self.market = market
        self.http = http

    async def stopped(self) -> str:
        """Why the numbers are stopped; empty: they are not."""
        found = (await self.http.get("/api/guards")).json()
        return next((str(one["shown"].get("why", "")) for one in found), "")

    async def goes_on(self) -> bool:
        return not await self.stopped()

    async def desired(self, article: int) -> int | None:
        """What the bridge wants Bol to show."""
        answer = await self.http.get(f"/api/articles/demo/{article}")
        found: int | None = answer.json()["shown"].get("desired")
        return found

    async def at_bol(self) -> dict[str, int]:
        """What Bol shows, by EAN."""
        return {str(one["ean"]): int(one["amount"]) for one in (await self.market.bol_books())["offers"]}

    async def wants(self, article: int, amount: int) -> None:
        async def so() -> bool:
            return await self.desired(article) == amount

        await wait_for(so)


async def wait_for(what: Callable[[], Awaitable[object]]) -> None:
    assert await until(what, WITHIN, asyncio.Event()), what.__qualname__


@asynccontextmanager
async def running(settings: Settings, market: Market) -> AsyncIterator[Desk]:
    async with bridge(settings) as made, httpx.AsyncClient(base_url=made.address) as http:
        yield Desk(market, http)


def free_of(market: Market) -> dict[int, int]:
    return {one.article_number: one.opening_stock for one in market.range if one.opening_stock > 0}


async def test_a_wrong_count_stops_the_numbers_until_a_person_has_looked(tmp_path: Path) -> None:
    port = free_port()
    async with Market(21, ARTICLES, f"http://127.0.0.1:{port}", system_clock, asyncio.sleep) as market:
        config = tmp_path / "kassabrug.toml"
        config.write_text(settings_text(market, port, f"http://127.0.0.1:{port}"))
        settings = load_settings(config, {})
        ean = {one.article_number: one.ean for one in market.range}
        few = sorted(free_of(market).items(), key=lambda one: one[1])[:SOLD_OUT]
        many = [number for number, _ in sorted(free_of(market).items(), key=lambda one: one[1])[SOLD_OUT:]]

        async with running(settings, market) as desk:
            await wait_for(market.opened)
            await selling_out(desk, few)
            assert await desk.stopped() == "", "that is what a shop does"

            for number in many:
                await market.at_till("correct", {"article": number, "amount": 0})
            await wait_for(desk.stopped)
            assert "would fall to 0" in await desk.stopped()
            for number in many:
                await desk.wants(number, 0)
            left = await still_on_sale(desk, [ean[number] for number in many])
            assert left, "what had not left yet does not leave"

        async with running(settings, market) as desk:
            await wait_for(desk.stopped)
            await market.at_till("correct", {"article": many[0], "amount": 7})
            await desk.wants(many[0], 7)
            assert await still_on_sale(desk, [ean[number] for number in many]) == left, (
                "a restart changes nothing"
            )
            answer = await desk.http.post("/api/guards/demo/resume", json={"by": "Anna"})
            assert answer.status_code == 202
            await wait_for(market.opened)
            assert (await desk.at_bol())[ean[many[0]]] == 7
            assert await desk.goes_on()
            history = (await desk.http.get("/api/history?kind=guard")).json()
            assert history[0]["text"] == "Anna has looked: pushes go on."


async def selling_out(desk: Desk, few: list[tuple[int, int]]) -> None:
    """The last pieces of these articles go over the counter."""
    for number, free in few:
        for _ in range(free):
            await desk.market.at_till("sell", {"article": number, "quantity": 1})
    await wait_for(desk.market.opened)


async def still_on_sale(desk: Desk, eans: list[str]) -> dict[str, Any]:
    shown = await desk.at_bol()
    return {ean: shown[ean] for ean in eans if shown[ean]}
