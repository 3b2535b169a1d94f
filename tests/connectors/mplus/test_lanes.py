from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest

from connectors.mplus import articles, client, orders, stock_desk
from connectors.mplus.client import MplusClient
from connectors.mplus.stock_desk import Stock
from connectors.retry import RetryPolicy
from streams.vocabulary.outcomes import AnswerLost, Delivered, Failure, NotSent, Refused
from tests.connectors.mplus.test_soap import DRAFT
from tests.connectors.mplus.till import (
    Till,
    articles_asked,
    envelope,
    fault,
    operation_of,
    sample,
    stock_as_asked,
    stock_reply,
    stock_row,
    tree,
)

VERSION = sample("resp_getApiVersion")
ORDER = sample("resp_createOrderV3")


class Gate:
    """A reply that waits until it is let through, and tells when it was asked for."""

    def __init__(self, reply: bytes | None = None) -> None:
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.reply = reply

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.set()
        await self.open.wait()
        return (
            await stock_as_asked(request) if self.reply is None else httpx.Response(200, content=self.reply)
        )


@pytest.fixture
def till() -> Till:
    return Till()


async def started(*calls: Awaitable[Any]) -> list[asyncio.Future[Any]]:
    """The calls, each run as far as it gets."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


def stock_of(outcome: Delivered[Stock] | Failure) -> Stock:
    assert isinstance(outcome, Delivered)
    return outcome.answer


def frees(outcome: Delivered[Stock] | Failure) -> dict[int, Decimal]:
    return {one.branch: one.free for one in stock_of(outcome).readings}


async def test_one_reading(till: Till) -> None:
    till.will("getStock", stock_reply(stock_row(1001, free=125, places=1, marker=9850)))
    stock = stock_of(await till.client().read_stock(1001, (1,)))
    [reading] = stock.readings
    assert (reading.article_number, reading.branch, reading.marker) == (1001, 1, 9850)
    assert (reading.free, reading.reserved, reading.incoming) == (Decimal("12.5"), 3, 20)
    assert reading.asked_at == stock.asked_at < stock.answered_at == reading.answered_at


async def test_an_article_without_stock_kept_has_no_reading(till: Till) -> None:
    till.will("getStock", stock_reply())
    assert stock_of(await till.client().read_stock(1001, (1,))).readings == ()


async def test_small_calls_go_one_at_a_time_the_most_urgent_first(till: Till) -> None:
    gate = Gate(VERSION)
    till.will("getApiVersion", gate)
    till.will("createOrderV3", ORDER)
    till.will("getStock", stock_as_asked)
    mplus = till.client()
    tasks = await started(mplus.api_version(), mplus.send(orders.create(DRAFT)), mplus.read_stock(1001, (1,)))
    tasks += await started(mplus.api_version())
    assert till.asked == ["getApiVersion"]
    gate.open.set()
    first, booked, stock, last = await asyncio.gather(*tasks)
    assert till.asked == ["getApiVersion", "getStock", "createOrderV3", "getApiVersion"]
    order = [first.answer, stock.answer, booked.answer, last.answer]
    for before, after in pairwise(order):
        assert before.asked_at < before.answered_at < after.asked_at


async def test_whole_feeds_have_a_lane_of_their_own(till: Till) -> None:
    products, feed = Gate(sample("resp_getProducts_empty")), Gate(sample("resp_getOrders"))
    till.will("getProducts", products)
    till.will("getOrders", feed)
    till.will("getApiVersion", VERSION)
    mplus = till.client()
    tasks = await started(mplus.send(articles.get_products(0)), mplus.send(orders.get_orders(0)))
    assert isinstance(await mplus.api_version(), Delivered)
    assert till.asked == ["getProducts", "getApiVersion"]
    products.open.set()
    feed.open.set()
    await asyncio.gather(*tasks)
    assert till.asked == ["getProducts", "getApiVersion", "getOrders"]


async def test_readings_that_wait_share_a_call(till: Till) -> None:
    gate = Gate(VERSION)
    till.will("getApiVersion", gate)
    till.will("getStock", stock_as_asked)
    mplus = till.client()
    tasks = await started(
        mplus.api_version(), mplus.read_stock(1001, (1,)), mplus.read_stock(1002, (1,)),
        mplus.read_stock(1001, (1,)), mplus.read_stock(1003, (2,)),
    )  # fmt: skip
    gate.open.set()
    _, one, two, same, elsewhere = await asyncio.gather(*tasks)
    assert till.asked == ["getApiVersion", "getStock", "getStock"]
    assert articles_asked(till.sent(1)) == [1001, 1002]
    assert articles_asked(till.sent(2)) == [1003]
    assert (frees(one), frees(two), frees(elsewhere)) == ({1: 1}, {1: 2}, {2: 3})
    assert same == one


async def test_readings_asked_for_soon_after_a_call_gather_for_the_next_one(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = asyncio.Event()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await rest.wait()

    monkeypatch.setattr(till.time, "sleep", sleep)
    monkeypatch.setattr(stock_desk, "ARTICLES_AT_ONCE", 4)
    till.will("getStock", stock_as_asked)
    mplus = till.client()
    assert frees(await mplus.read_stock(1001, (1,))) == {1: 1}, "the first one is sent at once"
    [one] = await started(mplus.read_stock(1002, (1,)))
    assert frees(await mplus.read_stock(1003, (2,))) == {2: 3}, "others' is no reason to wait"
    [two] = await started(mplus.read_stock(1004, (1,)))
    assert (len(till.requests), slept) == (2, [stock_desk.GATHER] * 2)
    rest.set()
    await asyncio.gather(one, two)
    rest.clear()
    full = [mplus.read_stock(number, (1,)) for number in (5, 6, 7, 8)]
    await asyncio.gather(*full)
    assert [articles_asked(operation_of(request.content)) for request in till.requests] == [
        [1001],
        [1003],
        [1002, 1004],
        [5, 6, 7, 8],
    ]
    [given_up] = await started(mplus.read_stock(1009, (1,)))
    await mplus.aclose()
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_a_reading_asked_while_another_is_on_its_way_is_asked_anew(till: Till) -> None:
    gate = Gate()
    till.will("getStock", gate, stock_as_asked)
    mplus = till.client()
    [first] = await started(mplus.read_stock(1001, (1,)))
    await gate.asked.wait()
    wanted_at = till.time.clock()
    later = await started(mplus.read_stock(1001, (1,)), mplus.read_stock(1002, (1,)))
    gate.open.set()
    old = stock_of(await first)
    again, other = (stock_of(one) for one in await asyncio.gather(*later))
    assert old.asked_at < wanted_at < old.answered_at < again.asked_at == other.asked_at
    assert [articles_asked(operation_of(one.content)) for one in till.requests] == [[1001], [1001, 1002]]


async def test_no_call_is_ever_made_without_articles(till: Till) -> None:
    """Found in review: two drains of one queue, and the slower one asked for an empty list, which reads all."""
    till.will("getStock", stock_as_asked)
    mplus = till.client()
    tasks = []
    for number in range(1, 40):
        tasks += [asyncio.ensure_future(mplus.read_stock(number % 7 + 1, (1,)))]
        if number % 3 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert all(articles_asked(operation_of(one.content)) for one in till.requests)


async def test_a_call_has_a_limit_of_articles(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_desk, "ARTICLES_AT_ONCE", 3)
    till.will("getStock", stock_as_asked)
    mplus = till.client()
    found = await asyncio.gather(*(mplus.read_stock(number, (1,)) for number in (1, 2, 3, 4, 3, 5, 6, 7)))
    assert [articles_asked(operation_of(one.content)) for one in till.requests] == [
        [1, 2, 3],
        [4, 3, 5],
        [6, 7],
    ]
    assert [frees(one)[1] for one in found] == [1, 2, 3, 4, 3, 5, 6, 7]


async def test_several_branches_are_several_calls_of_one_turn_each(till: Till) -> None:
    till.will("getStock", stock_as_asked)
    stock = stock_of(await till.client().read_stock(1005, (2, 4)))
    assert [(one.branch, one.free) for one in stock.readings] == [(2, 5), (4, 5)]
    first, second = stock.readings
    assert stock.asked_at == first.asked_at < first.answered_at < second.asked_at
    assert second.answered_at == stock.answered_at


async def test_rows_of_other_branches_and_articles_are_none(till: Till) -> None:
    rows = (stock_row(1001, 5, branch=9), stock_row(7, 5), stock_row(1001, 4, branch=None, marker=7),
            stock_row(1001, 3, branch=1, marker=8))  # fmt: skip
    till.will("getStock", stock_reply(*rows))
    assert frees(await till.client().read_stock(1001, (1,))) == {1: 3}


async def test_no_branch_is_our_own_mistake(till: Till) -> None:
    with pytest.raises(ValueError, match="one branch"):
        await till.client().read_stock(1001, ())


async def test_a_reading_that_cannot_be_read_is_not_no_stock(till: Till) -> None:
    row = stock_row(1001).replace("<ns:amountFree>10</ns:amountFree>", "")
    till.will("getStock", stock_reply(row))
    assert await till.client().read_stock(1001, (1,)) == AnswerLost(
        why="getStock: articleStocks has no amountFree"
    )


@pytest.mark.parametrize(
    "reply", [httpx.ConnectError(""), httpx.ReadTimeout(""), fault("SOAP-ENV:Client.Authentication")]
)
async def test_a_failure_is_everyones(till: Till, reply: Exception | httpx.Response) -> None:
    till.will("getStock", reply)
    mplus = till.client()
    one, two = await asyncio.gather(mplus.read_stock(1, (1,)), mplus.read_stock(2, (1,)))
    assert isinstance(one, NotSent | AnswerLost | Refused)
    assert one == two
    assert len(till.requests) == 1


async def test_an_article_that_spoils_the_call_spoils_only_its_own(till: Till) -> None:
    async def picky(request: httpx.Request) -> httpx.Response:
        if 13 in articles_asked(operation_of(request.content)):
            return fault("SOAP-ENV:Client", "article 13 is unlucky")
        return await stock_as_asked(request)

    till.will("getStock", picky)
    mplus = till.client()
    found = await asyncio.gather(*(mplus.read_stock(number, (1,)) for number in (12, 13, 14)))
    assert frees(found[0]) == {1: 2}
    assert found[1] == Refused(said="article 13 is unlucky", code="SOAP-ENV:Client")
    assert frees(found[2]) == {1: 4}
    assert [articles_asked(operation_of(one.content)) for one in till.requests] == [
        [12, 13, 14],
        [12],
        [13],
        [14],
    ]


async def test_asking_one_by_one_ends_when_mplus_does_not_answer(till: Till) -> None:
    lost = httpx.ReadTimeout("")
    till.will("getStock", fault("SOAP-ENV:Client"), stock_as_asked, lost)
    mplus = till.client()
    found = await asyncio.gather(*(mplus.read_stock(number, (1,)) for number in (1, 2, 3, 4)))
    assert frees(found[0]) == {1: 1}
    assert [type(one) for one in found[1:]] == [AnswerLost] * 3
    assert len(till.requests) == 3


async def test_a_retry_asks_again_and_lets_others_in_while_it_waits(till: Till) -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await go_on.wait()

    till.time.sleep = sleep  # type: ignore[method-assign]
    till.will("getStock", httpx.ReadTimeout(""), stock_as_asked)
    till.will("createOrderV3", ORDER)
    mplus = till.client(RetryPolicy(tries=2))
    [reading] = await started(mplus.read_stock(1001, (1,)))
    await waiting.wait()
    booked = await mplus.send(orders.create(DRAFT))
    go_on.set()
    stock = stock_of(await reading)
    assert isinstance(booked, Delivered)
    assert till.asked == ["getStock", "createOrderV3", "getStock"]
    assert stock.asked_at > booked.answer.answered_at


async def test_who_asks_may_go_away(till: Till) -> None:
    gate = Gate()
    till.will("getStock", gate)
    mplus = till.client()
    leaver, stayer = await started(mplus.read_stock(1001, (1,)), mplus.read_stock(1001, (1,)))
    await gate.asked.wait()
    leaver.cancel()
    gate.open.set()
    assert frees(await stayer) == {1: 1}
    assert leaver.cancelled()


async def test_a_call_that_is_cancelled_in_its_turn_frees_the_lane(till: Till) -> None:
    gate = Gate(VERSION)
    till.will("getApiVersion", gate, VERSION)
    mplus = till.client()
    running, waiting = await started(mplus.api_version(), mplus.api_version())
    await gate.asked.wait()
    running.cancel()
    assert isinstance(await waiting, Delivered)


async def test_closing_gives_up_readings(till: Till) -> None:
    gate = Gate()
    till.will("getStock", gate)
    mplus = till.client()
    tasks = await started(mplus.read_stock(1001, (1,)), mplus.read_stock(1002, (2,)))
    await mplus.aclose()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)


async def test_our_own_mistake_in_a_reading_reaches_who_asked(till: Till) -> None:
    async def broken(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    till.will("getStock", broken, stock_as_asked)
    mplus = till.client()
    with pytest.raises(ZeroDivisionError):
        await mplus.read_stock(1001, (1,))
    assert frees(await mplus.read_stock(1001, (1,))) == {1: 1}


async def test_a_lane_takes_no_more_than_it_can_serve(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_WAITING", 2)
    gate = Gate(VERSION)
    till.will("getApiVersion", gate)
    mplus: MplusClient = till.client()
    tasks = await started(mplus.api_version(), mplus.api_version())
    refused = await mplus.api_version()
    assert refused == NotSent(why="2 calls wait for this Mplus already", retry_after=5.0)
    gate.open.set()
    assert all(isinstance(one, Delivered) for one in await asyncio.gather(*tasks))
    assert isinstance(await mplus.api_version(), Delivered)


async def test_a_long_reply_is_read_in_a_thread(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "IN_A_THREAD", 100)
    till.will("getApiVersion", VERSION)
    till.will("getOrders", envelope(tree("GetOrdersResponse", tree("orderList", "<broken>"))))
    mplus = till.client()
    assert isinstance(await mplus.api_version(), Delivered)
    assert isinstance(await mplus.send(orders.get_orders(0)), AnswerLost)
