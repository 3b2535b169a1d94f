"""What a person may do by hand: every answer is an event that the flow can use, or words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console import byhand
from app.console.byhand import Mistake
from streams.vocabulary.activity import LineShown, OrderShown, ReturnShown
from streams.vocabulary.events import OperatorShipped
from tests.app.console import site
from tests.app.readmodel.shop import CONTRACTS

ORDERS = {order.order_id: order for order in site.orders()}
T = TypeVar("T")
ANY = st.text(max_size=80)
STEPS = (
    *("seen", "products", "customer", "committing", "committed"),
    *("delivered", "shipping", "done", "cancelled", "kept-out"),
)


def said_or_made(make: Callable[[], T]) -> T | str:
    """The event, or the words on why there is none."""
    try:
        return make()
    except Mistake as mistake:
        return str(mistake)


@st.composite
def orders(draw: st.DrawFn) -> OrderShown:
    lines = []
    for place in range(draw(st.integers(0, 4))):
        ordered = draw(st.integers(1, 5))
        gone = draw(st.integers(0, ordered))
        shipped = draw(st.integers(0, ordered - gone))
        lines.append(
            LineShown(
                item_id=f"i{place}",
                ean="",
                title="",
                price_cents=1,
                ordered=ordered,
                quantity=ordered - gone,
                cancelled=gone,
                shipped=shipped,
                delivered=draw(st.integers(0, ordered)),
            )
        )
    return OrderShown(
        order_id="A1",
        step=draw(st.sampled_from(STEPS)),
        lines=tuple(lines),
        fulfilment=draw(st.sampled_from(["FBR", "FBB", ""])),
    )


@given(orders(), st.one_of(st.sampled_from(list(byhand.TRANSPORTERS)), ANY), ANY, st.booleans())
def test_shipped_is_an_event_within_bounds_or_words(
    order: OrderShown, transporter: str, track: str, everything: bool
) -> None:
    event = said_or_made(lambda: byhand.shipped(order, "Ilse", transporter, track, everything))
    if isinstance(event, str):
        assert event.endswith(".")
        return
    assert event.who == "Ilse"
    assert 1 <= len(event.transporter) <= byhand.LONGEST_TRANSPORTER
    assert event.transporter.isascii()
    assert event.track.isascii()
    assert not any(sign.isspace() for sign in event.transporter + event.track)
    assert len(event.track) <= byhand.LONGEST_TRACK
    assert order.step not in ("done", "cancelled", "kept-out")
    assert order.fulfilment != "FBB"
    assert event.all or any(byhand.ready_units(line) for line in order.lines)


@given(
    orders(),
    st.one_of(st.sampled_from(list(byhand.REASONS)), ANY),
    st.lists(st.sampled_from(["i0", "i1", "i2", "i9"])),
)
def test_cancelled_names_items_that_are_open_or_says_why_not(
    order: OrderShown, reason: str, items: list[str]
) -> None:
    event = said_or_made(lambda: byhand.cancelled(order, "Ilse", reason, items))
    if isinstance(event, str):
        assert event.endswith(".")
        return
    assert event.reason in byhand.REASONS
    assert set(event.item_ids) == set(items)
    assert len(event.item_ids) == len(set(items))
    open_items = {line.item_id for line in order.lines if byhand.open_units(line)}
    assert set(event.item_ids) <= open_items
    assert order.fulfilment != "FBB"


@given(
    st.sampled_from(["open", "asked", "handled", "failed", "?"]),
    st.sampled_from(["none", "asked", "booked", "failed"]),
    st.sampled_from(["FBR", "FBB"]),
    st.one_of(st.sampled_from(list(byhand.RESULTS)), ANY),
    st.one_of(st.none(), st.integers(-3, 12_000)),
    st.booleans(),
    st.integers(0, 3),
)
def test_handled_is_an_event_within_bounds_or_words(
    state: str, credit_state: str, kind: str, result: str, count: int | None, credit: bool, expected: int
) -> None:
    shown = msgspec.structs.replace(
        site.a_return("r1", state=state, credit=credit_state, expected=expected, handled_as="REFUNDED"),
        fulfilment=kind,
    )
    event = said_or_made(lambda: byhand.handled(shown, "Ilse", site.RMA, result, count, credit))
    if isinstance(event, str):
        assert event.endswith(".")
        return
    assert 1 <= event.quantity <= max(1, expected)
    if state == "handled":
        assert event.credit
        assert event.result == "REFUNDED"
    else:
        assert state in ("open", "failed")
        assert kind == "FBR"
        assert event.result in byhand.RESULTS
        assert not event.credit or event.result in byhand.CREDITED


@pytest.mark.parametrize(
    ("order", "given", "words"),
    [
        (site.LATE, ("", "", False), "Choose the transporter"),
        (site.LATE, ("post nl", "", False), "no transporter code"),
        (site.LATE, ("TNT", "https://jouw.postnl.nl/3S", False), "no track and trace code"),
        (site.LATE, ("TNT", "3" * 61, False), "no track and trace code"),
        (site.OPEN, ("TNT", "", False), "Nothing of this order is delivered in Mplus"),
        (site.BY_BOL, ("TNT", "", True), "Bol sends this order itself"),
        (site.DONE, ("TNT", "", True), "This order is done"),
    ],
)
def test_what_cannot_be_sent_is_told_in_words(order: str, given: tuple[str, str, bool], words: str) -> None:
    with pytest.raises(Mistake, match=words):
        byhand.shipped(ORDERS[order], "Ilse", *given)


def test_a_code_that_was_copied_in_groups_is_one_code() -> None:
    event = byhand.shipped(ORDERS[site.LATE], "Ilse", " tnt ", " 3S KABC 123 4567\n", False)
    assert event == OperatorShipped(who="Ilse", transporter="TNT", track="3SKABC1234567")


@pytest.mark.parametrize(
    ("reason", "items", "words"),
    [
        ("", (), "Choose the reason"),
        ("NO_IDEA", (), "Bol knows no such reason"),
        ("OUT_OF_STOCK", ("9",), "has no item 9"),
    ],
)
def test_what_cannot_be_cancelled_is_told_in_words(reason: str, items: tuple[str, ...], words: str) -> None:
    with pytest.raises(Mistake, match=words):
        byhand.cancelled(ORDERS[site.LATE], "Ilse", reason, items)


@pytest.mark.parametrize(
    ("schema", "field", "words"),
    [
        ("OrderItemCancellation", "reasonCode", byhand.REASONS),
        ("ReturnRequest", "handlingResult", byhand.RESULTS),
    ],
)
def test_the_codes_are_those_of_the_contract(schema: str, field: str, words: dict[str, str]) -> None:
    contract = json.loads((CONTRACTS / "bol-retailer-v10.openapi.json").read_text())
    known: dict[str, Any] = contract["components"]["schemas"][schema]["properties"][field]
    assert set(words) == set(known["enum"])


def test_a_return_without_the_item() -> None:
    shown: ReturnShown = site.a_return("r1")
    with pytest.raises(Mistake, match="has no item"):
        byhand.handled(shown, "Ilse", "9", "RETURN_RECEIVED", 1, False)
