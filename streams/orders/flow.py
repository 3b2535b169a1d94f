"""The orders flow."""

from __future__ import annotations

from streams.flow import Flow
from streams.orders.decide import decide
from streams.orders.state import Order
from streams.vocabulary.events import OrdersEvent

ORDERS: Flow[Order] = Flow(name="orders", events=OrdersEvent, state=Order, decide=decide, live=2_000)
