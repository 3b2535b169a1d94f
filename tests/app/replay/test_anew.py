"""Rebuilt from the vendors' raw answers: a mistake in reading them is mended afterwards, and nothing is done twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.replay.anew import AsRecorded, executed
from app.replay.answers import KeptAnswers, run_of, windows
from app.replay.choice import Choice
from connectors.mplus import bookings
from streams.codec import ASKING, FactReader, asking_of
from streams.effects import EffectRunner
from streams.log.base import TopicPartition
from streams.orders.state import Order
from streams.topics import BOL_RAW, MPLUS_RAW
from streams.vocabulary.effects import CreateRelation, Execution, FetchBolOrder, FindRelation, Match
from streams.vocabulary.events import BolOrderFetched, OrdersEvent, Settled
from streams.vocabulary.mplus_order import Customer
from streams.vocabulary.time import milliseconds
from tests.app.replay.stage import Stage, broken, keys, open_stage


async def order_of(stage: Stage, order_id: str) -> Order:
    row = await stage.row("orders", f"shop/{order_id}")
    assert row is not None
    state: Order = row.state
    return state


async def test_with_the_same_code_everything_is_told_anew_and_nothing_differs(stage: Stage) -> None:
    await stage.sold(0, 1, 2)
    await stage.pass_by(70)
    found = await stage.look()
    assert found.same
    outcomes = found.outcomes
    assert (outcomes.otherwise, outcomes.parked) == (0, 0)
    effects = {effect for effect, _ in outcomes.as_recorded}
    assert effects == {"read-stock", "push-stock", "sweep-markers"}, "whose answers are not kept"
    settled = [
        one
        for flow in ("orders", "customers", "returns", "sweeps", "stock")
        for one in stage.log.records(f"{flow}.inbox")
        if b'"settled"' in (one.value or b"")
    ]
    assert outcomes.anew == len(settled) - sum(outcomes.as_recorded.values()) > 15


async def test_an_order_whose_reading_failed_goes_on_and_is_booked_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.orders._item", broken)
        [order_id] = await stage.sold(0)
    assert (await order_of(stage, order_id)).order is None
    before = await stage.calls()

    found = await stage.look(Choice(key=order_id))
    assert keys(found) == [("orders", f"shop/{order_id}")]
    [difference] = found.differences
    steps = {one.field: one.after for one in difference.changes}
    assert steps["step"] == "products", "it has not heard yet which article it is"
    assert {draft.topic for draft in found.unsent} == {"catalogue.inbox"}, "nobody was ever asked"
    assert found.outcomes.otherwise == 1

    await stage.put(found)
    await stage.rest()
    assert (await order_of(stage, order_id)).step == "committed"
    made = await stage.calls() - before
    assert (made["createOrderV3"], made["createRelation"]) == (1, 1)
    await stage.pass_by(3600)
    assert (await stage.calls() - before)["createOrderV3"] == 1
    assert (await stage.look()).same, "the replay is not its own next difference"


async def test_a_booking_whose_answer_could_not_be_read_is_known_and_not_made_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as bug:
        bug.setattr("connectors.mplus.orders.created", broken)
        bug.setattr("connectors.mplus.orders._read", broken)
        orders = await stage.sold(0, 1)
        for _ in range(4):
            await stage.pass_by(120)
    before = await stage.calls()
    assert before["createOrderV3"] == 2, "both are in Mplus"
    assert [(await order_of(stage, one)).step for one in orders] == ["committing"] * 2

    found = await stage.look(Choice(topic=MPLUS_RAW.name, flow="orders"))
    assert {key for _, key in keys(found)} == {f"shop/{one}" for one in orders}
    assert all(one.calls == () for one in found.differences), "nothing is to be called"
    await stage.put(found)
    await stage.rest()
    assert [(await order_of(stage, one)).step for one in orders] == ["committed"] * 2
    for _ in range(3):
        await stage.pass_by(600)
    assert (await stage.calls())["createOrderV3"] == 2
    assert (await stage.calls())["createRelation"] == before["createRelation"]
    assert len((await stage.mplus_books("orders"))["orders"]) == 2


async def test_a_price_that_was_misread_shows_and_the_order_is_not_booked_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.orders.cents_of", lambda euros: round(euros))
        [order_id] = await stage.sold(0)
    before = await stage.calls()
    found = await stage.look(Choice(topic=BOL_RAW.name))
    assert keys(found) == [("orders", f"shop/{order_id}")]
    assert any("unit_price_cents" in one.field for one in found.differences[0].changes)
    await stage.put(found)
    await stage.rest()
    await stage.pass_by(600)
    assert not await stage.calls() - before
    assert (await stage.look()).same
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.orders.cents_of", lambda euros: round(euros))
        assert keys(await stage.look()) == [("orders", f"shop/{order_id}")], "what is in place is no event"


async def test_a_customer_that_was_there_is_found_and_nobody_is_created_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorded creation happened all the same: what would be called is the update of the one that was there."""
    [first] = await stage.sold(0)
    with monkeypatch.context() as bug:
        bug.setattr("connectors.mplus.relations.granted", lambda *_: False)
        bug.setattr("connectors.mplus.orders.created", broken)
        bug.setattr("connectors.mplus.orders._read", broken)
        [second] = await stage.sold(1)
    before = await stage.calls()
    assert before["createRelation"] == 2
    found = await stage.look(Choice(key=second))
    calls = [call for one in found.differences for call in one.calls]
    assert not [call for call in calls if call.startswith(("create-relation", "commit-order"))]
    await stage.put(found)
    await stage.rest()
    for _ in range(3):
        await stage.pass_by(600)
    made = await stage.calls() - before
    assert (made["createRelation"], made["createOrderV3"]) == (0, 0)
    assert (await order_of(stage, second)).step == "committed"
    assert first != second


