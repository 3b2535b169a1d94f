"""A Mplus administration: where its API is reached, and as whom.

The secret travels in the URL (facts/mplus.md 1.1), so the URL must never be told: the one that is sent looks
like the bare address in every log line, exception and trace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, urlsplit
from xml.sax.saxutils import escape

import httpx

STARS = "***"
_SHORTEST = 4
"""Characters of a secret that is looked for in free text: a shorter one would blot out half of it."""
_IN_A_QUERY = re.compile(r"(secret=)[^&\s\"'<>]+", re.IGNORECASE)


@dataclass(frozen=True)
class MplusAdministration:
    """`api_url`: `https://api.mpluskassa.nl:<port>/`; port, ident and secret belong to the merchant.
    `employee_number`: in whose name stock is written; None: Mplus chooses."""

    api_url: str
    ident: str
    secret: str = field(repr=False)
    employee_number: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError on what cannot be an address or a login."""
        try:
            parts = urlsplit(self.api_url)
            usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment:
            raise ValueError("the api_url of Mplus is like https://api.mpluskassa.nl:12345/, with no query")
        if not self.ident or not self.secret:
            raise ValueError("ident and secret of Mplus are not empty")

    def endpoint(self) -> httpx.URL:
        """Where every call goes, with ident and secret; prints as the bare address."""
        query = f"ident={quote(self.ident, safe='')}&secret={quote(self.secret, safe='')}"
        return _Discreet(f"{self.api_url.rstrip('/')}/?{query}")

    def scrub(self, text: str) -> str:
        """The text without the secret, in whichever spelling."""
        for form in self._forms():
            text = text.replace(form, STARS)
        return _IN_A_QUERY.sub(rf"\1{STARS}", text)

    def scrub_bytes(self, body: bytes) -> bytes:
        """A reply without the secret."""
        for form in self._forms():
            if form.encode() in body:
                body = body.replace(form.encode(), STARS.encode())
        return body

    def _forms(self) -> set[str]:
        if len(self.secret) < _SHORTEST:
            return set()
        return {self.secret, quote(self.secret, safe=""), quote_plus(self.secret), escape(self.secret)}


class _Discreet(httpx.URL):
    """A URL whose query is never printed. httpx logs and prints URLs by `str`, and sends them by their parts."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc.decode('ascii')}{self.path}"

    def __repr__(self) -> str:
        return f"URL({str(self)!r})"
