"""The demo from beginning to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from app.demo.child import BridgeFailed, Child
from app.demo.market import BELGIAN_VAT, CANCELLED, SENT, SHOP, WAREHOUSE, WAREHOUSE_TILL, Market
from app.demo.parts import Agreed, gone_unseen
from app.demo.shares import FULL
from app.demo.staff import PREFIX as PREFIX
from app.demo.staff import Staff
from app.demo.verdict import MPLUS_PARTS, Verdict, entered, verdict
from streams.vocabulary.time import system_clock

CAP = 999
TRACK_WAIT = 25.0
"""Seconds that a packing slip may be without a code: long enough for one that is written later and told then."""
CODE_WITHIN, ROUGH_CODE_WITHIN = 15.0, 120.0
"""Seconds from a code on a packing slip until Bol is told it: calm, and with kills or trouble, where Bol may have to be
told twice. Calm it is less than what is left of the wait (TRACK_WAIT) when the last code is written (shares.py)."""
BY_POST, BY_DHL = ("POST", "TNT"), ("DHL", "DHLFORYOU")
"""Delivery method in Mplus, and Bol's transporter code for it."""
AGREED = Agreed(
    branches={"FBR": SHOP, "FBB": WAREHOUSE},
    vat={"BE": BELGIAN_VAT},
    transporters=dict((BY_POST, BY_DHL)),
    track_wait=TRACK_WAIT,
    code_within=CODE_WITHIN,
    done=SENT,
    cancelled=CANCELLED,
    prepaid=True,
)
"""What `settings_text` asks for."""
FIRST_ROUND = 120.0
"""Seconds that the first round may take: every offer as Mplus has it."""
CALM = 0.5
ROUGH = 10.0
"""Seconds after which what happened counts as knowable: calm, and with kills or trouble."""
REST, ROUGH_REST = TRACK_WAIT + 45.0, TRACK_WAIT + 180.0
"""Seconds that everything may take to come to rest, likewise: what has no code is told when the wait is over."""

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
    staff: Staff | None = None


async def demo(plan: Plan, tell: Callable[[Progress], None], stop: asyncio.Event) -> Verdict | None:
    """Runs until its seconds are over or `stop` is set; the verdict where it had seconds. Raises BridgeFailed."""
    port = plan.port or free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="kassabrug-demo-") as folder:
        home = Path(folder)
        async with Market(plan.seed, plan.articles, address, system_clock, asyncio.sleep, FULL) as market:
            config = home / "kassabrug.toml"
            config.write_text(settings_text(market, port, address))
            child = Child(config, home / "bridge.log", address)
            day = _Day(plan, market, child, Staff(market, plan.seed, FULL), tell, stop, address)
            day.say("starting")
            try:
                await child.start()
                return await day.run()
            finally:
                await child.stop()


class _Day:
    """From the first round to the verdict."""

    def __init__(
        self,
        plan: Plan,
        market: Market,
        child: Child,
        staff: Staff,
        tell: Callable[[Progress], None],
        stop: asyncio.Event,
        address: str,
    ) -> None:
        self._plan = plan
        self._market = market
        self._child = child
        self._staff = staff
        self._tell = tell
        self._stop = stop
        self._address = address
        self._opening: dict[int, int] = {}
        self._began = self._closed = market.now()

    def say(self, stage: str) -> None:
        """Where it stands."""
        self._tell(Progress(stage, self._address, self._market, self._child, self._staff))

    async def run(self) -> Verdict | None:
        """None: it was stopped, or goes on until it is."""
        market, plan = self._market, self._plan
        self.say("first round: every offer as Mplus has it")
        if not await until(market.opened, FIRST_ROUND, self._stop):
            if self._stop.is_set():
                return None
            raise BridgeFailed(
                f"after {FIRST_ROUND:.0f} seconds Bol does not show what Mplus has:\n{self._child.last_words()}"
            )
        self._opening, self._began = await market.free(), market.now()
        self.say("customers")
        working = asyncio.create_task(self._staff.work(asyncio.sleep, _now))
        try:
            if not await self._in_trouble(market.customers(plan.rate, plan.seconds), working):
                return None
        finally:
            await _ended(working)
        if plan.seconds is None:
            return None
        rest = ROUGH_REST if plan.rough else REST
        self.say("closing time: everything comes to rest")
        await until(self._at_rest, rest, self._stop)
        self._closed = market.now()
        self.say("afterwards: cancellations, returns, and the rest is packed")
        if not await self._in_trouble(self._staff.afterwards(asyncio.sleep, _now)):
            return None
        self.say("everything comes to rest")
        await until(self._right, rest, self._stop)
        self.say("verdict")
        return await self._judged()

    async def _in_trouble(
        self, doing: Coroutine[Any, Any, None], beside: asyncio.Task[None] | None = None
    ) -> bool:
        """Does it while what was asked for goes wrong; then all is calm again. False: it is to stop."""
        plan, child = self._plan, self._child
        if plan.faults:
            await self._market.trouble()
        tasks = [asyncio.create_task(doing), asyncio.create_task(self._stopped())]
        if plan.kill_every:
            tasks.append(asyncio.create_task(_kills(plan.kill_every, child)))
        waiting = {*tasks} | ({beside} if beside is not None else set())
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                await _ended(task)
        if self._stop.is_set():
            return False
        await self._market.calm()
        if child.ended:
            await child.start()
        return True

    async def _stopped(self) -> None:
        await self._stop.wait()

    async def _at_rest(self) -> bool:
        bol, mplus = await self._market.bol_books(), await self._market.mplus_books(MPLUS_PARTS)
        return not any(entered(bol, mplus, gone_unseen(bol, None), PREFIX, CAP))

    async def _right(self) -> bool:
        return not (await self._judged()).differences

    async def _judged(self) -> Verdict:
        return verdict(
            await self._market.bol_books(),
            await self._market.mplus_books(MPLUS_PARTS),
            self._opening,
            self._began,
            ROUGH if self._plan.rough else CALM,
            PREFIX,
            CAP,
            AGREED._replace(code_within=ROUGH_CODE_WITHIN) if self._plan.rough else AGREED,
            self._closed,
        )


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, BridgeFailed):
        await task


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
    vat = ", ".join(f'"{own}" = {there}' for own, there in sorted(BELGIAN_VAT.items()))
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
branches = [{SHOP}]
cap = {CAP}
till_sale_hold_seconds = 2
[connections.demo.orders]
branch = {SHOP}
kinds = ["FBR", "FBB"]
payment_method = "BOL"
prepaid = true
ext_order_prefix = "{PREFIX}"
[connections.demo.orders.fbb]
branch = {WAREHOUSE}
workplace = {WAREHOUSE_TILL}
[connections.demo.orders.vat]
by_country.BE = {{{vat}}}
[connections.demo.orders.shipping]
delivery_methods = {{"*" = "{BY_POST[0]}", "BE" = "{BY_DHL[0]}"}}
transporters = {{"{BY_POST[0]}" = "{BY_POST[1]}", "{BY_DHL[0]}" = "{BY_DHL[1]}"}}
track = "slip-reference"
track_wait = {TRACK_WAIT}
done_category = {SENT}
cancelled_category = {CANCELLED}
[connections.demo.sweeps]
markers = 2
bol_orders = 5
bol_offers = 60
bol_returns = 60
processes = 5
subscription = 10
"""
