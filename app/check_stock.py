"""Whether the article groups and articles that the stock part names are there (its branches: app/check_orders.py)."""

from __future__ import annotations

from app.check_orders import Sort, Use, check_sort, exists, unchecked
from app.finding import Finding, Known
from app.sections import Stock
from connectors.mplus import groups, presence
from connectors.mplus.client import MplusClient
from streams.vocabulary.outcomes import Delivered

AT_ONCE = 250
"""Articles looked up by one call."""
GROUPS = Sort(
    "article group",
    groups.article_groups,
    lambda rows: [Known(str(one.number), one.description, one.usable) for one in rows],
)


async def check_stock(name: str, stock: Stock, client: MplusClient) -> list[Finding]:
    """Every group and article that has settings of its own."""
    found: list[Finding] = []
    if named := [Use(number, f"stock.group.{number}") for number in stock.group]:
        found += await check_sort(name, GROUPS, named, client)
    if named := [Use(number, f"stock.article.{number}") for number in stock.article]:
        found += await _articles(name, named, client)
    return found


async def _articles(name: str, wanted: list[Use], client: MplusClient) -> list[Finding]:
    """An article that is switched off may be on again tomorrow, with its settings; one that is not there is a slip."""
    known: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        operation = presence.articles(int(use.code) for use in some)
        asked = await client.send(operation)
        if not isinstance(asked, Delivered):
            return [unchecked(name, "article", some, operation.name, asked)]
        known |= {str(one.number) for one in asked.answer.what}
    found = [
        Finding(
            name,
            "fail",
            f"Mplus: {use.key} is about article {use.code}, and there is no such article. Write the article number "
            "(not the PLU, not the barcode) of one that is there.",
            use.key,
        )
        for use in wanted
        if use.code not in known
    ]
    return found or [exists(name, "article", wanted)]
