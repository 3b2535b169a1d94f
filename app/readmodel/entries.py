"""Records to table rows: pure, so that whole runs are made ready before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

import msgspec

from app.readmodel.freshness import bucket_of
from app.readmodel.masking import scrubbed, shown_body
from streams.codec import FactReader, Unreadable, asking_of, split_key
from streams.log.base import Record, Run, TopicPartition, header
from streams.topics import ACTIVITY, BOL_RAW, DEAD_LETTERS, MPLUS_RAW
from streams.vocabulary.activity import (
    Activity,
    ConnectionShown,
    GuardShown,
    Noted,
    OrderShown,
    ReturnShown,
    StockShown,
    UnmatchedShown,
)
from streams.vocabulary.time import milliseconds

READ = (ACTIVITY.name, DEAD_LETTERS.name, BOL_RAW.name, MPLUS_RAW.name)
"""The topics that the read model is built from."""

LONGEST_TEXT = 2_000
LONGEST_ID = 300
"""Characters of an id, a code or a name; a hostile key must not fill the disk."""
LARGEST = 2**53
FINISHED = ("done", "cancelled", "kept-out")
"""Steps of an order that nothing follows on."""

_reader: FactReader[Activity] = FactReader(Activity)
_Row = dict[str, Any]


class Entries(msgspec.Struct):
    """What runs add to the tables, in the order of their records."""

    history: list[_Row] = []
    articles: list[_Row] = []
    orders: list[_Row] = []
    returns: list[_Row] = []
    unmatched: list[_Row] = []
    """Without `why`: it is matched now."""
    connections: list[_Row] = []
    guards: list[_Row] = []
    answers: list[_Row] = []
    dead_letters: list[_Row] = []
    skipped: list[tuple[str, str, int, str]] = []
    """Topic, reason, when (ms) and where (`activity/3 @ 1712`)."""


def entries_of(runs: Iterable[Run]) -> Entries:
    """The rows of these runs' records. What cannot be read is in `skipped`, never an exception."""
    entries = Entries()
    for run in runs:
        for record in run.records:
            _read(entries, run.at, record)
    for rows in (entries.history, entries.articles, entries.orders, entries.returns, entries.connections):
        _clean(rows)
    _clean(entries.guards)
    _clean(entries.unmatched)
    _clean(entries.answers)
    _clean(entries.dead_letters)
    return entries


def _read(entries: Entries, at: TopicPartition, record: Record) -> None:
    try:
        if at.topic == ACTIVITY.name:
            _activity(entries, record)
        elif at.topic == DEAD_LETTERS.name:
            _dead_letter(entries, record)
        else:
            _answer(entries, at, record)
    except Unreadable as error:
        _skip(entries, at, record, _reason(error))
    except Exception as error:  # a bug here: that record is not shown, the others are
        _skip(entries, at, record, f"reading it failed: {type(error).__name__}")


def waits_for_track(order: OrderShown) -> bool:
    """Whether something has left the shop, and Bol is told of it once its track and trace code is known."""
    if order.step in FINISHED:
        return False
    waiting = [one for one in order.shipments if one.status == "waiting"]
    if waiting:
        return any(not one.track for one in waiting)
    return order.step == "delivered" and not order.shipments


def _skip(entries: Entries, at: TopicPartition, record: Record, reason: str) -> None:
    place = f"{at.topic}/{at.partition} @ {record.offset}"
    entries.skipped.append((at.topic, reason, _moment(record), place))


def _clean(rows: list[_Row]) -> None:
    """No database takes half a surrogate pair, and PostgreSQL no NUL."""
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and not value.isprintable():
                row[name] = value.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _reason(error: Unreadable) -> str:
    """Few different words: they are counted by reason, and msgspec's name the exact place."""
    return scrubbed(str(error)).partition(" - at `$")[0][:200]


