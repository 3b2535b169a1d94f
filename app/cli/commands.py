"""The commands and their options. What they do is in the modules beside."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.options import DEFAULT, AsJson, Config, LogAt, ReadModelAt, said
from app.cli.stock import stock
from app.composition import ALL, Bridge, Role

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The bridge between MplusKASSA and Bol.com.",
)
mapper = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The mapping from orders at Bol to fields in Mplus: docs/mapping.md.",
)
cli.add_typer(mapper, name="map")
cli.add_typer(stock, name="stock")
say = Console(stderr=True)

Host = Annotated[str | None, typer.Option("--host", help="Instead of web.host.")]
Port = Annotated[int | None, typer.Option("--port", help="Instead of web.port; 0: any free one.")]


class Vendor(StrEnum):
    """Whose simulator."""

    bol = "bol"
    mplus = "mplus"


def _tell(running: Bridge) -> None:
    say.print(f"kassabrug runs: [bold]{running.address}[/bold]  (Ctrl-C stops it)")


def _serve(config: Path, roles: frozenset[Role], as_json: bool, given: dict[str, dict[str, Any]]) -> None:
    from app.cli.process import serve

    serve(config, roles, as_json, _tell, given)


@cli.command()
def up(
    config: Config = DEFAULT,
    log: LogAt = None,
    readmodel: ReadModelAt = None,
    host: Host = None,
    port: Port = None,
    as_json: AsJson = False,
) -> None:
    """Everything in one process: ingress, worker, console."""
    _serve(config, ALL, as_json, said(log, readmodel, host, port))


@cli.command()
def ingress(
    config: Config = DEFAULT, log: LogAt = None, host: Host = None, port: Port = None, as_json: AsJson = False
) -> None:
    """Only takes webhooks in and stores them. On Kafka: any number of them."""
    _serve(config, frozenset(("ingress",)), as_json, said(log, None, host, port))


@cli.command()
def worker(
    config: Config = DEFAULT, log: LogAt = None, host: Host = None, port: Port = None, as_json: AsJson = False
) -> None:
    """Only works: agents, calls to the vendors, sweeps. On Kafka: any number of them share the partitions. (Health at
    web.port.)"""
    _serve(config, frozenset(("worker",)), as_json, said(log, None, host, port))


@cli.command()
def console(
    config: Config = DEFAULT,
    log: LogAt = None,
    readmodel: ReadModelAt = None,
    host: Host = None,
    port: Port = None,
    as_json: AsJson = False,
) -> None:
    """Only the page, from the log as it is."""
    _serve(config, frozenset(("console",)), as_json, said(log, readmodel, host, port))


@cli.command()
def demo(
    seconds: Annotated[float | None, typer.Option(min=1, help="End by itself, with a verdict.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same customers.")] = 7,
    rate: Annotated[
        float, typer.Option(min=0.1, max=500, help="Till sales a second; Bol orders: a quarter of it.")
    ] = 20,
    articles: Annotated[int, typer.Option(min=1, max=100_000)] = 500,
    kill_every: Annotated[
        float | None, typer.Option(min=1, help="kill -9 the bridge every so many seconds.")
    ] = None,
    faults: Annotated[bool, typer.Option(help="Trouble at both vendors, lost and doubled webhooks.")] = False,
    port: Annotated[int, typer.Option(help="Of the page; 0: any free one.")] = 8080,
    as_json: AsJson = False,
) -> None:
    """Both simulators, a shop full of customers and the bridge. With --seconds: exit 0 when the vendors' books are
    right, 1 when they are not."""
    from app.cli.demo import show
    from app.demo.run import Plan

    sys.exit(show(Plan(seed, rate, seconds, articles, kill_every, faults, port), as_json))


@cli.command()
def simulate(
    vendor: Vendor,
    port: Annotated[int | None, typer.Option(help="Default: 8500 (bol), 8600 (mplus).")] = None,
    host: str = "127.0.0.1",
    seed: Annotated[int, typer.Option(help="Mplus: which range of articles.")] = 1,
    articles: Annotated[int, typer.Option(help="Mplus: how many articles.")] = 200,
    webhook: Annotated[str, typer.Option(help="Mplus: where till events go (its base address).")] = "",
) -> None:
    """A vendor's double, for any client: prints how to connect, runs until Ctrl-C."""
    from app.cli.simulate import run

    run(vendor.value, host, port, seed, articles, webhook)


