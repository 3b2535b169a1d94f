"""Orders on the wire (facts/mplus.md 7). Pure. Prices are whole cents including VAT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import NamedTuple

from connectors.mplus import soap
from connectors.mplus.elements import ADDRESS, DATA, LINE, ORDER
from connectors.mplus.operation import Operation, listing, operation
from connectors.mplus.reply import Node, Rows, Unreadable
from connectors.mplus.result import granted, refusal
from streams.vocabulary.mplus_order import (
    Extra,
    MplusOrder,
    MplusOrderLine,
    OrderDraft,
    OrderLine,
    Payment,
    PostalAddress,
)
from streams.vocabulary.outcomes import Refused

PAGE = 100
"""Orders asked for in a page."""
EXISTS = "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS"
UNPAID = "CREATE-ORDER-RESULT-PAYMENT-FAILED"
_DATA = "data."
"""Before what a line sets within its `data`."""
_OURS = ("", "LINE-TYPE-NONE")


class Created(NamedTuple):
    """The order that an operation made (or, replayed under its key, had made before)."""

    order_id: str
    number: str
    unpaid: str = ""
    """Why the payments that went with it are not on it, in Mplus's words; empty: they are."""
    marker: int = 0
    """0: the reply holds no order, or that waits for its branch's own database (facts/mplus.md 7.1)."""


class Held(NamedTuple):
    """An order as it is, and the whole of what Mplus gave: an update sends all of it back (revision.py)."""

    order: MplusOrder
    whole: Node
    payments: tuple[Payment, ...]


def create(draft: OrderDraft) -> Operation[Created | Refused]:
    """createOrderV3 with the draft's payments: repeated safely with the same `idempotencyKey`. Raises Unfit."""
    key = soap.text("idempotencyKey", draft.idempotency_key)
    paid = (soap.flag("prepay", draft.prepay), paying(draft.payments)) if draft.payments else ()
    return operation(
        "createOrderV3", created, soap.tag("request", key, _order(draft), *_no_own_prices(), *paid), kept=True
    )


def create_without_key(draft: OrderDraft) -> Operation[Created | Refused]:
    """createOrderV2, for an installation that has no V3 yet (facts/mplus.md 1.3). Only the extOrderId keeps doubles
    out: whoever repeats it looks first. It takes no payments: they are made afterwards. Raises Unfit."""
    return operation(
        "createOrderV2",
        created,
        soap.tag("request", _order(draft), *_no_own_prices()),
        idempotent=False,
        kept=True,
    )


def paying(payments: Sequence[Payment]) -> str:
    """`paymentList` of new payments: method and amount are what they need (facts/mplus.md 7.4)."""
    return soap.tag(
        "paymentList",
        *(
            soap.tag(
                "payment",
                soap.text("method", payment.method),
                soap.number("amount", payment.cents),
                soap.filled("externalReference", payment.reference),
            )
            for payment in payments
        ),
    )


def _no_own_prices() -> tuple[str, str, str]:
    """Nothing of Mplus's own prices and actions is applied: the customer has paid what Bol charged."""
    names = ("applySalesAndActions", "applySalesPrices", "applyPriceGroups")
    return (soap.flag(names[0], False), soap.flag(names[1], False), soap.flag(names[2], False))


