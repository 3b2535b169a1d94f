"""The client and the simulator, each written from the contract on its own, understand one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace as changed
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from connectors.mplus import intake, lookups
from connectors.mplus.administration import MplusAdministration
from connectors.mplus.client import MplusClient
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.signature import fits, key_of, sign
from connectors.mplus.simulator import MplusSimulator, MplusSimulatorConfig, WebhookTarget, create_app
from connectors.mplus.simulator.config import Branch
from connectors.retry import RetryPolicy
from streams.log.base import Record
from streams.vocabulary.effects import (
    CommitOrder,
    CreateRelation,
    Effect,
    Execution,
    FindRelation,
    ReadStock,
    SweepArticles,
    SweepMarkers,
    SweepMplusOrders,
    SweepStock,
    UpdateRelation,
)
from streams.vocabulary.events import (
    ArticleSeen,
    MarkersRead,
    MplusOrderSeen,
    OrderCommitted,
    RelationFound,
    RelationSaved,
    StockAnswered,
    StockDoubted,
    StockRead,
    Swept,
    TillSold,
)
from streams.vocabulary.mplus_order import Customer, OrderDraft, OrderLine, PostalAddress
from streams.vocabulary.outcomes import AnswerLost, Delivered, Refused
from streams.vocabulary.time import milliseconds
from tests.connectors.mplus.till import NO_RETRY, Time

JAN = Customer(
    name="Jan <de> & Vries", email="jan@example.nl", address="Dorpstraat 1A", zip_code="1111 ZZ", city="Utrecht",
    country="NL", phone="0612345678", company="De Vries BV",
)  # fmt: skip
CONFIG = MplusSimulatorConfig(article_count=20, branches=(Branch(number=1), Branch(number=2)))


class Shop:
    """A simulated installation and an executor that talks to it."""

    def __init__(
        self, config: MplusSimulatorConfig, policy: RetryPolicy, webhooks: httpx.AsyncClient | None
    ) -> None:
        self.time = Time()
        app = create_app(
            config, clock=self.time.clock, sleep=self.time.sleep, rng=Random(7), client=webhooks,
            lost=lambda: httpx.ReadTimeout("cut"),
        )  # fmt: skip
        self.simulator: MplusSimulator = app.state.simulator
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till")
        shop = MplusAdministration("http://till/", config.ident, config.secret)
        self.client = MplusClient(self.http, shop, self.time.clock, self.time.sleep, Random(1), policy)
        self.executor = MplusExecutor({"shop": self.client}.__getitem__, self.time.clock)

    async def run(self, effect: Effect, repeated: bool = False) -> Execution:
        return await self.executor.execute("shop", effect, repeated)

    async def control(self, path: str, **body: Any) -> Any:
        reply = await self.http.post(f"/_control/{path}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def free(self, article: int) -> dict[int, int]:
        done = await self.run(ReadStock(article_number=article, branches=(1, 2)))
        assert isinstance(done.outcome, StockAnswered)
        return {reading.branch: int(reading.free) for reading in done.outcome.readings}

    def draft(self, ext: str = "BOL-1", relation: int = 0, quantity: int = 2) -> OrderDraft:
        return OrderDraft(
            ext_order_id=ext,
            idempotency_key=f"kassabrug-{ext}",
            relation_number=relation,
            reference="Bol.com 1",
            financial_date=date(2026, 11, 20),
            branch_number=1,
            lines=(OrderLine(article_number=1001, text="Gele das", quantity=quantity, price_cents=1995),),
            deliver_to=PostalAddress(name="Jan", address="Kade 2", city="Zwolle", country="NL"),
        )

    async def booked(self, ext: str = "BOL-1") -> OrderDraft:
        saved = (await self.run(CreateRelation(customer=JAN))).outcome
        assert isinstance(saved, RelationSaved)
        draft = self.draft(ext, saved.relation_number)
        assert isinstance((await self.run(CommitOrder(draft=draft))).outcome, OrderCommitted)
        return draft

    @property
    def orders(self) -> int:
        return self.simulator.books.orders.current


@pytest.fixture
async def opened() -> AsyncIterator[Any]:
    shops: list[Shop] = []

    def opening(
        policy: RetryPolicy = NO_RETRY, webhooks: httpx.AsyncClient | None = None, **settings: Any
    ) -> Shop:
        shops.append(Shop(changed(CONFIG, **settings), policy, webhooks))
        return shops[-1]

    yield opening
    for shop in shops:
        await shop.client.aclose()
        await shop.simulator.aclose()
        await shop.http.aclose()


@pytest.fixture
async def shop(opened: Any) -> Shop:
    made: Shop = opened()
    return made


async def test_what_a_check_asks(shop: Shop) -> None:
    version, branches = await shop.client.api_version(), await shop.client.branches()
    payment, delivery = await shop.client.payment_methods(), await shop.client.delivery_methods()
    assert isinstance(version, Delivered)
    assert isinstance(branches, Delivered)
    assert isinstance(payment, Delivered)
    assert isinstance(delivery, Delivered)
    assert str(version.answer.what) == "67.1.3"
    assert branches.answer.what == [lookups.Branch(1, "Winkel", (1, 2)), lookups.Branch(2, "Winkel", (1, 2))]
    assert [one.code for one in payment.answer.what] == ["PIN", "CONTANT", "BOL"]
    assert [one.code for one in delivery.answer.what] == ["AFHALEN", "POST", "DHL"]


@pytest.mark.parametrize("how", ["fault", "http-401"])
async def test_a_wrong_secret_is_refused(opened: Any, how: str) -> None:
    shop = opened(wrong_secret=how)
    wrong = MplusAdministration("http://till/", "demo", "wrong-secret")
    client = MplusClient(shop.http, wrong, shop.time.clock, shop.time.sleep, Random(1))
    refused = await client.api_version()
    assert isinstance(refused, Refused)
    assert "ident" in refused.said


async def test_the_whole_range_is_read_in_pages_and_then_what_changes(opened: Any) -> None:
    shop = opened(article_count=600)
    seen: dict[int, ArticleSeen] = {}
    cursor, pages = 0, 0
    while True:
        done = await shop.run(SweepArticles(marker=cursor))
        assert isinstance(done.outcome, Swept)
        for message in done.messages:
            assert isinstance(message.event, ArticleSeen)
            assert message.entity == f"article/{message.event.article_number}"
            seen[message.event.article_number] = message.event
        cursor, pages = int(done.outcome.cursor), pages + 1
        if not done.outcome.more:
            break
    there = shop.simulator.books.catalogue
    assert pages >= 3
    assert len(seen) == 600
    for number, one in seen.items():
        article = there.article(number)
        assert article is not None
        assert (one.price_cents, one.stock_kept, one.active) == (
            article.price_cents,
            article.stock_article,
            True,
        )
        assert {code.value for code in one.codes} >= {str(number), article.plu, article.barcode} - {""}
    await shop.control("articles/deactivate", article=1001)
    done = await shop.run(SweepArticles(marker=cursor))
    assert {message.entity for message in done.messages} >= {"article/1001"}
    assert {message.event.active for message in done.messages if message.entity == "article/1001"} == {False}


async def test_a_reading_and_a_sale(shop: Shop) -> None:
    before = await shop.free(1001)
    await shop.control("sell", article=1001, quantity=2)
    after = await shop.free(1001)
    assert after[1] == before[1] - 2


async def test_readings_asked_together_are_one_call(shop: Shop) -> None:
    wanted = [ReadStock(article_number=number, branches=(1,)) for number in (1001, 1002, 1003, 1001)]
    done = await asyncio.gather(*(shop.run(one) for one in wanted))
    assert shop.simulator.calls["getStock"] == 1
    for effect, execution in zip(wanted, done, strict=True):
        assert isinstance(execution.outcome, StockAnswered)
        assert {one.article_number for one in execution.outcome.readings} == {effect.article_number}


@pytest.mark.parametrize("inclusive", [True, False])
async def test_stock_is_swept_whole_and_then_by_what_changed(opened: Any, inclusive: bool) -> None:
    shop = opened(stock_id_inclusive=inclusive)
    done = await shop.run(SweepStock(marker=0, branches=(1, 2)))
    assert isinstance(done.outcome, Swept)
    assert done.outcome.cursor == str(shop.simulator.books.stock.current)
    assert len(done.messages) == sum(1 for row in shop.simulator.books.stock.rows())
    await shop.control("sell", article=1003, quantity=1)
    await shop.control("correct", article=1004, branch=2, amount=55)
    changes = await shop.run(SweepStock(marker=int(done.outcome.cursor), branches=(1, 2)))
    assert isinstance(changes.outcome, Swept)
    assert changes.outcome.found == 2
    assert changes.outcome.cursor == str(shop.simulator.books.stock.current)
    found = {}
    for message in changes.messages:
        assert isinstance(message.event, StockRead)
        found[message.event.reading.article_number, message.event.reading.branch] = message.event.reading.free
    assert found[1004, 2] == 55
    assert (1003, 1) in found


async def test_the_stock_of_ten_thousand_articles_is_swept_and_kept_true(opened: Any) -> None:
    shop = opened(article_count=10_000)
    book = shop.simulator.books.stock
    ours: dict[tuple[int, int], Decimal] = {}

    async def sweep(marker: int) -> Swept:
        done = await shop.run(SweepStock(marker=marker, branches=(1, 2)))
        assert isinstance(done.outcome, Swept)
        for message in done.messages:
            assert isinstance(message.event, StockRead)
            reading = message.event.reading
            assert message.entity == str(reading.article_number)
            ours[reading.branch, reading.article_number] = reading.free
        return done.outcome

    whole = await sweep(0)
    assert whole.found == sum(1 for _ in book.rows()) > 15_000
    assert ours == {(row.branch, row.article): row.free for row in book.rows()}
    rows = list(book.rows())
    for place in range(0, len(rows), 1_000):
        row = rows[place]
        await shop.control("correct", article=row.article, branch=row.branch, amount=int(row.on_hand) + 7)
    changes = await sweep(int(whole.cursor))
    assert changes.found == len(range(0, len(rows), 1_000))
    assert changes.cursor == str(book.current)
    assert ours == {(row.branch, row.article): row.free for row in book.rows()}


async def test_a_customer_from_search_to_renewal(shop: Shop) -> None:
    find = FindRelation(customer=msgspec.structs.replace(JAN, email="JAN@example.nl"), by=("email",))
    assert (await shop.run(find)).outcome == RelationFound(relation_number=None)
    saved = (await shop.run(CreateRelation(customer=JAN))).outcome
    assert isinstance(saved, RelationSaved)
    assert (await shop.run(find)).outcome == RelationFound(relation_number=saved.relation_number, by="email")
    moved = msgspec.structs.replace(JAN, city="Zwolle", phone="")
    update = UpdateRelation(relation_number=saved.relation_number, customer=moved)
    assert (await shop.run(update)).outcome == saved
    kept = shop.simulator.books.relations.get(saved.relation_number)
    assert kept is not None
    assert (kept.fields["name"], kept.fields["city"]) == ("Jan <de> & Vries", "Zwolle")
    assert kept.fields["telephone"] == "0612345678"
    nobody = UpdateRelation(relation_number=99_999, customer=JAN)
    assert isinstance((await shop.run(nobody)).outcome, Refused)


async def test_an_order_is_booked_reserved_seen_and_delivered(shop: Shop) -> None:
    free = await shop.free(1001)
    await shop.booked()
    assert (await shop.free(1001))[1] == free[1] - 2
    done = await shop.run(SweepMplusOrders(marker=0, ext_prefix="BOL-"))
    [seen] = done.messages
    assert isinstance(seen.event, MplusOrderSeen)
    assert seen.entity == "1"
    [line] = seen.event.order.lines
    assert (line.article_number, line.quantity, line.price_cents) == (1001, 2, 1995)
    assert isinstance(done.outcome, Swept)
    await shop.control("orders/deliver", ext_order_id="BOL-1")
    later = await shop.run(SweepMplusOrders(marker=int(done.outcome.cursor), ext_prefix="BOL-"))
    assert isinstance(later.messages[0].event, MplusOrderSeen)
    delivered = later.messages[0].event.order
    assert (delivered.delivery_state, delivered.lines[0].delivered) == ("ORDER-DELIVERY-STATE-COMPLETE", 2)
    assert isinstance(later.outcome, Swept)
    end = await shop.run(SweepMplusOrders(marker=int(later.outcome.cursor), ext_prefix="BOL-"))
    assert end.outcome == Swept(cursor=later.outcome.cursor)


async def test_the_number_of_an_order_is_the_same_however_it_is_learnt(shop: Shop) -> None:
    draft = await shop.booked()
    again = await shop.run(CommitOrder(draft=msgspec.structs.replace(draft, idempotency_key="another")))
    repeated = await shop.run(CommitOrder(draft=draft), repeated=True)
    assert isinstance(again.outcome, OrderCommitted)
    assert again.outcome.adopted
    assert again.outcome == repeated.outcome
    swept = await shop.run(SweepMplusOrders(marker=0, ext_prefix="BOL-"))
    assert isinstance(swept.messages[0].event, MplusOrderSeen)
    assert swept.messages[0].event.order.number == again.outcome.number
    assert shop.orders == 1


FAULTS = ["timeout-after-effect", "truncated", "not-xml"]


@pytest.mark.parametrize("kind", FAULTS)
async def test_an_order_whose_answer_is_lost_is_made_once(opened: Any, kind: str) -> None:
    shop = opened(policy=RetryPolicy(tries=3))
    saved = (await shop.run(CreateRelation(customer=JAN))).outcome
    await shop.control("faults", kind=kind, operation="createOrderV3", count=1)
    done = await shop.run(CommitOrder(draft=shop.draft(relation=saved.relation_number)))
    assert isinstance(done.outcome, OrderCommitted)
    assert not done.outcome.adopted
    assert shop.simulator.calls["createOrderV3"] == 2
    assert shop.orders == 1


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_customer_whose_answer_is_lost_is_made_once(opened: Any, kind: str) -> None:
    shop = opened(policy=RetryPolicy(tries=3))
    await shop.control("faults", kind=kind, operation="createRelation", count=1)
    create = CreateRelation(customer=JAN, by=("email",))
    assert isinstance((await shop.run(create)).outcome, AnswerLost)
    assert isinstance((await shop.run(create, repeated=True)).outcome, RelationSaved)
    assert shop.simulator.calls["createRelation"] == 1
    assert shop.simulator.books.relations.current == 1


@pytest.mark.parametrize("kind", [*FAULTS, "timeout", "http", "fault"])
async def test_an_old_installation_makes_an_order_once(opened: Any, kind: str) -> None:
    shop = opened(missing_operations=frozenset({"createOrderV3"}))
    saved = (await shop.run(CreateRelation(customer=JAN))).outcome
    commit = CommitOrder(draft=shop.draft(relation=saved.relation_number))
    await shop.control(
        "faults", kind=kind, operation="createOrderV2", count=1, after_effect=kind in ("http", "fault")
    )
    assert isinstance((await shop.run(commit)).outcome, AnswerLost)
    done = await shop.run(commit, repeated=True)
    assert isinstance(done.outcome, OrderCommitted)
    assert shop.orders == 1


async def test_an_order_for_nobody_is_refused_in_mplus_words(shop: Shop) -> None:
    refused = (await shop.run(CommitOrder(draft=shop.draft(relation=99_999)))).outcome
    assert isinstance(refused, Refused)
    assert refused.code.startswith("CREATE-ORDER-RESULT-")
    assert shop.orders == 0


async def test_markers_tell_which_feeds_moved(shop: Shop) -> None:
    async def markers() -> MarkersRead:
        outcome = (await shop.run(SweepMarkers())).outcome
        assert isinstance(outcome, MarkersRead)
        return outcome

    before = await markers()
    await shop.booked()
    after = await markers()
    assert (after.order, after.relation, after.article) == (
        before.order + 1,
        before.relation + 1,
        before.article,
    )
    assert after.stock == before.stock  # the pessimistic case of facts/mplus.md 5.2


async def test_till_events_are_believed_understood_and_answered(opened: Any) -> None:
    """The simulator signs and judges by code of its own."""
    target = WebhookTarget(url="http://bridge/hooks")
    key = key_of(target.secret)
    heard: list[Record] = []

    async def ingress(request: httpx.Request) -> httpx.Response:
        assert fits(key, request.content, request.headers["X-Mplus-Signature"])
        name = request.url.path.rpartition("/")[2]
        heard.append(
            Record(
                len(heard), milliseconds(shop.time.now), b"shop", request.content, (("event", name.encode()),)
            )
        )
        return httpx.Response(200, json={}, headers={"X-Mplus-Signature": sign(key, b"{}")})

    shop = opened(webhooks=httpx.AsyncClient(transport=httpx.MockTransport(ingress)), webhook=target)
    await shop.control(
        "sell", lines=[{"article": 1001, "quantity": 2}, {"article": 1002, "quantity": "0.125"}]
    )
    await shop.control("refund", article=1003, quantity=1)
    await shop.simulator.pushes.drained()
    assert shop.simulator.pushes.counts["reply-ok"] == 2
    sale, refund = (intake.translate("shop", record) for record in heard)
    told = [(one.entity, one.event.quantity) for one in sale[0] if isinstance(one.event, TillSold)]
    assert [(entity, str(quantity)) for entity, quantity in told] == [("1001", "2"), ("1002", "0.125")]
    assert [one.entity for one in refund[0] if isinstance(one.event, StockDoubted)] == ["1003"]
