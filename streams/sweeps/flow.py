"""The sweeps flow."""

from __future__ import annotations

from streams.flow import Flow
from streams.sweeps.decide import decide
from streams.sweeps.state import Connection
from streams.vocabulary.events import SweepsEvent

SWEEPS: Flow[Connection] = Flow(name="sweeps", events=SweepsEvent, state=Connection, decide=decide)
