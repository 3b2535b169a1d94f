"""getPackingSlips and getPackingSlipsByOrder (facts/mplus.md 7.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from connectors.mplus.simulator.books import MplusBooks
from connectors.mplus.simulator.order_xml import packing_slip_xml
from connectors.mplus.simulator.orders import PackingSlip
from connectors.mplus.simulator.soap import Node


def get_packing_slips(books: MplusBooks, call: Node) -> Iterable[str]:
    """From a marker on, by the filters that are sent; each narrows."""
    request = call.inside("request")
    branches = set(request.wholes("branchNumbers"))
    relations = set(request.wholes("relationNumbers"))
    articles = set(request.wholes("articleNumbers"))
    ids = set(request.texts("packingSlipIds"))
    start, end = request.day("fromFinancialDate"), request.day("throughFinancialDate")
    limit = request.small("syncMarkerLimit")
    lines = request.flag("includeLineList") is not False
    found = (
        slip
        for slip in books.orders.slips_since(request.whole("syncMarker") or 0)
        if (not branches or slip.order.financial_branch in branches)
        and (not relations or slip.order.relation in relations)
        and (not articles or any(line.article in articles for line, _ in slip.lines))
        and (not ids or slip.slip_id in ids)
        and (start is None or slip.order.financial_date >= start)
        and (end is None or slip.order.financial_date <= end)
    )
    page = list(islice(found, limit if limit and limit > 0 else None))
    if limit and books.config.shuffle_pages:
        books.rng.shuffle(page)
    return _written(books, page, "GetPackingSlipsResponse", lines)


def get_packing_slips_by_order(books: MplusBooks, call: Node) -> Iterable[str]:
    """The packing slips of one order, oldest first; none for an unknown order."""
    order = books.orders.get(call.inside("request").text("orderId") or "")
    ids = order.slips if order else []
    slips = [slip for slip_id in ids if (slip := books.orders.slip(slip_id))]
    return _written(books, slips, "GetPackingSlipsByOrderResponse", True)


def _written(books: MplusBooks, page: list[PackingSlip], answer: str, lines: bool) -> Iterator[str]:
    yield f"<ns:{answer}><ns:packingSlipList>"
    for slip in page:
        yield packing_slip_xml(books, slip, lines=lines)
    yield f"</ns:packingSlipList></ns:{answer}>"


PACKING_SLIPS = {
    "getPackingSlips": get_packing_slips,
    "getPackingSlipsByOrder": get_packing_slips_by_order,
}
