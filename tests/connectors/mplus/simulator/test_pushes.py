from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest

from connectors.mplus.simulator import WebhookTarget
from connectors.mplus.simulator.sessions import SaleLine
from connectors.mplus.simulator.signature import sign, signed_by
from tests.connectors.mplus.simulator.receiver import SECRET, VECTOR, Receiver, signature
from tests.connectors.mplus.simulator.wire import Opened, Shop

TARGET = WebhookTarget(url="http://bridge/hooks/", subscription_id="shop-1")


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def selling(opened: Opened, receiver: Receiver) -> AsyncIterator[Shop]:
    async with receiver.client() as client:
        yield await opened(client=client, webhook=TARGET)


def test_the_published_vector() -> None:
    key = base64.b64decode(SECRET)
    assert sign(key, b"test") == VECTOR == signature(b"test")
    assert signed_by(key, b"test", VECTOR)
    assert not signed_by(key, b"test", "é")


async def test_a_sale_is_told(selling: Shop, receiver: Receiver) -> None:
    lines = [
        {"article": 1001, "quantity": 2, "price_cents": 1995},
        {"article": 1002, "quantity": "0.5", "price_cents": 1000},
    ]
    session = await selling.control("sell", {"lines": lines})
    await selling.simulator.pushes.drained()
    [(url, body)] = receiver.got
    assert url == "http://bridge/hooks/completeSession"
    assert receiver.headers[0]["X-Mplus-Subscription-Id"] == "shop-1"
    assert receiver.headers[0]["Content-Type"] == "application/json"
    assert body["sender"]["branchNumber"] == body["sender"]["workplaceNumber"] == 1
    assert body["event"]["eventBlocking"] is False
    assert body["event"]["eventTimestamp"] == "2026-11-20T10:30:00.000+01:00"
    assert body["session"]["sessionId"] == session["session_id"]
    told = body["session"]["lines"]
    assert [(one["articleNumber"], one["quantity"], one["priceIncl"]) for one in told] == [
        (1001, 2, 19.95),
        (1002, 0.5, 10),
    ]
    assert body["session"]["totalInclAmount"] == 44.9
    assert body["completeSession"]["payments"] == [{"method": "PIN", "amount": 44.9}]
    assert selling.simulator.pushes.counts == {"sent": 1, "reply-ok": 1}


@pytest.mark.parametrize(("sign_of", "quantity"), [("negative", -1), ("positive", 1)])
async def test_a_refund_is_told(opened: Opened, receiver: Receiver, sign_of: str, quantity: int) -> None:
    async with receiver.client() as client:
        shop = await opened(client=client, webhook=TARGET, refund_quantities=sign_of)
        before = await shop.free()
        await shop.control("refund", {"article": 1001, "quantity": 1})
        await shop.simulator.pushes.drained()
    [(url, body)] = receiver.got
    assert url.endswith("/creditSession")
    assert body["session"]["lines"][0]["quantity"] == quantity
    assert body["creditSession"]["payments"][0]["amount"] < 0
    assert await shop.free() == before + 1


async def test_every_event_of_a_session_can_be_listened_to(selling: Shop, receiver: Receiver) -> None:
    events = ["startSession", "addSessionLine", "startPayment", "completeSession"]
    await selling.control("webhook", {"url": "http://bridge/other", "events": events})
    await selling.control("sell", {"article": 1001, "workplace": 2})
    await selling.simulator.pushes.drained()
    assert [url.rsplit("/", 1)[1] for url, _ in receiver.got] == events
    assert [body["event"]["eventCounter"] for _, body in receiver.got] == [1, 2, 3, 4]
    assert {body["sender"]["workplaceNumber"] for _, body in receiver.got} == {2}


async def test_without_a_target_nobody_is_told(selling: Shop, receiver: Receiver) -> None:
    await selling.control("webhook", {})
    await selling.control("sell", {"article": 1001})
    await selling.simulator.pushes.drained()
    assert receiver.got == []


GOOD = {"X-Mplus-Signature": signature(b"{}"), "Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "verdict", "code"),
    [
        (b"{}", {"Content-Type": "application/json"}, "unsigned", "NO_SIGNATURE"),
        (b"{ }", GOOD, "wrongly-signed", "INVALID_SIGNATURE"),
        (b"{}", {"X-Mplus-Signature": signature(b"{}")}, "no-content-type", "NO_CONTENT_TYPE"),
        (b"{}", GOOD | {"Content-Type": "text/html"}, "wrong-content-type", "INVALID_CONTENT_TYPE"),
        (b"oops", GOOD | {"X-Mplus-Signature": signature(b"oops")}, "not-json", "INVALID_JSON"),
    ],
)
async def test_a_reply_that_breaks_the_contract_is_told_so(
    selling: Shop, receiver: Receiver, body: bytes, headers: dict[str, str], verdict: str, code: str
) -> None:
    receiver.body, receiver.reply_headers = body, headers
    await selling.control("sell", {"article": 1001})
    await selling.simulator.pushes.drained()
    [(url, original), (again_url, again)] = receiver.got
    assert url == again_url
    assert again["error"]["code"] == code
    assert again["original"] == original
    assert selling.simulator.pushes.counts[f"reply-{verdict}"] == 2


