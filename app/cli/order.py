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

import httpx
import msgspec
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.process import FAILED, WRONG_USE, read_settings
from app.console import wording
from app.console.byhand import REASONS, open_units
from app.readmodel.shown import OrderDetail
from app.settings import Said, Settings
from streams.vocabulary.activity import OrderShown
from streams.vocabulary.time import system_clock

PATIENCE = 15.0
"""Seconds that the console may take: it reads its database and writes the log."""
LAST = 12
"""Lines of the history below an order."""


class NotDone(Exception):
    """It was not done; the text says why and what to do. `code`: the exit code."""

    def __init__(self, words: str, code: int = FAILED) -> None:
        super().__init__(words)
        self.code = code


class Which(NamedTuple):
    """The order, and how its console is reached."""

    config: Path
    order_id: str
    connection: str
    """Empty: the one that has this order."""
    address: str
    """Empty: as the settings have it."""
    as_json: bool


class Site(NamedTuple):
    """A console that runs somewhere."""

    http: httpx.Client
    address: str

    def ask(self, path: str, given: Mapping[str, Any] | None = None) -> Any:
        """What it answers; None: it does not know such a thing. `given`: what is to be done. Raises NotDone."""
        try:
            answer = self.http.get(path) if given is None else self.http.post(path, json=given)
        except httpx.TimeoutException:
            done = (
                "" if given is None else " Whether it was done is not known: look at it before you repeat it."
            )
            raise NotDone(
                f"kassabrug at {self.address} takes longer than {PATIENCE:g} s to answer.{done}"
            ) from None
        except httpx.HTTPError as error:
            raise NotDone(
                f"kassabrug does not answer at {self.address} ({error}). These commands go through the bridge that "
                "runs: start it with `kassabrug up` (or `kassabrug console`), or say where it is with --address."
            ) from None
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:
        if answer.status_code == 401:
            raise NotDone(
                f"The console at {self.address} refuses name and password: web.username and web.password must be "
                "the ones that it was started with.",
                WRONG_USE,
            )
        kind = answer.headers.get("content-type", "").partition(";")[0]
        try:
            told = orjson.loads(answer.content) if kind.endswith("json") else None
        except ValueError:
            told = None
        if told is None:
            raise NotDone(
                f"What answers at {self.address} ({answer.status_code}) is no console of kassabrug: say with --address "
                "where `kassabrug up` or `kassabrug console` runs."
            )
        if answer.status_code == 404 and answer.request.method == "GET":
            return None
        if answer.is_success:
            return told
        detail = told.get("detail") if isinstance(told, dict) else None
        raise NotDone(
            str(detail or f"The console at {self.address} answers {answer.status_code}."),
            WRONG_USE if answer.status_code == 422 else FAILED,
        )


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
        with console_client(settings, which.address) as http:
            site = Site(http, str(http.base_url).rstrip("/"))
            order, raw = _find(site, settings, which)
            work(site, order, raw)
            return 0
    except NotDone as error:
        print(error, file=sys.stderr)
        return error.code


def console_client(settings: Settings, given: str) -> httpx.Client:
    """Of the console: where the settings say that it listens. Raises NotDone when they do not say it."""
    web = settings.web
    address = given
    if not address:
        if not web.port:
            raise NotDone("web.port is 0, any free one: say with --address where kassabrug runs.", WRONG_USE)
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)
        address = f"http://[{host}]:{web.port}" if ":" in host else f"http://{host}:{web.port}"
    auth = (web.username, web.password.get_secret_value()) if web.password is not None else None
    try:
        url = httpx.URL(address)
        usable = url.scheme in ("http", "https") and bool(url.host) and not url.userinfo
    except (httpx.InvalidURL, ValueError):
        usable = False
    if not usable:
        raise NotDone(
            "--address is no address: write http://host:port (user and password are in the settings)",
            WRONG_USE,
        )
    # A proxy that the environment names is for the world outside.
    return httpx.Client(base_url=address, auth=auth, timeout=PATIENCE, trust_env=False)


def _path(connection: str, order_id: str) -> str:
    return f"/api/orders/{quote(connection, safe='')}/{quote(order_id, safe='')}"


def _find(site: Site, settings: Settings, which: Which) -> tuple[OrderDetail, Any]:
    """The order, as it is and as it came. Raises NotDone."""
    if which.connection and which.connection not in settings.connections:
        raise NotDone(
            f"There is no connection {which.connection!r}. There is {', '.join(settings.connections)}.",
            WRONG_USE,
        )
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
    try:
        return msgspec.convert(raw, OrderDetail), raw
    except msgspec.ValidationError as error:
        raise NotDone(
            f"The console at {site.address} is another version of kassabrug than this command ({error})."
        ) from None


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