def _order(draft: OrderDraft) -> str:
    within: dict[str, dict[str, Extra]] = {"deliveryAddress": {}, "invoiceAddress": {}}
    further: dict[str, Extra] = {}
    for name, value in draft.extra.items():
        above, _, below = name.partition(".")
        if below and above in within:
            within[above][below] = value
        else:
            further[name] = value
    own = {
        "orderId": soap.text("orderId", ""),
        "extOrderId": soap.text("extOrderId", draft.ext_order_id),
        "orderType": soap.text("orderType", draft.order_type),
        "entryBranchNumber": soap.number("entryBranchNumber", draft.branch_number),
        "employeeNumber": soap.number("employeeNumber", draft.employee_number),
        "relationNumber": soap.number("relationNumber", draft.relation_number),
        "deliveryAddress": _address("deliveryAddress", draft.deliver_to, within["deliveryAddress"]),
        "invoiceAddress": _address("invoiceAddress", draft.invoice_to, within["invoiceAddress"]),
        "financialDate": soap.day("financialDate", draft.financial_date),
        "financialBranchNumber": soap.number("financialBranchNumber", draft.branch_number),
        "workplaceNumber": soap.optional("workplaceNumber", draft.workplace_number),
        "reference": soap.filled("reference", draft.reference),
        "vatMethod": soap.text("vatMethod", draft.vat_method),
        "deliveryMethod": soap.filled("deliveryMethod", draft.delivery_method),
        "deliveryDate": soap.day("deliveryDate", draft.delivery_day) if draft.delivery_day else "",
        "paymentMethod": soap.filled("paymentMethod", draft.payment_method),
        "orderCategoryNumber": soap.optional("orderCategoryNumber", draft.order_category),
        "lineList": soap.tag("lineList", *(_line(line) for line in draft.lines)),
    }
    return soap.tag("order", ORDER.written(own, further))


def _line(line: OrderLine) -> str:
    """`decimalPlaces` is always sent: what its absence means differs between versions (facts/mplus.md 2.2)."""
    further: dict[str, Extra] = {}
    data: dict[str, Extra] = {}
    for name, value in line.extra.items():
        inside = name.startswith(_DATA)
        (data if inside else further)[name.removeprefix(_DATA)] = value
    numbers = {
        "quantity": soap.number("quantity", line.quantity),
        "decimalPlaces": soap.number("decimalPlaces", 0),
        "price": soap.number("price", line.price_cents),
        "turnoverGroup": soap.optional("turnoverGroup", line.turnover_group),
        "vatCode": soap.optional("vatCode", line.vat_code),
    }
    own = {
        "articleNumber": soap.number("articleNumber", line.article_number),
        "text": soap.filled("text", line.text),
        "data": soap.tag("data", DATA.written(numbers, data)),
    }
    return soap.tag("line", LINE.written(own, further))


def _address(name: str, address: PostalAddress, further: Mapping[str, Extra]) -> str:
    own = {
        "name": soap.filled("name", address.name),
        "contact": soap.filled("contact", address.contact or address.name),
        "address": soap.filled("address", address.address),
        "zipcode": soap.filled("zipcode", address.zip_code),
        "city": soap.filled("city", address.city),
        "country": soap.filled("country", address.country),
        "label": soap.filled("label", address.label),
        "companyName": soap.filled("companyName", address.company),
    }
    content = ADDRESS.written(own, further)
    return soap.tag(name, content) if content else ""


def created(answer: Node) -> Created | Refused:
    """The order, or Mplus's no; `code` is EXISTS where the extOrderId is taken. An order whose payment failed is
    there all the same, where the reply names it. Raises Unreadable."""
    refused = refusal(answer)
    order, info = answer.child("order"), answer.child("info")
    order_id = order.text("orderId") if order is not None else ""
    number = _number(order) if order is not None else ""
    if info is not None:
        order_id = order_id or info.text("orderId")
        number = number or info.text("orderString").replace(".", "-")
    if refused is not None:
        failed = refused.code == UNPAID and order_id
        return Created(order_id, number, refused.said) if failed else refused
    if not order_id:
        raise Unreadable("an order was made, but the reply does not say which")
    queued = info is not None and info.flag("orderQueued", False)
    return Created(
        order_id, number, marker=order.whole("syncMarker", 0) if order is not None and not queued else 0
    )


def find(ext_order_id: str) -> Operation[MplusOrder | None]:
    """findOrder: its argument stands directly under the operation."""

    def read(answer: Node) -> MplusOrder | None:
        found = _found(answer)
        if found is None:
            return None
        order = _read(found)
        if order.ext_order_id.casefold() not in ("", ext_order_id.casefold()):
            raise Unreadable("the order found is another than the one asked for")
        return order

    return operation("findOrder", read, soap.text("extOrderId", ext_order_id), kept=True)


