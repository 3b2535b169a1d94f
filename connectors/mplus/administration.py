"""A Mplus administration: where its API is reached, and as whom."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class MplusAdministration:
    """`api_url`: `https://api.mpluskassa.nl:<port>/`; port, ident and secret belong to the merchant."""

    api_url: str
    ident: str
    secret: str = field(repr=False)
