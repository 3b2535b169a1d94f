"""What the read model answers about returns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from app.readmodel import ReadModel
from app.readmodel.model import HistoryFilter
from app.readmodel.projection import Projection
from app.readmodel.pruning import Keep
from streams.vocabulary.activity import Noted, ReturnItemShown, ReturnShown, StockShown
from tests.app.readmodel.conftest import at_once
from tests.app.readmodel.fakes import NOON, HandClock, MemoryLog


def shown(number: str, *states: str, hours: float = 0.0, fulfilment: str = "FBR", **more: Any) -> ReturnShown:
    """A return registered so many hours before noon, with an item in each of these states."""
    items = tuple(
        ReturnItemShown(
            rma_id=f"{number}-{place}",
            order_id="A2K8290LP8",
            ean="8712626055143",
            expected=1,
            state=state,
            **more,
        )
        for place, state in enumerate(states or ("open",), 1)
    )
    return ReturnShown(
        return_id=number, registered_at=NOON - timedelta(hours=hours), fulfilment=fulfilment, items=items
    )


def put(log: MemoryLog, *found: ReturnShown, connection: str = "demo") -> None:
    for one in found:
        log.note(one, one.return_id, connection=connection, flow="returns")


def ids(rows: Any) -> list[str]:
    return [row.shown.return_id for row in rows]


async def test_the_newest_registered_come_first(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    put(log, shown("1", hours=2), shown("2", "handled"), shown("3", "open", "handled", hours=1))
    put(log, shown("4", "failed", hours=5), connection="other")
    await projection.catch_up()
    rows = await model.returns()
    assert ids(rows) == ["2", "3", "1", "4"]
    assert rows[1].shown == shown("3", "open", "handled", hours=1)
    assert rows[1].connection == "demo"
    assert ids(await model.returns(connection="demo")) == ["2", "3", "1"]
    assert ids(await model.returns(state="open")) == ["3", "1"]
    assert ids(await model.returns(state="handled")) == ["2", "3"]
    assert ids(await model.returns(connection="demo", state="failed")) == []
    assert ids(await model.returns(state="%")) == []


async def test_pages_follow_each_other_without_a_gap(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    """Also among those that were registered in the same moment, in several connections."""
    for connection in ("demo", "other"):
        put(log, *(shown(str(number), hours=number // 3) for number in range(7)), connection=connection)
    await projection.catch_up()
    every = await model.returns()
    assert len(every) == 14
    read: list[Any] = []
    after = None
    while page := await model.returns(limit=3, after=after):
        read += page
        after = f"{page[-1].connection}/{page[-1].shown.return_id}"
    assert tuple(read) == every
    assert await model.returns(after="demo/99") == ()
    assert await model.returns(after="nonsense") == ()
    assert len(await model.returns(limit=0)) == 1


async def test_the_newest_snapshot_replaces(
    model: ReadModel, log: MemoryLog, projection: Projection, clock: HandClock
) -> None:
    put(log, shown("1", "failed", stuck="Bol says: no."))
    clock.forward(60)
    put(log, shown("1", "failed", stuck="Bol says: not eligible."))
    await projection.catch_up()
    [row] = await model.returns()
    assert row.stuck_since == NOON
    assert (row.first_at, row.at) == (NOON, NOON + timedelta(minutes=1))
    clock.forward(60)
    put(log, shown("1", "handled", handled_as="RETURN_RECEIVED"))
    await projection.catch_up()
    [row] = await model.returns()
    assert row.stuck_since is None
    assert row.shown.items[0].handled_as == "RETURN_RECEIVED"


async def test_what_waits_for_a_person(model: ReadModel, log: MemoryLog, projection: Projection) -> None:
    assert await model.open_returns() == 0
    put(log, shown("1"), shown("2", "handled"), shown("3", "handled", "failed"), shown("4", "asked"))
    put(log, shown("5", "open", fulfilment="FBB"), shown("6", "failed", fulfilment="FBB"))
    await projection.catch_up()
    assert await model.open_returns() == 3, (
        "1, 3 and 6: an open one in Bol's warehouse is Bol's own to handle"
    )


async def test_what_is_stuck_is_on_the_overview(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    put(log, shown("1", "failed", stuck="Bol says: not eligible."))
    await projection.catch_up()
    overview = await model.overview()
    [thing] = overview.stuck
    assert (thing.about, thing.entity, thing.title) == ("return", "1", "Return 1")
    assert thing.why == "Bol says: not eligible."
    assert overview.stuck_total == 1


async def test_one_return_with_both_vendors_words(
    model: ReadModel, log: MemoryLog, projection: Projection, clock: HandClock
) -> None:
    log.answer("bol", "GET /retailer/returns/1", b'{"returnId": "1"}', "1", flow="returns")
    log.note(Noted(kind="return-seen", text="Return 1.", direction="in"), "1", flow="returns")
    put(log, shown("1"))
    clock.forward(5)
    log.answer("mplus", "createOrderV3", b"<a/>", "1", flow="returns")
    await projection.catch_up()
    found = await model.one_return("demo", "1")
    assert found is not None
    assert found.shown == shown("1")
    told: list[str] = []
    for step in found.timeline:
        told += [step.answer.vendor] if step.answer is not None else []
        told += [step.line.kind] if step.line is not None else []
    assert told == ["bol", "return-seen", "mplus"]
    assert await model.one_return("demo", "2") is None
    assert await model.one_return("other", "1") is None


async def test_a_return_that_is_numbered_like_an_article(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    """Ids of returns are numbers: the article's page had the return's lines and answers on it."""
    log.note(StockShown(article_number="1001", description="Cups"), "1001", flow="stock")
    log.note(Noted(kind="till-sale", text="sold"), "1001")
    log.answer("mplus", "getStock", b"<a/>", "1001", flow="stock")
    put(log, shown("1001"))
    log.note(Noted(kind="return-seen", text="Return 1001."), "1001", flow="returns")
    log.answer("bol", "GET /retailer/returns/1001", b"{}", "1001", flow="returns")
    await projection.catch_up()
    article = await model.article("demo", "1001")
    assert article is not None
    assert [line.kind for line in article.history] == ["till-sale"]
    assert [answer.operation for answer in article.answers] == ["getStock"]
    found = await model.one_return("demo", "1001")
    assert found is not None
    assert len(found.timeline) == 2
    lines = await model.history(HistoryFilter(entity="1001"))
    assert {line.kind: line.about for line in lines} == {"till-sale": "article", "return-seen": "return"}
    assert [line.kind for line in await model.history(HistoryFilter(returns=True))] == ["return-seen"]


async def test_nothing_personal_comes_into_the_table(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    mail = "w.koekenbakker@voorbeeld.nl"
    put(log, shown("1", "failed", stuck=f"Bol says: {mail} is unknown.", reason=f"Anders: {mail}"))
    await projection.catch_up()
    [row] = await model.returns()
    assert b"koekenbakker" not in msgspec.json.encode(row)
    [thing] = await model.stuck()
    assert "koekenbakker" not in thing.why


async def test_returns_that_are_done_go_after_a_while(
    model: ReadModel, log: MemoryLog, projection: Projection, clock: HandClock
) -> None:
    put(
        log,
        shown("1", "handled"),
        shown("2", "open"),
        shown("3", "handled", stuck="The credit does not work."),
    )
    await projection.catch_up()
    clock.forward(11 * 86_400)
    tidying = Projection(
        model.database, log, clock=clock, sleep=at_once, keep=Keep(orders_days=10, history_days=30)
    )
    await tidying.catch_up()
    await tidying.tidy()
    assert sorted(ids(await model.returns())) == ["2", "3"]
