"""The flows of one shop with both vendors' simulators, in one process, with a clock that is moved: no log, no waiting.

Every request to Mplus is held against the vendor's schema, every one to Bol against its contract, and what changes
something there is kept as it was sent.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import httpx
import orjson
from lxml import etree

from connectors.bol.account import BolAccount
from connectors.bol.client import BolClient
from connectors.bol.executor import BolExecutor
from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator import create_app as create_bol
from connectors.mplus.administration import MplusAdministration
from connectors.mplus.client import MplusClient
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.simulator import MplusSimulatorConfig
from connectors.mplus.simulator import create_app as create_mplus
from connectors.retry import RetryPolicy
from streams.catalogue.flow import CATALOGUE
from streams.catalogue.rules import CatalogueRules
from streams.customers.flow import CUSTOMERS
from streams.flow import Flow, OpenEffect
from streams.orders.flow import ORDERS
from streams.orders.rules import OrderRules
from streams.orders.state import Order
from streams.returns.flow import RETURNS
from streams.returns.rules import ReturnRules
from streams.stock.flow import STOCK
from streams.stock.rules import StockRules
from streams.sweeps.flow import SWEEPS
from streams.sweeps.rules import SweepRules
from streams.vocabulary.activity import Activity, Noted
from streams.vocabulary.effects import (
    BolEffect,
    SweepArticles,
    SweepBolOrders,
    SweepBolReturns,
    SweepMplusOrders,
)
from streams.vocabulary.events import ConnectionStarted, Message, Settled, Swept, Woke
from tests.connectors.bol.contract import check_request
from tests.connectors.mplus.till import SCHEMA, operation_of
from tests.streams.row import RowAtHand

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""A Tuesday."""
FLOWS: Mapping[str, Flow[Any]] = {
    "catalogue": CATALOGUE,
    "customers": CUSTOMERS,
    "orders": ORDERS,
    "returns": RETURNS,
    "stock": STOCK,
    "sweeps": SWEEPS,
}
_NAMESPACES = re.compile(r'\s+xmlns:[^=]+="[^"]*"')
WRITES = frozenset(
    (
        "createOrderV2", "createOrderV3", "createRelation", "updateRelation", "deliverOrder", "deliverOrderV2",
        "payOrder", "payOrderV2", "cancelOrder", "cancelOrderV2", "updateOrder", "updateOrderV2",
    )
)  # fmt: skip


class Written(NamedTuple):
    """A request that changes something: the operation, and its body as text."""

    operation: str
    body: str


