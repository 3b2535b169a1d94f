"""The whole bridge in one event loop without sockets: the real agents and clients, both vendors' simulators, a log in
memory, and a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx

from app.composition import FLOWS, Clients, flow_rules, subscriptions
from app.metrics import Metrics
from app.replay.choice import Choice
from app.replay.driving import AT_ONCE, drive, events_of
from app.replay.looking import Found, Looking
from app.settings import Settings, load_settings
from connectors.bol.executor import BolExecutor
from connectors.bol.intake import translate as translate_bol
from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator import create_app as create_bol
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.intake import translate as translate_mplus
from connectors.mplus.simulator import MplusSimulatorConfig, generate_articles
from connectors.mplus.simulator import create_app as create_mplus
from streams.alarms import Alarms
from streams.codec import RowCodec, fact_headers, message_draft
from streams.effects import EffectRunner
from streams.flow import Row
from streams.log.base import Draft, Handler, TopicPartition
from streams.log.rows import NoRows, RecoveredRows
from streams.topics import BOL_WEBHOOKS, MPLUS_WEBHOOKS, rows_topic
from streams.vocabulary.events import ConnectionStarted, Message
from tests.app.replay.memory import PARTITIONS, MemoryGuard, MemoryLog

SETTINGS = """
[connections.shop.bol]
client_id = "demo"
client_secret = "plain:demo-secret"
api_url = "http://bol.test"
login_url = "http://bol.test"
[connections.shop.mplus]
api_url = "http://mplus.test"
ident = "demo"
secret = "plain:demo-secret"
[connections.shop.stock]
branches = [1]
{stock}
[connections.shop.orders]
branch = 1
payment_method = "BOL"
delivery_method = "POST"
{orders}
[connections.other.bol]
client_id = "other"
client_secret = "plain:other-secret"
[connections.other.mplus]
api_url = "http://mplus.test"
ident = "other"
secret = "plain:other-secret"
[connections.other.stock]
branches = [1]
{stock}
[connections.other.orders]
branch = 1
[vendors]
tries = 1
"""
"""`other` is set up and never begins: what happens there, a test says."""
WRITES = ("createOrderV3", "createOrderV2", "createRelation", "updateRelation")


class StageClock:
    """Goes on by a millisecond each time it is looked at."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Others run meanwhile."""
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Stage:
    """One shop. Made by `open_stage`."""

    def __init__(self, folder: Path, articles: int) -> None:
        self.folder = folder
        self.clock = StageClock()
        self.log = MemoryLog(self.clock)
        self.range = tuple(replace(one, opening_stock=10) for one in generate_articles(7, articles))
        # Nobody is subscribed: what would be pushed, a test says. (A client of its own would load certificates.)
        self._silent = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
        self._mplus_app = create_mplus(
            MplusSimulatorConfig(articles=self.range),
            clock=self.clock,
            sleep=self.clock.sleep,
            rng=Random(1),
            client=self._silent,
        )
        self._bol_app = create_bol(
            BolSimulatorConfig(limits={}),
            clock=self.clock,
            sleep=self.clock.sleep,
            rng=Random(2),
            client=self._silent,
        )
        self.bol = httpx.AsyncClient(transport=httpx.ASGITransport(self._bol_app), base_url="http://bol.test")
        self.mplus = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._mplus_app), base_url="http://mplus.test"
        )
        self.settings = self.with_settings()
        self.restart()

    def with_settings(self, stock: str = "", orders: str = "") -> Settings:
        """The shop's settings with these lines in them."""
        path = self.folder / "kassabrug.toml"
        path.write_text(SETTINGS.format(stock=stock, orders=orders))
        return load_settings(path, os.environ)

    async def close(self) -> None:
        await self.effects.stop()
        for client in self._clients.mplus.values():
            await client.aclose()
        for app, inside in ((self._bol_app, self.bol), (self._mplus_app, self.mplus)):
            await app.state.simulator.aclose()
            await inside.aclose()
        await self._silent.aclose()

    # -- the bridge

    def restart(self, settings: Settings | None = None) -> None:
        """Another life of the process on the same log."""
        self.settings = settings or self.settings
        self._clients = Clients(self.settings, self.bol, self.mplus, self.clock)
        executors: Any = {
            "bol": BolExecutor(self._clients.bol.__getitem__, self.clock),
            "mplus": MplusExecutor(self._clients.mplus.__getitem__, self.clock),
        }
        metrics = Metrics()
        self.effects = EffectRunner(executors, self.log, metrics, self.clock, self.clock.sleep)
        self.alarms = Alarms(self.log, metrics, self.clock, self.clock.sleep)
        self._handlers: dict[TopicPartition, Handler] = {}
        self._waiting = subscriptions(self.settings, self.effects, self.alarms, metrics)

    async def begin(self) -> None:
        """Takes up every partition where it was left."""
        for one in self._waiting:
            rows = RecoveredRows(one.rows, PARTITIONS) if one.rows is not None else NoRows()
            for number in range(PARTITIONS):
                at = TopicPartition(one.topic, number)
                if isinstance(rows, RecoveredRows):
                    await rows.recover(self.log, number)
                position = self.log.positions.get(at, 0)
                self.log.positions[at] = position
                await one.handler.assigned(at, position, rows, MemoryGuard(self.log))
                self._handlers[at] = one.handler
        self._waiting = []

    async def start(self) -> None:
        """The first round: every offer as Mplus has it."""
        await self.begin()
        await self.say(
            Message(flow="sweeps", entity="", event=ConnectionStarted(started_at=self.clock())), "shop"
        )
        await self.rest()
        await self.pass_by(30)

    async def say(self, message: Message, connection: str = "shop") -> None:
        """An event, written by somebody."""
        await self.log.append([message_draft(message, connection, fact_headers(connection, "t"))])

    async def rest(self) -> None:
        """Until nothing is to be done now."""
        if self._waiting:
            await self.begin()
        while True:
            moved = False
            for at, handler in self._handlers.items():
                run = await self.log.read(at, self.log.positions[at])
                if run.end > self.log.positions[at]:
                    await handler.apply(run)
                    moved = True
            if self.effects._running:
                await asyncio.wait(self.effects._running.values(), return_when=asyncio.FIRST_COMPLETED)
            elif not moved:
                return

    async def pass_by(self, seconds: float) -> None:
        """Time goes on: what waits for its time is run, alarms ring."""
        self.clock.now += timedelta(seconds=seconds)
        ringing = self.alarms.ringing(self.clock())
        if ringing:
            await self.alarms._ring(ringing)
        for one, wanted in list(self.effects._wanted.items()):
            due = wanted.effect.not_before
            if one in self.effects._timers and due is not None and due <= self.clock.now:
                self.effects._forget_timer(one)
                self.effects._queue(one)
        await self.rest()

    # -- the world

    async def offer(self, **more: Any) -> None:
        """Every article is for sale at Bol, with another amount than there is."""
        offers = [
            {"ean": one.ean, "amount": 1, "reference": one.plu, "priceCents": one.price_cents, "title": "x"}
            for one in self.range
        ]
        answer = await self.bol.post("/_control/offers", json={"offers": offers})
        answer.raise_for_status()

    async def order(self, place: int = 0, quantity: int = 1) -> str:
        """Somebody buys an article at Bol. The order's id."""
        offers = (await self.bol_books())["offers"]
        ean = self.range[place].ean
        offer = next(one["offerId"] for one in offers if one["ean"] == ean)
        body = {"items": [{"offerId": offer, "quantity": quantity}]}
        answer = await self.bol.post("/_control/orders", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["orderId"])

    async def sold(self, *places: int) -> list[str]:
        """Orders of these articles, pushed by Bol and dealt with."""
        ids = [await self.order(place) for place in places]
        for one in ids:
            await self.push_order(one)
        await self.rest()
        return ids

    async def push_order(self, order_id: str) -> None:
        """Bol's push about an order, as the ingress stores it."""
        body = b'{"retailerId":1,"event":{"resource":"ORDER","type":"CREATE","resourceId":"%s"}}'
        await self.log.append([Draft(BOL_WEBHOOKS.name, b"shop", body % order_id.encode())])

    async def bol_books(self) -> dict[str, Any]:
        return dict((await self.bol.get("/_control/books")).json())

    async def mplus_books(self, parts: str = "") -> dict[str, Any]:
        query = {"parts": parts} if parts else {}
        return dict((await self.mplus.get("/_control/books", params=query)).json())

    async def calls(self) -> Counter[str]:
        """What was called at Mplus that changes something, and what was pushed to Bol, so far."""
        made = Counter({name: count for name, count in (await self.mplus_books("calls"))["calls"].items()
                        if name in WRITES})  # fmt: skip
        changes = (await self.bol_books())["changes"]
        made["push-stock"] = sum(one["cause"] == "patch" for one in changes)
        return made

    async def trouble(self, vendor: str, **rule: Any) -> None:
        """A fault of the simulator's, until it is calm again."""
        answer = await (self.bol if vendor == "bol" else self.mplus).post("/_control/faults", json=rule)
        assert answer.status_code < 300, answer.text

    async def row(self, flow: str, key: str) -> Row[Any] | None:
        """As it lies in the changelog."""
        rows = RecoveredRows(rows_topic(flow), PARTITIONS)
        for number in range(PARTITIONS):
            await rows.recover(self.log, number)
        value = rows.get(key.encode())
        state = next(one.state for one in FLOWS if one.name == flow)
        return RowCodec(state).read(value) if value is not None else None  # type: ignore[no-any-return]

    # -- replay

    async def look(self, choice: Choice | None = None, settings: Settings | None = None) -> Found:
        """A dry run with these settings (the shop's)."""
        flows: dict[str, Any] = {flow.name: flow for flow in FLOWS}
        translations = {BOL_WEBHOOKS.name: translate_bol, MPLUS_WEBHOOKS.name: translate_mplus}
        rules = flow_rules(settings or self.settings)
        looking = Looking(self.log, flows, rules, translations, lambda _: None)
        return await looking.look(choice or Choice())

    async def put(
        self, found: Found, incident: str = "incident", at_once: int = AT_ONCE, most: int | None = None
    ) -> int:
        """Writes it, up to `most` events; returns how many."""
        written = 0
        async for count in drive(self.log, events_of(found, incident), at_once):
            written = count
            if most is not None and written >= most:
                break
        return written


@asynccontextmanager
async def open_stage(folder: Path, articles: int = 6) -> AsyncIterator[Stage]:
    """A shop whose offers are at Bol; the bridge has not begun."""
    stage = Stage(folder, articles)
    try:
        await stage.offer()
        yield stage
    finally:
        await stage.close()


def keys(found: Found) -> list[tuple[str, str]]:
    """What differs."""
    return [(one.flow, one.key) for one in found.differences]


def broken(*_: object, **__: object) -> Any:
    """In place of what a bug is in."""
    raise KeyError("a bug")
