"""A Kafka cluster of local processes: brokers that can be killed, paused and started again.

The jars come from Maven (pom.xml), once, into `build/`. Every node is broker and controller (KRaft), listens on
127.0.0.1 only, and keeps its data in the given folder.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import TracebackType

POM = Path(__file__).with_name("pom.xml")
BUILD = Path(__file__).parents[2] / "build"
FETCH = 600.0
"""Seconds that fetching the jars may take."""
READY = 90.0
"""Seconds that a broker may take to answer: a machine with two cores starts three at once."""
HEAP = "-Xmx512m"
BRIEF = ("-XX:TieredStopAtLevel=1",)
"""For what does not live long enough for Java's second compiler to pay."""
ARCHIVED = "-XX:SharedArchiveFile"


class KafkaMissing(Exception):
    """Kafka cannot be run here; the text says what is missing and how to get it."""


def jars() -> Path:
    """The folder with Kafka's jars; fetched when they are not there. Raises KafkaMissing."""
    for tool, package in (("java", "openjdk-17-jre-headless"), ("mvn", "maven")):
        if shutil.which(tool) is None:
            raise KafkaMissing(f"{tool} is not installed (Debian: apt-get install {package})")
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    libs = BUILD / f"kafka-{digest}"
    if libs.is_dir():
        return libs
    BUILD.mkdir(exist_ok=True)
    fresh = BUILD / f"kafka-{digest}.{os.getpid()}"
    command = [
        "mvn",
        "-q",
        "-B",
        "-f",
        str(POM),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={fresh}",
    ]
    told = subprocess.run(command, capture_output=True, text=True, timeout=FETCH, check=False)
    if told.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise KafkaMissing(f"Maven could not fetch Kafka's jars:\n{told.stdout[-2000:]}{told.stderr[-2000:]}")
    try:
        fresh.rename(libs)
    except OSError:  # another run was quicker
        shutil.rmtree(fresh, ignore_errors=True)
    return libs


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]


class Broker:
    """One node."""

    def __init__(
        self,
        folder: Path,
        number: int,
        port: int,
        properties: Mapping[str, object],
        options: Sequence[str] = (),
    ) -> None:
        """`options`: Java's."""
        self.number = number
        self.port = port
        self.folder = folder
        self.words = folder / "broker.log"
        self._properties = folder / "server.properties"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))

    def format(self, cluster_id: str) -> None:
        """Makes its data folder."""
        named = f"--cluster-id={cluster_id}"  # one in 64 begins with a dash, which would pass for an option
        archived = [one for one in self._options if one.startswith(ARCHIVED)]
        options = [*BRIEF, *archived]
        command = java(
            "kafka.tools.StorageTool", "format", named, "-c", str(self._properties), options=options
        )
        told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if told.returncode != 0:
            raise KafkaMissing(f"the broker's folder could not be made:\n{told.stdout}{told.stderr}")

    def start(self, wait: bool = True) -> None:
        """Starts it; returns when it takes connections."""
        with self.words.open("ab") as words:
            self._process = subprocess.Popen(
                java("kafka.Kafka", str(self._properties), options=self._options),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        if wait:
            self.wait()

    def wait(self) -> None:
        """Until it takes connections. Raises KafkaMissing with its last words when it does not."""
        until = time.monotonic() + READY
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise KafkaMissing(f"broker {self.number} did not come up:\n{self.last_words()}")

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process is not None else None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()

    def end(self, patience: float) -> None:
        """SIGTERM, and kill -9 where it does not end within so many seconds."""
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        self.kill()

    def pause(self) -> None:
        """SIGSTOP."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def last_words(self) -> str:
        """The end of what it said."""
        with contextlib.suppress(OSError):
            return "\n".join(self.words.read_text("utf-8", "replace").splitlines()[-30:])
        return ""


class Cluster:
    """So many brokers, which are controllers too. A context manager; nothing runs before `start`."""

    def __init__(
        self,
        folder: Path,
        brokers: int = 1,
        *,
        advertised: Mapping[int, int] | None = None,
        properties: Mapping[str, object] | None = None,
        options: Sequence[str] | None = None,
    ) -> None:
        """`advertised`: broker number (from 1) to the port that clients are told (a proxy's); `properties` are
        added to every broker's. `options`: Java's; those of a broker that lives for minutes where none are said."""
        options = [*BRIEF, *archive()] if options is None else options
        ports = free_ports(2 * brokers)
        data, control = ports[:brokers], ports[brokers:]
        voters = ",".join(f"{n + 1}@127.0.0.1:{port}" for n, port in enumerate(control))
        copies = min(3, brokers)
        self.folder = folder
        self.brokers: list[Broker] = []
        for n in range(brokers):
            told = (advertised or {}).get(n + 1, data[n])
            settings: dict[str, object] = {
                "process.roles": "broker,controller",
                "node.id": n + 1,
                "controller.quorum.voters": voters,
                "listeners": f"PLAINTEXT://127.0.0.1:{data[n]},CONTROLLER://127.0.0.1:{control[n]}",
                "advertised.listeners": f"PLAINTEXT://127.0.0.1:{told}",
                "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name": "PLAINTEXT",
                "controller.listener.names": "CONTROLLER",
                "log.dirs": folder / f"broker-{n + 1}" / "data",
                "offsets.topic.replication.factor": copies,
                "transaction.state.log.replication.factor": copies,
                "transaction.state.log.min.isr": min(2, copies),
                "offsets.topic.num.partitions": 4,
                "group.initial.rebalance.delay.ms": 0,
                "auto.create.topics.enable": "false",
                "num.network.threads": 2,
                "num.io.threads": 4,
                **(properties or {}),
            }
            self.brokers.append(Broker(folder / f"broker-{n + 1}", n + 1, data[n], settings, options))
        self.servers = ",".join(f"127.0.0.1:{port}" for port in data)

    def start(self) -> Cluster:
        """Formats and starts all of them; returns when they take connections."""
        jars()
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        try:
            with ThreadPoolExecutor(len(self.brokers)) as at_once:
                list(at_once.map(lambda one: one.format(cluster_id), self.brokers))
            for one in self.brokers:
                one.start(wait=False)
            for one in self.brokers:
                one.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends what still runs. The data stays in the folder."""
        for one in self.brokers:
            one.kill()

    def __enter__(self) -> Cluster:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def java(main: str, *arguments: str, options: Sequence[str] = ()) -> list[str]:
    """The command that runs one of Kafka's classes."""
    return [
        "java",
        HEAP,
        *options,
        "-XX:+UseSerialGC",
        "-Xshare:auto",
        "-cp",
        f"{jars()}/*",
        main,
        *arguments,
    ]


@cache
def archive() -> list[str]:
    """Java's option for an archive of Kafka's classes, made once, into `build/`, by a broker that ends at once; a start
    takes half as long with it, and a third of the processor's time. Nothing where it could not be made."""
    path = jars().with_suffix(".jsa")
    if not path.exists():
        fresh = BUILD / f"{path.name}.{os.getpid()}"
        with tempfile.TemporaryDirectory(prefix="kassabrug-archive-") as folder:
            options = [f"-XX:ArchiveClassesAtExit={fresh}"]
            broker = Cluster(Path(folder), 1, options=options).start().brokers[0]
            broker.end(60)
        if fresh.exists():
            fresh.rename(path)
    return [f"{ARCHIVED}={path}"] if path.exists() else []
