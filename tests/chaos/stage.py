"""The stage: simulators behind proxies, a log on a volume of its own, and the processes of a bridge."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from app.demo.market import Market
from app.demo.run import free_port, settings_text
from tests.apache_kafka.cluster import Cluster
from tests.apache_kafka.fixtures import QUICK
from tests.chaos.plan import Log
from tests.chaos.proxy import Proxy

WORKERS = 3
READY = 90.0
VOLUME_MIB = {"embedded": 192, "kafka": 768}
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""Debian: apt-get install faketime."""


def stepped(clock: Path) -> dict[str, str]:
    """What a process needs in its environment for its clock to be that file's offset ahead; nothing where it cannot be
    stepped."""
    if FAKETIME is None:
        return {}
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_CACHE_DURATION": "1",
        # Without it each wait of a thread for another one ends at once and is begun again, Python's own lock first of
        # all: a bridge was ten times slower, and what chaos measured was that.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
    }


@cache
def can_step() -> bool:
    """Whether clocks are stepped here: tried, since a library that cannot be loaded is left out with a warning."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder) / "clock"
        clock.write_text("+3600\n")
        told = subprocess.run(
            [sys.executable, "-S", "-c", "import time; print(time.time())"],
            env=dict(os.environ) | stepped(clock),
            capture_output=True,
            text=True,
            check=False,
        )
    return told.returncode == 0 and float(told.stdout) > time.time() + 1800


class Process:
    """One process of the bridge."""

    def __init__(self, folder: Path, name: str, arguments: list[str]) -> None:
        self.name = name
        self.arguments = arguments
        self.words = folder / f"{name}.log"
        self.clock = folder / f"{name}.clock"
        self.starts = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts it; does not wait until it is ready."""
        self.clock.write_text("+0\n")
        with self.words.open("ab") as words:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app",
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
                env=dict(os.environ) | stepped(self.clock),
            )
        self.starts += 1

    @property
    def ended(self) -> bool:
        """Whether it is not running."""
        return self._process is None or self._process.returncode is not None

    def send(self, number: signal.Signals) -> bool:
        """A signal. False: it does not run any more."""
        if self._process is None or self._process.returncode is not None:
            return False
        try:
            self._process.send_signal(number)
        except ProcessLookupError:
            return False
        return True

    async def kill(self) -> bool:
        """kill -9. False: it had ended by itself."""
        ran = self.send(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()
        return ran and self._process is not None and self._process.returncode == -signal.SIGKILL

    async def end(self, seconds: float = 40.0) -> bool:
        """SIGTERM; killed where it does not end. False: it was, or it had ended by itself."""
        if self._process is None or not self.send(signal.SIGTERM):
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
            return False
        return True


class Volume:
    """A small file system of its own for the log: a tmpfs where we may mount one, else just a folder."""

    def __init__(self, folder: Path, mib: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        told = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        )
        self.mounted = told.returncode == 0

    def fill(self) -> bool:
        """Takes all the room there is. False where that would be the machine's own disk."""
        if not self.mounted:
            return False
        with contextlib.suppress(OSError), (self.folder / "filler").open("wb") as filler:
            while True:
                filler.write(bytes(64 * 1024))
                filler.flush()
        return True

    def free(self) -> None:
        """Gives it back."""
        (self.folder / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        """Unmounts."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True, check=False)


class Stage:
    """Everything that runs. A context manager: at its end nothing does."""

    def __init__(self, folder: Path, on: Log, seed: int, articles: int) -> None:
        self.folder = folder
        self.on: Log = on
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._seed, self._articles = seed, articles
        self._stack = contextlib.AsyncExitStack()
        self.workers: list[Process] = []
        self.ingress: Process | None = None
        self.console: Process | None = None
        self.cluster: Cluster | None = None
        self.log_proxies: list[Proxy] = []
        self.vendor_proxies: list[Proxy] = []
        self.market: Market
        self.volume: Volume
        self._ports: dict[str, int] = {}

    async def __aenter__(self) -> Stage:
        try:
            await self._build()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def processes(self) -> list[Process]:
        """All of the bridge."""
        return [*self.workers, *(one for one in (self.ingress, self.console) if one is not None)]

    def process(self, name: str, *arguments: str) -> Process:
        """A process that is ended with the stage."""
        one = Process(self.folder, name, list(arguments))
        self._stack.push_async_callback(one.kill)
        return one

    def worker(self, name: str) -> Process:
        """One more worker."""
        self._ports[name] = free_port()
        return self.process(name, "worker", "--config", str(self.config), "--port", str(self._ports[name]))

    async def ready(self, one: Process) -> None:
        """Until it says that it is. Raises TimeoutError."""
        port = self._ports.get(one.name, self.port)
        async with asyncio.timeout(READY), httpx.AsyncClient() as http:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{port}/readyz", timeout=2)).status_code == 200:
                        return
                if one.ended:
                    raise RuntimeError(f"{one.name} ended at its start:\n{one.words.read_text()[-2000:]}")
                await asyncio.sleep(0.1)

    async def _build(self) -> None:
        self.market = await self._stack.enter_async_context(_market(self._seed, self._articles, self.address))
        text = settings_text(self.market, self.port, self.address)
        for url in (self.market.bol_url, self.market.mplus_url):
            proxy = await Proxy().open()
            self._stack.push_async_callback(proxy.close)
            proxy.to = ("127.0.0.1", urlsplit(url).port or 0)
            self.vendor_proxies.append(proxy)
            text = text.replace(url, f"http://127.0.0.1:{proxy.port}")
        self.config = self.folder / "kassabrug.toml"
        room = self.folder / "volume"
        self.volume = Volume(room, VOLUME_MIB[self.on])
        self._stack.callback(self.volume.close)
        if self.on == "embedded":
            self.config.write_text(text.replace('path = "log.db"', f'path = "{room / "log.db"}"'))
            self.workers = [self.process("bridge", "up", "--config", str(self.config))]
        else:
            await self._kafka(text, room)
        for one in self.processes:
            await one.start()
        for one in self.processes:
            await self.ready(one)

    async def _kafka(self, text: str, room: Path) -> None:
        for _ in range(3):
            proxy = await Proxy().open()
            self._stack.push_async_callback(proxy.close)
            self.log_proxies.append(proxy)
        told = {number + 1: proxy.port for number, proxy in enumerate(self.log_proxies)}
        self.cluster = Cluster(self.folder / "kafka", 3, advertised=told, properties=QUICK)
        first = self.cluster.brokers[0]  # its data lie on the small volume
        shutil.rmtree(first.folder / "data", ignore_errors=True)
        (first.folder / "data").symlink_to(room, target_is_directory=True)
        for broker, proxy in zip(self.cluster.brokers, self.log_proxies, strict=True):
            proxy.to = ("127.0.0.1", broker.port)
        self._stack.callback(self.cluster.stop)
        await asyncio.to_thread(self.cluster.start)
        servers = ",".join(f"127.0.0.1:{proxy.port}" for proxy in self.log_proxies)
        self.config.write_text(text.replace("[log]\n", f'[log]\naddress = "kafka://{servers}"\n'))
        self.ingress = self.process("ingress", "ingress", "--config", str(self.config))
        self.workers = [self.worker(f"worker-{number + 1}") for number in range(WORKERS)]
        self._ports["console"] = free_port()
        port = str(self._ports["console"])
        self.console = self.process("console", "console", "--config", str(self.config), "--port", port)


def _market(seed: int, articles: int, address: str) -> Market:
    from streams.vocabulary.time import system_clock

    return Market(seed, articles, address, system_clock, asyncio.sleep)
