"""Offers and what lies at Bol, between the client and the simulator. Only the simulator's books say what is so."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.bol.offering import UNKNOWN
from connectors.bol.simulator.records import Objection
from streams.vocabulary.effects import (
    PushOffer,
    ReadBolInventory,
    ReadBolOffer,
    SweepBolInventory,
    SweepBolOffers,
)
from streams.vocabulary.events import (
    BolInventoryRead,
    BolOfferRead,
    InventorySeen,
    OfferPushed,
    OfferSeen,
    Swept,
)
from streams.vocabulary.outcomes import AnswerLost, Refused
from tests.connectors.bol.market import START
from tests.connectors.bol.test_client_against_simulator import Shop
from tests.connectors.bol.test_client_against_simulator import shop as shop

NOWHERE = "6ff736b5-cdd0-4150-8c67-78269ee986f5"
EAN = "8712345678906"


async def control(shop: Shop, path: str, **body: Any) -> None:
    answer = await shop.http.post(f"http://bol.test/_control/{path}", json=body)
    assert answer.status_code == 200, answer.text


async def one(shop: Shop, offer_id: str) -> OfferSeen:
    done = await shop.run(ReadBolOffer(offer_id=offer_id))
    assert isinstance(done.outcome, BolOfferRead)
    assert done.outcome.offer is not None
    return done.outcome.offer


async def a_round(shop: Shop, cursor: str = "") -> tuple[list[OfferSeen], int]:
    """All that a round sees, and its pages."""
    seen: list[OfferSeen] = []
    pages = 0
    while True:
        done = await shop.run(SweepBolOffers(cursor=cursor))
        assert isinstance(done.outcome, Swept), done.outcome
        pages += 1
        seen += [message.event for message in done.messages if isinstance(message.event, OfferSeen)]
        if not done.outcome.more:
            return seen, pages
        cursor = done.outcome.cursor


async def test_stock_is_pushed_and_read_back(shop: Shop) -> None:
    offer_id = shop.offer(5)
    done = await shop.run(PushOffer(offer_id=offer_id, amount=3))
    assert done.outcome == OfferPushed(offer_id=offer_id, amount=3)
    assert shop.simulator.books.offers[offer_id].managed
    shop.order((offer_id, 1))
    [seen], pages = await a_round(shop)
    assert pages == 2
    assert seen == OfferSeen(
        offer_id=offer_id,
        ean=EAN,
        reference="sku0",
        amount=3,
        read_at=shop.time.now,
        corrected=2,
        price_cents=1995,
        for_sale=True,
    )
    assert await one(shop, offer_id) == OfferSeen(
        offer_id=offer_id,
        ean=EAN,
        reference="sku0",
        amount=3,
        read_at=shop.time.now,
        corrected=2,
        price_cents=1995,
    )


async def test_managed_by_bol_counts_all_open_orders(shop: Shop) -> None:
    offer_id = shop.offer(5)
    shop.order((offer_id, 2))
    await shop.run(PushOffer(offer_id=offer_id, amount=5))
    assert (await one(shop, offer_id)).corrected == 5
    done = await shop.run(PushOffer(offer_id=offer_id, amount=5, managed=False))
    assert done.outcome == OfferPushed(offer_id=offer_id, amount=5, managed=False)
    seen = await one(shop, offer_id)
    assert (seen.corrected, seen.managed_by_retailer) == (3, False)


async def test_stock_price_and_hold_in_one_call_and_the_prices_for_several_stay(shop: Shop) -> None:
    offer_id = shop.offer(5, prices=((1, 2000), (3, 1800), (10, 900)))
    offer = shop.simulator.books.offers[offer_id]
    done = await shop.run(PushOffer(offer_id=offer_id, amount=4, price_cents=1999, on_hold=True))
    assert done.outcome == OfferPushed(offer_id=offer_id, amount=4, price_cents=1999, on_hold=True)
    assert (offer.amount, offer.prices, offer.on_hold) == (4, ((1, 1999), (3, 1800), (10, 900)), True)
    assert shop.simulator.calls["write-offer"] == 1
    await shop.run(PushOffer(offer_id=offer_id, amount=4, price_cents=1000))
    assert (offer.prices, offer.on_hold) == (((1, 1000), (10, 900)), True)
    await shop.run(PushOffer(offer_id=offer_id, amount=3, on_hold=False))
    assert (offer.amount, offer.prices, offer.on_hold) == (3, ((1, 1000), (10, 900)), False)


async def test_an_offer_that_is_gone(shop: Shop) -> None:
    offer_id = shop.offer(5)
    await control(shop, "offers/delete", offerId=offer_id)
    for effect in (
        PushOffer(offer_id=offer_id, amount=3),
        PushOffer(offer_id=NOWHERE, amount=3, price_cents=500),
    ):
        done = await shop.run(effect)
        assert isinstance(done.outcome, Refused)
        assert done.outcome.code == "404"
        assert "was not found" in done.outcome.said
    done = await shop.run(ReadBolOffer(offer_id=offer_id))
    assert done.outcome == BolOfferRead(offer=None)


async def test_a_round_over_all_offers(shop: Shop) -> None:
    on = {shop.offer(1, number) for number in range(130)}
    off = {shop.offer(0, number) for number in range(130, 250)}
    seen, pages = await a_round(shop)
    assert pages == 2 + 3
    assert {(one.offer_id, one.for_sale) for one in seen} == {(one, True) for one in on} | {
        (one, False) for one in off
    }
    assert len(seen) == 250


@pytest.mark.parametrize("cursor", ["nonsense", "100", "for-sale=true:nonsense", "for-sale=false:nonsense"])
async def test_a_cursor_that_is_not_taken_begins_the_round_anew(shop: Shop, cursor: str) -> None:
    known = {shop.offer(number % 2, number) for number in range(10)}
    seen, _ = await a_round(shop, cursor)
    assert {one.offer_id for one in seen} == known


async def test_what_somebody_changes_behind_the_bridge_is_seen(shop: Shop) -> None:
    offer_id = shop.offer(5, managed=True)
    await control(
        shop,
        "offers/change",
        offerId=offer_id,
        amount=9,
        managedByRetailer=False,
        priceCents=1234,
        onHold=True,
        economicOperator="eo-7",
    )
    [seen], _ = await a_round(shop)
    assert (seen.amount, seen.managed_by_retailer, seen.price_cents) == (9, False, 1234)
    assert (seen.on_hold, seen.economic_operator, seen.for_sale, seen.offline) == (True, "eo-7", False, ())
    assert shop.simulator.calls["get-offer"] == 0


@pytest.mark.parametrize("status", [200, 204])
async def test_an_offer_that_bol_takes_off_tells_why_until_it_is_back(status: int) -> None:
    shop = Shop(no_reasons_status=status)
    offer_id = shop.offer(5)
    await control(shop, "offers/offline", offerId=offer_id)
    operator = ("Offline due to incomplete economic operator (3001-99)",)
    [seen], _ = await a_round(shop)
    assert (seen.for_sale, seen.corrected, seen.offline) == (False, 5, operator)
    assert (await one(shop, offer_id)).offline == operator
    await control(shop, "offers/offline", offerId=offer_id, reasons=[])
    [seen], _ = await a_round(shop)
    assert (seen.for_sale, seen.offline, (await one(shop, offer_id)).offline) == (True, (), ())
    await shop.simulator.aclose()


async def test_a_shop_that_is_all_offline_is_asked_about_within_the_limit(shop: Shop) -> None:
    holiday = Objection(category="SHOP_STATUS", code="4003-2", description="The seller is on holiday")
    for number in range(120):
        books = shop.simulator.books
        books.set_offline(books.offers[shop.offer(5, number)], (holiday,))
    seen, _ = await a_round(shop)
    assert len(seen) == 120
    assert {one.offline for one in seen} == {("The seller is on holiday (4003-2)",)}
    assert shop.simulator.calls["get-offer:429"] == 0


async def test_trouble_with_the_reasons_fails_no_page(shop: Shop) -> None:
    offer_id = shop.offer(5)
    await control(shop, "offers/offline", offerId=offer_id)
    shop.trouble("http", "get-offer", status=503)
    [seen], _ = await a_round(shop)
    assert seen.offline == (UNKNOWN,)


async def test_lists_that_are_suddenly_empty(shop: Shop) -> None:
    shop.offer(5)
    shop.offer(0, 1)
    shop.trouble("empty-list", "list-offers")
    assert await a_round(shop) == ([], 2)
    shop.simulator.faults.clear()
    assert len((await a_round(shop))[0]) == 2


# -- what lies at Bol


async def counted(shop: Shop) -> dict[str, tuple[int, int]]:
    done = await shop.run(SweepBolInventory())
    assert isinstance(done.outcome, Swept), done.outcome
    found = {}
    for message in done.messages:
        assert isinstance(message.event, InventorySeen)
        assert message.entity == f"code/ean/{message.event.ean}"
        found[message.event.ean] = (message.event.regular, message.event.graded)
    assert done.outcome == Swept(cursor="", found=len(found))
    return found


async def test_what_lies_at_bol_less_what_is_ordered(shop: Shop) -> None:
    offer_id = shop.offer(0, fulfilment="FBB")
    await control(
        shop,
        "inventory",
        items=[
            {"ean": EAN, "regular": 3, "graded": 1, "title": "Vaas"},
            {"ean": EAN, "regular": 4, "bsku": "2950000000001"},
            {"ean": "12345678", "regular": 0},
        ],
    )
    assert await counted(shop) == {EAN: (7, 1), "12345678": (0, 0)}
    placed = shop.order((offer_id, 5))
    assert await counted(shop) == {EAN: (2, 1), "12345678": (0, 0)}
    shop.simulator.books.cancel_item(placed, placed.items[0])
    assert await counted(shop) == {EAN: (7, 1), "12345678": (0, 0)}


async def test_more_than_a_minute_allows(shop: Shop) -> None:
    """45 pages and the empty one, at 20 a minute: two waits, and no call too many."""
    books = shop.simulator.books
    for number in range(45 * 50):
        books.stock_at_bol(f"{int(EAN) + number}", "", number % 7, 0, "")
    found = await counted(shop)
    assert len(found) == 2250
    assert found[f"{int(EAN) + 13}"] == (6, 0)
    assert shop.simulator.calls["inventory"] == 46
    assert shop.simulator.calls["inventory:429"] == 0
    assert 60 <= (shop.time.now - START).total_seconds() <= 121


async def test_a_failure_half_way_tells_nothing(shop: Shop) -> None:
    for number in range(60):
        shop.simulator.books.stock_at_bol(f"{int(EAN) + number}", "", 1, 0, "")
    shop.trouble("slow", "inventory", count=1, seconds=0)  # the first page; the fault is for the second
    shop.trouble("http", "inventory", status=503)
    done = await shop.run(SweepBolInventory())
    assert isinstance(done.outcome, AnswerLost)
    assert done.messages == ()


async def of_one(shop: Shop, ean: str) -> tuple[int, int] | None:
    done = await shop.run(ReadBolInventory(ean=ean))
    assert isinstance(done.outcome, BolInventoryRead), done.outcome
    seen = done.outcome.seen
    return None if seen is None else (seen.regular, seen.graded)


async def test_one_ean_among_many_until_it_is_gone(shop: Shop) -> None:
    for number in range(120):
        shop.simulator.books.stock_at_bol(f"{int(EAN) + number}", "", 1, 0, "")
    upc = "012345678905"
    await control(
        shop,
        "inventory",
        items=[
            {"ean": EAN, "regular": 3, "graded": 1},
            {"ean": EAN, "regular": 4, "bsku": "b2"},
            {"ean": "87654325", "regular": 9, "title": f"Like {EAN}"},
            {"ean": upc, "regular": 6},
        ],
    )
    assert await of_one(shop, EAN) == (7, 1)
    assert await of_one(shop, f"0{upc}") == (6, 0)
    await control(shop, "inventory", items=[{"ean": one, "gone": True} for one in (EAN, upc)])
    assert await of_one(shop, EAN) is None
    assert await of_one(shop, f"0{upc}") is None
    assert EAN not in await counted(shop)
