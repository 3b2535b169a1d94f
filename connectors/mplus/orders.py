"""Orders on the wire (facts/mplus.md 7). Pure. Prices are whole cents including VAT."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from connectors.mplus import soap
from connectors.mplus.operation import Operation, listing, operation
from connectors.mplus.reply import Node, Rows, Unreadable
from connectors.mplus.result import granted, refusal
from streams.vocabulary.mplus_order import MplusOrder, MplusOrderLine, OrderDraft, OrderLine, PostalAddress
from streams.vocabulary.outcomes import Refused

PAGE = 100
"""Orders asked for in a page."""
EXISTS = "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS"


class Created(NamedTuple):
    """The order that an operation made (or, replayed under its key, had made before)."""

    order_id: str
    number: str


class Changed(NamedTuple):
    """An order of a page, and every article on it: parts and preparations too, their stock moves as well."""

    order: MplusOrder
    articles: frozenset[int]


def create(draft: OrderDraft) -> Operation[Created | Refused]:
    """createOrderV3: repeated safely with the same `idempotencyKey`."""
    key = soap.text("idempotencyKey", draft.idempotency_key)
    return operation(
        "createOrderV3", created, soap.tag("request", key, _order(draft), *_no_own_prices()), kept=True
    )


def create_without_key(draft: OrderDraft) -> Operation[Created | Refused]:
    """createOrderV2, for an installation that has no V3 yet (facts/mplus.md 1.3). Only the extOrderId keeps doubles
    out: whoever repeats it looks first."""
    return operation(
        "createOrderV2",
        created,
        soap.tag("request", _order(draft), *_no_own_prices()),
        idempotent=False,
        kept=True,
    )


def _no_own_prices() -> tuple[str, str, str]:
    """Nothing of Mplus's own prices and actions is applied: the customer has paid what Bol charged."""
    names = ("applySalesAndActions", "applySalesPrices", "applyPriceGroups")
    return (soap.flag(names[0], False), soap.flag(names[1], False), soap.flag(names[2], False))


def _order(draft: OrderDraft) -> str:
    return soap.tag(
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
        soap.tag("lineList", *(_line(line) for line in draft.lines)),
    )


def _line(line: OrderLine) -> str:
    """`decimalPlaces` is always sent: what its absence means differs between versions (facts/mplus.md 2.2)."""
    return soap.tag(
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


def created(answer: Node) -> Created | Refused:
    """The order, or Mplus's no; `code` is EXISTS where the extOrderId is taken. Raises Unreadable."""
    refused = refusal(answer)
    if refused is not None:
        return refused
    order, info = answer.child("order"), answer.child("info")
    order_id = order.text("orderId") if order is not None else ""
    number = _number(order) if order is not None else ""
    if info is not None:
        order_id = order_id or info.text("orderId")
        number = number or info.text("orderString").replace(".", "-")
    if not order_id:
        raise Unreadable("an order was made, but the reply does not say which")
    return Created(order_id, number)


def find(ext_order_id: str) -> Operation[MplusOrder | None]:
    """findOrder: its argument stands directly under the operation."""

    def read(answer: Node) -> MplusOrder | None:
        if not granted(answer, "NOT-FOUND"):
            return None
        found = answer.child("order")
        if found is None or not found.text("orderId"):
            raise Unreadable("an order was found, but it is not in the reply")
        order = _read(found)
        if order.ext_order_id.casefold() not in ("", ext_order_id.casefold()):
            raise Unreadable("the order found is another than the one asked for")
        return order

    return operation("findOrder", read, soap.text("extOrderId", ext_order_id), kept=True)


def get_orders(marker: int) -> Operation[Rows[Changed]]:
    """A page from a marker on, inclusive; of the default types (sales, repeat, external: facts/mplus.md 7.2)."""
    return listing(
        "getOrders",
        ("orderList", "order"),
        changed,
        soap.tag(
            "request",
            soap.number("syncMarker", marker),
            soap.number("syncMarkerLimit", PAGE),
            soap.tag("articlePluNumbers"),
            soap.tag("articleBarcodes"),
        ),
    )


def changed(row: Node) -> Changed:
    """An `order` of a page. Raises Unreadable."""
    lines = row.child("lineList")
    numbers = (one.itself() for one in lines.below("articleNumber")) if lines is not None else ()
    return Changed(_read(row), frozenset(number for number in numbers if number > 0))


def _read(order: Node) -> MplusOrder:
    return MplusOrder(
        order_id=order.text("orderId"),
        ext_order_id=order.text("extOrderId"),
        number=_number(order),
        marker=order.whole("syncMarker", 0),
        delivery_state=order.text("deliveryState"),
        cancel_state=order.text("cancelState"),
        lines=tuple(_read_line(line) for line in order.each("lineList", "line")),
    )


def _read_line(line: Node) -> MplusOrderLine:
    article = line.whole("articleNumber", 0)
    data = line.child("data")
    if data is None:
        return MplusOrderLine(article_number=article, quantity=Decimal(0))
    return MplusOrderLine(
        article_number=article,
        quantity=data.amount("quantity", "decimalPlaces", 0),
        delivered=data.amount("deliveredQuantity", "deliveredDecimalPlaces", 0),
        cancelled=data.amount("cancelledQuantity", "cancelledDecimalPlaces", 0),
        price_cents=data.whole("price", 0),
    )


def _number(order: Node) -> str:
    """`{year, number}` as people say it: 2026-123."""
    number = order.child("orderNumber")
    if number is None or not number.whole("number", 0):
        return ""
    return f"{number.whole('year', 0)}-{number.whole('number')}"
