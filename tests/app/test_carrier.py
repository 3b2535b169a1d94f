"""Which articles carry a code, by the catalogue's rows."""

from __future__ import annotations

from app.carrier import Carrier, carriers
from streams.catalogue.state import CatalogueRow, Claim, CodeRow
from streams.codec import RowCodec, key_of
from streams.flow import Row
from streams.log.base import Draft
from streams.log.embedded import EmbeddedLog
from streams.log.rows import stamped
from streams.topics import rows_topic
from streams.vocabulary.codes import Kind, code_entity
from streams.vocabulary.time import system_clock
from tests.app.replay.memory import MemoryLog
from tests.app.test_past import log as log

TOPIC = rows_topic("catalogue")


def row(kind: Kind, code: str, *articles: int, connection: str = "shop") -> Draft:
    codec: RowCodec[CatalogueRow] = RowCodec(CatalogueRow)
    claims = tuple(Claim(article_number=one, description=f"Article {one}") for one in articles)
    value = codec.write(Row(state=CodeRow(claims=claims), applied=1))
    return Draft(TOPIC, key_of(connection, code_entity(kind, code)), value)


async def test_by_plu_and_by_barcode_however_they_are_written(log: EmbeddedLog) -> None:
    await log.append([row("sku", "ESP-4/a", 1001), row("ean", "036000291452", 1002), row("sku", "x", 3)])
    espresso = Carrier("shop", "1001", "Article 1001", "PLU or reference")
    assert await carriers(log, "shop", " esp-4/A ") == (espresso,)
    assert await carriers(log, "shop", "0036000291452") == (
        Carrier("shop", "1002", "Article 1002", "barcode"),
    )
    assert await carriers(log, "shop", "esp") == ()
    assert await carriers(log, "other", "esp-4/a") == ()


async def test_the_last_word_counts_and_all_who_carry_it_are_told(log: EmbeddedLog) -> None:
    await log.append([row("sku", "77", 1), row("sku", "77", 1, 2), row("ean", "77", 2)])
    assert [one.article for one in await carriers(log, "shop", "77")] == ["1", "2"]
    await log.append([Draft(TOPIC, key_of("shop", code_entity("sku", "77")), None)])
    assert [one.kind for one in await carriers(log, "shop", "77")] == ["barcode"]


async def test_a_row_that_was_written_too_late_does_not_count() -> None:
    """As when rows are recovered: a worker that was stopped for long wrote it after its successor."""
    log = MemoryLog(system_clock)  # the embedded log has one writer, and keeps the last of a key at once
    await log.append([stamped(row("sku", "77", 2), 50), stamped(row("sku", "77", 1), 40)])
    assert [one.article for one in await carriers(log, "shop", "77")] == ["2"]


async def test_a_row_of_a_newer_version_is_nobodys(log: EmbeddedLog) -> None:
    await log.append([Draft(TOPIC, key_of("shop", code_entity("sku", "77")), b'{"state":{"row":"new"}}')])
    assert await carriers(log, "shop", "77") == ()
