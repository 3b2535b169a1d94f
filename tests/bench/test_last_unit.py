"""The judge of the race for the last unit: every way in which it can end, and that it can find fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.bench.last_unit import Fate, Round, Shown, first_place, judged

BEGAN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def at(milliseconds: float) -> datetime:
    return BEGAN + timedelta(milliseconds=milliseconds)


def pushed(milliseconds: float, on_sale: int = 0) -> Shown:
    return Shown(at(milliseconds), "o", on_sale, True)


@pytest.mark.parametrize(
    ("round_", "diary", "fate"),
    [
        (Round("o", sold_at=at(0)), [pushed(40)], "once"),
        (Round("o", ordered_at=at(0)), [], "once"),
        (Round("o", sold_at=at(0), refused_at=at(90)), [pushed(40)], "refused"),
        (Round("o", ordered_at=at(0), sold_at=at(900)), [], "till-last"),
        (Round("o", sold_at=at(0), ordered_at=at(30)), [pushed(40)], "not-knowable"),
        (Round("o", sold_at=at(0), ordered_at=at(499)), [pushed(600)], "not-knowable"),
        (Round("o", sold_at=at(0), ordered_at=at(501)), [pushed(600)], "knowable"),
        # Bol was told, and then shown the unit again.
        (Round("o", sold_at=at(0), ordered_at=at(90)), [pushed(40), pushed(60, on_sale=1)], "knowable"),
    ],
)
def test_who_got_it(round_: Round, diary: list[Shown], fate: Fate) -> None:
    race = judged([round_], diary, [], 50, 0.5)
    assert dict(race.fates) == {fate: 1}
    assert race.oversold == (fate in ("till-last", "not-knowable", "knowable"))
    assert len(race.knowable) == (fate == "knowable")


def test_how_long_bol_still_showed_it() -> None:
    rounds = [
        Round("o", sold_at=at(0)),
        Round("p", sold_at=at(0), refused_at=at(900)),
        Round("q", sold_at=at(0), ordered_at=at(10)),
        Round("r", sold_at=at(0)),
    ]
    diary = [Shown(at(ms), name, 0, True) for ms, name in ((40, "o"), (60, "p"), (10, "q"))]
    shown = judged(rounds, diary, [], 50, 0.5).still_shown
    assert (shown.causes, shown.p50, shown.worst, shown.unchanged) == (2, 60.0, 60.0, 1)


def test_what_the_till_could_have_seen() -> None:
    rounds = [
        Round("o", ordered_at=at(0), booked_at=at(200), sold_at=at(900)),
        Round("p", ordered_at=at(0), booked_at=at(200), sold_at=at(100)),
    ]
    assert judged(rounds, [], [], 50, 0.5).seen_in_mplus == 1


def test_a_full_second_at_bol_gives_time() -> None:
    writes = [at(place * 10) for place in range(50)]  # 50 in the first half second
    assert first_place(writes, at(400), 50) == at(400)
    assert first_place(writes, at(500), 50) == at(1000), "when the first of them is a second ago"
    late = Round("o", sold_at=at(500), ordered_at=at(1300))
    assert judged([late], [], writes, 50, 0.5).fates == {"not-knowable": 1}
    assert judged([late], [], writes[1:], 50, 0.5).fates == {"knowable": 1}
