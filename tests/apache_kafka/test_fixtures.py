"""What the fixtures say where Kafka cannot be run, and which cluster they do not touch: pytest as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from streams.log.kafka import KafkaAccess, KafkaLog
from streams.topics import ACTIVITY
from tests.apache_kafka.fixtures import kafka as kafka
from tests.apache_kafka.topics import OURS, delete, there

ROOT = Path(__file__).parents[2]
ON_A_BROKER = "tests/app/test_logs.py::test_topics_that_are_there_otherwise_are_told"
ON_ITS_OWN = (
    "tests/app/test_logs.py::test_tls_with_a_login",
    "tests/streams/log/kafka/test_brokers.py::test_topics_have_three_copies_where_there_are_three_brokers",
)
WITHOUT_JAVA = (
    "Kafka cannot be run here: java is not installed (Debian: apt-get install openjdk-17-jre-headless)"
)


def pytest_of(*tests: str, **environ: str) -> tuple[int, str]:
    """Its exit code, and all that it said."""
    clean = {name: one for name, one in os.environ.items() if name != "KASSABRUG_REQUIRE_KAFKA"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean, "KAFKA_BOOTSTRAP": "", **environ},
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_what_is_left_out_says_why_in_one_line(tmp_path: Path) -> None:
    code, said = pytest_of(ON_A_BROKER, ON_ITS_OWN[0], PATH=str(tmp_path))
    assert code == 0, said
    assert said.count("left out") == 1, said
    assert f"4 tests left out, {WITHOUT_JAVA}" in said


def test_what_has_to_be_there_and_is_not_fails(tmp_path: Path) -> None:
    code, said = pytest_of(ON_A_BROKER, PATH=str(tmp_path), KASSABRUG_REQUIRE_KAFKA="1")
    assert code == 1, said
    assert "Kafka is required here, and cannot be run: java is not installed" in said


async def test_a_given_cluster_with_topics_of_ours_is_refused_and_left_alone(kafka: str) -> None:
    """Its topics were deleted without a word, with all that was in them."""
    access = KafkaAccess(tuple(kafka.split(",")))
    await delete(access, OURS)
    await (await KafkaLog.open(access, [ACTIVITY], partitions=1)).close()
    code, said = pytest_of(ON_A_BROKER, KAFKA_BOOTSTRAP=kafka)
    assert code == 1, said
    assert f"KAFKA_BOOTSTRAP={kafka} has topics of ours already: activity." in said
    assert await there(access) == ["activity"]


async def test_a_given_cluster_is_left_without_our_topics(kafka: str) -> None:
    access = KafkaAccess(tuple(kafka.split(",")))
    await delete(access, OURS)
    code, said = pytest_of(ON_A_BROKER, KAFKA_BOOTSTRAP=kafka)
    assert code == 0, said
    assert await there(access) == []


def test_a_given_cluster_that_is_not_there_is_told_and_what_needs_brokers_of_its_own_is_left_out(
    tmp_path: Path,
) -> None:
    code, said = pytest_of(ON_A_BROKER, *ON_ITS_OWN, PATH=str(tmp_path), KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert code == 1, said
    assert "KAFKA_BOOTSTRAP=127.0.0.1:1 cannot be reached" in said
    assert "Traceback" not in said
    assert (
        "4 tests left out, Kafka cannot be run here, and KAFKA_BOOTSTRAP's brokers are not the test's own"
        in said
    )
