"""What a row is and what it would be: field by field, and which calls to vendors it would make. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from app.replay.folding import Deed
from streams.codec import mark_of
from streams.flow import Row
from streams.vocabulary.effects import (
    CancelBolItem,
    CancelMplusOrder,
    CommitOrder,
    CreateRelation,
    DeliverMplusOrder,
    Effect,
    HandleBolReturn,
    PayMplusOrder,
    PushOffer,
    SetMplusCategory,
    SetMplusStock,
    ShipBolItems,
    UpdateRelation,
)
from streams.vocabulary.events import (
    BolWriteBegun,
    MplusOrderPaid,
    MplusOrderRead,
    MplusStockSet,
    OfferPushed,
    OrderCommitted,
    RelationSaved,
)

NOT_THERE = "(nothing)"
REASONS = {
    "stock": frozenset({"cause", "cause_at", "pushes", "movements"}),
    "sweeps": frozenset({"branches", "stock_mark", "articles_read"}),
}
"""Fields that only say why a row is as it is, or under which settings the bridge was last started: alone they are no
difference."""


def reason(flow: str, field: str) -> bool:
    """Whether the field (as `changes` names it) is one of those, or within one."""
    names = REASONS.get(flow, frozenset())
    return field.partition("[")[0].partition(".")[0] in names or field.rpartition(".")[2] in names


class Change(NamedTuple):
    """One field."""

    field: str
    before: str
    after: str


class Difference(NamedTuple):
    """One entity whose row would be another."""

    flow: str
    key: str
    basis: int
    """What the live row had applied."""
    changes: tuple[Change, ...]
    calls: tuple[str, ...]
    """Effects that the rebuilt row asks for and the live one does not, in words."""
    row: bytes
    """The rebuilt row; empty: it would be gone."""


def leaves(node: Any, path: str = "") -> dict[str, str]:
    """A tree as `path: value`; items of lists are named by what identifies them, so that a new one in front does not
    change all the others."""
    if isinstance(node, Mapping):
        found: dict[str, str] = {}
        for name, value in node.items():
            found |= leaves(value, f"{path}.{name}" if path else str(name))
        return found or ({path: "{}"} if path else {})
    if isinstance(node, list | tuple):
        found = {}
        for number, value in enumerate(node):
            found |= leaves(value, f"{path}[{_name(value, number)}]")
        return found
    return {path: "null" if node is None else str(node)}


def _name(value: Any, number: int) -> str:
    if isinstance(value, Mapping):
        for name in ("offer_id", "key", "item_id", "code", "branch", "name", "id"):
            if value.get(name) not in (None, ""):
                return f"{name}={value[name]}"
    return str(number)


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """Of two states (structs or None), field by field."""
    if before == after:
        return ()
    old = leaves(msgspec.to_builtins(before)) if before is not None else {}
    new = leaves(msgspec.to_builtins(after)) if after is not None else {}
    return tuple(
        Change(name, old.get(name, NOT_THERE), new.get(name, NOT_THERE))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def _holds(pushed: Sequence[OfferPushed], effect: PushOffer) -> bool:
    """Whether all that the effect would write is what was written last."""
    last = pushed[-1]
    prices = [one.price_cents for one in pushed if one.price_cents is not None]
    holds = [one.on_hold for one in pushed if one.on_hold is not None]
    return (
        (last.amount, last.managed) == (effect.amount, effect.managed)
        and (effect.price_cents is None or prices[-1:] == [effect.price_cents])
        and (effect.on_hold is None or holds[-1:] == [effect.on_hold])
    )


def done(effect: Effect, deeds: Sequence[Deed]) -> bool:
    """Whether the vendor has done this already, as far as its recorded answers tell: then it is not done again.

    An order is committed once, whatever its draft: a second one would be another order. A customer is saved when the
    very same fields were. A shipment is told to Bol once, whichever transporter it would have now, and a cancellation
    once, whatever the reason; what Bol did not do in the end is asked with the failed process in `known`, which is
    another asking. A payment is made once under its key. Deliveries and cancellations in Mplus name totals: those that
    were reached are. An order has the status that it was given last.
    """
    match effect:
        case PushOffer():
            pushed = [
                one.outcome
                for one in deeds
                if isinstance(one.outcome, OfferPushed) and one.outcome.offer_id == effect.offer_id
            ]
            return bool(pushed) and _holds(pushed, effect)
        case SetMplusStock():
            stocked = [
                one.outcome
                for one in deeds
                if isinstance(one.outcome, MplusStockSet)
                and (one.outcome.article_number, one.outcome.branch) == (effect.article_number, effect.branch)
            ]
            return bool(stocked) and stocked[-1].amount == effect.amount
        case CommitOrder():
            return any(
                isinstance(one.outcome, OrderCommitted) and not _of_another_order(one, effect)
                for one in deeds
            )
        case CreateRelation() | UpdateRelation():
            return any(isinstance(one.outcome, RelationSaved) and _asked(one, effect) for one in deeds)
        case ShipBolItems():
            return _begun(effect, deeds, "order_id", "reference", "known")
        case CancelBolItem():
            return _begun(effect, deeds, "order_id", "item_id", "known")
        case HandleBolReturn():
            return _begun(effect, deeds, "return_id", "rma_id", "result", "quantity")
        case PayMplusOrder():
            return any(
                isinstance(one.outcome, MplusOrderPaid) and _alike(one, effect, "order_id", "key")
                for one in deeds
            )
        case DeliverMplusOrder():
            return any(_read(one) and _alike(one, effect, "order_id", "due") for one in deeds)
        case CancelMplusOrder():
            return any(_read(one) and _alike(one, effect, "order_id", "left") for one in deeds)
        case SetMplusCategory():
            given = [one for one in deeds if _read(one) and isinstance(one.effect, SetMplusCategory)]
            return bool(given) and _alike(given[-1], effect, "order_id", "category")
        case _:
            return False


def _begun(effect: Effect, deeds: Sequence[Deed], *fields: str) -> bool:
    return any(isinstance(one.outcome, BolWriteBegun) and _alike(one, effect, *fields) for one in deeds)


def _read(deed: Deed) -> bool:
    return isinstance(deed.outcome, MplusOrderRead) and deed.outcome.order is not None


def _of_another_order(deed: Deed, effect: CommitOrder) -> bool:
    """A return's row books several: a credit for each of its items. What is not known to be another's is this one's,
    for an order too few is seen and one too many is not."""
    asked = deed.effect
    return isinstance(asked, CommitOrder) and asked.draft.ext_order_id != effect.draft.ext_order_id


def _alike(deed: Deed, effect: Effect, *fields: str) -> bool:
    """Whether the same was asked then, as far as these fields tell."""
    if type(deed.effect) is type(effect):
        return all(getattr(deed.effect, name) == getattr(effect, name) for name in fields)
    return bool(deed.mark) and deed.mark == mark_of(effect)


def _asked(deed: Deed, effect: Effect) -> bool:
    return deed.mark == mark_of(effect) if deed.mark else deed.effect == effect


def without_done(row: Row[Any], deeds: Sequence[Deed], live: Row[Any] | None) -> Row[Any]:
    """The row without the asking for what was done; what the live row asks for too stays that one's."""
    asked = {name: one.effect for name, one in live.open.items()} if live else {}
    kept = {
        name: one
        for name, one in row.open.items()
        if asked.get(name) == one.effect or not done(one.effect, deeds)
    }
    return row if len(kept) == len(row.open) else msgspec.structs.replace(row, open=kept)


def calls(live: Row[Any] | None, rebuilt: Row[Any] | None) -> tuple[Effect, ...]:
    """What the rebuilt row asks of the vendors and the live one does not."""
    asked = {name: one.effect for name, one in live.open.items()} if live else {}
    wanted = {name: one.effect for name, one in rebuilt.open.items()} if rebuilt else {}
    return tuple(effect for name, effect in sorted(wanted.items()) if asked.get(name) != effect)


def said(effect: Effect) -> str:
    """A call in words; fields as they are, for the masking of who prints it."""
    fields = msgspec.to_builtins(effect)
    name = fields.pop("is", type(effect).__name__)
    return f"{name} {msgspec.json.encode(fields).decode()}" if fields else str(name)
