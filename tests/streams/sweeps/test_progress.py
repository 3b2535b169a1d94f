"""How far a round is, and what comes last at a first connect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.sweeps.progress import comes_last
from streams.vocabulary.activity import ConnectionShown
from streams.vocabulary.effects import SweepBolOffers
from streams.vocabulary.events import MarkersRead, SubscriptionCaredFor, Swept, Woke
from streams.vocabulary.outcomes import NotSent
from tests.streams.sweeps.desk import MARKERS, START, Desk


def first_connect() -> Desk:
    """Up to where the offers are read."""
    desk = Desk(state=None)
    desk.start()
    desk.settle("mplus-markers", MARKERS)
    desk.settle("mplus-articles", Swept(cursor="101", found=100))
    desk.settle("mplus-stock", Swept(cursor="900", found=90))
    return desk


def test_at_a_first_connect_the_offers_come_after_articles_and_stock() -> None:
    """Each offer was said to have no article, and found it later."""
    desk = Desk(state=None)
    desk.start()
    desk.settle("mplus-markers", MARKERS)
    desk.settle("mplus-articles", Swept(cursor="50", more=True, found=49))
    desk.settle("mplus-stock", NotSent(why="no connection"))
    desk.start()
    assert "bol-offers" not in desk.open
    desk.settle("mplus-articles", Swept(cursor="101", found=51))
    desk.settle("mplus-articles", Swept(cursor="101"))
    assert "bol-offers" not in desk.open, "the stock is still to come"
    while "mplus-stock" not in desk.open:
        desk.sleep()
    desk.settle("mplus-stock", Swept(cursor="900", found=90))
    assert desk.effect("bol-offers") == SweepBolOffers(cursor="")
    desk.settle("bol-offers", Swept(cursor="", found=3))
    assert "bol-offers" not in desk.open, "once is enough"


def test_a_round_is_counted_and_shown_while_it_goes_on() -> None:
    desk = first_connect()
    told: list[tuple[int, bool]] = []
    for place in range(1, 101):
        desk.settle("bol-offers", Swept(cursor=f"page-{place}", more=place < 100, found=100))
        assert desk.decision is not None
        snapshots = [one for one in desk.decision.activity if isinstance(one, ConnectionShown)]
        told += [
            (sweep.so_far, sweep.going_on)
            for one in snapshots
            for sweep in one.sweeps
            if sweep.name == "bol-offers"
        ]
    assert 2 < len(told) < 6, "every other second, not each page"
    assert told == sorted(told)
    assert told[-1] == (10_000, False)
    desk.now += timedelta(hours=7)
    desk.apply(Woke(due=desk.now))
    desk.settle("bol-offers", Swept(cursor="page-1", more=True, found=100))
    assert desk.state is not None
    assert desk.state.sweep("bol-offers").so_far == 100, "another round is counted from its beginning"


def test_offers_of_a_row_of_an_earlier_version_wait_for_nothing_that_was_read() -> None:
    desk = first_connect()
    assert desk.state is not None
    older = {name: replace(one, whole_at=None) for name, one in desk.state.sweeps.items()}
    desk.state, desk.open = replace(desk.state, sweeps=older, articles_read=1), {}
    desk.start()
    assert "bol-offers" in desk.open


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["start", "sleep", "settle"]),
            st.builds(Swept, cursor=st.sampled_from(["", "7"]), more=st.booleans(), found=st.integers(0, 9))
            | st.builds(NotSent, why=st.just("no")),
        ),
        max_size=60,
    )
)
def test_what_comes_last_waits_for_something_that_comes_and_its_own_alarm_rings_for_nobody(
    steps: list[tuple[str, Any]],
) -> None:
    """An alarm for what must not begin yet would ring without end."""
    desk = Desk(state=None)
    desk.start()
    for what, outcome in steps:
        if what == "start":
            desk.start()
        elif what == "sleep" and desk.wake is not None:
            before = desk.now
            desk.sleep()
            assert desk.now > before or desk.wake is None or desk.wake > desk.now
        elif what == "settle" and desk.open:
            name = sorted(desk.open)[0]
            answer: Any = outcome
            if not isinstance(outcome, NotSent):
                answer = {
                    "mplus-markers": MarkersRead(article=100, order=50, stock=900),
                    "bol-orders": Swept(cursor=START.isoformat()),
                    "bol-subscription": SubscriptionCaredFor(did="nothing"),
                }.get(name, outcome)
            desk.settle(name, answer)
        assert desk.state is not None
        if comes_last(desk.state, desk.open) is not None:
            assert "bol-offers" not in desk.open
            markers = desk.state.sweep("mplus-markers")
            assert "mplus-markers" in desk.open or markers.next_at is not None
        else:
            assert "bol-offers" in desk.open or desk.state.sweep("bol-offers").next_at is not None
