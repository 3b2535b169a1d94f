"""The returns flow."""

from __future__ import annotations

from streams.flow import Flow
from streams.returns.decide import decide
from streams.returns.state import Return
from streams.vocabulary.events import ReturnsEvent

RETURNS: Flow[Return] = Flow(name="returns", events=ReturnsEvent, state=Return, decide=decide)
