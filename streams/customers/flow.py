"""The customers flow."""

from __future__ import annotations

from streams.customers.decide import decide
from streams.customers.state import Debtor
from streams.flow import Flow
from streams.vocabulary.events import CustomersEvent

CUSTOMERS: Flow[Debtor] = Flow(
    name="customers", events=CustomersEvent, state=Debtor, decide=decide, live=2_000
)