async def test_a_booking_of_which_nobody_knows_is_looked_for_first(stage: Stage) -> None:
    """It took effect and its answer was lost; the replay asks for it in other words."""
    await stage.trouble(
        "mplus", kind="http", operation="createOrderV3", status=503, after_effect=True, count=1
    )
    [order_id] = await stage.sold(0)
    before = await stage.calls()
    assert before["createOrderV3"] == 1
    settings = stage.with_settings(orders="employee = 7")
    found = await stage.look(settings=settings)
    [difference] = found.differences
    assert [call.split()[0] for call in difference.calls] == ["commit-order"]
    await stage.put(found)
    await stage.rest()
    await stage.pass_by(600)
    assert (await order_of(stage, order_id)).step == "committed"
    assert (await stage.calls())["createOrderV3"] == 1, "it was found, not made again"
    assert (await stage.look(settings=settings)).same


async def test_a_customer_who_was_created_without_our_hearing_of_it_is_looked_for_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was heard of the call, so that it is open; the replay asks for it in other words."""
    publish = EffectRunner._publish

    async def lost(self: EffectRunner, wanted: Any, connection: str, execution: Execution) -> None:
        if wanted.effect_key != "create-relation":
            await publish(self, wanted, connection, execution)

    with monkeypatch.context() as crash:
        crash.setattr(EffectRunner, "_publish", lost)
        [order_id] = await stage.sold(0)
    assert (await stage.calls())["createRelation"] == 1

    def otherwise(customer: Customer, by: tuple[Match, ...]) -> CreateRelation:
        return CreateRelation(customer=msgspec.structs.replace(customer, phone="06"), by=by)

    monkeypatch.setattr("streams.customers.decide.CreateRelation", otherwise)
    found = await stage.look(Choice(flow="customers"))
    [difference] = found.differences
    assert [call.split()[0] for call in difference.calls] == ["create-relation"]
    await stage.put(found)
    await stage.rest()
    assert (await order_of(stage, order_id)).step == "committed"
    assert (await stage.calls())["createRelation"] == 1
    assert len((await stage.mplus_books("relations"))["relations"]) == 1


async def test_what_a_sweep_misread_is_told_again_to_those_it_is_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_stage(tmp_path) as stage:
        with monkeypatch.context() as bug:
            bug.setattr("connectors.mplus.articles._codes", lambda article, number: [])
            await stage.start()
        assert (await stage.calls())["push-stock"] == 0, "no offer was known to sell anything"

        one = stage.range[0].article_number
        only = await stage.look(Choice(topic=MPLUS_RAW.name, key=f"article/{one}"))
        assert [(draft.topic, draft.key) for draft in only.unsent] == [
            ("catalogue.inbox", f"shop/article/{one}".encode())
        ]
        assert (await stage.look(Choice(topic=BOL_RAW.name))).unsent == (), "it was Mplus who was misread"
        assert (await stage.look(Choice(topic=MPLUS_RAW.name, flow="orders"))).unsent == ()
        await stage.pass_by(3600)
        since = milliseconds(stage.clock())
        await stage.pass_by(60)
        late = await stage.look(Choice(since=since))
        assert (late.looked_at["sweeps"], late.unsent) == (1, ()), "it was found before"

        found = await stage.look()
        assert len(found.unsent) == len(stage.range)
        await stage.put(found)
        await stage.rest()
        await stage.pass_by(60)
        offers = (await stage.bol_books())["offers"]
        assert {offer["amount"] for offer in offers} == {10}
        assert (await stage.calls())["push-stock"] == len(stage.range)
        assert (await stage.look()).same


# -- what is taken as recorded


def why(found: Any, effect: str) -> set[str]:
    return {reason for name, reason in found.outcomes.as_recorded if name == effect}


async def test_answers_from_before_askings_travelled_along_are_taken_as_recorded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.orders.cents_of", lambda euros: round(euros))
        [order_id] = await stage.sold(0)
    for topic in (BOL_RAW.name, MPLUS_RAW.name):
        for number in range(2):
            records = stage.log._records[TopicPartition(topic, number)]
            records[:] = [
                one._replace(headers=tuple(pair for pair in one.headers if pair[0] != ASKING))
                for one in records
            ]
    found = await stage.look()
    assert found.same
    assert found.outcomes.anew == 0
    assert why(found, "fetch-bol-order") == {"its answers are not kept"}
    chosen = await stage.look(Choice(topic=BOL_RAW.name, key=order_id))
    assert chosen.looked_at["orders"] == 1, "they choose whose they are all the same"


async def test_answers_that_are_no_longer_kept_are_taken_as_recorded(stage: Stage) -> None:
    await stage.sold(0)
    for number in range(2):
        at = TopicPartition(BOL_RAW.name, number)
        stage.log.cut(at, (await stage.log.bounds(at))[1])
    found = await stage.look()
    assert found.same
    assert why(found, "fetch-bol-order") == {"its answers are not kept"}
    assert found.outcomes.anew > 0, "those of Mplus are"


async def test_a_call_that_was_not_made_then_leaves_the_recorded_fact(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.sold(0)
    commit = bookings.committed
    monkeypatch.setattr(bookings, "committed", lambda trip, effect, _: commit(trip, effect, True))
    found = await stage.look()
    assert found.same
    assert why(found, "commit-order") == {"more is asked for now"}


async def test_a_bug_in_the_present_code_leaves_the_recorded_fact(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.sold(0)
    monkeypatch.setattr("connectors.bol.orders.order", broken)
    found = await stage.look()
    assert found.same
    assert why(found, "fetch-bol-order") == {"the present code fails on it"}


async def test_another_question_is_not_answered_by_an_old_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The customer was looked up as somebody else: the right one is still to be looked up."""

    def another(customer: Customer, by: tuple[Match, ...]) -> FindRelation:
        return FindRelation(customer=msgspec.structs.replace(customer, identity="bol-0"), by=())

    with monkeypatch.context() as bug:
        bug.setattr("streams.customers.decide.FindRelation", another)
        await stage.trouble("mplus", kind="fault", operation="createOrderV3", code="Server")
        await stage.sold(0)
    found = await stage.look(Choice(flow="customers"))
    [difference] = found.differences
    asked = [call.split()[0] for call in difference.calls]
    assert "find-relation" in asked
    assert "create-relation" not in asked, "he is there already"


