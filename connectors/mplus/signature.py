"""The signature of till events and of our replies to them (facts/mplus.md 3.3)."""

from __future__ import annotations

import base64
import binascii
import hmac


def key_of(secret: str) -> bytes:
    """The HMAC key: the secret is its base64. Raises ValueError without repeating the secret."""
    try:
        key = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:  # an empty key would let anyone sign
        raise ValueError("a webhook secret of Mplus is base64, and not empty")
    return key


def sign(key: bytes, body: bytes) -> str:
    """base64(HMAC-SHA256(key, body)): the `X-Mplus-Signature` of a body."""
    return base64.b64encode(hmac.digest(key, body, "sha256")).decode()


def fits(key: bytes, body: bytes, signature: str) -> bool:
    """Whether the signature is of this body; takes the same time wherever they differ."""
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, hmac.digest(key, body, "sha256"))
