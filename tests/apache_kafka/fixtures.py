"""Fixtures: one broker for the suite, three where brokers die. A test module imports what it uses.

`KAFKA_BOOTSTRAP` names a cluster that runs already (for `kafka` only). It must have none of the topics that the tests
make: they delete them again and again, and leave none. Where Kafka cannot be run the tests are skipped and say why;
with KASSABRUG_REQUIRE_KAFKA=1 (as .ci/run sets it) they fail instead.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine, Iterator
from functools import cache
from typing import Any, NoReturn, TypeVar

import pytest
from aiokafka.errors import KafkaError

from streams.log.kafka import KafkaAccess
from tests.apache_kafka.cluster import Cluster, KafkaMissing, jars
from tests.apache_kafka.topics import OURS, delete, there

T = TypeVar("T")

QUICK = {
    "broker.session.timeout.ms": 4000,
    "broker.heartbeat.interval.ms": 500,
    "controller.quorum.election.timeout.ms": 500,
    "controller.quorum.fetch.timeout.ms": 1500,
}
"""A dead broker is noticed sooner than Kafka does by itself (9 s)."""
LONGEST_REASON = 240
"""Characters: a reason is a line, and Maven's words are many."""


def missing_kafka() -> None:
    """Skips the test where Kafka cannot be run, or fails it where it has to be there."""
    try:
        jars()
    except KafkaMissing as error:
        without(error)


def without(error: KafkaMissing) -> NoReturn:
    """Skips a test that runs brokers of its own, or fails it where Kafka has to be there."""
    if os.environ.get("KASSABRUG_REQUIRE_KAFKA"):
        pytest.fail(f"Kafka is required here, and cannot be run: {error}", pytrace=False)
    why = " ".join(str(error).split())[:LONGEST_REASON]
    given = ", and KAFKA_BOOTSTRAP's brokers are not the test's own" if _given() else ""
    pytest.skip(f"left out, Kafka cannot be run here{given}: {why}")


def _given() -> str:
    return os.environ.get("KAFKA_BOOTSTRAP", "")


_running: dict[int, Cluster] = {}
"""By the number of brokers. Pytest takes a fixture that several modules import for several fixtures, and each of them
had begun a broker of its own: they share what runs."""


def _started(factory: pytest.TempPathFactory, brokers: int) -> Iterator[Cluster]:
    if brokers not in _running:
        try:
            one = Cluster(factory.mktemp(f"kafka-{brokers}"), brokers, properties=QUICK).start()
        except KafkaMissing as error:
            without(error)
        _running[brokers] = one
    yield _running[brokers]
    _running[brokers].stop()  # the session is over, for all of them


@cache
def _refusal(servers: str) -> str:
    """Why this cluster is not taken: something of ours lies there already, which may be somebody's, and the tests would
    delete it. Looked at once, before the first test: later the topics are the tests' own."""
    aiokafka = logging.getLogger("aiokafka")
    level = aiokafka.level
    aiokafka.setLevel(logging.CRITICAL)  # it has a trace for a server that is not there
    try:
        found = _done(there(_access(servers)))
    except (KafkaError, OSError) as error:
        return f"KAFKA_BOOTSTRAP={servers} cannot be reached: {error}"
    finally:
        aiokafka.setLevel(level)
    if not found:
        return ""
    return (
        f"KAFKA_BOOTSTRAP={servers} has topics of ours already: {', '.join(found)}. The tests delete them with all "
        "that is in them, so nothing was touched. Name a cluster that has none, or delete them yourself."
    )


def _access(servers: str) -> KafkaAccess:
    return KafkaAccess(tuple(servers.split(",")))


def _done(work: Coroutine[Any, Any, T]) -> T:
    """Runs it in a loop of its own, which is nobody's current one."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The servers of a running Kafka with one broker, or of KAFKA_BOOTSTRAP (with any number of them)."""
    given = _given()
    if given:
        if refusal := _refusal(given):
            pytest.fail(refusal, pytrace=False)
        yield given
        _done(delete(_access(given), OURS))
        return
    for one in _started(tmp_path_factory, 1):
        yield one.servers


@pytest.fixture(scope="session")
def kafka_three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three brokers, which a test may kill and has to start again."""
    yield from _started(tmp_path_factory, 3)


@pytest.fixture(scope="session")
def kafka_runs() -> None:
    """For tests that start brokers by themselves."""
    missing_kafka()
