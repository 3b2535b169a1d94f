"""Orders on the wire (facts/mplus.md 7). Pure. Prices are whole cents including VAT."""

from __future__ import annotations

from typing import NamedTuple

from connectors.mplus import soap
from streams.vocabulary.mplus_order import MplusOrder, MplusOrderLine, OrderDraft, PostalAddress
from streams.vocabulary.outcomes import Refused

PAGE = 100
"""Orders asked for in a page."""
EXISTS = "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS"


class Created(NamedTuple):
    """What createOrderV3 gave. `replayed`: the stored answer of an earlier try with the same key."""

    order_id: str
    number: str
    replayed: bool


def create_order(draft: OrderDraft) -> bytes:
    """createOrderV3: repeated safely with the same `idempotencyKey`. Nothing of Mplus's own prices and actions is
    applied: the customer has paid what Bol charged."""
    lines = [
        soap.tag(
            "line",
            soap.number("articleNumber", line.article_number),
            soap.filled("text", line.text),
            soap.tag(
                "data",
                soap.number("quantity", line.quantity),
                soap.number("decimalPlaces", 0),
                soap.number("price", line.price_cents),
            ),
        )
        for line in draft.lines
    ]
    order = soap.tag(
        "order",
        soap.text("orderId", ""),
        soap.text("extOrderId", draft.ext_order_id),
        soap.text("orderType", draft.order_type),
        soap.number("entryBranchNumber", draft.branch_number),
        soap.number("employeeNumber", draft.employee_number),
        soap.number("relationNumber", draft.relation_number),
        _address("deliveryAddress", draft.deliver_to),
        _address("invoiceAddress", draft.invoice_to),
        soap.day("financialDate", draft.financial_date),
        soap.number("financialBranchNumber", draft.branch_number),
        soap.optional("workplaceNumber", draft.workplace_number),
        soap.filled("reference", draft.reference),
        soap.text("vatMethod", "VAT-METHOD-INCLUSIVE"),
        soap.filled("deliveryMethod", draft.delivery_method),
        soap.filled("paymentMethod", draft.payment_method),
        soap.optional("orderCategoryNumber", draft.order_category),
        soap.tag("lineList", *lines),
    )
    return soap.envelope(
        "createOrderV3",
        soap.tag(
            "request",
            soap.text("idempotencyKey", draft.idempotency_key),
            order,
            soap.flag("applySalesAndActions", False),
            soap.flag("applySalesPrices", False),
            soap.flag("applyPriceGroups", False),
        ),
    )


def _address(name: str, address: PostalAddress) -> str:
    content = (
        soap.filled("name", address.name),
        soap.filled("contact", address.contact or address.name),
        soap.filled("address", address.address),
        soap.filled("zipcode", address.zip_code),
        soap.filled("city", address.city),
        soap.filled("country", address.country),
        soap.filled("companyName", address.company),
    )
    return soap.tag(name, *content) if any(content) else ""


def created(reply: soap.Element) -> Created | Refused:
    """The order, or Mplus's no; `code` is EXISTS where the extOrderId is taken. Raises Unreadable."""
    result = soap.string(reply, "result")
    if not result.endswith("RESULT-OK"):
        said = soap.string(reply, "errorMessage") or result
        return Refused(said=said, code=result)
    order, info = soap.child(reply, "order"), soap.child(reply, "info")
    order_id = soap.string(order, "orderId") if order is not None else ""
    number = _number(order) if order is not None else ""
    if info is not None:
        order_id = order_id or soap.string(info, "orderId")
        number = number or soap.string(info, "orderString")
    if not order_id:
        raise soap.Unreadable("an order was created, but the reply does not say which")
    return Created(order_id, number, soap.string(reply, "idempotencyResult").endswith("REPLAY-RESPONSE"))


def find_order(ext_order_id: str) -> bytes:
    """findOrder: its argument stands directly under the operation."""
    return soap.envelope("findOrder", soap.text("extOrderId", ext_order_id))


def found(reply: soap.Element) -> MplusOrder | None:
    """The order, or None. Raises Unreadable."""
    order = soap.child(reply, "order")
    if not soap.string(reply, "result").endswith("RESULT-OK") or order is None:
        return None
    return _order(order)


def get_orders(marker: int) -> bytes:
    """A page from a marker on, inclusive; of the default types (sales, repeat, external: facts/mplus.md 7.2)."""
    return soap.envelope(
        "getOrders",
        soap.tag(
            "request",
            soap.number("syncMarker", marker),
            soap.number("syncMarkerLimit", PAGE),
            soap.tag("articlePluNumbers"),
            soap.tag("articleBarcodes"),
        ),
    )


def orders(reply: soap.Element) -> list[MplusOrder]:
    """The orders of a page. Raises Unreadable."""
    listed = soap.child(reply, "orderList")
    return [_order(order) for order in soap.children(listed, "order")] if listed is not None else []


def _order(element: soap.Element) -> MplusOrder:
    lines = soap.child(element, "lineList")
    return MplusOrder(
        order_id=soap.string(element, "orderId"),
        ext_order_id=soap.string(element, "extOrderId"),
        number=_number(element),
        marker=soap.integer(element, "syncMarker", 0),
        delivery_state=soap.string(element, "deliveryState"),
        cancel_state=soap.string(element, "cancelState"),
        lines=tuple(_line(line) for line in soap.children(lines, "line")) if lines is not None else (),
    )


def _line(element: soap.Element) -> MplusOrderLine:
    data = soap.child(element, "data")
    if data is None:
        return MplusOrderLine(
            article_number=soap.integer(element, "articleNumber", 0),
            quantity=soap.amount(element, "none", "none"),
        )
    return MplusOrderLine(
        article_number=soap.integer(element, "articleNumber", 0),
        quantity=soap.amount(data, "quantity", "decimalPlaces"),
        delivered=soap.amount(data, "deliveredQuantity", "deliveredDecimalPlaces"),
        cancelled=soap.amount(data, "cancelledQuantity", "cancelledDecimalPlaces"),
        price_cents=soap.integer(data, "price", 0),
    )


def _number(order: soap.Element) -> str:
    """`{year, number}` as people say it: 2026-123."""
    number = soap.child(order, "orderNumber")
    if number is None or soap.integer(number, "number", 0) == 0:
        return ""
    return f"{soap.integer(number, 'year', 0)}-{soap.integer(number, 'number', 0)}"
