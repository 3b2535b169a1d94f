"""The calls of one effect, and what they gave."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from connectors.bol import call, returns, wire
from connectors.bol.client import PATIENCE, BolAnswer, Hear
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.events import Message
from streams.vocabulary.outcomes import Delivered, Failure

MOST_BYTES = 64 * 1024 * 1024
"""Of all answers to one effect."""
SWEEP_PATIENCE = 65.0
"""Seconds that a page of a sweep waits for the rate limit: the lists allow so many calls a minute."""


OF_RETURNS = frozenset(("list-returns", "get-return"))


class Sender(Protocol):
    """What calls go through: a BolClient, or answers of before (recorded.py)."""

    async def send(
        self, call: call.Call, patience: float = PATIENCE, hear: Hear | None = None
    ) -> Delivered[BolAnswer] | Failure:
        """See BolClient.send."""


class Trip:
    """The calls of one effect: what they gave is gathered here."""

    def __init__(self, client: Sender, began: datetime) -> None:
        self._client = client
        self._bytes = self._calls = 0
        self.began = began
        self.raw: list[RawAnswer] = []
        self.messages: list[Message] = []

    async def send(self, one: call.Call, patience: float = PATIENCE) -> Delivered[BolAnswer] | Failure:
        """Raises Unreadable when this effect's answers are too long together."""
        self._calls += 1
        number = self._calls
        answer = await self._client.send(one, patience, lambda raw: self._hear(raw, number))
        if isinstance(answer, Delivered):
            self._bytes += len(answer.answer.body)
            if self._bytes > MOST_BYTES:
                raise wire.Unreadable(f"Bol's answers are longer than {MOST_BYTES} bytes together")
        return answer

    def _hear(self, raw: RawAnswer, number: int) -> None:
        body = returns.without_comments(raw.body) if raw.operation in OF_RETURNS else raw.body
        self.raw.append(replace(raw, call=number, body=body))
