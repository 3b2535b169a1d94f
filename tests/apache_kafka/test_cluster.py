"""The cluster that the tests stand on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apache_kafka.cluster import Cluster, KafkaMissing, jars


def test_a_cluster_id_may_begin_with_a_dash(tmp_path: Path) -> None:
    """One start in 64 failed: the tool took the id for an option (found by the bench)."""
    try:
        jars()
    except KafkaMissing as error:
        if os.environ.get("KASSABRUG_REQUIRE_KAFKA"):
            raise
        pytest.skip(f"left out, Kafka cannot be run here: {error}")
    broker = Cluster(tmp_path).brokers[0]
    broker.format("-AAAAAAAAAAAAAAAAAAAAA")
    assert (tmp_path / "broker-1" / "data" / "meta.properties").read_text().count(
        "-AAAAAAAAAAAAAAAAAAAAA"
    ) == 1
