"""What is told to Bol of what has left, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.orders.rules import KindRules, ShippingRules
from streams.orders.shipping import found_code
from streams.vocabulary.effects import AskBolProcess, ReadBolShipments, ReadPackingSlips, Sent, ShipBolItems
from streams.vocabulary.events import (
    BolOrderFetched,
    BolShipment,
    BolShipmentsRead,
    BolWriteBegun,
    MplusOrderRead,
    OperatorShipped,
    OrderCommitted,
    PackingSlipSeen,
    PackingSlipsRead,
    ProcessStatus,
    ProcessStatuses,
    Settled,
    Woke,
)
from streams.vocabulary.mplus_order import Moved, PackingSlip
from streams.vocabulary.outcomes import AnswerLost, NotSent, Refused
from tests.streams.orders.desk import BOTH, FBR, Desk, bol_order, booked, item

PATTERN = ShippingRules().track_pattern
AT_ONCE = replace(FBR, shipping=ShippingRules(track="none", transporters={"DHL": "DHLFORYOU", "": "TNT"}))
SLIPS = replace(FBR, shipping=ShippingRules(track_wait=600, transporters={"": "TNT"}))


def ship(desk: Desk, number: int = 1) -> ShipBolItems:
    effect = desk.open[f"ship/{number}"].effect
    assert isinstance(effect, ShipBolItems)
    return effect


def ended(desk: Desk, number: int, status: str, error: str = "") -> None:
    desk.settle(f"ship/{number}", BolWriteBegun(process_id=f"p{number}"))
    assert desk.open[f"process/ship/{number}"].effect == AskBolProcess(process_id=f"p{number}")
    found = ProcessStatus(process_id=f"p{number}", status=status, error=error)
    desk.settle(f"process/ship/{number}", ProcessStatuses(statuses=(found,)))


def test_a_delivered_order_is_told_with_the_transporter_of_its_delivery_method() -> None:
    desk = Desk(AT_ONCE)
    desk.commit(bol_order(item(1, quantity=2)))
    desk.seen(booked(1, quantity=2, delivered=2), delivery_method="DHL")
    assert ship(desk).items == (Sent(item_id="i1", quantity=2),)
    assert ship(desk).transporter == "DHLFORYOU"
    assert desk.order.step == "shipping"
    ended(desk, 1, "SUCCESS")
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, quantity=2, quantity_shipped=2))))
    assert desk.order.step == "done"
    assert [one.status for one in desk.shown.shipments] == ["SUCCESS"]


def test_each_partial_delivery_is_a_shipment_of_its_own() -> None:
    desk = Desk(AT_ONCE)
    desk.commit(bol_order(item(1, quantity=3)))
    desk.seen(booked(1, quantity=3, delivered=1))
    assert ship(desk).items == (Sent(item_id="i1", quantity=1),)
    desk.seen(booked(1, quantity=3, delivered=3))
    assert ship(desk, 2).items == (Sent(item_id="i1", quantity=2),)
    assert ship(desk, 2).reference != ship(desk, 1).reference


def test_half_a_multipack_is_not_told() -> None:
    desk = Desk(AT_ONCE)
    desk.fetch(bol_order(item(1, quantity=2)))
    desk.answer(1, 1001, units=3)
    desk.is_customer()
    desk.settle("commit", OrderCommitted(order_id="m1"))
    desk.seen(booked(1, quantity=6, delivered=5))
    assert ship(desk).items == (Sent(item_id="i1", quantity=1),)


def test_a_code_on_the_packing_slip_goes_with_it_and_is_waited_for() -> None:
    desk = Desk(SLIPS)
    desk.commit(bol_order(item(1, quantity=2)))
    desk.seen(booked(1, quantity=2, delivered=2))
    assert desk.open["slips"].effect == ReadPackingSlips(order_id="m1")
    lines = (Moved(article_number=1001, quantity=2),)
    desk.settle("slips", PackingSlipsRead(slips=(PackingSlip(slip_id="s1", lines=lines),)))
    assert desk.order.step == "delivered"
    assert desk.open["slips"].not_before is not None, "it is looked for again"
    slip = PackingSlip(slip_id="s1", reference="pakket 3SABCD123456789", lines=lines)
    desk.settle("slips", PackingSlipsRead(slips=(slip,)))
    assert ship(desk).track == "3SABCD123456789"
    assert ship(desk).transporter == "TNT"


def slip(reference: str = "", units: int = 1, **more: object) -> PackingSlip:
    """s1 with article 1001."""
    lines = (Moved(article_number=1001, quantity=units),)
    return replace(PackingSlip(slip_id="s1", reference=reference, lines=lines, marker=1), **more)


def show(desk: Desk, one: PackingSlip, order_id: str = "m1") -> None:
    """A sweep shows it."""
    desk.apply(PackingSlipSeen(order_id=order_id, slip=one, seen_at=desk.now))


def test_a_code_written_on_a_slip_later_is_told_within_a_tick() -> None:
    """Slips were read again only after a minute, then ever later: up to a quarter of an hour in which Bol's customer
    knew nothing."""
    desk = Desk(SLIPS)
    desk.commit(bol_order(item(1, quantity=2)))
    desk.seen(booked(1, quantity=2, delivered=2))
    desk.settle("slips", PackingSlipsRead(slips=(slip(units=2),)))
    assert desk.open["slips"].not_before is not None, "the net below"
    show(desk, slip("PostNL 3SABCD123456789", units=2, marker=2))
    assert ship(desk).track == "3SABCD123456789"
    assert ship(desk).items == ship_items(2)
    assert "slips" not in desk.open, "there is nothing to look for any more"
    show(desk, slip("PostNL 3SABCD123456789", units=2, marker=3))
    assert "ship/2" not in desk.open, "told once"


def test_after_a_timeout_that_did_nothing_it_is_told_again_with_its_code() -> None:
    """The slip counted as used: it was told without a code when the wait was over."""
    desk = Desk(SLIPS)
    desk.commit()
    show(desk, slip("3SABCD123456789"))
    desk.seen(booked(1, delivered=1))
    ended(desk, 1, "TIMEOUT")
    desk.settle("fetch", BolOrderFetched(order=bol_order()))
    desk.later(100)
    desk.apply(Woke(due=desk.now))
    assert ship(desk, 2).track == "3SABCD123456789"


def test_a_slip_that_is_seen_before_its_delivery_is_told_when_that_is_seen() -> None:
    desk = Desk(SLIPS)
    desk.commit()
    show(desk, slip("3SABCD123456789"))
    assert set(desk.open) == set(), "nothing has left yet, as far as the order shows"
    desk.seen(booked(1, delivered=1))
    assert ship(desk).track == "3SABCD123456789"
    assert "slips" not in desk.open, "and needs no reading"


def test_a_code_that_comes_after_the_wait_is_not_taken_for_the_next_parcel() -> None:
    """What was told without a code has left; its slip is still there, and now has one."""
    desk = Desk(SLIPS)
    desk.commit(bol_order(item(1, quantity=2)))
    desk.seen(booked(1, quantity=2, delivered=1))
    desk.settle("slips", PackingSlipsRead(slips=(slip(),)))
    desk.later(700)
    desk.apply(Woke(due=desk.now))
    assert ship(desk).track == ""
    ended(desk, 1, "SUCCESS")
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, quantity=2, quantity_shipped=1))))
    show(desk, slip("3SABCD123456781", marker=2))
    assert "ship/2" not in desk.open
    show(desk, slip("3SABCD123456782", slip_id="s2", marker=3))
    desk.seen(booked(1, quantity=2, delivered=2))
    assert (ship(desk, 2).items, ship(desk, 2).track) == (ship_items(1), "3SABCD123456782")


def test_unless_bol_refused_to_be_told_without_it() -> None:
    desk = Desk(SLIPS)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.settle("slips", PackingSlipsRead(slips=(slip(),)))
    desk.later(700)
    desk.apply(Woke(due=desk.now))
    ended(desk, 1, "FAILURE", "No transport")
    desk.settle("fetch", BolOrderFetched(order=bol_order()))
    show(desk, slip("3SABCD123456781", marker=2))
    desk.later(1000)
    desk.apply(Woke(due=desk.now))
    assert ship(desk, 2).track == "3SABCD123456781"


def test_a_second_parcel_needs_no_waiting_after_a_first_that_was_looked_for() -> None:
    """Readings were counted on: the first look for the second parcel came a minute late."""
    desk = Desk(SLIPS)
    desk.commit(bol_order(item(1, quantity=2)))
    desk.seen(booked(1, quantity=2, delivered=1))
    desk.settle("slips", PackingSlipsRead(slips=(slip("3SABCD123456789"),)))
    ended(desk, 1, "SUCCESS")
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, quantity=2, quantity_shipped=1))))
    desk.seen(booked(1, quantity=2, delivered=2))
    assert desk.open["slips"].not_before is None


def test_slips_of_two_parcels_are_kept_apart() -> None:
    desk = Desk(SLIPS)
    desk.commit(bol_order(item(1, quantity=3)))
    show(desk, slip("3SABCD123456781"))
    show(desk, slip("", 2, slip_id="s2", marker=2))
    desk.seen(booked(1, quantity=3, delivered=3))
    assert (ship(desk).items, ship(desk).track) == (ship_items(1), "3SABCD123456781")
    show(desk, slip("3SABCD123456782", 2, slip_id="s2", marker=3))
    assert (ship(desk, 2).items, ship(desk, 2).track) == (ship_items(2), "3SABCD123456782")


def test_a_cancelled_slip_goes_whatever_an_older_word_says() -> None:
    desk = Desk(SLIPS)
    desk.commit()
    show(desk, slip("3SABCD123456781", marker=5))
    show(desk, slip("3SABCD123456781", marker=6, state="PACKING-SLIP-STATE-CANCELLED"))
    show(desk, slip("3SABCD123456781", marker=5))
    desk.seen(booked(1, delivered=1))
    assert "ship/1" not in desk.open
    desk.settle("slips", PackingSlipsRead(slips=(slip("3SABCD123456781", marker=5),)))
    assert "ship/1" not in desk.open, "that reading is older, too"
    show(desk, slip("3SABCD123456782", slip_id="s2", marker=7))
    assert ship(desk).track == "3SABCD123456782"


def test_a_reading_that_was_answered_before_takes_nothing_away() -> None:
    desk = Desk(SLIPS)
    desk.commit(bol_order(item(1, quantity=2)))
    desk.seen(booked(1, quantity=2, delivered=1))
    asked_at = desk.now
    desk.later(5)
    show(desk, slip("", slip_id="s2", marker=9))
    reading = Settled(
        key="slips", number=desk.open["slips"].number, outcome=PackingSlipsRead(slips=(slip(),)),
        asked_at=asked_at, answered_at=asked_at,
    )  # fmt: skip
    desk.apply(reading)
    assert [one.slip_id for one in desk.order.slips] == ["s1", "s2"], "made after it was asked for"
    desk.later(100)
    desk.settle("slips", PackingSlipsRead(slips=(slip(),)))
    assert [one.slip_id for one in desk.order.slips] == ["s1"], "a newer reading does"


def test_a_slip_without_its_lines_keeps_those_that_are_known() -> None:
    desk = Desk(SLIPS)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.settle("slips", PackingSlipsRead(slips=(slip(),)))
    show(desk, slip("3SABCD123456781", marker=2, lines=()))
    assert ship(desk).items == ship_items(1)


@pytest.mark.parametrize("order_id", ["m2", "M1"])
def test_a_slip_of_another_order_in_mplus_is_passed_over(order_id: str) -> None:
    desk = Desk(SLIPS)
    desk.commit()
    show(desk, slip("3SABCD123456781"), order_id)
    assert desk.order.slips == ()
    show(desk, slip("3SABCD123456781"), "")
    assert len(desk.order.slips) == 1, "where it does not say, its extOrderId has brought it here"


def test_a_slip_of_an_order_that_is_not_booked_or_not_remembered_changes_nothing() -> None:
    desk = Desk(SLIPS)
    show(desk, slip("3SABCD123456781"))
    assert desk.state is None
    desk.to_commit()
    before = desk.order
    show(desk, slip("3SABCD123456781"))
    assert desk.order == before


def test_without_a_code_it_is_told_when_the_wait_is_over() -> None:
    desk = Desk(SLIPS)
    desk.commit()
    decision = desk.seen(booked(1, delivered=1))
    assert decision.wake is not None
    desk.settle("slips", PackingSlipsRead(slips=()))
    desk.later(700)
    desk.apply(Woke(due=desk.now))
    assert ship(desk).track == ""


def test_a_sweep_that_shows_nothing_new_does_not_take_the_alarm_away() -> None:
    """Found by the demo (seed 7): Bol's list of open orders names each of them at every sweep, and each time the alarm
    for the end of the wait was replaced by that of the last day."""
    desk = Desk(SLIPS)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    due = desk.settle("slips", PackingSlipsRead(slips=())).wake
    assert due is not None
    assert desk.notice(desk.order.changed).wake == due
    assert desk.seen(booked(1, delivered=1)).wake == due


def test_nor_the_alarm_for_another_try_after_a_failure() -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    ended(desk, 1, "FAILURE", "Unknown transporter")
    desk.settle("fetch", BolOrderFetched(order=bol_order()))
    assert desk.order.ship_after is not None
    assert desk.notice(desk.order.changed).wake == desk.order.ship_after


def test_an_article_on_two_lines_of_a_packing_slip_is_told_whole() -> None:
    """Prices that do not divide make two lines. Found by the demo (seed 7): only the last of them was told."""
    desk = Desk(SLIPS)
    desk.commit(bol_order(item(1, quantity=3)))
    desk.seen(booked(1, quantity=1, delivered=1), booked(1, quantity=2, delivered=2))
    lines = (Moved(article_number=1001, quantity=1), Moved(article_number=1001, quantity=2))
    slip = PackingSlip(slip_id="s1", reference="3SABCD123456789", lines=lines)
    desk.settle("slips", PackingSlipsRead(slips=(slip,)))
    assert ship(desk).items == ship_items(3)


def test_a_code_in_the_order_reference_is_not_our_own_number() -> None:
    assert found_code("Bol.com A2K8290LP8", "A2K8290LP8", PATTERN) == ""
    assert found_code("Bol.com A2K8290LP8 3SXYZ9876543", "A2K8290LP8", PATTERN) == "3SXYZ9876543"
    assert found_code("verzonden met JVGL0612345678", "A2K8290LP8", PATTERN) == "JVGL0612345678"
    assert found_code("morgen bezorgen aub", "A2K8290LP8", PATTERN) == ""


@given(st.text(max_size=200), st.text("ABC0123456789", min_size=1, max_size=12))
def test_whatever_staff_write_a_code_is_a_part_of_it(text: str, order_id: str) -> None:
    assert found_code(text, order_id, PATTERN) in text


def test_what_a_person_enters_goes_out_at_once() -> None:
    desk = Desk(SLIPS)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.apply(OperatorShipped(who="the shop", transporter="DPD-NL", track="05212345678901"))
    assert (ship(desk).transporter, ship(desk).track) == ("DPD-NL", "05212345678901")


def test_what_a_person_enters_before_the_delivery_waits_for_it_unless_all_is_said() -> None:
    desk = Desk(SLIPS)
    desk.commit()
    desk.apply(OperatorShipped(who="the shop", transporter="DPD-NL", track="1"))
    assert "ship/1" not in desk.open
    desk.seen(booked(1, delivered=1))
    assert ship(desk).track == "1"
    other = Desk(SLIPS)
    other.commit()
    other.apply(OperatorShipped(who="the shop", transporter="DPD-NL", track="1", all=True))
    assert ship(other).items == (Sent(item_id="i1", quantity=1),)


def test_a_failure_is_told_in_bols_words_and_tried_again_later() -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    ended(desk, 1, "FAILURE", "Unknown transporter")
    assert "Unknown transporter" in desk.order.stuck
    desk.settle("fetch", BolOrderFetched(order=bol_order()))
    assert "ship/2" not in desk.open, "not at once again"
    desk.later(2000)
    desk.apply(Woke(due=desk.now))
    assert ship(desk, 2).items == ship_items(1)
    ended(desk, 2, "SUCCESS")
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, quantity_shipped=1))))
    assert desk.order.stuck == ""
    assert desk.order.step == "done"


def ship_items(quantity: int) -> tuple[Sent, ...]:
    return (Sent(item_id="i1", quantity=quantity),)


def test_after_a_timeout_bol_is_read_before_anything_is_told_again() -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    ended(desk, 1, "TIMEOUT")
    assert "ship/2" not in desk.open
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, quantity_shipped=1))))
    assert desk.order.step == "done"


def test_a_lost_answer_is_repeated_as_such_with_the_same_reference() -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    reference = ship(desk).reference
    desk.settle("ship/1", AnswerLost(why="timed out"))
    assert desk.open["ship/1"].repeated
    assert ship(desk).reference == reference
    desk.settle("ship/1", BolWriteBegun(process_id="", done=True))
    assert desk.order.shipments[0].status == "SUCCESS"


def test_a_call_that_did_not_leave_is_tried_again() -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.settle("ship/1", NotSent(why="429", retry_after=30.0))
    assert not desk.open["ship/1"].repeated


def test_a_refused_call_is_a_failure() -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.settle("ship/1", Refused(said="orderItemId is unknown", code="400"))
    assert "orderItemId is unknown" in desk.order.stuck


def test_an_order_that_goes_with_a_label_of_bols_takes_the_labels_shipment() -> None:
    desk = Desk(AT_ONCE)
    desk.commit(bol_order(item(1, distribution="BOL")))
    desk.seen(booked(1, delivered=1))
    assert "ship/1" not in desk.open
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, distribution="BOL", quantity_shipped=1))))
    assert desk.order.step == "done"
    assert isinstance(desk.open["learn"].effect, ReadBolShipments)
    label = BolShipment(shipment_id="7", items=(("i1", 1),), transporter="TNT", track="3SLABEL12345")
    desk.settle("learn", BolShipmentsRead(shipments=(label,)))
    assert [(one.status, one.track) for one in desk.shown.shipments] == [("SUCCESS", "3SLABEL12345")]
    desk.notice()
    desk.settle("fetch", BolOrderFetched(order=bol_order(item(1, distribution="BOL", quantity_shipped=1))))
    assert "learn" not in desk.open, "once for each change"


def test_an_fbb_order_is_delivered_in_mplus_and_never_told() -> None:
    desk = Desk(BOTH)
    desk.commit(bol_order(item(1, fulfilment="FBB")))
    assert not desk.order.lines[0].reserved, "its stock is not ours"
    desk.settle("deliver", MplusOrderRead(order=desk.in_mplus(booked(1, delivered=1))))
    assert desk.order.step == "done"
    assert not desk.order.shipments


def test_with_an_order_status_as_the_sign_nothing_is_told_before_it() -> None:
    rules = replace(
        AT_ONCE,
        kinds={"FBR": KindRules(branch_number=1, ship_on="category")},
        shipping=replace(AT_ONCE.shipping, shipped_category=3),
    )
    desk = Desk(rules)
    desk.commit()
    desk.seen(booked(1, delivered=1), category=2)
    assert "ship/1" not in desk.open
    desk.seen(booked(1, delivered=1), category=3)
    assert ship(desk).items == ship_items(1)


@pytest.mark.parametrize("looks", [1, 3])
def test_a_pending_process_is_asked_again_after_a_growing_while(looks: int) -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.settle("ship/1", BolWriteBegun(process_id="p1"))
    waits = []
    for _ in range(looks):
        pending = ProcessStatus(process_id="p1", status="PENDING")
        desk.settle("process/ship/1", ProcessStatuses(statuses=(pending,)))
        when = desk.open["process/ship/1"].not_before
        assert when is not None
        waits.append((when - desk.now).total_seconds())
    assert waits == sorted(waits)
    assert desk.order.shipments[0].status == "pending"


def test_a_process_that_bol_does_not_know_yet_counts_as_pending_a_few_times() -> None:
    desk = Desk(AT_ONCE)
    desk.commit()
    desk.seen(booked(1, delivered=1))
    desk.settle("ship/1", BolWriteBegun(process_id="p1"))
    for _ in range(4):
        desk.settle("process/ship/1", ProcessStatuses(statuses=()))
        assert desk.order.shipments[0].open
    desk.settle("process/ship/1", ProcessStatuses(statuses=()))
    assert not desk.order.shipments[0].open
    assert "fetch" in desk.open, "what Bol shows decides"
