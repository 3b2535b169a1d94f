"""Bol's deadlines."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from streams.orders.lateness import last_day, raised_at
from streams.vocabulary.events import BolOrderFetched, MplusOrderRead, OperatorAsked, OrderCommitted, Woke
from streams.vocabulary.outcomes import NotSent
from streams.vocabulary.time import SHOP_ZONE
from tests.streams.orders.desk import FBR, Desk, bol_order, booked, item


@pytest.mark.parametrize(
    ("delivery", "on_the_way", "day"),
    [
        ("2026-11-26", 1, date(2026, 11, 25)),
        ("2026-11-26", 0, date(2026, 11, 26)),
        ("2026-11-30", 1, date(2026, 11, 28)),  # the day before is a Sunday
        ("2026-11-26T00:00:00+01:00", 1, date(2026, 11, 25)),
        ("soon", 1, None),
        ("", 1, None),
    ],
)
def test_the_day_on_which_it_must_leave(delivery: str, on_the_way: int, day: date | None) -> None:
    desk = Desk()
    desk.fetch(bol_order(item(1, latest_delivery=delivery)))
    assert last_day(desk.order, on_the_way) == day


def test_the_way_into_mplus_goes_by_the_deadline_and_what_follows_goes_at_once() -> None:
    desk = Desk()
    order = bol_order(item(1, latest_delivery="2026-11-26"))
    desk.notice()
    assert desk.open["fetch"].urgency == desk.order.noticed_at + timedelta(days=1), "not known yet"
    desk.fetch(replace(order, placed_at=order.placed_at - timedelta(days=1)))
    desk.answer()
    due = desk.open["look"].urgency
    assert due is not None
    assert timedelta(0) <= due - raised_at(date(2026, 11, 25), 0) < timedelta(minutes=10)
    desk.settle("look", MplusOrderRead(order=None))
    assert desk.asked_customer().urgency == due
    desk.is_customer()
    assert desk.open["commit"].urgency == due
    desk.settle("commit", NotSent(why="no connection"))
    assert desk.open["commit"].urgency == due, "a failure makes it no less urgent"
    desk.apply(OperatorAsked(who="Jan"))
    assert desk.open["commit"].urgency is None, "somebody stands there and waits"
    desk.settle("commit", OrderCommitted(order_id="m1"))
    desk.notice()
    assert desk.open["fetch"].urgency is None


def test_of_a_days_orders_the_one_that_was_placed_first_is_more_urgent() -> None:
    """Regression: ten thousand were looked for before the first was booked."""
    urgencies = []
    for seconds in (0, 1, 3600):
        desk = Desk()
        order = bol_order(item(1, latest_delivery="2026-11-26"))
        desk.to_commit(replace(order, placed_at=order.placed_at + timedelta(seconds=seconds)))
        urgency = desk.open["commit"].urgency
        assert urgency is not None
        urgencies.append(urgency)
    assert urgencies[0] < urgencies[1] < urgencies[2] < raised_at(date(2026, 11, 26), 0)


def test_an_order_without_a_day_is_not_kept_waiting() -> None:
    desk = Desk()
    desk.to_commit(bol_order(item(1, latest_delivery="")))
    assert desk.open["commit"].urgency is None


def test_it_is_raised_hours_before_the_end_of_that_day_in_the_shop() -> None:
    assert raised_at(date(2026, 11, 25), 18) == datetime(2026, 11, 25, 6, tzinfo=SHOP_ZONE)


def test_an_order_that_is_still_here_is_raised_once_and_no_more_when_it_is_told() -> None:
    desk = Desk(replace(FBR, shipping=replace(FBR.shipping, track="none")))
    decision = desk.fetch(bol_order(item(1, latest_delivery="2026-11-26")))
    assert decision.wake == raised_at(date(2026, 11, 25), 18)
    desk.later(timedelta(days=2).total_seconds())
    desk.apply(Woke(due=decision.wake))
    assert desk.shown.late
    assert "2026-11-25" in desk.shown.stuck
    assert desk.notes["late"].level == "warn"
    assert desk.apply(Woke(due=desk.now)).activity == ()
    desk.answer()
    desk.is_customer()
    desk.settle("commit", OrderCommitted(order_id="m1"))
    desk.seen(booked(1, delivered=1))
    desk.notice()
    desk.settle(
        "fetch", BolOrderFetched(order=bol_order(item(1, latest_delivery="2026-11-26", quantity_shipped=1)))
    )
    assert desk.order.stuck == ""
    assert not desk.order.late
