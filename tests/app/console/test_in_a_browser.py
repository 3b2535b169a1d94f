"""Orders by hand in a real headless Chromium: forms are filled in, events are written, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from app.server import Server, listen
from streams.vocabulary.events import OperatorCancelled, OperatorHandled, OperatorShipped
from tests.app.browser import browser as browser
from tests.app.console.site import FIRST, LATE, RETURN, RMA, SECOND, SENT, TRACK, Site, open_site, orders

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
NOBODY = "Someone at the console"
PATHS = (
    "/",
    "/orders",
    "/returns",
    f"/returns/demo/{RETURN}",
    *(f"/orders/demo/{order.order_id}" for order in orders()),
    f"/orders/demo/{LATE}/cancel?reason=OTHER&item={FIRST}",
)


class Shop(NamedTuple):
    """A console, and its page in a browser."""

    site: Site
    address: str
    page: Page
    said: list[str]


@pytest_asyncio.fixture(loop_scope="module")
async def shop(browser: Browser, tmp_path: Path) -> AsyncIterator[Shop]:
    async with (
        open_site(tmp_path) as site,
        Server(site.app, listen("127.0.0.1", 0)) as server,
        await browser.new_context(viewport={"width": 1280, "height": 900}) as context,
    ):
        page = await context.new_page()
        page.set_default_timeout(15_000)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        yield Shop(site, f"http://127.0.0.1:{server.port}", page, said)
        await page.close()
        site.live.close()


async def test_an_order_with_shipments_is_told_to_bol_by_hand(shop: Shop) -> None:
    page = shop.page
    await page.goto(f"{shop.address}/orders/demo/{SENT}")
    await expect(page.locator("#shipments")).to_contain_text(TRACK)
    await expect(page.locator("#shipments")).to_contain_text("Transporter code FIEGE cannot be used")
    other = page.get_by_label("Its code at Bol")
    await expect(other).to_be_hidden()
    await page.get_by_label("Transporter").select_option("*")
    await expect(other).to_be_visible()
    await page.get_by_label("Transporter").select_option("DHLFORYOU")
    await page.get_by_label("Track and trace").fill("JVGL 0123 4567 89")
    await page.get_by_role("button", name="Tell Bol").click()
    await expect(page.get_by_role("status").last).to_contain_text("Bol is told how it was sent")
    event = OperatorShipped(who=NOBODY, transporter="DHLFORYOU", track="JVGL0123456789")
    assert [message.event for _, message in shop.site.written] == [event]
    assert shop.said == [], "nothing goes wrong in the browser, and its rules (CSP) refuse nothing"


async def test_cancelling_is_asked_twice(shop: Shop) -> None:
    page = shop.page
    await page.goto(f"{shop.address}/orders/demo/{LATE}")
    await page.get_by_text("Cancel …").click()
    await page.get_by_label("1 × <b>Linen</b> tea towel").check()
    await page.get_by_label("2 × Espresso cups").uncheck()
    await page.get_by_label("Reason").select_option(label="Cannot be found")
    await page.get_by_role("button", name="Go on to the question").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Cancel this item of order")
    assert shop.site.written == []
    await page.get_by_role("link", name="No, back").click()
    assert shop.site.written == []
    await page.go_back()
    await page.get_by_role("button", name="Yes, cancel it").click()
    await expect(page.get_by_role("status").last).to_contain_text("cancelled at Bol and in Mplus now")
    event = OperatorCancelled(who=NOBODY, reason="UNFINDABLE_ITEM", item_ids=(SECOND,))
    assert [message.event for _, message in shop.site.written] == [event]


async def test_news_of_the_order_takes_nothing_away_from_who_is_filling_in(shop: Shop) -> None:
    page = shop.page
    await page.goto(f"{shop.address}/orders/demo/{LATE}")
    await expect(page.locator("#pulse")).to_contain_text("live")
    await page.get_by_label("Transporter").select_option("TNT")
    await page.get_by_label("Track and trace").fill("3SKAB")
    order = next(order for order in orders() if order.order_id == LATE)
    lines = tuple(msgspec.structs.replace(line, delivered=line.quantity) for line in order.lines)
    await shop.site.show(msgspec.structs.replace(order, lines=lines, mplus_order="2026-99"))
    await expect(page.locator("#steps")).to_contain_text("2026-99")
    await expect(page.get_by_label("Track and trace")).to_have_value("3SKAB")
    await expect(page.get_by_label("Transporter")).to_have_value("TNT")


async def test_a_return_is_handled(shop: Shop) -> None:
    page = shop.page
    await page.goto(f"{shop.address}/returns")
    await page.get_by_role("link", name=RETURN).click()
    await page.get_by_label("Handled as").select_option("RETURN_RECEIVED")
    await page.get_by_label("Quantity").fill("1")
    await page.get_by_label("yes, at the price that was paid").check()
    await page.get_by_role("button", name="Tell Bol").click()
    await expect(page.get_by_role("status").last).to_contain_text("It is seen to now")
    event = OperatorHandled(who=NOBODY, rma_id=RMA, result="RETURN_RECEIVED", quantity=1, credit=True)
    assert [message.event for _, message in shop.site.written] == [event]


UNNAMED = """() => [...document.querySelectorAll("input:not([type=hidden]), select, button, a, summary")]
    .filter(one => !(one.labels && one.labels.length) && !one.textContent.trim() && !one.ariaLabel)
    .map(one => one.outerHTML)"""


@pytest.mark.parametrize("dark", [False, True])
async def test_every_page_fits_a_phone_and_names_its_fields(shop: Shop, dark: bool) -> None:
    page: Any = shop.page
    await page.emulate_media(color_scheme="dark" if dark else "light")
    await page.set_viewport_size({"width": 360, "height": 740})
    for path in PATHS:
        await page.goto(shop.address + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert await page.evaluate(UNNAMED) == [], path
    assert shop.said == []
