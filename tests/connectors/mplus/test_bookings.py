"""What is done to an order that is there: every answer that Mplus can give, and every answer lost."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from connectors.mplus import bookings
from connectors.mplus.executor import MplusExecutor
from streams.vocabulary.effects import (
    CancelMplusOrder,
    CommitOrder,
    DeliverMplusOrder,
    Effect,
    PayMplusOrder,
    ReadMplusOrder,
    ReadPackingSlips,
    SetMplusCategory,
)
from streams.vocabulary.events import MplusOrderPaid, MplusOrderRead, OrderCommitted, PackingSlipsRead
from streams.vocabulary.mplus_order import Moved, Payment
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.connectors.mplus.test_soap import DRAFT
from tests.connectors.mplus.till import Till, envelope, fault, sample, tree

NONE = sample("resp_findOrder_none")
PAYMENT = Payment(method="BOL", cents=3990, reference="BOL-1")
PAY = PayMplusOrder(order_id="o", key="k", payment=PAYMENT, prepay=True)
DELIVER = DeliverMplusOrder(order_id="o")
CANCEL = CancelMplusOrder(order_id="o", left=())
CATEGORY = SetMplusCategory(order_id="o", category=3)


@pytest.fixture
def till() -> Till:
    return Till()


async def run(till: Till, effect: Effect, repeated: bool = False) -> Any:
    client = till.client()
    return (await MplusExecutor(lambda _: client, till.time.clock).execute("shop", effect, repeated)).outcome


def line(
    line_id: str, article: int, quantity: int, delivered: int = 0, cancelled: int = 0, part: bool = False
) -> str:
    numbers = {"quantity": quantity, "decimalPlaces": 0, "deliveredQuantity": delivered, "deliveredDecimalPlaces": 0,
               "cancelledQuantity": cancelled, "cancelledDecimalPlaces": 0, "price": 1995}  # fmt: skip
    kind = tree("lineType", "LINE-TYPE-COMPONENT" if part else "LINE-TYPE-NONE")
    data = tree("data", *(tree(name, value) for name, value in numbers.items()))
    return tree("line", tree("lineId", line_id), tree("articleNumber", article), data, kind)


def there(*lines: str, category: int = 1, changes: int = 1, more: str = "") -> bytes:
    order = tree(
        "order", tree("orderId", "o"), tree("extOrderId", "BOL-1"), tree("changeCounter", changes),
        tree("versionNumber", changes), tree("orderNumber", tree("year", 2026), tree("number", 14)),
        tree("orderCategoryNumber", category), tree("lineList", *lines), more,
    )  # fmt: skip
    return envelope(tree("GetOrderResponse", tree("result", "GET-ORDER-RESULT-OK"), order))


def answer(name: str, result: str, said: str = "", *more: str) -> bytes:
    word = "message" if name == "CancelOrder" else "errorMessage"
    return envelope(tree(f"{name}Response", tree("result", result), tree(word, said), *more))


def delivered(result: str, said: str = "") -> bytes:
    return answer("DeliverOrderV2", f"DELIVER-ORDER-V2-RESULT-{result}", said)


def cancelled(result: str, said: str = "") -> bytes:
    return answer("CancelOrder", f"CANCEL-ORDER-RESULT-{result}", said)


def updated(result: str, said: str = "") -> bytes:
    return answer("UpdateOrder", f"UPDATE-ORDER-RESULT-{result}", said)


def paid(result: str, said: str = "", *more: str) -> bytes:
    return answer("PayOrderV2", f"PAY-ORDER-RESULT-{result}", said, *more)


def too_old(name: str) -> httpx.Response:
    return fault(
        "SOAP-ENV:Client", f"Method '{name}' not implemented: method name or namespace not recognized"
    )


OPEN = there(line("a", 1001, 2), line("b", 1002, 1))
PART = there(line("a", 1001, 2, delivered=2), line("b", 1002, 1))
GONE = there(line("a", 1001, 2, delivered=2), line("b", 1002, 1, delivered=1))
OFF = there(line("a", 1001, 2, cancelled=2), line("b", 1002, 1, cancelled=1))


def portions(till: Till, place: int) -> dict[str, str]:
    return {
        one.findtext("{*}lineId"): one.findtext("{*}quantity") for one in till.sent(place).iter("{*}line")
    }


def quantities(till: Till, place: int) -> dict[str, str]:
    lines = till.sent(place).findall("{*}order/{*}lineList/{*}line")
    return {one.findtext("{*}lineId"): one.findtext("{*}data/{*}quantity") for one in lines}


# -- read


async def test_an_order_as_it_is(till: Till) -> None:
    till.will("getOrder", OPEN, NONE)
    read = await run(till, ReadMplusOrder(order_id="o"))
    assert isinstance(read, MplusOrderRead)
    assert read.order is not None
    assert read.order.number == "2026-14"
    assert await run(till, ReadMplusOrder(order_id="o")) == MplusOrderRead(order=None)


@pytest.mark.parametrize("effect", [DELIVER, CANCEL, CATEGORY])
async def test_an_order_that_mplus_does_not_know_is_no_order(till: Till, effect: Effect) -> None:
    till.will("getOrder", NONE)
    assert await run(till, effect) == MplusOrderRead(order=None)
    assert till.asked == ["getOrder"]


async def test_no_packing_slips(till: Till) -> None:
    till.will("getPackingSlipsByOrder", envelope("<ns:GetPackingSlipsByOrderResponse/>"))
    assert await run(till, ReadPackingSlips(order_id="o")) == PackingSlipsRead(slips=())


# -- deliver


async def test_what_is_missing_is_delivered_and_the_order_read_again(till: Till) -> None:
    till.will("getOrder", OPEN, PART)
    till.will("deliverOrderV2", delivered("OK"))
    due = (Moved(article_number=1001, quantity=2),)
    read = await run(till, replace(DELIVER, due=due, turnover="DELIVER-ORDER-TURNOVER-TYPE-INVOICE"))
    assert till.asked == ["getOrder", "deliverOrderV2", "getOrder"]
    assert portions(till, 1) == {"a": "2"}
    assert till.sent(1).findtext(".//{*}turnoverType") == "DELIVER-ORDER-TURNOVER-TYPE-INVOICE"
    assert [int(one.delivered) for one in read.order.lines] == [2, 0]


@pytest.mark.parametrize("body", [GONE, OFF])
async def test_nothing_missing_is_nothing_to_do(till: Till, body: bytes) -> None:
    till.will("getOrder", body)
    assert isinstance(await run(till, DELIVER, repeated=True), MplusOrderRead)
    assert till.asked == ["getOrder"]


async def test_a_no_that_means_that_staff_were_faster_is_none(till: Till) -> None:
    till.will("getOrder", OPEN, GONE)
    till.will("deliverOrderV2", delivered("ALREADY-DELIVERED", "already"))
    assert isinstance(await run(till, DELIVER), MplusOrderRead)


async def test_a_delivery_that_mplus_refuses(till: Till) -> None:
    till.will("getOrder", OPEN)
    till.will("deliverOrderV2", delivered("FAILED", "the order is locked"))
    assert await run(till, DELIVER) == Refused(
        said="the order is locked", code="DELIVER-ORDER-V2-RESULT-FAILED"
    )


async def test_an_old_installation_delivers_the_whole_only(till: Till) -> None:
    till.will("getOrder", OPEN, GONE)
    till.will("deliverOrderV2", too_old("deliverOrderV2"))
    till.will("deliverOrder", answer("DeliverOrder", "DELIVER-ORDER-RESULT-OK"))
    assert isinstance(await run(till, DELIVER), MplusOrderRead)
    assert till.asked == ["getOrder", "deliverOrderV2", "deliverOrder", "getOrder"]
    fresh = Till()
    fresh.will("getOrder", OPEN)
    fresh.will("deliverOrderV2", too_old("deliverOrderV2"))
    refused = await run(fresh, replace(DELIVER, due=(Moved(article_number=1001, quantity=1),)))
    assert isinstance(refused, Refused)
    assert "deliver it in Mplus" in refused.said
    assert fresh.asked == ["getOrder", "deliverOrderV2"]


# -- cancel


async def test_an_order_that_is_not_wanted_at_all_is_cancelled(till: Till) -> None:
    till.will("getOrder", OPEN, OFF)
    till.will("cancelOrder", cancelled("OK"))
    read = await run(till, CANCEL)
    assert till.asked == ["getOrder", "cancelOrder", "getOrder"]
    assert [int(one.cancelled) for one in read.order.lines] == [2, 1]


@pytest.mark.parametrize("result", ["PENDING", "ALREADY-CANCELLED", "UNDO-CANCEL-OK", "OK"])
async def test_a_cancellation_that_does_not_show_yet_is_looked_at_again(till: Till, result: str) -> None:
    till.will("getOrder", OPEN)
    till.will("cancelOrder", cancelled(result))
    lost = await run(till, CANCEL)
    assert isinstance(lost, AnswerLost)
    assert "order 2026-14" in lost.why
    done = Till()
    done.will("getOrder", OPEN, OFF)
    done.will("cancelOrder", cancelled(result))
    assert isinstance(await run(done, CANCEL), MplusOrderRead)


async def test_a_cancellation_that_mplus_refuses(till: Till) -> None:
    till.will("getOrder", OPEN)
    till.will("cancelOrder", cancelled("FAILED", "category Verzonden cannot be cancelled"))
    refused = Refused(said="category Verzonden cannot be cancelled", code="CANCEL-ORDER-RESULT-FAILED")
    assert await run(till, CANCEL) == refused


async def test_a_cancelled_order_is_not_cancelled_again(till: Till) -> None:
    """A second time could undo it: facts/mplus.md 1.10."""
    till.will("getOrder", OFF)
    assert isinstance(await run(till, CANCEL, repeated=True), MplusOrderRead)
    assert till.asked == ["getOrder"]


async def test_a_part_that_is_not_wanted_is_taken_off(till: Till) -> None:
    smaller = there(line("a", 1001, 1), line("b", 1002, 1), changes=2)
    till.will("getOrder", OPEN, smaller)
    till.will("updateOrder", updated("OK"))
    left = (Moved(article_number=1001, quantity=1), Moved(article_number=1002, quantity=1))
    read = await run(till, replace(CANCEL, left=left))
    assert quantities(till, 1) == {"a": "1", "b": "1"}
    assert read.order.changes == 2


async def test_what_was_delivered_stays(till: Till) -> None:
    till.will("getOrder", PART, there(line("a", 1001, 2, delivered=2)))
    till.will("updateOrder", updated("OK"))
    assert isinstance(await run(till, CANCEL), MplusOrderRead)
    assert quantities(till, 1) == {"a": "2"}


async def test_an_order_that_somebody_else_changes_is_read_again(till: Till) -> None:
    """Staff add a line meanwhile: it stays."""
    more = there(line("a", 1001, 2), line("b", 1002, 1), line("c", 1002, 3), changes=2)
    after = there(line("a", 1001, 2), line("c", 1002, 1), changes=3)
    till.will("getOrder", OPEN, more, after)
    till.will("updateOrder", updated("ORDER-HAS-CHANGED"), updated("OK"))
    left = (Moved(article_number=1001, quantity=2), Moved(article_number=1002, quantity=0))
    keeps = (Moved(article_number=1001, quantity=2), Moved(article_number=1002, quantity=1))
    first = await run(till, replace(CANCEL, left=keeps))
    assert isinstance(first, MplusOrderRead)
    assert till.asked == ["getOrder"]  # nothing of OPEN is too much
    till.replies.clear()
    till.requests.clear()
    till.will("getOrder", OPEN, more, there(line("a", 1001, 2), changes=3))
    till.will("updateOrder", updated("ORDER-HAS-CHANGED"), updated("OK"))
    assert isinstance(await run(till, replace(CANCEL, left=left)), MplusOrderRead)
    assert till.asked == ["getOrder", "updateOrder", "getOrder", "updateOrder", "getOrder"]
    assert till.sent(3).findtext(".//{*}changeCounter") == "2"
    assert quantities(till, 3) == {"a": "2"}


async def test_an_order_that_keeps_changing_is_tried_later(till: Till) -> None:
    till.will("getOrder", OPEN)
    till.will("updateOrder", updated("ORDER-HAS-CHANGED"))
    outcome = await run(till, CATEGORY)
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after == bookings.COME_AGAIN
    assert till.asked.count("updateOrder") == bookings.TRIES


async def test_a_change_that_does_not_show_is_not_believed(till: Till) -> None:
    till.will("getOrder", OPEN)
    till.will("updateOrder", updated("OK"))
    assert isinstance(await run(till, CATEGORY), AnswerLost)


# -- category


async def test_a_category_is_set_once(till: Till) -> None:
    till.will("getOrder", OPEN, there(line("a", 1001, 2), line("b", 1002, 1), category=3))
    till.will("updateOrder", updated("NO-CHANGES"))
    read = await run(till, CATEGORY)
    assert read.order.category == 3
    assert till.sent(1).findtext(".//{*}orderCategoryNumber") == "3"
    assert isinstance(await run(till, CATEGORY, repeated=True), MplusOrderRead)
    assert till.asked.count("updateOrder") == 1


async def test_a_category_that_mplus_has_not(till: Till) -> None:
    till.will("getOrder", OPEN)
    till.will("updateOrder", updated("FAILED", "order category 3 not found"))
    assert await run(till, CATEGORY) == Refused(
        said="order category 3 not found", code="UPDATE-ORDER-RESULT-FAILED"
    )


# -- pay


async def test_a_payment(till: Till) -> None:
    till.will("payOrderV2", paid("OK", "", tree("invoiceId", "i1")), paid("ORDER-ALREADY-INVOICED"))
    assert await run(till, PAY) == MplusOrderPaid(invoice_id="i1")
    assert await run(till, PAY, repeated=True) == MplusOrderPaid()
    assert [till.sent(place).findtext(".//{*}idempotencyKey") for place in (0, 1)] == ["k", "k"]


@pytest.mark.parametrize("result", ["FAILED", "PAYMENT-INSUFFICIENT", "ORDER-HAS-CHANGED"])
async def test_a_payment_that_mplus_refuses(till: Till, result: str) -> None:
    till.will("payOrderV2", paid(result, "too little"))
    assert await run(till, PAY) == Refused(said="too little", code=f"PAY-ORDER-RESULT-{result}")


async def test_an_old_installation_is_paid_once(till: Till) -> None:
    till.will("payOrderV2", too_old("payOrderV2"))
    till.will("payOrder", answer("PayOrder", "PAY-ORDER-RESULT-OK"))
    assert await run(till, PAY) == MplusOrderPaid()
    on_it = tree("payment", tree("method", "BOL"), tree("amount", 3990), tree("externalReference", "BOL-1"))
    other = tree("payment", tree("method", "PIN"), tree("amount", 100))
    till.will("getOrder", there(line("a", 1001, 2), more=tree("paymentList", other, on_it)),
              there(line("a", 1001, 2), more=tree("paymentList", other)), NONE)  # fmt: skip
    till.requests.clear()
    assert await run(till, PAY, repeated=True) == MplusOrderPaid()
    assert till.asked == ["payOrderV2", "getOrder"]
    assert await run(till, PAY, repeated=True) == MplusOrderPaid()
    assert till.asked[2:] == ["payOrderV2", "getOrder", "payOrder"]
    assert isinstance(await run(till, PAY, repeated=True), Refused)


async def test_a_payment_without_a_reference_is_not_repeated_blindly(till: Till) -> None:
    till.will("payOrderV2", too_old("payOrderV2"))
    till.will(
        "getOrder", there(line("a", 1, 1), more=tree("paymentList", tree("payment", tree("method", "BOL"))))
    )
    refused = await run(till, replace(PAY, payment=replace(PAYMENT, reference="")), repeated=True)
    assert isinstance(refused, Refused)
    assert "look at its payments" in refused.said


# -- commit with payments

WITH_PAYMENT = CommitOrder(draft=replace(DRAFT, payments=(PAYMENT,)))


async def test_payments_go_along_with_the_order(till: Till) -> None:
    till.will("createOrderV3", sample("resp_createOrderV3"))
    committed = await run(till, WITH_PAYMENT)
    assert isinstance(committed, OrderCommitted)
    assert committed.unpaid == ""
    assert till.sent().findtext(".//{*}payment/{*}externalReference") == "BOL-1"


async def test_an_old_installation_takes_no_payments_along_and_says_so(till: Till) -> None:
    till.will("createOrderV3", too_old("createOrderV3"))
    till.will("createOrderV2", sample("resp_createOrderV3"))
    committed = await run(till, WITH_PAYMENT)
    assert "takes no payments" in committed.unpaid
    assert (await run(till, CommitOrder(draft=DRAFT))).unpaid == ""


async def test_an_order_whose_payment_failed_is_committed_and_says_why(till: Till) -> None:
    failed = tree("result", "CREATE-ORDER-RESULT-PAYMENT-FAILED") + tree("errorMessage", "unknown method")
    info = tree("info", tree("orderId", "o"), tree("orderString", "2026.7"))
    till.will("createOrderV3", envelope(tree("CreateOrderV3Response", failed, info)),
              envelope(tree("CreateOrderV3Response", failed, tree("info"))))  # fmt: skip
    assert await run(till, WITH_PAYMENT) == OrderCommitted(
        order_id="o", number="2026-7", unpaid="unknown method"
    )
    till.will("findOrder", sample("resp_findOrder_none"))
    refused = await run(till, WITH_PAYMENT)
    assert refused == Refused(said="unknown method", code="CREATE-ORDER-RESULT-PAYMENT-FAILED")
    assert till.asked[-1] == "findOrder"


async def test_an_adopted_order_without_its_payment_says_so(till: Till) -> None:
    bare = sample("resp_findOrder_found").replace(b">3990</ns:prepaidAmount>", b">0</ns:prepaidAmount>")
    bare = bare.replace(b">true</ns:fullyPaid>", b">false</ns:fullyPaid>")
    till.will("findOrder", bare, sample("resp_findOrder_found"))
    without = await run(till, WITH_PAYMENT, repeated=True)
    assert without.adopted
    assert "without its payment" in without.unpaid
    assert (await run(till, WITH_PAYMENT, repeated=True)).unpaid == ""


# -- a failure on the way

STEPS: list[tuple[Effect, dict[str, list[Any]], str]] = [
    (DELIVER, {"getOrder": [OPEN]}, "deliverOrderV2"),
    (DELIVER, {"getOrder": [OPEN], "deliverOrderV2": [too_old("deliverOrderV2")]}, "deliverOrder"),
    (DELIVER, {"getOrder": [OPEN, "?"], "deliverOrderV2": [delivered("OK")]}, "getOrder"),
    (CANCEL, {"getOrder": [OPEN]}, "cancelOrder"),
    (CANCEL, {"getOrder": [OPEN, "?"], "cancelOrder": [cancelled("OK")]}, "getOrder"),
    (CANCEL, {"getOrder": [PART]}, "updateOrder"),
    (CATEGORY, {"getOrder": [OPEN]}, "updateOrder"),
    (CATEGORY, {"getOrder": [OPEN, "?"], "updateOrder": [updated("OK")]}, "getOrder"),
    (PAY, {"payOrderV2": [too_old("payOrderV2")]}, "payOrder"),
    (WITH_PAYMENT, {"createOrderV3": [too_old("createOrderV3")]}, "createOrderV2"),
]


@pytest.mark.parametrize(("effect", "before", "operation"), STEPS)
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [(httpx.ConnectError(""), NotSent), (httpx.ReadTimeout(""), AnswerLost), (fault("SOAP-ENV:Client"), Refused),
     (fault(), AnswerLost), (b"<html/>", AnswerLost)],
)  # fmt: skip
async def test_a_failure_at_any_step_is_the_outcome(
    till: Till, effect: Effect, before: dict[str, list[Any]], operation: str, reply: Any, outcome: type
) -> None:
    for name, replies in before.items():
        till.will(name, *(reply if one == "?" else one for one in replies))
    if operation not in before:
        till.will(operation, reply)
    assert isinstance(await run(till, effect), outcome)
    assert till.asked[-1] == operation
