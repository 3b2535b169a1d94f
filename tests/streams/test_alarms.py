"""Alarms ring once, in order, and again after a full disk."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from streams.alarms import AT_ONCE, Alarms
from streams.log.base import TopicPartition
from tests.streams.fakes import HandClock, ListWriter, Notebook, at_once

AT = TopicPartition("orders.inbox", 0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def made(clock: HandClock, writer: ListWriter | None = None, notebook: Notebook | None = None) -> Alarms:
    return Alarms(writer or ListWriter(), notebook or Notebook(), clock, at_once)


async def test_what_is_due_rings_the_earliest_first(clock: HandClock) -> None:
    alarms = made(clock)
    for number in (3, 1, 2):
        alarms.set("orders", f"shop/{number}".encode(), AT, clock.now + timedelta(seconds=number))
    clock.forward(2.5)
    assert [key for _, key, _ in alarms.ringing(clock.now)] == [b"shop/1", b"shop/2"]
    assert alarms.ringing(clock.now) == []


async def test_a_moved_alarm_rings_at_its_new_time_only(clock: HandClock) -> None:
    alarms = made(clock)
    alarms.set("orders", b"shop/1", AT, clock.now + timedelta(seconds=1))
    alarms.set("orders", b"shop/1", AT, clock.now + timedelta(seconds=5))
    clock.forward(2)
    assert alarms.ringing(clock.now) == []
    clock.forward(4)
    assert len(alarms.ringing(clock.now)) == 1


async def test_a_cleared_alarm_and_a_lost_partition_ring_no_more(clock: HandClock) -> None:
    alarms = made(clock)
    alarms.set("orders", b"shop/1", AT, clock.now)
    alarms.set("orders", b"shop/1", AT, None)
    alarms.set("orders", b"shop/2", AT, clock.now)
    alarms.revoke("orders", AT)
    assert alarms.ringing(clock.now) == []


async def test_alarms_that_move_often_do_not_pile_up(clock: HandClock) -> None:
    alarms = made(clock)
    for number in range(10 * AT_ONCE):
        alarms.set("orders", b"shop/1", AT, clock.now + timedelta(seconds=number))
    assert len(alarms._heap) <= AT_ONCE + 4


async def test_an_alarm_is_written_to_the_rows_inbox_once_the_log_takes_it(clock: HandClock) -> None:
    writer, notebook = ListWriter(), Notebook()
    writer.refuse = 2
    alarms = made(clock, writer, notebook)
    running = asyncio.ensure_future(alarms.run())
    alarms.set("orders", b"shop/b1", AT, clock.now)
    await writer.until(1)
    running.cancel()
    assert writer.drafts[0].topic == "orders.inbox"
    assert writer.drafts[0].key == b"shop/b1"
    assert ("stalled", "alarms", "the disk is full") in notebook.said
