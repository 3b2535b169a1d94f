"""`kassabrug stock`: the commands about numbers on sale, and their options. What they do is in the modules beside."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli.options import DEFAULT, AsJson, Config

stock = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The numbers on sale at Bol: how one comes about.",
)
Address = Annotated[
    str, typer.Option(metavar="http://HOST:PORT", help="Where the bridge runs, whatever the settings say.")
]


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
