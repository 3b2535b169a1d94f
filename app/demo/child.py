"""The bridge as a process of its own: started, killed without a word, started again on the same files."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx

READY = 30.0
"""Seconds that a start may take."""


class BridgeFailed(Exception):
    """The bridge ended by itself, or did not come up; the text has its last words."""


class Child:
    """One bridge."""

    def __init__(self, config: Path, words: Path, address: str) -> None:
        """`words`: the file that takes what it says."""
        self._config = config
        self._words = words
        self._address = address
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    async def start(self) -> None:
        """Returns when it is ready. Raises BridgeFailed."""
        with self._words.open("ab") as words:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "app",
                "up",
                "--config",
                str(self._config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                start_new_session=True,
            )
        self.starts += 1
        async with httpx.AsyncClient() as http:
            for _ in range(int(READY / 0.05)):
                if self._process.returncode is not None:
                    raise BridgeFailed(
                        f"the bridge ended with {self._process.returncode}:\n{self.last_words()}"
                    )
                try:
                    if (await http.get(f"{self._address}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)
        raise BridgeFailed(f"the bridge was not ready after {READY:.0f} seconds:\n{self.last_words()}")

    @property
    def ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process is not None and self._process.returncode is not None

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """As Ctrl-C does; killed where it does not end."""
        if self._process is None or self._process.returncode is not None:
            return
        os.kill(self._process.pid, signal.SIGINT)
        try:
            async with asyncio.timeout(15):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    def last_words(self) -> str:
        """The end of what it said."""
        try:
            return "\n".join(self._words.read_text("utf-8", "replace").splitlines()[-30:])
        except OSError:
            return ""
