"""What works and what does not: this machine, the log, both vendors. Nothing is changed anywhere."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import date
from typing import Protocol

from app.check_log import check_log
from app.check_orders import check_orders
from app.check_stock import check_stock
from app.finding import Finding, Grade, why
from app.order_advice import order_advice
from app.settings import Connection, Settings
from app.shared_stock import shared_advice
from app.stock_advice import stock_advice
from connectors.bol import call, wire
from connectors.bol.client import BolClient
from connectors.mplus import lookups
from connectors.mplus.client import MplusClient
from streams.vocabulary.outcomes import Delivered

__all__ = ["Clients", "Finding", "check", "check_connection", "check_log", "check_web"]


class Clients(Protocol):
    """The clients by connection (app/composition.py)."""

    @property
    def bol(self) -> Mapping[str, BolClient]:
        """Of every connection."""

    @property
    def mplus(self) -> Mapping[str, MplusClient]:
        """Of every connection."""


async def check(settings: Settings, clients: Clients, today: date) -> list[Finding]:
    """All of it, in the order of the settings; `today` in the shop's own time."""
    found = [*(await check_log(settings)), *check_web(settings)]
    for name in settings.connections:
        found += await check_connection(settings, name, clients, today)
    return found


# -- this machine


def check_web(settings: Settings) -> list[Finding]:
    """Who can reach the page, and how the vendors reach us."""
    web = settings.web
    found = []
    if web.password is None and not _only_here(web.host):
        found.append(
            Finding(
                "web",
                "warn",
                f"web.host is {web.host} and there is no web.password: everyone on that network sees the page. "
                "Set web.username and web.password, or web.host to 127.0.0.1.",
            )
        )
    if web.public_url is not None and not web.public_url.startswith("https://"):
        found.append(
            Finding(
                "web",
                "warn",
                f"web.public_url is {web.public_url}, and Bol pushes to https addresses only. "
                "Put a server with TLS in front, and write its https address.",
            )
        )
    return found or [Finding("web", "ok", f"The page is at http://{web.host}:{web.port}/.")]


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# -- the vendors


async def check_connection(settings: Settings, name: str, clients: Clients, today: date) -> list[Finding]:
    """What the settings say of orders and stock, and both vendors of one connection."""
    connection = settings.connections[name]
    told = [*order_advice(connection.orders, today), *stock_advice(connection)]
    told += shared_advice(settings.connections)[name]
    found = [Finding(name, "warn", one.text, one.key) for one in told]
    found += _findings(name, await _bol(settings, name, connection, clients.bol[name]))
    mplus = clients.mplus[name]
    version = await mplus.api_version()
    if not isinstance(version, Delivered):
        text = f"Mplus: {connection.mplus.api_url} does not work with this ident and secret. {why(version)}."
        advice = "Ask the Mplus dealer for address with port, ident and secret."
        return [*found, Finding(name, "fail", f"{text} {advice}")]
    found.append(Finding(name, "ok", f"Mplus: answers, software {version.answer.what.service}."))
    found += _findings(name, await _mplus(connection, mplus))
    found += await check_orders(name, connection, mplus)
    return found + await check_stock(name, connection.stock, mplus)


_Told = list[tuple[Grade, str]]


def _findings(name: str, told: _Told) -> list[Finding]:
    return [Finding(name, grade, text) for grade, text in told]


async def _bol(settings: Settings, name: str, connection: Connection, client: BolClient) -> _Told:
    signed_in = await client.signed_in()
    if not isinstance(signed_in, Delivered):
        login = connection.bol.login_url
        return [("fail", f"Bol: signing in at {login} does not work. {why(signed_in)}.")]
    told: _Told = [("ok", "Bol: the login takes client id and secret.")]
    for what, one in (
        ("offers", call.list_offers("", 1)),
        ("orders", call.list_orders((("change-interval-minute", "60"),), 1)),
    ):
        listed = await client.send(one)
        if isinstance(listed, Delivered):
            told.append(("ok", f"Bol: {what} can be read."))
        else:
            text = f"Bol: {what} cannot be read. {why(listed)}. See that the API key may read {what}."
            told.append(("fail", text))
    if settings.web.public_url is None:
        text = (
            "Bol: web.public_url is not set, so Bol cannot push; orders are found by polling alone, within "
            f"{connection.sweeps.bol_orders:.0f} seconds."
        )
        return [*told, ("warn", text)]
    return [*told, await _keys(client), await _subscription(settings, name, client)]


async def _keys(client: BolClient) -> tuple[Grade, str]:
    asked = await client.send(call.signature_keys())
    if not isinstance(asked, Delivered):
        text = (
            f"Bol: the keys of its pushes cannot be read. {why(asked)}. Until they can, no push is believed."
        )
        return "fail", text
    try:
        keys = wire.keys(asked.answer.body)
    except wire.Unreadable as error:
        return "fail", f"Bol: the keys of its pushes cannot be read. {error}. No push is believed."
    if not keys:
        return "fail", "Bol: it gives no keys for its pushes, so none is believed. Ask Bol's partner support."
    return "ok", "Bol: its pushes can be verified."


async def _subscription(settings: Settings, name: str, client: BolClient) -> tuple[Grade, str]:
    url = f"{settings.web.public_url}/webhooks/{name}/bol"
    listed = await client.send(call.list_subscriptions())
    if not isinstance(listed, Delivered):
        return "fail", f"Bol: subscriptions cannot be read. {why(listed)}."
    try:
        ours = next((one for one in wire.subscriptions(listed.answer.body) if one.url == url), None)
    except wire.Unreadable as error:
        return "fail", f"Bol: subscriptions cannot be read. {error}."
    if ours is None:
        return "ok", f"Bol: no subscription for {url} yet; it is made at the first start."
    if ours.enabled is False:
        return "warn", (
            f"Bol: the subscription for {url} is disabled, because pushes did not arrive. See that Bol reaches "
            "that address; kassabrug enables it again by itself."
        )
    return "ok", f"Bol: pushes go to {url}."


async def _mplus(connection: Connection, client: MplusClient) -> _Told:
    told: _Told = []
    markers = await client.send(lookups.sync_markers())
    if not isinstance(markers, Delivered):
        told.append(("fail", f"Mplus: what moved there cannot be read. {why(markers)}."))
    elif markers.answer.what.stock is None:
        every = connection.sweeps.stock
        text = f"Mplus: gives no marker for stock, so all of it is read every {every:.0f} seconds."
        told.append(("warn", text))
    else:
        told.append(("ok", "Mplus: tells what moved."))
    if connection.mplus.webhook_secret is None:
        told.append(
            (
                "warn",
                "Mplus: mplus.webhook_secret is not set, so till sales are not heard at once; they are found by "
                f"polling, within {connection.sweeps.markers:.0f} seconds.",
            )
        )
    return told