async def test_an_empty_signed_reply_is_fine(selling: Shop, receiver: Receiver) -> None:
    receiver.body = b""
    await selling.control("sell", {"article": 1001})
    await selling.simulator.pushes.drained()
    assert selling.simulator.pushes.counts == {"sent": 1, "reply-ok": 1}


@pytest.mark.parametrize(
    ("status", "error", "verdict"),
    [
        (400, None, "refused"),
        (500, None, "http-500"),
        (200, httpx.ConnectError("no"), "unreachable"),
        (200, httpx.ReadTimeout("late"), "timeout"),
    ],
)
async def test_nothing_is_sent_again(
    selling: Shop, receiver: Receiver, status: int, error: Exception | None, verdict: str
) -> None:
    receiver.status, receiver.error = status, error
    await selling.control("sell", {"article": 1001})
    await selling.simulator.pushes.drained()
    assert len(receiver.got) == 1
    assert selling.simulator.pushes.counts[f"reply-{verdict}"] == 1


def articles(receiver: Receiver) -> list[int]:
    return [body["session"]["lines"][0]["articleNumber"] for _, body in receiver.got]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("webhook-lost", [1002, 1003]),
        ("webhook-doubled", [1001, 1001, 1002, 1003]),
        ("webhook-reordered", [1002, 1001, 1003]),
    ],
)
async def test_webhooks_go_astray_on_demand(
    selling: Shop, receiver: Receiver, kind: str, told: list[int]
) -> None:
    await selling.control("faults", {"kind": kind, "count": 1})
    for article in (1001, 1002, 1003):
        await selling.control("sell", {"article": article})
    await selling.simulator.pushes.drained()
    assert articles(receiver) == told
    counters = [body["event"]["eventCounter"] for _, body in receiver.got]
    assert len(set(counters)) == len(set(told))


async def test_a_webhook_with_none_to_overtake_it_comes_late(selling: Shop, receiver: Receiver) -> None:
    await selling.control("faults", {"kind": "webhook-reordered", "operation": "completeSession"})
    await selling.control("sell", {"article": 1001})
    await selling.simulator.pushes.drained()
    assert articles(receiver) == [1001]
    assert selling.time.slept == [1.0]


async def test_a_full_queue_drops_and_counts(opened: Opened, receiver: Receiver) -> None:
    async with receiver.client() as client:
        shop = await opened(client=client, webhook=TARGET, webhook_queue=1)
        events = [event for _ in range(3) for event in shop.books.till.sell([_one()])[1]]
        shop.simulator.pushes.tell(TARGET, events)
        await shop.simulator.pushes.drained()
    assert shop.simulator.pushes.counts["overflowed"] == 2


def _one() -> SaleLine:
    return SaleLine(1001, Decimal(1))


async def test_a_delivered_order_calls_back_where_told(opened: Opened) -> None:
    called: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append((request.method, str(request.url)))
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        shop = await opened(client=client, order_callbacks="GET")
        for ext, host in (("A", "127.0.0.1"), ("B", "elsewhere.example")):
            await shop.order(ext, extra=f"<onDeliveryUrl>http://{host}/done/{ext}</onDeliveryUrl>")
            await shop.control("orders/deliver", {"ext_order_id": ext})
        silent = await opened(client=client)
        await silent.order("A", extra="<onDeliveryUrl>http://127.0.0.1/done</onDeliveryUrl>")
        await silent.control("orders/deliver", {"ext_order_id": "A"})
        await shop.simulator.pushes.drained()
        await silent.simulator.pushes.drained()
    assert called == [("GET", "http://127.0.0.1/done/A")]
    assert shop.simulator.pushes.counts["callback-refused"] == 1


@pytest.mark.parametrize("secret", ["not base64!", "é"])
def test_a_secret_that_is_no_key_is_refused_without_being_told(secret: str) -> None:
    with pytest.raises(ValueError, match="base64") as refused:
        WebhookTarget(url="http://x", secret=secret)
    assert secret not in str(refused.value)
