"""The flows alone on the embedded log, with vendors that answer at once: `python -m tests.bench.flows WHAT FOLDER`.

`stock N`: N readings over 1,000 articles on sale, each followed by a push. `fill N`: N articles, their stock, and an
offer for each tenth. `start`: opens what `fill` made. Each prints one JSON line.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import uvloop

from app.composition import FLOWS
from streams.alarms import Alarms
from streams.catalogue.rules import CatalogueRules
from streams.codec import fact_headers, message_draft
from streams.delivery import Delivery
from streams.effects import EffectRunner
from streams.follower import FlowFollower
from streams.guards.rules import GuardRules
from streams.log.base import Draft, Subscription, TopicPartition
from streams.log.embedded import EmbeddedLog
from streams.log.host import FaustHost
from streams.observer import Observer
from streams.orders.rules import KindRules, OrderRules
from streams.returns.rules import ReturnRules
from streams.stock.rules import StockRules
from streams.sweeps.rules import SweepRules
from streams.topics import TOPICS, inbox_topic, rows_topic
from streams.vocabulary.effects import Effect, Execution, PushOffer, ReadStock
from streams.vocabulary.events import (
    ArticleSeen,
    Code,
    Message,
    OfferObserved,
    OfferPushed,
    OfferSeen,
    StockAnswered,
    StockRead,
)
from streams.vocabulary.outcomes import NotSent
from streams.vocabulary.stock_reading import Reading
from streams.vocabulary.time import system_clock

RULES: dict[str, Any] = {
    "catalogue": CatalogueRules(),
    "stock": StockRules(branches=(1,)),
    "customers": (),
    "orders": OrderRules(kinds={"FBR": KindRules(branch_number=1)}),
    "returns": ReturnRules(),
    "guards": GuardRules(),
    "sweeps": SweepRules(branches=(1,)),
}
BATCH = 500


class Vendor:
    """Answers at once."""

    async def execute(self, connection: str, effect: Effect, repeated: bool) -> Execution:
        """See streams/vocabulary/effects.py."""
        now = system_clock()
        outcome: Any = NotSent(why="not in this bench", retry_after=3600.0)
        if isinstance(effect, PushOffer):
            outcome = OfferPushed(offer_id=effect.offer_id, amount=effect.amount)
        elif isinstance(effect, ReadStock):
            outcome = StockAnswered(readings=(reading(effect.article_number, 5, 1, now),))
        return Execution(outcome=outcome, asked_at=now, answered_at=now)


class Counting(Observer):
    """Counts what was applied."""

    def __init__(self) -> None:
        self.count: dict[str, int] = {}

    def applied(self, flow: str, records: int) -> None:
        """See Observer."""
        self.count[flow] = self.count.get(flow, 0) + records


def reading(article: int, free: int, marker: int, at: datetime) -> Reading:
    """A reading of one branch."""
    return Reading(
        article_number=article,
        branch=1,
        free=Decimal(free),
        reserved=Decimal(0),
        incoming=Decimal(0),
        marker=marker,
        asked_at=at,
        answered_at=at,
    )


class Bench:
    """A log and the host on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counting = Counting()

    async def open(self) -> float:
        """Opens it; the seconds until every row is there."""
        began = time.perf_counter()
        self.log = await EmbeddedLog.open(
            self.folder / "log.db", TOPICS, clock=system_clock, sleep=asyncio.sleep
        )
        vendor = Vendor()
        self.effects = EffectRunner(
            {"bol": vendor, "mplus": vendor}, self.log, self.counting, system_clock, asyncio.sleep
        )
        alarms = Alarms(self.log, self.counting, system_clock, asyncio.sleep)
        subscriptions = [
            Subscription(
                flow.name,
                inbox_topic(flow.name),
                Delivery(
                    flow,
                    lambda connection, name=flow.name: RULES[name],
                    FlowFollower(flow.name, self.effects, alarms),
                    self.counting,
                    asyncio.sleep,
                ),
                rows_topic(flow.name),
            )
            for flow in FLOWS
        ]
        self.host = FaustHost(self.log, subscriptions)
        await self.host.start()
        return time.perf_counter() - began

    async def close(self) -> None:
        """Ends it."""
        await self.host.stop()
        await self.effects.stop()
        await self.log.close()

    async def send(self, messages: list[Message]) -> None:
        """Into the inboxes."""
        headers = fact_headers("shop", "bench")
        for start in range(0, len(messages), BATCH):
            drafts: list[Draft] = [
                message_draft(message, "shop", headers) for message in messages[start : start + BATCH]
            ]
            await self.log.append(drafts)

    async def quiet(self) -> None:
        """Until every inbox is applied and no effect waits."""
        places = [TopicPartition(inbox_topic(flow.name), number) for flow in FLOWS for number in range(4)]
        changed = asyncio.Event()
        forget = self.log.listen(changed.set)
        while self.effects.waiting or any(
            self.log.end(at) > (self.log.committed("kassabrug", at) or 0) for at in places
        ):
            changed.clear()
            await changed.wait()
        forget()


