"""getStock on the wire (facts/mplus.md 5.1). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.mplus import soap
from streams.vocabulary.stock_reading import Reading


def get_stock(branch: int, articles: Iterable[int], since: int | None = None) -> bytes:
    """Stock of these articles at a branch; no articles: of all that changed since the `stockId` `since`, or of all.

    The list's wrapper is named like its child (facts/mplus.md 2.4).
    """
    wanted = soap.tag("articleNumbers", *(soap.number("articleNumbers", one) for one in articles))
    return soap.envelope(
        "getStock",
        soap.tag("request", soap.number("branchNumber", branch), wanted, soap.optional("stockId", since)),
    )


def readings(reply: soap.Element, branch: int, asked_at: datetime, answered_at: datetime) -> list[Reading]:
    """One reading per article; `amountFree` is what may be sold, reservations are off it already. Raises
    Unreadable."""
    return [
        Reading(
            article_number=soap.integer(stock, "articleNumber"),
            branch=soap.integer(stock, "branchNumber", branch),
            free=soap.amount(stock, "amountFree", "decimalPlacesFree"),
            reserved=soap.amount(stock, "amountReserved", "decimalPlacesReserved"),
            incoming=soap.amount(stock, "amountIncoming", "decimalPlacesIncoming"),
            marker=soap.integer(stock, "stockId", 0),
            asked_at=asked_at,
            answered_at=answered_at,
        )
        for stock in soap.children(reply, "articleStocks")
    ]
