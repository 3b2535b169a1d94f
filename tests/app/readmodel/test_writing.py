"""Statements that are made once, and many rows at once that leave what each in turn would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, update

from app.readmodel import ReadModel
from app.readmodel.database import Among
from app.readmodel.entries import READ
from app.readmodel.projection import Projection
from app.readmodel.tables import history, orders, positions
from app.readmodel.writing import _SHOW, newest
from streams.vocabulary.activity import Noted
from tests.app.readmodel.conftest import at_once
from tests.app.readmodel.fakes import HandClock, MemoryLog
from tests.app.readmodel.shop import fill


class Undone(Exception):
    """Nothing of this transaction is to stay."""


def _snapshot(order: str, stuck: str, at: int) -> dict[str, Any]:
    filled = dict.fromkeys((column.name for column in orders.columns), None)
    return filled | {
        "connection": "demo", "order_id": order, "step": f"step {at}", "stuck": stuck, "at": at, "first_at": at,
        "stuck_since": at if stuck else None, "fulfilment": "FBR", "search": "", "shown": b"{}",
    }  # fmt: skip


_snapshots = st.lists(
    st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["", "why", "another why"])), max_size=8
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_snapshots, now=_snapshots)
async def test_of_many_snapshots_the_newest_leaves_what_all_in_turn_would(
    model: ReadModel, before: list[tuple[str, str]], now: list[tuple[str, str]]
) -> None:
    rows = [_snapshot(order, stuck, at) for at, (order, stuck) in enumerate(before + now)]
    old, new = rows[: len(before)], rows[len(before) :]

    def left(connection: Connection, *groups: list[dict[str, Any]]) -> list[Any]:
        connection.execute(delete(orders))
        for group in groups:
            if group:
                _SHOW[orders.name].run(connection, group)
        return [tuple(row) for row in connection.execute(select(orders).order_by(orders.c.order_id))]

    def compare(connection: Connection) -> None:
        expected = left(connection, *([row] for row in rows))
        assert left(connection, old, newest(new, "order_id")) == expected
        assert left(connection, newest(rows, "order_id")) == expected
        raise Undone

    with pytest.raises(Undone):
        await model.database.write(compare)


def test_at_most_two_snapshots_of_a_thing_are_written() -> None:
    rows = [_snapshot("A", stuck, at) for at, stuck in enumerate(["x", "", "", "x", "y", "x"])]
    assert [(row["at"], row["stuck_since"], row["first_at"]) for row in newest(rows, "order_id")] == [
        (2, None, 0),
        (5, 3, 0),
    ]
    assert newest(rows[:2], "order_id")[0]["at"] == 1


async def test_which_of_however_many_are_there(model: ReadModel) -> None:
    line = {column.name: "" for column in history.columns if column.name != "id"} | {"at": 1, "millis": None}
    there = [f"mark-{number}" for number in range(0, 600, 3)]
    known = Among(history.c.mark)

    def ask(connection: Connection) -> None:
        connection.execute(insert(history), [line | {"mark": mark} for mark in there])
        assert known(connection, []) == set()
        for many in (1, 2, 3, 4, 5, 63, 64, 65, 500):
            asked = [f"mark-{number}" for number in range(many)]
            assert known(connection, asked) == set(asked) & set(there)
        raise Undone

    with pytest.raises(Undone):
        await model.database.write(ask)


def telling(model: ReadModel, log: MemoryLog, clock: HandClock, told: list[int]) -> Projection:
    """Notes how many records each transaction had."""
    return Projection(
        model.database,
        log,
        clock=clock,
        sleep=at_once,
        on_applied=lambda applied: told.append(applied.records),
    )


async def test_all_partitions_are_one_transaction(model: ReadModel, log: MemoryLog, clock: HandClock) -> None:
    told: list[int] = []
    projection = telling(model, log, clock, told)
    fill(log)
    assert sum(bool(records) for records in log.partition.values()) > 3
    await projection.catch_up()
    assert told == [sum(len(records) for records in log.partition.values())]


async def test_large_bodies_of_many_partitions_are_not_held_together(
    model: ReadModel, log: MemoryLog, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.readmodel.projection.AT_ONCE_BYTES", 1000)
    told: list[int] = []
    projection = telling(model, log, clock, told)
    for entity in ("1", "2"):
        for vendor in ("bol", "mplus"):
            log.answer(vendor, f"get-{vendor}", b"x" * 400, entity)
    await projection.catch_up()
    assert told == [2, 2]


@pytest.mark.parametrize("topic", READ)
async def test_nothing_is_written_where_one_position_was_moved(
    model: ReadModel, log: MemoryLog, projection: Projection, topic: str
) -> None:
    fill(log)
    await projection.catch_up()
    for number in range(20):
        log.note(Noted(kind="x", text=f"{number}"), f"{number}")
    at = next(at for at, records in log.partition.items() if at.topic == topic and records)
    log.partition[at].append(log.partition[at][-1])
    moved = update(positions).where(positions.c.topic == topic, positions.c.partition == at.partition)
    await model.database.write(lambda db: db.execute(moved.values(position=positions.c.position + 1)))
    lines = await model.database.read(_lines)
    assert await projection._round() == 1
    assert await model.database.read(_lines) == lines
    assert projection._positions is None, "it looks where the other one is"
    await projection.catch_up()
    assert await model.database.read(_lines) >= lines + 19


def _lines(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(history)).scalar_one()


async def test_consoles_that_begin_on_the_same_new_tables_write_it_once(
    model: ReadModel, log: MemoryLog, clock: HandClock
) -> None:
    """Neither knows a position yet; the second finds those of the first."""
    fill(log)
    one, other = (Projection(model.database, log, clock=clock, sleep=at_once) for _ in range(2))
    one._positions, other._positions = await one._start(), await other._start()
    await one._round()
    assert await other._round() == 1
    await other.catch_up()
    assert other.standing.records == 0
    assert one.standing.records == sum(len(records) for records in log.partition.values())
