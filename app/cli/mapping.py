"""`kassabrug map`: a mapping tried on an order, the fields there are, the functions there are."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NamedTuple

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.process import FAILED, WRONG_USE, read_settings
from app.cli.process import run as run_process
from app.composition import clients
from app.finding import why
from app.logging import set_up
from app.mapping_trial import Row, tried
from app.settings import Settings
from connectors.bol import call, orders
from connectors.bol.wire import Unreadable
from streams.mapping.fields import CUSTOM, FIELDS
from streams.mapping.functions import DESCRIBED
from streams.orders.rules import OrderRules
from streams.vocabulary.bol_order import BolOrder
from streams.vocabulary.outcomes import Delivered
from streams.vocabulary.time import system_clock

MOST_BYTES = 1024 * 1024
"""Of a file with an order."""


class Asked(NamedTuple):
    """What the command line says."""

    order_id: str
    connection: str
    file: Path | None
    more: tuple[str, ...]
    """`FIELD=EXPRESSION`, each."""
    everything: bool
    personal: bool
    as_json: bool


class _NoOrder(Exception):
    """There is nothing to try it on; the text is for people."""


def run(config: Path, asked: Asked) -> int:
    """Tries the mapping; the exit code: 1 when a field fails, or the order cannot be had."""
    try:
        more = _expressions(asked.more)
    except ValueError as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    if not asked.order_id and asked.file is None:
        print("Name an order of Bol's, or a file with one: --file order.json", file=sys.stderr)
        return WRONG_USE
    settings = read_settings(config)
    set_up(settings.secrets(), asked.as_json)
    name = asked.connection or (next(iter(settings.connections)) if len(settings.connections) == 1 else "")
    rules = settings.order_rules(name)
    if rules is None:
        there = ", ".join(settings.connections)
        said = f"There is no connection {name!r}" if name else "There are several connections"
        print(f"{said}; write --connection with one of: {there}", file=sys.stderr)
        return WRONG_USE
    return run_process(lambda stop: _try(settings, name, rules, more, asked, stop))


def _expressions(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for one in given:
        field, equals, expression = one.partition("=")
        if not equals or not field.strip():
            raise ValueError(f"--set {one!r}: write --set 'order.reference=expression'")
        pairs[field.strip()] = expression.strip()
    return pairs


async def _try(
    settings: Settings, name: str, rules: OrderRules, more: dict[str, str], asked: Asked, stop: asyncio.Event
) -> int:
    try:
        order = (
            read_order(asked.file)
            if asked.file is not None
            else await _fetched(settings, name, asked.order_id)
        )
    except _NoOrder as error:
        print(error, file=sys.stderr)
        return FAILED
    if stop.is_set():
        return FAILED
    return show(order, rules, more, asked.everything, asked.personal, asked.as_json)


def read_order(path: Path) -> BolOrder:
    """An order from a file in Bol's own shape (GET /retailer/orders/{order-id}). Raises an error with a sentence."""
    try:
        with path.open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no name of a file"
        raise _NoOrder(f"{path} cannot be read: {reason}") from None
    if len(body) > MOST_BYTES:
        raise _NoOrder(f"{path} is longer than {MOST_BYTES} bytes: this is no order")
    try:
        return orders.order(body, system_clock())
    except Unreadable as error:
        raise _NoOrder(
            f"{path} is no order in Bol's shape (the answer of GET /retailer/orders/ORDER): {error}"
        ) from None


async def _fetched(settings: Settings, name: str, order_id: str) -> BolOrder:
    async with clients(settings, system_clock) as made:
        fetched = await made.bol[name].send(call.get_order(order_id))
    if not isinstance(fetched, Delivered):
        raise _NoOrder(f"{name}: Bol does not give order {order_id}. {why(fetched)}.")
    try:
        return orders.order(fetched.answer.body, fetched.answer.raw.asked_at)
    except Unreadable as error:
        raise _NoOrder(f"{name}: order {order_id} cannot be read. {error}.") from None


def show(
    order: BolOrder,
    rules: OrderRules,
    more: dict[str, str],
    everything: bool = False,
    personal: bool = False,
    as_json: bool = False,
) -> int:
    """Prints what each field would be; the exit code."""
    rows = tried(order, rules, more, everything, personal)
    failed = [row for row in rows if row.why]
    if as_json:
        told = {"order": order.order_id, "fields": [row._asdict() for row in rows]}
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return FAILED if failed else 0
    console = Console(highlight=False)
    if not rows:
        console.print(
            "No field is mapped: everything is as kassabrug makes it. Try one: "
            "--set 'order.reference=orderId'. `kassabrug map fields` lists what can be set.",
            markup=False,
        )
        return 0
    table = _table(f"Order {order.order_id}", "field", "default", "expression", "result", "")
    for row in rows:
        table.add_row(Text(row.field), Text(row.default), Text(row.expression), Text(row.result), _mark(row))
    console.print(table)
    for row in failed:
        console.print(f"{row.field}: {row.why}", markup=False, soft_wrap=True)
    hidden = "" if personal else " Who the customer is, is hidden; --show-personal shows it."
    console.print(
        f"{sum(row.changed for row in rows)} changed, {len(failed)} failed. Nothing was sent to Mplus.{hidden}"
    )
    return FAILED if failed else 0


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=place == 0)
    return table


def _mark(row: Row) -> Text:
    if row.why:
        return Text("fails", style="red")
    return Text("changed", style="green") if row.changed else Text("same" if row.expression else "")


def fields(as_json: bool) -> int:
    """Prints the fields that can be set."""
    if as_json:
        told = [
            {
                "name": one.name,
                "kind": one.kind,
                "what": one.what,
                "longest": one.longest,
                "words": list(one.words),
            }
            for one in FIELDS.values()
        ]
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return 0
    table = _table("Fields", "field", "takes", "what it is")
    for one in FIELDS.values():
        takes = one.kind if one.longest is None else f"{one.kind}, {one.longest} characters"
        what = f"{one.what}: {', '.join(one.words)}" if one.words else one.what
        table.add_row(one.name, takes, what)
    table.add_row(f"{CUSTOM}NAME", "any", "a custom field that the shop has given its relations")
    Console(highlight=False).print(table)
    return 0


def functions(as_json: bool) -> int:
    """Prints the functions beyond the language's own."""
    if as_json:
        print(orjson.dumps([one._asdict() for one in DESCRIBED], option=orjson.OPT_INDENT_2).decode())
        return 0
    table = _table("Functions beyond JSONata's", "function", "what it gives", "for example")
    for one in DESCRIBED:
        table.add_row(Text(f"${one.name}({one.takes})"), Text(one.does), Text(one.example))
    Console(highlight=False).print(table)
    return 0
