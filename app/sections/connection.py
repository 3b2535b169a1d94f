"""A connection: one Bol account, one Mplus administration, and the rules between them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from app.sections.guards import Guards
from app.sections.orders import Orders
from app.sections.part import MONTH, Address, Part, Password, Span, Switch
from app.sections.returns import Returns
from app.sections.stock import Stock
from connectors.mplus.signature import key_of


def _base64_key(value: SecretStr) -> SecretStr:
    key_of(value.get_secret_value())
    return value


def _time_of_day(value: str) -> str:
    if value and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError('write a time of day like "03:15", or "" for no comparison at night')
    return value


class Bol(Part):
    """The Bol account: partner site, Settings, API settings."""

    client_id: str = Field(min_length=1)
    client_secret: Password
    api_url: Address = "https://api.bol.com"
    login_url: Address = "https://login.bol.com"


class Mplus(Part):
    """The Mplus administration; the address with its port, ident and secret come from the Mplus dealer."""

    api_url: Address
    ident: str = Field(min_length=1)
    secret: Password
    webhook_secret: Annotated[SecretStr, AfterValidator(_base64_key)] | None = None
    """The Secret Key of the webhook in the back office (base64)."""


class Sweeps(Part):
    """How often what is read, in seconds; see streams/sweeps/rules.py."""

    markers: Span = Field(default=20.0, ge=1, le=MONTH)
    stock: Span = Field(default=300.0, ge=5, le=MONTH)
    stock_history: Switch = True
    bol_orders: Span = Field(default=60.0, ge=5, le=3000)
    bol_offers: Span = Field(default=21600.0, ge=60, le=MONTH)
    compare_at: Annotated[str, AfterValidator(_time_of_day)] = "03:15"
    bol_inventory: Span = Field(default=21600.0, ge=300, le=MONTH)
    bol_returns: Span = Field(default=900.0, ge=60, le=MONTH)
    processes: Span = Field(default=60.0, ge=5, le=MONTH)
    subscription: Span = Field(default=900.0, ge=10, le=MONTH)


class Connection(Part):
    """One Bol account and one Mplus administration."""

    bol: Bol
    mplus: Mplus
    stock: Stock
    orders: Orders
    sweeps: Sweeps = Sweeps()
    returns: Returns = Returns()
    guards: Guards = Guards()
