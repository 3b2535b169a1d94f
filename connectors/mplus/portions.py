"""How much of an order is to be delivered or to go, line by line. Pure.

Lines that Mplus added by itself (parts of a composed article) follow theirs at Mplus: none of it is about them. A line
of a credit has a negative quantity; it is counted apart from those that are sold.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from streams.vocabulary.mplus_order import Moved, MplusOrder, MplusOrderLine

_NONE = Decimal(0)
Key = tuple[int, bool]
"""An article, and whether it comes back."""


def own_lines(order: MplusOrder) -> list[MplusOrderLine]:
    """The lines that are nobody's part; a text without an article is none either."""
    return [line for line in order.lines if line.article_number > 0 and not line.component]


def open_of(line: MplusOrderLine) -> Decimal:
    """Neither delivered nor cancelled: negative at a credit, and never beyond nothing."""
    rest = line.quantity - line.delivered - line.cancelled
    return rest if rest * line.quantity > 0 else _NONE


def to_deliver(order: MplusOrder, due: Iterable[Moved]) -> dict[str, Decimal]:
    """By lineId what is to be delivered now, so that in all `due` of each article is (nothing named: all that is
    open); never more than is open."""
    lines = own_lines(order)
    named = list(due)
    if not named:
        return {line.line_id: open_of(line) for line in lines if open_of(line)}
    missing = _totals(named)
    for line in lines:
        if _key(line) in missing:
            missing[_key(line)] -= abs(line.delivered)
    portions: dict[str, Decimal] = {}
    for line in lines:
        some = min(abs(open_of(line)), missing.get(_key(line), _NONE))
        if some > 0:
            missing[_key(line)] -= some
            portions[line.line_id] = some.copy_sign(line.quantity)
    return portions


def to_shrink(order: MplusOrder, left: Iterable[Moved]) -> dict[str, Decimal]:
    """By lineId the smaller quantity, so that `left` of each article stays wanted (one that is not named: none). What
    was delivered or is cancelled already stays on the line; the last lines give first."""
    wanted = _totals(left)
    surplus: dict[Key, Decimal] = {}
    for line in own_lines(order):
        surplus[_key(line)] = surplus.get(_key(line), _NONE) + abs(line.quantity - line.cancelled)
    for key in surplus:
        surplus[key] -= wanted.get(key, _NONE)
    smaller: dict[str, Decimal] = {}
    for line in reversed(own_lines(order)):
        some = min(abs(open_of(line)), surplus[_key(line)])
        if some > 0:
            surplus[_key(line)] -= some
            smaller[line.line_id] = line.quantity - some.copy_sign(line.quantity)
    return smaller


def all_goes(order: MplusOrder, smaller: dict[str, Decimal]) -> bool:
    """Whether nothing was delivered and all that is open goes: the order can be cancelled as a whole."""
    lines = own_lines(order)
    return not any(line.delivered for line in lines) and all(
        line.line_id in smaller and smaller[line.line_id] == line.cancelled for line in lines if open_of(line)
    )


def _key(line: MplusOrderLine) -> Key:
    return line.article_number, line.quantity < 0


def _totals(moved: Iterable[Moved]) -> dict[Key, Decimal]:
    totals: dict[Key, Decimal] = {}
    for one in moved:
        key = one.article_number, one.quantity < 0
        totals[key] = totals.get(key, _NONE) + abs(one.quantity)
    return totals
