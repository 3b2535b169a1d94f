"""A till event, as it lies on `mplus.webhooks`, into events. Pure (streams/translation.py)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from streams.codec import Unreadable
from streams.log.base import Record, header
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Message, StockDoubted, TillSold
from streams.vocabulary.time import moment_of, utc

LINES = 2_000
"""Lines of one session that are taken in."""


class _Line(msgspec.Struct, rename="camel"):
    line_id: str = ""
    article_number: int = 0
    quantity: Decimal = Decimal(0)


class _Session(msgspec.Struct, rename="camel"):
    session_id: str
    lines: list[_Line] = []


class _Event(msgspec.Struct, rename="camel"):
    event_timestamp: datetime | None = None


class _Push(msgspec.Struct):
    session: _Session
    event: _Event | None = None


class _Trouble(msgspec.Struct):
    code: str = ""


class _Told(msgspec.Struct):
    error: _Trouble | None = None


_push = msgspec.json.Decoder(_Push)
_told = msgspec.json.Decoder(_Told)


def translate(connection: str, record: Record) -> tuple[list[Message], list[tuple[str, Noted]]]:
    """completeSession: every article line is a till sale. creditSession: its articles are read again. Other events
    move no stock. Raises Unreadable on what is no till event (facts/mplus.md 3.4)."""
    name = header(record.headers, "event")
    body = record.value or b""
    try:
        told = _told.decode(body)
        if told.error is not None:
            text = f"The till did not like our reply to {name[:40]}: {told.error.code[:60]}."
            return [], [("", Noted(kind="till", text=text, level="warn", direction="in"))]
        if name not in ("completeSession", "creditSession"):
            return [], []
        push = _push.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"not a till event: {error}") from error
    heard_at = moment_of(record.timestamp)
    if name == "creditSession":
        # The sign of its quantities is not documented: ask Mplus instead of guessing.
        numbers = sorted(
            {line.article_number for line in push.session.lines[:LINES] if line.article_number > 0}
        )
        doubt = StockDoubted(why="a refund at the till", since=heard_at)
        return [Message(flow="stock", entity=str(one), event=doubt) for one in numbers], []
    stamp = push.event.event_timestamp if push.event else None
    sold_at = utc(stamp) if stamp is not None and stamp.tzinfo is not None else heard_at
    messages = [
        Message(
            flow="stock",
            entity=str(line.article_number),
            event=TillSold(
                session_id=push.session.session_id,
                line_id=line.line_id or str(place),
                quantity=line.quantity,
                sold_at=sold_at,
                heard_at=heard_at,
            ),
        )
        for place, line in enumerate(push.session.lines[:LINES])
        if line.article_number > 0 and line.quantity
    ]
    return messages, []
