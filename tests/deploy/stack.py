"""What docker-compose.yml names, as local processes: the same commands and environments, with host names and ports of
this machine in place of those of the containers.

Kafka's properties are made from its environment by the class that the image itself uses for it.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType

from tests.apache_kafka.cluster import BRIEF, archive, free_ports, java
from tests.app.readmodel.postgres import Postgres, binaries
from tests.deploy.compose import ROOT, Compose, Service
from tests.deploy.dockerfile import last

READY = 120.0
"""Seconds until a service has to be healthy."""
EVERY = 0.3
INSIDE = {"kafka": (9092, 9093), "postgres": (5432,), "bol-simulator": (8500,), "mplus-simulator": (8600,)}
OURS = (8080,)
"""Ports in the containers."""


class Ended(Exception):
    """A process ended by itself, or did not become healthy; the text has its last words."""


class Process:
    """One container, as it were."""

    def __init__(self, name: str, command: list[str], environ: dict[str, str], folder: Path) -> None:
        self.name = name
        self._command = command
        self._environ = environ
        self._folder = folder
        self._words = folder / "words.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Does not wait."""
        with self._words.open("ab") as words:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=words, stderr=words,
                env=self._environ, cwd=self._folder, start_new_session=True,
            )  # fmt: skip

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return None if self._process is None else self._process.poll()

    async def stop(self, grace: float) -> int:
        """SIGTERM, as compose does; its exit code. Raises Ended where it takes longer than its grace."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, grace)
        except subprocess.TimeoutExpired:
            raise Ended(f"{self.name} did not end in {grace:.0f} seconds:\n{self.last_words()}") from None

    def kill(self) -> None:
        """At once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()

    def last_words(self, lines: int = 40) -> str:
        """The end of what it said."""
        return "\n".join(self._words.read_text("utf-8", "replace").splitlines()[-lines:])


