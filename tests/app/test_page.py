"""The page of a running bridge, in a real headless Chromium: live figures, a stuck order, and how it goes on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from app.demo.child import Child
from app.demo.market import Market
from app.demo.run import free_port, settings_text, until
from streams.vocabulary.time import system_clock
from tests.app.browser import browser as browser

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
UNKNOWN = "4006381333931"


class Shop(NamedTuple):
    """A bridge between both simulators, and its page in a browser."""

    market: Market
    address: str
    page: Page
    said: list[str]

    async def control(self, vendor: str, path: str, body: dict[str, Any]) -> Any:
        url = self.market.bol_url if vendor == "bol" else self.market.mplus_url
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{url}/_control/{path}", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()


@pytest_asyncio.fixture(loop_scope="module")
async def shop(browser: Browser, tmp_path: Path) -> AsyncIterator[Shop]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with Market(3, 12, address, system_clock, asyncio.sleep) as market:
        config = tmp_path / "kassabrug.toml"
        config.write_text(settings_text(market, port, address))
        child = Child(config, tmp_path / "bridge.log", address)
        await child.start()
        try:
            assert await until(market.opened, 30.0, asyncio.Event())
            async with await browser.new_context(viewport={"width": 1280, "height": 900}) as context:
                page = await context.new_page()
                page.set_default_timeout(15_000)
                said: list[str] = []
                page.on("console", lambda message: said.append(message.text))
                page.on("pageerror", lambda error: said.append(str(error)))
                yield Shop(market, address, page, said)
        finally:
            await child.stop()


async def test_the_page_follows_the_shop_without_being_asked(shop: Shop) -> None:
    await shop.page.goto(shop.address)
    came_in = shop.page.locator("#figures [data-flash]").first
    before = await came_in.inner_text()
    for _ in range(3):
        await shop.market.sell()
    await expect(came_in).not_to_have_text(before, timeout=15_000)
    assert shop.said == [], "nothing goes wrong in the browser, and its rules (CSP) refuse nothing"


async def test_a_stuck_order_says_why_and_goes_on_when_the_reason_is_gone(shop: Shop) -> None:
    page = shop.page
    await shop.control("bol", "offers", {"offers": [{"ean": UNKNOWN, "amount": 5, "title": "A stranger"}]})
    order = await shop.control("bol", "orders", {"items": [{"ean": UNKNOWN, "quantity": 1}]})
    await page.goto(shop.address)
    await expect(page.locator("#stuck-list")).to_contain_text(f"No article in Mplus carries EAN {UNKNOWN}")
    await page.goto(f"{shop.address}/orders/demo/{order['orderId']}")
    content = await page.content()
    assert "***" in content, "the customer is masked"
    assert re.search(r"\w@verkopen\.bol\.com", content) is None
    await page.get_by_role("button", name="again").first.click()
    await expect(page.locator("body")).to_contain_text("asked to try again")
    article = shop.market.range[0].article_number
    await shop.control("mplus", "articles/change", {"article": article, "ean": UNKNOWN})
    await expect(page.locator("body")).to_contain_text("In Mplus", timeout=20_000)
    await page.goto(shop.address)
    await expect(page.locator("#stuck-list")).to_contain_text("Nothing is stuck", timeout=20_000)


async def test_an_articles_number_has_its_sum_beside_it(shop: Shop) -> None:
    article = shop.market.range[0].article_number
    free = (await shop.market.free())[article]
    await shop.page.goto(f"{shop.address}/articles/demo/{article}")
    await expect(shop.page.locator("body")).to_contain_text(f"{free} free = {max(0, free)}")
    await shop.control("mplus", "sell", {"article": article, "quantity": 1})
    await expect(shop.page.locator("body")).to_contain_text(f"{free - 1} free = {max(0, free - 1)}")
