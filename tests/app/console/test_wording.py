"""How a shopkeeper reads it: how long is left on the shop's own clock, how an offer stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.console import wording
from app.console.byhand import TRANSPORTERS
from streams.vocabulary.activity import OfferShown
from streams.vocabulary.events import MovementKind
from streams.vocabulary.time import SHOP_ZONE

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-20", "3 days late"),
        ("2026-11-22", "1 day late"),
        ("2026-11-23", "today, 12 h left"),
        ("2026-11-24", "tomorrow"),
        ("2026-11-26", "3 days left"),
        ("", ""),
        ("soon", ""),
    ],
)
def test_how_long_is_left(day: str, said: str) -> None:
    assert wording.left(day, NOON) == said


def test_the_last_hour_is_told_in_minutes_and_by_the_shops_clock() -> None:
    late = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    assert wording.left("2026-11-23", late) == "today, 30 min left"
    assert wording.left("2026-11-23", late + timedelta(minutes=30)) == "1 day late"


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 2 * 365 * 24 * 60))
def test_what_is_past_is_late_and_nothing_else_is(day: date, minutes: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    said = wording.left(day.isoformat(), now)
    assert (
        said.endswith("late")
        == wording.past(day.isoformat(), now)
        == (now.astimezone(SHOP_ZONE).date() > day)
    )


def test_every_step_has_a_name_and_a_meaning() -> None:
    assert set(wording.STEPS) == set(wording.HINTS)
    assert set(wording.TRACK) < set(wording.STEPS)


def test_a_transporter_is_told_with_its_code() -> None:
    assert wording.transporter("TNT") == "PostNL parcel (TNT)"
    assert wording.transporter("UPS") == "UPS"
    assert wording.transporter("FIEGE") == "FIEGE"
    assert all(code in wording.transporter(code) for code in TRANSPORTERS)


def test_days() -> None:
    assert wording.day("2026-11-23") == "Mon 23 Nov"
    assert wording.day("soon") == "soon"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("NEW", "new"),
        ("SECONDHAND/AS_NEW", "second-hand (as new)"),
        ("REFURBISHED", "refurbished"),
        ("ODD/", "odd"),
    ],
)
def test_conditions(code: str, words: str) -> None:
    assert wording.condition(code) == words


@pytest.mark.parametrize(
    ("offer", "stands"),
    [
        (OfferShown(offer_id="o"), [("", "not known yet")]),
        (OfferShown(offer_id="o", desired=4, sent=4), [("good", "as it should be")]),
        (OfferShown(offer_id="o", desired=4, at_bol=4), [("good", "as it should be")]),
        (OfferShown(offer_id="o", desired=0), [("wait", "on its way")]),
        (OfferShown(offer_id="o", desired=4, sent=4, stuck="No."), [("bad", "stuck: No.")]),
        (
            OfferShown(offer_id="o", fulfilment="FBB", on_hold=True, offline=("a", "b")),
            [
                ("", "kept and sent by Bol (FBB): no number is sent"),
                ("wait", "on hold"),
                ("bad", "Bol does not show it: a; b"),
            ],
        ),
    ],
)
def test_how_an_offer_stands(offer: OfferShown, stands: list[tuple[str, str]]) -> None:
    assert list(wording.offer(offer)) == stands


def test_what_is_at_bol_is_told_with_what_is_left_of_it() -> None:
    assert wording.at_bol(OfferShown(offer_id="o", at_bol=1200)) == "1.200"
    assert wording.at_bol(OfferShown(offer_id="o", at_bol=3, corrected=3)) == "3"
    assert wording.at_bol(OfferShown(offer_id="o", at_bol=3, corrected=0)) == "3, 0 after open orders"
    assert wording.at_bol(OfferShown(offer_id="o")) == "–"


def test_every_movement_of_the_row_and_every_cause_has_words() -> None:
    for kind in (*get_args(MovementKind), "till-sale", "till-return", "bol-order", "booked", "cancelled"):
        assert kind in wording.MOVEMENTS
    assert wording.movement("some-other") == "Some other"
    assert wording.cause("till-sale") == "a till sale"
    assert wording.cause("") == ""
