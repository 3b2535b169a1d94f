"""Goods that leave for an order: packing slips, and the reservations that an order holds until then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connectors.mplus.simulator.config import MplusSimulatorConfig
from connectors.mplus.simulator.orders import NOTHING, Order, OrderBook, OrderLine, PackingSlip
from connectors.mplus.simulator.stock import Origin, StockBook
from streams.vocabulary.time import SHOP_ZONE, Clock

MOST_SLIPS = 100
"""Of one order."""


def reserved_by(order: Order, config: MplusSimulatorConfig) -> dict[int, Decimal]:
    """Pieces per article that this order reserves now: its open lines, if its type reserves at all."""
    if order.order_type not in config.reserving_order_types:
        return {}
    reserved: dict[int, Decimal] = {}
    for line in order.lines:
        if line.open > 0:
            reserved[line.article] = reserved.get(line.article, NOTHING) + line.open
    return reserved


def shift_reservations(
    stock: StockBook,
    config: MplusSimulatorConfig,
    order: Order,
    before: Mapping[int, Decimal],
    origin: Origin,
    shipped: Mapping[int, Decimal] | None = None,
) -> None:
    """Move each article's row by what the order reserves now less `before`, and by what was shipped, at one
    moment. Articles without stock have no row and are passed over."""
    shipped = shipped or {}
    after = reserved_by(order, config)
    for article in dict.fromkeys((*before, *after, *shipped)):
        row = stock.row(order.financial_branch, article)
        difference = after.get(article, NOTHING) - before.get(article, NOTHING)
        gone = shipped.get(article, NOTHING)
        if row is not None and (difference or gone):
            stock.move(row, origin, on_hand=-gone, reserved=difference)


@dataclass(frozen=True, slots=True)
class Shipped:
    """The tail of DeliverOrderResult, and the packing slip on OK."""

    result: str
    message: str = ""
    slip: PackingSlip | None = None
    invoice_id: str = ""


class Dispatch:
    """Delivers orders, whole or in parts (facts/mplus.md 7.7)."""

    def __init__(
        self,
        config: MplusSimulatorConfig,
        clock: Clock,
        new_id: Callable[[], str],
        stock: StockBook,
        orders: OrderBook,
        invoice: Callable[[Order], str],
    ) -> None:
        self._config = config
        self._clock = clock
        self._new_id = new_id
        self._stock = stock
        self._orders = orders
        self._invoice = invoice
        self._slips = 0

    def deliver(
        self,
        order_id: str,
        quantities: Mapping[str, Decimal] | None = None,
        *,
        invoiced: bool = False,
        reference: str = "",
    ) -> Shipped:
        """Make a packing slip of these quantities by lineId, or of everything open.

        What lies there goes down, what is reserved goes down as much: what is free stays. `reference` is what
        staff typed on the slip, else the order's own.
        """
        order = self._orders.get(order_id)
        if order is None:
            return Shipped("FAILED", "order not found")
        if not any(line.open for line in order.lines):
            if any(line.delivered for line in order.lines):
                return Shipped("ALREADY-DELIVERED", "order is already delivered")
            return Shipped("FAILED", "order is cancelled")
        if len(order.slips) >= MOST_SLIPS:
            return Shipped("FAILED", f"an order has at most {MOST_SLIPS} packing slips")
        if quantities is None:
            quantities = {
                line.line_id: line.open for line in order.lines if line.open and not line.component_of
            }
        by_id = {line.line_id: line for line in order.lines}
        for line_id, quantity in quantities.items():
            line = by_id.get(line_id)
            if line is None:
                return Shipped("FAILED", f"line {line_id} not found")
            if line.component_of:
                return Shipped("FAILED", f"line {line_id} is a part of a composed article")
            if not quantity or (quantity > 0) != (line.open > 0) or abs(quantity) > abs(line.open):
                return Shipped("FAILED", f"line {line_id} has {line.open} open, not {quantity}")
        if not quantities:
            return Shipped("FAILED", "nothing to deliver")
        gone = [(by_id[line_id], quantity) for line_id, quantity in quantities.items()]
        parts = [part for line, quantity in gone for part in _parts(order, line, quantity)]
        return self._ship(order, [*gone, *parts], invoiced, reference)

    def mark(self, slip: PackingSlip, reference: str) -> None:
        """Staff write on a packing slip, which takes the next marker. Whether its order counts as changed then is not
        documented; here it does not."""
        slip.reference = reference
        slip.marked_at = self._clock()
        self._orders.put_slip(slip)

    def _ship(
        self, order: Order, lines: list[tuple[OrderLine, Decimal]], invoiced: bool, reference: str
    ) -> Shipped:
        before = reserved_by(order, self._config)
        shipped: dict[int, Decimal] = {}
        for line, quantity in lines:
            line.delivered += quantity
            shipped[line.article] = shipped.get(line.article, NOTHING) + quantity
        now = self._clock()
        self._slips += 1
        slip = PackingSlip(
            slip_id=self._new_id(),
            year=now.astimezone(SHOP_ZONE).year,
            number=self._slips,
            order=order,
            at=now,
            lines=tuple(lines),
            reference=reference or order.reference,
        )
        order.slips.append(slip.slip_id)
        self._orders.put_slip(slip)
        invoice_id = self._invoice(order) if invoiced and not order.invoices else ""
        order.change_counter += 1
        order.version_number += 1
        self._orders.put(order)
        origin = Origin(
            cause="order-delivered",
            kind="SALES",
            reference=order.ext_order_id or order.text,
            order_id=order.order_id,
            packing_slip_id=slip.slip_id,
        )
        shift_reservations(self._stock, self._config, order, before, origin, shipped)
        return Shipped("OK", slip=slip, invoice_id=invoice_id)


def _parts(order: Order, line: OrderLine, quantity: Decimal) -> list[tuple[OrderLine, Decimal]]:
    """The parts that leave with so much of a composed article: in proportion, and all that is open with the last."""
    last = quantity == line.open
    found = []
    for part in order.lines:
        if part.component_of == line.line_id and part.open:
            share = part.open if last else round(part.quantity * quantity / line.quantity, 6)
            found.append((part, share if abs(share) < abs(part.open) else part.open))
    return found
