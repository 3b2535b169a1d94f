"""The four rules of streams/delivery.py under crashes: every event counts exactly once, whatever happens."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from streams import delivery
from streams.codec import fact_headers, key_of
from streams.flow import Context, Decision, Flow
from streams.log.base import Draft
from streams.topics import DEAD_LETTERS, inbox_topic, rows_topic
from streams.vocabulary.events import Message, OperatorAsked, ReservationReleased
from streams.vocabulary.fact import Value
from tests.streams.simulation.model_log import Crash, Fate, ModelLog, ModelRows
from tests.streams.simulation.process import Process, finish

SEEDS_AT_ONCE = 100


class Count(Value, frozen=True):
    seen: int = 0


def count(state: Count | None, event: Any, context: Context) -> Decision[Count]:
    """Counts, and tells the neighbouring flow about each event once."""
    told = Message(
        flow="stock",
        entity=context.entity,
        event=ReservationReleased(order_id=event.who, item_id=str((state or Count()).seen)),
    )
    return Decision(state=Count(seen=(state or Count()).seen + 1), messages=(told,))


class Heard(Value, frozen=True):
    items: frozenset[str] = frozenset()


def hear(state: Heard | None, event: Any, context: Context) -> Decision[Heard]:
    """An idempotent receiver: by identity."""
    return Decision(state=Heard(items=(state or Heard()).items | {event.item_id}))


COUNTING: Flow[Count] = Flow(name="orders", events=OperatorAsked, state=Count, decide=count)
HEARING: Flow[Heard] = Flow(name="stock", events=ReservationReleased, state=Heard, decide=hear)


def rows(log: ModelLog, flow: Flow[Any]) -> dict[bytes, Any]:
    """The durable rows."""
    found = ModelRows(log, rows_topic(flow.name))
    return {
        key: msgspec.json.decode(value)["state"] for number in (0, 1) for key, value in found.items(number)
    }


def count_once(seed: int, atomic: bool) -> ModelLog:
    """Sends events for some keys while the process crashes, then checks every count."""
    fate = Fate(seed, crash=0.03, refuse=0.02)
    log = ModelLog(fate, atomic)
    sent: dict[bytes, int] = {}
    waiting = [f"k{fate.random.randrange(6)}" for _ in range(40)]
    process: Process | None = None
    while True:
        try:
            if process is None:
                process = Process(log, [COUNTING, HEARING], lambda name, connection: ())
            if waiting and fate.random.random() < 0.4:
                key = key_of("shop", waiting.pop())
                headers = fact_headers("shop", "t")
                log.put(
                    Draft(inbox_topic("orders"), key, msgspec.json.encode(OperatorAsked(who="x")), headers)
                )
                sent[key] = sent.get(key, 0) + 1
            behind = process.behind()
            if behind:
                process.deliver(fate.random.choice(behind))
            elif not waiting:
                break
        except Crash:
            process = None
            if fate.crashes > 60:
                fate.crash = 0.0
    assert {key: row["seen"] for key, row in rows(log, COUNTING).items()} == sent, f"seed {seed}"
    heard = {key: len(row["items"]) for key, row in rows(log, HEARING).items()}
    assert heard == sent, f"seed {seed}"
    assert not log.all(DEAD_LETTERS.name)
    return log


@pytest.mark.parametrize("atomic", [True, False], ids=["embedded", "kafka"])
@pytest.mark.parametrize("first", range(0, 1000, SEEDS_AT_ONCE))
def test_every_event_counts_once_whatever_crashes(first: int, atomic: bool) -> None:
    crashes = refusals = 0
    for seed in range(first, first + SEEDS_AT_ONCE):
        log = count_once(seed, atomic)
        crashes += log.fate.crashes
        refusals += log.fate.refusals
    assert crashes > SEEDS_AT_ONCE, "the simulation must crash, or it proves nothing"
    assert refusals, "the log must refuse now and then"


def test_without_the_stamp_the_simulation_finds_the_double() -> None:
    """The check can fail: a delivery that ignores stamps counts twice somewhere."""
    found = 0
    original = delivery.Delivery._decide

    def careless(self: Any, unit: Any, record: Any) -> None:
        row = unit.rows.get(record.key) or self._load(record.key)
        if row is not None:
            unit.rows[record.key] = msgspec.structs.replace(row, applied=0)
        original(self, unit, record)

    delivery.Delivery._decide = careless  # type: ignore[method-assign]  # a mutant, taken back below
    try:
        for seed in range(60):
            try:
                count_once(seed, atomic=False)
            except AssertionError:
                found += 1
    finally:
        delivery.Delivery._decide = original  # type: ignore[method-assign]  # the original again
    assert found


async def test_finish_refuses_to_wait() -> None:
    with pytest.raises(AssertionError, match="real world"):
        finish(asyncio.sleep(0))
