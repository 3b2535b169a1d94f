from __future__ import annotations

from random import Random

import httpx
import pytest

from connectors.mplus.simulator.faults import FaultRule, Faults
from tests.connectors.mplus.simulator.wire import Shop, envelope, fault_of, line, order


async def create(shop: Shop) -> httpx.Response:
    """createOrderV3 with a key of its own, raw."""
    if shop.books.relations.get(681) is None:
        await shop.relation()
    sent = f"<request><idempotencyKey>k</idempotencyKey>{order('BOL-1', 681, line(1001, 1))}</request>"
    return await shop.post(envelope("createOrderV3", sent))


@pytest.mark.parametrize(
    ("rule", "status", "took_effect"),
    [
        ({"kind": "http"}, 503, False),
        ({"kind": "http", "status": 502, "after_effect": True}, 502, True),
        ({"kind": "fault", "code": "Client"}, 500, False),
        ({"kind": "fault", "after_effect": True}, 500, True),
        ({"kind": "truncated"}, 200, True),
        ({"kind": "not-xml"}, 200, True),
    ],
)
async def test_a_fault_strikes_once_before_or_after_the_effect(
    shop: Shop, rule: dict[str, object], status: int, took_effect: bool
) -> None:
    await shop.control("faults", {**rule, "operation": "createOrderV3", "count": 1})
    struck = await create(shop)
    assert struck.status_code == status
    assert b"</SOAP-ENV:Envelope>" not in struck.content or rule["kind"] == "fault"
    if rule["kind"] == "fault":
        assert fault_of(struck) == (f"SOAP-ENV:{rule.get('code', 'Server')}", "simulated fault")
    assert len(shop.books.orders) == took_effect
    again = await create(shop)
    assert again.status_code == 200
    assert (b"REPLAY" in again.content) is took_effect
    assert len(shop.books.orders) == 1


@pytest.mark.parametrize(("kind", "took_effect"), [("timeout", False), ("timeout-after-effect", True)])
async def test_a_timeout_leaves_the_caller_guessing(shop: Shop, kind: str, took_effect: bool) -> None:
    await shop.control("faults", {"kind": kind, "operation": "createOrderV3", "count": 1, "seconds": 5})
    with pytest.raises(httpx.ReadTimeout):
        await create(shop)
    assert shop.time.slept == [5]
    assert len(shop.books.orders) == took_effect


async def test_slow_is_only_slow(shop: Shop) -> None:
    await shop.control("faults", {"kind": "slow"})
    assert (await create(shop)).status_code == 200
    assert shop.time.slept == [2.0, 2.0]


async def test_other_operations_go_on(shop: Shop) -> None:
    await shop.control("faults", {"kind": "http", "operation": "getStock"})
    assert (await create(shop)).status_code == 200


async def test_faults_are_told_and_cleared(shop: Shop) -> None:
    await shop.control("faults", {"kind": "http", "operation": "getApiVersion", "count": 5})
    await shop.post(envelope("getApiVersion"))
    [told] = (await shop.http.get("/_control/faults")).json()
    assert (told["kind"], told["struck"]) == ("http", 1)
    assert (await shop.dump("?parts=calls"))["calls"] == {"getApiVersion": 1, "getApiVersion:http": 1}
    assert (await shop.http.delete("/_control/faults")).json() == []
    assert (await shop.call("getApiVersion"))["majorNumber"] == "1"


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "earthquake"},
        {"kind": "http", "probability": 2},
        {"kind": "http", "count": 0},
        {"kind": "http", "status": 200},
        {"kind": "slow", "seconds": 601},
        {"kind": "http", "chance": 1},
        {},
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(shop: Shop, rule: dict[str, object]) -> None:
    assert "error" in await shop.control("faults", rule, status=400)


def test_chance_is_seeded_and_about_right() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(Random(seed))
        faults.add(FaultRule(kind="http", probability=0.3))
        return [faults.for_call("x") is not None for _ in range(1000)]

    assert struck(1) == struck(1) != struck(2)
    assert 250 < sum(struck(1)) < 350


def test_rules_for_webhooks_and_for_calls_do_not_mix() -> None:
    faults = Faults(Random(1))
    faults.add(FaultRule(kind="webhook-lost"))
    assert faults.for_call("getStock") is None
    assert faults.for_push("completeSession") is not None


def test_rules_are_bounded() -> None:
    faults = Faults(Random(1))
    for _ in range(100):
        faults.add(FaultRule(kind="http"))
    with pytest.raises(ValueError, match="at most"):
        faults.add(FaultRule(kind="http"))
