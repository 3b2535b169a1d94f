"""Asynchronous writes: contracts/bol-shared-v10.openapi.json and facts/bol.md."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from connectors.bol.simulator.processes import Processes
from connectors.bol.simulator.records import Event
from tests.connectors.bol.simulator.wire import Opened, Shop, Time


def begin(shop: Shop, entity: str = "e", event_type: str = "CANCEL_ORDER") -> str:
    return shop.books.processes.begin(event_type, "words", entity).process_id


async def test_pending_and_then_done(opened: Opened) -> None:
    shop = await opened(process_seconds=5.0)
    path = f"/shared/process-status/{begin(shop)}"
    told = await shop.call("GET", path)
    assert (told["status"], told["createTimestamp"]) == ("PENDING", "2026-11-20T10:30:00+01:00")
    assert told["links"][0]["href"].endswith(path)
    shop.time.go(4.9)
    assert (await shop.call("GET", path))["status"] == "PENDING"
    shop.time.go(0.1)
    assert (await shop.call("GET", path))["status"] == "SUCCESS"


async def test_bulk_gives_those_that_are_known(shop: Shop) -> None:
    known = [begin(shop) for _ in range(3)]
    asked = [known[2], "unknown", known[0]]
    body = {"processStatusQueries": [{"processStatusId": one} for one in asked]}
    told = await shop.call("POST", "/shared/process-status", body)
    assert [one["processStatusId"] for one in told["processStatuses"]] == [known[2], known[0]]


@pytest.mark.parametrize(
    ("queries", "status"),
    [(0, 400), (1, 200), (1000, 200), (1001, 400), (None, 400), ([{"id": "1"}], 400)],
)
async def test_bulk_takes_a_thousand(shop: Shop, queries: Any, status: int) -> None:
    if isinstance(queries, int):
        queries = [{"processStatusId": "1"}] * queries
    await shop.call("POST", "/shared/process-status", {"processStatusQueries": queries}, status)


async def test_by_entity_newest_first(shop: Shop) -> None:
    mine = [begin(shop) for _ in range(60)]
    begin(shop, "other")
    begin(shop, "e", "CREATE_SHIPMENT")
    path = "/shared/process-status?entity-id=e&event-type=CANCEL_ORDER"
    pages = [await shop.call("GET", f"{path}&page={page}") for page in (1, 2, 3)]
    found = [[one["processStatusId"] for one in page["processStatuses"]] for page in pages]
    assert found == [mine[:9:-1], mine[9::-1], []]
    for query in ("entity-id=e", "event-type=CANCEL_ORDER", "entity-id=e&event-type=CONFIRM_SHIPMENT"):
        await shop.call("GET", f"/shared/process-status?{query}", status=400)


async def test_what_has_ended_long_ago_is_forgotten(opened: Opened) -> None:
    shop = await opened(process_seconds=1.0, process_kept=60.0)
    old = begin(shop)
    shop.time.go(60.9)
    new = begin(shop)
    assert (await shop.call("GET", f"/shared/process-status/{old}"))["status"] == "SUCCESS"
    shop.time.go(0.1)
    await shop.call("GET", f"/shared/process-status/{old}", status=404)
    assert (await shop.call("GET", f"/shared/process-status/{new}"))["status"] == "PENDING"


def test_no_more_than_so_many_are_kept() -> None:
    numbers = count()
    processes = Processes(Time().clock, lambda: next(numbers), 1.0, 60.0, most=3)
    made = [processes.begin("CANCEL_ORDER", "", "e").process_id for _ in range(5)]
    assert [processes.get(one) is not None for one in made] == [False, False, True, True, True]
    assert len(processes) == 3


async def test_an_end_is_told_once(shop: Shop) -> None:
    process_id = begin(shop)
    shop.books.tell_ended()
    assert shop.books.events == []
    shop.time.go(1)
    shop.books.tell_ended()
    shop.books.tell_ended()
    assert shop.books.events == [Event(resource="PROCESS_STATUS", kind="SUCCESS", entity_id=process_id)]


@pytest.mark.parametrize(("kind", "status"), [("process-failure", "FAILURE"), ("process-timeout", "TIMEOUT")])
async def test_a_write_that_does_not_get_through_does_nothing(shop: Shop, kind: str, status: str) -> None:
    offer_id = shop.offer(9)
    item = shop.books.place_order([(offer_id, 2)]).items[0]
    await shop.subscribe("PROCESS_STATUS")
    shop.receiver.got.clear()
    await shop.control("faults", {"kind": kind, "operation": "shipments"})
    ship = {"orderItems": [{"orderItemId": item.item_id}]}
    cancel = {"orderItems": [{"orderItemId": item.item_id, "reasonCode": "OTHER"}]}
    told = [
        await shop.call("POST", "/retailer/shipments", ship, 202),
        await shop.call("PUT", "/retailer/orders/cancellation", cancel, 202),
    ]
    await shop.simulator.pushes.drained()
    assert item.open == 2
    for one in told:
        assert (one["status"], one.get("errorMessage")) == ("PENDING", None)
        end = await shop.call("GET", f"/shared/process-status/{one['processStatusId']}")
        assert (end["status"], bool(end["errorMessage"])) == (status, True)
    assert sorted(shop.receiver.events()) == sorted(
        ("PROCESS_STATUS", status, one["processStatusId"]) for one in told
    )
