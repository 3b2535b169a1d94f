"""The race for the last unit: `python -m tests.bench.race --rounds 1000 --seed 7`.

In each round an article has one unit left, at the till and at Bol. Somebody buys it at the counter and a Bol customer
orders it, within a second of each other; in some rounds only one of them comes. Many rounds run at a time, each with an
article of its own. Judged by the vendors' diaries (tests/bench/last_unit.py). Exit code 1: a unit was sold at Bol of
which the bridge could have known that it was gone, or the books do not agree at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from rich.console import Console

from app.demo.freshness import measured
from app.demo.run import PREFIX
from connectors.bol.simulator.config import LIMITS
from connectors.bol.simulator.records import Offer
from connectors.mplus.simulator import generate_articles
from tests.bench.last_unit import Race, Round, Shown, judged
from tests.bench.stand import Stand, Vendors, cost, own_cost, stand, stopped, told
from tests.bench.telling import table_of, tell

ONLY_TILL, ONLY_BOL = 0.1, 0.1
"""Shares of the rounds in which the other one does not come."""
WITHIN = 1.0
"""Seconds between the two, at most."""
TILLS = 8
NO_GUARD = """
[connections.demo.guards]
off = ["negative"]
"""
"""Of nearly half the articles more is sold than there was, within minutes: here that is the race, and no mistake."""
PATIENCE = 300.0


class Asked(NamedTuple):
    """What the command was asked."""

    rounds: int
    seed: int
    rate: float
    grace: float


class Course:
    """The rounds as they are run: what is due when, and what came of it."""

    def __init__(self, vendors: Vendors, offers: Sequence[tuple[Offer, int]], asked: Asked) -> None:
        chance = Random(asked.seed + 6)
        self._vendors = vendors
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self.rounds = [Round(offer.offer_id) for offer, _ in offers]
        self.orders: dict[str, int] = {}
        """The place of the round by Bol's order id."""
        self.late: list[float] = []
        """Milliseconds by which the driver itself was late."""
        for place, (offer, article) in enumerate(offers):
            drawn, begins = chance.random(), place / asked.rate
            gap = chance.uniform(-WITHIN, WITHIN)
            till, bol = max(0.0, -gap), max(0.0, gap)
            if drawn >= ONLY_BOL:
                self._enter(begins + till, lambda place=place, article=article: self._sell(place, article))  # type: ignore[misc]  # mypy has no type for a lambda's default
            if drawn < ONLY_BOL or drawn >= ONLY_BOL + ONLY_TILL:
                self._enter(begins + bol, lambda place=place, offer=offer: self._order(place, offer))  # type: ignore[misc]  # likewise

    def _enter(self, at: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, len(self._due), act))

    def _sell(self, place: int, article: int) -> None:
        self._vendors.sell(article)
        sold_at = self._vendors.mplus.books.till.sessions[-1].at
        self.rounds[place] = self.rounds[place]._replace(sold_at=sold_at)

    def _order(self, place: int, offer: Offer) -> None:
        placed = self._vendors.order(offer)
        now = self._vendors.bol.books.clock()
        if placed is None:
            self.rounds[place] = self.rounds[place]._replace(refused_at=now)
        else:
            self.rounds[place] = self.rounds[place]._replace(ordered_at=placed.placed)
            self.orders[placed.order_id] = place

    async def run(self) -> None:
        """Each in its moment."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self._due:
            due, _, act = heapq.heappop(self._due)
            await asyncio.sleep(max(0.0, began + due - loop.time()))
            self.late.append((loop.time() - began - due) * 1000)
            act()

    def judged(self, grace: float) -> Race:
        """By the diaries."""
        books = self._vendors.bol.books
        for order in self._vendors.mplus.books.orders.all():
            known = self.orders.get(order.ext_order_id.removeprefix(PREFIX))
            if known is not None:
                self.rounds[known] = self.rounds[known]._replace(booked_at=order.entered_at)
        diary = [
            Shown(one.at, one.offer.offer_id, one.on_sale, one.cause == "patch") for one in books.changes
        ]
        writes = [one.at for one in diary if one.pushed]
        return judged(self.rounds, diary, writes, LIMITS["write-offer"][0], grace)


async def run(asked: Asked, say: Console) -> dict[str, Any]:
    """The whole of it. Raises BridgeFailed."""
    articles = tuple(replace(one, opening_stock=1) for one in generate_articles(asked.seed, asked.rounds))
    async with stand(asked.seed, articles, say, tills=TILLS, more=NO_GUARD) as on:
        vendors = on.vendors
        offers = [(vendors.offer(article, 1), article.article_number) for article in articles]
        await on.child.start()
        await on.until(lambda: _ready(vendors), PATIENCE, "a first round and a subscription")
        await on.at_rest()
        say.print(f"{asked.rounds} rounds, {asked.rate:g} begin each second")
        before, own = cost(on.child.pid), own_cost()
        for simulator in (vendors.bol, vendors.mplus):
            simulator.calls.clear()
        course = Course(vendors, offers, asked)
        loop = asyncio.get_running_loop()
        began, began_at = loop.time(), vendors.bol.books.clock()
        await course.run()
        took = loop.time() - began
        after, own_after = cost(on.child.pid), own_cost()
        await on.at_rest(seconds=PATIENCE)
        race, calls = course.judged(asked.grace), vendors.calls()
        return {
            "rounds": asked.rounds,
            "seconds": round(took, 1),
            "fates": dict(race.fates),
            "oversold": race.oversold,
            "oversold_knowable": race.fates.get("knowable", 0),
            "oversold_not_knowable_till_first": race.fates.get("not-knowable", 0),
            "oversold_not_knowable_bol_first": race.fates.get("till-last", 0),
            "of_these_in_mplus_when_the_till_sold_it": race.seen_in_mplus,
            "ordered_after_the_sale": dict(race.after_the_sale),
            "still_shown_ms": told(race.still_shown),
            "webhook_answered_ms": told(vendors.webhooks_took(began_at)),
            "driver_late_ms": told(measured(course.late, 0)),
            "calls": calls,
            "bridge_cores": round((after.cpu_seconds - before.cpu_seconds) / took, 2),
            "vendors_and_driver_cores": round((own_after.cpu_seconds - own.cpu_seconds) / took, 2),
            "wrong": [*await stopped(on), *race.knowable, *_differences(on, course, calls)],
        }


def _ready(vendors: Vendors) -> bool:
    subscribed = any(one.enabled for one in vendors.bol.books.subscriptions.values())
    return subscribed and bool(vendors.bol.calls["list-offers"]) and bool(vendors.mplus.calls["getStock"])


def _differences(on: Stand, course: Course, calls: dict[str, int]) -> list[str]:
    vendors = on.vendors
    wrong = [f"{name}: {count}" for name, count in calls.items() if ":" in name]
    showing = [offer for offer in vendors.bol.books.offers.values() if offer.amount]
    if showing:
        wrong.append(f"{len(showing)} offers show what is gone, {showing[0].offer_id} for one")
    booked = {order.ext_order_id.removeprefix(PREFIX) for order in vendors.mplus.books.orders.all()}
    missing = set(course.orders) - booked
    if missing:
        wrong.append(f"{len(missing)} Bol orders are not in Mplus")
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=5.0, help="rounds that begin each second")
    parser.add_argument(
        "--grace", type=float, default=0.5, help="seconds after a sale from which on it could be known at Bol"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    asked = Asked(given.rounds, given.seed, given.rate, given.grace)
    return tell(
        lambda console: run(asked, console),
        given.json,
        table_of("The race for the last unit, measured here, now"),
    )


if __name__ == "__main__":
    sys.exit(main())
