"""What is on sale (facts/bol.md, Offers and stock), held against a model that counts it anew each time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.bol.simulator.books import BolBooks, NotDone
from tests.connectors.bol.simulator.wire import EAN, START, Shop, Time

AMOUNTS = st.integers(0, 20)
PLACES = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("order"), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("other"), st.integers(1, 4), st.just(True)),
    st.tuples(st.just("set"), AMOUNTS, st.sampled_from([True, False, None])),
    st.tuples(st.just("manage"), st.booleans(), st.none()),
    st.tuples(st.just("cancel"), PLACES, st.none()),
    st.tuples(st.just("ship"), PLACES, st.one_of(st.none(), st.integers(1, 3))),
)


def books() -> BolBooks:
    return BolBooks(Time().clock, Random(1))


class Model:
    """Items as [quantity, shipped, cancelled, ordered since the last amount]; no running totals."""

    def __init__(self, amount: int, managed: bool) -> None:
        self.amount, self.managed = amount, managed
        self.items: list[list[int]] = []

    def on_sale(self) -> int:
        if self.managed:
            gone = sum(quantity - cancelled for quantity, _, cancelled, since in self.items if since)
        else:
            gone = sum(quantity - shipped - cancelled for quantity, shipped, cancelled, _ in self.items)
        return max(0, self.amount - gone)

    def set(self, amount: int) -> None:
        self.amount = amount
        for item in self.items:
            item[3] = 0


@given(AMOUNTS, st.booleans(), st.lists(STEPS, max_size=30))
def test_what_is_on_sale_is_what_the_facts_say(amount: int, managed: bool, steps: list[Any]) -> None:
    kept, model = books(), Model(amount, managed)
    offer = kept.add_offer(EAN, amount, managed=managed)
    ids: list[str] = []
    for what, first, second in steps:
        before, changes = model.on_sale(), len(kept.changes)
        match what:
            case "order":
                if not second and first > before:
                    with pytest.raises(NotDone) as refused:
                        kept.place_order([(offer.offer_id, first)])
                    assert refused.value.status == 409
                    assert len(kept.changes) == changes
                    continue
                [item] = kept.place_order([(offer.offer_id, first)], force=second).items
                assert item.on_sale_before == before
                ids.append(item.item_id)
                model.items.append([first, 0, 0, 1])
            case "other":  # Bol's own warehouse: it takes nothing from ours
                kept.place_order([(offer.offer_id, first)], True, "FBB")
                assert len(kept.changes) == changes
            case "set":
                kept.set_stock(offer, first, second, "patch")
                model.set(first)
                model.managed = model.managed if second is None else second
            case "manage":
                kept.set_stock(offer, None, first, "patch")
                model.managed = first
            case "cancel" if first < len(ids):
                kept.cancel_item(*kept.item(ids[first]))
                model.items[first][2] = model.items[first][0] - model.items[first][1]
            case "ship" if first < len(ids):
                left = model.items[first][0] - model.items[first][1] - model.items[first][2]
                wanted = left if second is None else second
                process = kept.ship([(ids[first], second)])
                assert (process.outcome == "SUCCESS") is (1 <= wanted <= left)
                if process.outcome == "SUCCESS":
                    model.items[first][1] += wanted
        assert kept.corrected(offer) == kept.on_sale(offer) == model.on_sale()
        if model.on_sale() != before:
            assert kept.changes[-1].on_sale == model.on_sale()
            assert len(kept.changes) > changes


def test_a_cancelled_unit_that_a_newer_amount_knows_of_comes_back_once() -> None:
    kept = books()
    offer = kept.add_offer(EAN, 10, managed=True)
    before, after = (
        kept.place_order([(offer.offer_id, 3)]),
        kept.place_order([(offer.offer_id, 1)]),
    )
    kept.set_stock(offer, 6, None, "patch")
    later = kept.place_order([(offer.offer_id, 2)])
    assert kept.corrected(offer) == 4
    for order, left in ((before, 4), (later, 6), (after, 6)):
        kept.cancel_item(order, order.items[0])
        assert kept.corrected(offer) == left


@given(st.integers(0, 10), st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_several_lines_of_one_offer_take_no_more_than_there_is(amount: int, lines: list[int]) -> None:
    kept = books()
    offer = kept.add_offer(EAN, amount)
    wanted = [(offer.offer_id, quantity) for quantity in lines]
    if sum(lines) > amount:
        with pytest.raises(NotDone):
            kept.place_order(wanted)
        assert kept.orders == {}
        assert kept.corrected(offer) == amount
    else:
        order = kept.place_order(wanted)
        assert [item.on_sale_before for item in order.items] == [
            amount - sum(lines[:place]) for place in range(len(lines))
        ]


def test_a_fulfilled_by_bol_offer_has_a_stock_of_its_own() -> None:
    kept = books()
    offer = kept.add_offer(EAN, 5, fulfilment="FBB")
    [item] = kept.place_order([(offer.offer_id, 2)]).items
    assert (item.fulfilment, kept.on_sale(offer)) == ("FBB", 3)


@pytest.mark.parametrize("change", ["hold", "countries", "delete"])
def test_what_is_not_shown_cannot_be_bought(change: str) -> None:
    kept = books()
    offer = kept.add_offer(EAN, 5)
    if change == "hold":
        offer.on_hold = True
    elif change == "countries":
        offer.countries = ()
    else:
        kept.delete_offer(offer)
    assert kept.on_sale(offer) == 0
    assert kept.place_random() is None
    with pytest.raises(NotDone):
        kept.place_order([(offer.offer_id, 1)])


async def test_a_managed_amount_forgets_the_orders_it_knows(shop: Shop) -> None:
    """The trap of facts/bol.md: an amount without our reservations goes out with managedByRetailer true."""
    offer_id = shop.offer(10)
    path = f"/retailer/offers/{offer_id}"

    async def stock(amount: int, managed: bool) -> Any:
        body = {"stock": {"amount": amount, "managedByRetailer": managed}}
        await shop.call("PATCH", path, body, 204)
        return (await shop.call("GET", path))["stock"]

    shop.books.place_order([(offer_id, 3)])
    assert (await shop.call("GET", path))["stock"]["correctedStock"] == 7
    assert (await stock(7, False))["correctedStock"] == 4
    assert await stock(7, True) == {"amount": 7, "correctedStock": 7, "managedByRetailer": True}
    shop.books.place_order([(offer_id, 2)])
    assert (await shop.call("GET", path))["stock"] == {
        "amount": 7,
        "correctedStock": 5,
        "managedByRetailer": True,
    }


async def test_every_change_is_on_record_to_the_microsecond(shop: Shop) -> None:
    offer_id = shop.offer(10, managed=True)
    shop.time.go(0.000_001)
    [item] = shop.books.place_order([(offer_id, 3)]).items
    await shop.call("PATCH", f"/retailer/offers/{offer_id}", {"stock": {"amount": 7}}, 204)
    await shop.call("PATCH", f"/retailer/offers/{offer_id}", {"stock": {"amount": 7}}, 204)
    await shop.call("PATCH", f"/retailer/offers/{offer_id}", {"reference": "x"}, 204)
    await shop.call("PATCH", f"/retailer/offers/{offer_id}", {"onHoldByRetailer": True}, 204)
    order_id = next(iter(shop.books.orders))
    await shop.control("orders/cancel", {"itemId": item.item_id})
    await shop.call("DELETE", f"/retailer/offers/{offer_id}", status=204)
    changes = (await shop.dumped())["changes"]
    assert [(one["cause"], one["amount"], one["onSale"]) for one in changes] == [
        ("created", 10, 10),
        (f"order {order_id}", 10, 7),
        ("patch", 7, 7),
        ("patch", 7, 7),
        ("availability", 7, 0),
        (f"cancelled {order_id}", 7, 0),
        ("deleted", 7, 0),
    ]
    assert [one["at"] for one in changes[:2]] == [
        "2026-11-20T09:30:00.123456+00:00",
        "2026-11-20T09:30:00.123457+00:00",
    ]
    assert {one["offerId"] for one in changes} == {offer_id}


def test_the_record_of_changes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors.bol.simulator import shelf

    monkeypatch.setattr(shelf, "MOST_CHANGES", 3)
    kept = books()
    offer = kept.add_offer(EAN, 5)
    for amount in range(5):
        kept.set_stock(offer, amount, None, "patch")
    assert (len(kept.changes), kept.changes_dropped) == (3, 3)


@pytest.mark.parametrize("bound", ["MOST_OFFERS", "MOST_ORDERS"])
def test_the_books_are_bounded(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = books()
    offer = kept.add_offer(EAN, 5)
    kept.place_order([(offer.offer_id, 1)])
    module = "shelf" if bound == "MOST_OFFERS" else "desk"
    monkeypatch.setattr(f"connectors.bol.simulator.{module}.{bound}", 1)
    more = {
        "MOST_OFFERS": lambda: kept.add_offer("12345678", 5),
        "MOST_ORDERS": lambda: kept.place_order([(offer.offer_id, 1)]),
    }
    with pytest.raises(NotDone, match="at most 1 ") as refused:
        more[bound]()
    assert refused.value.status == 409


def test_bundle_prices_go_by_quantity() -> None:
    kept = books()
    offer = kept.add_offer(EAN, 50, prices=((1, 1000), (3, 900), (10, 500)))
    paid = [
        kept.place_order([(offer.offer_id, quantity)]).items[0].unit_cents for quantity in (1, 2, 3, 9, 10)
    ]
    assert paid == [1000, 1000, 900, 900, 500]
    assert kept.offers[offer.offer_id].modified == START
