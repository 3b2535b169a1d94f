"""What a start finds changed in the settings."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from streams.sweeps.rules import SweepRules
from streams.sweeps.state import Connection, Sweep
from streams.vocabulary.effects import SweepArticles, SweepBolOffers, SweepStock
from streams.vocabulary.events import OffersCounted, Swept
from tests.streams.sweeps.desk import MARKERS, RULES, START, Desk


def read(rules: SweepRules = RULES) -> Desk:
    """A shop of which everything has been read."""
    desk = Desk(rules)
    desk.start()
    desk.tick(MARKERS)
    desk.settle("mplus-articles", Swept(cursor="101", found=3))
    desk.settle("mplus-stock", Swept(cursor="900", found=3))
    desk.settle("bol-offers", Swept(cursor="", found=5))
    assert not {"mplus-articles", "mplus-stock", "bol-offers"} & set(desk.open)
    return desk


def test_a_restart_with_the_same_settings_reads_nothing_anew() -> None:
    desk = read()
    desk.start()
    assert not {"mplus-articles", "mplus-stock", "bol-offers"} & set(desk.open)
    assert not desk.notes


def test_an_added_branch_is_read_whole() -> None:
    """Its stock lay behind the cursor for ever: only what moved there later came."""
    desk = read()
    desk.rules = replace(RULES, branches=(1, 2))
    desk.start()
    assert desk.effect("mplus-stock") == SweepStock(marker=0, branches=(1, 2))
    assert [note.text for note in desk.notes] == ["Branch 2 counts from now on: all stock is read."]
    desk.settle("mplus-stock", Swept(cursor="905", found=3))
    desk.start()
    assert "mplus-stock" not in desk.open


@pytest.mark.parametrize("branches", [(2,), (2, 1)])
def test_a_branch_that_no_longer_counts_or_another_order_reads_no_stock(branches: tuple[int, ...]) -> None:
    desk = read(replace(RULES, branches=(1, 2)))
    desk.rules = replace(RULES, branches=branches)
    desk.start()
    assert "mplus-stock" not in desk.open


def test_other_rules_give_every_row_an_event() -> None:
    """A row is worked out at its next event only: a buffer of 5 showed nowhere until something was sold."""
    desk = read()
    desk.rules = replace(RULES, stock_mark="other")
    desk.start()
    assert desk.effect("bol-offers") == SweepBolOffers()
    assert desk.effect("mplus-stock") == SweepStock(marker=0, branches=(1,)), "parts of composed articles too"
    assert "mplus-articles" not in desk.open
    assert [note.kind for note in desk.notes] == ["settings"]


def test_a_round_under_way_under_the_old_rules_begins_once_more() -> None:
    desk = Desk()
    desk.start()
    desk.settle("bol-offers", Swept(cursor="a", more=True, found=100))
    desk.rules = replace(RULES, stock_mark="other")
    desk.start()
    desk.settle("bol-offers", Swept(cursor="b", more=True, found=100))
    assert desk.effect("bol-offers") == SweepBolOffers()
    desk.settle("bol-offers", Swept(cursor="", found=7))
    assert desk.guarded(OffersCounted) == [OffersCounted(total=7)]


def test_the_last_page_under_the_old_rules_does_not_end_the_round() -> None:
    desk = Desk()
    desk.start()
    desk.rules = replace(RULES, stock_mark="other")
    desk.start()
    desk.settle("bol-offers", Swept(cursor="", found=100))
    assert not desk.guarded(OffersCounted)
    assert desk.effect("bol-offers") == SweepBolOffers()


def test_a_row_of_an_earlier_version_is_read_whole_once() -> None:
    desk = Desk()
    desk.state = Connection(
        sweeps={
            "mplus-articles": Sweep(cursor="101", last_ok=START),
            "mplus-stock": Sweep(cursor="900", last_ok=START),
            "bol-offers": Sweep(last_ok=START),
        }
    )
    desk.start()
    assert desk.effect("mplus-articles") == SweepArticles(marker=0), "more is read of them than before"
    assert desk.effect("mplus-stock") == SweepStock(marker=0, branches=(1,))
    assert desk.effect("bol-offers") == SweepBolOffers()
    assert not desk.notes, "nobody changed a setting"
    for name in ("mplus-articles", "mplus-stock", "bol-offers"):
        desk.settle(name, Swept(cursor="", found=3) if name == "bol-offers" else Swept(cursor="900", found=3))
    desk.start()
    assert not {"mplus-articles", "mplus-stock", "bol-offers"} & set(desk.open)


def test_a_new_connection_reads_nothing_twice() -> None:
    desk = Desk(replace(RULES, stock_mark="one"))
    desk.start()
    desk.tick(MARKERS)
    desk.settle("mplus-articles", Swept(cursor="101", found=3))
    desk.settle("mplus-stock", Swept(cursor="900", found=3))
    desk.settle("bol-offers", Swept(cursor="", found=5))
    assert not {"mplus-articles", "mplus-stock", "bol-offers"} & set(desk.open)
