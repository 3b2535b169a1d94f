"""Whether the articles and relations that somebody names are there (facts/mplus.md 4, 6). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.mplus import soap
from connectors.mplus.lookups import Numbered
from connectors.mplus.operation import Operation, operation
from connectors.mplus.reply import Node
from connectors.mplus.result import granted


def articles(numbers: Iterable[int]) -> Operation[list[Numbered]]:
    """getProducts of these articles only, those that are switched off too. Raises ValueError without a number: Mplus
    would give every article there is."""
    wanted = sorted(set(numbers))
    if not wanted:
        raise ValueError("articles are looked up by their numbers")

    def read(answer: Node) -> list[Numbered]:
        return [
            Numbered(
                article.whole("articleNumber"),
                article.text("description") or product.text("description"),
                article.flag("active", True),
            )
            for product in answer.each("productList", "product")
            for article in product.each("articleList", "article")
            if article.whole("articleNumber") in wanted
        ]

    request = soap.tag(
        "request",
        *(soap.number("articleNumbers", number) for number in wanted),
        soap.tag("pluNumbers"),
        soap.flag("onlyWebshop", False),
        soap.flag("onlyActive", False),
    )
    return operation("getProducts", read, request)


def relation(number: int) -> Operation[Numbered | None]:
    """getRelation; None where there is no relation of this number. Of a person only the number is told."""

    def read(answer: Node) -> Numbered | None:
        if not granted(answer, "NOT-FOUND"):
            return None
        found = answer.child("relation")
        if found is None or found.whole("relationNumber", 0) != number:
            return None
        return Numbered(number, found.text("companyName"), found.flag("active", True))

    return operation("getRelation", read, soap.number("relationNumber", number))
