"""The cluster that the tests stand on."""

from __future__ import annotations

from pathlib import Path

from tests.apache_kafka.cluster import Cluster
from tests.apache_kafka.fixtures import missing_kafka


def test_a_cluster_id_may_begin_with_a_dash(tmp_path: Path) -> None:
    """One start in 64 failed: the tool took the id for an option (found by the bench)."""
    missing_kafka()
    broker = Cluster(tmp_path).brokers[0]
    broker.format("-AAAAAAAAAAAAAAAAAAAAA")
    assert (tmp_path / "broker-1" / "data" / "meta.properties").read_text().count(
        "-AAAAAAAAAAAAAAAAAAAAA"
    ) == 1
