"""Speaking to brokers: who leads a partition, one request and its answer, again after a failure.

One `Brokers` a purpose (fetching, producing, asking, the group): requests on one connection wait for each other,
so a fetch that waits for news must not share its connection with a write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from aiokafka import errors
from aiokafka.structs import TopicPartition as KafkaPartition

from streams.log.base import LogUnavailable, TopicPartition
from streams.log.kafka.access import ANSWERS, KafkaAccess, passing, words

log = logging.getLogger(__name__)
T = TypeVar("T")

PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between tries; the last one is repeated."""
OPENINGS = 5
"""Tries to connect to brokers that answer."""


def pause_before(attempt: int) -> float:
    """How long to wait before this try (from 1)."""
    return PAUSES[min(attempt, len(PAUSES)) - 1]


class Brokers:
    """A client with its connections. Opened and closed by who makes it."""

    def __init__(self, access: KafkaAccess, purpose: str, timeout: float) -> None:
        """`timeout`: seconds for one answer."""
        self.name = access.name
        self._access = access
        self._client = access.client(purpose, timeout)
        self._timeout = timeout

    async def open(self) -> None:
        """Connects. Raises LogUnavailable, at once where no server answers. Where one does (they were slow, or are
        coming up), it is tried again: a process that has work to do does not end for that."""
        for attempt in range(1, OPENINGS + 1):
            try:
                await self._client.bootstrap()
            except (errors.KafkaError, OSError, TimeoutError) as error:
                why = await self._access.why_not()
                if ANSWERS in why.values() and passing(error) and attempt < OPENINGS:
                    log.info("%s: connecting failed (%s), again", self.name, words(error))
                    await asyncio.sleep(pause_before(attempt))
                    continue
                await self.close()
                raise self._access.unreachable(why) from None
            else:
                return

    async def close(self) -> None:
        """Drops the connections; requests under way fail."""
        await self._client.close()

    # -- who leads what

    async def know(self, topics: Iterable[str]) -> None:
        """Only these topics are kept in view from now on."""
        await self._client.set_topics(list(topics))

    def leader(self, at: TopicPartition) -> int | None:
        """The broker that leads a partition, as far as known; None: nobody, or not known."""
        leader = self._client.cluster.leader_for_partition(KafkaPartition(*at))
        return None if leader is None or leader < 0 else int(leader)

    def leaders(self) -> list[int]:
        """All brokers that are known."""
        return [int(one.nodeId) for one in self._client.cluster.brokers()]

    async def refresh(self) -> None:
        """Asks for the leaders anew."""
        await self._client.force_metadata_update()

    # -- one request

    async def ready(self, broker: int, lane: str = "") -> None:
        """Connects, if need be. Raises aiokafka's errors."""
        if not await self._client.ready(broker, group=lane):
            raise errors.NodeNotReadyError(f"broker {broker} cannot be reached")

    async def send(self, broker: int, request: Any, lane: str = "") -> Any:
        """The broker's answer. Raises aiokafka's errors. `lane`: requests of different lanes go over different
        connections."""
        answer = await self._client.send(broker, request, group=lane)
        throttled = getattr(answer, "throttle_time_ms", 0) / 1000
        if throttled > 0:  # a quota of the cluster: the broker asks us to wait
            await asyncio.sleep(min(throttled, self._timeout))
        return answer

    async def at_leader(
        self, at: TopicPartition, ask: Callable[[int], Awaitable[T]], what: str, patience: float
    ) -> T:
        """What `ask(leader)` gives, tried again while the failure may pass. Raises LogUnavailable after
        `patience` seconds, or at once for what does not pass."""
        until = asyncio.get_running_loop().time() + patience
        attempt = 0
        while True:
            try:
                leader = self.leader(at)
                if leader is None:
                    raise errors.LeaderNotAvailableError
                return await ask(leader)
            except (errors.KafkaError, OSError, TimeoutError) as error:
                attempt += 1
                if not passing(error) or asyncio.get_running_loop().time() >= until:
                    raise self.unavailable(what, at, error) from None
                log.debug("%s: %s of %s failed (%s), again", self.name, what, at, words(error))
                await self.refresh()
                await asyncio.sleep(pause_before(attempt))

    async def at_any(self, ask: Callable[[int], Awaitable[T]], what: str, patience: float) -> T:
        """The same, of whichever broker answers."""
        until = asyncio.get_running_loop().time() + patience
        attempt = 0
        while True:
            known = self.leaders()
            try:
                if not known:
                    raise errors.NoBrokersAvailable
                return await ask(known[attempt % len(known)])
            except (errors.KafkaError, OSError, TimeoutError) as error:
                attempt += 1
                if not passing(error) or asyncio.get_running_loop().time() >= until:
                    raise self.unavailable(what, None, error) from None
                await self.refresh()
                await asyncio.sleep(pause_before(attempt))

    def unavailable(self, what: str, at: TopicPartition | None, error: BaseException) -> LogUnavailable:
        """The error for a person."""
        where = f" {at.topic} partition {at.partition}" if at is not None else ""
        return LogUnavailable(
            f"{self.name}: {what}{where} failed: {words(error)}. Are enough brokers up, and may this user do it?"
        )
