"""Subscriptions and pushes: facts/bol.md, Push notifications."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature

from tests.connectors.bol.simulator.judge import check
from tests.connectors.bol.simulator.wire import HOOK, NOWHERE, Opened, Shop, verified

BODY = {"resources": ["PROCESS_STATUS"], "url": HOOK, "subscriptionType": "WEBHOOK"}


async def heard(shop: Shop) -> list[tuple[str, str, str]]:
    """What came since the last time."""
    await shop.simulator.pushes.drained()
    events = shop.receiver.events()
    shop.receiver.got.clear()
    return events


async def keys(shop: Shop) -> list[dict[str, str]]:
    return list((await shop.call("GET", "/retailer/subscriptions/signature-keys"))["signatureKeys"])


async def order(shop: Shop) -> str:
    """Of an offer that is there, or is put there."""
    offer_id = next(iter(shop.books.offers), "") or shop.offer(999)
    told = await shop.control("orders", {"items": [{"offerId": offer_id, "quantity": 1}]})
    return str(told["orderId"])


# -- subscriptions


async def test_the_life_of_a_subscription(shop: Shop) -> None:
    check("bol-retailer-v10", "SubscriptionRequest", BODY)
    told = await shop.call("POST", "/retailer/subscriptions", BODY, 202)
    assert (told["eventType"], told["status"]) == ("CREATE_SUBSCRIPTION", "PENDING")
    path = f"/retailer/subscriptions/{told['entityId']}"
    expected = {"id": told["entityId"], **BODY, "enabled": True}
    assert await shop.call("GET", path) == expected
    change = BODY | {"resources": ["ORDER", "SHIPMENT", "ORDER"], "enabled": False, "url": HOOK + "/2"}
    assert (await shop.call("PUT", path, change, 202))["eventType"] == "UPDATE_SUBSCRIPTION"
    expected |= change | {"resources": ["ORDER", "SHIPMENT"]}
    assert (await shop.call("GET", "/retailer/subscriptions"))["subscriptions"] == [expected]
    assert (await shop.call("DELETE", path, status=202))["eventType"] == "DELETE_SUBSCRIPTION"
    assert (await shop.call("GET", "/retailer/subscriptions"))["subscriptions"] == []
    for method, body in (("GET", None), ("PUT", BODY), ("DELETE", None)):
        await shop.call(method, path, body, 404)
    await shop.call("POST", f"/retailer/subscriptions/test/{NOWHERE}", status=404)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"resources": []}, "resources"),
        ({"resources": ["TEST"]}, "resources"),
        ({"resources": "ORDER"}, "resources"),
        ({"subscriptionType": "AWS_SQS"}, "subscriptionType"),
        ({"subscriptionType": "MAIL"}, "subscriptionType"),
        ({"url": ""}, "url"),
        ({"url": "shop.test"}, "url"),
        ({"url": "ftp://shop.test"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://[shop"}, "url"),
        ({"url": "https://shop.test:port/"}, "url"),
        ({"url": "https://shop.test/\x00"}, "url"),
        ({"url": "https://" + "x" * 2000}, "url"),
        ({"enabled": "yes"}, "enabled"),
    ],
)
async def test_a_subscription_that_cannot_be(shop: Shop, more: dict[str, Any], field: str) -> None:
    assert (await shop.refused("POST", "/retailer/subscriptions", BODY | more))[0] == field
    assert shop.books.subscriptions == {}


async def test_what_the_settings_forbid(opened: Opened) -> None:
    shop = await opened(https_only=True, resources=("PROCESS_STATUS", "SHIPMENT"))
    plain = BODY | {"url": "http://shop.test/hook"}
    assert (await shop.refused("POST", "/retailer/subscriptions", plain))[0] == "url"
    name, reason = await shop.refused("POST", "/retailer/subscriptions", BODY | {"resources": ["ORDER"]})
    assert (name, "not available for WEBHOOK" in reason) == ("resources", True)
    await shop.call("POST", "/retailer/subscriptions", BODY, 202)
    assert (await shop.refused("POST", "/retailer/subscriptions", BODY))[0] == "url"


async def test_there_are_only_so_many(shop: Shop) -> None:
    for number in range(100):
        shop.books.subscribe(f"{HOOK}/{number}", ("ORDER",))
    told = await shop.call("POST", "/retailer/subscriptions", BODY, 400)
    assert "at most 100" in told["detail"]


# -- what is pushed


async def test_each_hears_what_it_has_subscribed_to(shop: Shop) -> None:
    await shop.subscribe("ORDER", "SHIPMENT")
    assert await heard(shop) == []
    order_id = await order(shop)
    assert await heard(shop) == [("ORDER", "CREATED", order_id)]
    item = shop.books.orders[order_id].items[0]
    await shop.call("POST", "/retailer/shipments", {"orderItems": [{"orderItemId": item.item_id}]}, 202)
    [shipment_id] = shop.books.shipments
    assert await heard(shop) == [("SHIPMENT", "UPDATE_TRANSPORT_EVENT", shipment_id)]
    second = await order(shop)
    await heard(shop)
    await shop.control("orders/cancel", {"orderId": second})
    assert await heard(shop) == [("ORDER", "CANCELLED", second)]


async def test_the_end_of_a_write_is_pushed(opened: Opened) -> None:
    shop = await opened(process_seconds=3.0)
    told = await shop.call("POST", "/retailer/subscriptions", BODY, 202)
    assert await heard(shop) == [("PROCESS_STATUS", "SUCCESS", told["processStatusId"])]
    assert shop.time.slept == [3.0]


async def test_a_push_is_as_the_facts_have_it(shop: Shop) -> None:
    await shop.subscribe("ORDER")
    order_id = await order(shop)
    await shop.simulator.pushes.drained()
    [push] = shop.receiver.got
    assert push == {
        "retailerId": 1234567,
        "timestamp": "2026-11-20T10:30:00+01:00",
        "event": {"resource": "ORDER", "type": "CREATED", "resourceId": order_id},
    }
    [request] = shop.receiver.requests
    assert str(request.url) == HOOK
    assert request.content == (
        b'{"retailerId":1234567,"timestamp":"2026-11-20T10:30:00+01:00",'
        b'"event":{"resource":"ORDER","type":"CREATED","resourceId":"%s"}}' % order_id.encode()
    )


async def test_a_test_push_goes_to_the_one_that_was_asked_for(shop: Shop) -> None:
    mine = await shop.subscribe("SHIPMENT")
    await shop.subscribe("SHIPMENT", url=HOOK + "/other")
    shop.receiver.got.clear()
    told = await shop.call("POST", f"/retailer/subscriptions/test/{mine}", status=202)
    assert told["eventType"] == "SEND_SUBSCRIPTION_TST_MSG"
    assert await heard(shop) == [("TEST", "TEST", mine)]
    assert str(shop.receiver.requests[-1].url) == HOOK


# -- signatures


async def test_pushes_are_signed_over_the_raw_body(shop: Shop) -> None:
    await shop.subscribe("ORDER")
    await order(shop)
    await shop.simulator.pushes.drained()
    [request] = shop.receiver.requests
    told = await keys(shop)
    assert verified(request, told) == "0"
    forged = httpx.Request("POST", HOOK, content=request.content + b" ", headers=request.headers)
    with pytest.raises(InvalidSignature):
        verified(forged, told)


async def test_keys_change_and_the_old_stay_for_a_while(shop: Shop) -> None:
    await shop.subscribe("ORDER")
    for rotation in range(1, 4):
        await order(shop)
        await shop.simulator.pushes.drained()
        assert verified(shop.receiver.requests[-1], await keys(shop)) == str(rotation - 1)
        assert await shop.control("keys/rotate") == {"keyId": str(rotation)}
    assert [one["id"] for one in await keys(shop)] == ["1", "2", "3"]
    assert len({one["publicKey"] for one in await keys(shop)}) == 3


# -- tries


async def test_it_tries_again_until_it_is_taken(shop: Shop) -> None:
    await shop.subscribe("ORDER")
    shop.receiver.replies = [500, httpx.ReadTimeout("late"), httpx.ConnectError("gone"), 302, 404]
    order_id = await order(shop)
    assert await heard(shop) == [("ORDER", "CREATED", order_id)] * 4  # 500, 302, 404 and the 200
    assert shop.time.slept[-5:] == [60.0] * 5
    pushes = shop.simulator.pushes
    tries = [(one.number, one.answer) for one in pushes.attempts if one.event.entity_id == order_id]
    assert tries == [
        (1, "500"), (2, "ReadTimeout"), (3, "ConnectError"), (4, "302"), (5, "404"), (6, "200"),
    ]  # fmt: skip
    assert (pushes.counts["sent"], pushes.counts["failed"]) == (6, 2)
    told = (await shop.http.get("/_control/pushes")).json()["attempts"]
    assert [(one["try"], one["answer"]) for one in told] == tries
    assert told[0]["resourceId"] == order_id
    [one] = shop.books.subscriptions.values()
    assert one.enabled


async def test_after_ten_failures_it_is_disabled_and_what_came_meanwhile_is_lost(shop: Shop) -> None:
    subscription_id = await shop.subscribe("ORDER")
    shop.receiver.status = 503
    lost = await order(shop)
    assert len(await heard(shop)) == 10
    path = f"/retailer/subscriptions/{subscription_id}"
    assert (await shop.call("GET", path))["enabled"] is False
    assert shop.simulator.pushes.counts["disabled"] == 1
    shop.receiver.status = 204
    unheard = await order(shop)
    assert await heard(shop) == []
    await shop.call("PUT", path, BODY | {"resources": ["ORDER"], "enabled": True}, 202)
    assert (await shop.call("GET", path))["enabled"] is True
    later = await order(shop)
    assert await heard(shop) == [("ORDER", "CREATED", later)]
    assert len({lost, unheard, later}) == 3


async def between_two_tries(shop: Shop) -> asyncio.Event:
    """A push has failed once and waits for this gate."""
    shop.receiver.status = 503
    shop.time.gate = asyncio.Event()
    shop.time.asleep.clear()
    await order(shop)
    await shop.time.asleep.wait()
    return shop.time.gate


async def test_a_try_of_before_the_disabling_is_not_made_after_it(shop: Shop) -> None:
    """Enabled again, the subscription hears nothing of its former life."""
    subscription_id = await shop.subscribe("ORDER")
    gate = await between_two_tries(shop)
    one = shop.books.subscriptions[subscription_id]
    shop.books.disable(one)
    one.enabled = True
    shop.receiver.status = 200
    gate.set()
    await shop.simulator.pushes.drained()
    assert [one.answer for one in shop.simulator.pushes.attempts] == ["503"]
    assert shop.simulator.pushes.counts["lost"] == 1
    assert one.enabled


async def test_a_try_of_before_it_was_switched_off_is_not_made_either(shop: Shop) -> None:
    subscription_id = await shop.subscribe("ORDER")
    gate = await between_two_tries(shop)
    path = f"/retailer/subscriptions/{subscription_id}"
    for enabled in (False, True):
        await shop.call("PUT", path, BODY | {"resources": ["ORDER"], "enabled": enabled}, 202)
    gate.set()
    await shop.simulator.pushes.drained()
    assert [one.answer for one in shop.simulator.pushes.attempts] == ["503"]


async def test_a_deleted_subscription_hears_nothing_more(shop: Shop) -> None:
    subscription_id = await shop.subscribe("ORDER")
    gate = await between_two_tries(shop)
    await shop.call("DELETE", f"/retailer/subscriptions/{subscription_id}", status=202)
    gate.set()
    await shop.simulator.pushes.drained()
    assert [one.answer for one in shop.simulator.pushes.attempts] == ["503"]


async def test_an_answer_that_takes_too_long_is_none(opened: Opened) -> None:
    shop = await opened(push_timeout=0.01, push_tries=1)
    never = asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        await never.wait()
        raise AssertionError

    shop.simulator.pushes._client = httpx.AsyncClient(transport=httpx.MockTransport(hang))
    subscription_id = shop.books.subscribe(HOOK, ("ORDER",))[0].subscription_id
    await order(shop)
    await shop.simulator.pushes.drained()
    assert [one.answer for one in shop.simulator.pushes.attempts] == ["TimeoutError"]
    assert not shop.books.subscriptions[subscription_id].enabled


async def test_waiting_pushes_are_bounded(opened: Opened) -> None:
    shop = await opened(pushes_waiting=5, attempts_kept=3)
    shop.books.subscribe(HOOK, ("ORDER",))
    offer_id = shop.offer(99)
    for _ in range(20):
        shop.books.place_order([(offer_id, 1)])
    shop.simulator.pushes.tell()
    await shop.simulator.pushes.drained()
    assert (len(shop.receiver.got), shop.simulator.pushes.counts["overflowed"]) == (5, 15)
    assert len(shop.simulator.pushes.attempts) == 3


async def test_so_many_are_on_their_way_at_once(opened: Opened) -> None:
    shop = await opened(pushes_at_once=3)
    underway, most = 0, 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal underway, most
        underway += 1
        most = max(most, underway)
        for _ in range(5):
            await asyncio.sleep(0)
        underway -= 1
        return httpx.Response(200)

    shop.simulator.pushes._client = httpx.AsyncClient(transport=httpx.MockTransport(slow))
    shop.books.subscribe(HOOK, ("ORDER",))
    for _ in range(12):
        await order(shop)
    await shop.simulator.pushes.drained()
    assert (most, shop.simulator.pushes.counts["answered 200"]) == (3, 12)


# -- trouble on the way


async def test_pushes_come_twice_late_or_never(shop: Shop) -> None:
    await shop.subscribe("ORDER", "SHIPMENT")
    for kind in ("doubled", "lost"):
        rule = {"kind": f"webhook-{kind}", "operation": "ORDER", "count": 1}
        await shop.control("faults", rule)
    first, second, third = [await order(shop) for _ in range(3)]
    assert Counter(one for _, _, one in await heard(shop)) == {first: 2, third: 1}
    assert shop.simulator.pushes.counts["lost"] == 1
    assert second in shop.books.orders


async def test_a_push_that_is_held_back_is_overtaken(opened: Opened) -> None:
    shop = await opened()
    await shop.subscribe("ORDER")
    await shop.control("faults", {"kind": "webhook-reordered", "count": 1, "seconds": 4})
    first, second = await order(shop), await order(shop)
    assert [one for _, _, one in await heard(shop)] == [second, first]
    assert 4.0 in shop.time.slept
