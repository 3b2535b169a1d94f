"""Stock that is set, its history, kits and a restored database between the client and the simulator."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.mplus.administration import MplusAdministration
from connectors.mplus.client import MplusClient
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.simulator.articles import FIRST_COMPOSED
from streams.vocabulary.effects import (
    CommitOrder,
    ReadStock,
    SetMplusStock,
    SweepArticles,
    SweepMarkers,
    SweepMplusOrders,
    SweepStockHistory,
)
from streams.vocabulary.events import (
    ArticleSeen,
    MarkersRead,
    MplusOrderSeen,
    MplusStockSet,
    OrderCommitted,
    Part,
    StockAnswered,
    StockMoved,
    Swept,
)
from streams.vocabulary.mplus_order import OrderLine
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.connectors.mplus.test_client_against_simulator import CONFIG, Shop
from tests.connectors.mplus.test_client_against_simulator import opened as opened
from tests.connectors.mplus.test_client_against_simulator import shop as shop
from tests.connectors.mplus.till import NO_RETRY

ALL = tuple(branch.number for branch in CONFIG.branches)


def stock(shop: Shop, article: int = 1001, branch: int = 1) -> tuple[int, int, int]:
    """(what lies there, reserved, free)."""
    row = shop.simulator.books.stock_row(branch, article)
    return int(row.on_hand), int(row.reserved), int(row.free)


def setting(amount: int | str, article: int = 1001, branch: int = 1) -> SetMplusStock:
    return SetMplusStock(article_number=article, branch=branch, amount=Decimal(amount), reference="Bol.com")


async def set_to(shop: Shop, effect: SetMplusStock, repeated: bool = False) -> MplusStockSet:
    outcome = (await shop.run(effect, repeated)).outcome
    assert isinstance(outcome, MplusStockSet)
    return outcome


async def history(shop: Shop, marker: int, most: int = 50) -> list[tuple[str, StockMoved]]:
    """Every page from there on; a sweep that does not end fails."""
    found: list[tuple[str, StockMoved]] = []
    for _ in range(most):
        done = await shop.run(SweepStockHistory(marker=marker, branches=ALL))
        assert isinstance(done.outcome, Swept)
        for message in done.messages:
            assert isinstance(message.event, StockMoved)
            found.append((message.entity, message.event))
        marker = int(done.outcome.cursor)
        if not done.outcome.more:
            return found
    raise AssertionError("the history does not end")


# -- set


@pytest.mark.parametrize("means", ["on-hand", "free"])
async def test_whatever_the_installation_takes_it_for_so_much_is_free(opened: Any, means: str) -> None:
    shop = opened(set_stock_means=means)
    await shop.booked()
    before = shop.simulator.books.stock.current
    done = await set_to(shop, setting(40))
    assert stock(shop) == (42, 2, 40)
    assert done.marker == shop.simulator.books.stock.current == before + (1 if means == "on-hand" else 2)
    calls = shop.simulator.calls["setStock"]
    again = await set_to(shop, setting(40), repeated=True)
    assert (again.done, again.marker) == (True, None)
    assert shop.simulator.calls["setStock"] == calls


@pytest.mark.parametrize("kind", ["timeout-after-effect", "truncated", "not-xml"])
async def test_an_answer_that_was_lost_is_looked_for(shop: Shop, kind: str) -> None:
    await shop.control("faults", kind=kind, operation="setStock", count=1)
    assert isinstance((await shop.run(setting(40))).outcome, AnswerLost)
    await shop.control("sell", article=1001, quantity=3)
    done = await set_to(shop, setting(40), repeated=True)
    assert not done.done, "three were sold since"
    assert stock(shop) == (40, 0, 40)
    assert shop.simulator.calls["setStock"] == 2


async def test_another_branch_and_less_than_nothing(shop: Shop) -> None:
    here = stock(shop)
    await set_to(shop, setting("-2", branch=2))
    assert stock(shop, branch=2) == (-2, 0, -2)
    assert stock(shop) == here


@pytest.mark.parametrize(
    ("effect", "word"),
    [
        (setting(1, branch=9), "BRANCH-NOT-FOUND"),
        (setting(1, article=999), "ARTICLE-NOT-FOUND"),
        (setting(1, article=FIRST_COMPOSED), "NO-STOCK-ARTICLE"),
    ],
)
async def test_what_cannot_be_set_is_told(opened: Any, effect: SetMplusStock, word: str) -> None:
    refused = (await opened(composed_count=1).run(effect)).outcome
    assert isinstance(refused, Refused)
    assert refused.code == f"SET-STOCK-RESULT-{word}"


@pytest.mark.parametrize(("employee", "taken"), [(999_999, True), (8, False), (5, False)])
async def test_the_employee_is_one_of_the_shop(shop: Shop, employee: int, taken: bool) -> None:
    someone = MplusAdministration("http://till/", "demo", "demo-secret", employee)
    client = MplusClient(shop.http, someone, shop.time.clock, shop.time.sleep, Random(1), NO_RETRY)
    executor = MplusExecutor({"shop": client}.__getitem__, shop.time.clock)
    outcome = (await executor.execute("shop", setting(40), False)).outcome
    assert isinstance(outcome, MplusStockSet if taken else Refused)
    await client.aclose()


# -- history


@pytest.mark.parametrize("inclusive", [True, False])
async def test_everything_that_moved_is_told_once_above_the_marker(opened: Any, inclusive: bool) -> None:
    shop = opened(stock_id_inclusive=inclusive)
    marker = shop.simulator.books.stock.current
    await shop.control("sell", article=1002, quantity="0.530")
    await shop.control("receive", article=1001, quantity=10)
    await shop.control("correct", article=1003, amount=-3, branch=2)
    await set_to(shop, setting(40))
    draft = await shop.booked()
    await shop.control("orders/deliver", ext_order_id=draft.ext_order_id)
    told = await history(shop, marker)
    news = {moved.marker: (entity, moved) for entity, moved in told if moved.marker > marker}
    year = shop.time.now.year
    [order] = shop.simulator.books.orders.all()
    rows = [(entity, one.branch, one.kind, str(one.changed), one.reference) for entity, one in news.values()]
    before = shop.simulator.books.stock_row(1, 1001).opening + 10
    assert rows == [
        ("1002", 1, "sale", "-0.53", f"receipt 1-1-{year}-1"),
        ("1001", 1, "delivery", "10", f"delivery {year}-1"),
        ("1003", 2, "correction", "-3", f"correction {year}-1"),
        ("1001", 1, "api", str(40 - before), ""),
        ("1001", 1, "sale", "-2", f"order {order.order_id}"),
    ]
    assert all(abs((one.moved_at - shop.time.now).total_seconds()) < 60 for _, one in news.values())
    assert sorted(news) == list(range(marker + 1, shop.simulator.books.stock.current + 1))


async def test_a_long_history_comes_in_pages_and_ends(shop: Shop) -> None:
    marker = shop.simulator.books.stock.current
    row = shop.simulator.books.stock_row(1, 1001)
    for _ in range(1200):
        shop.simulator.books.correct(row, Decimal(1))
    told = [moved.marker for _, moved in await history(shop, marker)]
    assert set(told) == set(range(marker + 1, marker + 1201))
    assert len(told) - len(set(told)) <= 3, "only rows at a marker come twice"
    assert shop.simulator.calls["getStockHistoryV2"] == 4


async def test_a_reservation_is_no_movement(shop: Shop) -> None:
    marker = shop.simulator.books.stock.current
    await shop.booked()
    assert await history(shop, marker) == []


# -- articles and kits


async def seen(shop: Shop, article: int) -> ArticleSeen:
    done = await shop.run(SweepArticles(marker=0))
    [found] = [one.event for one in done.messages if one.entity == f"article/{article}"]
    assert isinstance(found, ArticleSeen)
    return found


async def test_what_an_article_is(shop: Shop) -> None:
    await shop.control(
        "articles/add", article=7, ean="8712345678906", description="Pakket", price_cents=2500,
        components=[[1001, 2], [1002, "0.25"]], si_unit="kg", unit="doos", groups=[30, 20],
    )  # fmt: skip
    one = await seen(shop, 7)
    assert (one.unit, one.groups, one.stock_kept) == ("kg", (20, 30), False)
    assert one.parts == (
        Part(article_number=1001, quantity=Decimal(2)),
        Part(article_number=1002, quantity=Decimal("0.25")),
    )
    await shop.control("articles/change", article=7, components=[], si_unit="", groups=[])
    one = await seen(shop, 7)
    assert (one.unit, one.groups, one.parts) == ("doos", (), ())
    assert (await seen(shop, 1001)).groups == (10,)


async def test_an_order_of_a_kit_has_its_parts_on_it_and_one_line(opened: Any) -> None:
    shop = opened(composed_count=1)
    draft = await shop.booked()
    marker = shop.orders + 1
    line = OrderLine(article_number=FIRST_COMPOSED, text="Doos", quantity=3, price_cents=100)
    kit = replace(draft, ext_order_id="BOL-2", idempotency_key="2", lines=(line,))
    assert isinstance((await shop.run(CommitOrder(draft=kit))).outcome, OrderCommitted)
    done = await shop.run(SweepMplusOrders(marker=marker, ext_prefix="BOL-"))
    assert [(one.flow, one.entity) for one in done.messages] == [("orders", "2")]
    changed_order = done.messages[0].event
    assert isinstance(changed_order, MplusOrderSeen)
    assert changed_order.order.articles == {1001, 1002, FIRST_COMPOSED}
    own = [one for one in changed_order.order.lines if not one.component]
    assert [(one.article_number, one.quantity) for one in own] == [(FIRST_COMPOSED, 3)]


# -- what cannot be right


async def test_a_restored_database_shows_in_every_marker(shop: Shop) -> None:
    await shop.booked("BOL-1")
    await shop.control("backup")
    before = (await shop.run(SweepMarkers())).outcome
    await shop.booked("BOL-2")
    await shop.control("sell", article=1001, quantity=3)
    await shop.control("articles/change", article=1002, price_cents=1)
    await shop.control("orders/deliver", ext_order_id="BOL-2")
    after = (await shop.run(SweepMarkers())).outcome
    assert isinstance(before, MarkersRead)
    assert isinstance(after, MarkersRead)
    for name in ("article", "order", "relation", "stock", "slip"):
        assert getattr(after, name) > getattr(before, name)
    await shop.control("restore")
    assert (await shop.run(SweepMarkers())).outcome == before


async def test_empty_lists_are_no_news_of_what_is_gone(shop: Shop) -> None:
    await shop.control("faults", kind="empty-list")
    answered = (await shop.run(ReadStock(article_number=1001, branches=(1,)))).outcome
    assert answered == StockAnswered(readings=())
    done = await shop.run(SweepArticles(marker=0))
    assert (done.outcome, done.messages) == (Swept(cursor="1"), ())
    assert isinstance((await shop.run(SweepMarkers())).outcome, MarkersRead)
