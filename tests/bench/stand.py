"""What the benches of stock stand on: both vendors' simulators in this process, the bridge in one of its own, and what
either costs, from /proc. The vendors' books are the truth; nobody here looks into the bridge while it runs."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter
from typing import NamedTuple

import httpx
import msgspec
from rich.console import Console

from app.demo.child import BridgeFailed, Child
from app.demo.freshness import Freshness, measured
from app.demo.market import SHOP, shop_in_mplus
from app.demo.run import CAP, free_port, settings_text
from app.server import Server, listen
from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator import create_app as create_bol
from connectors.bol.simulator.app import BolSimulator
from connectors.bol.simulator.config import LIMITS
from connectors.bol.simulator.records import NotDone, Offer, Order
from connectors.bol.simulator.wishes import ItemWish
from connectors.mplus.simulator import WebhookTarget, generate_articles
from connectors.mplus.simulator import create_app as create_mplus
from connectors.mplus.simulator.app import MplusSimulator
from connectors.mplus.simulator.articles import GeneratedArticle
from connectors.mplus.simulator.config import Branch, MplusSimulatorConfig, Workplace
from connectors.mplus.simulator.sessions import SaleLine
from connectors.transport import VendorHttp
from streams.codec import RowCodec
from streams.log.base import Draft, Record, TopicPartition
from streams.log.embedded import EmbeddedLog, Onlooker
from streams.log.rows import RecoveredRows
from streams.sweeps.state import Connection, Sweep
from streams.topics import ACTIVITY, TOPICS, rows_topic
from streams.vocabulary.activity import Activity, GuardShown
from streams.vocabulary.time import system_clock

TICKS = os.sysconf("SC_CLK_TCK")
LOOK = 0.25
"""Seconds between two looks at the books."""
OWN_INTERVALS: Mapping[str, str] = {
    "markers": "5",
    "bol_offers": "21600",
    "bol_returns": "900",
    "mplus_bulk_timeout": "600",
}
"""Settings of the demo that are otherwise here: nothing runs that a bench did not ask for."""
_read = msgspec.json.Decoder(Activity).decode


class Webhooks(VendorHttp):
    """What the simulators send pushes with: each answer's moment is noted, by the sale that the push told of."""

    def __init__(self) -> None:
        super().__init__(httpx.Timeout(10.0))
        self.answered: dict[str, datetime] = {}
        """By session: when the bridge said that it has it (it is on its disk then)."""
        self.took: list[float] = []
        """Milliseconds from when it was sent to that; what waited at its till for the one before is not in it."""

    async def send(self, request: httpx.Request, *, stream: bool = False, **more: object) -> httpx.Response:
        """See httpx.AsyncClient."""
        began = perf_counter()
        answer = await super().send(request, stream=stream, **more)
        if answer.status_code == 200 and request.url.path.endswith("Session"):
            session = msgspec.json.decode(request.content)["session"]["sessionId"]
            self.answered.setdefault(session, system_clock())
            self.took.append((perf_counter() - began) * 1000)
        return answer