class Shop:
    """Leave it with `await shop.close()`."""

    def __init__(
        self,
        rules: OrderRules,
        mplus: MplusSimulatorConfig,
        bol: BolSimulatorConfig | None = None,
        returns: ReturnRules | None = None,
        stock: StockRules | None = None,
        sweeps: SweepRules | None = None,
        catalogue: CatalogueRules | None = None,
    ) -> None:
        """Without `stock` nobody keeps count of it."""
        self.now = START
        self.rules: dict[str, Any] = {
            "catalogue": catalogue or CatalogueRules(),
            "customers": (),
            "orders": rules,
            "returns": returns or ReturnRules(),
            "sweeps": sweeps or SweepRules(branches=(1,), ext_prefix=rules.ext_order_prefix),
        }
        if stock is not None:
            self.rules["stock"] = stock
        self.rows: dict[tuple[str, str], RowAtHand[Any]] = {}
        self.inbox: deque[Message] = deque()
        self.activity: list[tuple[str, str, Activity]] = []
        self.written: list[Written] = []
        self.asked: list[str] = []
        lost = lambda: httpx.ReadTimeout("cut")  # noqa: E731  # the exception that stands for a cut connection
        self._till_app = create_mplus(mplus, clock=self.clock, sleep=self.sleep, rng=Random(3), lost=lost)
        self._bol_app = create_bol(
            bol
            or BolSimulatorConfig(limits={}, process_seconds=0.5, repeat_share=0.0, odd_address_share=0.0),
            clock=self.clock,
            sleep=self.sleep,
            rng=Random(4),
            lost=lost,
        )
        self.till = self._till_app.state.simulator
        self.market = self._bol_app.state.simulator
        till_http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._till_app),
            base_url="http://till",
            event_hooks={"request": [self._to_mplus]},
        )
        bol_http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._bol_app),
            base_url="http://bol",
            event_hooks={"request": [self._to_bol]},
        )
        self._control = {
            "mplus": httpx.AsyncClient(transport=httpx.ASGITransport(self._till_app), base_url="http://till"),
            "bol": httpx.AsyncClient(transport=httpx.ASGITransport(self._bol_app), base_url="http://bol"),
        }
        policy = RetryPolicy(tries=1)
        administration = MplusAdministration("http://till/", mplus.ident, mplus.secret)
        self._mplus_client = MplusClient(till_http, administration, self.clock, self.sleep, Random(1), policy)
        account = BolAccount("demo", "demo-secret", "http://bol", "http://bol")
        bol_client = BolClient(bol_http, account, self.clock, self.sleep, Random(1), policy)
        self._executors: dict[str, Any] = {
            "mplus": MplusExecutor({"shop": self._mplus_client}.__getitem__, self.clock),
            "bol": BolExecutor({"shop": bol_client}.__getitem__, self.clock),
        }
        self._open = [till_http, bol_http, *self._control.values()]

    async def close(self) -> None:
        """The end."""
        await self._mplus_client.aclose()
        for client in self._open:
            await client.aclose()
        await self.till.aclose()
        await self.market.aclose()

    # -- time

    def clock(self) -> datetime:
        """Moves by a millisecond each time it is looked at."""
        self.now += timedelta(milliseconds=1)
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Moves the clock."""
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    # -- what is sent

    async def _to_mplus(self, request: httpx.Request) -> None:
        sent = operation_of(request.content)
        SCHEMA.assertValid(sent)
        name = etree.QName(sent).localname
        self.asked.append(name)
        if name in WRITES:
            etree.indent(sent)
            text = _NAMESPACES.sub("", etree.tostring(sent, encoding="unicode")).replace("ns1:", "")
            self.written.append(Written(name, text.strip()))

    async def _to_bol(self, request: httpx.Request) -> None:
        if request.url.path == "/token":
            return
        check_request(request)
        what = f"{request.method} {request.url.path}"
        self.asked.append(what)
        asks = request.method == "GET" or request.url.path.startswith("/shared/")
        if not asks:
            body = orjson.loads(request.content or b"null")
            self.written.append(Written(what, orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()))

    # -- the vendors' people

    async def at_bol(self, path: str, **body: Any) -> Any:
        """Somebody does something at Bol."""
        return await self._do("bol", path, body)

    async def at_mplus(self, path: str, **body: Any) -> Any:
        """Staff do something in Mplus."""
        return await self._do("mplus", path, body)

    async def _do(self, vendor: str, path: str, body: dict[str, Any]) -> Any:
        reply = await self._control[vendor].post(f"/_control/{path}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def books(self, vendor: str) -> dict[str, Any]:
        """A vendor's books."""
        return dict((await self._control[vendor].get("/_control/books")).json())

    # -- the shell

    def send(self, message: Message) -> None:
        """An event for a flow."""
        self.inbox.append(message)

    def _apply(self, message: Message) -> None:
        flow = FLOWS.get(message.flow)
        if flow is None or message.flow not in self.rules:
            return  # it is not in this shop
        at = (message.flow, message.entity)
        row = self.rows.get(at)
        if row is None:
            row = self.rows[at] = RowAtHand(flow, message.entity, self.now, self.rules[message.flow])
        row.now = self.clock()
        decision = row.take(message.event)
        self.inbox.extend(decision.messages)
        self.activity.extend((message.flow, message.entity, one) for one in decision.activity)

    async def _run(self, name: str, entity: str, key: str, asked: OpenEffect) -> None:
        vendor = "bol" if isinstance(asked.effect, BolEffect) else "mplus"
        done = await self._executors[vendor].execute("shop", asked.effect, asked.repeated)
        self.inbox.extend(done.messages)
        event = Settled(
            key=key,
            number=asked.number,
            outcome=done.outcome,
            asked_at=done.asked_at,
            answered_at=done.answered_at,
            repeated=asked.repeated,
        )
        self._apply(Message(flow=name, entity=entity, event=event))  # type: ignore[arg-type]  # a flow's name

    async def rest(self, patience: float = 60.0) -> None:
        """Until nothing is to be done that is due within `patience` seconds."""
        until = self.now + timedelta(seconds=patience)
        for _ in range(5_000):
            if self.inbox:
                self._apply(self.inbox.popleft())
                continue
            waiting = [
                (asked.not_before or self.now, name, entity, key)
                for (name, entity), row in self.rows.items()
                for key, asked in row.open.items()
            ]
            due = min(waiting, default=None)
            if due is None or due[0] > until:
                return
            self.now = max(self.now, due[0])
            _, name, entity, key = due
            await self._run(name, entity, key, self.rows[name, entity].open[key])
        raise AssertionError("it does not come to rest")

    async def later(self, seconds: float) -> None:
        """Time goes on; rows that want to be woken are."""
        self.now += timedelta(seconds=seconds)
        for (name, entity), row in list(self.rows.items()):
            if row.wake is not None and row.wake <= self.now:
                due, row.wake = row.wake, None
                self._apply(Message(flow=name, entity=entity, event=Woke(due=due)))  # type: ignore[arg-type]  # a flow's name
        await self.rest()

    async def open(self) -> None:
        """The sweeps begin. From then on time goes on in ticks, with `later`."""
        event = ConnectionStarted(started_at=self.now)
        self.send(Message(flow="sweeps", entity="", event=event))
        await self.rest()

    async def sweep(self) -> None:
        """Both vendors are read once, as the sweeps do: articles, orders on both sides, returns."""
        for effect in (
            SweepArticles(marker=0),
            SweepMplusOrders(marker=0, ext_prefix=self.rules["orders"].ext_order_prefix),
            SweepBolOrders(since=None),
            SweepBolReturns(),
        ):
            vendor = "bol" if isinstance(effect, BolEffect) else "mplus"
            done = await self._executors[vendor].execute("shop", effect, False)
            assert isinstance(done.outcome, Swept), done.outcome
            self.inbox.extend(done.messages)
        await self.rest()

    # -- what came of it

    def order(self, entity: str) -> Order:
        """A row of the orders flow."""
        state = self.rows["orders", entity].state
        assert isinstance(state, Order)
        return state

    def notes(self, entity: str) -> list[str]:
        """What was told of an order."""
        return [one.text for _, name, one in self.activity if name == entity and isinstance(one, Noted)]