@cli.command()
def check(
    config: Config = DEFAULT, log: LogAt = None, readmodel: ReadModelAt = None, as_json: AsJson = False
) -> None:
    """Tests settings, log and both vendors, and says what works and what does not. Changes nothing anywhere. Exit 0:
    all works; 1: something does not; 2: the settings cannot be used."""
    from app.cli.check import run

    sys.exit(run(config, said(log, readmodel), as_json))


@cli.command()
def log(
    topic: Annotated[str, typer.Argument(help="See `kassabrug topics`.")],
    config: Config = DEFAULT,
    key: Annotated[
        str, typer.Option(help="Only records with this key, or beginning with it and a slash.")
    ] = "",
    since: Annotated[
        str, typer.Option(help="From this moment on (ISO), or so long ago: 90s, 15m, 2h, 1d.")
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records (without --follow).")] = 1000,
    at: LogAt = None,
    as_json: AsJson = False,
) -> None:
    """Shows what lies on a topic, also while the bridge runs. Personal data is masked."""
    from app.cli.log import run

    sys.exit(run(config, said(at), topic, key, since, follow, limit, as_json))


@cli.command()
def replay(
    config: Config = DEFAULT,
    since: Annotated[
        str,
        typer.Option("--from", help="Events from this moment on (ISO), or so long ago: 90s, 15m, 2h, 1d."),
    ] = "",
    until: Annotated[str, typer.Option("--to", help="Events before this moment.")] = "",
    topic: Annotated[
        str,
        typer.Option(help="What lies on this topic: an inbox, pushes (bol.webhooks), raw answers (bol.raw)."),
    ] = "",
    connection: Annotated[str, typer.Option(help="Of this shop.")] = "",
    key: Annotated[
        str, typer.Option(help="Of this entity: an article number, an order, connection/entity.")
    ] = "",
    flow: Annotated[str, typer.Option(help="Of this flow: catalogue, stock, orders, sweeps.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Of everything there is.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look, and tell.")] = False,
    name: Annotated[str, typer.Option(help="The incident: under this name it is put in place.")] = "",
    rate: Annotated[
        int, typer.Option(min=0, help="Put so many entities in place in a second at most; 0: no bound.")
    ] = 0,
    as_json: AsJson = False,
    log: LogAt = None,
) -> None:
    """Works out the chosen entities anew from their events and the vendors' raw answers, with the present code and
    settings; tells how they would differ and which vendor calls would follow. Without --dry-run it is put in place, and
    nothing is done twice. Ctrl-C stops it between two pieces; the same command goes on from there."""
    from app.cli.replay import Asked, run

    asked = Asked(since, until, topic, connection, key, flow, everything, dry_run, name, rate, as_json)
    sys.exit(run(config, asked, said(log)))


orders = typer.Typer(
    no_args_is_help=True,
    help="One order: shows it, tells how it was sent, cancels it, tries it again. Through the bridge that runs "
    "(web.host and web.port, or --address), with the user and password of its page.",
)
cli.add_typer(orders, name="order")
OrderId = Annotated[str, typer.Argument(metavar="ORDER", help="Bol's order number.")]
OfConnection = Annotated[
    str, typer.Option("--connection", help="Of this shop; without it: of the shop that has it.")
]
Address = Annotated[
    str, typer.Option(metavar="http://HOST:PORT", help="Where the bridge runs, whatever the settings say.")
]


@orders.command("show")
def order_show(
    order: OrderId,
    config: Config = DEFAULT,
    connection: OfConnection = "",
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """How far it is, its items, its shipments and what happened last. Exit 1: no such order, or no bridge."""
    from app.cli.order import Which, show

    sys.exit(show(Which(config, order, connection, address, as_json), {}))


@orders.command("ship")
def order_ship(
    order: OrderId,
    transporter: Annotated[
        str, typer.Option(help="Bol's code: TNT (PostNL), DHLFORYOU, DPD-NL, BPOST_BE, ...")
    ],
    track: Annotated[str, typer.Option(help="Track and trace; without it: none is told.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All that is open at Bol, delivered in Mplus or not.")
    ] = False,
    config: Config = DEFAULT,
    connection: OfConnection = "",
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """Tells Bol how it was sent: what is delivered in Mplus and Bol does not know of yet."""
    from app.cli.order import Which, do

    given = {"transporter": transporter, "track": track, "all": everything}
    which = Which(config, order, connection, address, as_json)
    sys.exit(do(which, {}, "ship", given, "Bol is told now."))


@orders.command("cancel")
def order_cancel(
    order: OrderId,
    reason: Annotated[str, typer.Option(help="Bol's reason code: OUT_OF_STOCK, REQUESTED_BY_CUSTOMER, ...")],
    item: Annotated[
        list[str] | None, typer.Option(help="This item only (may be repeated); without it: all that is open.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask once more.")] = False,
    config: Config = DEFAULT,
    connection: OfConnection = "",
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """Cancels it, or some items, at Bol and in Mplus. It cannot be undone."""
    from app.cli.order import Which, cancel

    sys.exit(cancel(Which(config, order, connection, address, as_json), {}, reason, item or [], yes))


@orders.command("retry")
def order_retry(
    order: OrderId,
    config: Config = DEFAULT,
    connection: OfConnection = "",
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """Tries a stuck step again."""
    from app.cli.order import Which, do

    which = Which(config, order, connection, address, as_json)
    sys.exit(do(which, {}, "retry", {}, "It is tried again now."))


@cli.command()
def topics(config: Config = DEFAULT, log: LogAt = None, as_json: AsJson = False) -> None:
    """The list of topics, and which agent reads and writes what. With --log: what that cluster has otherwise (exit 1
    when anything is); nothing is changed there."""
    from app.cli.topics import run

    sys.exit(run(config, log, as_json))


@mapper.command("try")
def map_try(
    order: Annotated[str, typer.Argument(help="The order's number at Bol; not needed with --file.")] = "",
    config: Config = DEFAULT,
    connection: Annotated[str, typer.Option(help="Of this shop; not needed where there is one only.")] = "",
    file: Annotated[
        Path | None, typer.Option(help="An order in Bol's own JSON, instead of asking Bol for one.")
    ] = None,
    more: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=EXPRESSION", help="As if this stood in the settings. Any number of them."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the fields that are not mapped.")] = False,
    personal: Annotated[
        bool, typer.Option("--show-personal", help="Names and addresses in full, on your own screen.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Shows what the mapping makes of one order, field by field, beside what it would be without. Changes nothing
    anywhere. Exit 0: all fields can be set; 1: one fails, or Bol does not give the order; 2: the settings cannot be
    used."""
    from app.cli.mapping import Asked, run

    asked = Asked(order, connection, file, tuple(more or ()), everything, personal, as_json)
    sys.exit(run(config, asked))


@mapper.command("fields")
def map_fields(as_json: AsJson = False) -> None:
    """The fields of an order, its relation and its lines that a mapping can set."""
    from app.cli.mapping import fields

    sys.exit(fields(as_json))


@mapper.command("functions")
def map_functions(as_json: AsJson = False) -> None:
    """The functions that expressions can call, beyond JSONata's own."""
    from app.cli.mapping import functions

    sys.exit(functions(as_json))
