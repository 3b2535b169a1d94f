"""A PostgreSQL server of Debian's package as a local process, on a free port with a new folder, for tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

INSTALLED = Path("/usr/lib/postgresql")
READY = 60.0
USERS = ("postgres", "nobody")
"""Whose process it is where the tests run as root, which PostgreSQL refuses."""


class PostgresMissing(Exception):
    """PostgreSQL cannot be run here; the text says what is missing and how to get it."""


def binaries() -> Path:
    """The folder with initdb and postgres, the newest. Raises PostgresMissing."""
    found = [path.parent for path in INSTALLED.glob("*/bin/initdb")]
    elsewhere = shutil.which("postgres")
    if elsewhere:
        found.append(Path(elsewhere).resolve().parent)
    usable = [path for path in found if (path / "initdb").exists() and (path / "postgres").exists()]
    if not usable:
        raise PostgresMissing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return max(usable, key=lambda path: [int(part) for part in path.parent.name.split(".") if part.isdigit()])


def user() -> str | None:
    """Another user to run it as, where we are root; None: as we are."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise PostgresMissing("PostgreSQL does not run as root, and there is no other user to run it as")


class Postgres:
    """One server with one user and one database of that user. A context manager; nothing runs before it is entered."""

    def __init__(
        self, username: str = "kassabrug", password: str = "geheim-pg", database: str = "kassabrug"
    ) -> None:
        self.username, self.password, self.database = username, password, database
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    def url(self, database: str = "") -> str:
        """As the settings have it: without the password."""
        return f"postgresql://{self.username}@127.0.0.1:{self.port}/{database or self.database}"

    def __enter__(self) -> Postgres:
        self._bin, self._as = binaries(), user()
        # Not below pytest's own folder, which nobody else may enter.
        self._folder = Path(tempfile.mkdtemp(prefix="kassabrug-postgres-"))
        try:
            self._make()
            self.start()
            self.ask(f"CREATE DATABASE {self.database}", "postgres")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self) -> None:
        words = self._folder / "password"
        words.write_text(self.password)
        if self._as:
            shutil.chown(self._folder, self._as)
            shutil.chown(words, self._as)
        told = subprocess.run(
            [
                *(self._bin / "initdb", "--pgdata", self._folder / "data", "--username", self.username),
                *("--pwfile", words, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
                *("--no-sync", "--no-instructions"),
            ],
            capture_output=True, text=True, timeout=120, check=False, user=self._as, cwd=self._folder,
        )  # fmt: skip
        if told.returncode != 0:
            raise PostgresMissing(f"initdb failed:\n{told.stdout}{told.stderr}")

    def start(self, *settings: str) -> None:
        """Returns when it takes connections. `settings`: `name=value`, beside those for tests."""
        with (self._folder / "words").open("ab") as words:
            self._process = subprocess.Popen(
                [
                    *(self._bin / "postgres", "-D", self._folder / "data", "-p", str(self.port)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}"),
                    *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100"),
                    *(part for one in settings for part in ("-c", one)),
                ],
                stdin=subprocess.DEVNULL, stdout=words, stderr=words, user=self._as, cwd=self._folder,
                start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + READY
        while time.monotonic() < until and self._process.poll() is None:
            if self._run("pg_isready", "-q", "-t", "1").returncode == 0:
                return
            time.sleep(0.05)
        said = (self._folder / "words").read_text("utf-8", "replace")
        raise PostgresMissing(f"PostgreSQL did not come up:\n{said[-2000:]}")

    def kill(self) -> None:
        """Ends it at once, as an immediate shutdown does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(3)  # SIGQUIT: its children end too
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def ask(self, statement: str, database: str = "") -> str:
        """Runs one statement as its owner; what it answers."""
        told = self._run("psql", "-X", "-q", "-At", "-d", database or self.database, "-c", statement)
        assert told.returncode == 0, told.stderr
        return told.stdout.strip()

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", self.username)
        environ = {"PGPASSWORD": self.password, "PATH": os.environ.get("PATH", "")}
        return subprocess.run(
            [self._bin / program, *place, *arguments],
            capture_output=True, text=True, timeout=60, check=False, env=environ,
        )  # fmt: skip


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server. Where it cannot run the tests are skipped and say why; with KASSABRUG_REQUIRE_POSTGRES=1 (as
    .ci/run sets it) they fail instead. A test module imports it."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(Postgres())
        except PostgresMissing as error:
            if os.environ.get("KASSABRUG_REQUIRE_POSTGRES"):
                pytest.fail(f"PostgreSQL is required here, and cannot be run: {error}", pytrace=False)
            pytest.skip(f"left out, PostgreSQL cannot be run here: {error}")
        yield server
