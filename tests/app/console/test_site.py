"""The console's pages without a browser: every one of a fresh shop, who may see them, and who may press a button."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.console import Live, create_console
from app.readmodel import ReadModel
from app.readmodel.projection import Standing
from streams.vocabulary.activity import ConnectionShown, SweepShown
from streams.vocabulary.events import Message
from tests.app.console.site import open_site
from tests.app.readmodel.fakes import NOON, HandClock

PAGES = ("/", "/orders", "/returns", "/articles", "/unmatched", "/history", "/connections", "/deadletters")
ANSWERS = (
    "/api/overview",
    "/api/orders",
    "/api/articles",
    "/api/unmatched",
    "/api/history",
    "/api/connections",
    "/api/deadletters",
)
Make = Callable[..., httpx.AsyncClient]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[tuple[Make, list[tuple[str, Message]]]]:
    model = await ReadModel.open(tmp_path / "readmodel.db", clock=HandClock())
    asked: list[tuple[str, Message]] = []
    clients: list[httpx.AsyncClient] = []

    async def tell(connection: str, message: Message) -> None:
        asked.append((connection, message))

    def made(**more: Any) -> httpx.AsyncClient:
        site = create_console(model, live=Live(), standing=Standing(), clock=HandClock(), tell=tell, **more)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://127.0.0.1")
        clients.append(client)
        return client

    yield made, asked
    for client in clients:
        await client.aclose()
    await model.close()


@pytest.mark.parametrize("path", [*PAGES, *ANSWERS])
async def test_every_page_of_a_fresh_shop_is_there_with_its_rules(make: Any, path: str) -> None:
    """Regression: the first page failed where nothing had happened yet."""
    answer = await make[0]().get(path)
    assert answer.status_code == 200
    rules = answer.headers["content-security-policy"]
    assert "default-src 'none'" in rules or "default-src 'self'" in rules
    assert "unsafe-inline" not in rules
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/orders/shop/none",
        "/returns/shop/none",
        "/articles/shop/1",
        "/deadletters/9",
        "/api/nothing",
    ],
)
async def test_what_is_not_there_is_404_in_words(make: Any, path: str) -> None:
    answer = await make[0]().get(path)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


async def test_with_a_password_nothing_is_told_without_it(make: Any) -> None:
    site = make[0](username="winkel", password="geheim-woord")
    for path in (*PAGES, *ANSWERS, "/live"):
        assert (await site.get(path)).status_code == 401
    wrong = base64.b64encode(b"winkel:geheim").decode()
    assert (await site.get("/", headers={"Authorization": f"Basic {wrong}"})).status_code == 401
    assert (await site.get("/", auth=("winkel", "geheim-woord"))).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "/orders/shop/b1/retry",
        "/orders/shop/b1/ship",
        "/orders/shop/b1/cancel",
        "/returns/shop/b1/handle",
        "/api/orders/shop/b1/retry",
        "/api/orders/shop/b1/ship",
        "/api/orders/shop/b1/cancel",
        "/api/returns/shop/b1/handle",
    ],
)
async def test_another_site_cannot_press_a_button(make: Any, headers: dict[str, str], path: str) -> None:
    site, asked = make[0](), make[1]
    answer = await site.post(path, headers={"Content-Type": "application/json", **headers}, content=b"{}")
    assert answer.status_code == 403
    assert asked == []


async def test_another_name_for_this_address_is_refused(make: Any) -> None:
    site = make[0](allowed_hosts=("127.0.0.1", "localhost"))
    assert (await site.get("/")).status_code == 200
    assert (await site.get("/", headers={"Host": "evil.example"})).status_code == 400


async def test_a_round_that_goes_on_tells_how_far_it_is(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site, site.client() as client:
        sweeps = (
            SweepShown(name="mplus-articles", last_ok=NOON, so_far=50_000),
            SweepShown(name="bol-offers", last_ok=NOON, so_far=12_300, going_on=True),
        )
        site.log.note(ConnectionShown(sweeps=sweeps), "")
        await site.projection.catch_up()
        page = (await client.get("/connections")).text
    assert "12.300 so far" in page
    assert "50.000 the last time" in page
