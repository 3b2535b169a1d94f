"""Bol's JSON into our words, but for orders (orders.py), shipments (shipments.py) and returns (returns.py). Pure. What
we do not need is not looked at.

Shapes: contracts/bol-retailer-v10.openapi.json, bol-shared-v10 and bol-offers-v11. A missing optional field is
empty; a field of the wrong type, or an id that nothing can be addressed by, is an `Unreadable` answer.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TypeVar

import msgspec

from streams.vocabulary.events import OfferSeen, ProcessStatus

T = TypeVar("T")

LONGEST_CURSOR = 4096
LONGEST_WORDS = 500
"""Characters of an error message that are kept."""
MOST_UNITS = 1_000_000
"""More units than this are rubbish."""
_IDENTIFIER = re.compile(r"[!-~]{1,64}\Z")


class Unreadable(Exception):
    """An answer that is not what the contract says; the text is the reason, without personal data."""


class Wire(msgspec.Struct, rename="camel", frozen=True):
    """A shape of Bol's; fields in camelCase."""


class _Stock(Wire, frozen=True):
    amount: int | None = None
    managed_by_retailer: bool | None = None


class _Fulfilment(Wire, frozen=True):
    method: str = "FBR"


class _Offer(Wire, frozen=True):
    offer_id: str
    ean: str | None = None
    reference: str | None = None
    stock: _Stock | None = None
    fulfilment: _Fulfilment | None = None


class _Page(Wire, frozen=True):
    next_cursor: str | None = None


class _Offers(Wire, frozen=True):
    offers: list[_Offer] | None = None
    page: _Page | None = None


class _Status(Wire, frozen=True):
    process_status_id: str | None = None
    entity_id: str | None = None
    event_type: str | None = None
    status: str = "PENDING"
    error_message: str | None = None


class _Statuses(Wire, frozen=True):
    process_statuses: list[_Status] | None = None


class Subscription(Wire, frozen=True):
    """One of the account's subscriptions."""

    id: str
    url: str = ""
    resources: list[str] = msgspec.field(default_factory=list)
    subscription_type: str = "WEBHOOK"
    enabled: bool | None = None


class _Subscriptions(Wire, frozen=True):
    subscriptions: list[Subscription] | None = None


class SignatureKey(Wire, frozen=True):
    """A key that pushes are signed with; `public_key`: base64 of the DER."""

    id: str
    public_key: str
    type: str = "RSA"


class _Keys(Wire, frozen=True):
    signature_keys: list[SignatureKey] | None = None


def offers(body: bytes, asked_at: datetime) -> tuple[list[OfferSeen], str]:
    """`OfferListResponse`: the offers of one page and the next cursor ("": the last page). Raises Unreadable."""
    wire = read(body, _Offers)
    cursor = (wire.page.next_cursor if wire.page else None) or ""
    if len(cursor) > LONGEST_CURSOR:
        raise Unreadable("Bol's answer has a cursor that is too long")
    return [_seen(one, asked_at) for one in wire.offers or []], cursor


def offer(body: bytes, asked_at: datetime) -> OfferSeen:
    """`OfferResponse`. Raises Unreadable."""
    return _seen(read(body, _Offer), asked_at)


def _seen(wire: _Offer, asked_at: datetime) -> OfferSeen:
    stock = wire.stock or _Stock()
    amount = stock.amount or 0
    if abs(amount) > 1000 * MOST_UNITS:
        raise Unreadable(f"Bol's answer has the amount {amount} on an offer")
    return OfferSeen(
        offer_id=identifier(wire.offer_id, "offer"),
        ean=wire.ean or "",
        reference=wire.reference or "",
        amount=amount,
        managed_by_retailer=stock.managed_by_retailer is not False,
        fulfilment=wire.fulfilment.method if wire.fulfilment else "FBR",
        read_at=asked_at,
    )


def statuses(body: bytes) -> tuple[ProcessStatus, ...]:
    """`ProcessStatusResponse`; a status without an id is passed over. Raises Unreadable."""
    found = read(body, _Statuses).process_statuses or []
    return tuple(_status(one) for one in found if one.process_status_id)


def status(body: bytes) -> ProcessStatus:
    """`ProcessStatus`. Raises Unreadable."""
    return _status(read(body, _Status))


def _status(wire: _Status) -> ProcessStatus:
    return ProcessStatus(
        process_id=identifier(wire.process_status_id or "", "process status"),
        status=wire.status,
        event_type=wire.event_type or "",
        entity_id=wire.entity_id or "",
        error=(wire.error_message or "")[:LONGEST_WORDS],
    )


def accepted(body: bytes) -> str:
    """The id of the process that a 202 tells of; "" where it tells none. Raises Unreadable."""
    return read(body, _Status).process_status_id or ""


def subscriptions(body: bytes) -> list[Subscription]:
    """`SubscriptionsResponse`. Raises Unreadable."""
    return read(body, _Subscriptions).subscriptions or []


def keys(body: bytes) -> list[SignatureKey]:
    """`KeySetResponse`. Raises Unreadable."""
    return read(body, _Keys).signature_keys or []


def read(body: bytes, kind: type[T]) -> T:
    """The body as this shape. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Unreadable(f"Bol's answer is not what the contract says ({error})") from error


def identifier(text: str, what: str) -> str:
    """`text` as an id: it goes into keys, paths and texts. Raises Unreadable on anything but up to 64 printable
    characters of ASCII without a space."""
    if _IDENTIFIER.match(text) is None:
        raise Unreadable(f"Bol gave no {what} id that can be used ({text[:40]!r})")
    return text
