"""A chaos run: customers, attacks one after the other, peace, and the verdict of the vendors' books."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from app.demo.run import CAP, PREFIX, until
from app.demo.verdict import Verdict, verdict
from tests.apache_kafka.cluster import Broker
from tests.chaos.plan import Attack, Log, kills
from tests.chaos.stage import CAN_STEP, Process, Stage

ARTICLES = 300
RATE = 10.0
GRACE = 45.0
"""Seconds after which a unit's going counts as knowable: a broker and a worker may both be away for that long."""
FIRST_ROUND = 180.0
PEACE = 180.0
"""Seconds that everything may take to come to rest."""
CLOCK_STEP = 150


class Told(NamedTuple):
    """How a run ended."""

    seed: int
    on: str
    attacks: int
    kills: int
    restarts: int
    verdict: Verdict
    timeline: list[str]

    @property
    def right(self) -> bool:
        """Whether the books are in order."""
        return self.verdict.right


class Chaos:
    """One run on a stage."""

    def __init__(self, stage: Stage, seed: int, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._seed = seed
        self._say = say
        self._began = time.monotonic()
        self._timeline: list[str] = []
        self._restarts = 0
        self._more = 0
        self._doing: list[Attack] = []

    async def run(self, attacks: list[Attack]) -> Told:
        """Raises RuntimeError where the bridge does not even come up in peace."""
        stage, market = self._stage, self._stage.market
        self._note(f"{stage.on}: everything is ready; first round")
        never = asyncio.Event()
        if not await until(market.opened, FIRST_ROUND, never):
            raise RuntimeError(f"after {FIRST_ROUND:.0f} s Bol does not show what Mplus has")
        opening, began = await market.free(), market.now()
        shopping = asyncio.create_task(market.customers(RATE, None))
        try:
            for attack in attacks:
                await asyncio.sleep(attack.pause)
                self._doing.append(attack)
                await self._attack(attack)
                await self._tend()
                if shopping.done():
                    shopping.result()
        finally:
            shopping.cancel()
            await asyncio.gather(shopping, return_exceptions=True)
        self._note(
            f"peace after {kills(self._doing)} kills; {market.sales} till sales, {market.orders} Bol orders"
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
            self._seed, stage.on, len(attacks), kills(self._doing), self._restarts, found, self._timeline
        )

    def _note(self, text: str) -> None:
        line = f"{time.monotonic() - self._began:7.1f}s {text}"
        self._timeline.append(line)
        self._say(line)

    async def _tend(self) -> None:
        """What ended by itself is started again, as a supervisor would; it is noted with its last words."""
        for one in self._stage.processes:
            if one.ended:
                words = one.words.read_text("utf-8", "replace").strip().splitlines()[-1:]
                self._note(f"{one.name} has ended by itself and is started again: {' '.join(words)[:300]}")
                self._restarts += 1
                await one.start()

    # -- attacks

    async def _attack(self, attack: Attack) -> None:
        stage = self._stage
        worker = stage.workers[attack.target % len(stage.workers)]
        match attack.kind:
            case "kill-worker":
                await self._kill(worker, attack)
            case "kill-ingress" if stage.ingress is not None:
                await self._kill(stage.ingress, attack)
            case "kill-console" if stage.console is not None:
                await self._kill(stage.console, attack)
            case "end-worker":
                self._note(f"SIGTERM {worker.name}")
                await worker.end()
                await asyncio.sleep(attack.seconds)
                await worker.start()
            case "stop-worker":
                self._note(f"SIGSTOP {worker.name} for {attack.seconds:.1f} s")
                worker.send(signal.SIGSTOP)
                await asyncio.sleep(attack.seconds)
                worker.send(signal.SIGCONT)
            case "more-workers":
                await self._more_workers(attack)
            case "kill-broker" | "stop-broker":
                await self._broker(attack)
            case "cut-log":
                proxy = stage.log_proxies[attack.target % len(stage.log_proxies)]
                self._note(f"{proxy.cut()} connections to a broker are cut")
            case "cut-vendor":
                proxy = stage.vendor_proxies[attack.target % 2]
                self._note(f"{proxy.cut()} connections to {('Bol', 'Mplus')[attack.target % 2]} are cut")
            case "stall-vendor":
                self._note(f"{('Bol', 'Mplus')[attack.target % 2]} stands still for {attack.seconds:.1f} s")
                await stage.vendor_proxies[attack.target % 2].stall(attack.seconds)
            case "fill-disk":
                await self._fill(attack)
            case "step-clock":
                await self._step(worker, attack)
            case _:
                raise ValueError(f"no such attack here: {attack.kind}")

    async def _kill(self, one: Process, attack: Attack) -> None:
        self._note(f"kill -9 {one.name}")
        await one.kill()
        await asyncio.sleep(attack.seconds)
        await one.start()

    async def _more_workers(self, attack: Attack) -> None:
        self._more += 1
        self._note("two more workers come")
        extra = [self._stage.worker(f"extra-{self._more}-{number}") for number in (1, 2)]
        for one in extra:
            await one.start()
        await asyncio.sleep(attack.seconds)
        self._note("and are killed")
        for one in extra:
            await one.kill()

    async def _broker(self, attack: Attack) -> None:
        assert self._stage.cluster is not None
        broker = self._stage.cluster.brokers[attack.target % 3]
        if attack.kind == "stop-broker":
            self._note(f"SIGSTOP broker {broker.number} for {attack.seconds:.1f} s")
            broker.pause()
            await asyncio.sleep(attack.seconds)
            broker.resume()
        else:
            self._note(f"kill -9 broker {broker.number}")
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(attack.seconds)
            await asyncio.to_thread(broker.start)
        await self._in_step()

    async def _in_step(self) -> None:
        """Until every partition has all its copies again: one broker of three may be away, not two."""
        from streams.log.kafka import KafkaAccess
        from streams.log.kafka.making import Topics

        assert self._stage.cluster is not None
        access = KafkaAccess(tuple(self._stage.cluster.servers.split(",")))
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                async with Topics(access) as cluster:
                    if await cluster.copies_missing() == 0:
                        return
            except Exception as error:
                self._note(f"the cluster does not answer yet: {error}"[:160])
            await asyncio.sleep(0.5)

    async def _fill(self, attack: Attack) -> None:
        volume = self._stage.volume
        if not await asyncio.to_thread(volume.fill):
            self._note("the disk was not filled: no volume of its own could be mounted here")
            return
        self._note(f"the log's volume is full for {attack.seconds:.1f} s")
        await asyncio.sleep(attack.seconds)
        await asyncio.to_thread(volume.free)
        if self._stage.cluster is not None:  # a broker without room gives up, as Kafka has it
            broker: Broker = self._stage.cluster.brokers[0]
            if broker.pid is None:
                self._note("broker 1 had ended; it is started again")
            else:
                await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
            await self._in_step()

    async def _step(self, worker: Process, attack: Attack) -> None:
        if not CAN_STEP:
            self._note("the clock was not stepped: libfaketime is not installed")
            return
        step = CLOCK_STEP if attack.target % 2 else -CLOCK_STEP
        self._note(f"the clock of {worker.name} jumps by {step} s for {attack.seconds:.1f} s")
        worker.clock.write_text(f"{step:+d}\n")
        await asyncio.sleep(attack.seconds)
        worker.clock.write_text("+0\n")


async def chaos(folder: Path, seed: int, on: Log, attacks: list[Attack], say: Callable[[str], None]) -> Told:
    """Builds the stage, runs, and ends everything."""
    async with Stage(folder, on, seed, ARTICLES) as stage:
        return await Chaos(stage, seed, say).run(attacks)
