"""A stop of a day: so many orders at once. `python -m tests.bench.orders --orders 10000`.

Both simulators in this process, the bridge in one of its own. The bridge does its first round, is stopped, and is told
that it last read Bol's orders a day ago; a day's orders are placed at Bol; the bridge is started and has to have each
of them in Mplus exactly once. The vendors' books say whether; Bol's counts say at what pace; /proc says with what
memory. Exit code 1: something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace as with_fields
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from app.demo.child import BridgeFailed, Child
from app.demo.market import shop_in_mplus
from app.demo.run import PREFIX, free_port, settings_text
from app.server import Server, listen
from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator import create_app as create_bol
from connectors.bol.simulator.app import BolSimulator
from connectors.bol.simulator.config import LIMITS
from connectors.bol.simulator.generator import Customer, customer
from connectors.bol.simulator.wishes import ItemWish, OrderWish
from connectors.mplus.simulator import create_app as create_mplus
from connectors.mplus.simulator import generate_articles
from connectors.mplus.simulator.app import MplusSimulator
from streams.sweeps.state import Connection
from streams.vocabulary.time import SHOP_ZONE, system_clock
from tests.bench.stand import cost, sweeps_changed
from tests.bench.telling import tell

ARTICLES = 200
FIRST_ROUND = 60.0
REPEATED = 0.15
"""Share of orders of somebody who has ordered before."""
BUSINESS = 0.1
BY_BOL = 0.03
"""Share of orders that Bol sends itself."""
DAYS = 5
"""Over so many days the latest deliveries are spread, whenever an order was placed."""
STOPPED = timedelta(hours=22)
PATIENCE = 2_400.0
STILL = 300.0
"""Seconds without a new order in Mplus after which waiting is over."""


class Second(NamedTuple):
    """How it stood, one second of the run."""

    at: float
    booked: int
    fetched: int
    listed: int
    rss_mb: float


class Placed(NamedTuple):
    """What was ordered."""

    orders: dict[str, int]
    """Days from today to the latest delivery, by order id."""
    persons: int


class Shifted:
    """The vendors' clock: behind, while a day's orders are placed."""

    def __init__(self) -> None:
        self.behind = timedelta(0)

    def __call__(self) -> datetime:
        return system_clock() - self.behind


class Vendors:
    """Both simulators on free ports."""

    def __init__(self, seed: int, limits: float, stack: AsyncExitStack) -> None:
        self.clock = Shifted()
        self.range = generate_articles(seed, ARTICLES)
        self._stack = stack
        mplus = create_mplus(
            with_fields(
                shop_in_mplus(tuple(with_fields(one, opening_stock=100_000) for one in self.range)),
                idempotency_keys_kept=100_000,
            ),
            clock=self.clock,
            sleep=asyncio.sleep,
            rng=Random(seed + 1),
        )
        scaled = {name: (round(calls * limits), length) for name, (calls, length) in LIMITS.items()}
        bol = create_bol(
            BolSimulatorConfig(limits=scaled, push_tries=1),
            clock=self.clock,
            sleep=asyncio.sleep,
            rng=Random(seed + 2),
        )
        self._apps = (bol, mplus)
        self.bol: BolSimulator = bol.state.simulator
        self.mplus: MplusSimulator = mplus.state.simulator
        self.bol_url = self.mplus_url = ""
        self.offers = [
            self.bol.books.add_offer(one.ean, 900, one.plu, one.price_cents, True, "FBR", one.description)
            for one in self.range
        ]

    async def open(self) -> None:
        """From now on they answer."""
        urls = []
        for app in self._apps:
            server = await self._stack.enter_async_context(Server(app, listen("127.0.0.1", 0)))
            self._stack.push_async_callback(app.state.simulator.aclose)
            urls.append(f"http://127.0.0.1:{server.port}")
        self.bol_url, self.mplus_url = urls

    def place(self, count: int, seed: int) -> Placed:
        """A day's orders, the last of them now."""
        chance, books = Random(seed + 3), self.bol.books
        today = system_clock().astimezone(SHOP_ZONE).date()
        persons: list[Customer] = []
        orders: dict[str, int] = {}
        for number in range(count):
            self.clock.behind = STOPPED * ((count - number) / count)
            if persons and chance.random() < REPEATED:
                person = chance.choice(persons)
            else:
                person = _person(chance, len(persons))
                persons.append(person)
            days = chance.randrange(DAYS)
            offers = chance.sample(self.offers, chance.choice((1, 1, 2)))
            lines = [
                ItemWish(
                    offer_id=one.offer_id, quantity=chance.randint(1, 2), latest=today + timedelta(days=days)
                )
                for one in offers
            ]
            method = "FBB" if chance.random() < BY_BOL else "FBR"
            placed = books.place_order(lines, True, method, OrderWish(person=person))  # type: ignore[arg-type]  # mypy takes the choice for a str
            orders[placed.order_id] = days
        self.clock.behind = timedelta(0)
        books.events.clear()  # whoever is stopped hears no pushes
        return Placed(orders, len(persons))

    def booked(self) -> dict[str, int]:
        """How often each order of ours is in Mplus, by Bol's id."""
        ids = (order.ext_order_id.removeprefix(PREFIX) for order in self.mplus.books.orders.all())
        return Counter(one.removesuffix("-FBB") for one in ids)


