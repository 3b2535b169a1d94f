"""A till event, as it lies on `mplus.webhooks`, into events. Pure (streams/translation.py)."""

from __future__ import annotations

from connectors.mplus import webhook
from streams.codec import Unreadable
from streams.log.base import Record, header
from streams.vocabulary.activity import Noted
from streams.vocabulary.events import Message, StockDoubted, TillSold
from streams.vocabulary.time import moment_of


def translate(connection: str, record: Record) -> tuple[list[Message], list[tuple[str, Noted]]]:
    """completeSession: every article line is a till sale. creditSession: its articles are read again. Other events
    move no stock. The header `event` is the event's name, the end of the URL it was posted to. Raises Unreadable
    on what is no till event (facts/mplus.md 3.4)."""
    try:
        told = webhook.parse(header(record.headers, "event"), record.value or b"")
    except webhook.NotATillEvent as error:
        raise Unreadable(str(error)) from error
    heard_at = moment_of(record.timestamp)
    notes: list[tuple[str, Noted]] = []
    if told.complaint:
        text = f"The till did not like our reply to {told.name[:40]}: {told.complaint[:60]}."
        notes.append(("", Noted(kind="till", text=text, level="warn", direction="in")))
    if told.left_out:
        text = f"{told.left_out} lines of a {told.name} could not be read; Mplus's own numbers tell."
        notes.append(("", Noted(kind="till", text=text, level="warn", direction="in")))
    if told.kind == "refund":
        # The sign of its quantities is not documented: ask Mplus instead of guessing.
        doubt = StockDoubted(why="a refund at the till", since=heard_at)
        numbers = sorted({line.article_number for line in told.lines})
        return [Message(flow="stock", entity=str(one), event=doubt) for one in numbers], notes
    messages = [
        Message(
            flow="stock",
            entity=str(line.article_number),
            event=TillSold(
                session_id=told.session_id,
                line_id=line.line_id,
                quantity=line.quantity,
                sold_at=told.happened_at or heard_at,
                heard_at=heard_at,
            ),
        )
        for line in told.lines
    ]
    return messages, notes