class Vendors:
    """Both simulators on free ports, stocked with one range; offers are put in by who runs it."""

    def __init__(
        self,
        seed: int,
        articles: Sequence[GeneratedArticle],
        bridge: str,
        tills: int = 2,
        limits: Mapping[str, tuple[int, float]] = LIMITS,
    ) -> None:
        """`bridge`: its address, for the till's webhooks; each of the `tills` sends its own one after the other."""
        self.range = tuple(articles)
        self.tills = tills
        self.bridge = bridge
        self.webhooks = Webhooks()
        self._apps = (
            create_mplus(
                self._administration(),
                clock=system_clock,
                sleep=asyncio.sleep,
                rng=Random(seed + 1),
                client=self.webhooks,
            ),
            create_bol(
                BolSimulatorConfig(limits=dict(limits), push_pause=2.0, push_tries=30),
                clock=system_clock,
                sleep=asyncio.sleep,
                rng=Random(seed + 2),
                client=self.webhooks,
            ),
        )
        self.mplus: MplusSimulator = self._apps[0].state.simulator
        self.bol: BolSimulator = self._apps[1].state.simulator
        self.mplus_url = self.bol_url = ""
        self._turns = 0

    def _administration(self) -> MplusSimulatorConfig:
        shop = shop_in_mplus(self.range, WebhookTarget(url=f"{self.bridge}/webhooks/demo/mplus"))
        places = tuple(Workplace(number=number) for number in range(1, self.tills + 1))
        branches = tuple(
            replace(branch, workplaces=places) if branch.number == SHOP else branch
            for branch in shop.branches
        )
        assert isinstance(branches[0], Branch)
        return replace(shop, branches=branches, history_limit=400_000, record_limit=400_000)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """They answer as long as this is entered."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.webhooks.aclose)
            urls = []
            for app in self._apps:
                server = await stack.enter_async_context(Server(app, listen("127.0.0.1", 0)))
                stack.push_async_callback(app.state.simulator.aclose)
                urls.append(f"http://127.0.0.1:{server.port}")
            self.mplus_url, self.bol_url = urls
            yield

    def offer(self, article: GeneratedArticle, amount: int, managed: bool = True) -> Offer:
        """At Bol from now on."""
        return self.bol.books.add_offer(
            article.ean, amount, article.plu, article.price_cents, managed, "FBR", article.description
        )

    # -- what people do, at once and without a wire of its own

    def sell(self, article: int, pieces: int = 1, refund: bool = False) -> str:
        """At the next till: the session. Its webhook goes out."""
        self._turns += 1
        session, events = self.mplus.books.till.sell(
            [SaleLine(article, Decimal(pieces), None)],
            branch=SHOP,
            workplace=1 + self._turns % self.tills,
            refund=refund,
        )
        self.mplus.pushes.tell(self.mplus.books.webhook, events)
        return session.session_id

    def correct(self, article: int, change: int) -> None:
        """Somebody counts the shelf; nobody is told."""
        books = self.mplus.books
        books.correct(books.stock_row(SHOP, article), Decimal(change))

    def order(self, offer: Offer, pieces: int = 1) -> Order | None:
        """A Bol customer orders, if Bol still shows it; None: it does not."""
        books = self.bol.books
        books.diary.catch_up()
        try:
            placed = books.place_order([ItemWish(offer_id=offer.offer_id, quantity=pieces)], False, "FBR")
        except NotDone:
            return None
        self.bol.pushes.tell()
        return placed

    # -- books

    def free(self, article: int) -> int:
        """Free units where they are on sale."""
        row = self.mplus.books.stock.row(SHOP, article)
        assert row is not None, f"article {article} keeps no stock"
        return int(row.free)

    def due(self, article: int) -> int:
        """The number that Bol is to show at rest."""
        return max(0, min(CAP, self.free(article)))

    def webhooks_took(self, since: datetime) -> Freshness:
        """Milliseconds from the sales and refunds from then on to the bridge's word that it has them."""
        took, never = [], 0
        for session in self.mplus.books.till.sessions:
            answered = self.webhooks.answered.get(session.session_id)
            if session.at < since:
                continue
            if answered is None:
                never += 1
            else:
                took.append((answered - session.at).total_seconds() * 1000)
        return measured(took, never)

    def calls(self) -> dict[str, int]:
        """At both, so far."""
        return {
            **{f"bol {name}": count for name, count in self.bol.calls.items()},
            **{f"mplus {name}": count for name, count in self.mplus.calls.items()},
        }


