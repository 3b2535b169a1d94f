"""docker-compose.yml and Dockerfile: do they make sense? What they start is started in test_running.py."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from xml.etree import ElementTree

import pytest

from app.composition import release
from app.settings import settings_of
from streams.effects import GRACE as EFFECTS_GRACE
from streams.log.host import GRACE as HOST_GRACE
from tests.apache_kafka.cluster import POM, jars
from tests.apache_kafka.fixtures import kafka_runs as kafka_runs
from tests.deploy.compose import (
    FILE,
    ROOT,
    Compose,
    Missing,
    Service,
    interpolated,
    seconds,
    told_in_comments,
    variables,
)
from tests.deploy.dockerfile import instructions, last, sent

GIVEN = {"POSTGRES_PASSWORD": "geheim"}
EVERYTHING = Compose(GIVEN, ("simulators", "three-brokers"))
EVERY = sorted(EVERYTHING.every)
THREE = told_in_comments("Three brokers")


@pytest.fixture(params=EVERY)
def service(request: pytest.FixtureRequest) -> Service:
    return EVERYTHING.every[request.param]


def test_what_runs_by_default_and_with_profiles() -> None:
    default = {"kafka", "postgres", "ingress", "worker", "console"}
    assert set(Compose(GIVEN).services) == default
    assert set(Compose(GIVEN, ("simulators",)).services) == default | {"bol-simulator", "mplus-simulator"}
    assert set(Compose({**GIVEN, **THREE}).services) == default | {"kafka-2", "kafka-3"}


# -- variables


def test_every_variable_has_a_default_or_is_asked_for_in_words() -> None:
    lines = [line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    used = list(variables("\n".join(lines)))
    assert len(used) > 10
    for one in used:
        assert one.how in (":-", ":?"), f"{one.name} has neither a default nor a question"
        assert one.word, one.name
    assert {one.name for one in used if one.how == ":?"} == {"POSTGRES_PASSWORD"}


def test_without_a_password_it_says_what_to_write() -> None:
    with pytest.raises(Missing, match=r"POSTGRES_PASSWORD=\.\.\. into \.env"):
        Compose({})


def test_what_the_comment_says_about_three_brokers_is_used() -> None:
    used = {one.name for one in variables(FILE.read_text())}
    assert set(THREE) - {"COMPOSE_PROFILES"} <= used
    assert set(THREE) >= {"COMPOSE_PROFILES", "KAFKA_VOTERS", "KASSABRUG_LOG", "KAFKA_COPIES"}
    three = Compose({**GIVEN, **THREE})
    brokers = [one for name, one in three.services.items() if name.startswith("kafka")]
    voters = dict(one.split("@") for one in THREE["KAFKA_VOTERS"].split(","))
    assert {one.environment["KAFKA_NODE_ID"]: f"{one.name}:9093" for one in brokers} == voters
    assert three["worker"].command[2] == "kafka://" + ",".join(f"{one.name}:9092" for one in brokers)
    assert {one.mounted("/var/lib/kafka/data") for one in brokers} == {"kafka", "kafka-2", "kafka-3"}


@pytest.mark.parametrize(
    ("text", "environ", "meant"),
    [
        ("${A:-b}", {}, "b"),
        ("${A:-b}", {"A": ""}, "b"),
        ("${A-b}", {"A": ""}, ""),
        ("${A:-b}-${A}", {"A": "c"}, "c-c"),
        ("${A:+x}${B:+y}", {"A": "1"}, "x"),
        ("$$A", {}, "$A"),
        ("kafka://${A:-a:1}", {}, "kafka://a:1"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, environ: dict[str, str], meant: str) -> None:
    assert interpolated(text, environ) == meant


# -- each service


def test_a_service_comes_back_ends_in_time_and_tells_its_health(service: Service) -> None:
    assert service.given["restart"] == "unless-stopped"
    assert "stop_grace_period" in service.given
    check = service.given.get("healthcheck")
    if check is None:
        assert service.built, "without a healthcheck of its own it has the image's"
        return
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    for name in ("interval", "timeout", "start_period"):
        assert seconds(check[name]) > 0
    assert check["retries"] >= 3


def test_nothing_is_open_to_the_world_unless_somebody_says_so(service: Service) -> None:
    for outside in service.published().values():
        assert outside.startswith("127.0.0.1:")


def test_what_a_service_waits_for_is_there_and_tells_its_health(service: Service) -> None:
    for name, required in service.waits_for.items():
        other = EVERYTHING.every[name]
        assert service.given["depends_on"][name]["condition"] == "service_healthy"
        assert "healthcheck" in other.given or other.built
        assert required == (not other.profiles), "what a profile leaves out cannot be waited for"


def test_an_image_has_a_version(service: Service) -> None:
    if not service.built:
        assert re.fullmatch(r"[a-z/]+:[0-9][0-9.]*", service.given["image"])


def test_workers_can_be_many() -> None:
    worker = EVERYTHING.every["worker"]
    assert not {"ports", "container_name", "hostname"} & worker.given.keys()
    assert Compose({**GIVEN, "WORKERS": "4"})["worker"].replicas == 4
    assert worker.replicas == 1


def test_a_worker_may_end_what_it_does() -> None:
    """With the patience with vendors that holds where nobody sets it."""
    given = tomllib.loads((ROOT / "kassabrug.example.toml").read_text())
    secrets = {"BOL_CLIENT_SECRET": "b", "MPLUS_SECRET": "m", "MPLUS_WEBHOOK_SECRET": "aGFhaw=="}
    given["log"]["address"] = "kafka://kafka"
    longest = HOST_GRACE + release(settings_of(given, secrets, "x")) + EFFECTS_GRACE
    assert EVERYTHING.every["worker"].grace > longest


def test_every_volume_is_declared_and_used_once() -> None:
    used = [
        source
        for one in EVERYTHING.every.values()
        for source in (volume.split(":")[0] for volume in one.given.get("volumes", []))
        if not source.startswith((".", "/"))
    ]
    assert sorted(used) == sorted(EVERYTHING.tree["volumes"])


def test_postgres_is_who_the_console_asks_for() -> None:
    given = EVERYTHING.every["postgres"].environment
    console = EVERYTHING.every["console"]
    url = f"postgresql://{given['POSTGRES_USER']}@postgres:5432/{given['POSTGRES_DB']}"
    assert f"--readmodel={url}" in console.command
    assert console.environment["PGPASSWORD"] == given["POSTGRES_PASSWORD"] == "geheim"


def test_no_secret_is_on_a_command_line_or_in_an_image() -> None:
    for one in EVERYTHING.every.values():
        assert "geheim" not in " ".join(one.command)
    assert not [one for one in instructions() if re.search(r"PASSWORD|SECRET", one.rest)]


# -- Kafka


def test_kafka_is_the_version_that_the_tests_run() -> None:
    space = "{http://maven.apache.org/POM/4.0.0}"
    versions = {one.text for one in ElementTree.parse(POM).iter(f"{space}version")} - {"1"}
    images = {one.given["image"] for one in EVERYTHING.every.values() if one.name.startswith("kafka")}
    assert images == {f"apache/kafka:{version}" for version in versions}


def test_every_kafka_setting_is_one_of_kafkas(kafka_runs: None) -> None:
    """As the image makes names of them; Kafka itself lists those it knows."""
    table = subprocess.run(
        ["java", "-cp", f"{jars()}/*", "kafka.server.KafkaConfig"],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    known = set(re.findall(r'id="([a-z0-9.]+)"', table))
    assert "log.dirs" in known
    for one in EVERYTHING.every.values():
        names = [name for name in one.environment if name.startswith("KAFKA_")]
        assert bool(names) == one.name.startswith("kafka")
        for name in names:
            assert name.removeprefix("KAFKA_").lower().replace("_", ".") in known, name


# -- the image


def test_the_dockerfile_copies_what_there_is_and_all_that_is_needed() -> None:
    copied = [
        shlex.split(one.rest) for one in instructions() if one.word == "COPY" and "--from" not in one.rest
    ]
    sources = [source for parts in copied for source in parts[:-1]]
    for source in sources:
        assert (ROOT / source).exists(), source
        assert sent(source), f"{source} is left out by .dockerignore"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {one.removesuffix("*") for one in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages | {"pyproject.toml", "constraints.txt", project["project"]["readme"]} == set(sources)
    assert "postgres" in project["project"]["optional-dependencies"]


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "kassabrug.toml",
        ".git/config",
        "shop.log.db",
        "app/__pycache__/x.pyc",
        "tests/x.py",
        ".venv/x",
    ],
)
def test_nothing_else_is_sent_to_the_engine(path: str) -> None:
    assert not sent(path)
    assert sent("app/console/static/console.css")


def test_the_image_installs_what_was_pinned_and_runs_as_nobody_in_particular() -> None:
    run = " ".join(one.rest for one in instructions() if one.word == "RUN")
    assert '-c constraints.txt ".[postgres]"' in run
    assert last("USER").rest == "kassabrug"
    assert "useradd" in run
    assert {one.rest.split()[0] for one in instructions() if one.word == "FROM"} == {"python:3.11-slim"}


def test_settings_and_health_are_where_image_and_compose_agree() -> None:
    folder, port = last("WORKDIR").rest, last("EXPOSE").rest
    assert f"127.0.0.1:{port}/readyz" in last("HEALTHCHECK").rest
    assert last("ENTRYPOINT").listed == ["kassabrug"]
    for name in ("ingress", "worker", "console"):
        one = EVERYTHING.every[name]
        command = " ".join(one.command).replace("=", " ")
        assert f"--port {port}" in command
        assert one.mounted(f"{folder}/kassabrug.toml") == "./kassabrug.toml"
        assert all(inside == int(port) for inside in one.published())
    simulated = Compose({**GIVEN, "KASSABRUG_SETTINGS": "./deploy/simulators.toml"})
    given = simulated["worker"].mounted(f"{folder}/kassabrug.toml")
    assert given is not None
    assert (ROOT / given).is_file()
