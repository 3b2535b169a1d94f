"""The bridge as a process of its own, whole or one role of it: started, stopped for a while, killed without a word,
started again on the same files."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

READY = 30.0
"""Seconds that a start may take."""


class BridgeFailed(Exception):
    """The bridge ended by itself, or did not come up; the text has its last words."""


class Child:
    """One process of the bridge."""

    def __init__(
        self,
        config: Path,
        words: Path,
        address: str,
        command: Sequence[str] = ("up",),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`words`: the file that takes what it says; `address`: where it answers `/readyz`; `command`: a role with its
        options; `environment`: beside our own."""
        self.command = tuple(command)
        self._config = config
        self._words = words
        self._address = address
        self._environment = {**os.environ, **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    async def start(self) -> None:
        """Returns when it is ready. Raises BridgeFailed."""
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Starts it, and waits for nothing."""
        with self._words.open("ab") as words:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app",
                *self.command,
                "--config",
                str(self._config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                env=self._environment,
                start_new_session=True,
            )
        self.starts += 1

    async def ready(self) -> None:
        """Waits until it is. Raises BridgeFailed when it ends instead, or takes longer than READY."""
        process = self._process
        assert process is not None, "launch it first"
        async with httpx.AsyncClient() as http:
            for _ in range(int(READY / 0.05)):
                if process.returncode is not None:
                    raise BridgeFailed(f"the {self} ended with {process.returncode}:\n{self.last_words()}")
                try:
                    if (await http.get(f"{self._address}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)
        raise BridgeFailed(f"the {self} was not ready after {READY:.0f} seconds:\n{self.last_words()}")

    def __str__(self) -> str:
        return "bridge" if self.command[0] == "up" else self.command[0]

    @property
    def ended(self) -> bool:
        """Whether it ended, by itself or not."""
        return self._process is not None and self._process.returncode is not None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.returncode if self._process is not None else None

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._process.pid if self._process is not None and not self.ended else None

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT and such, where it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self, patience: float = 15.0) -> None:
        """As Ctrl-C does; killed where it does not end within `patience` seconds."""
        if self._process is None or self._process.returncode is not None:
            return
        os.kill(self._process.pid, signal.SIGINT)
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    def last_words(self) -> str:
        """The end of what it said."""
        try:
            return "\n".join(self._words.read_text("utf-8", "replace").splitlines()[-30:])
        except OSError:
            return ""
