"""Effects executed anew against what was answered once: the same outcome, without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from connectors.bol import wire
from connectors.bol.executor import BolExecutor
from connectors.bol.recorded import RecordedBol
from connectors.mplus import reply
from connectors.mplus.executor import MplusExecutor
from connectors.mplus.recorded import RecordedMplus
from connectors.recorded import NotRecorded, Recorded
from connectors.retry import RetryPolicy
from streams.vocabulary.effects import (
    AskBolProcess,
    BolEffect,
    CancelBolItem,
    CancelMplusOrder,
    CareForSubscription,
    CommitOrder,
    CreateRelation,
    DeliverMplusOrder,
    Execution,
    FetchBolOrder,
    FindRelation,
    HandleBolReturn,
    RawAnswer,
    ReadBolInventory,
    ReadBolOffer,
    ReadBolShipments,
    ReadMplusOrder,
    ReadPackingSlips,
    ReadStock,
    Sent,
    SetMplusCategory,
    ShipBolItems,
    Stumbled,
    SweepArticles,
    SweepBolInventory,
    SweepBolOffers,
    SweepBolOrders,
    SweepBolReturns,
    SweepMplusOrders,
    SweepPackingSlips,
    SweepProcessStatuses,
    SweepStock,
    UpdateRelation,
)
from streams.vocabulary.events import OfferSeen
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.connectors.bol import contract
from tests.connectors.bol.market import (
    CANCEL,
    GET_OFFER,
    GET_ORDER,
    GET_RETURN,
    GET_SHIPMENT,
    HANDLE,
    INVENTORY,
    LIST_OFFERS,
    LIST_ORDERS,
    LIST_RETURNS,
    LIST_SHIPMENTS,
    PROCESSES,
    REASONS,
    SHIP,
    START,
    STATUS,
    STATUSES,
    SUBSCRIBE,
    SUBSCRIPTIONS,
    Market,
    empty,
    listed_item,
    listed_order,
    listed_page,
    problem,
    process,
    sold_offer,
    told,
)
from tests.connectors.mplus.test_bookings import (
    GONE,
    OFF,
    OPEN,
    PAY,
    cancelled,
    delivered,
    line,
    paid,
    there,
    updated,
)
from tests.connectors.mplus.test_soap import DRAFT
from tests.connectors.mplus.till import Till, envelope, fault, sample, stock_reply, stock_row, tree

TWICE = RetryPolicy(tries=2)
JAN = Customer(name="Jan", email="jan@example.nl")
FIND = FindRelation(customer=JAN, by=("email",))
CREATE = CreateRelation(customer=JAN, by=("email",))
URL = "https://shop.test/bol"


def anew(effect: Any, then: Sequence[RawAnswer], began: Any, repeated: bool = False) -> Any:
    """The present executor against these answers."""
    recorded = Recorded(then)
    bol, mplus = RecordedBol(recorded), RecordedMplus(recorded)
    executor: Any = (
        BolExecutor(lambda _: bol, lambda: began)
        if isinstance(effect, BolEffect)
        else MplusExecutor(lambda _: mplus, lambda: began)
    )
    return executor.execute("shop", effect, repeated)


def what(done: Execution) -> Any:
    return done.outcome, done.messages


async def reply_of(request: httpx.Request) -> httpx.Response:
    page = int(request.url.params["page"])
    return listed_page(listed_order("B1", listed_item("i", page))) if page < 3 else listed_page()


async def lying_of(request: httpx.Request) -> httpx.Response:
    page = int(request.url.params["page"])
    lying = {
        "ean": "8712345678906",
        "bsku": f"b{page}",
        "regularStock": page,
        "gradedStock": 0,
        "title": "Vaas",
    }
    return told({"inventory": [lying] if page < 3 else []})


ORDER = contract.example("bol-retailer-v10", "Order")
BOL: list[tuple[BolEffect, str, list[Any]]] = [
    (FetchBolOrder(order_id="A2K8290LP8"), GET_ORDER, [problem(503), told(ORDER)]),
    (FetchBolOrder(order_id="A2K8290LP8"), GET_ORDER, [problem(404)]),
    (SweepBolOrders(since=START), LIST_ORDERS, [problem(500), reply_of]),
    (SweepBolOffers(), LIST_OFFERS, [told({"offers": [sold_offer("o1", 3)], "page": {"nextCursor": "c"}})]),
    (ReadBolOffer(offer_id="o1"), GET_OFFER, [told(sold_offer("o1", 0))]),
    (ReadBolOffer(offer_id="o1"), GET_OFFER, [problem(404)]),
    (SweepBolInventory(), INVENTORY, [problem(503), lying_of]),
    (ReadBolInventory(ean="8712345678906"), INVENTORY, [problem(503), lying_of]),
    (ReadBolInventory(ean="0012345678905"), INVENTORY, [told({"inventory": []})]),
    (SweepProcessStatuses(process_ids=("p1",)), STATUSES, [told({"processStatuses": [process()]})]),
]


@pytest.mark.parametrize(("effect", "operation", "replies"), BOL)
async def test_bols_answers_give_the_same_again(
    effect: BolEffect, operation: str, replies: list[Any]
) -> None:
    market = Market()
    market.will(operation, *replies)
    done = await market.executor(TWICE).execute("shop", effect, False)
    assert done.raw
    again = await anew(effect, done.raw, done.began)
    assert what(again) == what(done)


async def returns_of(request: httpx.Request) -> httpx.Response:
    first = (request.url.params["fulfilment-method"], request.url.params["page"]) == ("FBR", "1")
    return told({"returns": [contract.example("bol-retailer-v10", "ReducedReturn")] if first else []})


def no_processes() -> httpx.Response:
    return told({"processStatuses": []})


SHIPMENT = contract.example("bol-retailer-v10", "Shipment")
SHIPMENTS = [told(contract.example("bol-retailer-v10", "ShipmentsResponse")), told({"shipments": []})]
RETURN = contract.example("bol-retailer-v10", "Return")
SHIPPING = ShipBolItems(order_id="A1", items=(Sent(item_id="i1", quantity=1),), reference="r")
CANCELLING = CancelBolItem(order_id="A2K8290LP8", item_id="2012345678", reason="OTHER")
HANDLING = HandleBolReturn(return_id="1", rma_id="31234567", result="RETURN_RECEIVED", quantity=1)
BOL_WRITES: list[tuple[BolEffect, dict[str, list[Any]], bool]] = [
    (SHIPPING, {SHIP: [told(process(), 202)]}, False),
    (SHIPPING, {SHIP: [problem(500)]}, False),
    (SHIPPING, {LIST_SHIPMENTS: [problem(503), *SHIPMENTS], PROCESSES: [told({"processStatuses": [process()]})]}, True),
    (SHIPPING, {LIST_SHIPMENTS: SHIPMENTS, PROCESSES: [no_processes()], SHIP: [told(process(), 202)]}, True),
    (CANCELLING, {CANCEL: [told(process(None), 202)]}, False),
    (CANCELLING, {GET_ORDER: [told(ORDER)]}, True),
    (AskBolProcess(process_id="p1"), {STATUS: [problem(503), told(process())]}, False),
    (AskBolProcess(process_id="p1"), {STATUS: [problem(404)]}, False),
    (ReadBolShipments(order_id="A1"), {LIST_SHIPMENTS: SHIPMENTS, GET_SHIPMENT: [told(SHIPMENT)]}, False),
    (SweepBolReturns(), {LIST_RETURNS: [problem(500), returns_of]}, False),
    (HANDLING, {HANDLE: [problem(400)]}, False),
    (HANDLING, {GET_RETURN: [told(RETURN)]}, True),
]  # fmt: skip


@pytest.mark.parametrize(("effect", "replies", "repeated"), BOL_WRITES)
async def test_bols_answers_to_writes_give_the_same_again(
    effect: BolEffect, replies: dict[str, list[Any]], repeated: bool
) -> None:
    market = Market()
    for operation, some in replies.items():
        market.will(operation, *some)
    done = await market.executor(TWICE).execute("shop", effect, repeated)
    assert done.raw
    assert what(await anew(effect, done.raw, done.began, repeated)) == what(done)


async def test_a_token_that_ended_early_is_no_word_about_the_call() -> None:
    market = Market()
    market.refused_tokens.add("token-1")
    market.will(GET_ORDER, told(ORDER))
    effect = FetchBolOrder(order_id="A2K8290LP8")
    done = await market.executor().execute("shop", effect, False)
    assert [one.status for one in done.raw] == [401, 200]
    assert what(await anew(effect, done.raw, done.began)) == what(done)


async def test_several_calls_are_answered_by_their_operation() -> None:
    market = Market()
    market.will(SUBSCRIPTIONS, told({"subscriptions": []}))
    market.will(SUBSCRIBE, told(process("p7"), 202))
    effect = CareForSubscription(url=URL)
    done = await market.executor().execute("shop", effect, False)
    assert [(one.operation, one.call) for one in done.raw] == [
        ("list-subscriptions", 1),
        ("create-subscription", 2),
    ]
    assert what(await anew(effect, done.raw, done.began)) == what(done)


ORDER_PAGE = sample("resp_getOrders")
FOUND, NOBODY = sample("resp_findRelation_found"), sample("resp_findRelation_none")
PRODUCTS = envelope(tree("GetProductsResponse", tree("productList", tree("product", tree("syncMarker", 7),
    tree("articleList", tree("article", tree("articleNumber", 1007)))))))  # fmt: skip
NO_SLIPS = envelope("<ns:GetPackingSlipsByOrderResponse/>")
SLIP_PAGE = envelope(tree("GetPackingSlipsResponse", tree("packingSlipList", tree("packingSlip",
    tree("packingSlipId", "s1"), tree("extOrderId", "BOL-1"), tree("syncMarker", 88)))))  # fmt: skip
OPEN_3 = there(line("a", 1001, 2), category=3)
MPLUS: list[tuple[Any, dict[str, list[Any]], bool]] = [
    (FIND, {"findRelationV2": [fault(), FOUND]}, False),
    (CREATE, {"createRelation": [sample("resp_createRelation")]}, False),
    (CREATE, {"findRelationV2": [NOBODY],
                                    "createRelation": [sample("resp_createRelation")]}, True),
    (CommitOrder(draft=DRAFT), {"createOrderV3": [sample("resp_createOrderV3")]}, False),
    (CommitOrder(draft=DRAFT), {"createOrderV3": [sample("resp_createOrder_dup")],
                                "findOrder": [sample("resp_findOrder_found")]}, False),
    (ReadMplusOrder(order_id="o"), {"getOrder": [fault(), OPEN]}, False),
    (DeliverMplusOrder(order_id="o"), {"getOrder": [OPEN, GONE], "deliverOrderV2": [delivered("OK")]}, True),
    (CancelMplusOrder(order_id="o", left=()), {"getOrder": [OPEN, OFF], "cancelOrder": [cancelled("OK")]}, False),
    (SetMplusCategory(order_id="o", category=3),
     {"getOrder": [OPEN, OPEN, OPEN_3], "updateOrder": [updated("ORDER-HAS-CHANGED"), updated("OK")]}, False),
    (PAY, {"payOrderV2": [paid("OK")]}, True),
    (ReadPackingSlips(order_id="o"), {"getPackingSlipsByOrder": [NO_SLIPS]}, False),
    (SweepArticles(marker=7), {"getProducts": [PRODUCTS]}, False),
    (SweepMplusOrders(marker=513, ext_prefix="BOL-"), {"getOrders": [ORDER_PAGE]}, False),
    (SweepPackingSlips(marker=88, ext_prefix="BOL-"), {"getPackingSlips": [SLIP_PAGE]}, False),
    (SweepStock(marker=5, branches=(1, 2)), {"getStock": [stock_reply(stock_row(1, 4, marker=7)),
                                                          stock_reply(stock_row(2, 5, branch=2, marker=6))]}, False),
]  # fmt: skip


@pytest.mark.parametrize(("effect", "replies", "repeated"), MPLUS)
async def test_mpluss_answers_give_the_same_again(effect: Any, replies: Any, repeated: bool) -> None:
    till = Till()
    for operation, some in replies.items():
        till.will(operation, *some)
    client = till.client(TWICE)
    done = await MplusExecutor(lambda _: client, till.time.clock).execute("shop", effect, repeated)
    assert done.raw
    assert done.asked_at <= done.raw[0].asked_at
    assert what(await anew(effect, done.raw, done.began, repeated)) == what(done)


async def test_a_call_that_was_not_made_then_is_told() -> None:
    with pytest.raises(Stumbled) as told_of:
        await anew(FIND, (), START)
    assert isinstance(told_of.value.__cause__, NotRecorded)
    with pytest.raises(Stumbled) as told_of:
        await anew(ReadStock(article_number=1, branches=(1,)), (), START)
    assert isinstance(told_of.value.__cause__, NotRecorded)


async def test_tries_of_one_call_do_not_answer_the_next_one() -> None:
    """Three answers about branch 1 that could not be read say nothing about branch 2."""
    till = Till()
    till.will("getStock", b"<html/>")
    client = till.client(RetryPolicy(tries=3))
    effect = SweepStock(marker=5, branches=(1, 2))
    done = await MplusExecutor(lambda _: client, till.time.clock).execute("shop", effect, False)
    assert isinstance(done.outcome, AnswerLost)
    assert [one.call for one in done.raw] == [1, 1, 1]
    mended = [
        RawAnswer(
            vendor=one.vendor,
            operation=one.operation,
            status=one.status,
            body=stock_reply(stock_row(1)),
            asked_at=one.asked_at,
            answered_at=one.answered_at,
            call=one.call,
        )
        for one in done.raw
    ]
    with pytest.raises(Stumbled) as told_of:
        await anew(effect, mended, done.began)
    assert isinstance(told_of.value.__cause__, NotRecorded)


# -- our own mistakes


def broken(*_: object) -> Any:
    raise KeyError("a bug")


@pytest.mark.parametrize("vendor", ["bol", "mplus"])
async def test_answers_that_our_own_code_fails_on_are_not_lost(
    vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    market, till = Market(), Till()
    market.will(GET_ORDER, told(ORDER))
    till.will("updateRelation", sample("resp_createRelation"))
    monkeypatch.setattr(wire, "identifier", broken)
    monkeypatch.setattr("connectors.bol.orders.identifier", broken)
    monkeypatch.setattr(reply, "answer", broken)
    client = till.client()
    run: Callable[[], Any] = (
        (lambda: market.executor().execute("shop", FetchBolOrder(order_id="A2K8290LP8"), False))
        if vendor == "bol"
        else lambda: MplusExecutor(lambda _: client, till.time.clock).execute(
            "shop", UpdateRelation(relation_number=1, customer=JAN), False
        )
    )
    with pytest.raises(Stumbled) as told_of:
        await run()
    assert isinstance(told_of.value.__cause__, KeyError)
    assert [one.status for one in told_of.value.raw] == [200]


async def why_not(request: httpx.Request) -> httpx.Response:
    offer_id = request.url.path.split("/")[3]
    reason = {"category": "PRICE", "code": "1", "description": f"Not {offer_id}"}
    return told({"offerId": offer_id, "countries": [{"countryCode": "NL", "reasons": [reason]}]})


OFF = SweepBolOffers(cursor="for-sale=false:")


async def test_reasons_are_told_anew_for_the_same_offers() -> None:
    market = Market()
    market.will(LIST_OFFERS, told({"offers": [sold_offer(f"o{n}", n) for n in (3, 0, 5)], "page": {}}))
    market.will(REASONS, why_not)
    done = await market.executor().execute("shop", OFF, False)
    assert [message.event.offline for message in done.messages if isinstance(message.event, OfferSeen)] == [
        ("Not o3 (1)",), (), ("Not o5 (1)",),
    ]  # fmt: skip
    assert what(await anew(OFF, done.raw, done.began)) == what(done)


async def test_a_question_that_got_no_answer_is_told_to_be_missing_and_not_guessed() -> None:
    market = Market()
    market.will(LIST_OFFERS, told({"offers": [sold_offer("o1", 3), sold_offer("o2", 3)], "page": {}}))
    market.will(REASONS, why_not, httpx.ReadTimeout("x"))
    done = await market.executor().execute("shop", OFF, False)
    with pytest.raises(Stumbled) as stumbled:
        await anew(OFF, done.raw, done.began)
    assert isinstance(stumbled.value.__cause__, NotRecorded)


async def test_a_refusal_is_understood_anew_too() -> None:
    market = Market()
    market.will(LIST_OFFERS, empty(403))
    done = await market.executor().execute("shop", SweepBolOffers(), False)
    assert isinstance(done.outcome, Refused)
    assert what(await anew(SweepBolOffers(), done.raw, done.began)) == what(done)
