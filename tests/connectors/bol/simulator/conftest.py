from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import pytest

from connectors.bol.simulator import create_app
from tests.connectors.bol.simulator.wire import Opened, Receiver, Shop, Time, config


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens shops with the given settings, mounted in process and signed in."""
    shops: list[Shop] = []

    async def opening(**settings: Any) -> Shop:
        time, receiver = Time(), Receiver()
        app = create_app(
            config(**settings),
            clock=time.clock,
            sleep=time.sleep,
            rng=Random(7),
            client=httpx.AsyncClient(transport=httpx.MockTransport(receiver)),
            lost=lambda: httpx.ReadTimeout("cut"),
        )
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bol.test")
        shop = Shop(app.state.simulator, http, time, receiver)
        shops.append(shop)
        await shop.sign_in()
        return shop

    yield opening
    for shop in shops:
        await shop.simulator.aclose()
        await shop.http.aclose()


@pytest.fixture
async def shop(opened: Opened) -> Shop:
    return await opened()
