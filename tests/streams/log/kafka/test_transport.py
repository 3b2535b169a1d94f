"""Names inside Faust and aiokafka that this log relies on. When one of these fails after an upgrade, look into it
before anything else: what overrides the name is no longer called, or means something else."""

from __future__ import annotations

import inspect

import aiokafka
import faust
import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.util import NO_EXTENSIONS
from faust.transport.consumer import Consumer as FaustConsumer

from streams.log.embedded import transport as embedded
from streams.log.kafka import transport


def test_these_are_the_versions_that_were_read() -> None:
    assert faust.__version__.startswith("0.15.")
    assert aiokafka.__version__.startswith("0.14.")


@pytest.mark.parametrize(
    "name",
    [
        "_getmany",
        "_to_message",
        "_seek",
        "_commit",
        "_new_topicpartition",
        "assignment",
        "create_topic",
        "earliest_offsets",
        "highwater",
        "highwaters",
        "key_partition",
        "on_stop",
        "position",
        "resume_flow",
        "seek_to_committed",
        "seek_wait",
        "subscribe",
        "topic_partitions",
    ],
)
def test_the_consumer_overrides_what_the_embedded_one_overrides(name: str) -> None:
    """Whose test holds these against Faust itself (tests/streams/log/embedded/test_transport.py)."""
    ours, theirs = getattr(transport.Consumer, name), getattr(embedded.Consumer, name)
    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    assert ours is not getattr(FaustConsumer, name, None)


def test_the_client_keeps_a_connection_for_each_broker_and_lane() -> None:
    """`group` is meant for two groups; ours are lanes (brokers.py)."""
    text = inspect.getsource(AIOKafkaClient._get_conn)
    assert "conn_id = (node_id, group)" in text
    assert "group" in inspect.signature(AIOKafkaClient.send).parameters
    assert "self.ready(node_id, group=group)" in inspect.getsource(AIOKafkaClient.send)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (AIOKafkaClient, "bootstrap"),
        (AIOKafkaClient, "close"),
        (AIOKafkaClient, "set_topics"),
        (AIOKafkaClient, "force_metadata_update"),
        (ClusterMetadata, "leader_for_partition"),
        (ClusterMetadata, "brokers"),
    ],
)
def test_the_client_has_what_is_asked_of_it(owner: type, name: str) -> None:
    assert callable(getattr(owner, name))


def test_requests_take_what_they_are_given() -> None:
    FetchRequest(250, 1, 10, 0, [("t", [(0, 5, 10)])]).prepare({1: (4, 11)})
    ProduceRequest(None, -1, 1000, [("t", [(0, b"")])]).prepare({0: (3, 8)})
    join = JoinGroupRequest("g", 1, 1, "", None, "consumer", [("p", b"d")]).prepare({11: (0, 9)})
    assert join.API_VERSION == 5, "an instance's name goes along from version 5 on"
    SyncGroupRequest("g", 1, "m", None, []).prepare({14: (0, 5)})
    HeartbeatRequest("g", 1, "m").prepare({12: (0, 4)})


def test_what_is_said_of_a_member_comes_back() -> None:
    told = ConsumerProtocolMemberMetadata.decode(ConsumerProtocolMemberMetadata(0, ["t"], b"{}").encode())
    assert (list(told.subscription), told.user_data) == (["t"], b"{}")
    given = ConsumerProtocolMemberAssignment(0, [("t", [1, 2])], b"").encode()
    assert [
        (topic, list(parts)) for topic, parts in ConsumerProtocolMemberAssignment.decode(given).assignment
    ] == [("t", [1, 2])]


def test_records_are_built_and_read_in_c() -> None:
    """Without the extension everything works, ten times slower; a wheel has it."""
    assert not NO_EXTENSIONS
    assert "_crecords" in str(inspect.getmodule(DefaultRecordBatchBuilder))


def test_an_error_we_do_not_know_is_told_as_unknown() -> None:
    assert for_code(9999).__name__ == "UnknownError"