def _activity(entries: Entries, record: Record) -> None:
    fact = _reader.read(record)
    connection, entity = split_key(record.key)
    common: _Row = {"connection": connection[:LONGEST_ID], "at": _moment(record)}
    match fact:
        case Noted():
            entries.history.append(_line(record, fact, entity, common))
        case StockShown():
            fact = decent(fact)
            codes = [part for offer in fact.offers for part in (offer.offer_id, offer.ean) if part]
            words = " ".join((fact.article_number, fact.description, *codes))
            entries.articles.append(
                common
                | _stuck(fact.stuck, common["at"])
                | {
                    "article": fact.article_number[:LONGEST_ID],
                    "description": fact.description[:LONGEST_ID],
                    "desired": None if fact.desired is None else _number(fact.desired),
                    "sentence": fact.sentence[:LONGEST_TEXT],
                    "offers": len(fact.offers),
                    "search": words.lower()[:LONGEST_TEXT],
                    "shown": msgspec.json.encode(fact),
                }
            )
        case OrderShown():
            fact = msgspec.structs.replace(fact, stuck=_sentence(fact.stuck))
            codes = [part for line in fact.lines for part in (line.title, line.ean, line.article_number)]
            codes += [one.track for one in fact.shipments if one.track]
            words = " ".join((fact.order_id, fact.mplus_order, fact.customer, *codes))
            finished = fact.step in FINISHED
            entries.orders.append(
                common
                | _stuck(fact.stuck, common["at"])
                | {
                    "order_id": fact.order_id[:LONGEST_ID],
                    "step": fact.step[:LONGEST_ID],
                    "placed_at": _milliseconds(fact.placed_at),
                    "first_at": common["at"],
                    "fulfilment": fact.fulfilment[:LONGEST_ID],
                    "late_day": fact.due[:LONGEST_ID] if fact.late and not finished else None,
                    "asks_cancellation": 1 if fact.asks_cancellation and not finished else None,
                    "waits_for_track": 1 if waits_for_track(fact) else None,
                    "business": 1 if fact.business else None,
                    "search": words.lower()[:LONGEST_TEXT],
                    "shown": msgspec.json.encode(fact),
                }
            )
        case ReturnShown():
            entries.returns.append(_return(fact, common))
        case UnmatchedShown():
            entries.unmatched.append(_unmatched(fact, common))
        case ConnectionShown():
            fact = msgspec.structs.replace(fact, stuck=_sentence(fact.stuck))
            shown = {"shown": msgspec.json.encode(fact)}
            entries.connections.append(common | _stuck(fact.stuck, common["at"]) | shown)
        case GuardShown():
            fact = msgspec.structs.replace(fact, why=_sentence(fact.why))
            shown = {"shown": msgspec.json.encode(fact)}
            entries.guards.append(common | _stuck(fact.why, common["at"]) | shown)
        case _:
            assert_never(fact)


def decent(fact: StockShown) -> StockShown:
    """The snapshot without what is secret or personal in a vendor's words: a refusal, a reference in Mplus."""
    return msgspec.structs.replace(
        fact,
        stuck=_sentence(fact.stuck),
        offers=tuple(
            [
                msgspec.structs.replace(
                    one, stuck=_sentence(one.stuck), offline=tuple([_sentence(why) for why in one.offline])
                )
                if one.stuck or one.offline
                else one
                for one in fact.offers
            ]
        ),
        pushes=tuple(
            [
                one
                if one.outcome == "taken"
                else msgspec.structs.replace(one, outcome=_sentence(one.outcome))
                for one in fact.pushes
            ]
        ),
        movements=tuple(
            [
                # Only Mplus's own history quotes somebody: a reference, in brackets.
                msgspec.structs.replace(one, text=_sentence(one.text)) if "(" in one.text else one
                for one in fact.movements
            ]
        ),
    )


def _return(fact: ReturnShown, common: _Row) -> _Row:
    items = tuple(
        msgspec.structs.replace(item, stuck=_sentence(item.stuck), reason=_sentence(item.reason))
        for item in fact.items
    )
    fact = msgspec.structs.replace(fact, items=items)
    states = sorted({item.state[:LONGEST_ID] for item in items})
    by_hand = ("failed",) if fact.fulfilment == "FBB" else ("open", "failed")
    stuck = " ".join(item.stuck for item in items if item.stuck)[:LONGEST_TEXT]
    registered = _milliseconds(fact.registered_at)
    return (
        common
        | _stuck(stuck, common["at"])
        | {
            "return_id": fact.return_id[:LONGEST_ID],
            "registered_at": common["at"] if registered is None else registered,
            "states": f"/{'/'.join(states)}/",
            "waits": 1 if any(state in by_hand for state in states) else None,
            "first_at": common["at"],
            "shown": msgspec.json.encode(fact),
        }
    )


