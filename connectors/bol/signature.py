"""The signature of Bol's pushes: RSA PKCS#1 v1.5 with SHA-256 over the raw body (facts/bol.md, Push)."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from connectors.bol.wire import SignatureKey
from streams.vocabulary.time import Clock, seconds

REFETCH = 60.0
"""Seconds between two fetches of the keys, however many unknown key ids come in."""
REFETCH_FAILED = 5.0
"""The same where Bol could not be asked: a push that is not believed comes again, but not for ever."""
MOST_AGE = 86_400.0
"""Seconds after which the keys are fetched anew, so that one that Bol took back is no longer believed."""
LEAST_BITS = 1024
MOST_KEYS = 100
LONGEST_HEADER = 4096


class Signature(NamedTuple):
    """What the `Signature` header says."""

    key_id: str
    signature: bytes


class BadSignature(Exception):
    """Why a push is not believed; nothing of the push is in the text."""


def parse(header: str) -> Signature:
    """`keyId=0, algorithm="rsa-sha256", signature=<base64>`, in any order. Raises BadSignature."""
    if not header:
        raise BadSignature("no signature header")
    if len(header) > LONGEST_HEADER:
        raise BadSignature("the signature header is too long")
    parts: dict[str, str] = {}
    for part in header.split(","):  # in one go: whoever knocks decides what stands here
        name, _, value = part.partition("=")
        parts[name.strip().lower()] = value.strip().removeprefix('"').removesuffix('"')
    if "keyid" not in parts or not parts.get("signature"):
        raise BadSignature("the signature header has no keyId or no signature")
    if parts.get("algorithm", "rsa-sha256").lower() != "rsa-sha256":
        raise BadSignature("an algorithm other than rsa-sha256")
    try:
        return Signature(parts["keyid"], base64.b64decode(parts["signature"], validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadSignature("the signature is not base64") from error


def public_key(key: SignatureKey) -> rsa.RSAPublicKey | None:
    """The key, or None where it is none that we can use."""
    try:
        loaded = load_der_public_key(base64.b64decode(key.public_key))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return None
    return loaded if isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size >= LEAST_BITS else None


class SignatureKeys:
    """Bol's public keys: fetched when first needed, and again for an unknown id, at most once a minute."""

    def __init__(self, fetch: Callable[[], Awaitable[list[SignatureKey] | None]], clock: Clock) -> None:
        """`fetch` gives None when Bol cannot be asked."""
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._aged: datetime | None = None
        self._not_before: datetime | None = None
        self._lock = asyncio.Lock()

    async def verify(self, header: str, body: bytes) -> None:
        """Returns when the push is Bol's. Raises BadSignature."""
        signature = parse(header)
        key = self._keys.get(signature.key_id)
        if key is None or (self._old() and not self._lock.locked()):
            key = await self._asked(signature.key_id)
        if key is None:
            raise BadSignature(f"no key {signature.key_id[:40]!r} among Bol's signature keys")
        try:
            key.verify(signature.signature, body, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise BadSignature("the signature does not fit the body") from error

    def _old(self) -> bool:
        return self._aged is not None and self._clock() >= self._aged

    async def _asked(self, key_id: str) -> rsa.RSAPublicKey | None:
        """The key after asking Bol, if it is time to: one asks, the others wait for the same answer."""
        async with self._lock:
            known = self._keys.get(key_id)
            now = self._clock()
            if known is not None and not self._old():
                return known
            if self._not_before is not None and now < self._not_before:
                return known
            # Set before the asking: one that is given up halfway counts as well.
            self._not_before = now + seconds(REFETCH_FAILED)
            fetched = await self._fetch()
            now = self._clock()
            loaded = {key.id: public_key(key) for key in (fetched or [])[:MOST_KEYS]}
            usable = {name: key for name, key in loaded.items() if key is not None}
            if not usable:  # never the whole truth: what is known stays
                self._not_before = now + seconds(REFETCH_FAILED)
                return known
            self._not_before = now + seconds(REFETCH)
            self._aged = now + seconds(MOST_AGE)
            self._keys = usable
            return usable.get(key_id)
