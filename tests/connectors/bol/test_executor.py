"""Effects of Bol's: which calls they make, what comes of them, and that trouble is an outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import httpx
import orjson
import pytest

from connectors.bol.orders import ListedItem, fingerprint
from connectors.retry import RetryPolicy
from streams.vocabulary.effects import (
    AskBolProcess,
    BolEffect,
    CancelBolItem,
    CareForSubscription,
    Execution,
    FetchBolOrder,
    HandleBolReturn,
    PushOffer,
    ReadBolInventory,
    ReadBolOffer,
    ReadBolShipments,
    ReadStock,
    Sent,
    ShipBolItems,
    SweepBolInventory,
    SweepBolOffers,
    SweepBolOrders,
    SweepBolReturns,
    SweepProcessStatuses,
)
from streams.vocabulary.events import (
    BolOrderFetched,
    OrderNoticed,
    ProcessStatus,
    ProcessStatuses,
    SubscriptionCaredFor,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.connectors.bol import contract
from tests.connectors.bol.market import (
    CANCEL,
    CHANGE,
    GET_OFFER,
    GET_ORDER,
    HANDLE,
    INVENTORY,
    LIST_OFFERS,
    LIST_ORDERS,
    LIST_RETURNS,
    LIST_SHIPMENTS,
    OFFER,
    PATCH,
    SHIP,
    START,
    STATUS,
    STATUSES,
    SUBSCRIBE,
    SUBSCRIPTIONS,
    Market,
    Reply,
    limited,
    listed_item,
    listed_order,
    listed_page,
    odd,
    problem,
    process,
    subscription,
    told,
)

URL = "https://shop.test/bol"
ORDER = contract.example("bol-retailer-v10", "Order")
ALL = ("ORDER", "PROCESS_STATUS", "SHIPMENT")
EVERY: list[BolEffect] = [
    PushOffer(offer_id=OFFER, amount=1),
    FetchBolOrder(order_id="A2K8290LP8"),
    SweepBolOrders(since=START),
    SweepBolOffers(),
    ReadBolOffer(offer_id=OFFER),
    SweepBolInventory(),
    ReadBolInventory(ean="8712345678906"),
    SweepProcessStatuses(process_ids=("p1",)),
    CareForSubscription(url=URL),
    ShipBolItems(order_id="A1", items=(Sent(item_id="i1", quantity=1),), reference="r"),
    CancelBolItem(order_id="A1", item_id="i1", reason="OTHER"),
    AskBolProcess(process_id="p1"),
    ReadBolShipments(order_id="A1"),
    SweepBolReturns(),
    HandleBolReturn(return_id="1", rma_id="2", result="RETURN_RECEIVED", quantity=1),
]
OPERATIONS = (
    PATCH, GET_ORDER, LIST_ORDERS, LIST_OFFERS, GET_OFFER, INVENTORY, INVENTORY, STATUSES, SUBSCRIPTIONS, SHIP, CANCEL,
    STATUS, LIST_SHIPMENTS, LIST_RETURNS, HANDLE,
)  # fmt: skip


def test_every_effect_is_tried() -> None:
    assert {type(one) for one in EVERY} == set(get_args(BolEffect))


async def execute(market: Market, effect: BolEffect, policy: RetryPolicy | None = None) -> Execution:
    executor = market.executor(policy) if policy else market.executor()
    return await executor.execute("shop", effect, False)


# -- orders


async def test_an_order_is_fetched(market: Market) -> None:
    market.will(GET_ORDER, told(ORDER))
    done = await execute(market, FetchBolOrder(order_id="A2K8290LP8"))
    assert isinstance(done.outcome, BolOrderFetched)
    assert done.outcome.order is not None
    assert done.outcome.order.ship_to.city == "Utrecht"
    assert orjson.loads(done.raw[0].body) == ORDER


async def test_an_order_that_bol_does_not_know(market: Market) -> None:
    market.will(GET_ORDER, problem(404))
    done = await execute(market, FetchBolOrder(order_id="A2K8290LP8"))
    assert done.outcome == BolOrderFetched(order=None)


async def test_another_order_than_was_asked_for(market: Market) -> None:
    market.will(GET_ORDER, told(ORDER))
    done = await execute(market, FetchBolOrder(order_id="B1"))
    assert done.outcome == AnswerLost(why="asked for order B1, Bol answered with A2K8290LP8")


def pages(*pages: httpx.Response) -> Reply:
    """A list that answers by page number; the page after the last is empty."""

    async def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params["page"])
        return pages[number - 1] if number <= len(pages) else listed_page()

    return answer


def noticed(done: Execution) -> dict[str, str]:
    """Order ids and fingerprints of the events."""
    found = {}
    for message in done.messages:
        assert message.flow == "orders"
        assert isinstance(message.event, OrderNoticed)
        assert (message.event.via, message.event.noticed_at) == ("sweep", START)
        found[message.entity] = message.event.changed
    return found


async def test_a_sweep_of_orders(market: Market) -> None:
    market.will(LIST_ORDERS, pages(listed_page(listed_order("B1"), listed_order("A1", listed_item("i", 2)))))
    done = await execute(market, SweepBolOrders(since=START - timedelta(minutes=1)))
    assert done.outcome == Swept(cursor=START.isoformat(), more=False, found=2)
    assert noticed(done) == {
        "B1": fingerprint([ListedItem("iB1", 1)]),
        "A1": fingerprint([ListedItem("i", 2)]),
    }
    assert [dict(one.url.params) for one in market.requests] == [
        {"fulfilment-method": "ALL", "status": "ALL", "change-interval-minute": minutes, "page": page}
        for minutes, page in (("3", "1"), ("5", "2"))
    ]
    assert [one.operation for one in done.raw] == ["list-orders"] * 2


async def test_the_first_sweep_reads_the_last_hour(market: Market) -> None:
    market.will(LIST_ORDERS, odd(b"{}"))
    done = await execute(market, SweepBolOrders())
    assert done.outcome == Swept(cursor=START.isoformat())
    assert market.requests[0].url.params["change-interval-minute"] == "50"


async def test_the_items_of_an_order_on_two_pages_are_one_order(market: Market) -> None:
    first, second = listed_item("a"), listed_item("b", 3, cancelled=1)
    market.will(
        LIST_ORDERS,
        pages(listed_page(listed_order("A1", first)), listed_page(listed_order("A1", second))),
    )
    done = await execute(market, SweepBolOrders(since=START))
    assert noticed(done) == {"A1": fingerprint([ListedItem("a", 1), ListedItem("b", 3, 0, 1)])}


async def test_a_long_list_is_told_page_by_page_and_gone_on_with(market: Market) -> None:
    """Regression: nothing was told before all pages were read, twice: a quarter of an hour for 10,000 orders."""
    market.will(LIST_ORDERS, pages(*(listed_page(listed_order(f"A{number}")) for number in range(7))))
    first = await execute(market, SweepBolOrders(since=START))
    assert isinstance(first.outcome, Swept)
    assert (first.outcome.more, first.outcome.found) == (True, 5)
    assert list(noticed(first)) == ["A0", "A1", "A2", "A3", "A4"]
    then = await execute(market, SweepBolOrders(place=first.outcome.cursor))
    assert list(noticed(then)) == ["A5", "A6"]
    assert then.outcome == Swept(cursor=START.isoformat(), found=7)
    assert [one.url.params["page"] for one in market.requests] == list("12345678")


async def test_a_day_that_is_over_is_read_from_its_last_page_back_so_that_nothing_slips_through(
    market: Market,
) -> None:
    """A1 changes while the pages are read and leaves the day: C1 moves up to a page that is still to come. Read from
    the first page on, it would have moved to one that is read already."""
    orders = [listed_order(name) for name in ("A1", "B1", "C1", "D1", "E1", "F1")]
    read: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        if request.url.params.get("latest-change-date") != "2026-11-19":
            return listed_page()
        if read.count("3") == 2:
            orders[:] = [one for one in orders if one["orderId"] != "A1"]
        read.append(str(page))
        return listed_page(*orders[2 * page - 2 : 2 * page])

    market.will(LIST_ORDERS, answer)
    effect, seen = SweepBolOrders(since=START - timedelta(days=1)), set[str]()
    while True:
        done = await execute(market, effect)
        assert isinstance(done.outcome, Swept)
        if "".join(read).startswith("124332"):
            seen |= set(noticed(done))
        if not done.outcome.more:
            break
        effect = SweepBolOrders(place=done.outcome.cursor)
    assert read == ["1", "2", "4", "3", "3", "2", "1"]
    assert seen >= {"B1", "C1", "D1"}


async def test_the_newest_word_on_an_item_counts(market: Market) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return (
            listed_page(listed_order("A1", listed_item("a", 1, cancelled=page - 1)))
            if page < 3
            else listed_page()
        )

    market.will(LIST_ORDERS, answer)
    done = await execute(market, SweepBolOrders(since=START))
    assert noticed(done) == {"A1": fingerprint([ListedItem("a", 1, 0, 1)])}


async def test_a_long_stop_is_caught_up_with_in_steps_within_the_limit(market: Market) -> None:
    """The order list allows 25 calls a minute (facts/bol.md): no call is one too many, and each step is kept."""
    used = 0
    ends = START

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal used, ends
        if market.time.now >= ends:
            used, ends = 0, market.time.now + timedelta(seconds=60)
        used += 1
        assert used <= 25
        rest = (ends - market.time.now).total_seconds()
        day = request.url.params.get("latest-change-date", "minutes")
        orders = [listed_order(f"o{day}")] if request.url.params["page"] == "1" else []
        return told({"orders": orders}, **limited(25, 25 - used, rest))

    market.will(LIST_ORDERS, answer)
    executor = market.executor()
    effect = SweepBolOrders(since=START - timedelta(days=60))
    found: set[str] = set()
    for _ in range(200):
        done = await executor.execute("shop", effect, False)
        assert isinstance(done.outcome, Swept), done.outcome
        found |= {message.entity for message in done.messages}
        if not done.outcome.more:
            break
        effect = SweepBolOrders(place=done.outcome.cursor)
    else:
        pytest.fail("it does not come to an end")
    assert {f"o{(START - timedelta(days=back)).date()}" for back in range(61)} <= found
    assert "ominutes" in found, "what changes meanwhile is looked for"
    assert len(market.requests) < 61 * 3 + 40
    assert START <= type(START).fromisoformat(done.outcome.cursor) <= market.time.now


async def test_a_sweep_that_fails_midway_tells_what_it_has_read(market: Market) -> None:
    market.will(LIST_ORDERS, listed_page(listed_order("A1")), problem(503), pages())
    done = await execute(market, SweepBolOrders(since=START))
    assert isinstance(done.outcome, Swept)
    assert done.outcome.more
    assert set(noticed(done)) == {"A1"}
    assert [one.status for one in done.raw] == [200, 503]
    rest = await execute(market, SweepBolOrders(place=done.outcome.cursor))
    assert rest.outcome == Swept(cursor=START.isoformat(), found=1)
    assert [one.url.params["page"] for one in market.requests] == ["1", "2", "2"]


async def test_a_sweep_that_fails_at_once_says_so(market: Market) -> None:
    market.will(LIST_ORDERS, problem(503))
    done = await execute(market, SweepBolOrders(since=START))
    assert isinstance(done.outcome, AnswerLost)
    assert done.messages == ()


async def test_a_list_without_an_end(market: Market) -> None:
    market.will(LIST_ORDERS, listed_page(listed_order("A1")))
    effect = SweepBolOrders(since=START - timedelta(days=1))
    for _ in range(1_000):
        done = await execute(market, effect)
        if not isinstance(done.outcome, Swept):
            break
        effect = SweepBolOrders(place=done.outcome.cursor)
    assert done.outcome == Refused(said="more than 2000 pages of orders in one list: narrow it down by hand")
    assert len(market.requests) == 2000


async def test_answers_that_are_too_long_together(market: Market) -> None:
    one = b'{"returnId":"1","returnItems":[]}'
    market.will(LIST_RETURNS, odd(b'{"returns":[' + one + b'],"x":"' + b"x" * 7_000_000 + b'"}'))
    done = await execute(market, SweepBolReturns())
    assert done.outcome == AnswerLost(why="Bol's answers are longer than 67108864 bytes together")
    assert len(market.requests) == 10


# -- process statuses


async def test_process_statuses_in_bulk(market: Market) -> None:
    market.will(STATUSES, told({"processStatuses": [process("p1", "SUCCESS"), process(None)]}))
    done = await execute(market, SweepProcessStatuses(process_ids=("p1", "p2")))
    assert done.outcome == ProcessStatuses(
        statuses=(ProcessStatus(process_id="p1", status="SUCCESS", event_type="CREATE_SUBSCRIPTION"),)
    )
    assert market.sent() == {"processStatusQueries": [{"processStatusId": "p1"}, {"processStatusId": "p2"}]}


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1000, 1), (1001, 2)])
async def test_no_question_is_too_long_or_empty(market: Market, count: int, calls: int) -> None:
    market.will(STATUSES, told({"processStatuses": []}))
    ids = tuple(f"p{number}" for number in range(count))
    done = await execute(market, SweepProcessStatuses(process_ids=ids))
    assert done.outcome == ProcessStatuses(statuses=())
    assert len(market.requests) == calls
    asked = [one["processStatusId"] for n in range(calls) for one in market.sent(n)["processStatusQueries"]]
    assert asked == list(ids)


# -- our subscription


def subscribed(*known: dict[str, Any]) -> httpx.Response:
    return told({"subscriptions": list(known)})


@pytest.mark.parametrize(
    "known",
    [
        [subscription(url=URL, resources=ALL)],
        [subscription(url=URL, resources=(*ALL, "OFFER_FOR_SALE"), enabled=True)],
        [subscription("s0", url=URL, resources=ALL, enabled=False), subscription(url=URL, resources=ALL)],
    ],
)
async def test_nothing_to_do(market: Market, known: list[dict[str, Any]]) -> None:
    market.will(SUBSCRIPTIONS, subscribed(*known))
    done = await execute(market, CareForSubscription(url=URL))
    assert done.outcome == SubscriptionCaredFor(did="nothing")


@pytest.mark.parametrize(
    "known",
    [
        [],
        [subscription(url="https://other.test/", resources=ALL)],
        [subscription(url=URL, resources=ALL) | {"subscriptionType": "GCP_PUBSUB"}],
    ],
)
async def test_made(market: Market, known: list[dict[str, Any]]) -> None:
    market.will(SUBSCRIPTIONS, subscribed(*known))
    market.will(SUBSCRIBE, told(process("p1"), 202))
    done = await execute(market, CareForSubscription(url=URL))
    assert done.outcome == SubscriptionCaredFor(did="created", process_ids=("p1",))
    assert market.sent() == {
        "resources": list(ALL),
        "url": URL,
        "subscriptionType": "WEBHOOK",
        "enabled": True,
    }


@pytest.mark.parametrize(
    ("known", "did", "one", "resources"),
    [
        ([subscription(url=URL, resources=ALL, enabled=False)], "enabled", "s1", ALL),
        ([subscription(url=URL, resources=("SHIPMENT", "TEST"))], "changed", "s1", ALL),
        (
            [subscription(url=URL, resources=("OFFER_FOR_SALE",), enabled=True)],
            "changed",
            "s1",
            ("OFFER_FOR_SALE", *ALL),
        ),
        (
            [
                subscription("s1", url=URL, resources=ALL, enabled=False),
                subscription("s2", url=URL, resources=("SHIPMENT",)),
            ],
            "changed",
            "s2",
            ALL,
        ),
    ],
)
async def test_changed(
    market: Market, known: list[dict[str, Any]], did: str, one: str, resources: tuple[str, ...]
) -> None:
    market.will(SUBSCRIPTIONS, subscribed(*known))
    market.will(CHANGE, told(process(None), 202))
    done = await execute(market, CareForSubscription(url=URL))
    assert done.outcome == SubscriptionCaredFor(did=did)
    assert market.requests[-1].url.path == f"/retailer/subscriptions/{one}"
    assert set(market.sent()["resources"]) == set(resources)
    assert market.sent()["enabled"] is True


async def test_where_webhooks_take_no_orders_the_rest_is_subscribed_to(market: Market) -> None:
    market.will(SUBSCRIPTIONS, subscribed())
    market.will(SUBSCRIBE, problem(400, "ORDER is not for webhooks"), told(process("p1"), 202))
    done = await execute(market, CareForSubscription(url=URL))
    assert done.outcome == SubscriptionCaredFor(did="created", process_ids=("p1",))
    assert market.sent()["resources"] == ["PROCESS_STATUS", "SHIPMENT"]


async def test_and_then_it_is_left_at_that(market: Market) -> None:
    market.will(SUBSCRIPTIONS, subscribed(subscription(url=URL, resources=("PROCESS_STATUS", "SHIPMENT"))))
    market.will(CHANGE, problem(400, "ORDER is not for webhooks"))
    done = await execute(market, CareForSubscription(url=URL))
    assert done.outcome == SubscriptionCaredFor(did="nothing")
    assert market.asked == [SUBSCRIPTIONS, CHANGE]


async def test_one_that_was_disabled_is_enabled_all_the_same(market: Market) -> None:
    known = subscription(url=URL, resources=("PROCESS_STATUS", "SHIPMENT"), enabled=False)
    market.will(SUBSCRIPTIONS, subscribed(known))
    market.will(CHANGE, problem(400, "ORDER is not for webhooks"), told(process("p1"), 202))
    done = await execute(market, CareForSubscription(url=URL))
    assert done.outcome == SubscriptionCaredFor(did="enabled", process_ids=("p1",))
    assert market.sent()["resources"] == ["PROCESS_STATUS", "SHIPMENT"]


async def test_a_refusal_for_another_reason_is_told(market: Market) -> None:
    market.will(SUBSCRIPTIONS, subscribed())
    market.will(SUBSCRIBE, problem(400, "url is not https"))
    done = await execute(market, CareForSubscription(url=URL))
    assert done.outcome == Refused(said="HTTP 400 url is not https", code="400")
    market.replies[SUBSCRIBE].clear()
    market.will(SUBSCRIBE, problem(403, "no"))
    assert (await execute(market, CareForSubscription(url=URL))).outcome == Refused(
        said="HTTP 403 no", code="403"
    )


async def test_making_one_is_not_repeated_after_a_lost_answer(market: Market) -> None:
    market.will(SUBSCRIPTIONS, subscribed())
    market.will(SUBSCRIBE, httpx.ReadTimeout("slow"))
    done = await execute(market, CareForSubscription(url=URL), RetryPolicy(tries=5))
    assert isinstance(done.outcome, AnswerLost)
    assert market.asked == [SUBSCRIPTIONS, SUBSCRIBE]


# -- trouble, for every effect


async def test_a_connection_that_is_not_set_up(market: Market) -> None:
    done = await market.executor().execute("nobody", EVERY[0], False)
    assert done.outcome == Refused(said="the connection 'nobody' is not in the settings")


async def test_an_effect_of_another_vendor_is_our_own_mistake(market: Market) -> None:
    with pytest.raises(TypeError, match="ReadStock is no effect of Bol's"):
        await market.executor().execute("shop", ReadStock(article_number=1, branches=(1,)), False)


@pytest.mark.parametrize("effect", EVERY, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (problem(400), Refused),
        (problem(401), Refused),
        (problem(403), Refused),
        (problem(429, retry_after="70"), NotSent),
        (problem(500), AnswerLost),
        (httpx.ConnectError("x"), NotSent),
        (httpx.ReadTimeout("x"), AnswerLost),
    ],
    ids=lambda one: repr(one)[:40],
)
async def test_trouble_is_an_outcome(
    market: Market, effect: BolEffect, trouble: Reply, outcome: type[Any]
) -> None:
    for operation in OPERATIONS:
        market.will(operation, trouble)
    done = await execute(market, effect)
    assert isinstance(done.outcome, outcome)
    assert done.messages == ()


@pytest.mark.parametrize("effect", EVERY[1:], ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"\xff"', b"[" * 100_000, b'{"orders": 1'])
async def test_rubbish_is_an_outcome(market: Market, effect: BolEffect, body: bytes) -> None:
    for operation in OPERATIONS:
        market.will(operation, odd(body, 202 if operation in (SHIP, CANCEL, HANDLE) else 200))
    done = await execute(market, effect)
    assert isinstance(done.outcome, AnswerLost)
    assert "not what the contract says" in done.outcome.why
    assert [one.body for one in done.raw] == [body]  # kept: it is what a person needs to see
    assert done.messages == ()


@pytest.mark.parametrize("effect", EVERY, ids=lambda one: type(one).__name__)
async def test_a_login_that_fails(market: Market, effect: BolEffect) -> None:
    market.login.append(problem(503))
    done = await execute(market, effect)
    assert isinstance(done.outcome, NotSent)
    assert market.requests == []
