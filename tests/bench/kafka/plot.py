"""Bars as SVG, by hand: text stays text, the same figures give the same file, and nothing has to be installed. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH = 760
LABEL = 250
RIGHT = 120
BAR = 18
GAP = 6
HEAD = 46
PAD = 22
COLOURS = {
    "kassabrug": "#0b6e4f",
    "quix": "#3d5a98",
    "quix-exactly-once": "#8ea6d8",
    "faust": "#c77d1e",
    "bare": "#8a8a8a",
}
OTHER = "#555555"


class Bar(NamedTuple):
    """One bar. `kind` chooses its colour: a contestant's name. `ends`: least and most of the runs."""

    label: str
    value: float
    kind: str
    ends: tuple[float, float] | None = None


class Panel(NamedTuple):
    """Bars with one scale, from zero (or, `logarithmic`, from a power of ten below the least)."""

    title: str
    unit: str
    bars: Sequence[Bar]
    logarithmic: bool = False


def number(value: float) -> str:
    """As people write it: three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}" if abs(value) < 100 else f"{value:,.0f}"


def svg(title: str, note: str, panels: Sequence[Panel]) -> str:
    """The picture. Raises ValueError for a panel without bars, or a bar below zero (or at zero, on a logarithmic
    scale)."""
    parts: list[str] = []
    top = 58.0
    for panel in panels:
        drawn, height = _panel(panel, top)
        parts.append(drawn)
        top += height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:.0f}" width="{WIDTH}" '
        f'height="{top:.0f}" font-family="system-ui, sans-serif" font-size="12" fill="#222">\n'
        f'<rect width="{WIDTH}" height="{top:.0f}" fill="#fff"/>\n'
        f'<text x="16" y="26" font-size="17" font-weight="600">{escape(title)}</text>\n'
        f'<text x="16" y="44" fill="#666">{escape(note)}</text>\n' + "".join(parts) + "</svg>\n"
    )


def _panel(panel: Panel, top: float) -> tuple[str, float]:
    if not panel.bars:
        raise ValueError(f"no bars in {panel.title!r}")
    lowest = min(bar.value for bar in panel.bars)
    highest = max(max(bar.value, *(bar.ends or (0.0,))) for bar in panel.bars)
    if lowest < 0 or (panel.logarithmic and lowest <= 0) or highest <= 0:
        raise ValueError(f"bars of {panel.title!r} cannot be drawn on this scale")
    bottom = 10 ** math.floor(math.log10(lowest) - 1e-9) if panel.logarithmic else 0.0
    room = WIDTH - LABEL - RIGHT

    def length(value: float) -> float:
        if panel.logarithmic:
            value = max(value, bottom)
            return room * math.log10(value / bottom) / math.log10(highest / bottom)
        return room * value / highest

    scale = f"{panel.unit}, logarithmic" if panel.logarithmic else panel.unit
    parts = [
        f'<text x="16" y="{top + 20:.0f}" font-size="14" font-weight="600">{escape(panel.title)}</text>\n'
        f'<text x="{WIDTH - 16}" y="{top + 20:.0f}" text-anchor="end" fill="#666">{escape(scale)}</text>\n'
    ]
    y = top + HEAD - 14
    for bar in panel.bars:
        middle = y + BAR / 2
        colour = COLOURS.get(bar.kind, OTHER)
        parts.append(
            f'<text x="{LABEL - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(bar.label)}</text>\n'
            f'<rect x="{LABEL}" y="{y:.1f}" width="{max(1.0, length(bar.value)):.1f}" height="{BAR}" '
            f'fill="{colour}"/>\n'
        )
        furthest = bar.value
        if bar.ends is not None:
            least, most = (LABEL + length(end) for end in bar.ends)
            furthest = max(furthest, bar.ends[1])
            parts.append(
                f'<path d="M{least:.1f} {middle:.1f}H{most:.1f}" stroke="#111" stroke-width="1.5"/>\n'
            )
        parts.append(
            f'<text x="{LABEL + length(furthest) + 6:.1f}" y="{middle + 4:.1f}">{number(bar.value)}</text>\n'
        )
        y += BAR + GAP
    return "".join(parts), HEAD + len(panel.bars) * (BAR + GAP) + PAD
