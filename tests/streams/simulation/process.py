"""One life of the process: flows over the model log, until it crashes; then the next life begins."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, TypeVar

from streams.delivery import Delivery
from streams.flow import Flow, OpenEffect
from streams.log.base import Run, TopicPartition
from streams.observer import Observer
from streams.topics import inbox_topic, rows_topic
from tests.streams.simulation.model_log import PARTITIONS, ModelGuard, ModelLog, ModelRows

T = TypeVar("T")


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that waits for nothing outside the model."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # StopIteration.value is Any
    raise AssertionError("something in the simulation waited for the real world")


async def no_sleep(_: float) -> None:
    """Time is the model's."""


class Wanted(NamedTuple):
    """An open effect of a row."""

    flow: str
    key: bytes
    effect_key: str
    effect: OpenEffect


class ModelFollower:
    """Keeps what rows ask for; the world decides when it is run."""

    def __init__(
        self, flow: str, effects: dict[tuple[str, bytes, str], Wanted], alarms: dict[Any, Any]
    ) -> None:
        self._flow = flow
        self.effects = effects
        self.alarms = alarms

    def opened(self, key: bytes, at: TopicPartition, effect_key: str, effect: OpenEffect, trace: str) -> None:
        self.effects[(self._flow, key, effect_key)] = Wanted(self._flow, key, effect_key, effect)

    def closed(self, key: bytes, at: TopicPartition, effect_key: str) -> None:
        self.effects.pop((self._flow, key, effect_key), None)

    def wake(self, key: bytes, at: TopicPartition, due: Any) -> None:
        if due is None:
            self.alarms.pop((self._flow, key), None)
        else:
            self.alarms[(self._flow, key)] = due

    async def revoked(self, at: TopicPartition) -> None:
        raise AssertionError("the model takes no partitions away")


class Process:
    """Volatile: everything in here is lost in a crash."""

    def __init__(self, log: ModelLog, flows: list[Flow[Any]], rules: Callable[[str, str], Any]) -> None:
        self.log = log
        self.guard = ModelGuard(log)
        self.effects: dict[tuple[str, bytes, str], Wanted] = {}
        self.alarms: dict[tuple[str, bytes], Any] = {}
        self.handlers: dict[TopicPartition, Delivery[Any]] = {}
        for flow in flows:
            delivery: Delivery[Any] = Delivery(
                flow,
                lambda connection, name=flow.name: rules(name, connection),
                ModelFollower(flow.name, self.effects, self.alarms),
                Observer(),
                no_sleep,
            )
            rows = ModelRows(log, rows_topic(flow.name))
            for number in range(PARTITIONS):
                at = TopicPartition(inbox_topic(flow.name), number)
                self.handlers[at] = delivery
                begin = log.committed.get(at, 0)
                self.guard.read_from[at] = begin
                finish(delivery.assigned(at, begin, rows, self.guard))

    def behind(self) -> list[TopicPartition]:
        """Partitions with something to read."""
        return [at for at in self.handlers if self.guard.read_from[at] < len(self.log.partitions.get(at, []))]

    def deliver(self, at: TopicPartition) -> None:
        """Hands a run to its handler: mostly the next one, sometimes one again, or one after a gap."""
        chance = self.log.fate.random.random()
        position = self.guard.read_from[at]
        run: Run = self.log.run(at, position)
        if chance < 0.05 and position:
            run = self.log.run(at, self.log.fate.random.randrange(position))
        elif chance < 0.1 and run.end < len(self.log.partitions[at]):
            run = self.log.run(at, run.end)  # Faust lost one on the way
        self.guard.read_from[at] = max(position, run.end)
        finish(self.handlers[at].apply(run))
        if self.log.fate.random.random() < 0.3:
            self.guard.commit_some()
