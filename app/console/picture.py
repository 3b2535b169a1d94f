"""Pictures as plain geometry: a shelf of boxes for a stock number, bars for an hour, a strip for durations.

Templates turn these into SVG; colours are in the style sheet, by class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from app.readmodel.freshness import Freshness
from app.readmodel.shown import Minute
from streams.vocabulary.activity import StockShown

BOXES = 72
"""More pieces than this are drawn as one bar."""
IN_A_ROW = 12
PITCH = 44
BOX = 38
BAR_WIDTH = 528
CHART_HEIGHT = 56
"""Of one half of the chart: what came in stands up from the axis, what went out hangs down."""


class Block(NamedTuple):
    """A rectangle, and what it stands for: a class of the style sheet."""

    x: float
    y: float
    width: float
    height: float
    meaning: str
    says: str = ""


class Shelf(NamedTuple):
    """A stock number as boxes on a shelf, or as one bar."""

    width: float
    height: float
    boxes: tuple[Block, ...]
    as_boxes: bool
    says: str


class Tile(NamedTuple):
    """One term of the sum written out."""

    sign: str
    amount: str
    label: str
    why: str
    meaning: str


def tiles(shown: StockShown) -> tuple[Tile, ...]:
    """The terms of the sum, with their signs."""
    found: list[Tile] = []
    for place, term in enumerate(shown.terms):
        minus = term.amount.startswith("-")
        sign = "−" if minus else "" if place == 0 else "+"
        amount = term.amount[1:] if minus else term.amount
        found.append(Tile(sign, amount, term.label, term.why, _meaning(term.label, minus)))
    return tuple(found)


def shelf(shown: StockShown) -> Shelf | None:
    """The number as a picture; None where there is nothing to draw."""
    free = Decimal(0)
    takes: list[tuple[str, str, Decimal]] = []
    for term in shown.terms:
        amount = _amount(term.amount)
        if amount is None:
            return None
        if amount >= 0:
            free += amount
        else:
            takes.append((_meaning(term.label, True), term.label, -amount))
    taken = sum((amount for _, _, amount in takes), Decimal(0))
    left = max(Decimal(0), free - taken)
    parts = [("left", "for sale", left), *takes] if left or takes else []
    total = left + taken
    if total <= 0:
        return None
    says = ", ".join(f"{amount.normalize():f} {label}" for _, label, amount in parts if amount)
    whole = all(amount == amount.to_integral_value() for _, _, amount in parts)
    if whole and total <= BOXES:
        return _boxes(parts, int(free), says)
    return _bar(parts, total, says)


def _boxes(parts: Sequence[tuple[str, str, Decimal]], free: int, says: str) -> Shelf:
    boxes: list[Block] = []
    for meaning, label, amount in parts:
        for _ in range(int(amount)):
            place = len(boxes)
            there = meaning if place < free else f"{meaning} short"
            words = label if place < free else f"{label}, which are not there"
            column, row = place % IN_A_ROW, place // IN_A_ROW
            boxes.append(Block(column * PITCH + 3, row * PITCH + 3, BOX, BOX, there, words))
    columns = min(len(boxes), IN_A_ROW)
    rows = math.ceil(len(boxes) / IN_A_ROW)
    return Shelf(columns * PITCH, rows * PITCH, tuple(boxes), True, says)


def _bar(parts: Sequence[tuple[str, str, Decimal]], total: Decimal, says: str) -> Shelf:
    blocks: list[Block] = []
    x = 0.0
    for meaning, label, amount in parts:
        if amount <= 0:
            continue
        width = max(3.0, float(amount / total) * BAR_WIDTH)
        blocks.append(Block(round(x, 2), 0, round(width, 2), 46, meaning, f"{amount.normalize():f} {label}"))
        x += width
    return Shelf(round(x, 2), 46, tuple(blocks), False, says)


def hour(minutes: Sequence[Minute]) -> tuple[tuple[Block, ...], int]:
    """Bars of the last hour on a field of 10 units a minute and twice CHART_HEIGHT high, and what a full bar
    stands for."""
    most = max([4, *(minute.came_in for minute in minutes), *(minute.went_out for minute in minutes)])
    bars: list[Block] = []
    for place, minute in enumerate(minutes):
        for number, meaning, up in ((minute.came_in, "in", True), (minute.went_out, "out", False)):
            if not number:
                continue
            height = round(max(2.0, number / most * (CHART_HEIGHT - 4)), 1)
            y = CHART_HEIGHT - 1 - height if up else CHART_HEIGHT + 1
            words = f"{number} {'came in' if up else 'went out'}"
            bars.append(Block(place * 10 + 1, y, 8, height, meaning, words))
        if minute.stuck:
            bars.append(Block(place * 10 + 2, 0, 6, 6, "stuck", f"{minute.stuck} got stuck"))
    return tuple(bars), most


def strip(one: Freshness, width: int = 240, height: int = 34) -> tuple[Block, ...]:
    """Durations from 10 ms to an hour on a logarithmic scale, as thin bars."""
    most = max(number for _, number in one.spread)
    found: list[Block] = []
    for millis, number in one.spread:
        place = (math.log10(max(10, min(millis, 3_600_000))) - 1) / (math.log10(3_600_000) - 1)
        tall = round(max(3.0, math.sqrt(number / most) * height), 1)
        meaning = "fast" if millis <= one.median else "most" if millis <= one.most else "slow"
        found.append(Block(round(place * (width - 4), 1), round(height - tall, 1), 4, tall, meaning))
    return tuple(found)


def _meaning(label: str, minus: bool) -> str:
    if not minus:
        return "free"
    for word, meaning in (("bol", "bol"), ("till", "till"), ("buffer", "buffer")):
        if word in label.lower():
            return meaning
    return "other"


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < 10**9 else None
