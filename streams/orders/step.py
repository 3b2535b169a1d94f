"""One decision in the making: the order as it becomes, and what is to be said, sent and asked. No rule stands here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec.structs import replace

from streams.flow import Ask, Context
from streams.orders.rules import KindRules, OrderRules
from streams.orders.state import BOOKED, NEXT, Order, Step, bol_id
from streams.vocabulary.activity import Activity, Level, Noted
from streams.vocabulary.effects import Effect
from streams.vocabulary.events import Message

FETCH, LOOK, COMMIT = "fetch", "look", "commit"
READ, DELIVER, PAY, LESS, STATUS, SLIPS = "read", "deliver", "pay", "less", "status", "slips"
LEARN = "learn"
OVER: tuple[Step, ...] = ("done", "cancelled", "kept-out")


class Making:
    """What `decide` gathers."""

    def __init__(self, order: Order, context: Context) -> None:
        self.order = order
        self.context = context
        self.rules: OrderRules = context.rules
        self.asks: dict[str, Ask] = {}
        self.drops: list[str] = []
        self.messages: list[Message] = []
        self.notes: list[Activity] = []
        self.wakes: list[datetime] = []
        self.doubt = False
        """The effect whose outcome this is may have taken effect, in this try or in an earlier one."""

    @property
    def id(self) -> str:
        """The row's entity: the order's id, or that of its part."""
        return self.context.entity

    @property
    def bol_id(self) -> str:
        """Bol's id of the order."""
        return bol_id(self.context.entity)

    @property
    def at(self) -> datetime:
        """When the record was written."""
        return self.context.at

    @property
    def kind(self) -> KindRules:
        """How orders of this kind are booked."""
        return self.rules.kinds[self.order.kind]

    @property
    def kind_reserves(self) -> bool:
        """Whether the stock flow is told of it; an order of a kind that is switched off by now: what it has told."""
        how = self.rules.kinds.get(self.order.kind)
        return how.reserves if how is not None else True

    def put(self, **changes: Any) -> None:
        """Changes of the order, by field."""
        self.order = replace(self.order, **changes)

    def note(
        self,
        kind: str,
        text: str,
        level: Level = "info",
        direction: Literal["in", "out", ""] = "",
        millis: int | None = None,
    ) -> None:
        """A line in the history."""
        self.notes.append(Noted(kind=kind, text=text, level=level, direction=direction, millis=millis))

    def ask(
        self, key: str, effect: Effect, not_before: datetime | None = None, repeated: bool = False
    ) -> None:
        """Asks for an effect."""
        self.asks[key] = Ask(key=key, effect=effect, not_before=not_before, repeated=repeated)

    def waits_for(self, key: str) -> bool:
        """An effect under this key has not ended."""
        return key in self.asks or (key in self.context.open and key not in self.drops)

    def go_to(self, to: Step) -> None:
        """The next step. Raises ValueError for one that cannot come next."""
        before = self.order.step
        if before == to:
            return
        if to not in NEXT[before]:
            raise ValueError(f"an order cannot go from {before} to {to}")
        over = to in OVER and not (before in OVER and to in BOOKED and before in BOOKED)
        self.put(step=to, finished_at=self.at if over else None)

    def stuck(self, kind: str, why: str, level: Level = "stuck") -> None:
        """Something stands in the way: said once, shown until it is gone."""
        if self.order.troubles.get(kind) != why:
            self.put(troubles={**self.order.troubles, kind: why})
            self.note(kind, why, level=level)

    def freed(self, kind: str, text: str = "The reason is gone; the order goes on.") -> None:
        """It no longer does."""
        if kind in self.order.troubles:
            self.put(troubles={name: why for name, why in self.order.troubles.items() if name != kind})
            self.note("goes-on", text, level="cleared")
