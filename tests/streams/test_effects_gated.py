"""Behind a gate: numbers wait in their lane, and everything else goes on."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.codec import key_of
from streams.effects import ACTS_AT_ONCE, EffectRunner
from streams.flow import OpenEffect
from streams.vocabulary.effects import (
    FetchBolOrder,
    PushOffer,
    ReadMplusOrder,
    ReadStock,
    SetMplusStock,
    SweepBolOffers,
)
from tests.streams.fakes import at_once
from tests.streams.test_effects import AT, Bench
from tests.streams.test_effects import nothing_is_left as nothing_is_left


class HandGate:
    """Shut for these connections."""

    def __init__(self) -> None:
        self.stopped: set[str] = set()

    def shut(self, connection: str) -> bool:
        return connection in self.stopped


class Gated(Bench):
    """With a gate that is shut at first."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = HandGate()
        self.gate.stopped.add("shop")
        executors = {"bol": self.bol, "mplus": self.mplus}
        self.runner = EffectRunner(executors, self.writer, self.notebook, self.clock, at_once, gate=self.gate)

    def push(
        self, offer: int, amount: int, number: int = 1, connection: str = "shop", **more: object
    ) -> None:
        """A row wants this number there."""
        wanted = OpenEffect(effect=PushOffer(offer_id=f"o{offer}", amount=amount), number=number, **more)  # type: ignore[arg-type]  # OpenEffect's fields
        self.runner.open("stock", key_of(connection, str(offer)), AT, f"push/o{offer}", wanted, "trace-1")

    @property
    def sent(self) -> list[tuple[str, int]]:
        """Offers and amounts, in the order in which they left."""
        effects = [effect for _, effect, _ in self.bol.started]
        return [(effect.offer_id, effect.amount) for effect in effects if isinstance(effect, PushOffer)]


async def test_behind_a_shut_gate_numbers_wait_and_all_else_goes_on() -> None:
    bench = Gated()
    bench.bol.open = bench.mplus.open = True
    bench.push(1, 0, urgency=bench.clock.now)
    bench.push(2, 7)
    bench.push(3, 4, connection="other")
    setting = SetMplusStock(article_number=1, branch=2, amount=Decimal(3), reference="Bol")
    bench.ask(setting, key="mplus-stock/2", entity="1")
    bench.ask(ReadStock(article_number=1, branches=(1,)), key="read")
    bench.ask(FetchBolOrder(order_id="b1"), key="fetch")
    bench.ask(SweepBolOffers(), key="bol-offers")
    bench.ask(ReadMplusOrder(order_id="m1"), key="look")
    await bench.writer.until(5)
    assert bench.sent == [("o3", 4)], "the other shop's"
    assert not any(isinstance(effect, SetMplusStock) for _, effect, _ in bench.mplus.started)
    assert bench.runner.waiting == 3
    bench.gate.stopped.clear()
    bench.runner.gate_opened()
    await bench.writer.until(8)
    assert bench.sent == [("o3", 4), ("o1", 0), ("o2", 7)]
    assert isinstance(bench.mplus.started[-1][1], SetMplusStock)


async def test_of_what_waited_behind_the_gate_the_latest_goes_and_what_is_no_longer_wanted_does_not() -> None:
    bench = Gated()
    bench.bol.open = True
    bench.push(1, 0)
    bench.push(1, 5, number=2)
    bench.push(2, 0)
    bench.runner.close("stock", key_of("shop", "2"), "push/o2")
    bench.runner.gate_opened()
    assert bench.sent == [], "it is shut still"
    bench.gate.stopped.clear()
    bench.runner.gate_opened()
    await bench.writer.until(1)
    assert bench.sent == [("o1", 5)]
    assert bench.runner.waiting == 0


async def test_a_gate_that_shuts_lets_out_only_what_is_on_its_way() -> None:
    bench = Gated()
    bench.gate.stopped.clear()
    for offer in range(3 * ACTS_AT_ONCE):
        bench.push(offer, 0)
    await bench.bol.until(ACTS_AT_ONCE)
    bench.gate.stopped.add("shop")
    while bench.bol.running:
        bench.bol.let_go()
        await asyncio.sleep(0)
    await bench.writer.until(ACTS_AT_ONCE)
    assert len(bench.sent) == ACTS_AT_ONCE
    assert bench.runner.waiting == 2 * ACTS_AT_ONCE
    bench.push(0, 3, number=2)
    assert len(bench.sent) == ACTS_AT_ONCE, "a new one waits too"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_whatever_waits_and_however_the_gate_moves_the_latest_number_of_each_arrives(
    steps: list[tuple[int, int, bool]],
) -> None:
    async def run() -> None:
        bench = Gated()
        bench.bol.open = True
        wanted: dict[str, int] = {}
        for number, (offer, amount, shut) in enumerate(steps, 1):
            was_shut = bench.gate.shut("shop")
            (bench.gate.stopped.add if shut else bench.gate.stopped.discard)("shop")
            if was_shut and not shut:
                bench.runner.gate_opened()
            before = len(bench.sent)
            bench.push(offer, amount, number=number)
            wanted[f"o{offer}"] = amount
            await asyncio.sleep(0)
            if was_shut and shut:
                assert len(bench.sent) == before
        bench.gate.stopped.clear()
        bench.runner.gate_opened()
        while bench.runner.waiting:
            await bench.writer.until(len(bench.writer.writes) + 1)
        assert dict(bench.sent) == wanted

    asyncio.run(run())
