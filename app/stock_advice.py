"""What in the stock part can be used and yet does not do what was probably meant. Known without asking anybody, so
that it is said at the start as well (app/composition.py). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from app.counted_once import counted_once
from app.finding import Known, closest, listed
from app.order_advice import Advice
from app.order_rules import said as said_of_orders
from app.sections.connection import Connection
from app.sections.orders import Orders
from app.sections.stock import Stock
from app.stock_rules import Place, counting, places, said, stock_rules
from streams.mapping.language import fields_named
from streams.stock.expression import ExpressionFailed, counted
from streams.stock.state import Article
from streams.vocabulary.stock_reading import Reading

CONDITIONS = {"NEW": "new", "SECONDHAND": "used", "REFURBISHED": "refurbished"}
"""facts/bol.md, Offers and stock: condition.category."""
_OFFER_ID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TAKEN_OFF = ("openBol", "soldAtTill")
"""Of what an expression sees: what is off what it gives anyway."""
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def stock_advice(connection: Connection) -> list[Advice]:
    """In the order of the settings."""
    stock = connection.stock
    told: list[Advice] = []
    for place in places(stock):
        if stock.push:
            told += counted_once(stock, place)
        told += [*_expression(stock, place), *_overridden(stock, place), *_idle(stock, place)]
    return [*told, *_weights(stock), *_shared(stock), *_branch_of_orders(stock, connection.orders)]


# -- expressions


def _expression(stock: Stock, place: Place) -> Iterator[Advice]:
    expression, managed = said(stock, place, "expression"), said(stock, place, "managed")
    if said(stock, place, "calculation").value != "expression" or expression.key != f"{place.at}expression":
        return
    if not expression.value:
        return
    named = fields_named(expression.value)
    doubled = [name for name in _TAKEN_OFF if name in named and (managed.value or name != "openBol")]
    if doubled:
        yield Advice(
            f"stock.{expression.key}",
            f"stock.{expression.key} looks at {listed(doubled)}, which is taken off what it gives in any case. If it "
            "takes that off too, it counts twice: leave it out of the expression then.",
        )
    try:
        counted(expression.value, 1001, sample(stock), stock_rules(stock))
    except ExpressionFailed as error:
        yield Advice(
            f"stock.{expression.key}",
            f"stock.{expression.key} gives no number for an ordinary article (10 free, 2 reserved, 5 incoming at each "
            f"branch): {error}. Nothing is sent to Bol of an article for which it gives none.",
        )


def sample(stock: Stock) -> Article:
    """An ordinary article, to try an expression on."""
    readings = [
        Reading(
            article_number=1001,
            branch=branch,
            free=Decimal(10),
            reserved=Decimal(2),
            incoming=Decimal(5),
            marker=1,
            asked_at=_ANY_TIME,
            answered_at=_ANY_TIME,
        )
        for branch in sorted(stock.branches)
    ]
    return Article(
        description="Mok",
        unit="stuk",
        groups=(12,),
        price_cents=1995,
        answered=True,
        readings=tuple(readings),
    )


# -- what is of no effect


def _overridden(stock: Stock, place: Place) -> Iterator[Advice]:
    """An override that changes nothing. One that keeps an article (or a group) out of a group's settings does."""
    if not place.at or counting(stock, place) != counting(stock, places(stock)[0]):
        return
    name = place.at.removesuffix(".")
    groups = [f"group.{number}" for number in stock.group]
    if groups[-1:] not in ([], [name]):
        return
    yield Advice(
        f"stock.{name}",
        f"stock.{name} says nothing that does not hold anyway, so that it is of no effect. Write what differs there, "
        "or take it out.",
    )


