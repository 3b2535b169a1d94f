"""Which entities are chosen, and that nothing shows as a difference that is none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.replay.choice import Choice
from app.replay.looking import Found
from app.settings import load_settings
from streams.log.base import TopicPartition
from streams.topics import BOL_RAW, BOL_WEBHOOKS, DEAD_LETTERS, MPLUS_RAW, MPLUS_WEBHOOKS
from streams.vocabulary.events import Message, OperatorAsked, OrderNoticed, TillSold
from streams.vocabulary.time import milliseconds
from tests.app.replay.memory import MemoryLog
from tests.app.replay.stage import Stage, broken, keys, open_stage

BUFFER = "buffer = 2"


def article(stage: Stage, place: int) -> str:
    return str(stage.range[place].article_number)


async def sale(stage: Stage, place: int, connection: str = "shop") -> TillSold:
    """A till sale that is heard of; the stock flow takes it up when the stage comes to rest."""
    now = stage.clock()
    event = TillSold(
        session_id=f"s{milliseconds(now)}", line_id="1", quantity=Decimal(1), sold_at=now, heard_at=now
    )
    await stage.say(Message(flow="stock", entity=article(stage, place), event=event), connection)
    return event


def sent(found: Found) -> list[tuple[str, str]]:
    return [(draft.topic, (draft.key or b"").decode()) for draft in found.unsent]


def looked_at(found: Found) -> dict[str, int]:
    return {flow: count for flow, count in found.looked_at.items() if count}


# -- by time


async def test_from_and_to_choose_whose_events_lie_in_between(stage: Stage) -> None:
    moments = []
    for place in range(3):
        await stage.pass_by(3600)
        moments.append(milliseconds(stage.clock()))
        await sale(stage, place)
        await stage.rest()
    first, second, third = moments

    async def chosen(since: int | None, until: int | None) -> set[str]:
        found = await stage.look(Choice(since, until, topic="stock.inbox"), stage.with_settings(stock=BUFFER))
        return {key.removeprefix("shop/") for _, key in keys(found)}

    assert await chosen(third, None) == {article(stage, 2)}
    assert await chosen(second, third) == {article(stage, 1)}
    assert await chosen(second, None) == {article(stage, 1), article(stage, 2)}
    assert await chosen(None, first) == {str(one.article_number) for one in stage.range}, "the first round"
    assert await chosen(milliseconds(stage.clock()), None) == set()


async def test_a_push_that_was_translated_after_the_span_is_not_unsent(stage: Stage) -> None:
    """The bridge stood still: what the push became lies behind --to."""
    order_id = await stage.order(0)
    await stage.push_order(order_id)
    until = milliseconds(stage.clock())
    stage.clock.now = stage.clock.now.replace(hour=stage.clock.now.hour + 1)
    await stage.rest()
    found = await stage.look(Choice(until=until))
    assert sent(found) == []
    found = await stage.look(Choice(until=until, topic=BOL_WEBHOOKS.name))
    assert (sent(found), looked_at(found)) == ([], {"orders": 1})


# -- by topic, connection, key and flow


async def test_a_topic_of_pushes_chooses_whom_they_are_about_also_with_a_key(stage: Stage) -> None:
    """Regression: pushes are keyed by their connection, and were looked for by the entity's key."""
    first, second = await stage.sold(0, 1)
    found = await stage.look(Choice(topic=BOL_WEBHOOKS.name))
    assert looked_at(found) == {"orders": 2}
    for key in (first, f"shop/{first}"):
        found = await stage.look(Choice(topic=BOL_WEBHOOKS.name, key=key))
        assert looked_at(found) == {"orders": 1}, key
    assert looked_at(await stage.look(Choice(topic=BOL_WEBHOOKS.name, key="A-0"))) == {}
    assert looked_at(await stage.look(Choice(topic=BOL_WEBHOOKS.name, connection="other"))) == {}
    assert looked_at(await stage.look(Choice(topic=BOL_WEBHOOKS.name, flow="stock"))) == {}
    assert looked_at(await stage.look(Choice(topic=MPLUS_WEBHOOKS.name))) == {}
    assert second != first


