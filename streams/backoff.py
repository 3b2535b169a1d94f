"""How long to wait before the next try. Pure and deterministic: the jitter comes from the key and the try."""

from __future__ import annotations

from hashlib import blake2b

FIRST = 1.0
"""Seconds before the second try, at most."""
CAP = 300.0
"""The longest wait of our own choosing, in seconds."""
ASKED_CAP = 3600.0
"""The longest wait that a vendor may ask for, in seconds."""


def delay(tries: int, key: str, retry_after: float | None = None) -> float:
    """Seconds to wait after the `tries`-th failure (1 is the first) of what `key` names.

    Doubles from FIRST to CAP, spread over its upper half so that many rows do not come back at once. What a
    vendor asked for (`retry_after`) is honoured up to ASKED_CAP.
    """
    most = min(CAP, FIRST * 2.0 ** min(max(tries, 1) - 1, 16))
    digest = blake2b(f"{key}#{tries}".encode(), digest_size=4).digest()
    wait = most * (0.5 + int.from_bytes(digest, "big") / 2**33)
    if retry_after is not None and retry_after == retry_after:
        wait = max(wait, min(max(0.0, retry_after), ASKED_CAP))
    return wait
