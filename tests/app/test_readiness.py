"""A worker is ready when its partitions are assigned and recovered, not before."""

from __future__ import annotations

import asyncio
import copy
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.composition import Bridge, Role, bridge
from app.server import Server
from app.settings import Settings, settings_of
from streams.log.host import FaustHost

ROOT = Path(__file__).parents[2]
ENVIRON = {"BOL_CLIENT_SECRET": "b", "MPLUS_SECRET": "m", "MPLUS_WEBHOOK_SECRET": "aGFhaw=="}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    given: dict[str, Any] = copy.deepcopy(tomllib.loads((ROOT / "kassabrug.example.toml").read_text()))
    given["log"] = {"path": str(tmp_path / "log.db")}
    given["readmodel"] = {"path": str(tmp_path / "readmodel.db")}
    given["web"] = {"port": 0}
    for vendor, names in (("bol", ("api_url", "login_url")), ("mplus", ("api_url",))):
        given["connections"]["winkel"][vendor] |= dict.fromkeys(names, "http://127.0.0.1:9")
    return settings_of(given, ENVIRON, "x")


@pytest.mark.parametrize("role", ["worker", "up"])
async def test_not_before_its_partitions_are_recovered(
    settings: Settings, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports: list[int] = []
    recovering, recovered = asyncio.Event(), asyncio.Event()
    start, enter = FaustHost.start, Server.__aenter__

    async def slow_start(host: FaustHost) -> None:
        recovering.set()
        await recovered.wait()
        await start(host)

    async def seen(server: Server) -> Server:
        ports.append(server.port)
        return await enter(server)

    monkeypatch.setattr(FaustHost, "start", slow_start)
    monkeypatch.setattr(Server, "__aenter__", seen)
    roles: frozenset[Role] = frozenset(("worker",) if role == "worker" else ("ingress", "worker", "console"))
    running, stop = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def serve() -> None:
        async with bridge(settings, roles) as made:
            running.set_result(made)
            await stop.wait()

    serving = asyncio.create_task(serve())
    async with asyncio.timeout(30):
        await recovering.wait()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}") as http:
            early = await http.get("/readyz")
            assert (early.status_code, early.json()) == (503, {"ready": False, "why": "starting"})
            assert (await http.get("/healthz")).status_code == 200
            recovered.set()
            made: Bridge = await running
            assert made.port == ports[0]
            assert (await http.get("/readyz")).status_code == 200
    stop.set()
    await serving
