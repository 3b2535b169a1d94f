"""Shipments, cancellations and returns: what is asked of Bol, and that nothing happens twice after a lost answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.retry import RetryPolicy
from streams.vocabulary.effects import (
    AskBolProcess,
    BolEffect,
    CancelBolItem,
    Execution,
    HandleBolReturn,
    ReadBolShipments,
    Sent,
    ShipBolItems,
    SweepBolReturns,
)
from streams.vocabulary.events import (
    BolShipment,
    BolShipmentsRead,
    BolWriteBegun,
    ProcessStatus,
    ProcessStatuses,
    ReturnNoticed,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.connectors.bol import contract
from tests.connectors.bol.market import (
    CANCEL,
    GET_ORDER,
    GET_RETURN,
    GET_SHIPMENT,
    HANDLE,
    LIST_RETURNS,
    LIST_SHIPMENTS,
    PROCESSES,
    SHIP,
    START,
    STATUS,
    Market,
    Reply,
    odd,
    problem,
    process,
    told,
)

ORDER = contract.example("bol-retailer-v10", "Order")
RETURN = contract.example("bol-retailer-v10", "Return")
SHIPMENT = contract.example("bol-retailer-v10", "Shipment")
LISTED = contract.example("bol-retailer-v10", "ReducedShipment")
SHIPPING = ShipBolItems(
    order_id="A2K8290LP8",
    items=(Sent(item_id="i1", quantity=2), Sent(item_id="i2", quantity=1)),
    reference="BOL-A2K8290LP8/2",
    transporter="TNT",
    track="3SBOL1",
    known=("p0",),
)
CANCELLING = CancelBolItem(order_id="A2K8290LP8", item_id="2012345678", reason="OUT_OF_STOCK", known=("p0",))
HANDLING = HandleBolReturn(return_id="1", rma_id="31234567", result="RETURN_RECEIVED", quantity=1)
BEGUN = BolWriteBegun(process_id="p1")
DONE = BolWriteBegun(process_id="", done=True)

WRITES: list[tuple[BolEffect, str]] = [(SHIPPING, SHIP), (CANCELLING, CANCEL), (HANDLING, HANDLE)]
CREATE, CANCEL_ORDER, HANDLE_ITEM = "CREATE_SHIPMENT", "CANCEL_ORDER", "HANDLE_RETURN_ITEM"


async def execute(market: Market, effect: BolEffect, repeated: bool = False, tries: int = 1) -> Execution:
    return await market.executor(RetryPolicy(tries=tries)).execute("shop", effect, repeated)


def listed(*shipments: dict[str, Any]) -> httpx.Response:
    return told({"shipments": [LISTED | one for one in shipments]})


def processes(*some: dict[str, Any]) -> httpx.Response:
    return told({"processStatuses": list(some)})


def order(**item: Any) -> httpx.Response:
    return told(ORDER | {"orderItems": [ORDER["orderItems"][0] | item]})


def returned(**item: Any) -> httpx.Response:
    return told(RETURN | {"returnItems": [RETURN["returnItems"][0] | item]})


def nothing_found(market: Market, *some: dict[str, Any]) -> None:
    """The looks find nothing but these processes."""
    market.will(LIST_SHIPMENTS, listed())
    market.will(GET_ORDER, order(quantityShipped=3, quantityCancelled=2))
    market.will(GET_RETURN, returned(handled=False))
    market.will(PROCESSES, processes(*some), processes())


# -- for the first time


async def test_a_shipment(market: Market) -> None:
    market.will(SHIP, told(process("p1", entityId="i1", eventType=CREATE), 202))
    done = await execute(market, SHIPPING)
    assert done.outcome == BEGUN
    assert market.asked == [SHIP]
    assert market.sent() == {
        "orderItems": [{"orderItemId": "i1", "quantity": 2}, {"orderItemId": "i2", "quantity": 1}],
        "shipmentReference": "BOL-A2K8290LP8/2",
        "transport": {"transporterCode": "TNT", "trackAndTrace": "3SBOL1"},
    }
    assert [one.operation for one in done.raw] == ["create-shipment"]


async def test_a_cancellation(market: Market) -> None:
    market.will(CANCEL, told(process("p1"), 202))
    assert (await execute(market, CANCELLING)).outcome == BEGUN
    assert market.sent() == {"orderItems": [{"orderItemId": "2012345678", "reasonCode": "OUT_OF_STOCK"}]}
    assert market.asked == [CANCEL]


async def test_a_return_is_handled(market: Market) -> None:
    market.will(HANDLE, told(process("p1"), 202))
    assert (await execute(market, HANDLING)).outcome == BEGUN
    assert market.requests[0].url.path == "/retailer/returns/31234567"
    assert market.sent() == {"handlingResult": "RETURN_RECEIVED", "quantityReturned": 1}


@pytest.mark.parametrize("reference", ["", "x" * 91])
async def test_a_reference_that_bol_would_not_take(market: Market, reference: str) -> None:
    effect = ShipBolItems(order_id="A1", items=SHIPPING.items, reference=reference)
    assert isinstance((await execute(market, effect)).outcome, Refused)
    empty = ShipBolItems(order_id="A1", items=(), reference="r")
    assert isinstance((await execute(market, empty)).outcome, Refused)
    assert market.requests == []


# -- failures, each for each


@pytest.mark.parametrize(("effect", "operation"), WRITES, ids=("ship", "cancel", "handle"))
@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (problem(400, "no"), Refused),
        (problem(403), Refused),
        (problem(404), Refused),
        (problem(429, retry_after="70"), NotSent),
        (problem(500), AnswerLost),
        (httpx.ConnectError("x"), NotSent),
        (httpx.ReadTimeout("x"), AnswerLost),
        (httpx.RemoteProtocolError("x"), AnswerLost),
        (odd(b"", 202), AnswerLost),
        (odd(b'{"processStatusId": "p1', 202), AnswerLost),
        (odd(b"<html>", 202), AnswerLost),
        (odd(b'{"processStatusId": "a b"}', 202), AnswerLost),
        (told(process(None), 202), AnswerLost),
    ],
    ids=lambda one: repr(one)[:40],
)
async def test_a_write_is_sent_once_and_its_failure_is_an_outcome(
    market: Market, effect: BolEffect, operation: str, trouble: Reply, outcome: type[Any]
) -> None:
    market.will(operation, trouble)
    done = await execute(market, effect, tries=1 if outcome is NotSent else 5)
    assert isinstance(done.outcome, outcome)
    assert market.asked == [operation]


@pytest.mark.parametrize(("effect", "operation"), WRITES, ids=("ship", "cancel", "handle"))
async def test_a_write_that_surely_was_not_sent_is_sent_again(
    market: Market, effect: BolEffect, operation: str
) -> None:
    market.will(operation, httpx.ConnectError("x"), told(process("p1"), 202))
    assert (await execute(market, effect, tries=2)).outcome == BEGUN


# -- repeated: look first


async def test_a_shipment_that_is_there_is_done(market: Market) -> None:
    ours = {"shipmentId": "2", "shipmentReference": SHIPPING.reference}
    market.will(LIST_SHIPMENTS, listed({"shipmentId": "1"}), listed(ours), listed())
    assert (await execute(market, SHIPPING, repeated=True)).outcome == DONE
    assert set(market.asked) == {LIST_SHIPMENTS}
    assert [one.url.params["page"] for one in market.requests] == ["1", "2", "3"]
    assert {one.url.params["order-id"] for one in market.requests} == {"A2K8290LP8"}


async def test_a_list_that_is_the_same_on_every_page_ends(market: Market) -> None:
    market.will(LIST_SHIPMENTS, listed({"shipmentId": "1"}))
    market.will(PROCESSES, processes())
    market.will(SHIP, told(process("p1"), 202))
    assert (await execute(market, SHIPPING, repeated=True)).outcome == BEGUN


async def test_an_item_that_has_nothing_open_is_done(market: Market) -> None:
    market.will(GET_ORDER, order(quantityShipped=4, quantityCancelled=6))
    assert (await execute(market, CANCELLING, repeated=True)).outcome == DONE
    assert market.asked == [GET_ORDER]


async def test_a_return_that_is_handled_is_done(market: Market) -> None:
    market.will(GET_RETURN, returned(handled=True))
    assert (await execute(market, HANDLING, repeated=True)).outcome == DONE
    assert market.asked == [GET_RETURN]


@pytest.mark.parametrize(
    ("effect", "entity", "event_type"),
    [
        (SHIPPING, "i1", CREATE),
        (CANCELLING, "2012345678", CANCEL_ORDER),
        (HANDLING, "31234567", HANDLE_ITEM),
    ],
    ids=("ship", "cancel", "handle"),
)
async def test_a_process_on_its_way_is_adopted(
    market: Market, effect: BolEffect, entity: str, event_type: str
) -> None:
    nothing_found(market, process("p3", "FAILURE"), process("p2", "PENDING"), process("p0", "SUCCESS"))
    done = await execute(market, effect, repeated=True)
    assert done.outcome == BolWriteBegun(process_id="p2")
    asked = [one for one in market.requests if one.url.path == "/shared/process-status"]
    assert [dict(one.url.params) for one in asked] == [
        {"entity-id": entity, "event-type": event_type, "page": "1"}
    ]
    assert not {SHIP, CANCEL, HANDLE} & set(market.asked)


@pytest.mark.parametrize("status", ["SUCCESS", "TIMEOUT", "PENDING"])
@pytest.mark.parametrize("effect", [SHIPPING, CANCELLING], ids=("ship", "cancel"))
async def test_one_that_ended_otherwise_than_failed_is_adopted_too(
    market: Market, effect: BolEffect, status: str
) -> None:
    nothing_found(market, process("p0"), process("p1", status))
    assert (await execute(market, effect, repeated=True)).outcome == BEGUN


async def test_a_handling_that_ended_long_ago_is_not_ours(market: Market) -> None:
    """The return is not handled, so what ended did not handle it."""
    nothing_found(market, process("p2", "SUCCESS"), process("p1", "FAILURE"))
    market.will(HANDLE, told(process("p5"), 202))
    assert (await execute(market, HANDLING, repeated=True)).outcome == BolWriteBegun(process_id="p5")


@pytest.mark.parametrize(("effect", "operation"), WRITES, ids=("ship", "cancel", "handle"))
async def test_what_is_found_nowhere_is_sent(market: Market, effect: BolEffect, operation: str) -> None:
    known = [] if effect is HANDLING else [process("p0")]
    nothing_found(market, process("p2", "FAILURE"), process(None), *known)
    market.will(operation, told(process("p5"), 202))
    assert (await execute(market, effect, repeated=True)).outcome == BolWriteBegun(process_id="p5")
    assert market.asked[-1] == operation
    assert market.asked.count(operation) == 1


@pytest.mark.parametrize(("effect", "operation"), WRITES, ids=("ship", "cancel", "handle"))
async def test_processes_and_shipments_that_bol_has_forgotten(
    market: Market, effect: BolEffect, operation: str
) -> None:
    nothing_found(market)
    for asked in (PROCESSES, LIST_SHIPMENTS):
        market.replies[asked].clear()
        market.will(asked, problem(404))
    market.will(operation, told(process("p5"), 202))
    assert (await execute(market, effect, repeated=True)).outcome == BolWriteBegun(process_id="p5")


async def test_the_process_is_on_a_later_page(market: Market) -> None:
    nothing_found(market)
    market.replies[PROCESSES].clear()
    market.will(PROCESSES, processes(process("p4", "FAILURE")), processes(process("p1")), processes())
    assert (await execute(market, SHIPPING, repeated=True)).outcome == BEGUN


LOOKS = [
    (SHIPPING, LIST_SHIPMENTS), (SHIPPING, PROCESSES), (CANCELLING, GET_ORDER), (CANCELLING, PROCESSES),
    (HANDLING, GET_RETURN), (HANDLING, PROCESSES),
]  # fmt: skip


@pytest.mark.parametrize(("effect", "look"), LOOKS)
@pytest.mark.parametrize(
    "trouble",
    [
        problem(400),
        problem(401),
        problem(403),
        problem(429, retry_after="70"),
        problem(500),
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        odd(b"<html>"),
        odd(b"[]"),
    ],
    ids=lambda one: repr(one)[:40],
)
async def test_as_long_as_nobody_tells_it_may_have_happened(
    market: Market, effect: BolEffect, look: str, trouble: Reply
) -> None:
    """Regression: a look that was `NotSent` would have let the next try go without a look."""
    nothing_found(market)
    market.replies[look].clear()
    market.will(look, trouble)
    done = await execute(market, effect, repeated=True)
    assert isinstance(done.outcome, AnswerLost)
    assert not {SHIP, CANCEL, HANDLE} & set(market.asked)


@pytest.mark.parametrize(("effect", "operation"), WRITES, ids=("ship", "cancel", "handle"))
async def test_a_repeated_write_is_never_surely_unsent(
    market: Market, effect: BolEffect, operation: str
) -> None:
    nothing_found(market)
    market.will(operation, problem(429))
    assert isinstance((await execute(market, effect, repeated=True)).outcome, AnswerLost)
    market.replies[operation].clear()
    market.will(operation, problem(400, "no"))
    assert (await execute(market, effect, repeated=True)).outcome == Refused(said="HTTP 400 no", code="400")


@pytest.mark.parametrize(("effect", "look"), [(CANCELLING, GET_ORDER), (HANDLING, GET_RETURN)])
async def test_what_bol_does_not_know_can_be_neither_cancelled_nor_handled(
    market: Market, effect: BolEffect, look: str
) -> None:
    market.will(look, problem(404, "unknown"))
    assert (await execute(market, effect, repeated=True)).outcome == Refused(
        said="HTTP 404 unknown", code="404"
    )


@pytest.mark.parametrize(
    ("effect", "look", "answer"),
    [
        (CANCELLING, GET_ORDER, order(orderItemId="other")),
        (CANCELLING, GET_ORDER, told(ORDER | {"orderId": "B1"})),
        (HANDLING, GET_RETURN, returned(rmaId="other")),
        (HANDLING, GET_RETURN, told(RETURN | {"returnId": "2"})),
    ],
)
async def test_an_answer_about_something_else(
    market: Market, effect: BolEffect, look: str, answer: httpx.Response
) -> None:
    market.will(look, answer)
    done = await execute(market, effect, repeated=True)
    assert isinstance(done.outcome, AnswerLost)
    assert "without it" in done.outcome.why


# -- how a write ended


async def test_a_process_is_asked_for(market: Market) -> None:
    market.will(STATUS, told(process("p1", "FAILURE", entityId="i1", eventType=CREATE, errorMessage="no")))
    status = ProcessStatus(process_id="p1", status="FAILURE", event_type=CREATE, entity_id="i1", error="no")
    assert (await execute(market, AskBolProcess(process_id="p1"))).outcome == ProcessStatuses(
        statuses=(status,)
    )


async def test_a_process_that_bol_has_forgotten(market: Market) -> None:
    market.will(STATUS, problem(404))
    assert (await execute(market, AskBolProcess(process_id="p1"))).outcome == ProcessStatuses(statuses=())


async def test_another_process_than_was_asked_for(market: Market) -> None:
    market.will(STATUS, told(process("p2")))
    done = await execute(market, AskBolProcess(process_id="p1"))
    assert done.outcome == AnswerLost(why="asked for process p1, Bol answered with p2")


# -- what has left


async def test_the_shipments_of_an_order(market: Market) -> None:
    market.will(LIST_SHIPMENTS, listed({"shipmentId": "2"}, {"shipmentId": "1"}), listed())
    item = SHIPMENT["shipmentItems"][0]
    market.will(
        GET_SHIPMENT,
        told(SHIPMENT | {"shipmentId": "2", "shipmentItems": [item | {"quantityShipped": 1}]}),
        told(SHIPMENT | {"shipmentId": "1", "shipmentItems": [item | {"quantityShipped": 2}]}),
    )
    code = "3SBOL0987654321"
    done = await execute(market, ReadBolShipments(order_id="A2K8290LP8"))
    assert done.outcome == BolShipmentsRead(
        shipments=(
            BolShipment(
                shipment_id="2",
                reference="BOLCOM001",
                items=(("1234567891", 1),),
                transporter="TNT",
                track=code,
            ),
            BolShipment(
                shipment_id="1",
                reference="BOLCOM001",
                items=(("1234567891", 2),),
                transporter="TNT",
                track=code,
            ),
        )
    )


async def test_an_order_of_which_nothing_has_left(market: Market) -> None:
    market.will(LIST_SHIPMENTS, listed())
    done = await execute(market, ReadBolShipments(order_id="A1"))
    assert done.outcome == BolShipmentsRead(shipments=())
    assert market.asked == [LIST_SHIPMENTS]


async def test_another_shipment_than_was_asked_for(market: Market) -> None:
    market.will(LIST_SHIPMENTS, listed({"shipmentId": "2"}), listed())
    market.will(GET_SHIPMENT, told(SHIPMENT))
    assert isinstance((await execute(market, ReadBolShipments(order_id="A1"))).outcome, AnswerLost)


async def test_an_order_with_shipments_without_end(market: Market) -> None:
    numbers = iter(range(1000))

    async def more(_: httpx.Request) -> httpx.Response:
        return listed({"shipmentId": str(next(numbers))})

    market.will(LIST_SHIPMENTS, more)
    done = await execute(market, ReadBolShipments(order_id="A1"))
    assert done.outcome == Refused(said="more than 20 pages of shipments of order A1")


# -- returns


def reduced(return_id: str, fulfilment: str = "FBR", comment: str = "it broke, Jan") -> dict[str, Any]:
    whole: dict[str, Any] = contract.example("bol-retailer-v10", "ReducedReturn")
    reason = whole["returnItems"][0]["returnReason"] | {"customerComments": comment}
    items = [whole["returnItems"][0] | {"returnReason": reason, "handled": False, "rmaId": f"r{return_id}"}]
    return whole | {"returnId": return_id, "fulfilmentMethod": fulfilment, "returnItems": items}


async def test_a_sweep_of_returns(market: Market) -> None:
    pages = {
        ("FBR", "1"): [reduced("1"), reduced("2")],
        ("FBR", "2"): [reduced("2"), reduced("3")],
        ("FBB", "1"): [reduced("4", "FBB")],
    }

    async def answer(request: httpx.Request) -> httpx.Response:
        params = request.url.params
        assert params["handled"] == "false"
        return told({"returns": pages.get((params["fulfilment-method"], params["page"]), [])})

    market.will(LIST_RETURNS, answer)
    done = await execute(market, SweepBolReturns())
    assert done.outcome == Swept(cursor="", found=4)
    assert [(one.flow, one.entity) for one in done.messages] == [("returns", one) for one in "1234"]
    for message in done.messages:
        assert isinstance(message.event, ReturnNoticed)
        assert [item.rma_id for item in message.event.items] == [f"r{message.entity}"]
    assert len(done.raw) == 5
    assert all(b"Jan" not in one.body for one in done.raw)
    assert "Jan" not in repr(done.messages)


async def test_a_look_at_a_return_carries_no_comment_along(market: Market) -> None:
    market.will(GET_RETURN, told(RETURN))
    done = await execute(market, HANDLING, repeated=True)
    assert done.outcome == DONE
    assert b"Lorem" not in done.raw[0].body


async def test_returns_without_end(market: Market) -> None:
    market.will(LIST_RETURNS, told({"returns": [reduced("1")]}))
    done = await execute(market, SweepBolReturns())
    assert isinstance(done.outcome, Refused)
    assert "partner site" in done.outcome.said
    assert done.messages == ()


async def test_a_sweep_of_returns_that_fails_midway_tells_no_events(market: Market) -> None:
    market.will(LIST_RETURNS, told({"returns": [reduced("1")]}), problem(503))
    done = await execute(market, SweepBolReturns())
    assert isinstance(done.outcome, AnswerLost)
    assert done.messages == ()
    assert done.asked_at == START
