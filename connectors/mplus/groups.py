"""The article groups on the wire (facts/mplus.md 4.3). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.mplus import soap
from connectors.mplus.lookups import Numbered
from connectors.mplus.operation import Operation, operation
from connectors.mplus.reply import Node

DEEPEST = 20
"""Groups within groups; what lies deeper is left out."""


def article_groups() -> Operation[list[Numbered]]:
    """getArticleGroups: all of them, each before the groups within it. Articles of a group are not asked for."""

    def read(answer: Node) -> list[Numbered]:
        return list(_groups(answer.each("articleGroupList", "articleGroups"), DEEPEST))

    return operation(
        "getArticleGroups", read, soap.tag("request", soap.flag("retrieveArticleNumbers", False))
    )


def _groups(rows: Iterator[Node], deep: int) -> Iterator[Numbered]:
    for one in rows:
        yield Numbered(one.whole("groupNumber"), one.text("name"), not one.flag("isDeleted", False))
        if deep > 1:
            yield from _groups(one.each("subGroupList", "articleGroups"), deep - 1)
