"""The commands on Kafka and PostgreSQL: processes, exit codes, words."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.demo.run import until
from streams.log.base import Draft
from streams.log.kafka import KafkaAccess, KafkaLog
from streams.log.kafka.making import Topics
from streams.topics import TOPICS
from tests.apache_kafka.fixtures import kafka as kafka
from tests.app.cli.command import ROOT, run
from tests.app.cli.test_commands import SETTINGS
from tests.app.readmodel.postgres import Postgres
from tests.app.readmodel.postgres import postgres as postgres
from tests.streams.log.kafka.conftest import delete

Ran = Callable[..., Coroutine[Any, Any, tuple[int, str, str]]]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kassabrug.toml"
    path.write_text(SETTINGS)
    return path


@pytest.fixture
def access(kafka: str) -> KafkaAccess:
    return KafkaAccess(tuple(kafka.split(",")))


@pytest.fixture
async def address(access: KafkaAccess) -> str:
    """Of a cluster that has none of our topics."""
    await delete(access, TOPICS)
    return access.name


def write(config: Path, text: str) -> None:
    config.write_text(text)


async def ran(*arguments: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(run, *arguments)
    assert "geheim" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


async def test_topics_says_what_a_cluster_has_otherwise(address: str, access: KafkaAccess) -> None:
    code, told, _ = await ran("topics", "--log", address)
    assert code == 1
    assert told.count("missing") == len(TOPICS)
    await (await KafkaLog.open(access, TOPICS)).close()
    code, told, _ = await ran("topics", "--log", address)
    assert (code, told) == (0, "The cluster has every topic as the list says.\n")
    await delete(access, TOPICS)
    await (await KafkaLog.open(access, TOPICS, partitions=3)).close()
    code, told, _ = await ran("topics", "--log", address, "--json")
    differences = json.loads(told)["differences"]
    assert code == 1
    assert {(one["what"], one["found"], one["wanted"]) for one in differences} == {
        ("the number of partitions", "3", "8")
    }


async def test_topics_by_the_settings_of_a_file(address: str, access: KafkaAccess, config: Path) -> None:
    await (await KafkaLog.open(access, TOPICS, partitions=3)).close()
    write(config, SETTINGS.replace("[log]", "[log]\npartitions = 3"))
    assert (await ran("topics", "--log", address, "--config", str(config)))[0] == 0


async def test_topics_cannot_be_compared(config: Path) -> None:
    code, _, words = await ran("topics", "--log", "kafka://127.0.0.1:1")
    assert code == 1
    assert "cannot be reached" in words
    for more in ((), ("--config", str(config))):
        code, _, words = await ran("topics", "--log", "127.0.0.1:1", *more)
        assert code == 2
        assert "write kafka://" in words


@pytest.mark.parametrize("command", ["up", "ingress", "worker", "console"])
async def test_a_cluster_that_is_away_is_told(command: str, config: Path) -> None:
    code, _, words = await ran(command, "--config", str(config), "--log", "kafka://127.0.0.1:1")
    assert code == 1
    assert "cannot start: kafka://127.0.0.1:1 cannot be reached" in words


@pytest.mark.parametrize("command", ["up", "console"])
async def test_a_read_model_that_is_away_is_told(command: str, config: Path) -> None:
    url = "postgresql://kassabrug@127.0.0.1:1/kassabrug"
    code, _, words = await ran(command, "--config", str(config), "--readmodel", url)
    assert code == 1
    assert f"cannot start: the read model {url}" in words
    assert "Is PostgreSQL running there" in words


async def test_check_looks_at_both(
    address: str, access: KafkaAccess, config: Path, postgres: Postgres
) -> None:
    write(config, f'{SETTINGS}\n[readmodel]\npassword = "plain:{postgres.password}"\n')
    at = ("--config", str(config), "--log", address, "--readmodel", postgres.url(), "--json")

    async def found() -> dict[str, str]:
        _, told, _ = await ran("check", *at)
        return {one["text"]: one["grade"] for one in json.loads(told) if one["part"] == "log"}

    async with Topics(access) as cluster:
        alone = await cluster.brokers() == 1
    fresh = await found()
    assert sorted(fresh.values()) == ["ok", "ok", *(["warn"] if alone else [])]
    assert any(f"{len(TOPICS)} more are made at the next start" in text for text in fresh)
    assert any("PostgreSQL" in text and "can be used" in text for text in fresh)
    assert any("keeps one copy" in text for text in fresh) == alone
    await (await KafkaLog.open(access, TOPICS, partitions=3)).close()
    other = await found()
    assert list(other.values()).count("fail") == len(TOPICS)


async def test_log_shows_a_topic_of_a_cluster(address: str, access: KafkaAccess, config: Path) -> None:
    log = await KafkaLog.open(access, TOPICS)
    await log.append([Draft("bol.raw", b"shop/1001", b'{"email": "jan@example.nl"}')])
    await log.close()
    code, told, _ = await ran("log", "bol.raw", "--config", str(config), "--log", address, "--json")
    assert code == 0
    assert json.loads(told)["key"] == "shop/1001"
    assert "jan@example.nl" not in told
    await delete(access, TOPICS)
    code, _, words = await ran("log", "bol.raw", "--config", str(config), "--log", address)
    assert code == 1
    assert "bol.raw" in words


@asynccontextmanager
async def role(
    command: str, config: Path, address: str, *more: str, **environ: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A process of this role; it has to end well with Ctrl-C."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", command, "--config", str(config), "--log", address, *more),
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environ},
    )
    assert process.stderr is not None
    said = ""
    try:
        async with asyncio.timeout(60):
            while "kassabrug runs: " not in said:
                line = (await process.stderr.readline()).decode()
                assert line, f"{command} ended:\n{said}"
                said += line
        page = next(word for word in said.split() if word.startswith("http://127.0.0.1"))
        async with httpx.AsyncClient(base_url=page) as http:
            yield http
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        said += (await process.stderr.read()).decode()
        code = await process.wait()
    assert code == 0, said
    assert "geheim" not in said
    assert "Traceback" not in said


async def test_every_role_is_a_process_and_workers_are_many(
    address: str, config: Path, postgres: Postgres
) -> None:
    url = postgres.url()
    async with AsyncExitStack() as stack:
        roles = [
            await stack.enter_async_context(
                role(command, config, address, *more, PGPASSWORD=postgres.password)
            )
            for command, more in (
                ("ingress", ()),
                ("ingress", ()),
                ("worker", ()),
                ("worker", ()),
                ("console", ("--readmodel", url)),
            )
        ]
        for http in roles:
            assert (await http.get("/readyz")).json() == {"ready": True, "why": ""}
        assert (await roles[0].post("/webhooks/shop/bol", content=b"{}")).status_code == 401
        assert (await roles[2].post("/webhooks/shop/bol", content=b"{}")).status_code == 404

        async def shown() -> bool:
            return bool((await roles[4].get("/api/overview")).json()["recent"])

        assert await until(shown, 30.0, asyncio.Event())
    assert int(postgres.ask("SELECT count(*) FROM history")) > 0


async def test_everything_in_one_process_on_kafka(address: str, config: Path) -> None:
    async with role("up", config, address) as http:
        assert (await http.get("/readyz")).status_code == 200
        assert (await http.get("/api/overview")).status_code == 200
