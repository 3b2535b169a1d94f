"""Both vendors' simulators on free ports, stocked with one range, and the customers of a day."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from random import Random
from typing import Any

import httpx
from starlette.applications import Starlette

from app.demo.customers import Ordered, ordered, wish
from app.demo.shares import Shares
from app.server import Server, listen
from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator import create_app as create_bol
from connectors.mplus.simulator import MplusSimulatorConfig, WebhookTarget, generate_articles
from connectors.mplus.simulator import create_app as create_mplus
from connectors.mplus.simulator.articles import GeneratedArticle
from connectors.mplus.simulator.config import Branch, OrderCategory, VatRate, Workplace
from streams.vocabulary.time import Clock

WRONG_AT_FIRST = 0.2
"""Share of the offers whose stock at Bol is wrong when the bridge starts."""
SHOP = 1
"""The branch whose stock is on sale."""
WAREHOUSE = 2
"""The branch of the shop's stock at Bol."""
WAREHOUSE_TILL = 21
SENT, CANCELLED = 3, 4
"""Order categories."""
BELGIAN_VAT = {1: 4, 2: 3}
"""An article's VAT code -> that of what is sold to Belgium."""
FBB_AFTER = 2.0
"""Seconds until Bol ships what it sends itself."""
GONE = 409
"""What a simulator answers where there is not enough left of it."""
LOOKED_AT = 20
"""Offers (or handfuls of them) that a customer looks at until he finds something that is there."""


def shop_in_mplus(
    articles: tuple[GeneratedArticle, ...], webhook: WebhookTarget | None = None
) -> MplusSimulatorConfig:
    """An administration in which everything is that `settings_text` (run.py) names: branches, statuses, VAT codes."""
    return MplusSimulatorConfig(
        articles=articles,
        webhook=webhook,
        branches=(
            Branch(number=SHOP),
            Branch(
                number=WAREHOUSE,
                name="Voorraad bij Bol",
                workplaces=(Workplace(number=WAREHOUSE_TILL),),
            ),
        ),
        order_categories=(
            OrderCategory(number=1, description="Nieuw"),
            OrderCategory(number=SENT, description="Verzonden", allow_cancel=False),
            OrderCategory(number=CANCELLED, description="Geannuleerd"),
        ),
        vat_rates=(
            VatRate(code=0, percentage=0),
            VatRate(code=1, percentage=900),
            VatRate(code=2, percentage=2100),
            VatRate(code=3, percentage=2100),
            VatRate(code=4, percentage=600),
        ),
    )


