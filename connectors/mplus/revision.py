"""updateOrder on the wire (facts/mplus.md 7.6). Pure.

The complete order goes back as it came, elements that we do not know too, so that nothing is lost that a newer Mplus
or another link has written on it. Only what changes is written anew, and sums that no longer fit are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from connectors.mplus import soap
from connectors.mplus.elements import ORDER
from connectors.mplus.operation import Operation, operation
from connectors.mplus.orders import Held, added_by_mplus
from connectors.mplus.reply import Node
from connectors.mplus.result import refusal
from streams.vocabulary.outcomes import Refused

CHANGED = "UPDATE-ORDER-RESULT-ORDER-HAS-CHANGED"
NO_CHANGES = "UPDATE-ORDER-RESULT-NO-CHANGES"
_SUMS = frozenset({"totalInclAmount", "totalExclAmount", "vatGroupList"})


def update(
    held: Held, quantities: Mapping[str, Decimal] | None = None, category: int | None = None
) -> Operation[Refused | None]:
    """updateOrder of what was read: these quantities by lineId (nothing left of a line: the line goes), another
    category. None: done. `versionNumber` and `changeCounter` are those that were read, so that it can be sent
    twice. A line's own parts follow it in proportion."""

    def read(answer: Node) -> Refused | None:
        refused = refusal(answer)
        return None if refused is not None and refused.code == NO_CHANGES else refused

    return operation("updateOrder", read, _order(held.whole, quantities or {}, category), kept=True)


def _order(whole: Node, quantities: Mapping[str, Decimal], category: int | None) -> str:
    stale = (_SUMS if quantities else frozenset()) | (
        {"orderCategoryNumber", "orderCategoryDescription"} if category is not None else frozenset()
    )
    named: list[tuple[str, str]] = []
    for part in whole.parts():
        if part.name == "lineList" and quantities:
            named.append((part.name, soap.tag(part.name, *_lines(part, quantities))))
        elif part.name not in stale:
            named.append((part.name, _as_it_came(part)))
    if category is not None:
        place = next(
            (place for place, (name, _) in enumerate(named) if ORDER.before("orderCategoryNumber", name)),
            len(named),
        )
        named.insert(place, ("orderCategoryNumber", soap.number("orderCategoryNumber", category)))
    return soap.tag("order", *(text for _, text in named))


def _lines(lines: Node, quantities: Mapping[str, Decimal]) -> Iterator[str]:
    ratio: Decimal | None = None
    for line in lines.parts():
        if line.name != "line":
            yield _as_it_came(line)
            continue
        if not added_by_mplus(line):
            ratio = _ratio(line, quantities)
        if ratio is None:
            yield _as_it_came(line)
        elif ratio:
            yield _line(line, ratio)


def _ratio(line: Node, quantities: Mapping[str, Decimal]) -> Decimal | None:
    """What is left of the line, as a part of what it was; None: it stays."""
    wanted = quantities.get(line.text("lineId"))
    before = _quantity(line)
    return None if wanted is None or not before else wanted / before


def _quantity(line: Node) -> Decimal:
    data = line.child("data")
    return Decimal(0) if data is None else data.amount("quantity", "decimalPlaces", 0)


def _line(line: Node, ratio: Decimal) -> str:
    parts = []
    for part in line.parts():
        if part.name == "data":
            parts.append(_data(part, _quantity(line) * ratio))
        elif part.name == "preparationList":
            below = (_line(one, ratio) if added_by_mplus(one) else _as_it_came(one) for one in part.parts())
            parts.append(soap.tag(part.name, *below))
        else:
            parts.append(_as_it_came(part))
    return soap.tag("line", *parts)


def _data(data: Node, quantity: Decimal) -> str:
    parts = [soap.amount("quantity", "decimalPlaces", quantity)]
    parts += [
        _as_it_came(part)
        for part in data.parts()
        if part.name not in _SUMS and part.name not in ("quantity", "decimalPlaces")
    ]
    return soap.tag("data", *parts)


def _as_it_came(node: Node) -> str:
    inner = "".join(_as_it_came(part) for part in node.parts())
    return soap.tag(node.name, inner) if inner else soap.text(node.name, node.written())
