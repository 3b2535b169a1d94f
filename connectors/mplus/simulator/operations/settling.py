"""cancel, pay and deliver (facts/mplus.md 7.1, 7.4, 7.6, 7.7)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.deliveries import Shipped
from connectors.mplus.simulator.operations.drafts import payment_drafts
from connectors.mplus.simulator.operations.orders import with_key
from connectors.mplus.simulator.order_desk import Done
from connectors.mplus.simulator.soap import Node, SoapFault, element, wrapped


def cancel_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """A second time: ALREADY-CANCELLED."""
    return _cancelled(books.desk.cancel(call.text("orderId") or "", toggle=False))


def cancel_order_v2(books: MplusBooks, call: Node) -> Iterable[str]:
    """A second time: UNDO-CANCEL-OK, and the order lives again."""
    return _cancelled(books.desk.cancel(call.inside("request").text("orderId") or "", toggle=True))


def _cancelled(done: Done) -> Iterable[str]:
    return [
        wrapped(
            "CancelOrderResponse",
            element("result", f"CANCEL-ORDER-RESULT-{done.result}") + element("message", done.message),
        )
    ]


def pay_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """Not idempotent."""
    return [wrapped("PayOrderResponse", _paid(books, call.inside("request"))[0])]


def pay_order_v2(books: MplusBooks, call: Node) -> Iterable[str]:
    """Idempotent under its key."""
    request = call.inside("request")
    return with_key(books, request, "payOrderV2", "PayOrderV2Response", lambda: _paid(books, request))


def _paid(books: MplusBooks, request: Node) -> tuple[str, bool]:
    prepay = request.flag("prepay")
    if prepay is None:
        raise SoapFault("prepay is missing")
    done = books.pay(
        request.text("orderId") or "", payment_drafts(request.child("paymentList")), prepay=prepay
    )
    answer = (
        element("result", f"PAY-ORDER-RESULT-{done.result}")
        + element("invoiceId", done.invoice_id or None)
        + element("errorMessage", done.message)
    )
    return answer, done.result == "OK" or books.config.idempotency_replays_failures


def deliver_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """Everything that is still open."""
    request = call.inside("request")
    shipped = books.deliver(request.text("orderId") or "", invoiced=bool(request.text("turnoverType")))
    return [
        wrapped(
            "DeliverOrderResponse",
            element("result", f"DELIVER-ORDER-RESULT-{shipped.result}")
            + _documents(shipped)
            + element("errorMessage", shipped.message),
        )
    ]


def deliver_order_v2(books: MplusBooks, call: Node) -> Iterable[str]:
    """These quantities by lineId; several partial deliveries make several packing slips."""
    request = call.inside("request").inside("orderDelivery")
    lines = request.child("lineList")
    quantities: dict[str, Decimal] = {}
    for line in lines.children("line") if lines else ():
        line_id = line.text("lineId") or ""
        quantity = line.amount("quantity", "decimalPlaces", books.config.absent_decimal_places)
        quantities[line_id] = quantities.get(line_id, Decimal(0)) + (quantity or 0)
    shipped = books.deliver(
        request.text("orderId") or "", quantities, invoiced=bool(request.text("turnoverType"))
    )
    return [
        wrapped(
            "DeliverOrderV2Response",
            element("result", f"DELIVER-ORDER-V2-RESULT-{shipped.result}")
            + _documents(shipped)
            + element("errorMessage", shipped.message or None),
        )
    ]


def _documents(shipped: Shipped) -> str:
    slip = shipped.slip
    return element("packingSlipId", slip.slip_id if slip else None) + element(
        "invoiceId", shipped.invoice_id or None
    )


SETTLING = {
    "cancelOrder": cancel_order,
    "cancelOrderV2": cancel_order_v2,
    "payOrder": pay_order,
    "payOrderV2": pay_order_v2,
    "deliverOrder": deliver_order,
    "deliverOrderV2": deliver_order_v2,
}
