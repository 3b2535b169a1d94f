"""The demo from beginning to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from app.demo.child import BridgeFailed, Child
from app.demo.market import Market
from app.demo.verdict import Verdict, verdict
from streams.vocabulary.time import system_clock

PREFIX = "BOL-"
CAP = 999
FIRST_ROUND = 120.0
"""Seconds that the first round may take: every offer as Mplus has it."""
CALM = 0.5
ROUGH = 10.0
"""Seconds after which what happened counts as knowable: calm, and with kills or trouble."""

log = logging.getLogger(__name__)


class Plan(NamedTuple):
    """What was asked for."""

    seed: int = 7
    rate: float = 20.0
    seconds: float | None = None
    articles: int = 500
    kill_every: float | None = None
    faults: bool = False
    port: int = 0

    @property
    def rough(self) -> bool:
        """Whether something is to go wrong."""
        return self.faults or self.kill_every is not None


class Progress(NamedTuple):
    """How it stands, for the live view."""

    stage: str
    address: str = ""
    market: Market | None = None
    child: Child | None = None


async def demo(plan: Plan, tell: Callable[[Progress], None], stop: asyncio.Event) -> Verdict | None:
    """Runs until its seconds are over or `stop` is set; the verdict where it had seconds. Raises BridgeFailed."""
    port = plan.port or free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="kassabrug-demo-") as folder:
        home = Path(folder)
        async with Market(plan.seed, plan.articles, address, system_clock, asyncio.sleep) as market:
            config = home / "kassabrug.toml"
            config.write_text(settings_text(market, port, address))
            child = Child(config, home / "bridge.log", address)
            tell(Progress("starting", address, market, child))
            try:
                await child.start()
                return await _day(plan, market, child, tell, stop, address)
            finally:
                await child.stop()


async def _day(
    plan: Plan,
    market: Market,
    child: Child,
    tell: Callable[[Progress], None],
    stop: asyncio.Event,
    address: str,
) -> Verdict | None:
    tell(Progress("first round: every offer as Mplus has it", address, market, child))
    if not await until(market.opened, FIRST_ROUND, stop):
        if stop.is_set():
            return None
        raise BridgeFailed(
            f"after {FIRST_ROUND:.0f} seconds Bol does not show what Mplus has:\n{child.last_words()}"
        )
    opening, began = await market.free(), market.now()
    if plan.faults:
        await market.trouble()
    tell(Progress("customers", address, market, child))
    killer = asyncio.create_task(_kills(plan.kill_every, child)) if plan.kill_every else None
    shopping = asyncio.create_task(market.customers(plan.rate, plan.seconds))
    stopping = asyncio.create_task(stop.wait())
    try:
        waiting = {shopping, stopping} | ({killer} if killer else set())
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if shopping.done():
            shopping.result()
        if killer is not None and killer.done():
            killer.result()
    finally:
        for task in (shopping, stopping, killer):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, BridgeFailed):
                    await task
    if plan.seconds is None or stop.is_set():
        return None
    await market.calm()
    if child.ended:
        await child.start()
    tell(Progress("closing time: everything comes to rest", address, market, child))

    async def judged() -> Verdict:
        return verdict(
            await market.bol_books(),
            await market.mplus_books("articles,stock,changes,orders"),
            opening,
            began,
            ROUGH if plan.rough else CALM,
            PREFIX,
            CAP,
        )

    async def right() -> bool:
        return not (await judged()).differences

    await until(right, 120.0 if plan.rough else 30.0, stop)
    tell(Progress("verdict", address, market, child))
    return await judged()


async def _kills(every: float | None, child: Child) -> None:
    while every:
        await asyncio.sleep(every)
        await child.kill()
        await child.start()


async def until(done: Callable[[], object], seconds: float, stop: asyncio.Event) -> bool:
    """Asks every half second; False when the time is over or it is to stop."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while not stop.is_set():
        if await done():  # type: ignore[misc]  # a coroutine function, as every caller gives
            return True
        if loop.time() > ends:
            return False
        await asyncio.sleep(0.5)
    return False


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Vendors(Protocol):
    """Where both vendors are: a Market, or what stands between it and the bridge."""

    @property
    def bol_url(self) -> str:
        """Bol, also to log in."""

    @property
    def mplus_url(self) -> str:
        """Mplus."""


def settings_text(market: Vendors, port: int, address: str, log: str = 'path = "log.db"') -> str:
    """What a shop would write, with shorter intervals: a demo has no minutes to wait. `address`: where the bridge hears
    the vendors' pushes; `log`: the lines about the log."""
    return f"""
[log]
{log}
[readmodel]
path = "readmodel.db"
[web]
port = {port}
public_url = "{address}"
[vendors]
bol_timeout = 3
mplus_timeout = 3
mplus_bulk_timeout = 30
[connections.demo.bol]
client_id = "demo"
client_secret = "plain:demo-secret"
api_url = "{market.bol_url}"
login_url = "{market.bol_url}"
[connections.demo.mplus]
api_url = "{market.mplus_url}"
ident = "demo"
secret = "plain:demo-secret"
webhook_secret = "plain:eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
[connections.demo.stock]
branches = [1]
cap = {CAP}
till_sale_hold_seconds = 2
[connections.demo.orders]
branch = 1
payment_method = "BOL"
delivery_method = "POST"
ext_order_prefix = "{PREFIX}"
[connections.demo.sweeps]
markers = 2
bol_orders = 5
bol_offers = 60
processes = 5
subscription = 10
"""
