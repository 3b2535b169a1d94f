"""Bol as it answered once (connectors/recorded.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Never

from connectors.bol.call import Call
from connectors.bol.client import PATIENCE, BolAnswer, Hear, understood
from connectors.recorded import NotRecorded, Recorded
from streams.vocabulary.outcomes import Delivered, Failure


class RecordedBol:
    """What a BolClient is to the executor."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    async def send(
        self, call: Call, patience: float = PATIENCE, hear: Hear | None = None
    ) -> Delivered[BolAnswer] | Failure:
        """The answer of then, understood anew. Raises NotRecorded."""
        raw = self._recorded.take(call.operation)
        if hear is not None:
            hear(raw)
        return understood(raw, None)


class Unremembered(dict[str, datetime]):
    """For what an executor remembers of earlier effects: that is in no answer."""

    def get(self, *_: object) -> Never:
        """Raises NotRecorded."""
        raise NotRecorded("what the process remembered")
