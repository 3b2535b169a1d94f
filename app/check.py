"""What works and what does not: settings, log, both vendors. Nothing is changed anywhere."""

from __future__ import annotations

import shutil
from typing import Literal, NamedTuple

from app.composition import Clients
from app.settings import Connection, Settings
from connectors.bol import call, wire
from streams.log.base import LogInUse, LogUnavailable
from streams.log.embedded import Onlooker
from streams.vocabulary.outcomes import Delivered, Failure, Refused

Grade = Literal["ok", "warn", "fail"]
LITTLE = 1_000_000_000
"""Bytes of room under which the disk is named."""


class Finding(NamedTuple):
    """One thing that was looked at. `part`: `log`, or a connection's name."""

    part: str
    grade: Grade
    text: str
    """What works, or what does not and what to do about it."""


def why(failure: Failure) -> str:
    """The vendor's words, or ours about the way there."""
    return failure.said if isinstance(failure, Refused) else failure.why


async def check_log(settings: Settings) -> list[Finding]:
    """Whether the log can be opened, and has room."""
    path = settings.log.path
    found: list[Finding] = []
    if not path.parent.is_dir():
        return [
            Finding(
                "log", "fail", f"The folder {path.parent} is not there. Make it, or set log.path otherwise."
            )
        ]
    free = shutil.disk_usage(path.parent).free
    if free < LITTLE:
        found.append(
            Finding("log", "warn", f"Only {free // 1_000_000} MB are free on the disk of {path}. Make room.")
        )
    if not path.exists():
        found.append(Finding("log", "ok", f"{path} is not there yet; it is made at the first start."))
        return found
    try:
        onlooker = await Onlooker.open(path)
        try:
            topics = await onlooker.topics()
        finally:
            await onlooker.close()
        found.append(Finding("log", "ok", f"{path} can be read; it has {len(topics)} topics."))
    except LogInUse:
        found.append(Finding("log", "ok", f"{path} is in use by a running kassabrug."))
    except LogUnavailable as error:
        found.append(Finding("log", "fail", str(error)))
    return found


async def check_connection(settings: Settings, name: str, clients: Clients) -> list[Finding]:
    """Both vendors of one connection."""
    return [
        *(await _bol(settings, name, clients)),
        *(await _mplus(name, settings.connections[name], clients)),
    ]


async def _bol(settings: Settings, name: str, clients: Clients) -> list[Finding]:
    client = clients.bol[name]
    account = settings.connections[name].bol
    signed_in = await client.signed_in()
    if not isinstance(signed_in, Delivered):
        return [
            Finding(name, "fail", f"Bol: signing in at {account.login_url} does not work. {why(signed_in)}.")
        ]
    found = [Finding(name, "ok", "Bol: the login takes client id and secret.")]
    listed = await client.send(call.list_offers("", 1))
    if isinstance(listed, Delivered):
        found.append(Finding(name, "ok", "Bol: offers can be read."))
    else:
        found.append(Finding(name, "fail", f"Bol: offers cannot be read. {why(listed)}."))
    orders = await client.send(call.list_orders((("change-interval-minute", "60"),), 1))
    if isinstance(orders, Delivered):
        found.append(Finding(name, "ok", "Bol: orders can be read."))
    else:
        found.append(Finding(name, "fail", f"Bol: orders cannot be read. {why(orders)}."))
    found.append(await _subscription(settings, name, clients))
    return found


async def _subscription(settings: Settings, name: str, clients: Clients) -> Finding:
    if not settings.web.public_url:
        return Finding(
            name,
            "warn",
            "Bol: web.public_url is not set, so Bol cannot push; orders are found by polling alone, within "
            f"{settings.connections[name].sweeps.bol_orders:.0f} seconds.",
        )
    url = f"{settings.web.public_url}/webhooks/{name}/bol"
    listed = await clients.bol[name].send(call.list_subscriptions())
    if not isinstance(listed, Delivered):
        return Finding(name, "fail", f"Bol: subscriptions cannot be read. {why(listed)}.")
    try:
        ours = [one for one in wire.subscriptions(listed.answer.body) if one.url == url]
    except wire.Unreadable as error:
        return Finding(name, "fail", f"Bol: {error}.")
    if not ours:
        return Finding(name, "ok", f"Bol: no subscription for {url} yet; it is made at the first start.")
    if ours[0].enabled is False:
        return Finding(
            name,
            "warn",
            f"Bol: the subscription for {url} is disabled, because pushes did not arrive. See that Bol reaches "
            "that address; kassabrug enables it again by itself.",
        )
    return Finding(name, "ok", f"Bol: pushes go to {url}.")


async def _mplus(name: str, connection: Connection, clients: Clients) -> list[Finding]:
    client = clients.mplus[name]
    version = await client.api_version()
    if not isinstance(version, Delivered):
        return [
            Finding(
                name,
                "fail",
                f"Mplus: {connection.mplus.api_url} does not work with this ident and secret. {why(version)}.",
            )
        ]
    found = [Finding(name, "ok", f"Mplus: answers, software {version.answer.what.service}.")]
    branches = await client.branches()
    if isinstance(branches, Delivered):
        known = {branch.number: branch.name for branch in branches.answer.what}
        wanted = {*connection.stock.branches, connection.orders.branch}
        for number in sorted(wanted - known.keys()):
            names = ", ".join(f"{one} ({known[one]})" for one in sorted(known))
            found.append(
                Finding(
                    name,
                    "fail",
                    f"Mplus: there is no branch {number}; there are: {names}. Change the settings.",
                )
            )
        if wanted <= known.keys():
            found.append(
                Finding(
                    name, "ok", f"Mplus: branch {', '.join(str(one) for one in sorted(wanted))} is there."
                )
            )
    else:
        found.append(Finding(name, "fail", f"Mplus: branches cannot be read. {why(branches)}."))
    if connection.mplus.webhook_secret is None:
        found.append(
            Finding(
                name,
                "warn",
                "Mplus: mplus.webhook_secret is not set, so till sales are not heard at once; they are found by "
                f"polling, within {connection.sweeps.markers:.0f} seconds.",
            )
        )
    return found
