"""A connection: one Bol account, one Mplus administration, and the rules between them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from app.sections.guards import Guards
from app.sections.orders import Orders
from app.sections.part import MONTH, Address, Part, Password, Span
from app.sections.returns import Returns
from app.sections.stock import Stock
from connectors.mplus.signature import key_of


def _base64_key(value: SecretStr) -> SecretStr:
    key_of(value.get_secret_value())
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
    bol_orders: Span = Field(default=60.0, ge=5, le=3000)
    bol_offers: Span = Field(default=21600.0, ge=60, le=MONTH)
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
