"""Connections that sell the stock of one Mplus: what would be overwritten, and what is promised twice. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.mistakes import Mistake
from app.order_advice import Advice
from app.sections.connection import Connection
from app.sections.stock import Stock

Administration = tuple[str, str]
Connections = Mapping[str, Connection]

WRITTEN = ("fbb_branch", "fbr_branch")
"""Settings whose branch is written to."""


def administration(connection: Connection) -> Administration:
    """Which Mplus it is: connections with the same one share its stock."""
    return connection.mplus.api_url, connection.mplus.ident


def crossings(connections: Connections) -> dict[str, list[Mistake]]:
    """By connection: branches that another one writes to as well."""
    writers: dict[tuple[Administration, int], tuple[str, str]] = {}
    found: dict[str, list[Mistake]] = {}
    for name, one in connections.items():
        for key in WRITTEN:
            number = getattr(one.stock, key)
            if number is None:
                continue
            other, its = writers.setdefault((administration(one), number), (name, key))
            if other != name:
                text = (
                    f"is {number}, and so is {its} of {other}, in the same Mplus administration: the two would "
                    "overwrite each other. Give each a branch of its own"
                )
                found.setdefault(name, []).append(Mistake(key, text))
    return found


def shared_advice(connections: Connections) -> dict[str, list[Advice]]:
    """By connection: the pieces that another one promises too."""
    return {
        name: [*_promised_twice(name, connections), *_kept_for_another(name, connections)]
        for name in connections
    }


def _beside(name: str, connections: Connections) -> dict[str, Stock]:
    one = administration(connections[name])
    return {
        other: connection.stock
        for other, connection in connections.items()
        if other != name and administration(connection) == one
    }


def _promised_twice(name: str, connections: Connections) -> Iterator[Advice]:
    stock = connections[name].stock
    if not stock.push:
        return
    for branch in stock.branches:
        shares = {
            other: _share(its, branch)
            for other, its in _beside(name, connections).items()
            if its.push and branch in its.branches
        }
        own = _share(stock, branch)
        whole = own + sum(shares.values())
        if not shares or whole <= 100:
            continue
        others = ", ".join(f"{other} ({share} %)" for other, share in shares.items())
        yield Advice(
            f"stock.branch.{branch}.share",
            f"stock.branches names branch {branch}, which is on sale by {others} too, in the same Mplus: with the "
            f"{own} % here that is {whole} %, so that pieces are promised twice. Give each connection a share, 100 % "
            f"together: in [connections.{name}.stock.branch.{branch}] share = {100 // (len(shares) + 1)}.",
        )


def _share(stock: Stock, branch: int) -> int:
    found = stock.branch.get(str(branch))
    return found.share if found is not None else 100


def _kept_for_another(name: str, connections: Connections) -> Iterator[Advice]:
    stock = connections[name].stock
    if not stock.push:
        return
    for other, its in _beside(name, connections).items():
        for key in WRITTEN:
            number = getattr(its, key)
            if number in stock.branches:
                yield Advice(
                    "stock.branches",
                    f"stock.branches names branch {number}, in which {other} keeps what Bol has of it "
                    f"(stock.{key}): the same pieces are on sale there. Take {number} out of stock.branches.",
                )
