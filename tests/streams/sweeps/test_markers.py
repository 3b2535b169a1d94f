"""Feeds of Mplus that move, and those that jump back because the till's database was put back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.sweeps.rules import SweepRules
from streams.sweeps.state import Name
from streams.vocabulary.effects import SweepArticles, SweepMplusOrders, SweepStock, SweepStockHistory
from streams.vocabulary.events import FeedOdd, MarkersRead, Settled, Swept
from streams.vocabulary.outcomes import NotSent
from tests.streams.sweeps.desk import MARKERS, RULES, Desk

FEEDS: tuple[Name, ...] = (
    "mplus-articles",
    "mplus-orders",
    "mplus-slips",
    "mplus-stock",
    "mplus-stock-history",
)


def at_rest() -> Desk:
    """A shop of which everything has been read, and nothing moves."""
    desk = Desk()
    desk.start()
    desk.tick(replace(MARKERS, slip=30))
    desk.settle("mplus-articles", Swept(cursor="101", found=3))
    desk.settle("mplus-stock", Swept(cursor="900", found=3))
    desk.tick(replace(MARKERS, slip=30))
    assert not set(FEEDS) & set(desk.open)
    return desk


def odd(desk: Desk) -> list[str]:
    return [one.feed for one in desk.guarded(FeedOdd) if one.kind == "marker-back"]


def test_a_feed_at_rest_is_one_below_its_cursor_and_nothing_is_odd() -> None:
    desk = at_rest()
    for _ in range(3):
        desk.tick(replace(MARKERS, slip=30))
        assert not desk.guarded(FeedOdd)
        assert not set(FEEDS) & set(desk.open)


def test_stock_that_jumped_back_is_read_from_the_start_and_the_guard_is_told() -> None:
    desk = at_rest()
    desk.tick(replace(MARKERS, slip=30, stock=400))
    assert odd(desk) == ["mplus-stock"]
    [told] = desk.guarded(FeedOdd)
    assert "from 900 to 400" in told.words
    assert [note.kind for note in desk.notes] == ["marker-back"]
    assert desk.effect("mplus-stock") == SweepStock(marker=0, branches=(1,))
    desk.settle("mplus-stock", Swept(cursor="400", found=9))
    desk.tick(replace(MARKERS, slip=30, stock=400))
    assert not desk.guarded(FeedOdd), "it is told once"
    assert "mplus-stock" not in desk.open
    desk.tick(replace(MARKERS, slip=30, stock=401))
    assert desk.effect("mplus-stock") == SweepStock(marker=400, branches=(1,)), "what moves now is read"
    assert desk.effect("mplus-stock-history") == SweepStockHistory(marker=400, branches=(1,))


def test_articles_that_jumped_back_are_all_read_under_a_new_epoch() -> None:
    desk = at_rest()
    desk.tick(replace(MARKERS, slip=30, article=60))
    assert odd(desk) == ["mplus-articles"]
    assert desk.effect("mplus-articles") == SweepArticles(marker=0, epoch=1)
    desk.settle("mplus-articles", Swept(cursor="61"))
    desk.tick(replace(MARKERS, slip=30, article=61))
    assert desk.effect("mplus-articles") == SweepArticles(marker=61, epoch=1)


def test_orders_and_slips_that_jumped_back_go_on_from_there() -> None:
    desk = at_rest()
    desk.tick(replace(MARKERS, order=20, slip=10))
    assert odd(desk) == ["mplus-orders", "mplus-slips"]
    assert not {"mplus-orders", "mplus-slips"} & set(desk.open), "years of history are no concern of ours"
    desk.tick(replace(MARKERS, order=21, slip=10))
    assert desk.effect("mplus-orders") == SweepMplusOrders(marker=21, ext_prefix="BOL-")
    assert desk.cursor("mplus-slips") == "11"


def test_a_whole_database_that_was_put_back_is_told_feed_by_feed() -> None:
    desk = at_rest()
    desk.tick(MarkersRead(article=50, order=20, stock=300, slip=5))
    assert odd(desk) == ["mplus-articles", "mplus-orders", "mplus-slips", "mplus-stock"]


@pytest.mark.parametrize(
    "markers",
    [
        MarkersRead(article=100, order=50, stock=None, slip=None),
        MarkersRead(article=0, order=0, stock=0, slip=0),
    ],
)
def test_a_marker_that_is_left_out_or_0_tells_nothing(markers: MarkersRead) -> None:
    desk = at_rest()
    desk.tick(markers)
    assert not desk.guarded(FeedOdd)
    desk.tick(replace(MARKERS, slip=30))
    assert not desk.guarded(FeedOdd), "it is where it was"
    desk.tick(MarkersRead(article=1, order=1, stock=1, slip=1))
    assert len(odd(desk)) == 4, "an administration that was emptied begins at 1"


def test_a_sweep_that_is_on_its_way_does_not_undo_it() -> None:
    """What it covers was true before the database was put back."""
    desk = at_rest()
    desk.tick(MarkersRead(article=101, order=51, stock=901, slip=31))
    assert {"mplus-articles", "mplus-orders", "mplus-stock"} <= set(desk.open)
    desk.tick(MarkersRead(article=60, order=20, stock=400, slip=10))
    assert len(odd(desk)) == 4
    desk.settle("mplus-stock", Swept(cursor="901", found=1))
    assert desk.effect("mplus-stock") == SweepStock(marker=0, branches=(1,))
    desk.settle("mplus-articles", Swept(cursor="102", found=1))
    assert desk.effect("mplus-articles") == SweepArticles(marker=0, epoch=1)
    desk.settle("mplus-orders", Swept(cursor="52", found=1))
    assert desk.effect("mplus-orders") == SweepMplusOrders(marker=21, ext_prefix="BOL-")


def test_a_sweep_that_fails_on_its_way_does_not_undo_it_either() -> None:
    desk = at_rest()
    desk.tick(replace(MARKERS, slip=30, stock=901))
    desk.tick(replace(MARKERS, slip=30, stock=400))
    desk.settle("mplus-stock", NotSent(why="no connection"))
    while "mplus-stock" not in desk.open:
        desk.sleep()
    assert desk.effect("mplus-stock") == SweepStock(marker=0, branches=(1,))


def test_markers_that_were_asked_before_a_sweep_ended_set_no_cursor_back() -> None:
    desk = at_rest()
    desk.tick(replace(MARKERS, slip=30, stock=901))
    while "mplus-markers" not in desk.open:
        desk.sleep()
    asked = desk.now
    desk.settle("mplus-stock", Swept(cursor="905", found=5))
    desk.now += timedelta(seconds=1)
    told = replace(MARKERS, slip=30, stock=903)
    desk.apply(
        Settled(key="mplus-markers", number=1, outcome=told, asked_at=asked, answered_at=desk.now),
        without="mplus-markers",
    )
    assert not desk.guarded(FeedOdd)
    assert desk.cursor("mplus-stock") == "905"


def test_products_that_count_by_a_series_of_their_own_alarm_nobody() -> None:
    """Their markers may be far ahead of the articles' (facts/mplus.md 2.6): the cursor, not the feed, is ahead then."""
    desk = Desk()
    desk.start()
    desk.tick(MARKERS)
    desk.settle("mplus-articles", Swept(cursor="5001", found=3))
    for marker in (100, 100, 101):
        desk.tick(replace(MARKERS, article=marker))
        assert not desk.guarded(FeedOdd)
    assert desk.effect("mplus-articles") == SweepArticles(marker=101), "a change is not missed"


