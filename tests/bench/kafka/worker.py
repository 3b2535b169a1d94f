"""A contestant's processes: started, listened to, ended; what they and the brokers take from the processors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[3]
END = 60.0
"""Seconds that a worker may take to end in peace."""
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A contestant did not do what it should: no figure comes of this run. The text says what it said last."""


class Worker:
    """One process of a contestant."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.words = folder / "words.log"
        self.told: list[dict[str, Any]] = []
        self.assigned = 0
        self.spawned = 0.0
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self, command: Sequence[str], changed: Callable[[dict[str, Any]], None]) -> None:
        """`changed` is called with each line that it tells."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.spawned = time.monotonic()
        with self.words.open("ab") as words:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=words,
            )
        self._listening = asyncio.create_task(self._listen(changed))

    async def _listen(self, changed: Callable[[dict[str, Any]], None]) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            try:
                one = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # a library's own words
            self.told.append(one)
            if one["is"] == "assigned":
                self.assigned = one["count"]
            changed(one)
        changed({"is": "ended"})

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still does."""
        return self._process is not None and self._process.returncode is None

    def last_words(self) -> str:
        """The end of what it said."""
        with contextlib.suppress(OSError):
            return "\n".join(self.words.read_text("utf-8", "replace").splitlines()[-15:])
        return ""

    async def end(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Ends it. Raises Failed when it does not go."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(sign)
        try:
            async with asyncio.timeout(END):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise Failed(f"it did not end within {END:.0f} s:\n{self.last_words()}") from None
        finally:
            if self._listening is not None:
                await self._listening
        if sign == signal.SIGTERM and self._process.returncode not in (0, -signal.SIGTERM):
            raise Failed(f"it ended with {self._process.returncode}:\n{self.last_words()}")


class Team:
    """The workers of one run, and what they have done together."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.applied = 0
        self.last = 0.0
        """When the last of it became durable, as they tell it (CLOCK_MONOTONIC)."""
        self.oddities: list[str] = []
        self._changed = asyncio.Event()

    def heard(self, told: dict[str, Any]) -> None:
        """A line of any of them."""
        match told["is"]:
            case "applied":
                self.applied += told["count"]
                self.last = max(self.last, told["at"])
            case "skipped" | "parked" | "failed":
                self.oddities.append(str(told))
        self._changed.set()

    async def until(self, reached: Callable[[], bool], what: str, seconds: float) -> None:
        """Waits for it. Raises Failed when a worker ends, something odd is told, or time is up."""
        until = time.monotonic() + seconds
        while not reached():
            if self.oddities:
                raise Failed(f"while waiting until {what}: {self.oddities[0]}")
            for one in self.workers:
                if not one.running:
                    raise Failed(f"a worker ended while waiting until {what}:\n{one.last_words()}")
            if time.monotonic() > until:
                words = "\n".join(one.last_words() for one in self.workers)
                raise Failed(f"not within {seconds:.0f} s: {what} ({self.applied} applied)\n{words}")
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await self._changed.wait()

    async def end(self) -> None:
        """Ends all of them, in peace."""
        failures = [
            one
            for one in await asyncio.gather(
                *(worker.end() for worker in self.workers), return_exceptions=True
            )
            if isinstance(one, BaseException)
        ]
        if failures:
            raise failures[0]


def processor_seconds(pids: Iterable[int]) -> float:
    """What these processes have had of the processors so far."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def busy_and_all() -> tuple[float, float]:
    """Processor seconds of the whole machine: busy, and all there were."""
    fields = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS, sum(fields) / TICKS
