"""A chaos run: customers, attacks one after the other, peace, and the verdict of the vendors' books."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from app.demo.run import CAP, PREFIX, until
from app.demo.verdict import Verdict, verdict
from tests.apache_kafka.cluster import Broker
from tests.chaos.plan import Attack, Log, kills
from tests.chaos.proxy import Proxy
from tests.chaos.stage import Process, Stage, can_step

ARTICLES = 300
RATE = 10.0
GRACE = 45.0
"""Seconds after which a unit's going counts as knowable: a broker and a worker may both be away for that long."""
FIRST_ROUND = 180.0
PEACE = 180.0
"""Seconds that everything may take to come to rest."""
CLOCK_STEP = 150
VENDORS = ("Bol", "Mplus")
TARGET = 20.0
"""Seconds that an attack waits for something to hit: a bridge that has just been killed has no connections to cut."""


class Told(NamedTuple):
    """How a run ended."""

    seed: int
    on: str
    attacks: dict[str, int]
    """Those that were made, by kind."""
    missed: list[str]
    """Those that were not, each with its reason."""
    kills: int
    restarts: int
    verdict: Verdict
    timeline: list[str]

    @property
    def right(self) -> bool:
        """Whether the books are in order. Nothing is proved by it where attacks are missing."""
        return self.verdict.right


