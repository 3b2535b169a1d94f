"""The composition root: the one place where everything is made and joined. Clock, ids and randomness start here.

async with bridge(settings, roles) as running:
    await running.failed()
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import lru_cache
from random import SystemRandom
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from app.console import Live, create_console
from app.ingress.door import Door
from app.ingress.routes import health_routes, routes
from app.logs import OpenLog, running_log
from app.metrics import Metrics
from app.order_advice import order_advice
from app.readmodel.model import ReadModel
from app.readmodel.projection import Projection
from app.server import Server, listen
from app.settings import Connection, Settings
from app.shared_stock import shared_advice
from app.stock_advice import stock_advice
from connectors.bol.account import BolAccount
from connectors.bol.client import BolClient
from connectors.bol.executor import BolExecutor, signature_keys
from connectors.bol.intake import translate as translate_bol
from connectors.bol.signature import SignatureKeys
from connectors.mplus.administration import MplusAdministration
from connectors.mplus.client import MplusClient
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.intake import translate as translate_mplus
from connectors.mplus.signature import key_of
from connectors.transport import vendor_http
from streams.alarms import Alarms
from streams.catalogue.flow import CATALOGUE
from streams.codec import fact_headers, message_draft
from streams.customers.flow import CUSTOMERS
from streams.delivery import Delivery
from streams.effects import RELEASE, EffectRunner, Executor
from streams.flow import Flow
from streams.follower import FlowFollower
from streams.gates import Gates
from streams.guards.flow import GUARDS
from streams.log.base import Handler, LogUnavailable, LogWriter, Subscription
from streams.log.host import FaustHost
from streams.orders.flow import ORDERS
from streams.returns.flow import RETURNS
from streams.stock.flow import STOCK
from streams.sweeps.flow import SWEEPS
from streams.topology import AGENTS
from streams.translation import Translation
from streams.vocabulary.events import ConnectionStarted, Message
from streams.vocabulary.time import SHOP_ZONE, Clock, SteadyClock, elapsed, system_clock

log = logging.getLogger(__name__)

NAMES_AT_HAND = 1024
"""Connections whose rules are kept; a record may name any."""

Role = Literal["ingress", "worker", "console"]
ALL: frozenset[Role] = frozenset(("ingress", "worker", "console"))
FLOWS: tuple[Flow[Any], ...] = (CATALOGUE, STOCK, CUSTOMERS, ORDERS, RETURNS, GUARDS, SWEEPS)


class Bridge:
    """What runs in this process."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self._loop = asyncio.get_running_loop()
        self.clock_jumped = asyncio.Event()
        self.clock = SteadyClock(system_clock, elapsed, self._jumped)
        self.port = 0
        self.not_ready = "starting"
        self._watched: list[Callable[[], Awaitable[Exception]]] = []

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self.settings.web.host}:{self.port}/"

    def _jumped(self, by: timedelta) -> None:
        log.warning("the machine's clock has jumped by %.1f s, and stays there", by.total_seconds())
        self._loop.call_soon_threadsafe(self.clock_jumped.set)

    def watch(self, failed: Callable[[], Awaitable[Exception]]) -> None:
        """Counts as ours when it fails."""
        self._watched.append(failed)

    async def failed(self) -> Exception:
        """Waits until a part cannot go on, and returns why."""
        waiting = [asyncio.ensure_future(failed()) for failed in self._watched]
        if not waiting:
            await asyncio.Event().wait()
        try:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for one in waiting:
                one.cancel()


class Clients:
    """The clients of both vendors, per connection, over shared pools."""

    def __init__(
        self, settings: Settings, bol_http: httpx.AsyncClient, mplus_http: httpx.AsyncClient, clock: Clock
    ) -> None:
        random, policy = SystemRandom(), settings.retry_policy()
        vendors = settings.vendors
        self.bol = {
            name: BolClient(bol_http, bol_account(one), clock, asyncio.sleep, random, policy)
            for name, one in settings.connections.items()
        }
        self.mplus = {
            name: MplusClient(
                mplus_http,
                administration(one),
                clock,
                asyncio.sleep,
                random,
                policy,
                small=vendors.mplus_timeout,
                bulk=vendors.mplus_bulk_timeout,
            )
            for name, one in settings.connections.items()
        }


def bol_account(connection: Connection) -> BolAccount:
    """The account of a connection."""
    bol = connection.bol
    return BolAccount(bol.client_id, bol.client_secret.get_secret_value(), bol.api_url, bol.login_url)


def administration(connection: Connection) -> MplusAdministration:
    """The administration of a connection."""
    mplus = connection.mplus
    return MplusAdministration(
        mplus.api_url, mplus.ident, mplus.secret.get_secret_value(), connection.orders.employee
    )


