"""Bol's returns into our words. Pure. Shapes: `ReturnsResponse` and `Return` of bol-retailer-v10.

What a customer writes about his return is personal and is read nowhere; it is blotted out of the raw answers too.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from connectors.bol.wire import MOST_UNITS, Unreadable, Wire, identifier, line, read
from streams.vocabulary.events import ReturnItem, ReturnNoticed
from streams.vocabulary.time import utc

LONGEST_REASON = 200
_COMMENTS = re.compile(rb'("customerComments"\s*:\s*")(?:[^"\\]|\\.)*', re.DOTALL)


class _Reason(Wire, frozen=True):
    main_reason: str | None = None
    detailed_reason: str | None = None


class _Result(Wire, frozen=True):
    quantity: int = 0
    handling_result: str | None = None
    processing_date_time: str | None = None


class _Item(Wire, frozen=True):
    rma_id: str
    order_id: str
    ean: str | None = None
    expected_quantity: int = 1
    return_reason: _Reason | None = None
    handled: bool = False
    processing_results: list[_Result] | None = None


class _Return(Wire, frozen=True):
    return_id: str
    return_items: list[_Item]
    registration_date_time: str | None = None
    fulfilment_method: str = "FBR"


class _List(Wire, frozen=True):
    returns: list[_Return] | None = None


class Returned(NamedTuple):
    """A return and its id."""

    return_id: str
    noticed: ReturnNoticed


def listed(body: bytes, asked_at: datetime) -> list[Returned]:
    """`ReturnsResponse`: one page; empty after the last one. Raises Unreadable."""
    return [_returned(one, asked_at) for one in read(body, _List).returns or []]


def returned(body: bytes, asked_at: datetime) -> Returned:
    """`Return`. Raises Unreadable."""
    return _returned(read(body, _Return), asked_at)


def without_comments(body: bytes) -> bytes:
    """An answer about returns with what customers wrote left out, also where it is cut short; the rest as it came."""
    return _COMMENTS.sub(rb"\1", body)


def _returned(wire: _Return, asked_at: datetime) -> Returned:
    return Returned(
        identifier(wire.return_id, "return"),
        ReturnNoticed(
            registered_at=_moment(wire.registration_date_time) or asked_at,
            fulfilment=wire.fulfilment_method,
            items=tuple(_item(one) for one in wire.return_items),
        ),
    )


def _item(wire: _Item) -> ReturnItem:
    rma_id = identifier(wire.rma_id, "return item")
    if not 0 <= wire.expected_quantity <= MOST_UNITS:
        raise Unreadable(f"Bol's answer has a quantity of {wire.expected_quantity} in return item {rma_id}")
    reason = wire.return_reason or _Reason()
    last = _last(wire.processing_results or [])
    told = (line(one, LONGEST_REASON) for one in (reason.main_reason, reason.detailed_reason))
    parts = dict.fromkeys(filter(None, told))
    return ReturnItem(
        rma_id=rma_id,
        order_id=identifier(wire.order_id, "order"),
        ean=wire.ean or "",
        expected=wire.expected_quantity,
        reason=": ".join(parts),
        handled=wire.handled,
        handled_as=last.handling_result or "",
        handled_quantity=min(MOST_UNITS, max(0, last.quantity)),
    )


def _last(results: list[_Result]) -> _Result:
    """The newest result; of those without a moment, the one that stands last."""
    if not results:
        return _Result()
    dated = [(_moment(one.processing_date_time), place) for place, one in enumerate(results)]
    known = [(moment, place) for moment, place in dated if moment is not None]
    return results[max(known)[1] if known else -1]


def _moment(text: str | None) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(text or ""))
    except (ValueError, OverflowError):
        return None
