"""One connection's row of the sweeps flow, and the shell around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from streams.codec import RowCodec
from streams.flow import Context, Decision, OpenEffect, Row
from streams.sweeps.decide import decide
from streams.sweeps.rules import SweepRules
from streams.sweeps.state import Connection, Name, Sweep
from streams.vocabulary.activity import ConnectionShown, Noted
from streams.vocabulary.events import ConnectionStarted, MarkersRead, Settled, Woke

G = TypeVar("G")
CODEC: RowCodec[Connection] = RowCodec(Connection)
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULES = SweepRules(branches=(1,), subscription_url="https://shop.example/webhooks/shop/bol")


READ_ONCE = Connection(sweeps={"mplus-articles": Sweep(whole_at=START), "mplus-stock": Sweep(whole_at=START)})
"""What the offers wait for at a first connect (test_progress.py) is behind it."""


class Desk:
    """One connection's row and the shell around it."""

    def __init__(self, rules: SweepRules = RULES, state: Connection | None = READ_ONCE) -> None:
        self.rules = rules
        self.now = START
        self.state = state
        self.open: dict[str, OpenEffect] = {}
        self.wake: datetime | None = None
        self.decision: Decision[Connection] | None = None

    def apply(self, event: Any, without: str = "") -> Decision[Connection]:
        self.open.pop(without, None)
        context = Context(connection="shop", entity="", at=self.now, rules=self.rules, open=dict(self.open))
        decision = decide(self.state, event, context)
        assert decide(self.state, event, context) == decision
        for ask in decision.asks:
            assert ask.key not in self.open, "a sweep is on its way once"
            self.open[ask.key] = OpenEffect(effect=ask.effect, number=1)
        row = Row(state=decision.state, applied=1, open=dict(self.open), wake=decision.wake)
        assert CODEC.read(CODEC.write(row)) == row
        self.state, self.wake, self.decision = decision.state, decision.wake, decision
        return decision

    def start(self) -> None:
        self.apply(ConnectionStarted(started_at=self.now))

    def settle(self, name: str, outcome: Any) -> Decision[Connection]:
        self.now += timedelta(milliseconds=50)
        event = Settled(key=name, number=1, outcome=outcome, asked_at=self.now, answered_at=self.now)
        return self.apply(event, without=name)

    def sleep(self) -> None:
        """Until the alarm rings."""
        assert self.wake is not None
        self.now = max(self.now, self.wake)
        self.apply(Woke(due=self.now))

    def effect(self, name: str) -> Any:
        return self.open[name].effect

    def tick(self, markers: MarkersRead) -> Decision[Connection]:
        """Mplus tells its markers, at the next moment at which it is asked."""
        while "mplus-markers" not in self.open:
            self.sleep()
        return self.settle("mplus-markers", markers)

    def due_stock(self, marker: str) -> None:
        """Mplus's stock has moved to this marker, and is read."""
        while "mplus-stock" not in self.open:
            self.tick(MarkersRead(article=100, order=50, stock=int(marker)))

    def guarded(self, kind: type[G]) -> list[G]:
        """What the last decision told the guard, of this kind."""
        assert self.decision is not None
        told = [one for one in self.decision.messages if isinstance(one.event, kind)]
        assert all((one.flow, one.entity) == ("guards", "") for one in told)
        return [one.event for one in told if isinstance(one.event, kind)]

    def cursor(self, name: Name) -> str:
        assert self.state is not None
        return self.state.sweep(name).cursor

    @property
    def stuck(self) -> str:
        assert self.decision is not None
        return [one.stuck for one in self.decision.activity if isinstance(one, ConnectionShown)][-1]

    @property
    def notes(self) -> list[Noted]:
        assert self.decision is not None
        return [one for one in self.decision.activity if isinstance(one, Noted)]


MARKERS = MarkersRead(article=100, order=50, stock=900)
