"""The command line as a user has it: processes, exit codes, words and JSON."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.cli.log import fits
from streams.log.base import Draft, Record
from streams.log.embedded import EmbeddedLog
from streams.topics import TOPICS
from streams.vocabulary.time import system_clock
from tests.app.cli.command import ROOT, run

SETTINGS = """
[log]
path = "log.db"
[web]
port = 0
[connections.shop.bol]
client_id = "demo"
client_secret = "plain:bol-geheim"
api_url = "http://127.0.0.1:9"
login_url = "http://127.0.0.1:9"
[connections.shop.mplus]
api_url = "http://127.0.0.1:9"
ident = "demo"
secret = "plain:mplus-geheim"
[connections.shop.stock]
branches = [1]
[connections.shop.orders]
branch = 1
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "kassabrug.toml"
    path.write_text(SETTINGS)
    return path


def test_help_lists_every_command() -> None:
    whole = [sys.executable, "-m", "app", "--help"]
    told = subprocess.run(whole, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert told.returncode == 0
    for command in (
        "up",
        "demo",
        "ingress",
        "worker",
        "console",
        "simulate",
        "check",
        "log",
        "topics",
        "order",
    ):
        assert command in told.stdout


def test_topics_as_json() -> None:
    told = json.loads(run("topics", "--json").stdout)
    assert [one["name"] for one in told["topics"]] == [topic.name for topic in TOPICS]
    assert {one["name"] for one in told["agents"]} >= {"stock", "orders", "ingress"}


def test_topics_for_people() -> None:
    told = run("topics")
    assert told.returncode == 0
    assert "stock.inbox" in told.stdout


def test_check_says_what_does_not_work_and_tells_no_secret(config: Path) -> None:
    told = run("check", "--config", str(config))
    assert told.returncode == 1
    assert "cannot be reached" in told.stdout
    assert "geheim" not in told.stdout + told.stderr


def test_check_as_json(config: Path) -> None:
    told = json.loads(run("check", "--config", str(config), "--json").stdout)
    assert {one["grade"] for one in told} >= {"ok", "fail"}
    assert {one["part"] for one in told} == {"log", "web", "shop"}


@pytest.mark.parametrize("command", ["up", "check", "ingress", "worker", "console"])
def test_wrong_settings_end_with_2(command: str, tmp_path: Path) -> None:
    told = run(command, "--config", str(tmp_path / "none.toml"))
    assert told.returncode == 2
    assert "kassabrug.example.toml" in told.stderr


@pytest.mark.parametrize("command", ["up", "worker"])
async def test_a_second_process_on_the_log_says_so(command: str, config: Path, tmp_path: Path) -> None:
    log = await EmbeddedLog.open(tmp_path / "log.db", TOPICS, clock=system_clock, sleep=asyncio.sleep)
    try:
        told = await asyncio.to_thread(run, command, "--config", str(config))
    finally:
        await log.close()
    assert told.returncode == 1
    assert "cannot start" in told.stderr


@pytest.fixture
async def filled(config: Path, tmp_path: Path) -> Path:
    log = await EmbeddedLog.open(tmp_path / "log.db", TOPICS, clock=system_clock, sleep=asyncio.sleep)
    body = b'{"email": "jan@example.nl", "amount": 3}'
    for key in (b"shop/1001", b"shop/1002", b"other/1001"):
        headers = (("operation", b"get-order"), ("asking", b"..."))
        await log.append([Draft("bol.raw", key, body, headers)])
    await log.close()
    return config


async def test_log_shows_a_topic_by_key_masked(filled: Path) -> None:
    told = await asyncio.to_thread(run, "log", "bol.raw", "--config", str(filled), "--key", "shop", "--json")
    assert told.returncode == 0
    records = [json.loads(line) for line in told.stdout.splitlines()]
    assert sorted(record["key"] for record in records) == ["shop/1001", "shop/1002"]
    assert "jan@example.nl" not in told.stdout
    assert records[0]["headers"] == {"operation": "get-order"}, "no mark of what was asked"


async def test_log_by_time_and_with_a_limit(filled: Path) -> None:
    told = await asyncio.to_thread(
        run, "log", "bol.raw", "--config", str(filled), "--since", "1h", "--limit", "2"
    )
    assert len(told.stdout.splitlines()) == 2
    assert "--limit" in told.stderr
    late = await asyncio.to_thread(run, "log", "bol.raw", "--config", str(filled), "--since", "2099-01-01")
    assert late.stdout == ""


async def test_log_names_what_is_wrong(filled: Path) -> None:
    unknown = await asyncio.to_thread(run, "log", "nothing", "--config", str(filled))
    assert unknown.returncode == 2
    assert "stock.inbox" in unknown.stderr
    odd = await asyncio.to_thread(run, "log", "bol.raw", "--config", str(filled), "--since", "yesterday")
    assert odd.returncode == 2


def test_a_key_fits_itself_and_what_is_below_it() -> None:
    record = Record(0, 0, b"shop/1001", b"")
    assert fits(record, "")
    assert fits(record, "shop")
    assert fits(record, "shop/1001")
    assert not fits(record, "sho")
    assert not fits(record, "shop/100")


@pytest.mark.parametrize(
    ("command", "push"), [("up", 401), ("ingress", 401), ("worker", 404), ("console", 404)]
)
async def test_a_role_serves_tells_its_health_and_ends_with_ctrl_c(
    command: str, push: int, config: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        command,
        "--config",
        str(config),
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stderr is not None
    address = ""
    async with asyncio.timeout(30):
        while not address:
            line = (await process.stderr.readline()).decode()
            address = next((word for word in line.split() if word.startswith("http://127.0.0.1")), "")
    async with httpx.AsyncClient(base_url=address) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert b"kassabrug_" in (await http.get("/metrics")).content
        assert (await http.post("/webhooks/shop/bol", content=b"{}")).status_code == push
    os.kill(process.pid, signal.SIGINT)
    rest = (await process.stderr.read()).decode()
    assert await process.wait() == 0
    assert "geheim" not in rest


@pytest.mark.parametrize(("vendor", "words"), [("bol", "client id"), ("mplus", "ident")])
async def test_simulate_prints_how_to_connect_and_serves(vendor: str, words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        "simulate",
        vendor,
        "--port",
        str(_free_port()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert process.stdout is not None
    told = ""
    async with asyncio.timeout(30):
        while "curl" not in told:
            told += (await process.stdout.readline()).decode()
    assert words in told
    process.terminate()
    await process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
