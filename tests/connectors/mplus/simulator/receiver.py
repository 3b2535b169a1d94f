"""A stand-in for the receiver of webhooks, mounted in process: it checks and signs with its own few lines."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx

SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
VECTOR = "EBFFIb5qPH/teEFmjtwcIj6h80cl+X1DUy62D46tnu8="
"""Of the body `test` under this secret: facts/mplus.md 3.3."""


def signature(body: bytes) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(SECRET), body, hashlib.sha256)).decode()


class Receiver:
    """Keeps what it got; `reply` says what it answers, by default what the contract asks for."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.body = b"{}"
        self.status = 200
        self.reply_headers: dict[str, str] | None = None
        self.error: Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.method == "POST"
        assert request.headers["X-Mplus-Signature"] == signature(request.content)
        self.got.append((str(request.url), json.loads(request.content)))
        self.headers.append(request.headers)
        if self.error is not None:
            raise self.error
        headers = self.reply_headers
        if headers is None:
            headers = {"X-Mplus-Signature": signature(self.body), "Content-Type": "application/json"}
        return httpx.Response(self.status, content=self.body, headers=headers)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))
