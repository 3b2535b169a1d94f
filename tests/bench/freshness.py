"""How fast Bol's numbers follow the till: `python -m tests.bench.freshness --rates 10,100,500 --seconds 60`.

Till sales, refunds, corrections and a few Bol orders over 2,000 articles, at each rate in turn, with Bol's documented
limits in force (50 writes of offers a second). Both simulators and the driver are this process, the bridge is one of
its own; what share of the machine each took is told, and by how much the driver itself was late. A correction is heard
of by the markers only, so that it takes up to their interval. Exit code 1: the books do not agree when it is quiet
again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from app.demo.freshness import measured
from app.demo.market import SHOP
from app.demo.run import CAP
from connectors.bol.simulator.records import Offer
from tests.bench.following import Moved, followed
from tests.bench.stand import OWN_INTERVALS, Stand, Vendors, cost, own_cost, stand, stopped, told
from tests.bench.telling import tell

REFUNDS, CORRECTIONS = 0.12, 0.06
"""Shares of the movements; all others but Bol orders are till sales."""
ORDERS, MOST_ORDERS = 0.02, 2.0
"""Share of Bol orders, and how many a second at most: an order is some ten calls to Mplus, and not what is measured."""
TILLS = 64
NO_GUARDS = """
[connections.demo.guards]
off = ["zero", "negative"]
"""
"""At 500 movements a second some hundred of 2,000 articles sell out within minutes, and where the tills' pushes come
late a reading tells of it first: no shop is like that, and a stop is not what is measured."""
PATIENCE = 300.0
OURS = frozenset(("till-sale", "till-refund", "correction"))
"""Causes in Mplus's diary; what orders do to it is in Bol's."""


class Asked(NamedTuple):
    """What the command was asked."""

    rates: tuple[float, ...]
    seconds: float
    articles: int
    seed: int


class Day:
    """What moves."""

    def __init__(self, vendors: Vendors, offers: dict[int, Offer], chance: Random) -> None:
        self._vendors = vendors
        self._offers = offers
        self._chance = chance
        self._numbers = tuple(offers)
        self.count = 0
        self.late: list[float] = []

    async def run(self, rate: float, seconds: float) -> None:
        """So many movements a second, at random moments."""
        loop = asyncio.get_running_loop()
        began, due = loop.time(), 0.0
        orders = min(MOST_ORDERS, rate * ORDERS)
        while (due := due + self._chance.expovariate(rate)) < seconds:
            wait = began + due - loop.time()
            # A sleep gives the servers of this process their turn; a late driver gives them one too.
            await asyncio.sleep(max(0.0, wait))
            self.late.append(max(0.0, loop.time() - began - due) * 1000)
            self._one(orders / rate)
            self.count += 1

    def _one(self, orders: float) -> None:
        vendors, chance = self._vendors, self._chance
        article = chance.choice(self._numbers)
        drawn = chance.random()
        if drawn < orders:
            vendors.order(self._offers[article])
        elif drawn < orders + REFUNDS:
            vendors.sell(article, refund=True)
        elif drawn < orders + REFUNDS + CORRECTIONS:
            change = chance.choice((-2, -1, 1, 2, 5))
            vendors.correct(article, change if vendors.free(article) + change >= 0 else 1)
        else:
            # Nobody buys what is not on the shelf.
            for _ in range(20):
                if vendors.free(article) > 0:
                    break
                article = chance.choice(self._numbers)
            vendors.sell(article)


async def run(asked: Asked, say: Console) -> dict[str, Any]:
    """The whole of it. Raises BridgeFailed."""
    async with stand(asked.seed, asked.articles, say, tills=TILLS, more=NO_GUARDS) as on:
        vendors = on.vendors
        offers = {
            one.article_number: vendors.offer(one, vendors.due(one.article_number)) for one in vendors.range
        }
        await on.child.start()
        await on.until(lambda: _ready(vendors), PATIENCE, "a first round and a subscription")
        await on.at_rest()
        rates = {}
        for rate in asked.rates:
            say.print(f"{rate:g} movements a second for {asked.seconds:g} s")
            rates[f"{rate:g}"] = await _at(rate, on, offers, asked)
        wrong = await stopped(on)
        wrong += [f"at {rate}: {what}" for rate, one in rates.items() for what in one.pop("wrong")]
        markers = float(OWN_INTERVALS["markers"])
        return {"articles": asked.articles, "markers_every": markers, "rates": rates, "wrong": wrong}


def _ready(vendors: Vendors) -> bool:
    subscribed = any(one.enabled for one in vendors.bol.books.subscriptions.values())
    return subscribed and bool(vendors.bol.calls["list-offers"]) and bool(vendors.mplus.calls["getStock"])


async def _at(rate: float, on: Stand, offers: dict[int, Offer], asked: Asked) -> dict[str, Any]:
    vendors, loop = on.vendors, asyncio.get_running_loop()
    for simulator in (vendors.bol, vendors.mplus):
        simulator.calls.clear()
    vendors.webhooks.took.clear()
    opening = {number: vendors.free(number) for number in offers}
    day = Day(vendors, offers, Random(f"{asked.seed} {rate}"))
    behind: list[int] = []
    before, own = cost(on.child.pid), own_cost()
    began, began_at = loop.time(), vendors.bol.books.clock()
    watching = asyncio.create_task(_watch(vendors, offers, behind))
    try:
        await day.run(rate, asked.seconds)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    took = loop.time() - began
    after, own_after = cost(on.child.pid), own_cost()
    drained = await on.until(lambda: not _behind(vendors, offers), PATIENCE, "every number as the books say")
    rest = await on.at_rest(seconds=PATIENCE)
    movements, pushes = _diaries(vendors, offers, began_at)
    calls = vendors.calls()
    count = sum(len(one) for one in pushes.values())
    kinds = followed(movements, pushes, opening, CAP)
    everything = [one for one in kinds.values() if one.causes]
    late = sum(one.unchanged for one in kinds.values())
    return {
        "movements": dict(Counter(one.kind for one in movements)),
        "movements_per_second": round(day.count / took, 1),
        "freshness_ms": {kind: told(one) for kind, one in sorted(kinds.items())},
        "pushes": count,
        "pushes_per_movement": round(count / max(1, len(movements)), 3),
        "pushes_per_second": round(count / max(0.1, took + drained), 1),
        "offers_behind": {
            "half_of_the_time": sorted(behind)[len(behind) // 2] if behind else 0,
            "most": max(behind, default=0),
        },
        "drained_after": round(drained, 1),
        "at_rest_after": round(drained + rest, 1),
        "calls": calls,
        "bridge_cores": round((after.cpu_seconds - before.cpu_seconds) / took, 2),
        "vendors_and_driver_cores": round((own_after.cpu_seconds - own.cpu_seconds) / took, 2),
        "cores": os.cpu_count(),
        "webhook_answered_ms": told(vendors.webhooks_took(began_at)),
        "webhook_answered_once_sent_ms": told(measured(vendors.webhooks.took, 0)),
        "driver_late_ms": told(measured(day.late, 0)),
        "bridge_mb": round(after.rss_mb),
        "wrong": [
            *(f"{name}: {count}" for name, count in calls.items() if ":" in name),
            *([f"{late} movements were never followed"] if late else []),
            *([] if everything else ["nothing was followed at all"]),
        ],
    }


async def _watch(vendors: Vendors, offers: dict[int, Offer], behind: list[int]) -> None:
    while True:
        await asyncio.sleep(1.0)
        behind.append(_behind(vendors, offers))


def _behind(vendors: Vendors, offers: dict[int, Offer]) -> int:
    """Offers that do not show what the books say: those that wait for a push, or that it is heard of."""
    return sum(offer.amount != vendors.due(number) for number, offer in offers.items())


def _diaries(
    vendors: Vendors, offers: dict[int, Offer], since: datetime
) -> tuple[list[Moved], dict[int, list[tuple[datetime, int]]]]:
    """What moved, and what Bol was told, from then on."""
    movements = [
        Moved(one.at, one.article, one.cause, int(one.after - one.before))
        for one in vendors.mplus.books.stock.changes
        if one.at >= since and one.branch == SHOP and one.cause in OURS
    ]
    numbers = {offer.offer_id: number for number, offer in offers.items()}
    for order in vendors.bol.books.orders.values():
        if order.placed >= since:
            movements += [
                Moved(order.placed, numbers[item.offer.offer_id], "bol-order", -item.quantity)
                for item in order.items
            ]
    pushes: dict[int, list[tuple[datetime, int]]] = {}
    for change in vendors.bol.books.changes:
        if change.cause == "patch" and change.at >= since:
            pushes.setdefault(numbers[change.offer.offer_id], []).append((change.at, change.amount))
    return movements, pushes


def _shown(figures: dict[str, Any]) -> Table:
    table = Table("what", *figures["rates"], title="Freshness by movements a second", title_justify="left")
    table.caption = "\n".join(figures["wrong"]) or None
    columns = list(figures["rates"].values())
    for name in columns[0]:
        if name == "freshness_ms":
            for kind in sorted({kind for one in columns for kind in one[name]}):
                cells = [one[name].get(kind) for one in columns]
                table.add_row(
                    f"{kind}, p50 / p99 ms",
                    *(f"{one['p50']:.0f} / {one['p99']:.0f}" if one else "" for one in cells),
                )
        else:
            table.add_row(name.replace("_", " "), *(str(one[name]) for one in columns))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.freshness", description=__doc__)
    parser.add_argument("--rates", default="10,100,500", help="movements a second, one after the other")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each rate")
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    rates = tuple(float(one) for one in given.rates.split(","))
    return tell(
        lambda console: run(Asked(rates, given.seconds, given.articles, given.seed), console),
        given.json,
        _shown,
    )


if __name__ == "__main__":
    sys.exit(main())
