"""What stands before every page: who may look, and what a browser may do with what it gets."""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: browsers would then send `Origin: null` with the forms of our own pages.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
LONGEST_CREDENTIALS = 1_024
NOBODY = "Someone at the console"


class SecureHeaders:
    """Adds the headers to every answer; pages are kept by no cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class BasicAuth:
    """Asks for a name and a password (RFC 7617) before anything else is served."""

    def __init__(self, app: ASGIApp, username: str, password: str) -> None:
        self._app = app
        self._username = username.encode()
        self._password = password.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            user = self._user(Headers(scope=scope).get("authorization", ""))
            if user is None:
                refusal = PlainTextResponse(
                    "The console asks for a name and a password: see `console` in the settings.",
                    401,
                    {"www-authenticate": 'Basic realm="kassabrug", charset="UTF-8"'},
                )
                await refusal(scope, receive, send)
                return
            scope.setdefault("state", {})["who"] = user
        await self._app(scope, receive, send)

    def _user(self, header: str) -> str | None:
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "basic" or len(given) > LONGEST_CREDENTIALS:
            return None
        try:
            name, colon, password = base64.b64decode(given.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return None
        # Both are compared, whatever the first one says: the time tells nothing about either.
        right_name = hmac.compare_digest(name, self._username)
        right_password = hmac.compare_digest(password, self._password)
        return self._username.decode() if colon and right_name and right_password else None


def who(request: Request) -> str:
    """Who asks, for the history: the name that the password goes with, or nobody in particular."""
    return str(request.scope.get("state", {}).get("who") or NOBODY)


def from_our_own_page(request: Request) -> bool:
    """Whether a POST was sent by a page of this console and not by another site's.

    Browsers say so in Sec-Fetch-Site; older ones in Origin. One that says neither is refused.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    host = request.headers.get("host", "")
    return bool(host) and origin.scheme in ("http", "https") and origin.netloc.lower() == host.lower()


def from_a_program(request: Request) -> bool:
    """Whether a POST to the API was sent by a program, or by a page of this console.

    A page of another site can make a browser (which adds name and password by itself) send a form or plain text
    without asking us, never JSON. What a browser sends says where it comes from; a program says nothing of that.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return False
    if "sec-fetch-site" in request.headers or "origin" in request.headers:
        return from_our_own_page(request)
    return True
