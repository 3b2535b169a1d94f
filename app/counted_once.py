"""Whether each open order is taken off once: by Mplus or by us, or by Bol (docs/settings.md, Managed or not). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from app.finding import listed
from app.order_advice import Advice
from app.sections.stock import Stock
from app.stock_rules import RESERVED, Place, Said, said, takes_off
from streams.mapping.language import fields_named

SEE = "See docs/settings.md, Managed or not."


def counted_once(stock: Stock, place: Place) -> Iterator[Advice]:
    """The calculation and `managed` of a place that count an order twice or never."""
    calculation, managed, expression = (
        said(stock, place, key) for key in ("calculation", "managed", "expression")
    )
    if place.at and not place.own.model_fields_set & {"calculation", "managed", "expression"}:
        return  # it is as in the part itself, where it is told
    way = calculation.value
    if way == "expression":
        if expression.value:
            yield from _by_expression(stock, place, managed, expression)
        return
    if managed.value == (way in ("available", "incoming")):
        return
    if way in ("available", "incoming"):
        what = (
            "an open order counts twice: Mplus leaves out of what is free what it has reserved, and Bol takes the "
            "order off again. Less is on sale than there is"
        )
    elif way == "physical":
        what = (
            "an order counts never: once it is booked it still lies there, and Bol takes off only what was ordered "
            "since the last number it got. The same piece is sold again"
        )
    else:
        what = (
            "the number runs down: Bol takes off what is ordered, and nobody raises it again, since the number to "
            "send stays the same. It stays at what was left"
        )
    yield Advice(
        f"stock.{managed.key}",
        f'stock.{managed.key} is {_word(managed.value)} and stock.{calculation.key} is "{way}", so that {what}. '
        f"{_way_out(place, managed)}",
    )


def _by_expression(stock: Stock, place: Place, managed: Said, expression: Said) -> Iterator[Advice]:
    """What it does with what is reserved is for a person to see; its words tell what to look at."""
    own = f"stock.{place.at}managed"
    is_now, looks = f"stock.{managed.key} is {_word(managed.value)}", f"stock.{expression.key} looks at"
    held = fields_named(expression.value) & RESERVED
    if takes_off(expression.value):
        if not managed.value:
            yield Advice(
                f"stock.{managed.key}",
                f"{is_now}, and {looks} stock and not at what is reserved: Mplus leaves booked orders out of what is "
                f"free, and Bol takes them off again, so that they count twice. {_way_out(place, managed)}",
            )
    elif held:
        adds = (
            f"{looks} {listed(sorted(held))}. See whether it counts all that lies there, reserved pieces too"
        )
        if managed.value:
            yield Advice(
                f"stock.{managed.key}",
                f"{is_now}, and {adds}: then nobody takes a booked order off, and the same piece is sold again. Write "
                f"{own} = false then; if it only takes something off for what is reserved, leave it. {SEE}",
            )
        elif place.own.managed is None and stock.managed is None and "physical" not in held:
            yield Advice(
                f"stock.{expression.key}",
                f"{adds}: that is taken for granted, so that Bol takes open orders off (managed = false). If it does "
                f"not, they count twice: write {own} = true; if it does, write false, so that it is clear. {SEE}",
            )
    elif managed.value:
        yield Advice(
            f"stock.{managed.key}",
            f"{is_now}, and stock.{expression.key} looks at no stock: like a fixed number it stays the same, Bol takes "
            f"off what is ordered, and nobody raises it again. {_way_out(place, managed)}",
        )


def _way_out(place: Place, managed: Said) -> str:
    value = _word(not managed.value)
    if place.at and managed.key != f"{place.at}managed":
        return f"Write stock.{place.at}managed = {value}. {SEE}"
    return f"Write stock.{managed.key} = {value}, or take it out. {SEE}"


def _word(value: object) -> str:
    return "true" if value else "false"
