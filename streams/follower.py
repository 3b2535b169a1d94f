"""What follows a durable row: its effects are run and its alarm is set. One per flow."""

from __future__ import annotations

from datetime import datetime

from streams.alarms import Alarms
from streams.effects import EffectRunner
from streams.flow import OpenEffect
from streams.log.base import TopicPartition
from streams.vocabulary.events import FlowName


class FlowFollower:
    """The delivery core's Follower for one flow."""

    def __init__(self, flow: FlowName, effects: EffectRunner, alarms: Alarms) -> None:
        self._flow: FlowName = flow
        self._effects = effects
        self._alarms = alarms

    def opened(self, key: bytes, at: TopicPartition, effect_key: str, effect: OpenEffect, trace: str) -> None:
        """Runs it."""
        self._effects.open(self._flow, key, at, effect_key, effect, trace)

    def closed(self, key: bytes, at: TopicPartition, effect_key: str) -> None:
        """Forgets it."""
        self._effects.close(self._flow, key, effect_key)

    def wake(self, key: bytes, at: TopicPartition, due: datetime | None) -> None:
        """Sets or clears the row's alarm."""
        self._alarms.set(self._flow, key, at, due)

    async def revoked(self, at: TopicPartition) -> None:
        """Forgets the partition, and waits for its calls that are under way."""
        self._alarms.revoke(self._flow, at)
        await self._effects.revoke(self._flow, at)
