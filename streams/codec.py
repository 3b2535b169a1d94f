"""Records and their meaning: how facts are written to the log and read back.

Every record of ours carries the headers `schema` (version of this codec), `connection` and `trace` (one id
from the cause to the last effect). What cannot be read is Unreadable with the reason, never an exception of
a library.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import msgspec

from streams.flow import Row
from streams.log.base import Draft, Headers, Record, TopicPartition, header
from streams.topics import ACTIVITY, BOL_RAW, DEAD_LETTERS, MPLUS_RAW, inbox_topic
from streams.vocabulary.activity import Activity
from streams.vocabulary.effects import Asking, Effect, RawAnswer
from streams.vocabulary.events import Message
from streams.vocabulary.time import milliseconds

ASKING = "asking"
"""The header of a raw answer that says which run of which effect it is of."""
SCHEMA = 1
"""Raised when an older reader could not make sense of what a newer writer writes."""

E = TypeVar("E")
S = TypeVar("S")
_encode = msgspec.json.Encoder().encode
_askings = msgspec.json.Decoder(Asking)


class Unreadable(Exception):
    """A record that cannot be read; the text is the reason, fit for a dead letter."""


class FactReader(Generic[E]):
    """Reads the events of one union. Raises Unreadable."""

    def __init__(self, union: Any) -> None:
        self._decoder: msgspec.json.Decoder[E] = msgspec.json.Decoder(union)

    def read(self, record: Record) -> E:
        """The event in a record."""
        schema = header(record.headers, "schema", "1")
        if schema != "1" and (not schema.isdigit() or int(schema) > SCHEMA):
            raise Unreadable(
                f"written with schema {schema}, this version reads up to {SCHEMA}: upgrade first"
            )
        if record.value is None:
            raise Unreadable("no value (a tombstone on a topic that is not compacted)")
        try:
            return self._decoder.decode(record.value)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unreadable(f"not an event of this inbox: {error}") from error


class RowCodec(Generic[S]):
    """Rows to bytes and back. A row that cannot be read raises Unreadable: a newer version wrote it."""

    def __init__(self, state: Any) -> None:
        self._decoder: msgspec.json.Decoder[Row[S]] = msgspec.json.Decoder(Row[state])

    def read(self, value: bytes) -> Row[S]:
        """A row from the changelog's value."""
        try:
            return self._decoder.decode(value)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unreadable(f"not a row of this flow: {error}") from error

    def write(self, row: Row[S]) -> bytes:
        """The changelog's value of a row."""
        return _encode(row)


def key_of(connection: str, entity: str) -> bytes:
    """`connection/entity`, or the connection alone where the entity is empty (sweeps)."""
    return (f"{connection}/{entity}" if entity else connection).encode()


def split_key(key: bytes | None) -> tuple[str, str]:
    """Connection and entity of a key. Raises Unreadable on none or one that is not text."""
    if not key:
        raise Unreadable("no key: which connection and entity it is about is unknown")
    try:
        connection, _, entity = key.decode().partition("/")
    except UnicodeDecodeError as error:
        raise Unreadable("the key is not text") from error
    return connection, entity


def fact_headers(connection: str, trace: str) -> Headers:
    """The headers that every record of ours carries."""
    return (_SCHEMA, _connection_header(connection), ("trace", trace.encode()))


def flow_header(flow: str) -> tuple[str, bytes]:
    """Which flow's row a line of activity is of: an article and a return may have the same key."""
    return ("flow", flow.encode())


_SCHEMA = ("schema", b"1")


@lru_cache(maxsize=1024)
def _connection_header(connection: str) -> tuple[str, bytes]:
    return ("connection", connection.encode())


def message_draft(message: Message, connection: str, headers: Headers, timestamp: int | None = None) -> Draft:
    """An event on its way to a flow's inbox."""
    return Draft(
        inbox_topic(message.flow),
        key_of(connection, message.entity),
        _encode(message.event),
        headers,
        timestamp,
    )


def activity_draft(activity: Activity, key: bytes, headers: Headers, timestamp: int | None = None) -> Draft:
    """A line or snapshot for people."""
    return Draft(ACTIVITY.name, key, _encode(activity), headers, timestamp)


def raw_draft(raw: RawAnswer, key: bytes, headers: Headers, asking: Asking | None = None) -> Draft:
    """A vendor's answer as it came, to what the row of this key asked."""
    topic = BOL_RAW if raw.vendor == "bol" else MPLUS_RAW
    extra: Headers = (
        ("operation", raw.operation.encode()),
        ("status", str(raw.status).encode()),
        ("asked_at", raw.asked_at.isoformat().encode()),
    )
    if asking is not None:
        extra += ((ASKING, _encode(asking)),)
    return Draft(topic.name, key, raw.body, headers + extra, milliseconds(raw.answered_at))


def asking_of(record: Record) -> Asking | None:
    """Which run of which effect a raw answer is of; None: it was written before that was noted."""
    told = header(record.headers, ASKING)
    if not told:
        return None
    try:
        return _askings.decode(told)
    except (msgspec.DecodeError, RecursionError):
        return None


def raw_answer(record: Record, vendor: str, asking: Asking) -> RawAnswer:
    """The answer in a record of a raw topic. Raises Unreadable."""
    try:
        return RawAnswer(
            vendor=vendor,
            operation=header(record.headers, "operation"),
            status=int(header(record.headers, "status")),
            body=record.value or b"",
            asked_at=datetime.fromisoformat(header(record.headers, "asked_at")),
            answered_at=asking.answered_at,
            call=asking.call,
        )
    except ValueError as error:
        raise Unreadable(f"not an answer of a vendor: {error}") from error


def mark_of(effect: Effect) -> str:
    """Equal for equal effects. It does not tell what is in them: that may be personal."""
    return blake2b(_encode(effect), digest_size=12).hexdigest()


def dead_letter(record: Record, at: TopicPartition, reason: str) -> Draft:
    """A record that could not be read or applied, whole, with the reason and where it lay."""
    extra = (
        ("dead.reason", reason.encode()[:2000]),
        ("dead.topic", at.topic.encode()),
        ("dead.partition", str(at.partition).encode()),
        ("dead.offset", str(record.offset).encode()),
    )
    return Draft(DEAD_LETTERS.name, record.key, record.value, record.headers + extra, record.timestamp)
