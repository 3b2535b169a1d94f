"""Which articles in Mplus carry a code (a barcode, a PLU, an own reference), by the rows of the catalogue."""

from __future__ import annotations

from typing import NamedTuple

from app.replay.reading import stretch
from streams.catalogue.state import CatalogueRow, CodeRow
from streams.codec import RowCodec, Unreadable, key_of
from streams.log.base import LogReader, TopicPartition
from streams.log.partition import partition_of
from streams.log.rows import Stamps, stamp_of
from streams.topics import rows_topic
from streams.vocabulary.codes import Kind, code_entity, normal

KINDS: tuple[Kind, ...] = ("sku", "ean")
NAMES = {"sku": "PLU or reference", "ean": "barcode"}


class Carrier(NamedTuple):
    """An article that carries the code."""

    connection: str
    article: str
    description: str
    kind: str
    """What the code is, in words."""


async def carriers(reader: LogReader, connection: str, code: str) -> tuple[Carrier, ...]:
    """Of this shop. Reads the partition of the catalogue's rows that the code is in. Raises LogUnavailable."""
    found: dict[int, Carrier] = {}
    for kind in KINDS:
        if not normal(kind, code) or (kind == "ean" and not code.strip().isdigit()):
            continue
        row = await _row(reader, key_of(connection, code_entity(kind, code)))
        for claim in row.claims if isinstance(row, CodeRow) else ():
            number = claim.article_number
            found.setdefault(number, Carrier(connection, str(number), claim.description, NAMES[kind]))
    return tuple(found.values())


async def _row(reader: LogReader, key: bytes) -> CatalogueRow | None:
    topic = rows_topic("catalogue")
    at = TopicPartition(topic, partition_of(key, await reader.partitions(topic)))
    value: bytes | None = None
    stamps = Stamps()
    async for records in stretch(reader, at, *await reader.bounds(at), topic, lambda _: None):
        for record in records:
            if record.key == key and not stamps.late(key, stamp_of(record.headers)):
                value = record.value
    if value is None:
        return None
    codec: RowCodec[CatalogueRow] = RowCodec(CatalogueRow)
    try:
        return codec.read(value).state
    except Unreadable:
        return None  # a newer version wrote it
