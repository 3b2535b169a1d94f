"""A push of Bol, as it lies on `bol.webhooks`, into events. Pure (streams/translation.py)."""

from __future__ import annotations

import msgspec

from streams.codec import Unreadable
from streams.log.base import Record
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Message, OrderNoticed, ProcessNoticed
from streams.vocabulary.time import moment_of


class _Event(msgspec.Struct, rename="camel"):
    resource: str
    type: str = ""
    resource_id: str | int = ""


class _Push(msgspec.Struct):
    event: _Event


_decoder = msgspec.json.Decoder(_Push)


def translate(connection: str, record: Record) -> tuple[list[Message], list[tuple[str, Noted]]]:
    """`{"retailerId", "timestamp", "event": {"resource", "type", "resourceId"}}` (facts/bol.md). A resource that
    no flow listens to yet is noted, not refused. Raises Unreadable on what is no push."""
    try:
        event = _decoder.decode(record.value or b"").event
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"not a push of Bol: {error}") from error
    entity = str(event.resource_id)
    if event.resource == "ORDER":
        if not entity or len(entity) > 64:
            raise Unreadable("a push about an order without an order id")
        noticed = OrderNoticed(via="push", noticed_at=moment_of(record.timestamp))
        return [Message(flow="orders", entity=entity, event=noticed)], []
    if event.resource == "PROCESS_STATUS":
        ended = ProcessNoticed(process_id=entity, status=event.type)
        return [Message(flow="sweeps", entity="", event=ended)], []
    text = f"Bol pushed {event.resource[:40]} {event.type[:40]} {entity[:64]}."
    return [], [("", Noted(kind="push", text=text, direction="in"))]
