"""getStock on the wire (facts/mplus.md 5.1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.mplus import reply, soap
from connectors.mplus.operation import Operation
from streams.vocabulary.stock_reading import Reading

NAME = "getStock"
_PATH = ("articleStocks",)


def of_articles(branch: int, articles: Sequence[int]) -> Operation[list[Reading]]:
    """The stock of these articles at a branch; an article of which no stock is kept there is missing. A reading
    that cannot be read makes all of it Unreadable: it must not look like no stock.

    Raises ValueError without an article: an empty list asks for all of them.
    """
    if not articles:
        raise ValueError("getStock without articles reads the whole branch")
    wanted = frozenset(articles)

    def read(body: bytes, asked_at: datetime, answered_at: datetime) -> list[Reading]:
        found = readings(body, branch, asked_at, answered_at)
        if found.left_out:
            raise reply.Unreadable(found.why[0])
        # Once per article: the last change wins.
        newest: dict[int, Reading] = {}
        for one in found.found:
            if one.branch != branch or one.article_number not in wanted:
                continue
            known = newest.get(one.article_number)
            if known is None or one.marker >= known.marker:
                newest[one.article_number] = one
        return list(newest.values())

    return Operation(NAME, _request(branch, articles, None), read)


def of_branch(branch: int, since: int | None) -> Operation[reply.Rows[Reading]]:
    """The stock of all articles of a branch that changed since the `stockId` (None: of all)."""

    def read(body: bytes, asked_at: datetime, answered_at: datetime) -> reply.Rows[Reading]:
        found = readings(body, branch, asked_at, answered_at)
        return found._replace(found=[one for one in found.found if one.branch == branch])

    return Operation(NAME, _request(branch, (), since), read, bulk=True, kept=True)


def _request(branch: int, articles: Sequence[int], since: int | None) -> bytes:
    """The list's wrapper is named like its child (facts/mplus.md 2.4)."""
    wanted = soap.tag("articleNumbers", *(soap.number("articleNumbers", one) for one in articles))
    content = (soap.number("branchNumber", branch), wanted, soap.optional("stockId", since))
    return soap.envelope(NAME, soap.tag("request", *content))


def readings(body: bytes, branch: int, asked_at: datetime, answered_at: datetime) -> reply.Rows[Reading]:
    """Every `articleStocks` of the reply. `amountFree` is what may be sold, reservations are off it already; the
    branch is the one asked for where the reply names none. Raises Fault and Unreadable."""

    def read(row: reply.Node) -> Reading:
        return Reading(
            article_number=row.whole("articleNumber"),
            branch=row.whole("branchNumber", branch),
            free=row.amount("amountFree", "decimalPlacesFree"),
            reserved=row.amount("amountReserved", "decimalPlacesReserved", 0),
            incoming=row.amount("amountIncoming", "decimalPlacesIncoming", 0),
            marker=row.whole("stockId", 0),
            asked_at=asked_at,
            answered_at=answered_at,
        )

    return reply.rows(body, _PATH, read)
