"""One row of a flow and the shell around it, without a log: what streams/delivery.py does with an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from streams.codec import RowCodec
from streams.flow import Context, Decision, Flow, OpenEffect, Row, taken_in
from streams.vocabulary.events import Settled

S = TypeVar("S")


class RowAtHand(Generic[S]):
    """The row of an entity: its state, its open effects, its alarm."""

    def __init__(self, flow: Flow[S], entity: str, now: datetime, rules: Any = ()) -> None:
        self.flow = flow
        self.entity = entity
        self.now = now
        self.rules = rules
        self.state: S | None = None
        self.open: dict[str, OpenEffect] = {}
        self.asked = 0
        self.wake: datetime | None = None
        self.decision: Decision[S] | None = None
        """The last one."""
        self._codec: RowCodec[S] = RowCodec(flow.state)

    def later(self, seconds: float = 1.0) -> datetime:
        """Time goes on."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def take(self, event: Any) -> Decision[S]:
        """Applies an event now. An outcome of what is asked for no longer is passed over, a superseded one is not. What
        is decided must be the same each time, and the row must come back from the changelog as it went there."""
        opened = dict(self.open)
        if isinstance(event, Settled):
            one = opened.get(event.key)
            if one is None or event.number > one.number:
                return Decision(state=self.state)
            if event.number == one.number:
                del opened[event.key]
        context = Context(
            connection="shop", entity=self.entity, at=self.now, rules=self.rules, open=dict(opened)
        )
        decision = self.flow.decide(self.state, event, context)
        assert self.flow.decide(self.state, event, context) == decision
        self.asked = taken_in(decision, opened, self.asked)
        row = Row(state=decision.state, applied=1, open=opened, asked=self.asked, wake=decision.wake)
        assert self._codec.read(self._codec.write(row)) == row
        assert decision.state is not None or not opened, "a row that asks for something is not deleted"
        self.state, self.open, self.wake, self.decision = decision.state, opened, decision.wake, decision
        return decision
