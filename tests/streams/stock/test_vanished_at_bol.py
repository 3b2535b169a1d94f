"""What lies at Bol, the whole way: its inventory, the code's row, the article's row, a branch of Mplus."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.bol.simulator import BolSimulatorConfig
from connectors.bol.simulator.faults import FaultRule
from connectors.mplus.simulator import MplusSimulatorConfig, generate_articles
from connectors.mplus.simulator.config import Branch
from streams.catalogue.rules import CatalogueRules
from streams.orders.rules import KindRules, OrderRules
from streams.stock.rules import StockRules
from streams.sweeps.rules import SweepRules
from streams.vocabulary.activity import Noted, StockShown
from streams.vocabulary.time import seconds
from tests.streams.orders.shop import Shop

GONE, STAYS = generate_articles(3, 2)
FBB_BRANCH = 8
HOUR = 3600.0
UNSEEN, SPREAD = 3 * HOUR, HOUR
"""As app/settings.py makes them of an inventory every hour."""
TICK = 500.0
"""An alarm that rings later than LATE is another case."""


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """Both articles lie at Bol, and Mplus keeps that at a branch of its own."""
    made = Shop(
        OrderRules(kinds={"FBR": KindRules(branch_number=1, payment_method="BOL")}),
        MplusSimulatorConfig(articles=(GONE, STAYS), branches=(Branch(number=1), Branch(number=FBB_BRANCH))),
        BolSimulatorConfig(process_seconds=0.5, repeat_share=0.0, odd_address_share=0.0),
        stock=StockRules(branches=(1,), fbb_branch=FBB_BRANCH),
        sweeps=SweepRules(branches=(1,), bol_inventory=HOUR),
        catalogue=CatalogueRules(lying_unseen=UNSEEN, lying_spread=SPREAD),
    )
    await made.at_bol(
        "offers",
        offers=[
            {"ean": one.ean, "amount": 0, "reference": one.plu, "priceCents": 1000, "fulfilment": "FBB"}
            for one in (GONE, STAYS)
        ],
    )
    await made.at_bol(
        "inventory",
        items=[
            {"ean": GONE.ean, "regular": 5, "bsku": "b1"},
            {"ean": GONE.ean, "regular": 2, "bsku": "b2"},
            {"ean": STAYS.ean, "regular": 4, "bsku": "b3"},
        ],
    )
    await made.open()
    await after(made, HOUR)
    yield made
    await made.close()


async def after(shop: Shop, span: float) -> None:
    """Time goes on."""
    until = shop.now + seconds(span)
    while shop.now < until:
        await shop.later(TICK)


async def kept(shop: Shop) -> dict[str, float]:
    """What Mplus has at the branch."""
    rows = (await shop.books("mplus"))["stock"]
    by_number = {one.article_number: one.ean for one in (GONE, STAYS)}
    return {by_number[row["article"]]: row["free"] for row in rows if row["branch"] == FBB_BRANCH}


def shown(shop: Shop, number: int) -> str:
    """What the article's page says of it."""
    snapshots = (
        one for _, name, one in reversed(shop.activity) if name == str(number) and isinstance(one, StockShown)
    )
    return next(one.what for one in next(snapshots).inputs if "at Bol (FBB)" in one.what)


def told(shop: Shop) -> list[str]:
    """That something is gone."""
    return [
        one.kind for _, _, one in shop.activity if isinstance(one, Noted) and one.kind == "inventory-gone"
    ]


def calls(shop: Shop) -> int:
    """To Bol's inventory."""
    return shop.asked.count("GET /retailer/inventory")


async def test_a_line_that_disappears_at_bol_is_0_on_the_article_and_in_mplus(shop: Shop) -> None:
    assert await kept(shop) == {GONE.ean: 7, STAYS.ean: 4}
    assert shown(shop, GONE.article_number) == "7 at Bol (FBB), no part of the sum"
    await shop.at_bol("inventory", items=[{"ean": GONE.ean, "gone": True}])
    await after(shop, UNSEEN - HOUR - TICK)
    assert await kept(shop) == {GONE.ean: 7, STAYS.ean: 4}, "two rounds without it prove nothing"
    await after(shop, SPREAD + HOUR + 3 * TICK)
    assert await kept(shop) == {GONE.ean: 0, STAYS.ean: 4}
    assert shown(shop, GONE.article_number) == "0 at Bol (FBB), no part of the sum"
    assert shown(shop, STAYS.article_number) == "4 at Bol (FBB), no part of the sum"
    assert told(shop) == ["inventory-gone"]
    await shop.at_bol("inventory", items=[{"ean": GONE.ean, "regular": 3, "bsku": "b1"}])
    await after(shop, HOUR + TICK)
    assert await kept(shop) == {GONE.ean: 3, STAYS.ean: 4}


async def test_an_inventory_that_cannot_be_read_for_a_day_changes_nothing(shop: Shop) -> None:
    """Then each EAN is asked for, and Bol does not answer that either."""
    await shop.at_bol("inventory", items=[{"ean": GONE.ean, "gone": True}])
    shop.market.faults.add(FaultRule(kind="http", operation="inventory", status=503))
    await after(shop, 12 * HOUR)
    assert await kept(shop) == {GONE.ean: 7, STAYS.ean: 4}
    shop.market.faults.clear()
    await after(shop, 2 * HOUR)
    assert await kept(shop) == {GONE.ean: 0, STAYS.ean: 4}


async def test_what_every_round_shows_is_never_asked_for(shop: Shop) -> None:
    before = calls(shop)
    await after(shop, 10 * HOUR)
    # Each round is its page and the empty one.
    assert 18 <= calls(shop) - before <= 22
    assert await kept(shop) == {GONE.ean: 7, STAYS.ean: 4}


async def test_a_list_that_is_empty_by_mistake_proves_nothing(shop: Shop) -> None:
    shop.market.faults.add(FaultRule(kind="empty-list", operation="inventory"))
    await after(shop, 2 * HOUR)
    shop.market.faults.clear()
    await after(shop, 6 * HOUR)
    assert await kept(shop) == {GONE.ean: 7, STAYS.ean: 4}
    assert told(shop) == []
