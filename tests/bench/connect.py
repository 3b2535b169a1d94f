"""A shop is connected for the first time: `python -m tests.bench.connect --articles 50000`.

The log is empty. Of Bol's offers most are right already, some show another number, some are managed by Bol, some sell
what Mplus does not know; some articles have no offer. The bridge must read both vendors once, match, and push the
differences and nothing else; started a second time it must push nothing. The vendors' books judge. Exit code 1:
something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import httpx
from rich.console import Console

from connectors.bol.simulator.records import Offer
from connectors.mplus.simulator.articles import GeneratedArticle, ean13
from tests.bench.stand import Stand, Vendors, cost, own_cost, stand, stopped
from tests.bench.telling import table_of, tell

OTHER_NUMBER, BOL_COUNTS, NO_OFFER, NO_ARTICLE = 0.05, 0.01, 0.02, 0.01
"""Shares of the articles: offered with another number, offered without `managedByRetailer`, not offered; and as many
offers of what Mplus does not have."""
PATIENCE = 3_600.0


class Opening(NamedTuple):
    """What there is at Bol when the bridge starts for the first time."""

    offers: int
    wrong: list[tuple[Offer, int]]
    """Those that are to be pushed, with their article."""
    without_article: int
    without_offer: int


def open_shop(vendors: Vendors, seed: int) -> Opening:
    """Puts the offers in."""
    chance = Random(seed + 4)
    wrong: list[tuple[Offer, int]] = []
    without_offer = 0
    for article in vendors.range:
        drawn, due = chance.random(), vendors.due(article.article_number)
        if drawn < NO_OFFER:
            without_offer += 1
        elif drawn < NO_OFFER + OTHER_NUMBER:
            wrong.append((vendors.offer(article, due + chance.randint(1, 9)), article.article_number))
        elif drawn < NO_OFFER + OTHER_NUMBER + BOL_COUNTS:
            wrong.append((vendors.offer(article, due, managed=False), article.article_number))
        else:
            vendors.offer(article, due)
    strangers = max(1, round(len(vendors.range) * NO_ARTICLE))
    for number in range(strangers):
        vendors.offer(_stranger(number), chance.randint(0, 20))
    return Opening(len(vendors.bol.books.offers), wrong, strangers, without_offer)


def _stranger(number: int) -> GeneratedArticle:
    return GeneratedArticle(
        article_number=5_000_000 + number,
        product_number=5_000_000 + number,
        plu=f"elders-{number}",
        description=f"Van een andere kassa {number}",
        product_description="Van een andere kassa",
        ean=ean13(f"879{number:09d}"),
        price_cents=1_995,
        purchase_cents=900,
        vat_code=2,
        opening_stock=0,
    )


async def first_connect(on: Stand, opening: Opening) -> dict[str, Any]:
    """From the start of the bridge until all is at rest: the figures, and what is wrong."""
    vendors, loop = on.vendors, asyncio.get_running_loop()
    for simulator in (vendors.bol, vendors.mplus):
        simulator.calls.clear()
    began = loop.time()
    await on.child.start()
    left = list(opening.wrong)
    times: dict[str, float] = {}
    told = began
    listed: tuple[int, float] = (-1, began)

    def done() -> bool:
        nonlocal left, told, listed
        now = loop.time()
        calls = vendors.calls()
        left = [(offer, article) for offer, article in left if not _right(vendors, offer, article)]
        if calls.get("mplus getStock", 0) and "stock_read_after" not in times:
            times["stock_read_after"] = now - began
        pages = calls.get("bol list-offers", 0)
        if pages != listed[0]:
            listed = (pages, now)
            times["last_page_of_offers_after"] = now - began
        if now - told > 10:
            told = now
            on.say.print(
                f"{now - began:6.0f} s  {calls.get('mplus getProducts', 0)} pages of articles, {pages} of offers, "
                f"{calls.get('mplus getStock', 0)} getStock, {calls.get('bol write-offer', 0)} pushes, "
                f"{cost(on.child.pid).rss_mb:.0f} MB"
            )
        return not left

    progress: dict[str, list[int]] = {}
    watching = asyncio.create_task(_progress(on, progress))
    try:
        await on.until(done, PATIENCE, "every offer as Mplus has it")
        times["every_offer_right_after"] = loop.time() - began
        rest = await on.at_rest()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    times["at_rest_after"] = times["every_offer_right_after"] + rest
    calls, costs = vendors.calls(), cost(on.child.pid)
    wrong = [
        *await stopped(on),
        *(f"{name}: {count}" for name, count in calls.items() if ":" in name),
        *_differences(vendors),
    ]
    pushes = calls.get("bol write-offer", 0)
    if pushes != len(opening.wrong):
        wrong.append(f"{pushes} pushes for {len(opening.wrong)} differences")
    return {
        "articles": len(vendors.range),
        "offers": opening.offers,
        "offers_that_differ": len(opening.wrong),
        "offers_without_article": opening.without_article,
        "articles_without_offer": opening.without_offer,
        **{name: round(seconds, 1) for name, seconds in times.items()},
        "calls": calls,
        "records_applied": await on.applied(),
        "told_while_it_went_on": {
            name: f"{len(found)} times, at last {found[-1]}" for name, found in progress.items() if found
        },
        "bridge_cpu_seconds": round(costs.cpu_seconds, 1),
        "bridge_mb_at_rest": round(costs.rss_mb),
        "bridge_mb_most": round(costs.most_mb),
        "vendors_cpu_seconds": round(own_cost().cpu_seconds, 1),
        "wrong": wrong,
    }


async def _progress(on: Stand, told: dict[str, list[int]]) -> None:
    """What a person sees of it, each other number that was shown."""
    async with httpx.AsyncClient(timeout=30.0) as http:
        while True:
            try:
                rows = (await http.get(f"{on.vendors.bridge}/api/connections")).json()
            except httpx.HTTPError:
                rows = []
            for sweep in (one for row in rows for one in row["shown"].get("sweeps", ())):
                found = told.setdefault(sweep["name"], [])
                if sweep.get("so_far", 0) and found[-1:] != [sweep["so_far"]]:
                    found.append(sweep["so_far"])
            await asyncio.sleep(1.0)


async def second_start(on: Stand, watch: float) -> dict[str, Any]:
    """Stopped, started, and looked at for so many seconds: nothing is to be pushed, nor read anew."""
    vendors, loop = on.vendors, asyncio.get_running_loop()
    await on.child.stop()
    for simulator in (vendors.bol, vendors.mplus):
        simulator.calls.clear()
    began = loop.time()
    await on.child.start()
    ready = loop.time() - began
    at_start = cost(on.child.pid)
    await asyncio.sleep(watch)
    calls = vendors.calls()
    found = {name: calls.get(name, 0) for name in ("bol write-offer", "mplus getProducts", "bol list-offers")}
    # What moved since the cursor is asked for at each look; where other branches move more, that is nothing.
    found["mplus getStock"] = max(
        0, calls.get("mplus getStock", 0) - calls.get("mplus getCurrentSyncMarkers", 0)
    )
    return {
        "ready_after": round(ready, 1),
        "mb_at_start": round(at_start.rss_mb),
        "mb_at_rest": round(cost(on.child.pid).rss_mb),
        "calls": calls,
        "wrong": [f"second start: {name} {count} times" for name, count in found.items() if count],
    }


def _right(vendors: Vendors, offer: Offer, article: int) -> bool:
    return offer.amount == vendors.due(article) and offer.managed


def _differences(vendors: Vendors) -> list[str]:
    numbers = {article.ean: article.article_number for article in vendors.range}
    found = [
        f"offer {offer.offer_id}: Bol has {offer.amount}, the books say {vendors.due(numbers[offer.ean])}"
        for offer in vendors.bol.books.offers.values()
        if offer.ean in numbers and not _right(vendors, offer, numbers[offer.ean])
    ]
    return [*found[:5], *([f"and {len(found) - 5} offers more"] if len(found) > 5 else [])]


class Asked(NamedTuple):
    """What the command was asked."""

    articles: int
    seed: int
    watch: float


async def run(asked: Asked, say: Console) -> dict[str, Any]:
    """The whole of it. Raises BridgeFailed."""
    async with stand(asked.seed, asked.articles, say) as on:
        opening = open_shop(on.vendors, asked.seed)
        first = await first_connect(on, opening)
        second = await second_start(on, asked.watch)
        wrong = [*first.pop("wrong"), *second.pop("wrong")]
        return {"first": first, "second": second, "wrong": wrong}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.connect", description=__doc__)
    parser.add_argument("--articles", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--watch", type=float, default=20.0, help="seconds that the second start is looked at"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    asked = Asked(given.articles, given.seed, given.watch)
    return tell(
        lambda console: run(asked, console),
        given.json,
        table_of("A first connect, measured here, now"),
    )


if __name__ == "__main__":
    sys.exit(main())
