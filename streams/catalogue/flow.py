"""The catalogue flow."""

from __future__ import annotations

from streams.catalogue.decide import decide
from streams.catalogue.state import CatalogueRow
from streams.flow import Flow
from streams.vocabulary.events import CatalogueEvent

CATALOGUE: Flow[CatalogueRow] = Flow(
    name="catalogue", events=CatalogueEvent, state=CatalogueRow, decide=decide
)
