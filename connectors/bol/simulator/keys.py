"""The keys that pushes are signed with: RSA PKCS#1 v1.5 with SHA-256 (facts/bol.md, Push notifications)."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEPT = 3
"""Keys that are live at the same time at most."""


class Keys:
    """The newest signs; older ones are still told for a while. A key is made when it is first needed: it takes a
    tenth of a second."""

    def __init__(self) -> None:
        self._keys: dict[str, rsa.RSAPrivateKey | None] = {}
        self._next = 0
        self.rotate()

    def rotate(self) -> str:
        """A new key signs from now on; gives its id."""
        name = str(self._next)
        self._next += 1
        self._keys[name] = None
        while len(self._keys) > KEPT:
            del self._keys[next(iter(self._keys))]
        return name

    def header(self, body: bytes) -> str:
        """The `Signature` header of a push."""
        name = next(reversed(self._keys))
        signature = self._key(name).sign(body, padding.PKCS1v15(), hashes.SHA256())
        return f'keyId={name}, algorithm="rsa-sha256", signature={base64.b64encode(signature).decode()}'

    def told(self) -> list[dict[str, str]]:
        """KeySetResponse.signatureKeys."""
        return [
            {
                "id": name,
                "type": "RSA",
                "publicKey": base64.b64encode(
                    self._key(name)
                    .public_key()
                    .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
                ).decode(),
            }
            for name in self._keys
        ]

    def _key(self, name: str) -> rsa.RSAPrivateKey:
        key = self._keys[name]
        if key is None:
            key = self._keys[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key
