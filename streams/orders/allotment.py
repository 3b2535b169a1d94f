"""From articles in Mplus to items at Bol: Mplus knows quantities of articles, Bol units of items. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from streams.orders.state import Line


def allotted(lines: tuple[Line, ...], articles: Mapping[int, int], most: Mapping[str, int]) -> dict[str, int]:
    """Units of each item that these articles make, item by item in their order, never more than `most` (by item id).

    Two items of one article share its articles; only whole units count (half a multipack is none).
    """
    left = dict(articles)
    units: dict[str, int] = {}
    for line in lines:
        there = left.get(line.article_number, 0) if line.article_number is not None else 0
        each = max(1, line.units)
        taken = max(0, min(most.get(line.item_id, 0), there // each))
        units[line.item_id] = taken
        if line.article_number is not None:
            left[line.article_number] = there - taken * each
    return units


def articles_of(lines: tuple[Line, ...], units: Mapping[str, int]) -> dict[int, int]:
    """Articles that so many units of the items are, by article number; those of which there are none are left out."""
    found: dict[int, int] = {}
    for line in lines:
        count = units.get(line.item_id, 0) * max(1, line.units)
        if line.article_number is not None and count:
            found[line.article_number] = found.get(line.article_number, 0) + count
    return found
