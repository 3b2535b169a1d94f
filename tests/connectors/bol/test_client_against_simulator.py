"""The client and the simulator, each written from the contract on its own, understand one another.

The contract stands between them: every request and every 2xx answer is held against it on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import orjson
import pytest

from connectors.bol import call, wire
from connectors.bol.account import BolAccount
from connectors.bol.client import BolClient
from connectors.bol.executor import BolExecutor, signature_keys
from connectors.bol.intake import translate
from connectors.bol.noticing import AGAIN
from connectors.bol.signature import BadSignature, SignatureKeys
from connectors.bol.simulator import BolSimulatorConfig, create_app
from connectors.bol.simulator.app import BolSimulator
from connectors.bol.simulator.books import Order
from connectors.bol.simulator.faults import FaultRule
from connectors.retry import RetryPolicy
from streams.log.base import Record
from streams.vocabulary.bol_order import fingerprint
from streams.vocabulary.effects import (
    BolEffect,
    CareForSubscription,
    Execution,
    FetchBolOrder,
    PushOffer,
    SweepBolOrders,
    SweepProcessStatuses,
)
from streams.vocabulary.events import (
    BolOrderFetched,
    OfferPushed,
    OrderNoticed,
    ProcessNoticed,
    ProcessStatuses,
    SubscriptionCaredFor,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, Delivered, NotSent, Refused
from streams.vocabulary.time import milliseconds
from tests.connectors.bol.contract import check_answer, check_request
from tests.connectors.bol.market import START, Time

URL = "https://shop.test/webhooks/shop/bol"
RETRY = RetryPolicy(tries=3)


class Judge(httpx.AsyncBaseTransport):
    """Lets through what the contract allows."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        beside = request.url.path == "/token" or request.url.path.startswith("/_control/")
        operation = None if beside else check_request(request)
        answer = await self.inner.handle_async_request(request)
        if operation is not None and answer.status_code < 300:
            body = await answer.aread()
            try:
                told = orjson.loads(body or b"null")
            except orjson.JSONDecodeError:
                return answer  # a fault has cut it short
            check_answer(operation, answer.status_code, told)
        return answer


class Shop:
    """A simulated marketplace, an executor that talks to it, and a door for its pushes."""

    def __init__(self, **config: Any) -> None:
        self.time = Time()
        self.pushes: list[httpx.Request] = []
        self.door_open = True
        settings = BolSimulatorConfig(**config)
        door = httpx.AsyncClient(transport=httpx.MockTransport(self._push))
        app = create_app(
            settings,
            clock=self.time.clock,
            sleep=self.time.sleep,
            rng=Random(7),
            client=door,
            lost=lambda: httpx.ReadTimeout("cut"),
        )
        self.simulator: BolSimulator = app.state.simulator
        self.http = httpx.AsyncClient(transport=Judge(httpx.ASGITransport(app)))
        self.account = BolAccount("demo", "demo-secret", "http://bol.test", "http://bol.test")
        self.client = self.client_of(self.account)
        self.executor = BolExecutor({"shop": self.client}.__getitem__, self.time.clock)

    def client_of(self, account: BolAccount) -> BolClient:
        return BolClient(self.http, account, self.time.clock, self.time.sleep, Random(1), RETRY)

    async def run(self, effect: BolEffect) -> Execution:
        return await self.executor.execute("shop", effect, False)

    def offer(self, amount: int = 5, number: int = 0, **more: Any) -> str:
        offer = self.simulator.books.add_offer(f"{8712345678906 + number}", amount, f"sku{number}", **more)
        return offer.offer_id

    def order(self, *wanted: tuple[str, int]) -> Order:
        order = self.simulator.books.place_order(wanted)
        self.simulator.pushes.tell()
        return order

    def trouble(self, kind: Any, operation: str = "*", **more: Any) -> None:
        self.simulator.faults.add(FaultRule(kind=kind, operation=operation, **more))

    async def _push(self, request: httpx.Request) -> httpx.Response:
        self.pushes.append(request)
        return httpx.Response(200 if self.door_open else 503)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = Shop()
    yield made
    await made.simulator.aclose()
    await made.http.aclose()


# -- orders


async def test_an_order_is_noticed_and_fetched_to_the_cent(shop: Shop) -> None:
    books = shop.simulator.books
    for number in range(20):
        offer_id = shop.offer(9, number, price_cents=1995 + number)
        placed = shop.order((offer_id, 1 + number % 3))
        done = await shop.run(FetchBolOrder(order_id=placed.order_id))
        assert isinstance(done.outcome, BolOrderFetched)
        order = done.outcome.order
        assert order is not None
        assert (order.order_id, order.placed_at) == (placed.order_id, START)
        [item], [sold] = order.items, placed.items
        assert (item.item_id, item.ean, item.quantity) == (sold.item_id, sold.ean, sold.quantity)
        assert (item.unit_price_cents, item.total_cents) == (sold.unit_cents, sold.total_cents)
        assert (item.offer_id, item.reference, item.title) == (offer_id, f"sku{number}", sold.title)
        assert order.ship_to.surname == placed.customer.surname
        assert order.ship_to.email == placed.customer.email
        assert order.bill_to.vat_number == placed.customer.vat_number
    done = await shop.run(SweepBolOrders(since=shop.time.now))
    assert {message.entity for message in done.messages} == set(books.orders)
    assert isinstance(done.outcome, Swept)
    assert done.outcome.found == 20