def test_the_stock_history_begins_at_the_present_and_is_read_when_stock_moves() -> None:
    desk = at_rest()
    assert desk.cursor("mplus-stock-history") == "900"
    desk.tick(replace(MARKERS, slip=30, stock=903))
    assert desk.effect("mplus-stock-history") == SweepStockHistory(marker=900, branches=(1,))
    desk.settle("mplus-stock-history", Swept(cursor="902", more=True, found=2))
    assert desk.effect("mplus-stock-history") == SweepStockHistory(marker=902, branches=(1,))
    desk.settle("mplus-stock-history", Swept(cursor="903", found=1))
    assert not desk.notes, "what moved is told by the articles"
    assert "mplus-stock-history" not in desk.open


def test_a_setting_switches_the_stock_history_off_and_on_again_from_then() -> None:
    desk = at_rest()
    desk.rules = replace(RULES, stock_history=False)
    desk.tick(replace(MARKERS, slip=30, stock=903))
    assert "mplus-stock-history" not in desk.open
    desk.tick(replace(MARKERS, slip=30, stock=950))
    desk.rules = RULES
    desk.tick(replace(MARKERS, slip=30, stock=950))
    assert desk.cursor("mplus-stock-history") == "950"


class _Till:
    """Feeds that only rise, and a backup that is put back now and then."""

    def __init__(self) -> None:
        self.markers = MARKERS
        self.desk = Desk(SweepRules(branches=(1,)))
        self.desk.start()
        self.back: set[str] = set()

    def move(self, name: str, by: int) -> None:
        self.markers = replace(self.markers, **{name: getattr(self.markers, name) + by})

    def read(self) -> None:
        """What was asked for is read to its end."""
        for name in set(FEEDS) & set(self.desk.open):
            feed = {"mplus-articles": "article", "mplus-orders": "order"}.get(name, "stock")
            marker = getattr(self.markers, feed)
            covered = marker if feed == "stock" else marker + 1
            self.desk.settle(name, Swept(cursor=str(covered), found=1))


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["tick", "read", "article", "order", "stock", "restore"]), st.integers(1, 20)
        ),
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_a_feed_that_moves_is_read_and_only_one_that_went_back_is_odd(
    steps: list[tuple[str, int]],
) -> None:
    till = _Till()
    till.desk.tick(till.markers)
    till.read()
    told = till.markers
    for what, number in steps:
        if what == "tick":
            till.desk.tick(till.markers)
            went_back = {
                f"mplus-{'articles' if name == 'article' else 'orders' if name == 'order' else name}"
                for name in ("article", "order", "stock")
                if getattr(till.markers, name) < getattr(told, name)
            }
            assert set(odd(till.desk)) == went_back
            told = till.markers
        elif what == "read":
            till.read()
        elif what == "restore":
            till.markers = MarkersRead(
                article=max(1, till.markers.article - number),
                order=max(1, till.markers.order - number),
                stock=max(1, (till.markers.stock or 1) - number),
            )
        else:
            till.move(what, number)
    till.desk.tick(till.markers)
    till.read()
    till.desk.tick(till.markers)
    till.read()
    for name in ("article", "order", "stock"):
        till.move(name, 1)
    till.desk.tick(till.markers)
    assert {"mplus-articles", "mplus-orders", "mplus-stock", "mplus-stock-history"} <= set(till.desk.open)
