"""A mapping tried on one order: what each field would be without it and with it. Nothing is sent anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from app.readmodel.masking import hidden
from streams.mapping.mapping import (
    Held,
    MappingInvalid,
    Outcome,
    compiled,
    customer_outcomes,
    draft_outcomes,
)
from streams.orders.customer import customer
from streams.orders.draft import draft
from streams.orders.rules import Kind, KindRules, OrderRules
from streams.orders.state import Line, items_taken
from streams.vocabulary.bol_order import BolOrder
from streams.vocabulary.money import euros_of
from streams.vocabulary.mplus_order import Customer, OrderDraft

_WORD = re.compile(r"[^\W_]{3,}")
_RELAY = "@verkopen.bol.com"
_NOBODY = ("country", "language")
"""Parts of an address that tell nobody's name or door."""


class Defaults(NamedTuple):
    """Customer and order as they would be without a mapping."""

    customer: Customer
    draft: OrderDraft
    items: tuple[str, ...]
    """The Bol item of each line; empty: of none."""


class Row(NamedTuple):
    """A field, as it is shown."""

    field: str
    """`line.text`; with its number in front where there are several lines: `2: line.text`."""
    default: str
    expression: str
    result: str
    changed: bool
    why: str = ""
    """Why it fails; the result is the default then."""


def defaults(order: BolOrder, rules: OrderRules) -> Defaults:
    """What the orders flow makes of an order, before the mapping. Articles are not looked up: lines have the fallback
    article, or 0.

    The one place that joins the trial to streams/orders."""
    kind: Kind = "FBB" if order.items and order.items[0].fulfilment == "FBB" else "FBR"
    if kind not in rules.kinds:
        rules = replace(rules, kinds={kind: next(iter(rules.kinds.values()), KindRules(branch_number=0))})
    lines = tuple(
        Line(
            item_id=item.item_id,
            ean=item.ean,
            reference=item.reference,
            wanted=item.wanted or item.quantity,
            article_number=rules.fallback_article or 0,
        )
        for item in items_taken(order, kind)
    )
    made = draft("", order.order_id, order, lines, 0, 1, kind, rules, order.placed_at)
    return Defaults(customer(order, rules.customer)[0], replace(made.draft, idempotency_key=""), made.items)


def tried(
    order: BolOrder,
    rules: OrderRules,
    more: Mapping[str, str] | None = None,
    everything: bool = False,
    personal: bool = False,
) -> list[Row]:
    """Each mapped field. `more`: expressions that are not in the settings yet, or stand there otherwise; `everything`:
    also fields that are not mapped and hold something; `personal`: who the customer is may be seen."""
    mapping = {**rules.mapping, **(more or {})}
    usable, rows = {}, []
    for name, text in mapping.items():
        try:
            compiled({name: text})
        except MappingInvalid as error:
            at = f" (character {error.place})" if error.place else ""
            rows.append(Row(name, "", text, "", False, f"{error.words}{at}"))
        else:
            usable[name] = text
    shop = msgspec.structs.replace(rules, mapping=usable)
    base = defaults(order, rules)
    mask = _Mask(order, personal)
    outcomes = [
        *customer_outcomes(base.customer, order, shop, everything),
        *draft_outcomes(base.draft, order, base.items, shop, everything),
    ]
    several = len(base.draft.lines) > 1
    return [*(mask.row(one, several) for one in outcomes), *rows]


class _Mask:
    """What may be seen of one order's outcomes."""

    def __init__(self, order: BolOrder, all_of_it: bool) -> None:
        self._all = all_of_it
        self._words = {
            word.casefold()
            for address in (order.ship_to, order.bill_to)
            for name in address.__struct_fields__
            if name not in _NOBODY
            # The domain of Bol's relay addresses is nobody's, and the word Bol would be hidden everywhere.
            for word in _WORD.findall(getattr(address, name).replace(_RELAY, ""))
        }

    def row(self, one: Outcome, several: bool) -> Row:
        """The outcome in words."""
        name = f"{one.line + 1}: {one.field.name}" if several and one.line is not None else one.field.name
        why = ""
        if one.failed is not None:
            # What it is about in full is for whoever may see it.
            with_value = f" (with {one.failed.value})" if one.failed.value else ""
            why = f"{one.failed.why}{with_value}" if self._all else one.failed.told
        return Row(
            name,
            self._shown(one, one.default),
            one.expression,
            self._shown(one, one.result),
            one.changed,
            why,
        )

    def _shown(self, one: Outcome, value: Held) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            number = str(euros_of(value)) if one.field.kind == "money" else str(value)
            # What was made of a telephone number is one.
            return "***" if self._hides(one, number) else number
        if isinstance(value, date):
            return "***" if one.field.personal and not self._all else value.isoformat()
        return hidden(value) if self._hides(one, value) else value

    def _hides(self, one: Outcome, text: str) -> bool:
        if self._all:
            return False
        if one.field.personal:
            return True
        # A mapping can put anything anywhere: words of the addresses are hidden in every field.
        return any(word in text.casefold() for word in self._words)
