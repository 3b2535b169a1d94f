"""What a flow is: a pure `decide` over one row at a time. The shell around it is streams/delivery.py.

    decide(state, event, context) -> Decision(state, messages, asks, drops, activity, wake)

`decide` does no I/O, reads no clock (the record's time is `context.at`) and gives the same decision for the
same input: a run that is applied again after a crash writes the same rows and sends the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import msgspec

from streams.vocabulary.activity import Activity
from streams.vocabulary.effects import Effect
from streams.vocabulary.events import FlowName, Message
from streams.vocabulary.fact import Value

S = TypeVar("S")
"""A flow's state: what a row holds, or None where there is no row yet."""


class OpenEffect(Value, frozen=True):
    """An effect that a row has asked for and whose outcome is not back yet."""

    effect: Effect
    number: int
    """Counts the askings of a row: a later asking under the same key supersedes the one before."""
    not_before: datetime | None = None
    repeated: bool = False
    """An earlier try may have taken effect."""
    urgency: datetime | None = None
    """As in `Ask`."""


class Ask(Value, frozen=True):
    """Asks for an effect under a key of the row's own choosing (`push/<offerId>`, `commit`).

    While one is open under that key, asking again replaces what is still waiting; what is on its way already
    ends first, then the newer one is run: never two at once under one key, and the latest wins.
    """

    key: str
    effect: Effect
    not_before: datetime | None = None
    repeated: bool = False
    urgency: datetime | None = None
    """By when it should be done: where many wait for a vendor, the nearest goes first. None: now."""


NOTHING_OPEN: Mapping[str, OpenEffect] = MappingProxyType({})


class Context(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What `decide` may look at besides state and event."""

    connection: str
    entity: str
    at: datetime
    """When the record was written to the log."""
    rules: Any
    """The rules in force for this connection; each flow names its own type."""
    open: Mapping[str, OpenEffect] = NOTHING_OPEN
    """The row's open effects, without the one that this event settles."""


class Decision(msgspec.Struct, Generic[S], frozen=True, kw_only=True, gc=False):
    """What follows from an event. An unchanged state with nothing else in it writes nothing."""

    state: S | None
    """None deletes the row (only when nothing is asked and nothing is open)."""
    messages: tuple[Message, ...] = ()
    asks: tuple[Ask, ...] = ()
    drops: tuple[str, ...] = ()
    """Keys of open effects that are no longer wanted. What is on its way already is not stopped; its
    outcome is ignored."""
    activity: tuple[Activity, ...] = ()
    wake: datetime | None = None
    """Wake this row then (one alarm a row: the newest decision's; None: no alarm)."""


def taken_in(decision: Decision[Any], open_effects: dict[str, OpenEffect], asked: int) -> int:
    """Takes what a decision drops out of the row's open effects, and puts in what it asks for. `asked`: the askings
    that the row has counted so far; gives how many they are now."""
    for dropped in decision.drops:
        open_effects.pop(dropped, None)
    for ask in decision.asks:
        asked += 1
        open_effects[ask.key] = OpenEffect(
            effect=ask.effect,
            number=asked,
            not_before=ask.not_before,
            repeated=ask.repeated,
            urgency=ask.urgency,
        )
    return asked


class Row(msgspec.Struct, Generic[S], frozen=True, omit_defaults=True, gc=False):
    """A flow's row as it lies in the changelog."""

    state: S | None
    applied: int
    """The offset after the last record of the inbox that this row contains."""
    open: dict[str, OpenEffect] = {}
    asked: int = 0
    wake: datetime | None = None
    born: int = -1
    """The offset of the first record it contains: whether all of its events are still kept (app/replay). -1: written
    before this was noted."""


class Flow(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """One flow: its name (of inbox and rows), its types, and its `decide`."""

    name: FlowName
    events: Any
    """The union of its events."""
    state: Any
    """S, as msgspec needs it: a type or a union of types."""
    decide: Callable[[S | None, Any, Context], Decision[S]]
    live: int = 20_000
    """Decoded rows kept at hand; the rest is decoded when it is needed."""
