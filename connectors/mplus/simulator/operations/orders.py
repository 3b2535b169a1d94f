"""create, find, get and update orders (facts/mplus.md 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.operations.drafts import order_draft, payment_drafts
from connectors.mplus.simulator.order_desk import Done
from connectors.mplus.simulator.order_xml import order_xml
from connectors.mplus.simulator.orders import Order
from connectors.mplus.simulator.soap import Node, SoapFault, element, wrapped

_LISTED_TYPES = frozenset(
    {"ORDER-TYPE-SALES-ORDER", "ORDER-TYPE-REPEAT-SALES-ORDER", "ORDER-TYPE-EXTERNAL-SALES-ORDER"}
)
"""What getOrders gives where no type is named: the contract's own words."""


def create_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """Not idempotent; extOrderId is what keeps doubles out."""
    done = books.desk.create(order_draft(books, call, call.child("order")))
    return [
        wrapped(
            "CreateOrderResponse",
            element("result", f"CREATE-ORDER-RESULT-{done.result}")
            + _info(done)
            + element("errorMessage", done.message),
        )
    ]


def create_order_v2(books: MplusBooks, call: Node) -> Iterable[str]:
    """As createOrder, and gives the order back."""
    done = books.desk.create(order_draft(books, call, call.inside("request").child("order")))
    return [
        wrapped(
            "CreateOrderV2Response",
            element("result", f"CREATE-ORDER-RESULT-{done.result}") + _outcome(books, done) + _info(done),
        )
    ]


def create_order_v3(books: MplusBooks, call: Node) -> Iterable[str]:
    """Idempotent under its key, and pays at once where payments are sent."""
    request = call.inside("request")
    return with_key(
        books, request, "createOrderV3", "CreateOrderV3Response", lambda: _create_paid(books, call, request)
    )


def _create_paid(books: MplusBooks, call: Node, request: Node) -> tuple[str, bool]:
    draft = order_draft(books, call, request.child("order"))
    payments = payment_drafts(request.child("paymentList"))
    prepay = bool(request.flag("prepay"))
    refused = books.desk.no_payment(payments) if payments else ""
    if refused and not books.config.failed_payment_keeps_order:
        answer = element("result", "CREATE-ORDER-RESULT-PAYMENT-FAILED") + element("errorMessage", refused)
        none = Done("PAYMENT-FAILED", refused)
        return answer + _info(none), books.config.idempotency_replays_failures
    done = books.desk.create(draft)
    result, settled = done.result, None
    if done.result == "OK" and done.order is not None and payments:
        settled = books.pay(done.order.order_id, payments, prepay=prepay)
        result = "OK" if settled.result == "OK" else "PAYMENT-FAILED"
    shown = done if settled is None else Done(result, settled.message, done.order)
    answer = (
        element("result", f"CREATE-ORDER-RESULT-{result}")
        + _outcome(books, shown)
        + _info(done)
        + element("payResult", f"PAY-ORDER-RESULT-{settled.result}" if settled else None)
        + element("invoiceId", settled.invoice_id or None if settled else None)
    )
    return answer, result == "OK" or books.config.idempotency_replays_failures


def with_key(
    books: MplusBooks, request: Node, operation: str, answer: str, first: Callable[[], tuple[str, bool]]
) -> Iterable[str]:
    """The first answer under an idempotency key, or its replay (facts/mplus.md 1.6)."""
    key = request.text("idempotencyKey")
    if not key:
        raise SoapFault(f"{operation}.request.idempotencyKey is missing")
    body, replayed = books.replays.answer(operation, key, first)
    kind = "REPLAY" if replayed else "ORIGINAL"
    return [wrapped(answer, element("idempotencyResult", f"IDEMPOTENCY-RESULT-{kind}-RESPONSE") + body)]


def _outcome(books: MplusBooks, done: Done) -> str:
    order = order_xml(books, done.order) if done.order is not None else ""
    return order + element("errorMessage", done.message or None)


def _info(done: Done) -> str:
    """`info` is always there; empty where nothing was made (mplus-samples/resp_createOrder_dup.xml)."""
    order = done.order
    return wrapped(
        "info",
        element("orderId", order.order_id if order else "")
        + element("orderString", order.text if order else ""),
    )


def update_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """Needs the versionNumber and changeCounter that were read last."""
    done = books.desk.update(order_draft(books, call, call.child("order")))
    return [
        wrapped(
            "UpdateOrderResponse",
            element("result", f"UPDATE-ORDER-RESULT-{done.result}")
            + _info(done)
            + element("errorMessage", done.message),
        )
    ]


