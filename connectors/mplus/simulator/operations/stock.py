"""getStock, getStockHistory(V2), setStock, updateStock (facts/mplus.md 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.orders import MOST_QUANTITY
from connectors.mplus.simulator.soap import Node, SoapFault, amount, element, wrapped
from connectors.mplus.simulator.stock import Mutation, Origin, StockRow
from streams.vocabulary.time import SHOP_ZONE


def get_stock(books: MplusBooks, call: Node) -> Iterable[str]:
    """The rows of a branch: of these articles, or of all; changed since a stockId, or whenever."""
    request = call.inside("request")
    branch = request.small("branchNumber")
    branches = request.wholes("branchNumbers") or _branch_list(request)
    if not branches:
        if branch is None:
            raise SoapFault("getStock.request.branchNumber is missing")
        branches = [branch]
    articles = request.wholes("articleNumbers")
    since = _first(request.whole("stockId"), books)
    if request.flag("dayStockOnlyFilter"):
        return _stock_answer([])
    stock = books.stock
    if articles:
        places = [(number, article) for number in branches for article in dict.fromkeys(articles)]
        rows = [row for place in places if (row := stock.row(*place)) and row.stock_id >= since]
    elif books.config.empty_list_means_all:
        rows = [row for row in (stock.since(since) if since else stock.rows()) if row.branch in branches]
    else:
        rows = []
    return _stock_answer(rows)


def _branch_list(request: Node) -> list[int]:
    """`branchNumbers{branchNumber*}`: here the wrapper is not named like its child."""
    wrapper = request.child("branchNumbers")
    return [] if wrapper is None else wrapper.wholes("branchNumber")


def _first(stock_id: int | None, books: MplusBooks) -> int:
    """The lowest stockId that is wanted; 0: everything."""
    if stock_id is None:
        return 0
    return stock_id if books.config.stock_id_inclusive else stock_id + 1


def _stock_answer(rows: list[StockRow]) -> Iterator[str]:
    yield "<ns:GetStockResponse>"
    for row in rows:
        yield _stock_row(row)
    yield "</ns:GetStockResponse>"


def _stock_row(row: StockRow) -> str:
    return (
        f"<ns:articleStocks><ns:branchNumber>{row.branch}</ns:branchNumber>"
        f"<ns:articleNumber>{row.article}</ns:articleNumber>"
        f"{element('changeTimestamp', row.changed_at)}<ns:stockId>{row.stock_id}</ns:stockId>"
        f"{amount('amountFree', 'decimalPlacesFree', row.free)}"
        f"{amount('amountReserved', 'decimalPlacesReserved', row.reserved)}"
        f"{amount('amountIncoming', 'decimalPlacesIncoming', row.incoming)}"
        "<ns:isDayStockArticle>false</ns:isDayStockArticle></ns:articleStocks>"
    )


def get_stock_history(books: MplusBooks, call: Node) -> Iterable[str]:
    """Mutations of these branches (none named: all) from a stockId on, rising. V1 names one branch."""
    request = call.inside("request")
    branches = set(request.wholes("branchNumbers")) | set(request.wholes("branchNumber"))
    articles = set(request.wholes("articleNumbers"))
    start = request.moment("fromFinancialDateTime")
    end = request.moment("throughFinancialDateTime")
    limit = request.small("sinceStockIdLimit")
    found = (
        mutation
        for mutation in books.stock.history_since(_first(request.whole("sinceStockId"), books))
        if (not branches or mutation.branch in branches)
        and (not articles or mutation.article in articles)
        and (start is None or mutation.at >= start)
        and (end is None or mutation.at <= end)
    )
    return _history_answer(list(islice(found, limit if limit and limit > 0 else None)))


def _history_answer(mutations: list[Mutation]) -> Iterator[str]:
    yield "<ns:GetStockHistoryResponse>"
    for mutation in mutations:
        yield _history_row(mutation)
    yield "</ns:GetStockHistoryResponse>"


def _history_row(mutation: Mutation) -> str:
    origin = mutation.origin
    corrected = origin.kind == "CORRECTION"
    return wrapped(
        "articleStockHistory",
        element("stockId", mutation.stock_id)
        + element("timestamp", mutation.at)
        + element("branchNumber", mutation.branch)
        + element("articleNumber", mutation.article)
        + amount("amountChanged", "decimalPlaces", mutation.changed)
        + element("type", f"STOCK-HISTORY-TYPE-{origin.kind}")
        + element("orderId", origin.order_id or None)
        + element("packingSlipId", origin.packing_slip_id or None)
        + element("receiptId", origin.receipt_id or None)
        + _receipt_number(mutation)
        + (_year_number("correctionNumber", mutation) if corrected else "")
        + (
            amount("beforeCorrectionQuantity", "beforeCorrectionDecimalPlaces", mutation.before)
            if corrected
            else ""
        )
        + (
            amount("afterCorrectionQuantity", "afterCorrectionDecimalPlaces", mutation.after)
            if corrected
            else ""
        )
        + (_year_number("deliveryNumber", mutation) if origin.kind == "DELIVERY" else ""),
    )


def _receipt_number(mutation: Mutation) -> str:
    origin = mutation.origin
    if not origin.receipt_id:
        return ""
    places = element("branchNumber", mutation.branch) + element("workplaceNumber", origin.workplace)
    return wrapped("receiptNumber", places + _year_and_number(mutation))


def _year_number(name: str, mutation: Mutation) -> str:
    return wrapped(name, _year_and_number(mutation))


def _year_and_number(mutation: Mutation) -> str:
    year = mutation.at.astimezone(SHOP_ZONE).year
    return element("year", year) + element("number", mutation.origin.number)


def set_stock(books: MplusBooks, call: Node) -> Iterable[str]:
    """What lies there, absolute; or what is free, where the installation takes it so."""
    free = books.config.set_stock_means == "free"
    return _write(
        books,
        call,
        "SetStockResponse",
        "SET-STOCK-RESULT-",
        "amount",
        lambda row, sent: sent - (row.free if free else row.on_hand),
    )


def update_stock(books: MplusBooks, call: Node) -> Iterable[str]:
    """What lies there, by a difference. Not idempotent."""
    return _write(
        books, call, "UpdateStockResponse", "UPDATE-STOCK-RESULT-", "amountChanged", lambda row, sent: sent
    )


def _write(
    books: MplusBooks,
    call: Node,
    answer: str,
    prefix: str,
    quantity: str,
    change: Callable[[StockRow, Decimal], Decimal],
) -> Iterable[str]:
    request = call.inside("request")
    branch = request.small("branchNumber")
    number = request.whole("articleNumber")
    sent = request.amount(quantity, "decimalPlaces", books.config.absent_decimal_places)
    if branch is None or number is None or sent is None:
        raise SoapFault(f"{call.name} needs branchNumber, articleNumber and {quantity}")
    article = books.catalogue.article(number)
    row = books.stock.row(branch, number)
    stock_id = None
    if branch not in {one.number for one in books.config.branches}:
        result = "BRANCH-NOT-FOUND"
    elif article is None:
        result = "ARTICLE-NOT-FOUND"
    elif row is None:
        result = "NO-STOCK-ARTICLE"
    elif abs(row.on_hand + change(row, sent)) > MOST_QUANTITY or not _known_employee(books, request):
        result = "FAILED"
    else:
        result = "OK"
        origin = Origin(cause=call.name, kind="API", reference=request.text("reference") or "")
        stock_id = books.stock.move(row, origin, on_hand=change(row, sent))
    return [wrapped(answer, element("result", prefix + result) + element("stockId", stock_id))]


def _known_employee(books: MplusBooks, request: Node) -> bool:
    number = request.whole("employeeNumber")
    known = {one.number for one in books.config.employees if one.active}
    return not number or "employee" not in books.config.checked or number in known


STOCK = {
    "getStock": get_stock,
    "getStockHistory": get_stock_history,
    "getStockHistoryV2": get_stock_history,
    "setStock": set_stock,
    "updateStock": update_stock,
}
