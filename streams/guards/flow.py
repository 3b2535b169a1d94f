"""The guards flow."""

from __future__ import annotations

from streams.flow import Flow
from streams.guards.decide import decide
from streams.guards.state import Guarded
from streams.vocabulary.events import GuardsEvent

GUARDS: Flow[Guarded] = Flow(name="guards", events=GuardsEvent, state=Guarded, decide=decide)
