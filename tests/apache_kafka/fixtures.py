"""Fixtures: one broker for the suite, three where brokers die. A test module imports what it uses.

`KAFKA_BOOTSTRAP` names a cluster that runs already (for `kafka` only). Where Kafka cannot be run the tests are
skipped and say why; with KASSABRUG_REQUIRE_KAFKA=1 (as .ci/run sets it) they fail instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.apache_kafka.cluster import Cluster, KafkaMissing, jars

QUICK = {
    "broker.session.timeout.ms": 4000,
    "broker.heartbeat.interval.ms": 500,
    "controller.quorum.election.timeout.ms": 500,
    "controller.quorum.fetch.timeout.ms": 1500,
}
"""A dead broker is noticed sooner than Kafka does by itself (9 s)."""


def missing_kafka() -> None:
    """Skips the test where Kafka cannot be run, or fails it where it has to be there."""
    try:
        jars()
    except KafkaMissing as error:
        _without(error)


def _without(error: KafkaMissing) -> NoReturn:
    if os.environ.get("KASSABRUG_REQUIRE_KAFKA"):
        pytest.fail(f"Kafka is required here, and cannot be run: {error}", pytrace=False)
    pytest.skip(f"left out, Kafka cannot be run here: {error}")


def _started(factory: pytest.TempPathFactory, brokers: int) -> Iterator[Cluster]:
    try:
        one = Cluster(factory.mktemp(f"kafka-{brokers}"), brokers, properties=QUICK).start()
    except KafkaMissing as error:
        _without(error)
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The servers of a running Kafka with one broker (or of KAFKA_BOOTSTRAP)."""
    given = os.environ.get("KAFKA_BOOTSTRAP")
    if given:
        yield given
        return
    for one in _started(tmp_path_factory, 1):
        yield one.servers


@pytest.fixture(scope="session")
def kafka_three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three brokers, which a test may kill and has to start again."""
    yield from _started(tmp_path_factory, 3)
