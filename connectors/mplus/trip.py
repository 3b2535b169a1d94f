"""The calls of one effect: what they gave is gathered here."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, TypeVar

from msgspec.structs import replace

from connectors.mplus.operation import Hear, MplusAnswer, Operation
from connectors.mplus.stock_desk import Stock
from streams.vocabulary.effects import RawAnswer
from streams.vocabulary.events import Message
from streams.vocabulary.outcomes import Delivered, Failure

T = TypeVar("T")


class Sender(Protocol):
    """What calls go through: a MplusClient, or answers of before (recorded.py)."""

    @property
    def employee_number(self) -> int | None:
        """In whose name stock is written; None: in nobody's."""

    async def send(
        self, operation: Operation[T], hear: Hear | None = None
    ) -> Delivered[MplusAnswer[T]] | Failure:
        """See MplusClient.send."""

    async def read_stock(self, article: int, branches: tuple[int, ...]) -> Delivered[Stock] | Failure:
        """See MplusClient.read_stock."""


class Trip:
    """One effect on its way."""

    def __init__(self, connection: str, client: Sender) -> None:
        self.connection = connection
        self.client = client
        self._calls = 0
        self.raw: list[RawAnswer] = []
        self.messages: list[Message] = []
        self.asked_at: datetime | None = None
        self.answered_at: datetime | None = None

    async def send(self, operation: Operation[T]) -> MplusAnswer[T] | Failure:
        """One call."""
        self._calls += 1
        number = self._calls
        sent = await self.client.send(operation, lambda raw: self.raw.append(replace(raw, call=number)))
        if not isinstance(sent, Delivered):
            return sent
        answer = sent.answer
        self.asked_at = self.asked_at or answer.asked_at
        self.answered_at = answer.answered_at
        return answer
