from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import pytest

from connectors.mplus.simulator import MplusSimulatorConfig, create_app
from tests.connectors.mplus.simulator.wire import Opened, Shop, Time


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens shops with the given settings, mounted in process."""
    shops: list[Shop] = []

    async def opening(client: httpx.AsyncClient | None = None, **settings: Any) -> Shop:
        time = Time()
        config = MplusSimulatorConfig(**{"article_count": 20, **settings})
        app = create_app(
            config, clock=time.clock, sleep=time.sleep, rng=Random(7), client=client,
            lost=lambda: httpx.ReadTimeout("cut"),
        )  # fmt: skip
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till")
        shops.append(Shop(config, app.state.simulator, http, time))
        return shops[-1]

    yield opening
    for shop in shops:
        await shop.simulator.aclose()
        await shop.http.aclose()


@pytest.fixture
async def shop(opened: Opened) -> Shop:
    return await opened()
