"""One decision of a return in the making: what the parts of `decide` share."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from streams.backoff import wait_after
from streams.flow import Ask, Context
from streams.returns.rules import ReturnRules
from streams.returns.state import Item, Return
from streams.vocabulary.activity import Activity, Level, Noted
from streams.vocabulary.effects import Effect
from streams.vocabulary.events import Message
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused


class Step:
    """Gathers what follows from one event."""

    def __init__(self, state: Return, context: Context) -> None:
        self.state = state
        self.context = context
        self.rules: ReturnRules = context.rules
        self.at: datetime = context.at
        self.asks: dict[str, Ask] = {}
        self.drops: list[str] = []
        self.messages: list[Message] = []
        self.notes: list[Activity] = []

    def note(
        self, kind: str, text: str, level: Level = "info", direction: Literal["in", "out", ""] = ""
    ) -> None:
        """A line of the history. The kinds begin with `return`: ids of returns may be those of articles too."""
        self.notes.append(Noted(kind=kind, text=text, level=level, direction=direction))

    def put(self, item: Item) -> None:
        """The item as it is now."""
        items = tuple(item if one.rma_id == item.rma_id else one for one in self.state.items)
        self.state = replace(self.state, items=items)

    def now(self, rma_id: str) -> Item:
        """The item as it is now. Raises KeyError where there is none."""
        item = self.state.item(rma_id)
        if item is None:
            raise KeyError(f"no item {rma_id} in this return")
        return item

    def ask(
        self, key: str, effect: Effect, not_before: datetime | None = None, repeated: bool = False
    ) -> None:
        """Asks for an effect; what was dropped of it before is wanted again."""
        self.asks[key] = Ask(key=key, effect=effect, not_before=not_before, repeated=repeated)

    def drop(self, *keys: str) -> None:
        """These are no longer wanted."""
        for key in keys:
            self.asks.pop(key, None)
            if key in self.context.open:
                self.drops.append(key)

    def waits_for(self, key: str) -> bool:
        """It is asked for and not answered."""
        return key in self.asks or (key in self.context.open and key not in self.drops)


def failure(
    outcome: Refused | NotSent | AnswerLost, vendor: str, tries: int, label: str
) -> tuple[float, str]:
    """Seconds to wait before the next try, and the words for a person."""
    wait = wait_after(outcome, tries, label, refused=0.0)
    match outcome:
        case Refused():
            return wait, f"{vendor} says: {outcome.said.rstrip('.')}."
        case NotSent():
            return wait, f"{outcome.why.rstrip('.')}."
        case AnswerLost():
            return wait, f"The answer was lost: {outcome.why.rstrip('.')}."
