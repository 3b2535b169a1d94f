"""`kassabrug order`: one order, and what a person does about it.

Through the console's API and not into the log itself: one process writes the embedded log, and that is the one that
runs; on Kafka it is the same, so that there is one way, with one set of checks and one name in the history.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.process import WRONG_USE, read_settings
from app.cli.site import NotDone, Site, check_connection, site_of
from app.console import wording
from app.console.byhand import REASONS, open_units
from app.readmodel.shown import OrderDetail
from app.settings import Said, Settings
from streams.vocabulary.activity import OrderShown
from streams.vocabulary.time import system_clock

LAST = 12
"""Lines of the history below an order."""


class Which(NamedTuple):
    """The order, and how its console is reached."""

    config: Path
    order_id: str
    connection: str
    """Empty: the one that has this order."""
    address: str
    """Empty: as the settings have it."""
    as_json: bool


def show(which: Which, said: Said) -> int:
    """Prints the order; the exit code."""

    def work(site: Site, order: OrderDetail, raw: Any) -> None:
        if which.as_json:
            print(orjson.dumps(raw, option=orjson.OPT_INDENT_2).decode())
        else:
            tell(order, Console(highlight=False))

    return _run(which, said, work)


def do(which: Which, said: Said, deed: str, given: Mapping[str, Any], done: str) -> int:
    """Has it done, and says so; the exit code. `done`: what it comes to, in words."""

    def work(site: Site, order: OrderDetail, raw: Any) -> None:
        answer = site.ask(f"{_path(order.connection, order.shown.order_id)}/{deed}", given)
        if which.as_json:
            print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        else:
            print(
                f"{done} What comes of it: kassabrug order show {order.shown.order_id} "
                f"--connection {order.connection}"
            )

    return _run(which, said, work)


def cancel(which: Which, said: Said, reason: str, items: Sequence[str], sure: bool) -> int:
    """Asks once more on a terminal, then has it cancelled; the exit code."""
    code = reason.strip().upper()
    if code not in REASONS:
        known = "\n".join(f"  {one:<22}{words}" for one, words in REASONS.items())
        print(f"Bol knows no reason {reason!r}. Write --reason with one of\n{known}", file=sys.stderr)
        return WRONG_USE

    def work(site: Site, order: OrderDetail, raw: Any) -> None:
        if not sure:
            _ask(order.shown, code, items)
        path = _path(order.connection, order.shown.order_id)
        answer = site.ask(f"{path}/cancel", {"reason": code, "items": list(items)})
        if which.as_json:
            print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        else:
            print(
                f"It is cancelled at Bol and in Mplus now. What comes of it: kassabrug order show "
                f"{order.shown.order_id} --connection {order.connection}"
            )

    return _run(which, said, work)


def _ask(order: OrderShown, reason: str, items: Sequence[str]) -> None:
    """The second question. Raises NotDone when the answer is not yes, or nobody is there to answer."""
    if not sys.stdin.isatty():
        raise NotDone("Cancelling asks whether you are sure. Nobody can answer here: add --yes.", WRONG_USE)
    lines = [line for line in order.lines if open_units(line) and (not items or line.item_id in items)]
    what = "\n".join(
        f"  {open_units(line)} x {line.title or line.ean} (item {line.item_id})" for line in lines
    )
    print(
        f"Cancel of order {order.order_id}, because: {REASONS[reason]}\n{what or '  all that is open'}",
        file=sys.stderr,
    )
    print(
        "It is cancelled at Bol and in Mplus, and cannot be undone. Sure? [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "j", "ja"):
        raise NotDone("Nothing was cancelled.")


def _run(which: Which, said: Said, work: Callable[[Site, OrderDetail, Any], None]) -> int:
    """Finds the order and does the work: with the site, the order, and the order as it came."""
    settings = read_settings(which.config, said)
    try:
        with site_of(settings, which.address) as site:
            order, raw = _find(site, settings, which)
            work(site, order, raw)
            return 0
    except NotDone as error:
        print(error, file=sys.stderr)
        return error.code


def _path(connection: str, order_id: str) -> str:
    return f"/api/orders/{quote(connection, safe='')}/{quote(order_id, safe='')}"


def _find(site: Site, settings: Settings, which: Which) -> tuple[OrderDetail, Any]:
    """The order, as it is and as it came. Raises NotDone."""
    if which.connection:
        check_connection(settings, which.connection)
    names = [which.connection] if which.connection else list(settings.connections)
    found = {name: site.ask(_path(name, which.order_id)) for name in names}
    known = {name: raw for name, raw in found.items() if raw is not None}
    if not known:
        raise NotDone(
            f"kassabrug knows no order {which.order_id} of {', '.join(names)}. A new one takes some seconds; one "
            "that was finished long ago is forgotten."
        )
    if len(known) > 1:
        raise NotDone(f"{' and '.join(known)} both have it: say which with --connection.", WRONG_USE)
    raw = next(iter(known.values()))
    return site.told(raw, OrderDetail), raw


def tell(order: OrderDetail, console: Console) -> None:
    """The order for a person."""
    now, shown = system_clock(), order.shown
    head = Text(f"Order {shown.order_id}", style="bold")
    head.append(f"  {wording.step(shown.step)}", style="green" if shown.step == "done" else "yellow")
    console.print(head)
    if shown.stuck:
        console.print(Text(f"Stuck: {shown.stuck}", style="red"))
    if shown.asks_cancellation:
        console.print(Text("The customer asked Bol to cancel.", style="red"))
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(order, now):
        facts.add_row(Text(name, style="dim"), Text(value))
    console.print(facts)
    if shown.lines:
        table = Table("item", "what", "article", "ordered", "delivered", "sent", "cancelled", "price")
        for line in shown.lines:
            counts = (line.ordered or line.quantity, line.delivered, line.shipped, line.cancelled)
            table.add_row(
                line.item_id,
                Text(line.title or line.ean),
                line.article_number or "not found yet",
                *(str(count) for count in counts),
                wording.euros(line.price_cents),
            )
        console.print(table)
    if shown.shipments:
        table = Table("shipment", "units", "transporter", "track and trace", "how it stands")
        for one in shown.shipments:
            said = f": {one.said}" if one.said else ""
            table.add_row(
                Text(one.reference),
                str(one.units),
                Text(one.transporter or "-"),
                Text(one.track or "-"),
                Text(f"{wording.shipment(one.status)}{said}"),
            )
        console.print(table)
    for step in [one for one in order.timeline if one.line is not None][-LAST:]:
        assert step.line is not None
        told = Text(f"{wording.moment(step.at, now):>12}  ", style="dim")
        told.append(
            f"{wording.kind(step.line.kind)}  ", style="red" if step.line.level == "stuck" else "bold"
        )
        told.append(step.line.text, style="default")
        console.print(told, soft_wrap=True)


def _facts(order: OrderDetail, now: datetime) -> list[tuple[str, str]]:
    shown = order.shown
    found = [
        ("connection", order.connection),
        ("placed", wording.moment(shown.placed_at, now)),
        ("customer", f"{shown.customer or '-'}{', business' if shown.business else ''}"),
        ("in Mplus", shown.mplus_order or "not yet"),
        ("total", wording.euros(shown.total_cents)),
    ]
    if shown.due:
        left = (
            f" ({wording.left(shown.due, now)})"
            if shown.step not in ("done", "cancelled", "kept-out")
            else ""
        )
        found.insert(2, ("hand over by", f"{wording.day(shown.due)}{left}"))
    if shown.commission_cents:
        found.append(("commission", f"{wording.euros(shown.commission_cents)}, shown, not booked"))
    return found
