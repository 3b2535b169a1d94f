"""`kassabrug stock`: the commands about numbers on sale, and their options. What they do is in the modules beside."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli.options import DEFAULT, AsJson, Config, LogAt, ReadModelAt, said

stock = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The numbers on sale at Bol: how one comes about, and letting them go on.",
)
Address = Annotated[
    str, typer.Option(metavar="http://HOST:PORT", help="Where the bridge runs, whatever the settings say.")
]
OfShop = Annotated[str, typer.Option("--connection", help="Of this shop; without it: of any shop.")]


@stock.command("explain")
def explain(
    sku: Annotated[
        str,
        typer.Argument(
            metavar="SKU",
            help="The article's number, an EAN, a PLU or own reference, an offer's id, or words of its description.",
        ),
    ],
    config: Config = DEFAULT,
    connection: OfShop = "",
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="TIME",
            help="As it stood then: 14:02, 14:02:11, '2026-11-26 14:02' (the shop's clock), with a zone "
            "2026-11-26T14:02:11+01:00, or so long ago: 90s, 15m, 2h, 1d.",
        ),
    ] = "",
    log: LogAt = None,
    readmodel: ReadModelAt = None,
    as_json: AsJson = False,
) -> None:
    """Why this article has the number that it has at Bol: the sum, what it is made of and when that was heard, where
    its offers stand, the last pushes, what is waited for, and what moved it. Works also while the bridge runs. Exit 1:
    nothing is known of it; 2: several articles fit."""
    from app.cli.explain import Asked, run

    sys.exit(run(config, Asked(sku, connection, at, as_json), said(log, readmodel)))


@stock.command("guards")
def guards(config: Config = DEFAULT, address: Address = "", as_json: AsJson = False) -> None:
    """Which connections' numbers are stopped, since when and why, through the bridge that runs. Exit 0: none is; 1:
    some are, or no bridge answers."""
    from app.cli.resume import Which, show

    sys.exit(show(Which(config, address, as_json)))


@stock.command("resume")
def resume(
    connection: Annotated[str, typer.Argument(help="Whose numbers are to go on.")],
    by: Annotated[
        str, typer.Option(metavar="NAME", help="Who has looked; without it: the page's user.")
    ] = "",
    config: Config = DEFAULT,
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """Lets the numbers of a stopped connection go on, once you have looked why they were stopped (`kassabrug stock
    guards`): the newest ones are sent. Exit 1: nothing of it is stopped, or no bridge answers."""
    from app.cli.resume import Which
    from app.cli.resume import resume as go_on

    sys.exit(go_on(Which(config, address, as_json), connection, by))


@stock.command("unmatched")
def unmatched(
    side: Annotated[
        str,
        typer.Option(
            metavar="bol|mplus", help="Only offers at Bol, or only articles in Mplus; without it: both."
        ),
    ] = "",
    connection: Annotated[str, typer.Option("--connection", help="Of this shop; without it: of all.")] = "",
    search: Annotated[str, typer.Option(help="Only with these words in number, name or codes.")] = "",
    config: Config = DEFAULT,
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """Offers at Bol without an article in Mplus, and articles without an offer, each with the reason. Through the
    bridge that runs; as JSON a line for each. Exit 1: no bridge answers."""
    from app.cli.unmatched import Asked, run

    sys.exit(run(Asked(config, side, connection, search, address, as_json), {}))