async def stock(bench: Bench, count: int) -> dict[str, float]:
    """Readings and their pushes through the stock flow."""
    now = system_clock()
    await bench.open()
    articles = range(1, 1001)
    await bench.send(
        [
            Message(
                flow="stock",
                entity=str(article),
                event=OfferObserved(
                    offer_id=f"o{article}", ean="", amount=5, managed_by_retailer=True, read_at=now
                ),
            )
            for article in articles
        ]
    )
    await bench.quiet()
    before = bench.counting.count["stock"]
    began = time.perf_counter()
    messages = [
        Message(
            flow="stock",
            entity=str(1 + number % 1000),
            event=StockRead(reading=reading(1 + number % 1000, number % 97, 2 + number, system_clock())),
        )
        for number in range(count)
    ]
    made = time.perf_counter() - began
    await bench.send(messages)
    await bench.quiet()
    took = time.perf_counter() - began - made
    events = bench.counting.count["stock"] - before
    await bench.close()
    return {"readings": count, "events": events, "seconds": took, "events_per_second": events / took}


async def fill(bench: Bench, count: int) -> dict[str, float]:
    """Articles, their stock, and an offer for each tenth."""
    await bench.open()
    began = time.perf_counter()
    now = system_clock()
    for start in range(1, count + 1, 5_000):
        messages: list[Message] = []
        for article in range(start, min(start + 5_000, count + 1)):
            ean = f"87{article:011d}"
            seen = ArticleSeen(
                article_number=article,
                description=f"Article {article} of the bench",
                codes=(Code(kind="ean", value=ean), Code(kind="sku", value=str(article))),
                marker=article,
            )
            messages.append(Message(flow="catalogue", entity=f"article/{article}", event=seen))
            read = StockRead(reading=reading(article, article % 50, article, now))
            messages.append(Message(flow="stock", entity=str(article), event=read))
            if article % 10 == 0:
                offer = OfferSeen(offer_id=f"o{article}", ean=ean, amount=1, read_at=now)
                messages.append(Message(flow="catalogue", entity=f"offer/o{article}", event=offer))
        await bench.send(messages)
    await bench.quiet()
    took = time.perf_counter() - began
    await bench.close()
    return {"articles": count, "seconds": took, "megabytes": megabytes()}


async def start(bench: Bench) -> dict[str, float]:
    """Start-up and memory with what is there."""
    empty = megabytes()
    took = await bench.open()
    await bench.close()
    return {"seconds": took, "megabytes": megabytes(), "megabytes_before": empty}


def megabytes() -> float:
    """The most memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main() -> None:
    """See the module's words."""
    bench = Bench(Path(sys.argv[-1]))
    match sys.argv[1:-1]:
        case ["stock", count]:
            told = await stock(bench, int(count))
        case ["fill", count]:
            told = await fill(bench, int(count))
        case _:
            told = await start(bench)
    print(orjson.dumps(told).decode())


if __name__ == "__main__":
    uvloop.run(main())