def update_order_v2(books: MplusBooks, call: Node) -> Iterable[str]:
    """As updateOrder, and gives the order back."""
    done = books.desk.update(order_draft(books, call, call.inside("request").child("order")))
    return [
        wrapped(
            "UpdateOrderV2Response",
            element("result", f"UPDATE-ORDER-RESULT-{done.result}") + _outcome(books, done) + _info(done),
        )
    ]


def find_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """By extOrderId; the answer is getOrder's."""
    return _one(books, books.orders.by_ext(call.text("extOrderId") or ""))


def get_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """By orderId."""
    return _one(books, books.orders.get(call.text("orderId") or ""))


def _one(books: MplusBooks, order: Order | None) -> Iterable[str]:
    result = "GET-ORDER-RESULT-OK" if order else "GET-ORDER-RESULT-NOT-FOUND"
    return [
        wrapped("GetOrderResponse", element("result", result) + (order_xml(books, order) if order else ""))
    ]


def get_orders(books: MplusBooks, call: Node) -> Iterable[str]:
    """From a marker on, by the filters that are sent; each narrows."""
    request = call.inside("request")
    types = request.child("orderTypeList")
    numbers = {(one.small("year") or 0, one.whole("number") or 0) for one in request.children("orderNumbers")}
    articles = set(request.wholes("articleNumbers"))
    plus = set(request.texts("articlePluNumbers"))
    barcodes = set(request.texts("articleBarcodes"))
    narrowed: list[tuple[Iterable[object], Callable[[Order], object]]] = [
        (set(types.texts("orderType") if types else ()) or _LISTED_TYPES, lambda order: order.order_type),
        (set(request.wholes("branchNumbers")), lambda order: order.financial_branch),
        (set(request.wholes("employeeNumbers")), lambda order: order.employee),
        (set(request.wholes("relationNumbers")), lambda order: order.relation),
        (set(request.texts("orderIds")), lambda order: order.order_id),
        (numbers, lambda order: (order.year, order.number)),
    ]
    start, end = request.day("fromFinancialDate"), request.day("throughFinancialDate")

    def fits(order: Order) -> bool:
        return (
            all(not wanted or of(order) in wanted for wanted, of in narrowed)
            and (start is None or order.financial_date >= start)
            and (end is None or order.financial_date <= end)
            and (not articles or any(line.article in articles for line in order.lines))
            and (not plus or any(line.plu in plus for line in order.lines))
            and (not barcodes or any(_barcode(books, line.article) in barcodes for line in order.lines))
        )

    lines = request.flag("includeLineList")
    return _page(books, request, filter(fits, books.orders.since(request.whole("syncMarker") or 0)),
                 "GetOrdersResponse", lines=lines is not False)  # fmt: skip


def get_orders_by_ext_order_ids(books: MplusBooks, call: Node) -> Iterable[str]:
    """These orders, whichever of them exist; without ids every order that has one."""
    request = call.inside("request")
    wrapper = request.child("extOrderIds")
    ids = dict.fromkeys(wrapper.texts("id") if wrapper else ())
    marker = request.whole("syncMarker") or 0
    if ids:
        named = [order for ext in ids if (order := books.orders.by_ext(ext)) and order.marker >= marker]
        found: Iterator[Order] = iter(sorted(named, key=lambda order: order.marker))
    else:
        found = (order for order in books.orders.since(marker) if order.ext_order_id)
    return _page(books, request, found, "GetOrdersByExtOrderIdsResponse", lines=True)


def _page(
    books: MplusBooks, request: Node, found: Iterator[Order], answer: str, *, lines: bool
) -> Iterator[str]:
    limit = request.small("syncMarkerLimit")
    page = list(islice(found, limit if limit and limit > 0 else None))
    if limit and books.config.shuffle_pages:
        books.rng.shuffle(page)
    return _written(books, page, answer, lines)


def _written(books: MplusBooks, page: list[Order], answer: str, lines: bool) -> Iterator[str]:
    yield f"<ns:{answer}><ns:orderList>"
    for order in page:
        yield order_xml(books, order, lines=lines)
    yield f"</ns:orderList></ns:{answer}>"


def _barcode(books: MplusBooks, article: int) -> str:
    found = books.catalogue.article(article)
    return found.barcode if found else ""


ORDERS = {
    "createOrder": create_order,
    "createOrderV2": create_order_v2,
    "createOrderV3": create_order_v3,
    "updateOrder": update_order,
    "updateOrderV2": update_order_v2,
    "findOrder": find_order,
    "getOrder": get_order,
    "getOrders": get_orders,
    "getOrdersByExtOrderIds": get_orders_by_ext_order_ids,
}