async def test_a_fingerprint_changes_with_the_order_and_only_then(shop: Shop) -> None:
    placed = shop.order((shop.offer(9), 2))

    async def changed() -> str:
        done = await shop.run(SweepBolOrders(since=shop.time.now))
        [message] = done.messages
        assert isinstance(message.event, OrderNoticed)
        return message.event.changed

    first = await changed()
    shop.time.now += timedelta(seconds=AGAIN)  # as it stands, it is not told again at once
    assert await changed() == first
    shop.simulator.books.ask_cancellation(placed.items[0])
    second = await changed()
    shop.simulator.books.cancel_item(placed, placed.items[0])
    assert len({first, second, await changed()}) == 3


async def test_the_list_and_the_order_itself_have_the_same_fingerprint(shop: Shop) -> None:
    """Regression: they differed, so every sweep had every order of its window fetched again."""
    offer_id = shop.offer(9)
    placed = shop.order((offer_id, 2), (offer_id, 1))
    [message] = (await shop.run(SweepBolOrders(since=shop.time.now))).messages
    fetched = (await shop.run(FetchBolOrder(order_id=placed.order_id))).outcome
    assert isinstance(message.event, OrderNoticed)
    assert isinstance(fetched, BolOrderFetched)
    assert fetched.order is not None
    assert message.event.changed == fingerprint(
        (
            item.item_id,
            item.quantity,
            item.quantity_shipped,
            item.quantity_cancelled,
            item.cancellation_requested,
        )
        for item in fetched.order.items
    )


async def test_more_orders_than_a_page(shop: Shop) -> None:
    offer_id = shop.offer(500)
    placed = {shop.order((offer_id, 1)).order_id for _ in range(120)}
    done = await shop.run(SweepBolOrders())
    assert {message.entity for message in done.messages} == placed
    assert shop.simulator.calls["list-orders:429"] == 0


async def test_an_order_a_day_for_two_months_is_caught_up_with_and_no_call_is_one_too_many(
    shop: Shop,
) -> None:
    offer_id = shop.offer(500)
    placed = set()
    for _ in range(60):
        placed.add(shop.order((offer_id, 1)).order_id)
        shop.time.go(86_400)
    effect = SweepBolOrders(since=START - timedelta(minutes=1))
    found: set[str] = set()
    while True:
        done = await shop.run(effect)
        assert isinstance(done.outcome, Swept), done.outcome
        found |= {message.entity for message in done.messages}
        if not done.outcome.more:
            break
        effect = SweepBolOrders(place=done.outcome.cursor)
    assert found == placed
    assert shop.simulator.calls["list-orders:429"] == 0


async def test_an_order_that_bol_does_not_know(shop: Shop) -> None:
    done = await shop.run(FetchBolOrder(order_id="NOSUCH"))
    assert done.outcome == BolOrderFetched(order=None)


# -- login, limits, trouble


async def test_one_token_for_its_whole_life(shop: Shop) -> None:
    offer_id = shop.offer()
    for _ in range(300):
        assert isinstance((await shop.run(PushOffer(offer_id=offer_id, amount=1))).outcome, OfferPushed)
        shop.time.go(1)
    assert shop.simulator.calls["token"] == 2


async def test_tokens_that_are_forgotten_cost_one_login(shop: Shop) -> None:
    offer_id = shop.offer()
    await shop.run(PushOffer(offer_id=offer_id, amount=1))
    shop.simulator.forget_tokens()
    outcomes = await asyncio.gather(*(shop.run(PushOffer(offer_id=offer_id, amount=2)) for _ in range(10)))
    assert all(isinstance(one.outcome, OfferPushed) for one in outcomes)
    assert shop.simulator.calls["token"] == 2


async def test_a_wrong_secret(shop: Shop) -> None:
    client = shop.client_of(BolAccount("demo", "wrong", "http://bol.test", "http://bol.test"))
    outcome = await client.signed_in()
    assert isinstance(outcome, Refused)
    assert "Invalid client" in outcome.said
    assert "wrong" not in outcome.said
    assert await client.send(call.list_subscriptions()) == outcome
    assert shop.simulator.calls["token"] == 1


async def test_two_hundred_pushes_keep_within_the_limit() -> None:
    shop = Shop(limits={"write-offer": (10, 1.0)})
    offer_id = shop.offer()
    for amount in range(200):
        done = await shop.run(PushOffer(offer_id=offer_id, amount=amount))
        assert isinstance(done.outcome, OfferPushed)
    assert shop.simulator.calls["write-offer:429"] == 0
    assert shop.simulator.calls["write-offer"] == 200
    assert 19 <= (shop.time.now - START).total_seconds() <= 21
    await shop.simulator.aclose()


