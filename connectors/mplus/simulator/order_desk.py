"""What can be done to an order, and what that does to the stock. Every refusal carries a sentence for people.

Reservations have no record of their own: what an order reserves follows from its open lines, so each change
is "what did it reserve before, what after" and the difference moves the stock (facts/mplus.md 5.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.mplus.simulator.catalogue import Catalogue
from connectors.mplus.simulator.config import MplusSimulatorConfig
from connectors.mplus.simulator.deliveries import reserved_by, shift_reservations
from connectors.mplus.simulator.order_drafts import LineDraft, OrderDraft, PaymentDraft
from connectors.mplus.simulator.order_writer import MOST_CENTS, MOST_LINES, OrderWriter, Refusal
from connectors.mplus.simulator.orders import (
    MOST_QUANTITY,
    Order,
    OrderBook,
    OrderLine,
    Payment,
)
from connectors.mplus.simulator.relations import RelationBook
from connectors.mplus.simulator.stock import Origin, StockBook
from streams.vocabulary.time import SHOP_ZONE, Clock


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended: the tail of the call's own result enum, and the order it was about."""

    result: str
    message: str = ""
    order: Order | None = None
    invoice_id: str = ""


class OrderDesk:
    """Creates, changes, cancels and settles orders."""

    def __init__(
        self,
        config: MplusSimulatorConfig,
        clock: Clock,
        new_id: Callable[[], str],
        catalogue: Catalogue,
        stock: StockBook,
        relations: RelationBook,
        orders: OrderBook,
    ) -> None:
        self._config = config
        self._clock = clock
        self._new_id = new_id
        self._catalogue = catalogue
        self._stock = stock
        self._relations = relations
        self._orders = orders
        self._writer = OrderWriter(config, catalogue, new_id)
        self._invoices = 0
        self._queued: list[str] = []
        """Orders whose cancellation waits for the branch's own database."""

    @property
    def invoices(self) -> int:
        """The invoice sync marker: how many invoices were made."""
        return self._invoices

    def create(self, draft: OrderDraft) -> Done:
        """OK, EXT-ORDER-ID-ALREADY-EXISTS or FAILED, and on OK the stock is reserved."""
        if draft.ext_order_id and self._orders.by_ext(draft.ext_order_id):
            return Done("EXT-ORDER-ID-ALREADY-EXISTS", "extOrderId exists")
        if self._orders.full:
            return Done("FAILED", "the book of orders is full")
        try:
            order = self._drawn_up(draft)
        except Refusal as refusal:
            return Done("FAILED", str(refusal))
        self._orders.put(order)
        shift_reservations(
            self._stock, self._config, order, {}, Origin(cause="order-created", reference=_called(order))
        )
        return Done("OK", order=order)

    def update(self, draft: OrderDraft) -> Done:
        """OK, NOT-FOUND, ORDER-HAS-CHANGED, NO-CHANGES or FAILED (facts/mplus.md 7.6).

        Lines are given in full: one that keeps its lineId keeps what was delivered, one that is missing goes.
        """
        order = self._orders.get(draft.order_id)
        if order is None:
            return Done("NOT-FOUND", "order not found")
        if (draft.version_number, draft.change_counter) != (order.version_number, order.change_counter):
            return Done("ORDER-HAS-CHANGED", "the order was changed by someone else", order)
        try:
            changes = self._changes(order, draft)
        except Refusal as refusal:
            return Done("FAILED", str(refusal), order)
        if not changes:
            return Done("NO-CHANGES", order=order)
        before = reserved_by(order, self._config)
        for name, value in changes.items():
            setattr(order, name, value)
        if order.relation_name == "" or "relation" in changes:
            order.relation_name = self._relation_name(order.relation)
        self._changed(order, before, "order-updated")
        return Done("OK", order=order)

    def cancel(self, order_id: str, *, toggle: bool) -> Done:
        """Cancel what is still open. `toggle`: cancelOrderV2, which un-cancels a cancelled order
        (facts/mplus.md 0, point 10); otherwise that is ALREADY-CANCELLED."""
        order = self._orders.get(order_id)
        if order is None:
            return Done("NOT-FOUND", "order not found")
        if self._config.cancels_are_queued and not toggle and any(line.open for line in order.lines):
            if order_id not in self._queued:
                self._queued.append(order_id)
            return Done("PENDING", "the order will be cancelled at its branch", order)
        return self._cancel(order, toggle)

    def catch_up(self) -> int:
        """The branch's own database works off its queue; gives how many orders were cancelled."""
        waiting, self._queued = self._queued, []
        orders = [order for order_id in waiting if (order := self._orders.get(order_id))]
        return sum(self._cancel(order, False).result == "OK" for order in orders)

    def cancel_lines(self, order: Order, quantities: Mapping[str, Decimal]) -> None:
        """Staff cancels so much of these lines, by lineId. Raises ValueError on more than is open."""
        lines = [(_line_of(order, line_id), quantity) for line_id, quantity in quantities.items()]
        for line, quantity in lines:
            if quantity * line.open <= 0 or abs(quantity) > abs(line.open):
                raise ValueError(f"line {line.line_id} has {line.open} open, not {quantity}")
        before = reserved_by(order, self._config)
        for line, quantity in lines:
            for part in _parts_of(order, line):
                part.cancelled += min(round(part.quantity * quantity / line.quantity, 6), part.open, key=abs)
            line.cancelled += quantity
        self._changed(order, before, "order-cancelled")

    def edit_lines(
        self, order: Order, quantities: Mapping[str, Decimal], added: Sequence[LineDraft] = ()
    ) -> None:
        """Staff writes other quantities on these lines, by lineId; 0 takes a line off. `added`: new lines. Raises
        ValueError where a line has left or is cancelled further than that, or a new one names what is not there."""
        lines = [(_line_of(order, line_id), quantity) for line_id, quantity in quantities.items()]
        for line, quantity in lines:
            if abs(quantity) < abs(line.delivered + line.cancelled) or abs(quantity) > MOST_QUANTITY:
                raise ValueError(f"line {line.line_id} was delivered or cancelled further than {quantity}")
        try:
            new = self._writer.lines(tuple(added), [], order.vat_method) if added else []
        except Refusal as refusal:
            raise ValueError(str(refusal)) from None
        if len(order.lines) + len(new) > MOST_LINES:
            raise ValueError(f"an order has at most {MOST_LINES} lines")
        before = reserved_by(order, self._config)
        for line, quantity in lines:
            for part in _parts_of(order, line):
                part.quantity = round(part.quantity * quantity / line.quantity, 6)
            line.quantity = quantity
        order.lines = [line for line in order.lines if line.quantity] + new
        self._changed(order, before, "order-updated")

    def _cancel(self, order: Order, toggle: bool) -> Done:
        before = reserved_by(order, self._config)
        if any(line.cancelled for line in order.lines) and not any(line.open for line in order.lines):
            if not toggle:
                return Done("ALREADY-CANCELLED", "order is already cancelled", order)
            for line in order.lines:
                line.cancelled = Decimal(0)
            self._changed(order, before, "order-cancel-undone")
            return Done("UNDO-CANCEL-OK", order=order)
        category = next((one for one in self._config.order_categories if one.number == order.category), None)
        if category is not None and not category.allow_cancel:
            return Done("FAILED", f"an order in category {category.description} cannot be cancelled", order)
        if not any(line.open for line in order.lines):
            return Done("FAILED", "order is already delivered", order)
        for line in order.lines:
            line.cancelled += line.open
        self._changed(order, before, "order-cancelled")
        return Done("OK", order=order)

    def pay(self, order_id: str, payments: tuple[PaymentDraft, ...], *, prepay: bool) -> Done:
        """`prepay`: a deposit on goods not yet shipped. Otherwise the order is settled and invoiced, which
        takes the whole amount (facts/mplus.md 7.4)."""
        order = self._orders.get(order_id)
        if order is None:
            return Done("FAILED", "order not found")
        if order.invoices:
            return Done("ORDER-ALREADY-INVOICED", "order is already invoiced", order)
        amount = sum(payment.amount for payment in payments)
        refused = self.no_payment(payments)
        if refused or len(payments) + len(order.payments) > MOST_LINES:
            return Done("FAILED", refused or "too many payments", order)
        if not prepay and not order.covered_by(order.paid + amount):
            return Done("PAYMENT-INSUFFICIENT", "the payments do not cover the order", order)
        at = self._clock()
        for payment in payments:
            order.payments.append(
                Payment(
                    payment_id=self._new_id(),
                    at=at,
                    method=payment.method,
                    amount=payment.amount,
                    external_reference=payment.external_reference,
                    prepaid=prepay,
                )
            )
        invoice = "" if prepay else self.invoice(order)
        order.change_counter += 1
        self._orders.put(order)
        return Done("OK", order=order, invoice_id=invoice)

    def no_payment(self, payments: tuple[PaymentDraft, ...]) -> str:
        """Why these are no payments that can be made; empty: they are."""
        known = {method.method for method in self._config.payment_methods}
        if unknown := [payment.method for payment in payments if payment.method not in known]:
            return f"unknown payment method {unknown[0]}"
        if not payments or abs(sum(payment.amount for payment in payments)) > MOST_CENTS:
            return "no payment, or too much of it"
        return ""

    def mark(
        self,
        order: Order,
        *,
        reference: str | None = None,
        category: int | None = None,
        delivery_method: str | None = None,
    ) -> None:
        """Staff writes a reference, moves the order to another category or sends it another way. Raises ValueError on
        an unknown one."""
        try:
            if category is not None:
                order.category = self._known_category(category)
            if delivery_method is not None:
                order.delivery_method = self._known_delivery_method(delivery_method)
        except Refusal as refusal:
            raise ValueError(str(refusal)) from None
        if reference is not None:
            order.reference = reference
        order.change_counter += 1
        order.version_number += 1
        self._orders.put(order)

    def invoice(self, order: Order) -> str:
        """Make an invoice for an order and its packing slips; gives its id. The caller puts the order."""
        self._invoices += 1
        invoice = self._new_id()
        order.invoices.append(invoice)
        for slip_id in order.slips:
            slip = self._orders.slip(slip_id)
            if slip is not None and not slip.invoice_id:
                slip.invoice_id = invoice
                self._orders.put_slip(slip)
        return invoice

    def _changed(self, order: Order, before: dict[int, Decimal], cause: str) -> None:
        order.change_counter += 1
        order.version_number += 1
        self._orders.put(order)
        shift_reservations(
            self._stock, self._config, order, before, Origin(cause=cause, reference=_called(order))
        )

    def _drawn_up(self, draft: OrderDraft) -> Order:
        entry = draft.entry_branch or draft.financial_branch or self._config.default_branch.number
        financial = draft.financial_branch or entry
        branches = {branch.number: branch for branch in self._config.branches}
        for number in (entry, financial):
            if number not in branches:
                raise Refusal(f"branch {number} not found")
        if entry != self._config.default_branch.number and not draft.workplace:
            raise Refusal("an entry branch other than the default one needs a workplaceNumber")
        workplace = draft.workplace or branches[entry].workplaces[0].number
        places = {place.number for place in branches[entry].workplaces}
        if workplace not in places and "workplace" in self._config.checked:
            raise Refusal(f"workplace {workplace} not found in branch {entry}")
        self._writer.check("employee", draft.employee)
        self._writer.check("payment-method", draft.payment_method)
        relation = draft.relation or 0
        relation_name = self._relation_name(relation)
        now = self._clock()
        today = now.astimezone(SHOP_ZONE).date()
        return Order(
            order_id=self._new_id(),
            year=today.year,
            number=len(self._orders) + 1,
            entered_at=now,
            ext_order_id=draft.ext_order_id or "",
            order_type=draft.order_type or self._config.default_order_type,
            entry_branch=entry,
            financial_branch=financial,
            workplace=workplace,
            employee=draft.employee or 0,
            relation=relation,
            relation_name=relation_name,
            financial_date=draft.financial_date or today,
            delivery_address=draft.delivery_address,
            invoice_address=draft.invoice_address,
            reference=draft.reference or "",
            activity_id=draft.activity_id or "",
            vat_method=draft.vat_method or "VAT-METHOD-INCLUSIVE",
            delivery_method=self._known_delivery_method(draft.delivery_method),
            delivery_date=draft.delivery_date,
            payment_method=draft.payment_method or "",
            category=self._known_category(draft.category),
            on_delivery_url=draft.on_delivery_url or "",
            on_invoice_url=draft.on_invoice_url or "",
            lines=self._writer.lines(draft.lines or (), [], draft.vat_method or "VAT-METHOD-INCLUSIVE"),
        )

    def _changes(self, order: Order, draft: OrderDraft) -> dict[str, object]:
        """What the draft would change; the numbers of an order, its branches and its type stay."""
        if draft.ext_order_id is not None and draft.ext_order_id != order.ext_order_id:
            raise Refusal("extOrderId cannot be changed")
        wanted: dict[str, object] = {
            name: getattr(draft, name)
            for name in (
                "employee",
                "relation",
                "financial_date",
                "delivery_address",
                "invoice_address",
                "reference",
                "activity_id",
                "vat_method",
                "delivery_method",
                "delivery_date",
                "payment_method",
                "category",
                "on_delivery_url",
                "on_invoice_url",
            )
            if getattr(draft, name) is not None
        }
        self._known_delivery_method(draft.delivery_method)
        self._known_category(draft.category)
        self._writer.check("employee", draft.employee)
        self._writer.check("payment-method", draft.payment_method)
        if draft.relation is not None:
            self._relation_name(draft.relation)
        if draft.lines is not None:
            lines = self._writer.lines(draft.lines, order.lines, draft.vat_method or order.vat_method)
            wanted["lines"] = lines
            kept = {line.line_id for line in lines}
            if any(line.delivered and line.line_id not in kept for line in order.lines):
                raise Refusal("a delivered line cannot be removed")
        return {name: value for name, value in wanted.items() if value != getattr(order, name)}

    def _relation_name(self, number: int) -> str:
        relation = self._relations.get(number)
        if relation is not None:
            return relation.name
        if number or self._config.relation_required:
            raise Refusal(f"relation {number} not found" if number else "an order needs a relation")
        return ""

    def _known_delivery_method(self, code: str | None) -> str:
        self._writer.check("delivery-method", code)
        return code or ""

    def _known_category(self, number: int | None) -> int:
        self._writer.check("order-category", number)
        return number or (self._config.order_categories[0].number if self._config.order_categories else 0)


def _parts_of(order: Order, line: OrderLine) -> list[OrderLine]:
    return [part for part in order.lines if part.component_of == line.line_id]


def _line_of(order: Order, line_id: str) -> OrderLine:
    """One of its lines that is no part of another. Raises ValueError."""
    for line in order.lines:
        if line.line_id == line_id and not line.component_of:
            return line
    raise ValueError(f"line {line_id} not found")


def _called(order: Order) -> str:
    return order.ext_order_id or order.text