class Chaos:
    """One run on a stage."""

    def __init__(self, stage: Stage, seed: int, say: Callable[[str], None]) -> None:
        self.stage = stage
        self.made: list[Attack] = []
        self.missed: list[str] = []
        """What could not be made, and why."""
        self._seed = seed
        self._say = say
        self._began = time.monotonic()
        self._timeline: list[str] = []
        self._restarts = 0
        self._more = 0

    async def run(self, attacks: list[Attack]) -> Told:
        """Raises RuntimeError where the bridge does not even come up in peace."""
        stage, market = self.stage, self.stage.market
        self._note(f"{stage.on}: everything is ready; first round")
        never = asyncio.Event()
        if not await until(market.opened, FIRST_ROUND, never):
            raise RuntimeError(f"after {FIRST_ROUND:.0f} s Bol does not show what Mplus has")
        opening, began = await market.free(), market.now()
        shopping = asyncio.create_task(market.customers(RATE, None))
        try:
            for attack in attacks:
                await asyncio.sleep(attack.pause)
                await self._tend()
                await self.make(attack)
                await self._tend()
                if shopping.done():
                    shopping.result()
        finally:
            shopping.cancel()
            await asyncio.gather(shopping, return_exceptions=True)
        self._note(
            f"peace after {kills(self.made)} kills; {market.sales} till sales, {market.orders} Bol orders"
        )

        async def judged() -> Verdict:
            return verdict(
                await market.bol_books(),
                await market.mplus_books("articles,stock,changes,orders"),
                opening,
                began,
                GRACE,
                PREFIX,
                CAP,
            )

        async def right() -> bool:
            await self._tend()
            return not (await judged()).differences

        await until(right, PEACE, never)
        found = await judged()
        self._note("the books are right" if found.right else "the books are WRONG")
        return Told(
            self._seed,
            stage.on,
            dict(Counter(one.kind for one in self.made)),
            self.missed,
            kills(self.made),
            self._restarts,
            found,
            self._timeline,
        )

    def _note(self, text: str) -> None:
        line = f"{time.monotonic() - self._began:7.1f}s {text}"
        self._timeline.append(line)
        self._say(line)

    async def _tend(self) -> None:
        """What ended by itself is started again, as a supervisor would; it is noted with its last words."""
        for one in self.stage.processes:
            if one.ended:
                words = one.words.read_text("utf-8", "replace").strip().splitlines()[-1:]
                self._note(f"{one.name} has ended by itself and is started again: {' '.join(words)[:300]}")
                self._restarts += 1
                await one.start()

    # -- attacks

    async def make(self, attack: Attack) -> str:
        """Makes it. Empty, or why it could not be made: a run that attacks nothing proves nothing, so it is told."""
        why = await self._attack(attack)
        if why:
            self.missed.append(f"{attack.kind}: {why}")
            self._note(f"{attack.kind} could NOT be made: {why}")
        else:
            self.made.append(attack)
        return why

    async def _attack(self, attack: Attack) -> str:
        stage = self.stage
        worker = stage.workers[attack.target % len(stage.workers)]
        match attack.kind:
            case "kill-worker":
                return await self._kill(worker, attack)
            case "kill-ingress" if stage.ingress is not None:
                return await self._kill(stage.ingress, attack)
            case "kill-console" if stage.console is not None:
                return await self._kill(stage.console, attack)
            case "end-worker":
                return await self._end(worker, attack)
            case "stop-worker":
                return await self._stop(worker, attack)
            case "more-workers":
                return await self._more_workers(attack)
            case "kill-broker" | "stop-broker":
                return await self._broker(attack)
            case "cut-log":
                return await self._cut(stage.log_proxies, attack, "a broker")
            case "cut-vendor":
                return await self._cut(stage.vendor_proxies, attack, VENDORS[attack.target % 2])
            case "stall-vendor":
                return await self._stall(attack)
            case "fill-disk":
                return await self._fill(attack)
            case "step-clock":
                return await self._step(worker, attack)
            case _:
                raise ValueError(f"no such attack here: {attack.kind}")

    async def _kill(self, one: Process, attack: Attack) -> str:
        self._note(f"kill -9 {one.name}")
        killed = await one.kill()
        await asyncio.sleep(attack.seconds)
        await one.start()
        return "" if killed else f"{one.name} had ended by itself"

    async def _end(self, worker: Process, attack: Attack) -> str:
        self._note(f"SIGTERM {worker.name}")
        ended = await worker.end()
        await asyncio.sleep(attack.seconds)
        await worker.start()
        return "" if ended else f"{worker.name} had ended by itself, or did not end when it was told to"

    async def _stop(self, worker: Process, attack: Attack) -> str:
        self._note(f"SIGSTOP {worker.name} for {attack.seconds:.1f} s")
        if not worker.send(signal.SIGSTOP):
            return f"{worker.name} had ended by itself"
        await asyncio.sleep(attack.seconds)
        worker.send(signal.SIGCONT)
        return ""

    async def _more_workers(self, attack: Attack) -> str:
        self._more += 1
        self._note("two more workers come")
        extra = [self.stage.worker(f"extra-{self._more}-{number}") for number in (1, 2)]
        for one in extra:
            await one.start()
        await asyncio.sleep(attack.seconds)
        self._note("and are killed")
        killed = [await one.kill() for one in extra]
        return "" if all(killed) else "they had ended by themselves"

    async def _cut(self, proxies: list[Proxy], attack: Attack, whose: str) -> str:
        proxy = proxies[attack.target % len(proxies)]

        async def carries() -> bool:
            return proxy.carries

        if not await until(carries, TARGET, asyncio.Event()):
            return f"there was no connection to {whose} for {TARGET:.0f} s"
        self._note(f"{proxy.cut()} connections to {whose} are cut")
        return ""

    async def _stall(self, attack: Attack) -> str:
        vendor = VENDORS[attack.target % 2]
        self._note(f"{vendor} stands still for {attack.seconds:.1f} s")
        held = await self.stage.vendor_proxies[attack.target % 2].stall(attack.seconds)
        return "" if held else f"nobody said anything to {vendor} meanwhile"

    async def _broker(self, attack: Attack) -> str:
        assert self.stage.cluster is not None
        await self._in_step()
        broker = self.stage.cluster.brokers[attack.target % 3]
        why = "" if broker.pid is not None else f"broker {broker.number} had ended by itself"
        if attack.kind == "stop-broker" and not why:
            self._note(f"SIGSTOP broker {broker.number} for {attack.seconds:.1f} s")
            broker.pause()
            await asyncio.sleep(attack.seconds)
            broker.resume()
        else:
            self._note(f"kill -9 broker {broker.number}")
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(attack.seconds)
            await asyncio.to_thread(broker.start)
        return why

    async def _in_step(self) -> None:
        """Until every partition has all its copies: one broker of three may be away, not two. Waited for before the
        next one, so that everything else is attacked while a broker catches up."""
        from streams.log.kafka import KafkaAccess
        from streams.log.kafka.making import Topics

        assert self.stage.cluster is not None
        access = KafkaAccess(tuple(self.stage.cluster.servers.split(",")))
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                async with Topics(access) as cluster:
                    if await cluster.copies_missing() == 0:
                        return
            except Exception as error:
                self._note(f"the cluster does not answer yet: {error}"[:160])
            await asyncio.sleep(0.5)

    async def _fill(self, attack: Attack) -> str:
        volume = self.stage.volume
        if self.stage.cluster is not None:
            await self._in_step()
        if not await asyncio.to_thread(volume.fill):
            return "no volume of its own could be mounted here (mount wants to be root)"
        self._note(f"the log's volume is full for {attack.seconds:.1f} s")
        await asyncio.sleep(attack.seconds)
        await asyncio.to_thread(volume.free)
        if self.stage.cluster is not None:  # a broker without room gives up, as Kafka has it
            broker: Broker = self.stage.cluster.brokers[0]
            if broker.pid is None:
                self._note("broker 1 had ended; it is started again")
            else:
                await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
        return ""

    async def _step(self, worker: Process, attack: Attack) -> str:
        if not await asyncio.to_thread(can_step):
            return "no clock can be stepped here (Debian: apt-get install faketime)"
        step = CLOCK_STEP if attack.target % 2 else -CLOCK_STEP
        self._note(f"the clock of {worker.name} jumps by {step} s for {attack.seconds:.1f} s")
        worker.clock.write_text(f"{step:+d}\n")
        await asyncio.sleep(attack.seconds)
        worker.clock.write_text("+0\n")
        return ""


async def chaos(folder: Path, seed: int, on: Log, attacks: list[Attack], say: Callable[[str], None]) -> Told:
    """Builds the stage, runs, and ends everything."""
    async with Stage(folder, on, seed, ARTICLES) as stage:
        return await Chaos(stage, seed, say).run(attacks)
