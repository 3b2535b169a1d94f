"""The sum: what there is, what is off it, and the whole units that are left for Bol. One place for the number; its
words are in shown.py.

    units = whole part of ((calculation - open Bol reservations - till sales no reading shows yet - buffer) / portion)

The reservations are off it only where Bol does not take open orders off by itself (`Counting.managed`).
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Literal, NamedTuple

from streams.stock.amounts import HUNDRED, NOTHING, of_branches, reserved, sold
from streams.stock.expression import ExpressionFailed, counted
from streams.stock.rules import Counting, StockRules
from streams.stock.state import Article

Kind = Literal["free", "reserved", "incoming", "fixed", "expression", "parts", "open-bol", "sold", "buffer"]
Zero = Literal["", "below-nothing", "below-minimum", "switched-off"]
"""Why 0 is shown, where that is not the sum itself."""


UNLIMITED = "Mplus keeps stock of none of its parts"
"""Why the number of a composed article is not known, where it never will be."""


class Step(NamedTuple):
    """One term of the sum; what is taken off is negative."""

    kind: Kind
    amount: Decimal


class Sum(NamedTuple):
    """The whole of it. `left` None: not known, and `unknown` says why where a person can do something about it."""

    steps: tuple[Step, ...]
    left: Decimal | None
    """In the article's own units; may be below 0."""
    units: int | None
    """Whole units at Bol, before they are shared among offers and before the cap; never below 0."""
    zero: Zero = ""
    unknown: str = ""


def made_of_parts(article: Article) -> bool:
    """Whether its number comes from its parts: a composed article that Mplus keeps no stock of by itself."""
    return bool(article.parts) and not article.stock_kept


def sum_of(number: int, article: Article, rules: StockRules) -> Sum:
    """The sum as it stands."""
    how = rules.of(number, article.groups)
    steps, unknown = _there_is(number, article, how, rules)
    if not steps:
        return Sum((), None, None, unknown=unknown)
    left = _together(steps)
    if how.calculation != "fixed":
        off = _off(article, how, left)
        if off:
            steps += off
            left += _together(off)
    units, zero = _whole(left, article, how)
    return Sum(steps, left, units, zero)


def _together(steps: tuple[Step, ...]) -> Decimal:
    return steps[0].amount if len(steps) == 1 else sum([step.amount for step in steps], NOTHING)


def _there_is(
    number: int, article: Article, how: Counting, rules: StockRules
) -> tuple[tuple[Step, ...], str]:
    """What there is; no step: not known."""
    if how.calculation == "fixed":
        return (Step("fixed", Decimal(how.fixed)),), ""
    if made_of_parts(article):
        sets = sets_of(article)
        if sets is None:
            return (), UNLIMITED if _without_limit(article) else ""
        return (Step("parts", Decimal(sets)),), ""
    if not article.readings:
        return (), ""
    if how.calculation == "expression":
        try:
            return (Step("expression", counted(how.expression, number, article, rules)),), ""
        except ExpressionFailed as error:
            return (), str(error)
    free = of_branches(article, rules, "free")
    first = Step("free", free)
    if how.calculation == "physical":
        return (first, Step("reserved", of_branches(article, rules, "free", "reserved") - free)), ""
    if how.calculation == "incoming":
        return (first, Step("incoming", of_branches(article, rules, "free", "incoming") - free)), ""
    return (first,), ""


def sets_of(article: Article) -> int | None:
    """How many of a composed article its parts make; None: one of them is not known."""
    counts = {count.article_number: count for count in article.counts}
    fewest: int | None = None
    for part in article.parts:
        if part.quantity <= 0:
            continue  # nothing of it is in one, so that it limits nothing
        count = counts.get(part.article_number)
        if count is None or not count.known:
            return None
        if not count.limits or count.have is None:
            continue
        sets = math.floor(count.have / part.quantity)
        fewest = sets if fewest is None else min(fewest, sets)
    return fewest


def _without_limit(article: Article) -> bool:
    """Whether all of its parts have answered, and Mplus keeps stock of none."""
    counts = {count.article_number: count for count in article.counts}
    asked = [counts.get(part.article_number) for part in article.parts if part.quantity > 0]
    return bool(asked) and all(count is not None and not count.limits for count in asked)


def _off(article: Article, how: Counting, have: Decimal) -> tuple[Step, ...]:
    steps: list[Step] = []
    # The orders of a composed article are reserved at its parts (kits.py).
    if article.reservations and how.managed and not made_of_parts(article):
        steps.append(Step("open-bol", -reserved(article)))
    if article.sales:
        steps.append(Step("sold", -sold(article)))
    if how.buffer or how.buffer_percent:
        kept = buffer_of(how, have)
        if kept:
            steps.append(Step("buffer", -kept))
    return tuple(steps)


def buffer_of(how: Counting, have: Decimal) -> Decimal:
    """What is kept back of so much. A part of a piece stays one: what is left for Bol is rounded down in the end, and
    rounding here would make more stock of something sold by weight show fewer units."""
    kept = Decimal(how.buffer)
    if how.buffer_percent and have > 0:
        kept = max(kept, have * how.buffer_percent / HUNDRED)
    return kept


def _whole(left: Decimal, article: Article, how: Counting) -> tuple[int, Zero]:
    if not article.active:
        return 0, "switched-off"
    if left < 0:
        return 0, "below-nothing"
    # A fixed number is of units on sale already.
    whole = how.calculation == "fixed" or how.portion == 1
    units = math.floor(left if whole else left / how.portion)
    if units < how.minimum:
        return 0, "below-minimum" if units else ""
    return units, ""


def available(number: int, article: Article, rules: StockRules) -> int | None:
    """Whole units at Bol that may be on sale, before the cap; None: not known. Never below 0."""
    return sum_of(number, article, rules).units