class Market:
    """Entered: it is open. The vendors' books are the truth; nobody here looks into the bridge."""

    def __init__(
        self,
        seed: int,
        articles: int,
        bridge: str,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]],
        shares: Shares | None = None,
    ) -> None:
        """`bridge`: the address of the bridge, for the till's webhooks. `shares`: of what kinds orders are; None: all
        are the shop's own, of what Bol's simulator thinks of."""
        self._seed = seed
        self._bridge = bridge
        self._clock = clock
        self._sleep = sleep
        self._chance = Random(seed)
        self._shares = shares
        self.range = generate_articles(seed, articles)
        self._numbers = {article.ean: article.article_number for article in self.range}
        self._stack = AsyncExitStack()
        self.bol_url = self.mplus_url = ""
        self.sales = self.orders = self.missed = 0
        self.ordered: list[Ordered] = []
        """At Bol so far, oldest first; only with `shares`."""

    async def __aenter__(self) -> Market:
        try:
            await self._set_up()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _set_up(self) -> None:
        mplus = create_mplus(
            shop_in_mplus(self.range, WebhookTarget(url=f"{self._bridge}/webhooks/demo/mplus")),
            clock=self._clock,
            sleep=self._sleep,
            rng=Random(self._seed + 1),
        )
        bol = create_bol(
            self._bol_config(),
            clock=self._clock,
            sleep=self._sleep,
            rng=Random(self._seed + 2),
        )
        self._mplus, self.mplus_url = await self._open(mplus)
        self._bol, self.bol_url = await self._open(bol)
        await self._stock_offers()

    def _bol_config(self) -> BolSimulatorConfig:
        habits: dict[str, Any] = {}
        if self._shares is not None:
            habits = {
                "business_share": self._shares.business,
                "repeat_share": self._shares.repeat,
                "odd_address_share": self._shares.odd_address,
                "pickup_share": self._shares.pickup_point,
                "time_frame_share": self._shares.time_frame,
                "discount_share": self._shares.discount,
            }
        return BolSimulatorConfig(push_pause=2.0, push_tries=30, fbb_after=FBB_AFTER, **habits)

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _open(self, app: Starlette) -> tuple[httpx.AsyncClient, str]:
        server = await self._stack.enter_async_context(Server(app, listen("127.0.0.1", 0)))
        self._stack.push_async_callback(app.state.simulator.aclose)
        inside = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://control")
        await self._stack.enter_async_context(inside)
        return inside, f"http://127.0.0.1:{server.port}"

    async def _stock_offers(self) -> None:
        offers = [
            {
                "ean": article.ean,
                "amount": self._chance.randint(0, 50)
                if self._chance.random() < WRONG_AT_FIRST
                else max(0, article.opening_stock),
                "reference": article.plu,
                "priceCents": article.price_cents,
                "managedByRetailer": True,
                "economicOperator": "a3f1c2d4-demo",
                "title": article.description,
            }
            for article in self.range
        ]
        await self.at_bol("offers", {"offers": offers})

    # -- customers

    async def sell(self) -> None:
        """Somebody buys at the counter: a till refuses nobody, but he has to find it on the shelf."""
        article = self._chance.choice(self.range)
        books = await self.mplus_books("stock", article.article_number)
        if _free(books).get(article.article_number, 0) < 1:
            self.missed += 1
            return
        await self.at_till("sell", {"article": article.article_number, "quantity": 1})
        self.sales += 1

    async def order(self) -> None:
        """Somebody buys at Bol what Bol shows."""
        for _ in range(LOOKED_AT):
            body = {} if self._shares is None else wish(self._chance, self._shares, self.range)
            answer = await self._bol.post("/_control/orders", json=body)
            if answer.status_code == 200:
                self.orders += 1
                if body:
                    self.ordered.append(ordered(body, answer.json(), self._numbers))
                return
            if answer.status_code != GONE:
                raise RuntimeError(f"the simulator refused an order: {answer.text[:300]}")
            if not body:
                break  # the simulator has looked around itself
        self.missed += 1

    async def customers(self, rate: float, seconds: float | None) -> None:
        """Till sales come `rate` a second, Bol orders a quarter of that, at random moments, until it is over or
        cancelled."""
        began = asyncio.get_running_loop().time()
        due = {"sale": 0.0, "order": 0.0}
        every = {"sale": rate, "order": rate / 4}
        for what, often in every.items():
            due[what] = self._chance.expovariate(often)
        while True:
            what = min(due, key=lambda one: due[one])
            if seconds is not None and due[what] >= seconds:
                break
            wait = began + due[what] - asyncio.get_running_loop().time()
            if wait > 0:
                await self._sleep(wait)
            await (self.sell() if what == "sale" else self.order())
            due[what] += self._chance.expovariate(every[what])

    # -- what people do

    async def at_bol(self, path: str, body: Mapping[str, Any]) -> Any:
        """A customer, Bol, or staff in the partner site. Raises Impossible where the books do not have it so."""
        return await _told(self._bol, path, body)

    async def at_till(self, path: str, body: Mapping[str, Any]) -> Any:
        """Staff in Mplus. Raises Impossible where the books do not have it so."""
        return await _told(self._mplus, path, body)

    # -- trouble

    async def trouble(self) -> None:
        """429 storms, 5xx, calls that time out after they took effect, doubled, reordered and lost webhooks."""
        for rule in BOL_TROUBLE:
            await self.at_bol("faults", rule)
        for rule in MPLUS_TROUBLE:
            await self.at_till("faults", rule)

    async def calm(self) -> None:
        """No more trouble."""
        await self._bol.delete("/_control/faults")
        await self._mplus.delete("/_control/faults")

    # -- books

    async def bol_books(self) -> dict[str, Any]:
        """All of Bol's."""
        return dict((await self._bol.get("/_control/books")).json())

    async def mplus_books(self, parts: str = "", article: int | None = None) -> dict[str, Any]:
        """Those of Mplus, or some parts of them."""
        query: dict[str, str | int] = {}
        if parts:
            query["parts"] = parts
        if article is not None:
            query["articles"] = article
        answer = await self._mplus.get("/_control/books", params=query)
        answer.raise_for_status()
        return dict(answer.json())

    async def opened(self) -> bool:
        """Whether every offer at Bol shows what Mplus has: the bridge has done its first round."""
        mplus = await self.mplus_books("stock,articles")
        bol = await self.bol_books()
        eans = {str(one["ean"]): int(one["article"]) for one in mplus["articles"]}
        free = _free(mplus)
        subscribed = any(one["enabled"] for one in bol["subscriptions"])
        return subscribed and all(
            int(offer["amount"]) == max(0, min(999, free.get(eans[str(offer["ean"])], 0)))
            for offer in bol["offers"]
        )

    async def free(self) -> dict[int, int]:
        """Free units per article now, where they are on sale."""
        return _free(await self.mplus_books("stock"))

    def now(self) -> datetime:
        """The vendors' clock."""
        return self._clock()


