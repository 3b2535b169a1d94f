"""Which partition a key belongs to: the same on every log, so that a shop can move from one to the other."""

from __future__ import annotations

from functools import lru_cache

_SEED = 0x9747B28C
_FACTOR = 0x5BD1E995
_MASK = 0xFFFFFFFF
KEYS_AT_HAND = 200_000
"""Keys whose hash is kept: it is worked out in Python, some microseconds each."""


def murmur2(data: bytes) -> int:
    """The hash of Kafka's default partitioner (org.apache.kafka.common.utils.Utils.murmur2), unsigned."""
    length = len(data)
    value = (_SEED ^ length) & _MASK
    whole = length & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * _FACTOR & _MASK
        word = (word ^ word >> 24) * _FACTOR & _MASK
        value = (value * _FACTOR & _MASK) ^ word
    if whole < length:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _MASK
    value = (value ^ value >> 13) * _FACTOR & _MASK
    return value ^ value >> 15


@lru_cache(maxsize=KEYS_AT_HAND)
def _positive_hash(key: bytes) -> int:
    return murmur2(key) & 0x7FFFFFFF


def partition_of(key: bytes, count: int) -> int:
    """The partition, 0 to `count` - 1, of a key in a topic of `count` partitions."""
    return _positive_hash(key) % count
