"""A push of Bol, as it lies on `bol.webhooks`, into events. Pure (streams/translation.py)."""

from __future__ import annotations

import msgspec

from connectors.bol import wire
from streams.codec import Unreadable
from streams.log.base import Record
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Message, OrderNoticed, ProcessNoticed
from streams.vocabulary.time import moment_of

ENDED = frozenset(("SUCCESS", "FAILURE", "TIMEOUT"))
"""How a write at Bol ends (facts/bol.md, Asynchronous writes)."""


class _Event(msgspec.Struct, rename="camel"):
    resource: str
    type: str | None = None
    resource_id: str | int | None = None


class _Push(msgspec.Struct):
    event: _Event


_decoder = msgspec.json.Decoder(_Push)


def translate(connection: str, record: Record) -> tuple[list[Message], list[tuple[str, Noted]]]:
    """`{"retailerId", "timestamp", "event": {"resource", "type", "resourceId"}}` (facts/bol.md, Push). A resource
    that no flow listens to yet, a shipment say, is noted and not refused. Raises Unreadable on what is no push."""
    try:
        event = _decoder.decode(record.value or b"").event
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"not a push of Bol: {str(error)[:200]}") from error
    kind = event.type or ""
    entity = "" if event.resource_id is None else str(event.resource_id)
    if event.resource == "ORDER":
        order_id = _id(entity, "order")
        noticed = OrderNoticed(via="push", noticed_at=moment_of(record.timestamp))
        return [Message(flow="orders", entity=order_id, event=noticed)], []
    if event.resource == "PROCESS_STATUS":
        ended = ProcessNoticed(process_id=_id(entity, "process"), status=kind)
        if kind not in ENDED:
            raise Unreadable(f"a push about a process that ended with {kind[:40]!r}: no word of Bol's for it")
        return [Message(flow="sweeps", entity="", event=ended)], []
    text = f"Bol pushed {event.resource[:40]} {kind[:40]} {entity[:64]}."
    return [], [("", Noted(kind="push", text=text, direction="in"))]


def _id(entity: str, what: str) -> str:
    try:
        return wire.identifier(entity, what)
    except wire.Unreadable as error:
        raise Unreadable(f"{error}") from error