class Stack:
    """A context manager: at its end nothing of it runs any more."""

    def __init__(self, compose: Compose, folder: Path, settings: str = "") -> None:
        """`settings`: what a person adds to the settings that the file mounts."""
        self.compose = compose
        self._settings = settings
        self._folder = folder
        self._ports: dict[tuple[str, int], int] = {}
        self.running: dict[str, Process] = {}
        self._stack = ExitStack()
        for name in compose.services:
            self._give_ports(name, INSIDE.get(name.partition("-")[0] if name[:5] == "kafka" else name, OURS))

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self.running.values():
            one.kill()
        self._stack.close()

    def port(self, name: str, inside: int) -> int:
        """The port here of a service's port in its container."""
        return self._ports[name, inside]

    def url(self, name: str, inside: int) -> str:
        """Where a service is reached over HTTP."""
        return f"http://127.0.0.1:{self.port(name, inside)}"

    def _give_ports(self, name: str, inside: tuple[int, ...]) -> None:
        self._ports.update(zip(((name, one) for one in inside), free_ports(len(inside)), strict=True))

    # -- from there to here

    def here(self, text: str, own: str) -> str:
        """The text of service `own` with this machine's places: `kafka:9092`, `://:9092`, `127.0.0.1:8080`."""

        def other(found: re.Match[str]) -> str:
            return f"127.0.0.1:{self._ports[found['name'], int(found['port'])]}"

        def itself(found: re.Match[str]) -> str:
            port = self._ports.get((own, int(found["port"])))
            return found[0] if port is None else f"{found['before']}127.0.0.1:{port}"

        names = "|".join(sorted({re.escape(name) for name, _ in self._ports}, key=len, reverse=True))
        text = re.sub(rf"(?<![\w.-])(?P<name>{names}):(?P<port>\d+)\b", other, text)
        return re.sub(r"(?P<before>://|\b)(?:(?<=://)|127\.0\.0\.1):(?P<port>\d+)\b", itself, text)

    # -- starting

    async def up(self, *names: str) -> None:
        """Starts these services (all, where none is named) in the order in which they wait for each other, as many
        of each as the file says. Raises Ended."""
        left = [name for name in self.compose.services if not names or name in names]
        while left:
            ready = [name for name in left if not set(self.compose[name].waits_for) & set(left)]
            assert ready, f"{left} wait for each other"
            for name in ready:
                self._start(self.compose[name])
            await asyncio.gather(
                *(self.healthy(one) for one in self.running if one.partition("#")[0] in ready)
            )
            left = [name for name in left if name not in ready]

    def _start(self, service: Service) -> None:
        if service.name == "postgres":
            given = service.environment
            server = Postgres(given["POSTGRES_USER"], given["POSTGRES_PASSWORD"], given["POSTGRES_DB"])
            self._stack.enter_context(server)
            self._ports["postgres", 5432] = server.port
        elif service.name.startswith("kafka"):
            self._run(
                service.name,
                java("kafka.Kafka", self._formatted(service), options=[*BRIEF, *archive()]),
                dict(os.environ),
            )
        else:
            for number in range(1, service.replicas + 1):
                self.add(service.name, number)

    def add(self, name: str, number: int) -> Process:
        """One more container of our image: `worker#2`."""
        service = self.compose[name]
        own = name if number == 1 else f"{name}#{number}"
        if number > 1:
            self._give_ports(own, OURS)
        folder = self._place(own)
        command = [sys.executable, "-m", "app", *self._command(service, own)]
        environ = {key: self.here(value, own) for key, value in service.environment.items()}
        given = service.mounted(f"{last('WORKDIR').rest}/kassabrug.toml")
        if given is not None:
            text = self.here((ROOT / given).read_text(), own)
            public = f'public_url = "{self.url("ingress", 8080)}"'
            text = re.sub(r"public_url = .*", public, text)
            (folder / "kassabrug.toml").write_text(f"{text}\n{self._settings}\n")
        return self._run(
            own, command, {**environ, "PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
        )

    def _command(self, service: Service, own: str) -> Iterator[str]:
        """`--host 0.0.0.0 --port 8080` become an address here, in both ways of writing it."""
        parts = [
            part for one in service.command for part in (one.split("=", 1) if one[:2] == "--" else (one,))
        ]
        for before, part in zip(["", *parts], parts, strict=False):
            if before == "--host":
                assert part == "0.0.0.0", "in a container a service is reached under any address"
                yield "127.0.0.1"
            elif before == "--port":
                yield str(self._ports[own, int(part)])
            else:
                yield self.here(part, own)

    def _run(self, own: str, command: list[str], environ: dict[str, str]) -> Process:
        one = self.running[own] = Process(own, command, environ, self._place(own))
        one.start()
        return one

    def _place(self, own: str) -> Path:
        folder = self._folder / own.replace("#", "-")
        folder.mkdir(exist_ok=True)
        return folder

    def _formatted(self, service: Service) -> str:
        """Kafka's properties and its formatted data folder, by the image's own class."""
        folder = self._place(service.name)
        for name in ("default", "mounted", "final"):
            (folder / name).mkdir()
        (folder / "final" / "server.properties").touch()
        data = service.environment["KAFKA_LOG_DIRS"]
        assert service.mounted(data), "its data outlives the container"
        environ = {
            name: str(folder / "data") if value == data else self.here(value, service.name)
            for name, value in service.environment.items()
        }
        places = [f"--{name}-configs-dir={folder / name}" for name in ("default", "mounted", "final")]
        told = subprocess.run(
            java("kafka.docker.KafkaDockerWrapper", "setup", *places, options=BRIEF),
            env={"PATH": os.environ.get("PATH", ""), **environ},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if told.returncode != 0:
            raise Ended(f"{service.name} cannot be set up:\n{told.stdout}{told.stderr}")
        return str(folder / "final" / "server.properties")

    # -- health

    async def healthy(self, own: str, restarts: int = 0) -> None:
        """Until its healthcheck says so; so many times it may end by itself before, and is started again as the file
        says (`restart`). Raises Ended."""
        loop = asyncio.get_running_loop()
        until = loop.time() + READY
        one = self.running[own]
        while loop.time() < until:
            if one.code is not None:
                if not restarts:
                    break
                restarts -= 1
                one.start()
            if await asyncio.to_thread(self.check, own) == 0:
                return
            await asyncio.sleep(EVERY)
        raise Ended(f"{own} is not healthy (ended with {one.code}):\n{one.last_words()}")

    def check(self, own: str) -> int:
        """Runs its healthcheck once, from the file or from the image."""
        service = self.compose[own.partition("#")[0]]
        given = service.given.get("healthcheck")
        program, *arguments = given["test"][1:] if given else last("HEALTHCHECK").listed
        environ = {"PATH": os.environ.get("PATH", "")}
        if program == "pg_isready":
            program, environ["PGPORT"] = str(binaries() / program), str(self.port("postgres", 5432))
        # In Python's and bash's own ways of writing an address.
        own_port = re.compile(r"(127\.0\.0\.1(?:', |/|:))(\d+)")
        here = [
            own_port.sub(lambda found: f"{found[1]}{self._ports[own, int(found[2])]}", one)
            for one in arguments
        ]
        program = sys.executable if program == "python" else program
        done = subprocess.run([program, *here], env=environ, capture_output=True, timeout=30, check=False)
        return done.returncode


@contextmanager
def stack(compose: Compose, folder: Path, settings: str = "") -> Iterator[Stack]:
    """Nothing runs yet: `await stack.up()`."""
    with Stack(compose, folder, settings) as one:
        yield one
