"""The signature of a webhook and of its reply (facts/mplus.md 3.3), written from the facts and not from the
receiver's code, so that a mistake in either is seen."""

from __future__ import annotations

import base64
import hashlib
import hmac


def sign(key: bytes, body: bytes) -> str:
    """base64(HMAC-SHA256(key, raw body)); the key is the base64-decoded secret."""
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode("ascii")


def signed_by(key: bytes, body: bytes, signature: str) -> bool:
    """Whether this signature is that body's. Foreign characters are simply wrong."""
    return hmac.compare_digest(sign(key, body).encode(), signature.encode("utf-8", "replace"))
