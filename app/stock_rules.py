"""From the stock part of the settings to the rules in force, and what contradicts itself there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import asdict

from app.mistakes import Mistake
from app.sections.stock import CountedSo, Stock
from streams.mapping.language import ExpressionInvalid, check, fields_named
from streams.stock.expression import SEEN
from streams.stock.rules import BranchShare, Calculation, Counting, StockRules

ITSELF = CountedSo()
RESERVED = frozenset(("reserved", "physical"))
"""Of the names that an expression sees: what holds pieces of orders that are in Mplus."""
_STOCK = frozenset(SEEN) - {"article", "openBol", "soldAtTill"}


class Place(NamedTuple):
    """Where a way of counting stands: the part itself (`at` is empty), or an override (`group.12.`)."""

    at: str
    own: CountedSo


class Said(NamedTuple):
    """A setting in force at a place: its value, and the key below `stock` that it comes from."""

    value: Any
    key: str


def places(stock: Stock) -> list[Place]:
    """The part itself and each of its overrides, in their order."""
    return [
        Place("", ITSELF),
        *_overrides("group", stock.group).values(),
        *_overrides("article", stock.article).values(),
    ]


def _overrides(kind: str, given: Mapping[str, CountedSo]) -> dict[int, Place]:
    """By number, in their order."""
    return {int(number): Place(f"{kind}.{number}.", own) for number, own in given.items()}


def said(stock: Stock, place: Place, key: str) -> Said:
    """What holds at a place, and where it is set."""
    given = getattr(place.own, key)
    if given is not None:
        return Said(given, f"{place.at}{key}")
    value = getattr(stock, key)
    if key == "managed" and value is None:
        calculation, expression = (said(stock, place, one).value for one in ("calculation", "expression"))
        return Said(sound(calculation, expression or ""), f"{place.at}managed")
    return Said(value, key)


def sound(calculation: Calculation, expression: str) -> bool:
    """`managed` where the settings do not say it: so that each open order counts once (docs/settings.md, Managed or
    not)."""
    if calculation == "expression":
        return takes_off(expression)
    return calculation in ("available", "incoming")


def takes_off(expression: str) -> bool:
    """Whether what it gives falls by itself once an order is in Mplus, as far as its words tell: it looks at stock, and
    not at what is reserved."""
    named = fields_named(expression)
    return bool(named & _STOCK) and not named & RESERVED


def counting(stock: Stock, place: Place) -> Counting:
    """How articles are counted there."""
    values = {key: said(stock, place, key).value for key in CountedSo.model_fields}
    return Counting(**{**values, "fixed": values["fixed"] or 0, "expression": values["expression"] or ""})


def stock_rules(stock: Stock) -> StockRules:
    """The rules of a connection."""
    return StockRules(
        **asdict(counting(stock, Place("", ITSELF))),
        branches=stock.branches,
        shares={
            int(number): BranchShare(percent=one.share, maximum=one.maximum)
            for number, one in stock.branch.items()
            if one.share != 100 or one.maximum is not None
        },
        groups={one: counting(stock, place) for one, place in _overrides("group", stock.group).items()},
        articles={one: counting(stock, place) for one, place in _overrides("article", stock.article).items()},
        split=stock.split,
        weights=dict(stock.weights),
        push=stock.push,
        prices=stock.prices,
        hold=stock.hold,
        fbb_branch=stock.fbb_branch,
        fbr_branch=stock.fbr_branch,
        till_sale_hold_seconds=stock.till_sale_hold_seconds,
    )


# -- what contradicts itself


def contradictions(stock: Stock) -> list[Mistake]:
    """Settings that cannot hold together, each once."""
    found = [one for place in places(stock) for one in _of_counting(stock, place)]
    return list(dict.fromkeys([*found, *_of_branches(stock), *_of_pushing(stock)]))


def _of_counting(stock: Stock, place: Place) -> Iterator[Mistake]:
    calculation, fixed, expression, cap, minimum = (
        said(stock, place, key) for key in ("calculation", "fixed", "expression", "cap", "minimum")
    )
    given = place.own.model_fields_set if place.at else stock.model_fields_set

    def here(*keys: str) -> bool:
        """One of them is said at this place: what comes from elsewhere is told there."""
        return not place.at or not given.isdisjoint(keys)

    if expression.value and expression.key == f"{place.at}expression":
        try:
            check(expression.value, frozenset())
        except ExpressionInvalid as error:
            yield Mistake(
                expression.key,
                f"is no expression that can be used: {error.words} (character {error.place}). See "
                "docs/stock-expression.md for what it may say",
            )
    if calculation.value == "expression" and expression.value is None and here("calculation"):
        yield Mistake(
            f"{place.at}expression",
            f'is missing, and {calculation.key} is "expression": write one, such as "free + incoming", or another '
            "calculation",
        )
    if here("cap", "minimum") and minimum.value > cap.value:
        yield Mistake(
            minimum.key,
            f"is {minimum.value}, and more than {cap.key} = {cap.value} is never shown: write a minimum of at most "
            f"{cap.value}, or a higher cap",
        )
    if calculation.value == "fixed" and here("calculation", "fixed", "cap", "minimum"):
        yield from _of_fixed(place, calculation, fixed, cap, minimum)


def _of_fixed(place: Place, calculation: Said, fixed: Said, cap: Said, minimum: Said) -> Iterator[Mistake]:
    if fixed.value is None:
        yield Mistake(
            f"{place.at}fixed",
            f'is missing, and {calculation.key} is "fixed": write the number of units that is on sale, or another '
            "calculation",
        )
    elif fixed.value > cap.value:
        yield Mistake(
            fixed.key,
            f"is {fixed.value}, and more than {cap.key} = {cap.value} is never shown: write at most {cap.value}, or a "
            "higher cap",
        )
    elif 0 < fixed.value < minimum.value:
        yield Mistake(
            fixed.key,
            f"is {fixed.value}, and where fewer than {minimum.key} = {minimum.value} are left 0 is shown: write at "
            f"least {minimum.value}, or 0, or a lower minimum",
        )


def _of_branches(stock: Stock) -> Iterator[Mistake]:
    for number in stock.branch:
        if int(number) not in stock.branches:
            yield Mistake(
                f"branch.{number}",
                f"says how much of branch {number} counts, and branches does not name it: add {number} to branches, "
                f"or take branch.{number} out",
            )
    for key, whose in (
        ("fbb_branch", "what lies in Bol's warehouse"),
        ("fbr_branch", "what Bol has on sale"),
    ):
        number = getattr(stock, key)
        if number is not None and number in stock.branches:
            yield Mistake(
                key,
                f"is {number}, which is one of branches: {whose} would be written there and go on sale at Bol from "
                f"there, round and round. Write a branch of Mplus that is used for nothing else, or take {number} out "
                "of branches",
            )
    if stock.fbb_branch is not None and stock.fbb_branch == stock.fbr_branch:
        yield Mistake(
            "fbr_branch",
            f"is {stock.fbr_branch}, which is fbb_branch too: the two counts would overwrite each other. Give each a "
            "branch of its own",
        )


def _of_pushing(stock: Stock) -> Iterator[Mistake]:
    if stock.push:
        if stock.fbr_branch is not None:
            yield Mistake(
                "fbr_branch",
                "says that another system leads and Bol's amounts come into Mplus, and push is true, so that Mplus's "
                "amounts go to Bol as well: write push = false, or take fbr_branch out",
            )
        return
    for key in ("prices", "hold"):
        if getattr(stock, key):
            yield Mistake(
                key,
                f"is true, and push is false, so that nothing is sent to Bol: take {key} out, or write push = true",
            )
