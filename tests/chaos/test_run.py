"""Attacks that cannot be made are counted, with their reason: a run that attacked nothing had passed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import run
from tests.chaos.plan import Attack
from tests.chaos.proxy import Proxy
from tests.chaos.run import Chaos
from tests.chaos.stage import Process, Volume, can_step, stepped


class Unmounted(Volume):
    """A volume where nothing may be mounted."""

    def __init__(self) -> None:
        self.mounted = False


class Gone(Process):
    """A process that has ended by itself; it is not started again either."""

    async def start(self) -> None:
        self.starts += 1


@pytest.fixture
def chaos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chaos:
    """On a stage where nothing is left to attack."""
    monkeypatch.setattr(run, "TARGET", 0.0)
    stage: Any = SimpleNamespace(
        workers=[Gone(tmp_path, "worker-1", [])],
        ingress=None,
        console=None,
        volume=Unmounted(),
        vendor_proxies=[Proxy(), Proxy()],
        log_proxies=[Proxy()],
        cluster=None,
    )
    return Chaos(stage, 1, print)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("fill-disk", "no volume of its own could be mounted"),
        ("kill-worker", "worker-1 had ended by itself"),
        ("end-worker", "worker-1 had ended by itself"),
        ("stop-worker", "worker-1 had ended by itself"),
        ("cut-vendor", "there was no connection to Bol"),
        ("cut-log", "there was no connection to a broker"),
        ("stall-vendor", "nobody said anything to Bol meanwhile"),
    ],
)
async def test_what_hits_nothing_is_not_made(chaos: Chaos, kind: str, why: str) -> None:
    assert why in await chaos.make(Attack(0, kind, 0, 0.0))
    assert [one.partition(":")[0] for one in chaos.missed] == [kind]
    assert chaos.made == []


async def test_without_libfaketime_no_clock_is_stepped(chaos: Chaos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "can_step", lambda: False)
    assert "no clock can be stepped here" in await chaos.make(Attack(0, "step-clock", 0, 0.0))


def test_a_library_that_cannot_be_loaded_steps_no_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loader warns and goes on: the file being there was taken for enough."""
    monkeypatch.setattr("tests.chaos.stage.FAKETIME", tmp_path / "libfaketime.so.1")
    assert stepped(tmp_path)["LD_PRELOAD"]
    assert not can_step.__wrapped__()


THREADS = """
import threading, time
ends, counts = time.monotonic() + 0.5, []
def count():
    number = 0
    while time.monotonic() < ends:
        number += 1
    counts.append(number)
began = time.process_time()
threads = [threading.Thread(target=count) for _ in range(2)]
for one in threads: one.start()
for one in threads: one.join()
print(sum(counts) / (time.process_time() - began))
"""
"""Two threads that want Python's lock: how far they come in a second of the processor."""


def test_a_process_whose_clock_can_be_stepped_is_as_fast_as_others(tmp_path: Path) -> None:
    """Its threads spun while they waited for each other (stage.stepped): a fifteenth was left of two that count."""
    if not can_step():
        pytest.skip("left out, no clock can be stepped here (Debian: apt-get install faketime)")
    clock = tmp_path / "clock"
    clock.write_text("+0\n")

    def speed(**environ: str) -> float:
        told = subprocess.run(
            [sys.executable, "-S", "-c", THREADS],
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=True,
        )
        return float(told.stdout)

    assert speed(**stepped(clock)) > 0.3 * speed()


async def test_connections_that_are_there_are_cut(chaos: Chaos) -> None:
    async def vendor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(vendor, "127.0.0.1", 0)
    proxy = await chaos.stage.vendor_proxies[0].open()
    proxy.to = ("127.0.0.1", server.sockets[0].getsockname()[1])
    _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"x")
    async with asyncio.timeout(5):
        while not proxy.carries:  # noqa: ASYNC110 - the other side is a task of the server's
            await asyncio.sleep(0.01)
    assert await chaos.make(Attack(0, "cut-vendor", 0, 0.0)) == ""
    assert [one.kind for one in chaos.made] == ["cut-vendor"]
    writer.close()
    await proxy.close()
    server.close()
