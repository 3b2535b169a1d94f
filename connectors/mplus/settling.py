"""Delivering, cancelling and paying on the wire, and packing slips (facts/mplus.md 7.1, 7.4, 7.7).
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from connectors.mplus import soap
from connectors.mplus.operation import Operation, listing, operation
from connectors.mplus.orders import PAGE, added_by_mplus, paying
from connectors.mplus.reply import Node, Rows
from connectors.mplus.result import refusal
from streams.vocabulary.mplus_order import Moved, PackingSlip, Payment
from streams.vocabulary.outcomes import Refused

CANCELLED = "CANCEL-ORDER-RESULT-ALREADY-CANCELLED"
QUEUED = "CANCEL-ORDER-RESULT-PENDING"
UNDONE = "CANCEL-ORDER-RESULT-UNDO-CANCEL-OK"
INVOICED = "PAY-ORDER-RESULT-ORDER-ALREADY-INVOICED"


class Paid(NamedTuple):
    """The payment is on the order; `invoice_id` where that made an invoice."""

    invoice_id: str


def deliver(order_id: str, portions: Mapping[str, Decimal], turnover: str = "") -> Operation[Refused | None]:
    """deliverOrderV2 of so much of these lines. None: done. It has no key: whoever repeats it looks first."""
    lines = soap.tag(
        "lineList",
        *(
            soap.tag("line", soap.text("lineId", line_id), soap.amount("quantity", "decimalPlaces", quantity))
            for line_id, quantity in portions.items()
        ),
    )
    delivery = soap.tag(
        "orderDelivery", soap.text("orderId", order_id), lines, soap.filled("turnoverType", turnover)
    )
    return operation("deliverOrderV2", refusal, soap.tag("request", delivery), idempotent=False, kept=True)


def deliver_all(order_id: str, turnover: str = "") -> Operation[Refused | None]:
    """deliverOrder: everything that is open, for an installation that has no V2 yet."""
    content = (soap.text("orderId", order_id), soap.filled("turnoverType", turnover))
    return operation("deliverOrder", refusal, soap.tag("request", *content), idempotent=False, kept=True)


def cancel(order_id: str) -> Operation[Refused | None]:
    """cancelOrder of everything that is open. None: done. Its sister cancelOrderV2 is a toggle, and this one's results
    know an UNDO as well (facts/mplus.md 1.10): whoever repeats it looks first."""
    return operation("cancelOrder", refusal, soap.text("orderId", order_id), idempotent=False, kept=True)


def pay(order_id: str, key: str, payment: Payment, prepay: bool) -> Operation[Paid | Refused]:
    """payOrderV2: repeated safely with the same key."""
    return operation(
        "payOrderV2",
        _paid,
        soap.tag("request", soap.text("idempotencyKey", key), *_payment(order_id, payment, prepay)),
        kept=True,
    )


def pay_without_key(order_id: str, payment: Payment, prepay: bool) -> Operation[Paid | Refused]:
    """payOrder, for an installation that has no V2 yet: whoever repeats it looks first."""
    request = soap.tag("request", *_payment(order_id, payment, prepay))
    return operation("payOrder", _paid, request, idempotent=False, kept=True)


def _payment(order_id: str, payment: Payment, prepay: bool) -> tuple[str, str, str]:
    return soap.text("orderId", order_id), soap.flag("prepay", prepay), paying((payment,))


def _paid(answer: Node) -> Paid | Refused:
    return refusal(answer) or Paid(answer.text("invoiceId"))


def packing_slips(order_id: str) -> Operation[tuple[PackingSlip, ...]]:
    """getPackingSlipsByOrder, the oldest first; cancelled ones are left out, and so are parts that Mplus added."""

    def read(answer: Node) -> tuple[PackingSlip, ...]:
        slips = sorted(answer.each("packingSlipList", "packingSlip"), key=_age)
        return tuple(slip for slip in map(_slip, slips) if not slip.cancelled)

    request = soap.tag("request", soap.text("orderId", order_id))
    return operation("getPackingSlipsByOrder", read, request, kept=True)


class ChangedSlip(NamedTuple):
    """A packing slip of a page, and the order that it is of."""

    slip: PackingSlip
    order_id: str
    ext_order_id: str
    """Empty: the order has none, or the slip does not tell."""


def get_packing_slips(marker: int) -> Operation[Rows[ChangedSlip]]:
    """A page from a marker on, inclusive; cancelled ones too, with their lines (facts/mplus.md 2.6, 7.7)."""
    return listing(
        "getPackingSlips",
        ("packingSlipList", "packingSlip"),
        changed_slip,
        soap.tag("request", soap.number("syncMarker", marker), soap.number("syncMarkerLimit", PAGE)),
    )


def changed_slip(row: Node) -> ChangedSlip:
    """A `packingSlip` of a page. Raises Unreadable."""
    return ChangedSlip(_slip(row), row.text("orderId"), row.text("extOrderId"))


def _age(slip: Node) -> tuple[int, int, str]:
    number = slip.child("packingSlipNumber")
    year, place = (number.whole("year", 0), number.whole("number", 0)) if number is not None else (0, 0)
    return year, place, slip.text("packingSlipId")


def _slip(slip: Node) -> PackingSlip:
    year, place, slip_id = _age(slip)
    lines = []
    for line in slip.each("lineList", "line"):
        article, data = line.whole("articleNumber", 0), line.child("data")
        if article > 0 and data is not None and not added_by_mplus(line):
            quantity = int(data.amount("quantity", "decimalPlaces", 0))
            lines.append(Moved(article_number=article, quantity=quantity))
    return PackingSlip(
        slip_id=slip_id,
        number=f"{year}-{place}" if place else "",
        reference=slip.text("reference"),
        state=slip.text("state"),
        lines=tuple(lines),
        marker=slip.whole("syncMarker", 0),
    )