async def test_a_write_to_the_raw_topic_that_was_tried_again_is_read_once(stage: Stage) -> None:
    await stage.sold(0)
    for topic in (BOL_RAW.name, MPLUS_RAW.name):
        for number in range(2):
            records = stage.log._records[TopicPartition(topic, number)]
            doubled = [one for record in records for one in (record, record)]
            records[:] = [one._replace(offset=place) for place, one in enumerate(doubled)]
    found = await stage.look()
    assert found.same
    assert found.outcomes.otherwise == 0
    assert found.outcomes.anew > 0


async def test_a_run_of_which_an_answer_is_missing_is_not_executed_anew(stage: Stage) -> None:
    """The first of two was too long to be kept: what is left would answer another call."""
    await stage.sold(0)
    for number in range(2):
        records = stage.log._records[TopicPartition(BOL_RAW.name, number)]
        for place, record in enumerate(records):
            asking = asking_of(record)
            assert asking is not None
            second = msgspec.structs.replace(asking, place=2, places=2)
            kept = [pair for pair in record.headers if pair[0] != ASKING]
            records[place] = record._replace(headers=(*kept, (ASKING, msgspec.json.encode(second))))
    found = await stage.look()
    assert found.same
    assert why(found, "fetch-bol-order") == {"its answers are not kept"}


# -- the answers themselves


async def test_the_answers_of_a_run_are_found_by_their_time(stage: Stage) -> None:
    [order_id] = await stage.sold(0)
    key = f"shop/{order_id}".encode()
    reader: FactReader[Any] = FactReader(OrdersEvent)
    events = [reader.read(one) for one in stage.log.records("orders.inbox", key)]
    settled = [one for one in events if isinstance(one, Settled)]
    runs = await KeptAnswers(stage.log).of("orders", [(key, one) for one in settled])
    assert set(runs) == {run_of(key, one) for one in settled}
    fetched = next(one for one in settled if isinstance(one.outcome, BolOrderFetched))
    run = runs[run_of(key, fetched)]
    assert [one.operation for one in run.answers] == ["get-order"]
    again = executed("shop", FetchBolOrder(order_id=order_id), run)
    assert again.outcome == fetched.outcome
    assert not await KeptAnswers(stage.log).of("stock", [(key, fetched)]), "another flow's row of that key"
    with pytest.raises(AsRecorded, match="more is asked"):
        executed("shop", FetchBolOrder(order_id=order_id), run._replace(answers=()))


def test_runs_that_lie_near_each_other_are_read_in_one_go() -> None:
    minute = 60_000
    spans: Any = [
        (0, 10, "a"),
        (minute, minute + 5, "b"),
        (60 * minute, 60 * minute + 1, "c"),
        (5, 2 * minute, "d"),
    ]
    assert [(one.begin, one.end, one.runs) for one in windows(spans)] == [
        (0, 2 * minute, {"a", "b", "d"}),
        (60 * minute, 60 * minute + 1, {"c"}),
    ]
