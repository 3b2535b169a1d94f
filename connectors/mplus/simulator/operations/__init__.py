"""The operations of the service: each reads its request, acts on the books and writes its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.operations.lookups import LOOKUPS
from connectors.mplus.simulator.operations.orders import ORDERS
from connectors.mplus.simulator.operations.packing_slips import PACKING_SLIPS
from connectors.mplus.simulator.operations.products import PRODUCTS
from connectors.mplus.simulator.operations.relations import RELATIONS
from connectors.mplus.simulator.operations.settling import SETTLING
from connectors.mplus.simulator.operations.stock import STOCK
from connectors.mplus.simulator.soap import Node

Operation = Callable[[MplusBooks, Node], Iterable[str]]
"""From the operation's element to the pieces of its answer. What it changes is changed before it returns;
pieces may be written later, one by one, so that a large answer does not hold up the loop."""

OPERATIONS: dict[str, Operation] = {
    **LOOKUPS,
    **PRODUCTS,
    **STOCK,
    **RELATIONS,
    **ORDERS,
    **SETTLING,
    **PACKING_SLIPS,
}
