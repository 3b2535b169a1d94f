"""Orders and payments as they are sent, read into drafts."""

from __future__ import annotations

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.order_drafts import LineDraft, OrderDraft, PaymentDraft
from connectors.mplus.simulator.order_writer import MOST_LINES
from connectors.mplus.simulator.orders import ADDRESS_FIELDS, Address
from connectors.mplus.simulator.soap import Node, SoapFault

MOST_PRICE = 10**10
"""Cents of one piece: a hundred million euros."""
_ENUMS = {
    "orderType": (
        "ORDER-TYPE-SALES-ORDER", "ORDER-TYPE-REPEAT-SALES-ORDER", "ORDER-TYPE-EXTERNAL-SALES-ORDER",
        "ORDER-TYPE-TABLE-ORDER", "ORDER-TYPE-CAFETERIA-ORDER",
    ),
    "vatMethod": ("VAT-METHOD-INCLUSIVE", "VAT-METHOD-EXCLUSIVE", "VAT-METHOD-SHIFTED", "VAT-METHOD-NONE"),
}  # fmt: skip
_KEPT = {
    "orderId", "extOrderId", "orderType", "entryBranchNumber", "employeeNumber", "relationNumber",
    "deliveryAddress", "invoiceAddress", "financialDate", "financialBranchNumber", "workplaceNumber", "reference",
    "activityId", "vatMethod", "deliveryMethod", "deliveryDate", "paymentMethod", "changeCounter", "versionNumber",
    "orderCategoryNumber", "onDeliveryUrl", "onInvoiceUrl", "lineList",
}  # fmt: skip
_READ_ONLY = {
    "invoiceIds", "transactionString", "syncMarker", "entryTimestamp", "relationName", "totalInclAmount",
    "totalExclAmount", "vatGroupList", "prepaidAmount", "fullyPaid", "deliveryState", "cancelState",
    "completeState", "orderNumber", "branchOrderNumber", "orderCategoryDescription", "paymentList",
    "packingSlipIds", "packingSlipNumbers",
}  # fmt: skip
_LINE_KEPT = {
    "lineId",
    "articleNumber",
    "pluNumber",
    "text",
    "data",
    "lineType",
    "lineKind",
    "employeeNumber",
}
_DATA_KEPT = {
    "quantity", "decimalPlaces", "price", "priceExcl", "vatCode", "vatPercentage", "deliveredQuantity",
    "deliveredDecimalPlaces", "cancelledQuantity", "cancelledDecimalPlaces", "originalPrice", "totalInclAmount",
    "totalExclAmount", "discountType", "turnoverGroup",
}  # fmt: skip


def order_draft(books: MplusBooks, call: Node, sent: Node | None) -> OrderDraft:
    """An `Order`. Raises SoapFault where it is missing or a value does not fit its type."""
    if sent is None:
        raise SoapFault(f"{call.name} holds no order")
    books.note_ignored(call.name, sent.names(), _KEPT | _READ_ONLY)
    lines = sent.child("lineList")
    return OrderDraft(
        order_id=sent.text("orderId") or "",
        ext_order_id=sent.text("extOrderId"),
        order_type=_enum(call, sent, "orderType"),
        entry_branch=sent.small("entryBranchNumber"),
        financial_branch=sent.small("financialBranchNumber"),
        workplace=sent.small("workplaceNumber"),
        employee=sent.whole("employeeNumber"),
        relation=sent.whole("relationNumber"),
        financial_date=sent.day("financialDate"),
        delivery_address=_address(sent.child("deliveryAddress")),
        invoice_address=_address(sent.child("invoiceAddress")),
        reference=sent.text("reference"),
        activity_id=sent.text("activityId"),
        vat_method=_enum(call, sent, "vatMethod"),
        delivery_method=sent.text("deliveryMethod"),
        delivery_date=sent.day("deliveryDate"),
        payment_method=sent.text("paymentMethod"),
        category=sent.small("orderCategoryNumber"),
        on_delivery_url=sent.text("onDeliveryUrl"),
        on_invoice_url=sent.text("onInvoiceUrl"),
        change_counter=sent.small("changeCounter"),
        version_number=sent.small("versionNumber"),
        lines=None if lines is None else tuple(_line(books, call, line) for line in _bounded(call, lines)),
    )


def payment_drafts(sent: Node | None) -> tuple[PaymentDraft, ...]:
    """`paymentList`: method and amount are what a new payment needs (facts/mplus.md 7.4)."""
    if sent is None:
        return ()
    payments = []
    for payment in sent.children("payment"):
        method, cents = payment.text("method"), payment.whole("amount")
        if not method or cents is None:
            raise SoapFault("a payment needs method and amount")
        payments.append(PaymentDraft(method, cents, payment.text("externalReference") or ""))
    return tuple(payments)


def _bounded(call: Node, lines: Node) -> list[Node]:
    found = list(lines.children("line"))
    if len(found) > MOST_LINES:
        raise SoapFault(f"{call.name} has more than {MOST_LINES} lines")
    return found


def _line(books: MplusBooks, call: Node, sent: Node) -> LineDraft:
    article = sent.whole("articleNumber")
    data = sent.child("data")
    quantity = None
    if data is not None:
        books.note_ignored(call.name, data.names(), _DATA_KEPT)
        quantity = data.amount("quantity", "decimalPlaces", books.config.absent_decimal_places)
    books.note_ignored(call.name, sent.names(), _LINE_KEPT)
    if article is None or data is None or quantity is None:
        raise SoapFault(f"a line of {call.name} needs articleNumber and data.quantity")
    return LineDraft(
        line_id=sent.text("lineId") or "",
        article=article,
        quantity=quantity,
        text=sent.text("text"),
        price=_price(data, "price"),
        price_excl=_price(data, "priceExcl"),
        vat_code=data.small("vatCode"),
        turnover_group=data.small("turnoverGroup"),
        component=sent.text("lineType") == "LINE-TYPE-COMPONENT",
    )


def _price(data: Node, name: str) -> int | None:
    cents = data.whole(name)
    if cents is not None and abs(cents) > MOST_PRICE:
        raise SoapFault(f"{name} is at most {MOST_PRICE} cents")
    return cents


def _address(sent: Node | None) -> Address | None:
    if sent is None:
        return None
    return {name: text for name in ADDRESS_FIELDS if (text := sent.text(name)) is not None}


def _enum(call: Node, sent: Node, name: str) -> str | None:
    text = sent.text(name)
    if text and text not in _ENUMS[name]:
        raise SoapFault(f"{call.name}.order.{name} is not one of its values: {text[:40]!r}")
    return text or None
