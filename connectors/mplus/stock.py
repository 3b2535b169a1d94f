"""getStock and setStock on the wire (facts/mplus.md 5.1, 5.3). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from connectors.mplus import reply, soap
from connectors.mplus.operation import Operation, operation
from connectors.mplus.result import refusal
from streams.vocabulary.outcomes import Refused
from streams.vocabulary.stock_reading import Reading

NAME = "getStock"
_PATH = ("articleStocks",)
_SET = "SET-STOCK-RESULT-"
_ADVICE = {
    "BRANCH-NOT-FOUND": "choose a branch that Mplus has in the settings",
    "ARTICLE-NOT-FOUND": "look whether the article is still in Mplus",
    "NO-STOCK-ARTICLE": "let Mplus keep stock of this article, or leave it out",
    "FAILED": "look in Mplus whether its stock may be changed now and by this employee, or change it there by hand",
}
"""What to do about a no, by the end of Mplus's word."""


class Written(NamedTuple):
    """The stock is set; `marker` is the `stockId` of that, where Mplus gives one."""

    marker: int | None


def of_articles(branch: int, articles: Sequence[int], kept: bool = False) -> Operation[list[Reading]]:
    """The stock of these articles at a branch; an article of which no stock is kept there is missing. A reading
    that cannot be read makes all of it Unreadable: it must not look like no stock.

    `kept`: its replies are kept, where they are one effect's alone.

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

    return Operation(NAME, _request(branch, articles, None), read, kept=kept)


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


def set_to(
    branch: int, article: int, amount: Decimal, reference: str = "", employee: int | None = None
) -> Operation[Written | Refused]:
    """setStock: what lies there of the article at that branch becomes `amount`, whatever it was. Whoever repeats it
    looks first: what was sold in between would be back. Mplus gives no words with its no: what to do is added."""

    def read(answer: reply.Node) -> Written | Refused:
        refused = refusal(answer)
        if refused is None:
            return Written(answer.maybe("stockId"))
        advice = _ADVICE.get(refused.code.removeprefix(_SET), "look at the article in Mplus")
        said = f"{refused.said} to setting the stock of article {article} at branch {branch}: {advice}"
        return Refused(said=said, code=refused.code)

    request = soap.tag(
        "request",
        soap.number("branchNumber", branch),
        soap.number("articleNumber", article),
        soap.amount("amount", "decimalPlaces", amount),
        soap.optional("employeeNumber", employee),
        soap.filled("reference", reference),
    )
    return operation("setStock", read, request, idempotent=False, kept=True)


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
