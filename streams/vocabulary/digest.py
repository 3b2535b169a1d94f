"""What stands for a name where the name itself is too long, or too regular. Pure: always the same for a name."""

from __future__ import annotations

from hashlib import blake2b

SIZE = 5
"""Bytes of a mark: among some thousands two that are equal by chance are not to be expected."""


def mark(name: str) -> str:
    """Ten characters; equal for equal names."""
    return blake2b(name.encode(), digest_size=SIZE).hexdigest()


def spread(name: str, span: float) -> float:
    """From 0 to `span`, evenly over all names: alarms of many rows (seconds) do not all ring at once."""
    return span * int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") / 2**32
