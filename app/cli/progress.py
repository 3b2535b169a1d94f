"""How far a command is: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import Progress

EVERY = 5.0
"""Seconds between two lines where there is no terminal."""


class Shown:
    """Entered: it can be told. `passing` gives seconds that go on (streams/vocabulary/time.py)."""

    def __init__(self, console: Console, passing: Callable[[], float]) -> None:
        self._console = console
        self._passing = passing
        self._last: float | None = None
        self._bar = Progress(console=console, transient=True) if console.is_terminal else None
        self._task = self._bar.add_task("", total=None) if self._bar is not None else None

    def __enter__(self) -> Shown:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, what: str, done: int, of: int) -> None:
        """The first is told at once, then one every few seconds."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=what, completed=done, total=max(1, of))
            return
        now = self._passing()
        if self._last is None or now >= self._last + EVERY:
            self._last = now
            self._console.print(f"{what}: {done:,} of {of:,}", highlight=False, markup=False, soft_wrap=True)