class Stand(NamedTuple):
    """The vendors, the bridge (not started) and the folder of its files."""

    vendors: Vendors
    child: Child
    home: Path
    say: Console

    async def until(self, done: Callable[[], bool], seconds: float, what: str) -> float:
        """Seconds until the books have it so. Raises BridgeFailed when they do not in time, or the bridge has ended."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not done():
            if self.child.ended:
                raise BridgeFailed(f"the bridge ended by itself:\n{self.child.last_words()}")
            if loop.time() - began > seconds:
                raise BridgeFailed(f"not within {seconds:.0f} seconds: {what}\n{self.child.last_words()}")
            await asyncio.sleep(LOOK)
        return loop.time() - began

    async def applied(self) -> dict[str, int]:
        """Records that each flow has applied since the bridge started, as it tells Prometheus."""
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"{self.vendors.bridge}/metrics")).text
        return {flow: int(float(count)) for flow, count in APPLIED.findall(text)}

    async def at_rest(self, quiet: float = 2.0, seconds: float = 1_800.0) -> float:
        """Seconds until for so long nothing was applied and nobody called a vendor, but to look whether something
        moved. Raises BridgeFailed when that takes too long, or the bridge has ended."""
        loop = asyncio.get_running_loop()
        began = since = loop.time()
        known: dict[str, int] = {}
        while loop.time() - since < quiet:
            now = {name: count for name, count in self.vendors.calls().items() if name not in LOOKING}
            now |= {flow: count for flow, count in (await self.applied()).items() if flow != "sweeps"}
            if now != known:
                known, since = now, loop.time()
            if self.child.ended:
                raise BridgeFailed(f"the bridge ended by itself:\n{self.child.last_words()}")
            if since - began > seconds:
                raise BridgeFailed(f"not at rest within {seconds:.0f} seconds:\n{self.child.last_words()}")
            await asyncio.sleep(LOOK)
        return since - began

    async def activity(self, since: Mapping[int, int] | None = None) -> tuple[list[Activity], dict[int, int]]:
        """What the bridge has told people, and up to where, by partition; `since`: from there on."""
        log = await Onlooker.open(self.home / "log.db")
        try:
            told: list[Activity] = []
            ends: dict[int, int] = {}
            for number in range(await log.partitions(ACTIVITY.name)):
                at = TopicPartition(ACTIVITY.name, number)
                first, end = await log.bounds(at)
                offset = max(first, (since or {}).get(number, first))
                ends[number] = end
                while offset < end:
                    run = await log.read(at, offset, 5_000)
                    told.extend(_told(record) for record in run.records)
                    offset = run.end
            return told, ends
        finally:
            await log.close()


APPLIED = re.compile(r'(?m)^kassabrug_records_applied_total\{flow="(\w+)"\} (\S+)$')


async def stopped(on: Stand) -> list[str]:
    """Whether a guard has stopped the bridge's pushes and they wait for a person still, in its words. Where it does not
    know yet how many offers there are it stops sooner, and goes on by itself when it does: that is no fault."""
    told, _ = await on.activity()
    guards = [one for one in told if isinstance(one, GuardShown)]
    return [f"a guard: {one.why}" for one in guards[-1:] if one.why]


LOOKING = frozenset(("mplus getCurrentSyncMarkers", "bol list-orders", "bol subscriptions", "bol token"))
"""Calls that are made however quiet it is."""


def _told(record: Record) -> Activity:
    return _read(record.value or b"null")


@asynccontextmanager
async def stand(
    seed: int,
    articles: int | Sequence[GeneratedArticle],
    say: Console,
    tills: int = 2,
    limits: Mapping[str, tuple[int, float]] = LIMITS,
    more: str = "",
) -> AsyncIterator[Stand]:
    """Vendors that answer, and a bridge that is set up for them and stopped at the end. `more`: settings beside those
    of the demo."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    made = generate_articles(seed, articles) if isinstance(articles, int) else articles
    vendors = Vendors(seed, made, address, tills, limits)
    with tempfile.TemporaryDirectory(prefix="kassabrug-bench-") as folder:
        home = Path(folder)
        async with vendors.open():
            config = home / "kassabrug.toml"
            text = settings_text(vendors, port, address)
            config.write_text(_set(text, OWN_INTERVALS) + more)
            child = Child(config, home / "bridge.log", address)
            try:
                yield Stand(vendors, child, home, say)
            finally:
                await child.stop()


async def sweeps_changed(path: Path, change: Callable[[Connection], Connection]) -> None:
    """The bridge's own notes of what it has read become others; it must not run meanwhile."""
    log = await EmbeddedLog.open(path, TOPICS, clock=system_clock, sleep=asyncio.sleep)
    try:
        topic = rows_topic("sweeps")
        count = await log.partitions(topic)
        rows, codec = RecoveredRows(topic, count), RowCodec[Connection](Connection)
        for partition in range(count):
            await rows.recover(log, partition)
            for key, value in rows.items(partition):
                row = codec.read(value)
                assert row.state is not None
                row = msgspec.structs.replace(row, state=change(row.state))
                await log.append([Draft(topic, key, codec.write(row), partition=partition)])
    finally:
        await log.close()


def offers_anew(state: Connection) -> Connection:
    """A round over Bol's offers is due at the next start."""
    offers = state.sweep("bol-offers")
    anew = msgspec.structs.replace(offers, cursor="", last_ok=None, next_at=None)
    return msgspec.structs.replace(state, sweeps={**state.sweeps, "bol-offers": anew})


def stock_anew(state: Connection) -> Connection:
    """All stock of Mplus is to be read at the next start."""
    return msgspec.structs.replace(state, sweeps={**state.sweeps, "mplus-stock": Sweep()})


def _set(text: str, changed: Mapping[str, str]) -> str:
    for name, value in changed.items():
        text, times = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert times == 1, f"the demo's settings have {name} {times} times"
    return text


def told(one: Freshness) -> dict[str, float]:
    """Milliseconds for a table."""
    return {name: round(value, 1) for name, value in one._asdict().items()}


# -- what it costs


class Cost(NamedTuple):
    """Of a process, so far."""

    cpu_seconds: float
    rss_mb: float
    most_mb: float


def cost(pid: int | None) -> Cost:
    """From /proc; zeros where there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
        )
    except OSError:
        return Cost(0.0, 0.0, 0.0)
    return Cost(
        (int(fields[11]) + int(fields[12])) / TICKS,
        int(status["VmRSS"].split()[0]) / 1024,
        int(status["VmHWM"].split()[0]) / 1024,
    )


def own_cost() -> Cost:
    """Of this process: both simulators and the driver."""
    return cost(os.getpid())
