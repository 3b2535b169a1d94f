"""Whichever log the settings name: opened to run on, and to look into. Kafka as it really is, TLS and logins too."""

from __future__ import annotations

import asyncio
import copy
import ssl
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.logs import access, onlooker, running_log
from app.sections import Log
from app.settings import Settings, settings_of
from streams.log.base import Draft, LogForeign, LogUnavailable, TopicPartition, UnknownTopic
from streams.log.embedded import EmbeddedLog
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.topics import ACTIVITY, TOPICS
from tests.apache_kafka.cluster import KafkaMissing
from tests.apache_kafka.fixtures import kafka as kafka
from tests.apache_kafka.fixtures import without
from tests.app.certificates import Certificates, issued
from tests.app.guarded_kafka import PASSWORD, USER, GuardedBroker
from tests.streams.log.kafka.conftest import delete

ROOT = Path(__file__).parents[2]
EXAMPLE = tomllib.loads((ROOT / "kassabrug.example.toml").read_text())
ENVIRON = {
    "BOL_CLIENT_SECRET": "b",
    "MPLUS_SECRET": "m",
    "MPLUS_WEBHOOK_SECRET": "aGFhaw==",
    "KAFKA_PASSWORD": PASSWORD,
}
Given = Callable[..., Settings]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """Settings with this part about the log."""

    def made(**log: Any) -> Settings:
        tree = copy.deepcopy(EXAMPLE)
        tree["log"] = {"path": str(tmp_path / "log.db"), **log}
        return settings_of(tree, ENVIRON, "kassabrug.toml")

    return made


@pytest.fixture
async def empty(kafka: str) -> str:
    """The address of a cluster that has none of our topics."""
    await delete(KafkaAccess(tuple(kafka.split(","))), TOPICS)
    return f"kafka://{kafka}"


async def through(settings: Settings) -> None:
    """A record goes in where it runs, and is seen by who looks."""
    async with running_log(settings) as log:
        [(at, offset)] = await log.append([Draft(ACTIVITY.name, b"demo/1", b"{}")])
        async with onlooker(settings) as look:
            assert await look.partitions(ACTIVITY.name) == settings.log.parts
            [record] = (await look.read(at, offset)).records
    assert (record.key, record.value) == (b"demo/1", b"{}")


async def test_without_an_address_it_is_the_file(given: Given) -> None:
    settings = given()
    async with running_log(settings) as log:
        assert isinstance(log, EmbeddedLog)
    await through(settings)
    assert settings.log.path.exists()


async def test_with_an_address_it_is_kafka(given: Given, empty: str) -> None:
    settings = given(address=empty, kafka={"session_timeout": 7, "instance": "worker-1"}, partitions=3)
    async with running_log(settings) as log:
        assert isinstance(log, KafkaLog)
        assert (log.session_timeout, log.instance) == (7, "worker-1")
        assert await log.partitions(ACTIVITY.name) == 3
    await through(settings)
    assert not settings.log.path.exists()


async def test_an_onlooker_makes_nothing(given: Given, empty: str) -> None:
    for settings in (given(address=empty), given()):
        with pytest.raises(LogUnavailable):
            async with onlooker(settings) as log:
                await log.bounds(TopicPartition(ACTIVITY.name, 0))
    with pytest.raises(UnknownTopic):
        async with onlooker(given(address=empty)) as log:
            await log.partitions(ACTIVITY.name)


async def test_topics_that_are_there_otherwise_are_told(given: Given, empty: str) -> None:
    async with running_log(given(address=empty, partitions=2)):
        pass
    with pytest.raises(LogForeign, match=r"activity: the number of partitions is 2, should be 8"):
        async with running_log(given(address=empty)):
            pass
    async with onlooker(given(address=empty)) as log:  # looking is possible all the same
        assert await log.partitions(ACTIVITY.name) == 2


async def test_a_cluster_that_is_not_there(given: Given) -> None:
    settings = given(address="kafka://127.0.0.1:1")
    for opening in (running_log, onlooker):
        with pytest.raises(LogUnavailable, match=r"kafka://127\.0\.0\.1:1 cannot be reached"):
            async with opening(settings):
                pass


# -- TLS and logins


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issued(tmp_path_factory.mktemp("certificates"))


class Guarded(NamedTuple):
    """A broker that lets in only who has a certificate, and a name and password."""

    address: str
    part: dict[str, Any]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Guarded]:
    try:
        broker = GuardedBroker(tmp_path_factory.mktemp("guarded"), certificates)
        broker.start()
    except KafkaMissing as error:
        without(error)
    ours = {"ca_file": certificates.authority, "cert_file": certificates.cert, "key_file": certificates.key}
    part = {
        "tls": True,
        "username": USER,
        "password": "env:KAFKA_PASSWORD",
        **{k: str(v) for k, v in ours.items()},
    }
    yield Guarded(f"kafka://localhost:{broker.port}", part)
    broker.stop()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_tls_with_a_login(given: Given, guarded: Guarded, mechanism: str) -> None:
    await through(given(address=guarded.address, kafka={**guarded.part, "mechanism": mechanism}))


async def test_a_guarded_cluster_says_why_it_lets_nobody_in(given: Given, guarded: Guarded) -> None:
    right = {**guarded.part, "mechanism": "SCRAM-SHA-512"}
    wrong: list[dict[str, Any]] = [
        {},
        {**right, "password": "plain:geheim-maar-fout"},
        {name: one for name, one in right.items() if name not in ("cert_file", "key_file")},
        {name: one for name, one in right.items() if name != "ca_file"},
    ]
    for kafka_part in wrong:
        with pytest.raises(LogUnavailable) as caught:
            async with asyncio.timeout(60), running_log(given(address=guarded.address, kafka=kafka_part)):
                pass
        assert "cannot be reached" in str(caught.value)
        assert "geheim" not in str(caught.value)


def test_what_is_asked_for_is_what_is_handed_on(certificates: Certificates) -> None:
    log = Log.model_validate(
        {
            "address": "kafka://a,b:1",
            "kafka": {"tls": True, "mechanism": "PLAIN", "username": "u", "password": "p"},
        }
    )
    found = access(log)
    assert (found.servers, found.mechanism, found.username, found.password) == (
        ("a:9092", "b:1"),
        "PLAIN",
        "u",
        "p",
    )
    assert found.tls is not None
    assert found.tls.verify_mode is ssl.CERT_REQUIRED
    assert found.tls.check_hostname
    assert access(Log(address="kafka://a")) == KafkaAccess(("a:9092",))


def test_certificates_that_cannot_be_used_are_named(certificates: Certificates, tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("not a certificate")
    cert, key = certificates.cert, certificates.key
    for part, words in (
        ({"ca_file": tmp_path / "none.pem"}, "ca_file: .*none.pem cannot be read: No such file"),
        ({"ca_file": tmp_path}, "cannot be read: Is a directory"),
        ({"ca_file": rubbish}, "ca_file: .*rubbish.pem holds no certificate"),
        ({"cert_file": cert, "key_file": tmp_path / "none.pem"}, "key_file: .*cannot be read"),
        ({"cert_file": cert, "key_file": rubbish}, "are not a certificate and its key"),
        ({"cert_file": cert, "key_file": certificates.other_key}, "are not a certificate and its key"),
        ({"cert_file": cert, "key_file": certificates.locked_key}, "without a passphrase"),
        ({"cert_file": key, "key_file": key}, "are not a certificate and its key"),
    ):
        log = Log.model_validate({"address": "kafka://a", "kafka": {"tls": True, **part}})
        with pytest.raises(LogUnavailable, match=words):
            access(log)
