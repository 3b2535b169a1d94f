"""A bridge at work between both simulators: staff edit the order of a customer of Bol's in Mplus, where what is
reserved follows and no stock marker moves; the numbers at Bol follow within seconds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from app.composition import bridge
from app.demo.market import Market
from app.demo.run import free_port, settings_text
from app.demo.staff import PREFIX
from app.settings import load_settings
from streams.vocabulary.time import system_clock
from tests.app.test_guards import wait_for

ARTICLES = 40


class Desk:
    """Staff at the till and a customer at Bol."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.eans = {one.article_number: one.ean for one in market.range}

    async def order(self, *articles: int) -> str:
        """One of each is ordered at Bol; its id, when it is in Mplus and seen to be there."""
        items = [{"ean": self.eans[article], "quantity": 1} for article in articles]
        made = await self.market.at_bol("orders", {"fulfilment": "FBR", "items": items})
        order_id = str(made["orderId"])

        async def booked() -> bool:
            return bool(await self.lines(order_id)) and await self.market.opened()

        await wait_for(booked)
        return order_id

    async def lines(self, order_id: str) -> dict[int, str]:
        """The ids of its lines in Mplus, by article."""
        orders = (await self.market.mplus_books("orders"))["orders"]
        found = next((one for one in orders if one["ext_order_id"] == PREFIX + order_id), {"lines": []})
        return {int(line["article"]): str(line["line_id"]) for line in found["lines"]}

    async def edit(self, order_id: str, quantities: dict[int, int], **more: Any) -> None:
        """Staff write these quantities on the order, by article."""
        lines = await self.lines(order_id)
        named = {lines[article]: quantity for article, quantity in quantities.items()}
        body = {"ext_order_id": PREFIX + order_id, "quantities": named, **more}
        await self.market.at_till("orders/edit", body)

    async def becomes(self, article: int, amount: int) -> None:
        """Bol shows so many of it."""

        async def so() -> bool:
            return await self.shown(article) == amount

        await wait_for(so)

    async def shown(self, article: int) -> int:
        """What Bol shows of it."""
        offers = (await self.market.bol_books())["offers"]
        return next(int(one["amount"]) for one in offers if one["ean"] == self.eans[article])

    async def stock_marker(self) -> int:
        """Until it moves, nobody reads all stock (streams/sweeps/markers.py)."""
        return int((await self.market.mplus_books("markers"))["markers"]["stock"])


async def test_numbers_follow_an_order_that_staff_edit_without_a_reading_of_all_stock(tmp_path: Path) -> None:
    port = free_port()
    async with Market(23, ARTICLES, f"http://127.0.0.1:{port}", system_clock, asyncio.sleep) as market:
        config = tmp_path / "kassabrug.toml"
        config.write_text(settings_text(market, port, f"http://127.0.0.1:{port}"))
        plenty = sorted(one.article_number for one in market.range if 10 <= one.opening_stock <= 500)
        first, second, third, fourth = plenty[:4]
        async with bridge(load_settings(config, {})):
            desk = Desk(market)
            await wait_for(market.opened)
            order, single = await desk.order(first, second), await desk.order(fourth)
            before = {article: await desk.shown(article) for article in (first, second, third, fourth)}
            unmoved = await desk.stock_marker()

            await desk.edit(order, {first: 0})
            await desk.becomes(first, before[first] + 1)
            await desk.edit(order, {second: 4})
            await desk.becomes(second, before[second] - 3)
            await desk.edit(order, {second: 2}, add=[{"article": third, "quantity": 3}])
            await desk.becomes(second, before[second] - 1)
            await desk.becomes(third, before[third] - 3)
            await desk.edit(order, {third: 0})
            await desk.becomes(third, before[third])
            await desk.edit(single, {fourth: 0})
            await desk.becomes(fourth, before[fourth] + 1)
            await market.at_till("orders/cancel", {"ext_order_id": PREFIX + order})
            await desk.becomes(second, before[second] + 1)

            assert await market.opened(), "and everything else is as it was"
            assert await desk.stock_marker() == unmoved