class Impossible(RuntimeError):
    """What somebody wanted to do does not go (any more): an order that is not there, or has left already."""


async def _told(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> Any:
    answer = await client.post(f"/_control/{path}", json=body)
    if answer.status_code >= 400:
        raise Impossible(f"the simulator refused {path}: {answer.text[:300]}")
    return answer.json()


def _free(books: Mapping[str, Any]) -> dict[int, int]:
    return {int(row["article"]): int(row["free"]) for row in books["stock"] if int(row["branch"]) == SHOP}


BOL_TROUBLE: tuple[Mapping[str, Any], ...] = (
    {"kind": "http", "operation": "write-offer", "status": 429, "seconds": 1, "probability": 0.04},
    {"kind": "http", "operation": "write-offer", "status": 503, "probability": 0.03},
    {"kind": "http", "operation": "get-order", "status": 500, "probability": 0.05},
    {"kind": "http", "operation": "list-orders", "status": 502, "probability": 0.1},
    {"kind": "timeout-after-effect", "operation": "write-offer", "seconds": 0.5, "probability": 0.03},
    {"kind": "timeout", "operation": "get-order", "seconds": 0.5, "probability": 0.03},
    {"kind": "truncated", "operation": "get-order", "probability": 0.03},
    {"kind": "truncated", "operation": "list-offers", "probability": 0.05},
    {"kind": "timeout-after-effect", "operation": "shipments", "seconds": 0.5, "probability": 0.08},
    {"kind": "http", "operation": "shipments", "status": 503, "probability": 0.05},
    {"kind": "process-timeout", "operation": "shipments", "probability": 0.02},
    {"kind": "webhook-doubled", "probability": 0.1},
    {"kind": "webhook-reordered", "probability": 0.1},
    {"kind": "webhook-lost", "probability": 0.05},
)
MPLUS_TROUBLE: tuple[Mapping[str, Any], ...] = (
    {"kind": "http", "operation": "getStock", "status": 503, "probability": 0.04},
    {"kind": "fault", "operation": "getStock", "code": "Server", "probability": 0.03},
    {"kind": "timeout-after-effect", "operation": "createOrderV3", "seconds": 0.5, "probability": 0.08},
    {"kind": "http", "operation": "createOrderV3", "status": 503, "probability": 0.05},
    {"kind": "timeout-after-effect", "operation": "createRelation", "seconds": 0.5, "probability": 0.05},
    {"kind": "timeout-after-effect", "operation": "deliverOrder", "seconds": 0.5, "probability": 0.08},
    {"kind": "timeout-after-effect", "operation": "deliverOrderV2", "seconds": 0.5, "probability": 0.08},
    {"kind": "timeout-after-effect", "operation": "payOrder", "seconds": 0.5, "probability": 0.08},
    {"kind": "timeout-after-effect", "operation": "cancelOrder", "seconds": 0.5, "probability": 0.08},
    {"kind": "timeout-after-effect", "operation": "updateOrder", "seconds": 0.5, "probability": 0.08},
    {"kind": "http", "operation": "getPackingSlipsByOrder", "status": 503, "probability": 0.05},
    {"kind": "truncated", "operation": "getOrders", "probability": 0.1},
    {"kind": "truncated", "operation": "getPackingSlips", "probability": 0.1},
    {"kind": "not-xml", "operation": "findRelationV2", "probability": 0.04},
    {"kind": "webhook-doubled", "probability": 0.1},
    {"kind": "webhook-reordered", "probability": 0.1},
    {"kind": "webhook-lost", "probability": 0.05},
)