def _idle(stock: Stock, place: Place) -> Iterator[Advice]:
    given = place.own.model_fields_set if place.at else stock.model_fields_set
    way = said(stock, place, "calculation")
    # What stands in the part itself is there for every place that says nothing else.
    under = [place] if place.at else places(stock)
    for key in ("fixed", "expression"):
        used = any(
            said(stock, one, "calculation").value == key and said(stock, one, key).key == f"{place.at}{key}"
            for one in under
        )
        if key in given and not used:
            yield Advice(
                f"stock.{place.at}{key}",
                f'stock.{place.at}{key} is of no effect, because stock.{way.key} is "{way.value}". Write '
                f'stock.{place.at}calculation = "{key}", or take {key} out.',
            )
    idle = [key for key in ("buffer", "buffer_percent", "portion") if key in given]
    if idle and all(said(stock, one, "calculation").value == "fixed" for one in under):
        yield Advice(
            f"stock.{place.at}{idle[0]}",
            f"stock.{place.at}{idle[0]} is of no effect, because a fixed number is on sale as it is "
            f'(stock.{way.key} = "fixed"). Take it out, or choose another calculation.',
        )
    percent = said(stock, place, "buffer_percent")
    if percent.value == 100 and way.value != "fixed" and percent.key == f"{place.at}buffer_percent":
        yield Advice(
            f"stock.{percent.key}",
            f"stock.{percent.key} is 100, so that everything is kept back and nothing is ever on sale. Write less; to "
            'take articles off sale write calculation = "fixed" and fixed = 0.',
        )


# -- several offers of one article


def _weights(stock: Stock) -> Iterator[Advice]:
    known = [Known(code, name) for code, name in CONDITIONS.items()]
    for name in stock.weights:
        if name in CONDITIONS or _OFFER_ID.fullmatch(name):
            continue
        meant = closest(name, known)
        yield Advice(
            f"stock.weights.{name}",
            f"stock.weights.{name} is neither a condition of Bol's ({listed(CONDITIONS)}) nor the id of an offer, so "
            f"that it holds for none. Write {meant.code if meant else 'one of these'}, or an offer's id.",
        )
    if stock.split == "shared" and any(stock.weights.values()):
        yield Advice(
            "stock.weights",
            'stock.weights is of no effect with split = "shared", where each offer shows everything (only one with the '
            'weight 0 shows nothing). Write split = "even", or take the weights out.',
        )


def _shared(stock: Stock) -> Iterator[Advice]:
    unmanaged = [one for one in places(stock) if not said(stock, one, "managed").value]
    if stock.split == "shared" and stock.push and unmanaged:
        way = said(stock, unmanaged[0], "calculation")
        yield Advice(
            "stock.split",
            f'stock.split is "shared", and with stock.{way.key} = "{way.value}" Bol takes open orders off by itself '
            "(managed = false), each from the one offer that was ordered: other offers of the same article go on "
            'showing the piece. Write split = "even", or calculation = "available".',
        )


# -- the branch of the orders


def _branch_of_orders(stock: Stock, orders: Orders) -> Iterator[Advice]:
    if not stock.push:
        return
    if "FBR" in orders.kinds:
        at = said_of_orders(orders, "FBR", "branch")
        if at.value not in stock.branches:
            yield Advice(
                f"orders.{at.key}",
                f"orders.{at.key} is {at.value}, which is not one of stock.branches ({listed(stock.branches)}): what "
                "Bol customers order is taken from a branch that is not on sale, so that it is never taken off what "
                "is, and the same piece is sold again. Book the orders at a branch whose stock counts, or add "
                f"{at.value} to stock.branches.",
            )
    if "FBB" not in orders.kinds:
        return
    at = said_of_orders(orders, "FBB", "branch")
    if at.value in stock.branches:
        yield Advice(
            f"orders.{at.key}",
            f"orders.{at.key} is {at.value}, which is one of stock.branches: orders that Bol sends from its own "
            "warehouse are taken off your stock there, so that less is on sale than you have. Write as "
            "orders.fbb.branch a branch of Mplus for your stock at Bol, which stock.branches does not name.",
        )
    elif stock.fbb_branch is not None and at.value != stock.fbb_branch:
        yield Advice(
            f"orders.{at.key}",
            f"orders.{at.key} is {at.value}, and what lies in Bol's warehouse is kept at branch {stock.fbb_branch} "
            "(stock.fbb_branch): what Bol sends is taken from a branch that nobody fills. Write orders.fbb.branch = "
            f"{stock.fbb_branch}.",
        )