@pytest.mark.parametrize("fault", ["timeout", "timeout-after-effect", "http", "truncated"])
async def test_a_hiccup_is_got_over(shop: Shop, fault: str) -> None:
    offer_id = shop.offer(5)
    shop.order((offer_id, 1))
    shop.trouble(fault, count=1, seconds=0)
    done = await shop.run(PushOffer(offer_id=offer_id, amount=2))
    assert done.outcome == OfferPushed(offer_id=offer_id, amount=2)
    assert shop.simulator.books.offers[offer_id].amount == 2


async def test_an_answer_cut_in_half_is_lost(shop: Shop) -> None:
    placed = shop.order((shop.offer(5), 1))
    shop.trouble("truncated")
    done = await shop.run(FetchBolOrder(order_id=placed.order_id))
    assert isinstance(done.outcome, AnswerLost)
    assert len(done.raw) == 1


async def test_trouble_that_lasts_is_told(shop: Shop) -> None:
    offer_id = shop.offer(5)
    shop.trouble("http", "write-offer", status=503, count=3)
    done = await shop.run(PushOffer(offer_id=offer_id, amount=2))
    assert done.outcome == AnswerLost(why="Bol has trouble (HTTP 503 simulated trouble)")
    shop.trouble("http", "write-offer", status=429, seconds=50)
    done = await shop.run(PushOffer(offer_id=offer_id, amount=2))
    assert isinstance(done.outcome, NotSent)
    assert done.outcome.retry_after == 50.0


# -- subscription and pushes


async def subscribe(shop: Shop) -> str:
    done = await shop.run(CareForSubscription(url=URL))
    assert isinstance(done.outcome, SubscriptionCaredFor)
    [process_id] = done.outcome.process_ids
    return process_id


async def test_our_subscription_is_made_kept_and_enabled_again(shop: Shop) -> None:
    process_id = await subscribe(shop)
    [made] = shop.simulator.books.subscriptions.values()
    assert (made.url, set(made.resources)) == (URL, {"ORDER", "PROCESS_STATUS", "SHIPMENT"})
    shop.time.go(1)
    done = await shop.run(SweepProcessStatuses(process_ids=(process_id, "unknown")))
    assert isinstance(done.outcome, ProcessStatuses)
    [status] = done.outcome.statuses
    assert (status.process_id, status.status) == (process_id, "SUCCESS")
    one = await shop.client.send(call.process_status(process_id))
    assert isinstance(one, Delivered)
    assert wire.status(one.answer.body) == status
    assert (await shop.run(CareForSubscription(url=URL))).outcome == SubscriptionCaredFor(did="nothing")
    made.enabled = False
    done = await shop.run(CareForSubscription(url=URL))
    assert isinstance(done.outcome, SubscriptionCaredFor)
    assert done.outcome.did == "enabled"
    assert made.enabled


async def test_a_subscription_whose_answer_was_lost_is_not_made_twice(shop: Shop) -> None:
    shop.trouble("slow", "subscriptions", count=1, seconds=0)  # the listing; the fault is for the making
    shop.trouble("timeout-after-effect", "subscriptions", count=1, seconds=0)
    first = await shop.run(CareForSubscription(url=URL))
    assert isinstance(first.outcome, AnswerLost)
    second = await shop.run(CareForSubscription(url=URL))
    assert second.outcome == SubscriptionCaredFor(did="nothing")
    assert len(shop.simulator.books.subscriptions) == 1


async def test_pushes_are_signed_believed_and_understood(shop: Shop) -> None:
    keys = SignatureKeys(lambda: signature_keys(shop.client), shop.time.clock)
    process_id = await subscribe(shop)
    placed = shop.order((shop.offer(5), 1))
    await shop.simulator.pushes.drained()
    messages = []
    for push in shop.pushes:
        await keys.verify(push.headers["signature"], push.content)
        with pytest.raises(BadSignature):
            await keys.verify(push.headers["signature"], push.content + b" ")
        record = Record(offset=1, timestamp=milliseconds(START), key=b"shop", value=push.content)
        messages += translate("shop", record)[0]
    events = {(message.flow, message.entity): message.event for message in messages}
    assert events == {
        ("orders", placed.order_id): OrderNoticed(via="push", noticed_at=START),
        ("sweeps", ""): ProcessNoticed(process_id=process_id, status="SUCCESS"),
    }


async def test_a_new_signature_key_is_found(shop: Shop) -> None:
    keys = SignatureKeys(lambda: signature_keys(shop.client), shop.time.clock)
    header = shop.simulator.keys.header
    await keys.verify(header(b"a"), b"a")
    shop.simulator.keys.rotate()
    with pytest.raises(BadSignature):
        await keys.verify(header(b"b"), b"b")
    shop.time.go(60)
    await keys.verify(header(b"b"), b"b")
