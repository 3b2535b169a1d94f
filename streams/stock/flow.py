"""The stock flow."""

from __future__ import annotations

from streams.flow import Flow
from streams.stock.decide import decide
from streams.stock.state import Article
from streams.vocabulary.events import StockEvent

STOCK: Flow[Article] = Flow(name="stock", events=StockEvent, state=Article, decide=decide)
