"""A shop's mapping put to work: from the customer and order as they would be to those that the shop wants. Pure.

    customer = mapped_customer(customer, order, rules)
    draft = mapped_draft(draft, order, items, rules)

A result that is nothing (a field that Bol left empty, a table without that entry) keeps what the field would be anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from streams.mapping.document import clean, document, euros, item_document, line_document
from streams.mapping.fields import FIELDS, LONGEST, Field, NoSuchField, Scope, field_named
from streams.mapping.functions import (
    EMPTY,
    NAMES,
    Misused,
    Tables,
    day_given,
    euros_given,
    functions,
    moment_given,
    shown,
)
from streams.mapping.language import (
    Document,
    ExpressionFailed,
    ExpressionInvalid,
    Function,
    check,
    evaluated,
)
from streams.orders.rules import OrderRules
from streams.vocabulary.activity import masked
from streams.vocabulary.bol_order import BolOrder
from streams.vocabulary.money import cents_of
from streams.vocabulary.mplus_order import Customer, Extra, OrderDraft, OrderLine, PostalAddress

Held = str | int | bool | date | None
"""What a field holds at our side: money in cents, a moment as ISO text."""
MOST_WHOLE = 2**31
_PERSON = re.compile(r"Details|\$\$|\*|\$(?![A-Za-z_])")
"""In an expression: it looks at a person, or may."""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_LONG_NUMBER = re.compile(r"[0-9]{3,}")
_FEW_DIGITS = re.compile(r"[0-9]{1,4}")
"""A house number or a Belgian postal code: nobody is known by it, and every other number looks like it."""
_PATH = re.compile(r"(?<![\w$.'\"])[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?![\w'\"(])")
_TABLE = re.compile(r"""\$table\(\s*["']([^"']*)["']""")
_SHOWN = 120
_TEXTS_SHOWN = 3


class MappingInvalid(ValueError):
    """A mapping that cannot be used at all: `words` are the language's own, `place` the character of the expression
    (from 1; 0: it is not about a place)."""

    def __init__(self, field: str, expression: str, words: str, place: int = 0) -> None:
        at = f", character {place}" if place else ""
        super().__init__(f"{field}: {_cut(expression)!r}{at}: {words}")
        self.field = field
        self.expression = expression
        self.words = words
        self.place = place


class MappingFailed(ValueError):
    """A mapping that gives nothing usable for one order. `str()` is a sentence for people with personal data masked;
    `told` is its reason alone, masked too; `value` (the result, or what the expression looked at) and `why` are not
    masked."""

    def __init__(self, field: str, expression: str, value: str, why: str, told: str) -> None:
        super().__init__(f"The mapping of {field} fails: {_cut(expression)!r}: {told}.")
        self.told = told
        self.field = field
        self.expression = expression
        self.value = value
        self.why = why


class Expression(NamedTuple):
    """One field's."""

    field: Field
    text: str


class CompiledMapping(NamedTuple):
    """A mapping that can be used: the expressions of each scope."""

    relation: tuple[Expression, ...] = ()
    order: tuple[Expression, ...] = ()
    line: tuple[Expression, ...] = ()


class Outcome(NamedTuple):
    """What came of one field."""

    field: Field
    expression: str
    """Empty: the field is not mapped."""
    default: Held
    result: Held
    """The default where the expression gave nothing, or failed."""
    failed: MappingFailed | None = None
    line: int | None = None
    """Of `line.*`: which line, from 0."""

    @property
    def changed(self) -> bool:
        """Whether the mapping makes a difference."""
        return self.result != self.default or type(self.result) is not type(self.default)


def compiled(expressions: Mapping[str, str]) -> CompiledMapping:
    """Field -> expression, checked. Raises MappingInvalid naming the first field that cannot be."""
    return _compiled(tuple(expressions.items()))


@lru_cache(maxsize=64)
def _compiled(pairs: tuple[tuple[str, str], ...]) -> CompiledMapping:
    found: dict[Scope, list[Expression]] = {"relation": [], "order": [], "line": []}
    for name, text in pairs:
        try:
            field = field_named(name)
            check(text, NAMES)
        except NoSuchField as error:
            raise MappingInvalid(name, text, str(error)) from None
        except ExpressionInvalid as error:
            raise MappingInvalid(name, text, error.words, error.place) from None
        found[field.scope].append(Expression(field, text))
    return CompiledMapping(*(tuple(found[scope]) for scope in ("relation", "order", "line")))


def mapping_problems(expressions: Mapping[str, str], tables: Tables) -> list[str]:
    """All that is wrong with a mapping before any order is there, a line each: `order.reference: ...`."""
    found = []
    for name, text in expressions.items():
        try:
            compiled({name: text})
        except MappingInvalid as error:
            found.append(str(error))
            continue
        missing = dict.fromkeys(table for table in _TABLE.findall(text) if table not in tables)
        found += [
            f"{name}: {_cut(text)!r}: there is no table {table!r} in orders.tables" for table in missing
        ]
    return found


# -- the orders flow calls these two


def mapped_customer(customer: Customer, order: BolOrder, rules: OrderRules) -> Customer:
    """The relation's fields with `relation.*` of the mapping. Raises MappingFailed."""
    if not _usable(rules).relation:
        return customer
    changes, extra = _changes(customer_outcomes(customer, order, rules))
    return msgspec.structs.replace(customer, **changes, extra={**customer.extra, **extra})


def mapped_draft(draft: OrderDraft, order: BolOrder, items: tuple[str, ...], rules: OrderRules) -> OrderDraft:
    """The order with `order.*` and `line.*` of the mapping. `items[i]` is the Bol item of `draft.lines[i]`, `` for a
    line that is no item (its expressions find no `item`). Raises MappingFailed, and ValueError where `items` and lines
    are not as many.

    A payment of the whole sum stays one of the whole sum where `line.price` changes it."""
    mapping = _usable(rules)
    if not mapping.order and not mapping.line:
        return draft
    top: list[Outcome] = []
    parts: dict[str, list[Outcome]] = {"deliver_to": [], "invoice_to": []}
    by_line: dict[int, list[Outcome]] = {}
    for one in draft_outcomes(draft, order, items, rules):
        if one.line is not None:
            by_line.setdefault(one.line, []).append(one)
        else:
            parts.get(one.field.part, top).append(one)
    changes, extra = _changes(top)
    for part, outcomes in parts.items():
        changes[part] = msgspec.structs.replace(getattr(draft, part), **_changes(outcomes)[0])
    lines = tuple(_line_with(line, by_line.get(at, [])) for at, line in enumerate(draft.lines))
    before, after = _sum(draft.lines), _sum(lines)
    payments = tuple(
        msgspec.structs.replace(one, cents=after) if one.cents == before else one for one in draft.payments
    )
    return msgspec.structs.replace(
        draft, **changes, lines=lines, payments=payments, extra={**draft.extra, **extra}
    )


def _usable(rules: OrderRules) -> CompiledMapping:
    """The settings are checked when they are read; should they not have been, an order waits and says why."""
    try:
        return compiled(rules.mapping)
    except MappingInvalid as error:
        at = f" (character {error.place})" if error.place else ""
        raise MappingFailed(
            error.field, error.expression, "", error.words, f"it cannot be used: {error.words}{at}"
        ) from None


def _line_with(line: OrderLine, outcomes: list[Outcome]) -> OrderLine:
    changes, extra = _changes(outcomes)
    return msgspec.structs.replace(line, **changes, extra={**line.extra, **extra})


def _sum(lines: tuple[OrderLine, ...]) -> int:
    return sum(line.price_cents * line.quantity for line in lines)


def _changes(outcomes: Iterator[Outcome] | list[Outcome]) -> tuple[dict[str, Any], dict[str, Extra]]:
    slots: dict[str, Any] = {}
    extra: dict[str, Extra] = {}
    for one in outcomes:
        if one.failed is not None:
            raise one.failed
        if not one.changed:
            continue
        if one.field.slot:
            slots[one.field.slot] = one.result
        elif one.result is not None:
            extra[one.field.key] = one.result.isoformat() if isinstance(one.result, date) else one.result
    return slots, extra


# -- field by field, without stopping: `kassabrug map try`


def customer_outcomes(
    customer: Customer, order: BolOrder, rules: OrderRules, everything: bool = False
) -> Iterator[Outcome]:
    """`relation.*`, one by one; with `everything` also fields that are not mapped and hold something."""
    expressions = compiled(rules.mapping).relation
    seen = document(order)
    own = functions(rules.tables, seen["country"])
    for expression in _in_order("relation", expressions, everything):
        default = _held(expression.field, customer)
        if expression.text or default not in (None, ""):
            yield _outcome(expression, default, seen, own)


def draft_outcomes(
    draft: OrderDraft, order: BolOrder, items: tuple[str, ...], rules: OrderRules, everything: bool = False
) -> Iterator[Outcome]:
    """`order.*` and then `line.*` of each line. Raises ValueError where `items` and lines are not as many."""
    if len(items) != len(draft.lines):
        raise ValueError(f"{len(draft.lines)} lines, and {len(items)} say which item they are of")
    mapping = compiled(rules.mapping)
    by_id = {item.item_id: item for item in order.items}
    seen = document(order)
    # An order with items of both kinds becomes two: it is the kind of this one.
    seen["kind"] = next((clean(by_id[one].fulfilment) for one in items if one in by_id), seen["kind"])
    own = functions(rules.tables, seen["country"])
    for expression in _in_order("order", mapping.order, everything):
        part = expression.field.part
        default = _held(expression.field, getattr(draft, part) if part else draft)
        if expression.text or default not in (None, ""):
            yield _outcome(expression, default, seen, own)
    for at, (line, item_id) in enumerate(zip(draft.lines, items, strict=True)):
        at_line = {**seen, "line": line_document(line)}
        if item_id in by_id:
            at_line["item"] = item_document(by_id[item_id])
        for expression in _in_order("line", mapping.line, everything):
            default = _held(expression.field, line)
            if expression.text or default not in (None, ""):
                yield _outcome(expression, default, at_line, own)._replace(line=at)


def _in_order(scope: Scope, expressions: tuple[Expression, ...], everything: bool) -> tuple[Expression, ...]:
    if not everything:
        return expressions
    mapped = {one.field.name: one for one in expressions}
    fields = [field for field in FIELDS.values() if field.scope == scope]
    unnamed = [one for name, one in mapped.items() if name not in FIELDS]
    return (*(mapped.get(field.name, Expression(field, "")) for field in fields), *unnamed)


def _held(field: Field, holder: Customer | OrderDraft | OrderLine | PostalAddress) -> Held:
    """What a field is without a mapping."""
    if field.slot:
        held: Held = getattr(holder, field.slot)
        return held
    if isinstance(holder, PostalAddress):
        return None
    return holder.extra.get(field.key)


def _outcome(expression: Expression, default: Held, seen: Document, own: Mapping[str, Function]) -> Outcome:
    field, text = expression
    if not text:
        return Outcome(field, text, default, default)
    at = {**seen, "default": _told(field, default)}
    result: Any = None
    try:
        result = evaluated(text, at, own)
        return Outcome(field, text, default, _taken(field, result, default))
    except (ExpressionFailed, Misused) as error:
        value = _looked_at(text, at) if result is None else shown(result)
        failed = _failure(field, text, value, str(error), at)
        return Outcome(field, text, default, default, failed)


def _told(field: Field, default: Held) -> Any:
    """The default as an expression sees it."""
    if isinstance(default, date):
        return default.isoformat()
    if field.kind == "money" and isinstance(default, int):
        return euros(default)
    return clean(default) if isinstance(default, str) else default


# -- what an expression gave, checked


def _taken(field: Field, result: Any, default: Held) -> Held:
    """The result as the field holds it. Raises Misused."""
    if result is None or result in ("", [], {}):
        return default
    if isinstance(result, dict | list):
        raise Misused("it gives an object or a list; a field takes one value")
    if result == EMPTY and field.kind not in ("text", "any"):
        raise Misused("only a text can be left empty")
    match field.kind:
        case "text":
            return _text(field, result)
        case "any":
            return result if isinstance(result, bool | int) else _text(field, result)
        case "whole":
            return _whole(result)
        case "flag":
            return _flag(result)
        case "date":
            return day_given(result)
        case "moment":
            return moment_given(result).isoformat()
        case "money":
            return cents_of(euros_given(result))


def _text(field: Field, result: Any) -> str:
    if isinstance(result, bool):
        raise Misused("it gives true or false; the field takes a text")
    if isinstance(result, float) and not isfinite(result):
        raise Misused("it gives a number without an end (something is divided by 0)")
    text = result if isinstance(result, str) else f"{result:.15g}"
    text = text.replace(EMPTY, "").strip()
    longest = LONGEST if field.longest is None else field.longest
    if len(text) > longest:
        raise Misused(
            f"it is {len(text)} characters long; the field takes {longest}: $shorten(..., {longest})"
        )
    if field.words and text not in field.words:
        raise Misused(f"the field takes one of {', '.join(field.words)}")
    return text


def _whole(result: Any) -> int:
    if isinstance(result, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", result):
        result = int(result)
    if isinstance(result, bool) or not isinstance(result, int | float) or result != result // 1:
        raise Misused("the field takes a whole number")
    if not -MOST_WHOLE <= result < MOST_WHOLE:
        raise Misused("the number is larger than the field takes")
    return int(result)


def _flag(result: Any) -> bool:
    if isinstance(result, str):
        result = {"true": True, "false": False}.get(result.strip().lower())
    if not isinstance(result, bool):
        raise Misused("the field takes true or false")
    return result


# -- in words


def _failure(field: Field, text: str, value: str, why: str, at: Document) -> MappingFailed:
    told, reason = value, why
    if field.personal or _PERSON.search(text):
        told = _LONG_NUMBER.sub("***", _QUOTED.sub(_masked, value))
        reason = _QUOTED.sub(_masked, why)
    reason = _impersonal(reason, at)
    with_value = f" (with {_impersonal(told, at)})" if told else ""
    return MappingFailed(field.name, text, value, why, f"{reason.rstrip('.')}{with_value}")


def _masked(quoted: re.Match[str]) -> str:
    return f"'{masked(quoted.group()[1:-1])}'"


def _impersonal(text: str, at: Document) -> str:
    """Without who and where, wherever they were quoted."""
    personal = {
        value
        for details in (at["shipmentDetails"], at["billingDetails"])
        for name, value in details.items()
        if name not in ("countryCode", "language") and len(value) > 2 and not _FEW_DIGITS.fullmatch(value)
    }
    for value in sorted(personal, key=len, reverse=True):
        text = re.sub(re.escape(value), lambda found: masked(found.group()), text, flags=re.IGNORECASE)
    return text


def _looked_at(text: str, at: Document) -> str:
    """What the expression's paths hold, as far as they are plain ones."""
    found: list[str] = []
    for path in dict.fromkeys(_PATH.findall(text)):
        value: Any = at
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, dict | list):
            found.append(f"{path} = {value!r}")
    return _cut(", ".join(found[:_TEXTS_SHOWN]))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
