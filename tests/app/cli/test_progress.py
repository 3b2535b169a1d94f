"""How far a command is, where there is no terminal."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from app.cli.progress import EVERY, Shown


def test_a_line_is_told_at_once_and_then_every_few_seconds() -> None:
    said = StringIO()
    now = 100.0
    with Shown(Console(file=said, width=20), lambda: now) as shown:
        for count in range(4):
            shown.tell("Looking at stock.inbox, [1] of 4", 1000 * count, 4000)
            now += EVERY / 2
    assert said.getvalue().splitlines() == [
        "Looking at stock.inbox, [1] of 4: 0 of 4,000",
        "Looking at stock.inbox, [1] of 4: 2,000 of 4,000",
    ]


def test_on_a_terminal_it_is_a_bar_that_leaves_nothing_behind() -> None:
    said = StringIO()
    console = Console(file=said, force_terminal=True, width=80)
    with Shown(console, lambda: 0.0) as shown:
        shown.tell("Looking", 1, 4)
    assert "Looking: 1 of 4" not in said.getvalue()
    assert said.getvalue().endswith("\x1b[2K")