async def test_without_a_topic_those_that_pushes_are_about_are_chosen_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: an old order that was pushed again, which a bug parked, was not looked at."""
    [order_id] = await stage.sold(0)
    await stage.pass_by(7200)
    since = milliseconds(stage.clock())
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.intake._id", broken)
        await stage.push_order(order_id)
        await stage.rest()
    found = await stage.look(Choice(since=since, flow="orders"))
    assert looked_at(found) == {"orders": 1}
    assert sent(found) == [("orders.inbox", f"shop/{order_id}")]


async def test_a_push_that_a_bug_parked_comes_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.intake._id", broken)
        parked, other = await stage.sold(0, 1)
    assert len(stage.log.records(DEAD_LETTERS.name)) == 2
    assert await stage.row("orders", f"shop/{parked}") is None

    found = await stage.look(Choice(key=parked))
    assert sent(found) == [("orders.inbox", f"shop/{parked}")]
    assert (keys(found), found.same) == ([], False)
    assert len(sent(await stage.look(Choice(connection="shop")))) == 2
    assert sent(await stage.look(Choice(connection="other"))) == []
    assert sent(await stage.look(Choice(key=other, flow="stock"))) == []

    await stage.put(found)
    await stage.rest()
    row = await stage.row("orders", f"shop/{parked}")
    assert row is not None
    assert row.state.step == "committed"
    assert (await stage.calls())["createOrderV3"] == 1
    assert sent(await stage.look(Choice(key=parked))) == []
    assert len(sent(await stage.look())) == 1, "the other one was not chosen"


async def test_a_push_that_the_present_code_fails_on_stops_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.sold(0)
    monkeypatch.setattr("connectors.bol.intake._id", broken)
    assert (await stage.look()).same


async def test_a_raw_topic_chooses_whose_answers_lie_in_the_span(stage: Stage) -> None:
    [first] = await stage.sold(0)
    await stage.pass_by(3600)
    since = milliseconds(stage.clock())
    [second] = await stage.sold(1)

    async def chosen(topic: str, **more: Any) -> dict[str, int]:
        return looked_at(await stage.look(Choice(topic=topic, **more)))

    assert await chosen(BOL_RAW.name) == {"orders": 2, "sweeps": 1}
    assert await chosen(BOL_RAW.name, since=since) == {"orders": 1}, "nothing was swept since"
    assert await chosen(MPLUS_RAW.name, key=second) == {"orders": 1}
    assert await chosen(MPLUS_RAW.name, key=second, until=since) == {}
    assert await chosen(MPLUS_RAW.name, flow="sweeps") == {"sweeps": 1}
    assert await chosen(MPLUS_RAW.name, connection="other") == {}
    assert first != second


async def test_an_inbox_chooses_its_own_flow(stage: Stage) -> None:
    await stage.sold(0)
    assert looked_at(await stage.look(Choice(topic="stock.inbox"))) == {"stock": len(stage.range)}
    assert looked_at(await stage.look(Choice(flow="orders"))) == {"orders": 1}
    one = article(stage, 0)
    assert looked_at(await stage.look(Choice(key=one))) == {"stock": 1}
    assert looked_at(await stage.look(Choice(key=f"article/{one}"))) == {"catalogue": 1}


async def test_a_connection_chooses_its_own_entities(stage: Stage) -> None:
    await sale(stage, 0, "other")
    await sale(stage, 0, "shop")
    await stage.rest()
    assert looked_at(await stage.look(Choice(connection="other"))) == {"stock": 1}
    found = await stage.look(Choice(connection="shop", topic="stock.inbox"))
    assert looked_at(found) == {"stock": len(stage.range)}
    assert looked_at(await stage.look(Choice(key=f"other/{article(stage, 0)}"))) == {"stock": 1}
    assert looked_at(await stage.look(Choice(key=article(stage, 0), flow="stock"))) == {"stock": 2}


@pytest.mark.parametrize("choice", [Choice(topic="activity"), Choice(flow="shipments")])
async def test_what_there_is_not_is_named(stage: Stage, choice: Choice) -> None:
    with pytest.raises(
        ValueError,
        match=r"inbox, .*bol\.webhooks, .*mplus\.raw|catalogue, stock, customers, orders, returns, guards, sweeps",
    ):
        await stage.look(choice)


async def test_of_a_connection_that_is_not_in_the_settings_nothing_is_said(stage: Stage) -> None:
    await sale(stage, 0, "other")
    await stage.rest()
    path = stage.folder / "one.toml"
    text = (stage.folder / "kassabrug.toml").read_text()
    path.write_text(text.replace("connections.other", "connections.third"))
    found = await stage.look(settings=load_settings(path, {}))
    assert found.same
    assert found.looked_at["stock"] == len(stage.range)


# -- beside a bridge at work


async def test_what_the_bridge_has_not_come_to_yet_is_no_difference(stage: Stage) -> None:
    """Regression: an order whose first event is not applied yet seemed to be missing, with a call to be made."""
    [known] = await stage.sold(0)
    for order_id in (known, "B-NEW"):
        event = OrderNoticed(via="push", noticed_at=stage.clock(), changed="x")
        await stage.say(Message(flow="orders", entity=order_id, event=event))
    found = await stage.look()
    assert (keys(found), sent(found), found.behind) == ([], [], 2)
    await stage.rest()
    found = await stage.look()
    assert (keys(found), found.behind) == ([], 0)


async def test_a_row_that_moves_while_it_is_looked_at_is_told_and_not_compared(tmp_path: Path) -> None:
    class Busy(MemoryLog):
        """Something happens to one article as soon as everybody's rows have been read."""

        def __init__(self, stage: Stage) -> None:
            super().__init__(stage.clock)
            self.stage = stage
            self.armed = False

        async def offset_at(self, at: TopicPartition, timestamp: int) -> int:
            if self.armed and at.topic in (BOL_RAW.name, MPLUS_RAW.name):
                self.armed = False
                for place in range(len(self.stage.range)):
                    await sale(self.stage, place)
                await self.stage.rest()
            return await super().offset_at(at, timestamp)

    async with open_stage(tmp_path) as stage:
        busy = Busy(stage)
        stage.log = busy
        stage.restart()
        await stage.start()
        await stage.trouble("bol", kind="http", operation="write-offer", status=400, count=1)
        await sale(stage, 0)
        await stage.rest()
        busy.armed = True
        found = await stage.look(Choice(flow="stock"), stage.with_settings(stock=BUFFER))
        assert not busy.armed
        assert found.moved, "the refused push has an answer to be read, and then the bridge was at work"
        assert not set(found.moved) & {f"{flow} {key}" for flow, key in keys(found)}
        assert len(found.moved) + len(found.differences) == len(stage.range)
        assert not found.same


