"""What the read model answers about the small shop."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select, update

from app.readmodel import ReadModel, ReadModelUnavailable
from app.readmodel.model import HistoryFilter, OrderFilter
from app.readmodel.projection import Projection
from app.readmodel.queries.paging import page_of_all
from app.readmodel.tables import meta
from streams.vocabulary.activity import (
    ConnectionShown,
    MovementShown,
    Noted,
    OfferShown,
    OrderShown,
    PushShown,
    ShipmentShown,
    StockShown,
)
from tests.app.readmodel.conftest import Databases
from tests.app.readmodel.fakes import NOON, HandClock, MemoryLog
from tests.app.readmodel.shop import SECRETS, STUCK_WHY, fill


@pytest.fixture
async def shop(model: ReadModel, log: MemoryLog, projection: Projection) -> ReadModel:
    fill(log)
    await projection.catch_up()
    return model


async def test_the_overview_says_what_is_stuck_and_why(shop: ReadModel) -> None:
    overview = await shop.overview()
    assert [(thing.about, thing.entity) for thing in overview.stuck] == [
        ("article", "1002"),
        ("order", "A2K8290LQ1"),
    ]
    assert overview.stuck[1].why == STUCK_WHY
    assert overview.stuck_total == overview.total.stuck_now == 2
    assert await shop.stuck() == overview.stuck
    assert [counts.connection for counts in overview.connections] == ["demo"]


async def test_freshness_is_what_was_measured(shop: ReadModel) -> None:
    figures = {one.kind: one for one in (await shop.overview()).freshness_hour}
    assert set(figures) == {"push", "committed"}
    assert figures["push"].count == 1
    assert figures["push"].median == pytest.approx(420, rel=0.05)
    assert figures["committed"].worst == pytest.approx(1900, rel=0.05)
    assert (await shop.freshness(60))[0] == figures["committed"]


async def test_an_hour_and_a_day_back(
    shop: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    clock.forward(2 * 3600)
    log.note(Noted(kind="till-sale", text="sold", direction="in"), "1001", connection="other")
    await projection.catch_up()
    overview = await shop.overview()
    demo, other = overview.connections
    assert (demo.in_hour, demo.in_day, demo.out_hour, demo.out_day) == (0, 3, 0, 2)
    assert (other.in_hour, other.in_day) == (1, 1)
    assert (overview.total.in_hour, overview.total.in_day) == (1, 4)
    assert len(overview.minutes) == 60
    assert [minute.came_in for minute in overview.minutes] == [0] * 59 + [1]
    assert overview.minutes[-1].at == NOON + timedelta(hours=2)
    assert overview.freshness_hour == ()
    assert len(overview.freshness_day) == 2
    clock.forward(24 * 3600)
    assert (await shop.overview()).total.in_day == 0


async def test_history_filters(shop: ReadModel) -> None:
    async def texts(**wanted: object) -> list[str]:
        lines = await shop.history(msgspec.convert(wanted, HistoryFilter))
        return [line.text for line in lines]

    assert await texts(kind="till-sale") == ["1 sold at the till."]
    assert await texts(level="stuck") == [STUCK_WHY]
    assert len(await texts(direction="out")) == 2
    assert len(await texts(entity="1001")) == 2
    assert await texts(connection="nobody") == []
    first = await shop.history(HistoryFilter(limit=2))
    rest = await shop.history(HistoryFilter(before=first[-1].id, limit=400))
    assert [line.id for line in first + rest] == [line.id for line in await shop.history(HistoryFilter())]
    assert {line.about for line in first + rest} == {"order", "article"}


async def test_articles(shop: ReadModel) -> None:
    page = await shop.articles()
    assert (page.total, page.pages, page.number) == (2, 1, 1)
    assert [row.article for row in (await shop.articles(search="ESPRESSO cups")).rows] == ["1001"]
    assert [row.article for row in (await shop.articles(search="8712626055150")).rows] == ["1002"]
    assert [row.article for row in (await shop.articles(search="100 %")).rows] == ["1002"]
    assert (await shop.articles(search="%")).total == 1
    assert (await shop.articles(search="_")).total == 0
    assert [row.article for row in (await shop.articles(stuck=True)).rows] == ["1002"]
    assert (await shop.articles(connection="nobody")).total == 0
    assert (await shop.articles(page=9**9)).rows == ()


async def test_an_article_with_its_sum(shop: ReadModel) -> None:
    article = await shop.article("demo", "1001")
    assert article is not None
    assert [term.amount for term in article.shown.terms] == ["12", "-2", "-1"]
    assert article.shown.desired == 9
    assert [line.kind for line in article.history] == ["push", "till-sale"]
    assert await shop.article("demo", "9") is None
    assert await shop.article("nobody", "1001") is None


async def test_orders(shop: ReadModel) -> None:
    assert {row.shown.order_id for row in (await shop.orders()).rows} == {"A2K8290LP8", "A2K8290LQ1"}
    assert [row.shown.order_id for row in (await shop.orders(OrderFilter(stuck=True))).rows] == ["A2K8290LQ1"]
    assert [row.shown.order_id for row in (await shop.orders(OrderFilter(step="committed"))).rows] == [
        "A2K8290LP8"
    ]
    assert [row.shown.order_id for row in (await shop.orders(OrderFilter(search="2026-14"))).rows] == [
        "A2K8290LP8"
    ]
    assert (await shop.orders(OrderFilter(search="a2k", connection="nobody"))).total == 0


NOTHING = {
    "late": False,
    "step": "committed",
    "due": "2026-11-24",
    "business": False,
    "fulfilment": "FBR",
    "asks_cancellation": False,
    "shipments": (),
}
WAITS = (ShipmentShown(reference="BOL-w-1", units=1, status="waiting"),)
SENT = (
    ShipmentShown(reference="BOL-w-1", units=1, status="SUCCESS", transporter="TNT", track="3SABCD1234567"),
)
ORDERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("plain", {}),
    ("late-2", {"late": True, "due": "2026-11-23"}),
    ("late-1", {"late": True, "due": "2026-11-20", "business": True}),
    ("late-but-done", {"late": True, "due": "2026-11-19", "step": "done", "shipments": SENT}),
    ("asks", {"asks_cancellation": True}),
    ("asked-and-cancelled", {"asks_cancellation": True, "step": "cancelled"}),
    ("waits", {"step": "delivered", "shipments": WAITS}),
    ("waits-for-the-flow", {"step": "delivered"}),
    ("being-told", {"step": "shipping", "shipments": SENT}),
    ("by-bol", {"fulfilment": "FBB"}),
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"late": True}, ["late-1", "late-2"]),
        ({"asks_cancellation": True}, ["asks"]),
        ({"waits_for_track": True}, ["waits-for-the-flow", "waits"]),
        ({"business": True}, ["late-1"]),
        ({"fulfilment": "FBB"}, ["by-bol"]),
        ({"search": "3sabcd1234567"}, ["being-told", "late-but-done"]),
        ({"late": True, "business": True, "fulfilment": "FBR", "step": "committed"}, ["late-1"]),
        (
            {},
            ["late-1", "late-2", *(name for name, _ in reversed(ORDERS) if name not in ("late-1", "late-2"))],
        ),
    ],
)
async def test_which_orders(
    model: ReadModel,
    log: MemoryLog,
    clock: HandClock,
    projection: Projection,
    wanted: dict[str, Any],
    expected: list[str],
) -> None:
    for name, how in ORDERS:
        clock.forward(1)
        log.note(OrderShown(order_id=name, **(NOTHING | how)), name)
    await projection.catch_up()
    found = await model.orders(OrderFilter(**wanted))
    assert [row.shown.order_id for row in found.rows] == expected
    assert found.total == len(expected)
    overview = await model.overview()
    assert [row.shown.order_id for row in overview.late] == ["late-1", "late-2"]
    assert (overview.late_total, overview.asking_cancellation, overview.waiting_for_track) == (2, 1, 2)


async def test_an_order_that_is_no_longer_late_is_where_it_was(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    for late in (True, False):
        log.note(OrderShown(order_id="A1", step="committed", due="2026-11-23", late=late), "A1")
        await projection.catch_up()
        assert (await model.overview()).late_total == int(late)
        assert (await model.orders()).total == 1


@given(st.lists(st.booleans(), max_size=23), st.integers(1, 6), st.integers(1, 5))
def test_parts_of_several_queries_are_what_one_list_cut_in_parts_is(
    late: list[bool], size: int, number: int
) -> None:
    table = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("late", Integer))
    engine = create_engine("sqlite://")
    with engine.begin() as db:
        table.create(db)
        if late:
            db.execute(insert(table), [{"id": id, "late": int(one)} for id, one in enumerate(late)])
        parts = [select(table).where(table.c.late == one).order_by(table.c.id) for one in (1, 0)]
        found = page_of_all(db, parts, number, lambda row: int(row.id), size)
    engine.dispose()
    whole = [id for id, one in enumerate(late) if one] + [id for id, one in enumerate(late) if not one]
    assert list(found.rows) == whole[(number - 1) * size : number * size]
    assert found.total == len(whole)


async def test_an_order_with_both_vendors_words(shop: ReadModel) -> None:
    order = await shop.order("demo", "A2K8290LP8")
    assert order is not None
    told = [
        step.line.kind if step.line else step.answer.vendor
        for step in order.timeline
        if step.line or step.answer
    ]
    assert sorted(told) == ["bol", "committed", "mplus", "order-seen"]
    bodies = {step.answer.vendor: step.answer.body for step in order.timeline if step.answer}
    assert json.loads(bodies["bol"])["shipmentDetails"]["surname"] == "K*****"
    assert "<ns1:name>J** *** V****</ns1:name>" in bodies["mplus"]
    everything = msgspec.json.encode(order).decode()
    assert not [secret for secret in SECRETS if secret in everything]
    assert await shop.order("demo", "nothing") is None


async def test_dead_letters(shop: ReadModel) -> None:
    page = await shop.dead_letters()
    assert page.total == 2
    letter = await shop.dead_letter(page.rows[0].id)
    assert letter is not None
    assert (letter.topic, letter.offset, letter.entity) == ("orders.inbox", "8", "A1")
    assert "missing field" in letter.reason
    assert '"surname": "K*****"' in letter.body
    assert await shop.dead_letter(999) is None
    assert (await shop.dead_letters(connection="nobody")).total == 0


async def test_connections(shop: ReadModel) -> None:
    (row,) = await shop.connections()
    assert row.connection == "demo"
    assert [sweep.name for sweep in row.shown.sweeps] == ["bol-orders", "mplus-stock"]
    assert row.counts.stuck_now == 2


async def test_since_when_it_is_stuck_stays(
    model: ReadModel, log: MemoryLog, clock: HandClock, projection: Projection
) -> None:
    for stuck in ("no article", "no article, still", "", "again"):
        log.note(OrderShown(order_id="A", step="products", stuck=stuck), "A")
        log.note(ConnectionShown(stuck=stuck), "")
        log.note(StockShown(article_number="1", stuck=stuck, offers=(OfferShown(offer_id="o"),)), "1")
        if stuck == "no article, still":
            await projection.catch_up()
            assert {thing.since for thing in await model.stuck()} == {NOON}
            assert {thing.why for thing in await model.stuck()} == {"no article, still"}
        clock.forward(60)
    await projection.catch_up()
    assert {thing.since for thing in await model.stuck()} == {NOON + timedelta(minutes=3)}
    order = await model.order("demo", "A")
    assert order is not None
    assert order.first_at == NOON


async def test_a_sweep_that_went_well_is_not_kept_and_one_that_failed_is(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    log.answer("mplus", "getProducts", b"<a/>", "")
    log.answer("mplus", "getStock", b"<fault/>", "", status=500)
    await projection.catch_up()
    rows = await model.database.read(lambda db: db.exec_driver_sql("SELECT operation FROM answers").all())
    assert [tuple(row) for row in rows] == [("getStock",)]


@pytest.mark.parametrize(
    ("text", "by", "found"),
    [
        ("1001", "article number", ["1001"]),
        (" 1001 ", "article number", ["1001"]),
        ("8712626055143", "EAN", ["1001"]),
        ("08712626055143", "EAN", ["1001"]),
        ("7F1B-02", "offer", ["1002"]),
        ("7f1b", "description", ["1001", "1002"]),
        ("espresso CUPS", "description", ["1001"]),
        ("100 %", "description", ["1002"]),
        ("87126260551", "description", ["1001", "1002"]),
        ("nothing", "", []),
        ("   ", "", []),
        ("%", "description", ["1002"]),
    ],
)
async def test_what_is_meant_by_a_few_letters(shop: ReadModel, text: str, by: str, found: list[str]) -> None:
    matches = await shop.matching(text, ["demo"])
    assert (matches.by, [one.article for one in matches.articles], matches.total) == (by, found, len(found))
    assert (await shop.matching(text, ["other"])).total == 0


async def test_what_was_perhaps_meant(shop: ReadModel) -> None:
    assert [one.article for one in await shop.alike("expresso", ["demo"])] == ["1001"]
    assert [one.article for one in await shop.alike("7f1b-03", ["demo"])] == ["1001", "1002"]
    assert await shop.alike("xyzzy", ["demo"]) == ()
    assert await shop.alike("expresso", ["other"]) == ()


async def test_to_look_in_makes_nothing_and_empties_nothing(
    databases: Databases, clock: HandClock, tmp_path: Path
) -> None:
    with pytest.raises(ReadModelUnavailable, match="kassabrug up"):
        await ReadModel.look(databases.where(), clock=clock, password=databases.password)
    assert os.listdir(tmp_path) == []
    model = await databases.open()
    looking = await ReadModel.look(databases.where(), clock=clock, password=databases.password)
    assert (await looking.matching("1001", ["demo"])).total == 0
    await looking.close()
    await model.database.write(lambda db: db.execute(update(meta).values(value="older")))
    with pytest.raises(ReadModelUnavailable, match="another version"):
        await ReadModel.look(databases.where(), clock=clock, password=databases.password)
    versions = await model.database.read(lambda db: db.execute(select(meta.c.value)).scalars().all())
    await model.close()
    assert versions == ["older"]


async def test_vendors_words_in_a_snapshot_are_kept_without_what_is_personal(
    model: ReadModel, log: MemoryLog, projection: Projection
) -> None:
    mail = "w.koekenbakker@voorbeeld.nl"
    log.note(
        StockShown(
            article_number="1003",
            offers=(OfferShown(offer_id="o1", stuck=f"refused: {mail}", offline=(f"ask {mail}",)),),
            pushes=(
                PushShown(offer_id="o1", amount=1, at=NOON, outcome="taken"),
                PushShown(offer_id="o1", amount=1, at=NOON, outcome=f"refused: {mail}"),
            ),
            movements=(
                MovementShown(at=NOON, kind="bol-order", change="-1", text="Bol order A1 takes 1"),
                MovementShown(at=NOON, kind="sale", change="-1", text=f"-1 at branch 1: sold ({mail})"),
            ),
        ),
        "1003",
    )
    await projection.catch_up()
    article = await model.article("demo", "1003")
    assert article is not None
    assert "koekenbakker" not in repr(article)
    assert repr(article).count("***@***") == 4
    assert article.shown.movements[0].text == "Bol order A1 takes 1"
