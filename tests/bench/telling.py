"""How a bench of a whole bridge ends: its figures for people or for programs, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from app.demo.child import BridgeFailed

Figures = dict[str, Any]


def tell(
    measure: Callable[[Console], Coroutine[Any, Any, Figures]],
    as_json: bool,
    shown: Callable[[Figures], Table],
) -> int:
    """Measures (`measure` says on the console how far it is) and prints. 1: the bridge failed, or something is `wrong`
    with what came of it."""
    console = Console(stderr=True)
    try:
        figures = uvloop.run(measure(console))
    except BridgeFailed as error:
        console.print(str(error), markup=False)
        return 1
    if as_json:
        print(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode())
    else:
        Console().print(shown(figures))
    return 1 if figures["wrong"] else 0


def table_of(title: str) -> Callable[[Figures], Table]:
    """A row for each figure."""

    def shown(figures: Figures) -> Table:
        table = Table("what", "figure", title=title, title_justify="left")
        for name, figure in figures.items():
            inner = figure.items() if isinstance(figure, dict) else [("", figure)]
            for of, value in inner:
                table.add_row(f"{name}: {of}".removesuffix(": ").replace("_", " "), str(value))
        return table

    return shown
