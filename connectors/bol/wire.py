"""Bol's JSON into our words, but for orders (orders.py), offers (offers.py), shipments (shipments.py), returns
(returns.py) and what lies at Bol (inventory.py). Pure. What we do not need is not looked at.

Shapes: contracts/bol-retailer-v10.openapi.json and bol-shared-v10. A missing optional field is
empty; a field of the wrong type, or an id that nothing can be addressed by, is an `Unreadable` answer.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from streams.vocabulary.events import ProcessStatus

T = TypeVar("T")

LONGEST_WORDS = 500
"""Characters of an error message that are kept."""
MOST_UNITS = 1_000_000
"""More units than this are rubbish."""
_IDENTIFIER = re.compile(r"[!-~]{1,64}\Z")


class Unreadable(Exception):
    """An answer that is not what the contract says; the text is the reason, without personal data."""


class Wire(msgspec.Struct, rename="camel", frozen=True):
    """A shape of Bol's; fields in camelCase."""


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


def line(text: str | None, longest: int) -> str:
    """One line of at most so many characters, safe on a terminal."""
    shown = "".join(one if one.isprintable() else " " for one in (text or "")[: 2 * longest])
    return " ".join(shown.split())[:longest]