async def test_an_event_that_a_bug_parked_counts_once_the_code_is_mended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it was the last one: the row does not tell that the bridge has gone past it."""
    with monkeypatch.context() as bug:
        bug.setattr("streams.stock.movements.till_sold", broken)
        await sale(stage, 0)
        await stage.rest()
    assert len(stage.log.records(DEAD_LETTERS.name)) == 1
    same = stage.log.place("stock.inbox", f"shop/{article(stage, 0)}".encode())
    neighbour = next(
        place
        for place in range(1, len(stage.range))
        if stage.log.place("stock.inbox", f"shop/{article(stage, place)}".encode()) == same
    )
    await sale(stage, neighbour)
    await stage.rest()
    found = await stage.look(Choice(flow="stock"))
    assert [key for _, key in keys(found)] == [f"shop/{article(stage, 0)}"]
    await stage.put(found)
    await stage.rest()
    await stage.pass_by(60)
    assert (await stage.look(Choice(flow="stock"))).same


async def test_events_that_the_present_code_cannot_apply_are_counted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sale(stage, 0)
    await stage.rest()
    monkeypatch.setattr("streams.stock.movements.till_sold", broken)
    found = await stage.look(Choice(key=article(stage, 0), flow="stock"))
    assert found.outcomes.parked == 1


# -- what is no longer kept


async def test_entities_whose_beginning_is_not_kept_are_listed_and_not_compared(stage: Stage) -> None:
    orders = await stage.sold(*range(4))
    at = stage.log.place("stock.inbox", f"shop/{article(stage, 0)}".encode())
    gone = {
        f"stock shop/{article(stage, place)}"
        for place in range(len(stage.range))
        if stage.log.place("stock.inbox", f"shop/{article(stage, place)}".encode()) == at
    }
    _, end = await stage.log.bounds(at)
    for place in range(len(stage.range)):
        await sale(stage, place)
    await stage.rest()
    stage.log.cut(at, end)
    found = await stage.look(settings=stage.with_settings(stock=BUFFER))
    assert set(found.not_whole) == gone
    assert len(found.differences) == len(stage.range) - len(gone)
    assert not {f"{flow} {key}" for flow, key in keys(found)} & gone
    assert found.looked_at["orders"] == len(orders)
    assert found.unsent == (), "of what the rows that are left out told nothing is said either"


async def test_a_message_whose_inbox_is_not_kept_any_more_is_not_sent_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pushes may be kept a little longer than what became of them: a month's sales are not told a second time."""
    [order_id] = await stage.sold(0)
    await stage.pass_by(3600)
    later = await stage.order(1)
    at = stage.log.place("orders.inbox", f"shop/{order_id}".encode())
    noticed = OrderNoticed(via="push", noticed_at=stage.clock(), changed="y")
    names = (f"X{number}" for number in range(20))
    other = next(one for one in names if stage.log.place(at.topic, f"shop/{one}".encode()) == at)
    await stage.say(Message(flow="orders", entity=other, event=noticed))
    stage.log.cut(at, (await stage.log.bounds(at))[1] - 1)
    found = await stage.look(Choice(topic=BOL_WEBHOOKS.name))
    assert (sent(found), found.unsure) == ([], 1)
    await stage.pass_by(3600)
    with monkeypatch.context() as bug:
        bug.setattr("connectors.bol.intake._id", broken)
        await stage.push_order(later)
        await stage.rest()
    found = await stage.look(Choice(topic=BOL_WEBHOOKS.name))
    assert sent(found) == [("orders.inbox", f"shop/{later}")], "of the time that is kept it is known"