def get(order_id: str) -> Operation[Held | None]:
    """getOrder; None: Mplus does not know it."""

    def read(answer: Node) -> Held | None:
        found = _found(answer)
        if found is None:
            return None
        order = _read(found)
        if order.order_id.casefold() != order_id.casefold():
            raise Unreadable("the order given is another than the one asked for")
        payments = tuple(
            Payment(
                method=one.text("method"),
                cents=one.whole("amount", 0),
                reference=one.text("externalReference"),
            )
            for one in found.each("paymentList", "payment")
        )
        return Held(order, found, payments)

    return operation("getOrder", read, soap.text("orderId", order_id), kept=True)


def _found(answer: Node) -> Node | None:
    if not granted(answer, "NOT-FOUND"):
        return None
    found = answer.child("order")
    if found is None or not found.text("orderId"):
        raise Unreadable("an order was found, but it is not in the reply")
    return found


def get_orders(marker: int) -> Operation[Rows[MplusOrder]]:
    """A page from a marker on, inclusive; of the default types (sales, repeat, external: facts/mplus.md 7.2)."""
    return listing(
        "getOrders",
        ("orderList", "order"),
        _read,
        soap.tag(
            "request",
            soap.number("syncMarker", marker),
            soap.number("syncMarkerLimit", PAGE),
            soap.tag("articlePluNumbers"),
            soap.tag("articleBarcodes"),
        ),
    )


def _read(order: Node) -> MplusOrder:
    lines = tuple(_read_line(line) for line in order.each("lineList", "line"))
    return MplusOrder(
        order_id=order.text("orderId"),
        ext_order_id=order.text("extOrderId"),
        number=_number(order),
        marker=order.whole("syncMarker", 0),
        delivery_state=order.text("deliveryState"),
        cancel_state=order.text("cancelState"),
        complete_state=order.text("completeState"),
        lines=lines,
        reference=order.text("reference"),
        category=order.maybe("orderCategoryNumber"),
        delivery_method=order.text("deliveryMethod"),
        relation_number=order.whole("relationNumber", 0),
        total_cents=order.whole("totalInclAmount", 0),
        prepaid_cents=order.whole("prepaidAmount", 0),
        fully_paid=order.flag("fullyPaid", False),
        invoices=tuple(one.own() for one in order.each("invoiceIds", "id")),
        version=order.whole("versionNumber", 0),
        changes=order.whole("changeCounter", 0),
        prepared=_prepared(order, {line.article_number for line in lines}),
    )


def _prepared(order: Node, lines: Set[int]) -> tuple[int, ...]:
    """Articles below the lines that stand on no line."""
    found = order.child("lineList")
    numbers = {one.itself() for one in found.below("articleNumber")} if found is not None else set()
    return tuple(sorted(number for number in numbers - lines if number > 0))


def _read_line(line: Node) -> MplusOrderLine:
    article = line.whole("articleNumber", 0)
    data = line.child("data")
    return MplusOrderLine(
        article_number=article,
        quantity=data.amount("quantity", "decimalPlaces", 0) if data else Decimal(0),
        line_id=line.text("lineId"),
        component=added_by_mplus(line),
        delivered=data.amount("deliveredQuantity", "deliveredDecimalPlaces", 0) if data else Decimal(0),
        cancelled=data.amount("cancelledQuantity", "cancelledDecimalPlaces", 0) if data else Decimal(0),
        price_cents=data.whole("price", 0) if data else 0,
    )


def added_by_mplus(line: Node) -> bool:
    """Whether the line is a part of the one before it (a component, a preparation), no line of its own."""
    return line.text("lineType") not in _OURS


def _number(order: Node) -> str:
    """`{year, number}` as people say it: 2026-123."""
    number = order.child("orderNumber")
    if number is None or not number.whole("number", 0):
        return ""
    return f"{number.whole('year', 0)}-{number.whole('number')}"
