"""A Bol account: where it is reached, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BolAccount:
    """`client_id` and `client_secret` come from Bol's partner site (API settings)."""

    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = "https://api.bol.com"
    login_url: str = "https://login.bol.com"
