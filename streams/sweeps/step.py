"""One decision of the sweeps flow in the making."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from streams.flow import Context
from streams.sweeps.rules import SweepRules
from streams.sweeps.state import Connection, Name, Sweep
from streams.vocabulary.activity import Activity, Level, Noted
from streams.vocabulary.events import FeedOdd, GuardsEvent, Message

TITLES: dict[Name, str] = {
    "mplus-markers": "what moved in Mplus",
    "mplus-articles": "the articles of Mplus",
    "mplus-orders": "the orders of Mplus",
    "mplus-slips": "the packing slips of Mplus",
    "mplus-stock": "the stock of Mplus",
    "mplus-stock-history": "the stock history of Mplus",
    "bol-orders": "the orders of Bol",
    "bol-returns": "the open returns of Bol",
    "bol-offers": "the offers of Bol",
    "bol-inventory": "the stock in Bol's own warehouse",
    "bol-processes": "the writes pending at Bol",
    "bol-subscription": "our subscription at Bol",
}


class Step:
    """What an event has led to so far."""

    def __init__(self, state: Connection, context: Context) -> None:
        self.state = state
        self.context = context
        self.rules: SweepRules = context.rules
        self.at = context.at
        self.notes: list[Activity] = []
        self.messages: list[Message] = []
        self.loud = False

    def note(self, kind: str, text: str, level: Level = "info") -> None:
        """A line for the activity log."""
        self.notes.append(Noted(kind=kind, text=text, level=level, direction="in"))

    def guard(self, event: GuardsEvent) -> None:
        """An event to the connection's guard."""
        self.messages.append(Message(flow="guards", entity="", event=event))

    def odd(self, event: FeedOdd) -> None:
        """A feed that cannot be right: the guard stops the pushes, and a person reads why."""
        self.guard(event)
        self.note(event.kind, event.words, "warn")

    def put(self, name: Name, sweep: Sweep) -> None:
        """How a sweep stands now."""
        self.state = replace(self.state, sweeps={**self.state.sweeps, name: sweep})

    def due(self, name: Name, when: datetime | None = None) -> None:
        """Run it then (now), or once more after what is on its way."""
        sweep = self.state.sweep(name)
        when = when or self.at
        if name in self.context.open:
            self.put(name, replace(sweep, again=True))
        elif sweep.next_at is None or sweep.next_at > when:
            self.put(name, replace(sweep, next_at=when))

    def goes_on_from(self, name: Name, cursor: str) -> None:
        """The sweep's cursor is this one from now on, also where a page is on its way that covers something else."""
        sweep = self.state.sweep(name)
        if name in self.context.open:
            self.put(name, replace(sweep, anew=cursor))
        else:
            self.put(name, replace(sweep, cursor=cursor))

    def from_the_start(self, name: Name) -> None:
        """All of it is read again, now. What was never read begins there anyway."""
        sweep = self.state.sweep(name)
        if not sweep.cursor and sweep.last_ok is None and name not in self.context.open:
            return
        # Rows of before this was noted tell by their cursor that there was something.
        self.put(name, replace(sweep, had=sweep.had or sweep.cursor not in ("", "0", "1")))
        self.goes_on_from(name, "")
        self.due(name)
