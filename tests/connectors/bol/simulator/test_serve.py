"""Over a real socket: what only a server can show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.bol.simulator import BolSimulatorConfig, how_to_connect
from connectors.bol.simulator.serve import make_server
from tests.connectors.bol.simulator.wire import EAN, V10, V11, verified

CONFIG = BolSimulatorConfig(process_seconds=0.01)


async def running(server: uvicorn.Server) -> AsyncIterator[str]:
    sock = server.config.bind_socket()
    sock.listen()
    task = asyncio.create_task(server.serve(sockets=[sock]))
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await task
    sock.close()


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async for address in running(make_server(CONFIG, rng=Random(1))):
        yield address


@pytest.fixture
def arrived() -> asyncio.Queue[httpx.Request]:
    return asyncio.Queue()


@pytest.fixture
async def hook(arrived: asyncio.Queue[httpx.Request]) -> AsyncIterator[str]:
    async def take(request: Request) -> Response:
        body = await request.body()
        arrived.put_nowait(httpx.Request("POST", str(request.url), content=body, headers=request.headers.raw))
        return Response(status_code=204)

    app = Starlette(routes=[Route("/hook", take, methods=["POST"])])
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
    async for address in running(uvicorn.Server(config)):
        yield f"{address}/hook"


async def test_a_day_over_the_wire(
    base: str, hook: str, arrived: asyncio.Queue[httpx.Request], caplog: pytest.LogCaptureFixture
) -> None:
    async with httpx.AsyncClient(base_url=base) as http:
        login = "/token?grant_type=client_credentials"
        token = (await http.post(login, auth=(CONFIG.client_id, CONFIG.client_secret))).json()
        http.headers["authorization"] = f"Bearer {token['access_token']}"
        offers = {"offers": [{"ean": EAN, "amount": 5, "reference": "1001", "managedByRetailer": True}]}
        [offer_id] = (await http.post("/_control/offers", json=offers)).json()["offerIds"]
        v10, v11 = {"accept": V10, "content-type": V10}, {"accept": V11, "content-type": V11}
        wanted = {
            "resources": ["ORDER", "PROCESS_STATUS"],
            "url": hook,
            "subscriptionType": "WEBHOOK",
        }
        made = await http.post("/retailer/subscriptions", json=wanted, headers=v10)
        process = made.json()
        assert made.status_code == 202
        first = await asyncio.wait_for(arrived.get(), 5)
        keys = (await http.get("/retailer/subscriptions/signature-keys", headers=v10)).json()["signatureKeys"]
        verified(first, keys)
        assert process["processStatusId"].encode() in first.content
        placed = (await http.post("/_control/orders", json={})).json()
        second = await asyncio.wait_for(arrived.get(), 5)
        verified(second, keys)
        assert placed["orderId"].encode() in second.content
        answer = await http.patch(f"/retailer/offers/{offer_id}", json={"stock": {"amount": 2}}, headers=v11)
        assert (answer.status_code, answer.content) == (204, b"")
        order = (await http.get(f"/retailer/orders/{placed['orderId']}", headers=v10)).json()
        assert order["orderItems"][0]["offer"]["reference"] == "1001"
        assert (await http.get("/_control/books")).json()["offers"][0]["onSale"] == 2
    assert CONFIG.client_secret not in caplog.text
    assert token["access_token"] not in caplog.text


@pytest.mark.parametrize("kind", ["timeout", "timeout-after-effect"])
async def test_a_cut_connection(base: str, kind: str) -> None:
    async with httpx.AsyncClient(base_url=base) as http:
        rule = {"kind": kind, "operation": "token", "seconds": 0}
        await http.post("/_control/faults", json=rule)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/token?grant_type=client_credentials")


def test_how_to_connect_says_what_is_needed() -> None:
    text = how_to_connect(CONFIG, "http://127.0.0.1:8500/")
    for part in (
        "POST http://127.0.0.1:8500/token?grant_type=client_credentials",
        "client id      demo",
        "client secret  demo-secret",
        'client_id = "demo"',
        'client_secret = "plain:demo-secret"',
        'api_url = "http://127.0.0.1:8500"',
        'login_url = "http://127.0.0.1:8500"',
        "http://127.0.0.1:8500/_control/offers",
    ):
        assert part in text


def test_the_seed_of_the_settings_makes_the_dice() -> None:
    def order_id(config: BolSimulatorConfig) -> str:
        books = make_server(config).config.app.state.simulator.books  # type: ignore[union-attr]  # our Starlette
        return str(books.place_order([(books.add_offer(EAN, 5).offer_id, 1)]).order_id)

    seeded = BolSimulatorConfig(seed=7)
    assert order_id(seeded) == order_id(seeded) != order_id(BolSimulatorConfig(seed=8))