def _unmatched(fact: UnmatchedShown, common: _Row) -> _Row:
    fact = msgspec.structs.replace(fact, why=_sentence(fact.why), title=scrubbed(fact.title)[:LONGEST_ID])
    words = " ".join((fact.name, fact.title, *fact.codes))
    return common | {
        "side": fact.side,
        "name": fact.name[:LONGEST_ID],
        "first_at": common["at"],
        "search": words.lower()[:LONGEST_TEXT],
        "why": fact.why,
        "shown": msgspec.json.encode(fact),
    }


def _line(record: Record, fact: Noted, entity: str, common: _Row) -> _Row:
    millis = None if fact.millis is None or fact.millis < 0 else _number(fact.millis)
    return common | {
        "mark": _mark(record),
        "entity": entity[:LONGEST_ID],
        "kind": fact.kind[:LONGEST_ID],
        "level": fact.level,
        "direction": fact.direction,
        "flow": header(record.headers, "flow")[:LONGEST_ID],
        "text": _sentence(fact.text),
        "millis": millis,
        "bucket": None if millis is None else bucket_of(millis),
        "trace": header(record.headers, "trace")[:LONGEST_ID],
    }


def _answer(entries: Entries, at: TopicPartition, record: Record) -> None:
    connection, entity = split_key(record.key)
    status = header(record.headers, "status", "0")
    if not (status.isascii() and status.isdigit() and len(status) <= 4):
        raise Unreadable("an answer whose status is not a number")
    if not entity and int(status) < 400:
        return  # a sweep that went well: its events tell what it found, and there are thousands a day
    body = record.value or b""
    asking = asking_of(record)
    entries.answers.append(
        {
            "mark": _mark(record),
            "at": _moment(record),
            "asked_at": _asked(header(record.headers, "asked_at")),
            "connection": connection[:LONGEST_ID],
            "entity": entity[:LONGEST_ID],
            "vendor": "bol" if at.topic == BOL_RAW.name else "mplus",
            "flow": asking.flow[:LONGEST_ID] if asking is not None else "",
            "operation": scrubbed(header(record.headers, "operation"))[:LONGEST_ID],
            "status": int(status),
            "size": len(body),
            "body": shown_body(body),
        }
    )


def _dead_letter(entries: Entries, record: Record) -> None:
    try:
        connection, entity = split_key(record.key)
    except Unreadable:
        connection, entity = header(record.headers, "connection"), ""
    entries.dead_letters.append(
        {
            "mark": _mark(record),
            "at": _moment(record),
            "connection": connection[:LONGEST_ID],
            "entity": entity[:LONGEST_ID],
            "topic": header(record.headers, "dead.topic", "?")[:LONGEST_ID],
            "partition": header(record.headers, "dead.partition", "?")[:20],
            "offset": header(record.headers, "dead.offset", "?")[:20],
            "reason": _sentence(header(record.headers, "dead.reason", "no reason was written with it")),
            "trace": header(record.headers, "trace")[:LONGEST_ID],
            "size": len(record.value or b""),
            "body": shown_body(record.value),
        }
    )


def _mark(record: Record) -> str:
    """The same line sent twice (rule 4 of the delivery: senders may repeat) has the same mark."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (record.key or b"", record.value or b"", str(record.timestamp).encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    for name, value in record.headers:
        digest.update(f"{name}={len(value)}:".encode() + value)
    return digest.hexdigest()


def _stuck(stuck: str, at: int) -> _Row:
    return {"stuck": stuck, "stuck_since": at if stuck else None}


def _number(number: int) -> int:
    if abs(number) > LARGEST:
        raise Unreadable("a number larger than any stock or time")
    return number


def _sentence(text: str) -> str:
    return scrubbed(text)[:LONGEST_TEXT]


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None or moment.tzinfo is None else milliseconds(moment)


def _asked(text: str) -> int | None:
    try:
        return _milliseconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _moment(record: Record) -> int:
    """The record's milliseconds, within what a calendar can show."""
    return min(max(record.timestamp, 0), 253_370_764_800_000)
