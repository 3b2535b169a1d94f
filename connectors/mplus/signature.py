"""The signature of till events and of our replies to them (facts/mplus.md 3.3)."""

from __future__ import annotations

import base64
import binascii
import hmac
from functools import lru_cache


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
    return base64.b64encode(_digest(key, body)).decode()


def fits(key: bytes, body: bytes, signature: str) -> bool:
    """Whether the signature is of this body; takes the same time wherever they differ."""
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, _digest(key, body))


def _digest(key: bytes, body: bytes) -> bytes:
    running = _keyed(key).copy()
    running.update(body)
    return running.digest()


@lru_cache(maxsize=256)
def _keyed(key: bytes) -> hmac.HMAC:
    """Setting up a key costs more than a push's body: it is done once a key."""
    return hmac.new(key, digestmod="sha256")