@asynccontextmanager
async def clients(settings: Settings, clock: Clock) -> AsyncIterator[Clients]:
    """Pools are closed at the end."""
    timeout = httpx.Timeout(settings.vendors.bol_timeout, connect=min(10.0, settings.vendors.bol_timeout))
    async with (
        vendor_http(timeout) as bol_http,
        vendor_http() as mplus_http,
    ):
        made = Clients(settings, bol_http, mplus_http, clock)
        try:
            yield made
        finally:
            for client in made.mplus.values():
                await client.aclose()


@asynccontextmanager
async def bridge(settings: Settings, roles: frozenset[Role] = ALL) -> AsyncIterator[Bridge]:
    """Everything that these roles need, running. Raises LogUnavailable when the log cannot be opened,
    ReadModelUnavailable when the read model cannot, OSError when the port cannot be had."""
    metrics = Metrics()
    running = Bridge(settings, metrics)
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(clients(settings, running.clock))
        opened = await stack.enter_async_context(running_log(settings, running.clock))
        running.watch(opened.failed)
        app_routes: list[BaseRoute] = []
        if "ingress" in roles:
            app_routes += routes(
                opened,
                doors(settings, made, running.clock),
                metrics,
                new_trace,
                lambda: running.not_ready,
                settings.web.max_body,
            )
        else:
            app_routes += health_routes(metrics, lambda: running.not_ready)
        live = Live()
        if "console" in roles:
            app_routes.append(await _console(stack, running, opened, live))
        server = Server(Starlette(routes=app_routes), listen(settings.web.host, settings.web.port))
        await stack.enter_async_context(server)
        stack.callback(live.close)  # before the server stops: it waits for what it still serves
        running.port = server.port
        running.watch(server.failed)
        if "worker" in roles:
            await _worker(stack, running, made, opened)
        running.not_ready = ""
        yield running


async def _worker(stack: AsyncExitStack, running: Bridge, made: Clients, opened: OpenLog) -> None:
    settings, metrics, clock = running.settings, running.metrics, running.clock
    tell_advice(settings, clock)
    executors: dict[str, Executor] = {
        "bol": BolExecutor(made.bol.__getitem__, clock),
        "mplus": MplusExecutor(made.mplus.__getitem__, clock),
    }
    gates = Gates(opened, metrics, asyncio.sleep)
    effects = EffectRunner(executors, opened, metrics, clock, asyncio.sleep, release(settings), gates)
    gates.opened = effects.gate_opened
    alarms = Alarms(opened, metrics, clock, asyncio.sleep)
    host = FaustHost(opened, subscriptions(settings, effects, alarms, metrics))
    effects.grant = host.grant
    ringing = asyncio.create_task(alarms.run(), name="alarms")
    stack.push_async_callback(_cancelled, ringing)
    running.watch(lambda: _broken(ringing))
    await gates.catch_up()  # before anything can be pushed
    following = asyncio.create_task(gates.run(), name="gates")
    stack.push_async_callback(_cancelled, following)
    running.watch(lambda: _broken(following))
    await host.start()
    # In this order at the end: no more runs, then the calls under way end, their outcomes are written.
    stack.push_async_callback(effects.stop)
    stack.push_async_callback(host.stop)
    running.watch(host.failed)
    await tell_started(opened, settings, clock)
    again = asyncio.create_task(_start_again(running, opened), name="clock-jumped")
    stack.push_async_callback(_cancelled, again)
    running.watch(lambda: _broken(again))


def tell_advice(settings: Settings, clock: Clock) -> None:
    """A line in the log for each setting that cannot do what was probably meant. Nobody is asked: what does not exist
    at the merchant is for `kassabrug check` to find."""
    today = clock().astimezone(SHOP_ZONE).date()
    shared = shared_advice(settings.connections)
    for name, connection in settings.connections.items():
        for advice in (*order_advice(connection.orders, today), *stock_advice(connection), *shared[name]):
            log.warning("settings of %s: %s", name, advice.text)


async def _start_again(running: Bridge, opened: OpenLog) -> None:
    """After a clock that was ahead was set right, what is due next would lie as far ahead: it is looked at now."""
    while True:
        await running.clock_jumped.wait()
        running.clock_jumped.clear()
        try:
            await tell_started(opened, running.settings, running.clock)
        except LogUnavailable as error:
            log.warning("the sweeps were not told that the clock jumped: %s", error)
            running.clock_jumped.set()
            await asyncio.sleep(1.0)


def release(settings: Settings) -> float:
    """Seconds that calls under way get before their partition is let go. On Kafka another worker takes it up at once
    and would make them again: longer than a call may take."""
    vendors = settings.vendors
    return max(vendors.bol_timeout, vendors.mplus_timeout) + 2.0 if settings.log.address else RELEASE


