"""Over a real socket: what only a server can show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import httpx
import pytest

from connectors.mplus.simulator import MplusSimulatorConfig, how_to_connect
from connectors.mplus.simulator.serve import make_server
from tests.connectors.mplus.simulator.wire import checked, envelope

CONFIG = MplusSimulatorConfig(article_count=5)


@pytest.fixture
async def base() -> AsyncIterator[str]:
    server = make_server(CONFIG, rng=Random(1))
    sock = server.config.bind_socket()
    sock.listen()
    running = asyncio.create_task(server.serve(sockets=[sock]))
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await running
    sock.close()


async def test_a_call_and_a_cut_connection(base: str, caplog: pytest.LogCaptureFixture) -> None:
    url = f"{base}/?ident={CONFIG.ident}&secret={CONFIG.secret}"
    async with httpx.AsyncClient() as http:
        reply = await http.post(url, content=envelope("getBranches"))
        assert checked(reply.content)["branches.branch.branchNumber"] == "1"
        rule = {"kind": "timeout-after-effect", "operation": "getBranches", "seconds": 0}
        await http.post(f"{base}/_control/faults", json=rule)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(url, content=envelope("getBranches"))
    assert CONFIG.secret not in caplog.text


def test_how_to_connect_says_what_is_needed() -> None:
    text = how_to_connect(CONFIG, "http://127.0.0.1:8600/")
    for part in (
        f"http://127.0.0.1:8600/?ident=demo&secret={CONFIG.secret}",
        "branch      1",
        "/_control/sell",
    ):
        assert part in text
