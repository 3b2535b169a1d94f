"""What is read when, and from where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.sweeps.decide import shown
from streams.sweeps.rules import SweepRules
from streams.sweeps.state import NAMES
from streams.vocabulary.activity import ConnectionShown
from streams.vocabulary.effects import (
    CareForSubscription,
    SweepArticles,
    SweepBolOffers,
    SweepBolOrders,
    SweepBolReturns,
    SweepMplusOrders,
    SweepPackingSlips,
    SweepProcessStatuses,
    SweepStock,
)
from streams.vocabulary.events import (
    ConnectionStarted,
    MarkersRead,
    ProcessNoticed,
    ProcessStatus,
    ProcessStatuses,
    SubscriptionCaredFor,
    SweepNudged,
    Swept,
)
from streams.vocabulary.outcomes import NotSent, Refused
from tests.streams.sweeps.desk import MARKERS, RULES, START, Desk


def test_at_the_start_everything_with_an_interval_is_read() -> None:
    desk = Desk()
    desk.start()
    assert set(desk.open) == {"mplus-markers", "bol-orders", "bol-returns", "bol-offers", "bol-subscription"}
    assert desk.effect("bol-orders") == SweepBolOrders(since=None)
    assert desk.effect("bol-subscription") == CareForSubscription(url=RULES.subscription_url)


def test_a_restart_doubles_nothing_that_is_on_its_way() -> None:
    desk = Desk()
    desk.start()
    desk.start()
    desk.settle("bol-orders", Swept(cursor=START.isoformat()))
    assert "bol-orders" in desk.open, "called for again while it was on its way"


def test_markers_call_for_the_feeds_that_moved() -> None:
    desk = Desk()
    desk.start()
    desk.settle("mplus-markers", MARKERS)
    assert desk.effect("mplus-articles") == SweepArticles(marker=0)
    assert desk.effect("mplus-stock") == SweepStock(marker=0, branches=(1,))
    assert "mplus-orders" not in desk.open, "orders begin at the present marker"
    desk.settle("mplus-articles", Swept(cursor="101"))
    desk.settle("mplus-stock", Swept(cursor="900"))
    desk.sleep()
    desk.settle("mplus-markers", MARKERS)
    assert not {"mplus-articles", "mplus-orders", "mplus-stock"} & set(desk.open)
    desk.sleep()
    desk.settle("mplus-markers", MarkersRead(article=101, order=51, stock=901))
    assert desk.effect("mplus-articles") == SweepArticles(marker=101)
    assert desk.effect("mplus-orders") == SweepMplusOrders(marker=51, ext_prefix="BOL-")
    assert desk.effect("mplus-stock") == SweepStock(marker=900, branches=(1,))


def test_packing_slips_begin_at_the_present_marker_and_are_read_when_it_moves() -> None:
    desk = Desk()
    desk.start()
    desk.settle("mplus-markers", replace(MARKERS, slip=30))
    assert "mplus-slips" not in desk.open, "years of history are no concern of ours"
    desk.sleep()
    desk.settle("mplus-markers", replace(MARKERS, slip=30))
    assert "mplus-slips" not in desk.open
    desk.sleep()
    desk.settle("mplus-markers", replace(MARKERS, slip=32))
    assert desk.effect("mplus-slips") == SweepPackingSlips(marker=31, ext_prefix="BOL-"), (
        "none between is missed"
    )
    desk.settle("mplus-slips", Swept(cursor="33", more=True, found=2))
    assert [note.text for note in desk.notes] == ["Read the packing slips of Mplus: 2 found."]
    assert desk.effect("mplus-slips") == SweepPackingSlips(marker=33, ext_prefix="BOL-")
    desk.settle("mplus-slips", Swept(cursor="33"))
    assert "mplus-slips" not in desk.open


def test_the_first_packing_slip_of_an_administration_is_read() -> None:
    desk = Desk()
    desk.start()
    desk.settle("mplus-markers", replace(MARKERS, slip=0))
    desk.sleep()
    desk.settle("mplus-markers", replace(MARKERS, slip=1))
    assert desk.effect("mplus-slips") == SweepPackingSlips(marker=1, ext_prefix="BOL-")


@pytest.mark.parametrize("rules", [RULES, replace(RULES, slips=False)])
def test_packing_slips_are_not_read_without_a_marker_or_where_no_code_is_on_them(rules: SweepRules) -> None:
    desk = Desk(rules)
    desk.start()
    for marker in (30, 40):
        desk.settle("mplus-markers", replace(MARKERS, slip=None if rules.slips else marker))
        assert "mplus-slips" not in desk.open
        desk.sleep()


def test_a_sweep_of_packing_slips_that_fails_moves_no_cursor() -> None:
    desk = Desk()
    desk.start()
    desk.settle("mplus-markers", replace(MARKERS, slip=30))
    desk.sleep()
    desk.settle("mplus-markers", replace(MARKERS, slip=31))
    desk.settle("mplus-slips", NotSent(why="no connection"))
    while "mplus-slips" not in desk.open:
        desk.sleep()
    assert desk.effect("mplus-slips") == SweepPackingSlips(marker=31, ext_prefix="BOL-")


def test_pages_follow_each_other_from_the_cursor() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", Swept(cursor="page-2", more=True))
    assert desk.effect("bol-offers") == SweepBolOffers(cursor="page-2")
    desk.settle("bol-offers", Swept(cursor="", more=False))
    assert "bol-offers" not in desk.open
    assert desk.state is not None
    assert desk.state.sweep("bol-offers").next_at == desk.now + timedelta(hours=6)


def test_a_round_of_offers_goes_on_where_a_crash_left_it() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", Swept(cursor="page-2", more=True))
    desk.open.clear()
    desk.start()
    assert desk.effect("bol-offers") == SweepBolOffers(cursor="page-2")


def test_orders_are_read_since_the_last_good_sweep() -> None:
    desk = Desk()
    desk.start()
    began = desk.now
    desk.settle("bol-orders", Swept(cursor=began.isoformat(), found=2))
    assert [note.text for note in desk.notes] == ["Read the orders of Bol: 2 found."]
    while "bol-orders" not in desk.open:
        desk.sleep()
    assert desk.effect("bol-orders") == SweepBolOrders(since=began)
    desk.settle("bol-orders", NotSent(why="no connection"))
    while "bol-orders" not in desk.open:
        desk.sleep()
    assert desk.effect("bol-orders") == SweepBolOrders(since=began), "a failure moves no cursor"


def test_a_long_sweep_of_orders_goes_on_from_its_place_and_is_told_once() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-orders", Swept(cursor='{"page":6}', more=True, found=250))
    assert desk.effect("bol-orders") == SweepBolOrders(place='{"page":6}')
    assert not desk.notes
    assert desk.state is not None
    assert not any("{" in one.cursor for one in shown(desk.state).sweeps), (
        "a place is nothing to read for a person"
    )
    desk.open.clear()
    desk.start()
    assert desk.effect("bol-orders") == SweepBolOrders(place='{"page":6}'), "where a crash left it"
    desk.settle("bol-orders", Swept(cursor=START.isoformat(), found=400))
    assert [note.text for note in desk.notes] == ["Read the orders of Bol: 400 found."]


def test_open_returns_are_all_read_every_quarter_of_an_hour() -> None:
    desk = Desk()
    desk.start()
    assert desk.effect("bol-returns") == SweepBolReturns()
    began = desk.now
    desk.settle("bol-returns", Swept(cursor="", found=3))
    assert not desk.notes, "three that stay open for weeks are no news every time"
    while "bol-returns" not in desk.open:
        desk.sleep()
    assert timedelta(seconds=900) <= desk.now - began <= timedelta(seconds=901)
    assert desk.effect("bol-returns") == SweepBolReturns()


def test_returns_that_fail_are_tried_again_and_told() -> None:
    desk = Desk()
    desk.start()
    for _ in range(3):
        desk.settle("bol-returns", NotSent(why="no connection"))
        while "bol-returns" not in desk.open:
            desk.sleep()
    desk.settle("bol-returns", NotSent(why="no connection"))
    assert desk.decision is not None
    [shown] = [one for one in desk.decision.activity if isinstance(one, ConnectionShown)]
    assert "The open returns of Bol cannot be read, 4 times now (no connection)" in shown.stuck
    desk.apply(ConnectionStarted(started_at=desk.now))
    desk.settle("bol-returns", Swept(cursor=""))
    assert [note.level for note in desk.notes] == ["cleared"]


def test_a_shop_without_returns_reads_none() -> None:
    desk = Desk(SweepRules(branches=(1,), returns=None))
    desk.start()
    assert "bol-returns" not in desk.open
    assert desk.state is not None
    assert desk.state.sweep("bol-returns").next_at is None


def test_a_clock_that_was_a_day_ahead_lets_no_sweep_sleep() -> None:
    """Every sweep had its next run tomorrow, and said nothing."""
    desk = Desk()
    desk.start()
    true = desk.now
    desk.now += timedelta(days=1)
    for name in [name for name in desk.open if name.startswith("bol")]:
        failed = name == "bol-subscription"
        desk.settle(name, NotSent(why="x") if failed else Swept(cursor=desk.now.isoformat()))
    desk.now = true + timedelta(seconds=1)
    desk.apply(ConnectionStarted(started_at=desk.now))
    assert {"bol-orders", "bol-subscription", "bol-offers"} <= set(desk.open)
    state = desk.state
    assert state is not None
    limit = desk.now + timedelta(hours=7)
    assert all(sweep.next_at is None or sweep.next_at < limit for sweep in state.sweeps.values())


def test_a_failing_sweep_is_told_after_the_third_time_and_cleared() -> None:
    desk = Desk()
    desk.start()
    for _ in range(3):
        assert desk.state is not None
        desk.settle("mplus-markers", Refused(said="ident or secret is wrong"))
        last = desk.notes
        while "mplus-markers" not in desk.open:
            desk.sleep()
    assert [note.level for note in last] == ["stuck"]
    desk.settle("mplus-markers", Refused(said="ident or secret is wrong"))
    assert "ident or secret is wrong" in desk.stuck
    while "mplus-markers" not in desk.open:
        desk.sleep()
    desk.settle("mplus-markers", MARKERS)
    assert desk.stuck == ""
    assert [note.level for note in desk.notes] == ["cleared"]


def test_retry_after_is_honoured() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-orders", NotSent(why="429", retry_after=40.0))
    assert desk.state is not None
    assert desk.state.sweep("bol-orders").next_at == desk.now + timedelta(seconds=40)


def test_a_nudge_runs_a_sweep_now() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-orders", Swept(cursor=START.isoformat()))
    assert "bol-orders" not in desk.open
    desk.apply(SweepNudged(sweep="bol-orders"))
    assert "bol-orders" in desk.open
    desk.apply(SweepNudged(sweep="no-such-sweep"))


def test_an_installation_without_a_stock_marker_is_swept_by_the_clock() -> None:
    desk = Desk()
    desk.start()
    silent = MarkersRead(article=0, order=0, stock=None)
    desk.settle("mplus-markers", silent)
    desk.settle("mplus-stock", Swept(cursor="900"))
    read = desk.now
    while "mplus-stock" not in desk.open:
        desk.sleep()
        if "mplus-markers" in desk.open:
            desk.settle("mplus-markers", silent)
        for name in list(desk.open):
            if name.startswith("bol"):
                desk.settle(name, Swept(cursor=START.isoformat()))
    assert timedelta(seconds=300) <= desk.now - read < timedelta(seconds=330)


def test_pending_writes_are_asked_about_until_they_end() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-subscription", SubscriptionCaredFor(did="created", process_ids=("p1", "p2", "p3")))
    assert desk.notes[0].text == "Our subscription at Bol was created."
    while "bol-processes" not in desk.open:
        desk.sleep()
    assert desk.effect("bol-processes") == SweepProcessStatuses(process_ids=("p1", "p2", "p3"))
    answer = (
        ProcessStatus(process_id="p1", status="PENDING"),
        ProcessStatus(process_id="p2", status="FAILURE"),
    )
    desk.settle("bol-processes", ProcessStatuses(statuses=answer))
    assert [note.level for note in desk.notes] == ["warn"]
    assert desk.state is not None
    assert desk.state.processes == ("p1",), "Bol no longer knows p3"
    desk.apply(ProcessNoticed(process_id="p1", status="SUCCESS"))
    assert desk.state.processes == ()


def test_without_an_address_no_subscription_is_cared_for() -> None:
    desk = Desk(SweepRules(branches=(1,)))
    desk.start()
    assert "bol-subscription" not in desk.open


OUTCOMES = st.one_of(
    st.builds(Swept, cursor=st.integers(1, 99).map(str), more=st.booleans()),
    st.builds(
        MarkersRead,
        article=st.integers(0, 99),
        order=st.integers(0, 99),
        stock=st.none() | st.integers(0, 99),
    ),
    st.builds(NotSent, why=st.just("no"), retry_after=st.none() | st.floats(0, 5)),
    st.just(ProcessStatuses(statuses=())),
    st.just(SubscriptionCaredFor(did="nothing", process_ids=("p",))),
)


@given(
    steps=st.lists(st.tuples(st.sampled_from(["start", "sleep", "nudge", "settle"]), OUTCOMES), max_size=60)
)
@settings(max_examples=200, deadline=None)
def test_a_connection_never_falls_asleep_for_good(steps: list[tuple[str, Any]]) -> None:
    desk = Desk()
    desk.start()
    for what, outcome in steps:
        if what == "start":
            desk.start()
        elif what == "sleep" and desk.wake is not None:
            desk.sleep()
        elif what == "nudge":
            desk.apply(SweepNudged(sweep="mplus-stock"))
        elif what == "settle" and desk.open:
            name = sorted(desk.open)[0]
            bol_orders = name == "bol-orders" and isinstance(outcome, Swept)
            desk.settle(name, Swept(cursor=START.isoformat()) if bol_orders else outcome)
        for name in ("mplus-markers", "bol-orders", "bol-returns", "bol-offers"):
            assert desk.state is not None
            assert name in desk.open or desk.state.sweep(name).next_at is not None  # type: ignore[arg-type]  # a name
    assert set(desk.open) <= set(NAMES)