def _person(chance: Random, number: int) -> Customer:
    """Somebody whom nobody else is taken for: the simulator's streets are few."""
    made = customer(chance, f"C{number}", business=chance.random() < BUSINESS, odd=False)
    # A company is known by its name at its address too, and the simulator has three names.
    company = f"{made.company} {_letters(number)}" if made.company else ""
    return with_fields(made, surname=f"{made.surname} {_letters(number)}", company=company)


def _letters(number: int) -> str:
    letters = ""
    while True:
        number, place = divmod(number, 26)
        letters += chr(ord("a") + place)
        if not number:
            return letters


def _a_day_ago(state: Connection) -> Connection:
    """The bridge last read Bol's orders a day ago, its rows say from now on."""
    since = (system_clock() - STOPPED - timedelta(hours=1)).isoformat()
    known = state.sweep("bol-orders")
    return replace(state, sweeps={**state.sweeps, "bol-orders": replace(known, cursor=since)})


class Asked(NamedTuple):
    """What the command was asked."""

    orders: int
    seed: int
    limits: float
    kill: bool
    keep: str


async def run(asked: Asked, tell: Console) -> dict[str, Any]:
    """The whole of it; the figures and what is wrong. Raises BridgeFailed."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="kassabrug-orders-") as folder:
        home = Path(asked.keep or folder)
        async with AsyncExitStack() as stack:
            vendors = Vendors(asked.seed, asked.limits, stack)
            await vendors.open()
            config = home / "kassabrug.toml"
            config.write_text(settings_text(vendors, port, address))
            child = Child(config, home / "bridge.log", address)
            try:
                await child.start()
                await _first_round(vendors, child)
                await child.stop()
                await sweeps_changed(home / "log.db", _a_day_ago)
                placed = vendors.place(asked.orders, asked.seed)
                tell.print(
                    f"{len(placed.orders)} orders of {placed.persons} persons are placed; the bridge starts"
                )
                vendors.bol.calls.clear()
                vendors.mplus.calls.clear()
                return await _measured(asked, vendors, placed, child, tell)
            finally:
                await child.stop()


async def _first_round(vendors: Vendors, child: Child) -> None:
    """Every offer got its number, so articles and offers are known."""
    ends = asyncio.get_running_loop().time() + FIRST_ROUND
    while any(offer.amount < 999 for offer in vendors.bol.books.offers.values()):
        if asyncio.get_running_loop().time() > ends:
            raise BridgeFailed(f"no first round within {FIRST_ROUND:.0f} seconds:\n{child.last_words()}")
        await asyncio.sleep(0.25)


async def _measured(
    asked: Asked, vendors: Vendors, placed: Placed, child: Child, tell: Console
) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    began, began_at = loop.time(), system_clock()
    await child.start()
    seconds: list[Second] = []
    killed, last, since = False, -1, loop.time()
    while True:
        booked = len(vendors.mplus.books.orders)
        calls = vendors.bol.calls
        now = loop.time()
        seconds.append(
            Second(now - began, booked, calls["get-order"], calls["list-orders"], cost(child.pid).rss_mb)
        )
        if len(seconds) % 20 == 0:
            tell.print(
                f"{now - began:6.0f} s  {booked:6} in Mplus, {calls['get-order']} read, {seconds[-1].rss_mb:.0f} MB"
            )
        if booked != last:
            last, since = booked, now
        if booked >= len(placed.orders) or now - since > STILL or now - began > PATIENCE:
            break
        if asked.kill and not killed and booked >= len(placed.orders) // 3:
            killed = True
            await child.kill()
            await child.start()
        await asyncio.sleep(1.0)
    took = loop.time() - began
    calls_then = Counter(vendors.bol.calls)
    await asyncio.sleep(10.0)  # what is doubled comes late
    if child.ended:
        raise BridgeFailed(f"the bridge ended by itself:\n{child.last_words()}")
    seconds.append(Second(loop.time() - began, len(vendors.mplus.books.orders), 0, 0, cost(child.pid).rss_mb))
    return _figures(asked, vendors, placed, seconds, took, began_at, calls_then)


def _figures(
    asked: Asked,
    vendors: Vendors,
    placed: Placed,
    seconds: Sequence[Second],
    took: float,
    began: datetime,
    calls: Counter[str],
) -> dict[str, Any]:
    booked = vendors.booked()
    creates = vendors.mplus.calls["createOrderV3"]
    relations = len(vendors.mplus.books.relations.all())
    missing = [one for one in placed.orders if not booked.get(one)]
    doubled = [one for one, times in booked.items() if times > 1]
    wrong = []
    if missing:
        wrong.append(f"{len(missing)} orders are not in Mplus, {missing[0]} for one")
    if doubled:
        wrong.append(f"{len(doubled)} orders are in Mplus more than once, {doubled[0]} for one")
    if relations != placed.persons:
        wrong.append(f"{relations} relations for {placed.persons} persons")
    if creates != len(placed.orders) and not asked.kill:
        wrong.append(f"{creates} createOrderV3 calls for {len(placed.orders)} orders")
    rss = [one.rss_mb for one in seconds if one.rss_mb]
    made = {
        order.ext_order_id.removeprefix(PREFIX).removesuffix("-FBB"): (
            order.entered_at - began
        ).total_seconds()
        for order in vendors.mplus.books.orders.all()
    }
    by_day: dict[int, list[float]] = {}
    for order_id, days in placed.orders.items():
        if order_id in made:
            by_day.setdefault(days, []).append(made[order_id])
    first = next((one.at for one in seconds if one.booked), took)
    per_minute = [
        sum(1 for at in made.values() if minute * 60 <= at < minute * 60 + 60)
        for minute in range(int(took // 60) + 1)
    ]
    return {
        "orders": len(placed.orders),
        "persons": placed.persons,
        "seconds": round(took, 1),
        "orders_per_second": round(len(booked) / took, 2),
        "first_booked_after_seconds": round(first, 1),
        "booked_per_minute": per_minute,
        "get_order_calls": calls["get-order"],
        "get_order_per_second": round(calls["get-order"] / took, 2),
        "get_order_429": calls["get-order:429"],
        "list_calls": calls["list-orders"],
        "list_per_minute": round(calls["list-orders"] / took * 60, 1),
        "list_429": calls["list-orders:429"],
        "create_order_calls": creates,
        "relations": relations,
        "mplus_calls": dict(vendors.mplus.calls.most_common()),
        "rss_mb_start": round(rss[0]),
        "rss_mb_half": round(rss[len(rss) // 2]),
        "rss_mb_most": round(max(rss)),
        "rss_mb_end": round(rss[-1]),
        "booked_at_median_by_days_left": {
            str(days): round(statistics.median(at), 1) for days, at in sorted(by_day.items())
        },
        "in_order_of_deadline": _in_order(placed, made),
        "wrong": wrong,
    }


def _in_order(placed: Placed, made: dict[str, float]) -> float:
    """Of pairs of orders with deadlines on different days: the share of which the nearer one was booked first. A half
    is chance."""
    chance, known = Random(1), [one for one in placed.orders if one in made]
    right = pairs = 0
    if len(known) < 2:
        return 0.0
    for _ in range(100_000):
        one, other = chance.choice(known), chance.choice(known)
        if placed.orders[one] != placed.orders[other]:
            pairs += 1
            right += (placed.orders[one] < placed.orders[other]) == (made[one] < made[other])
    return round(right / max(1, pairs), 3)


def _shown(figures: dict[str, Any]) -> Table:
    table = Table("what", "figure", title="A stop of a day, measured here, now", title_justify="left")
    for name, figure in figures.items():
        table.add_row(name.replace("_", " "), str(figure))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.orders", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--limits", type=float, default=1.0, help="Bol's limits, times this")
    parser.add_argument("--kill", action="store_true", help="kill -9 when a third is booked, start again")
    parser.add_argument("--keep", default="", help="an empty folder for the bridge's files, which stay there")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    asked = Asked(given.orders, given.seed, given.limits, given.kill, given.keep)
    return tell(lambda console: run(asked, console), given.json, _shown)


if __name__ == "__main__":
    sys.exit(main())
