"""A till event as it comes in, into typed values. Pure; lenient in everything that we do not need.

The shape is facts/mplus.md 3.4. Amounts there are euros with a point, quantities are decimals.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

import msgspec

from streams.vocabulary.time import SHOP_ZONE

MOST_LINES = 2_000
"""Lines of one session that are taken in."""
MOST_QUANTITY = Decimal(10**9)
LONGEST_ID = 100
_LONG = 2**63

SALE = "completeSession"
REFUND = "creditSession"


class NotATillEvent(Exception):
    """What came in is no till event; the text is the reason."""


class Line(NamedTuple):
    """A line with an article on it. A returned piece is negative."""

    line_id: str
    article_number: int
    quantity: Decimal


class TillEvent(NamedTuple):
    """What a till said."""

    name: str
    """`completeSession`, `creditSession`, ... ; empty: the body says nothing we know."""
    kind: Literal["sale", "refund", "other"]
    session_id: str = ""
    lines: tuple[Line, ...] = ()
    happened_at: datetime | None = None
    complaint: str = ""
    """The code of an error: the till did not like our reply and tells the event again (facts/mplus.md 3.3)."""
    left_out: int = 0
    """Lines that could not be read."""


class _Error(msgspec.Struct):
    code: str = ""


class _Event(msgspec.Struct, rename="camel"):
    event_timestamp: str = ""


class _Session(msgspec.Struct, rename="camel"):
    session_id: str = ""
    lines: list[msgspec.Raw] | None = None


class _Line(msgspec.Struct, rename="camel"):
    article_number: int | str | None = None
    quantity: Decimal | None = None
    line_id: str | int | None = None


class _Body(msgspec.Struct, rename="camel"):
    event: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    original: msgspec.Raw = msgspec.Raw()
    session: msgspec.Raw = msgspec.Raw()
    complete_session: msgspec.Raw = msgspec.Raw()
    credit_session: msgspec.Raw = msgspec.Raw()


_body = msgspec.json.Decoder(_Body)
_error = msgspec.json.Decoder(_Error)
_event = msgspec.json.Decoder(_Event)
_session = msgspec.json.Decoder(_Session)
_line = msgspec.json.Decoder(_Line)


def parse(name: str, body: bytes) -> TillEvent:
    """The event that was posted to `{endpoint}/{name}`; without a name the body tells. Raises NotATillEvent."""
    try:
        told = _body.decode(body)
        complaint = ""
        if _there(told.error):
            complaint = _error.decode(told.error).code or "error"
            told = _body.decode(told.original) if _there(told.original) else told
        name = name or _named(told)
        if name not in (SALE, REFUND):
            return TillEvent(name, "other", complaint=complaint)
        if not _there(told.session):
            if complaint:
                return TillEvent(name, "other", complaint=complaint)
            raise NotATillEvent(f"a {name} without a session")
        session = _session.decode(told.session)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise NotATillEvent(f"not the JSON of a till event: {str(error)[:200]}") from error
    if not session.session_id or len(session.session_id) > LONGEST_ID:
        raise NotATillEvent(f"a {name} without a session id")
    lines, left_out = _lines(session.lines or [])
    return TillEvent(
        name=name,
        kind="sale" if name == SALE else "refund",
        session_id=session.session_id,
        lines=lines,
        happened_at=_happened(told.event),
        complaint=complaint,
        left_out=left_out,
    )


def _there(part: msgspec.Raw) -> bool:
    return bytes(part) not in (b"", b"null")


def _named(told: _Body) -> str:
    if _there(told.complete_session):
        return SALE
    return REFUND if _there(told.credit_session) else ""


def _lines(parts: list[msgspec.Raw]) -> tuple[tuple[Line, ...], int]:
    """A line without an article (a text) is none; one that cannot be read is left out."""
    lines: list[Line] = []
    left_out = max(0, len(parts) - MOST_LINES)
    for place, part in enumerate(parts[:MOST_LINES]):
        try:
            line = _line.decode(part)
            number = int(line.article_number or 0)
            quantity = Decimal(0) if line.quantity is None else line.quantity
            if not abs(quantity) <= MOST_QUANTITY or not 0 <= number < _LONG:  # NaN raises
                raise ValueError("out of bounds")
        except (msgspec.DecodeError, RecursionError, ValueError, InvalidOperation):
            left_out += 1
            continue
        if number and quantity:
            line_id = str(line.line_id or f"#{place}")[:LONGEST_ID]
            lines.append(Line(line_id, number, quantity))
    return tuple(lines), left_out


def _happened(part: msgspec.Raw) -> datetime | None:
    """`eventTimestamp`, ISO 8601 with an offset; without one it is the shop's wall clock (facts/mplus.md 2.3)."""
    try:
        moment = datetime.fromisoformat(_event.decode(part).event_timestamp)
        return (moment if moment.tzinfo else moment.replace(tzinfo=SHOP_ZONE)).astimezone(UTC)
    except (msgspec.DecodeError, RecursionError, ValueError, OverflowError):
        return None