# -- replays of before


async def test_a_later_replay_works_out_the_events_and_not_what_an_earlier_one_made_of_them(
    stage: Stage,
) -> None:
    """Regression: the row that a replay had put in place was the base of all later ones."""
    two, none = stage.with_settings(stock=BUFFER), stage.with_settings()
    touched = {("stock", f"shop/{one.article_number}") for one in stage.range}
    found = await stage.look(settings=two)
    assert set(keys(found)) == touched
    stage.restart(two)
    await stage.put(found, "buffer-2")
    await stage.rest()
    await stage.pass_by(60)
    assert {one["amount"] for one in (await stage.bol_books())["offers"]} == {8}

    assert (await stage.look(settings=two)).same
    back = await stage.look(settings=none)
    assert set(keys(back)) == touched
    assert all(
        {change.field: (change.before, change.after) for change in one.changes}[field] == ("8", "10")
        for one in back.differences
        for field in [next(change.field for change in one.changes if change.field.endswith("desired"))]
    )
    stage.restart(none)
    await stage.put(back, "back-again")
    await stage.rest()
    await stage.pass_by(60)
    assert {one["amount"] for one in (await stage.bol_books())["offers"]} == {10}
    assert (await stage.look(settings=none)).same
    assert set(keys(await stage.look(settings=two))) == touched


async def test_a_replay_that_was_stopped_goes_on_and_nothing_is_done_twice(stage: Stage) -> None:
    """Between any two pieces: what is in place differs no longer, what was written too late is written anew."""
    settings = stage.with_settings(stock=BUFFER)
    stage.restart(settings)
    await stage.rest()
    before = await stage.calls()
    count = len(stage.range)
    for turn in range(count):
        found = await stage.look(settings=settings)
        assert len(found.differences) == count - turn
        assert await stage.put(found, at_once=1, most=1) == 1
        if turn % 2:
            again = await stage.look(settings=settings)
            assert len(again.differences) == count - turn, "written, and not applied yet: it still differs"
            await stage.put(again, at_once=1, most=1)
        await stage.rest()
    found = await stage.look(settings=settings)
    assert found.same
    await stage.pass_by(60)
    assert await stage.calls() - before == {"push-stock": count}
    assert {one["amount"] for one in (await stage.bol_books())["offers"]} == {8}


async def test_what_happened_to_a_row_after_it_was_looked_at_is_not_undone(stage: Stage) -> None:
    settings = stage.with_settings(stock=BUFFER)
    found = await stage.look(settings=settings)
    await sale(stage, 0)
    await stage.rest()
    stage.restart(settings)
    await stage.put(found)
    await stage.rest()
    row = await stage.row("stock", f"shop/{article(stage, 0)}")
    assert row is not None
    assert len(row.state.sold) == 1
    again = await stage.look(settings=settings)
    assert [key for _, key in keys(again)] in ([], [f"shop/{article(stage, 0)}"])
    await stage.put(again)
    await stage.rest()
    assert (await stage.look(settings=settings)).same


async def test_what_waits_for_a_person_is_asked_for_in_the_same_words_and_not_anew(stage: Stage) -> None:
    """An asking that the live row has as well stays that one, wherever else the row differs."""
    await stage.trouble("mplus", kind="fault", operation="createOrderV3", code="Server")
    [order_id] = await stage.sold(0)
    row = await stage.row("orders", f"shop/{order_id}")
    assert row is not None
    waiting = row.open["commit"]
    found = await stage.look(settings=stage.with_settings(orders="keep_days = 200"))
    assert found.same
    await stage.say(Message(flow="orders", entity=order_id, event=OperatorAsked(who="Jan")))
    await stage.rest()
    row = await stage.row("orders", f"shop/{order_id}")
    assert row is not None
    assert row.open["commit"].number > waiting.number
    assert (await stage.look()).same


async def test_headers_say_which_incident_it_was(stage: Stage) -> None:
    settings = stage.with_settings(stock=BUFFER)
    found = await stage.look(Choice(key=article(stage, 0)), settings)
    await stage.put(found, "buffer-2")
    record = stage.log.records("stock.inbox", f"shop/{article(stage, 0)}".encode())[-1]
    headers = dict(record.headers)
    assert headers["incident"] == b"buffer-2"
    assert headers["trace"] == b"replay-buffer-2"
    assert headers["connection"] == b"shop"
