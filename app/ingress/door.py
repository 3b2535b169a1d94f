"""Who may come in: what is needed to believe a push for one connection."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class BolVerifier(Protocol):
    """connectors/bol/signature.py."""

    async def verify(self, header: str, body: bytes) -> None:
        """Returns when the push is Bol's; raises BadSignature."""


class Door(NamedTuple):
    """One connection's."""

    bol: BolVerifier
    mplus_key: bytes | None = None
    """The HMAC key of the till's webhooks; None: none is set up, so none is believed."""
