"""The partition of a key is Kafka's."""

from __future__ import annotations

import aiokafka.partitioner
import hypothesis.strategies as st
import pytest
from hypothesis import given

from streams.log.partition import murmur2, partition_of


@given(st.binary(max_size=70))
def test_the_hash_is_that_of_kafkas_client(key: bytes) -> None:
    assert murmur2(key) == aiokafka.partitioner.murmur2(key)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        # org.apache.kafka.common.utils.UtilsTest.testMurmur2, as unsigned numbers
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_that_of_kafka_itself(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected % 2**32


@given(st.binary(max_size=40), st.integers(1, 64))
def test_every_key_has_a_partition(key: bytes, count: int) -> None:
    assert 0 <= partition_of(key, count) < count
    assert partition_of(key, count) == partition_of(key, count)