def subscriptions(
    settings: Settings, effects: EffectRunner, alarms: Alarms, metrics: Metrics
) -> list[Subscription]:
    """Every agent of the topology with its handler. Raises KeyError for an agent without one."""
    rules = flow_rules(settings)
    handlers: dict[str, Handler] = {
        flow.name: Delivery(
            flow, rules[flow.name], FlowFollower(flow.name, effects, alarms), metrics, asyncio.sleep
        )
        for flow in FLOWS
    }
    known = settings.connections.__contains__
    handlers["bol-intake"] = Translation("bol-intake", translate_bol, known, metrics, asyncio.sleep)
    handlers["mplus-intake"] = Translation("mplus-intake", translate_mplus, known, metrics, asyncio.sleep)
    return [Subscription(agent.name, agent.reads, handlers[agent.name], agent.rows) for agent in AGENTS]


def flow_rules(settings: Settings) -> Mapping[str, Callable[[str], Any]]:
    """By flow: what gives the rules in force for a connection, or None for one that is not set up. They are worked out
    once: every record of a flow asks for them."""

    def none(connection: str) -> tuple[()] | None:
        return () if connection in settings.connections else None

    once = lru_cache(NAMES_AT_HAND)
    return {
        "catalogue": once(settings.catalogue_rules),
        "stock": once(settings.stock_rules),
        "customers": none,
        "orders": once(settings.order_rules),
        "returns": once(settings.return_rules),
        "guards": once(settings.guard_rules),
        "sweeps": once(settings.sweep_rules),
    }


def doors(settings: Settings, made: Clients, clock: Clock) -> dict[str, Door]:
    """What is needed to believe a push, per connection."""

    def door(name: str, connection: Connection) -> Door:
        secret = connection.mplus.webhook_secret
        keys = SignatureKeys(lambda: signature_keys(made.bol[name]), clock)
        return Door(keys, key_of(secret.get_secret_value()) if secret is not None else None)

    return {name: door(name, connection) for name, connection in settings.connections.items()}


async def tell_started(writer: LogWriter, settings: Settings, clock: Clock) -> None:
    """The sweeps of every connection see to their first ticks. Raises LogUnavailable."""
    now = clock()
    await writer.append(
        [
            message_draft(
                Message(flow="sweeps", entity="", event=ConnectionStarted(started_at=now)),
                name,
                fact_headers(name, new_trace()),
            )
            for name in settings.connections
        ]
    )


def new_trace() -> str:
    """An id that joins a cause to all that follows from it."""
    return secrets.token_hex(8)


async def _console(stack: AsyncExitStack, running: Bridge, opened: OpenLog, live: Live) -> BaseRoute:
    settings, clock = running.settings, running.clock
    place, secret = settings.readmodel, settings.readmodel.password
    model = await ReadModel.open(
        place.url or place.path,
        clock=clock,
        password=secret.get_secret_value() if secret is not None else "",
    )
    stack.push_async_callback(model.close)
    projection = Projection(
        model.database,
        opened,
        clock=clock,
        sleep=asyncio.sleep,
        keep=settings.keep(),
        on_applied=live.tell,
    )
    projecting = asyncio.create_task(projection.run(), name="projection")
    stack.push_async_callback(_cancelled, projecting)

    async def tell(connection: str, message: Message) -> None:
        await opened.append([message_draft(message, connection, fact_headers(connection, new_trace()))])

    password = settings.web.password
    console = create_console(
        model,
        live=live,
        standing=projection.standing,
        clock=clock,
        tell=tell,
        returns=model,
        log=opened,
        username=settings.web.username,
        password=password.get_secret_value() if password is not None else "",
        allowed_hosts=allowed_hosts(settings),
    )
    return Mount("/", console)


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """The names under which a page without a password may be reached: another site must not be able to have a
    visitor's browser read it under a name of its own. With a password, or on every address: any name."""
    web = settings.web
    if web.password is not None or web.host in ("0.0.0.0", "::"):
        return ()
    public = (urlsplit(web.public_url).hostname or "") if web.public_url else ""
    return tuple(sorted({web.host, "127.0.0.1", "localhost", public} - {""}))


async def _broken(task: asyncio.Task[Any]) -> Exception:
    """Waits for a task that should go on for ever, and returns why it did not."""
    await asyncio.wait((task,))
    if task.cancelled():
        await asyncio.Event().wait()  # it is ending, and so are we
    error = task.exception()
    return error if isinstance(error, Exception) else RuntimeError(f"{task.get_name()} has ended")


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
