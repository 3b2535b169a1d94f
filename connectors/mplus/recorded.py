"""Mplus as it answered once (connectors/recorded.py)."""

from __future__ import annotations

from typing import TypeVar

from connectors.mplus import stock
from connectors.mplus.failure import reworded
from connectors.mplus.operation import Hear, MplusAnswer, Operation, understood
from connectors.mplus.stock_desk import Stock
from connectors.recorded import NotRecorded, Recorded
from streams.vocabulary.outcomes import Delivered, Failure

T = TypeVar("T")


class RecordedMplus:
    """What a MplusClient is to the executor."""

    employee_number: int | None = None
    """Nothing is written: it matters to no answer of before."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    async def send(
        self, operation: Operation[T], hear: Hear | None = None
    ) -> Delivered[MplusAnswer[T]] | Failure:
        """The answer of then, understood anew. Raises NotRecorded."""
        raw = self._recorded.take(operation.name)
        if hear is not None:
            hear(raw)
        outcome = understood(operation, raw.status, raw.body, None, raw.asked_at, raw.answered_at)
        return outcome if isinstance(outcome, Delivered) else reworded(outcome, str)

    async def read_stock(self, article: int, branches: tuple[int, ...]) -> Delivered[Stock] | Failure:
        """Raises NotRecorded: many articles share a call, whose answer is nobody's own and is not kept."""
        raise NotRecorded(stock.NAME)
