"""What staff write on a packing slip, from the till to Bol: the sweeps and the orders flow with both simulators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import pytest

from connectors.bol.simulator import BolSimulatorConfig
from connectors.mplus.simulator import MplusSimulatorConfig, generate_articles
from streams.orders.rules import KindRules, OrderRules, ShippingRules
from streams.vocabulary.time import seconds
from tests.streams.orders.shop import Shop

RANGE = generate_articles(3, 2)
RULES = OrderRules(
    kinds={
        "FBR": KindRules(branch_number=1, payment_method="BOL"),
        "FBB": KindRules(
            branch_number=1, payment_method="BOL", deliver="at-once", ship_on="never", reserves=False
        ),
    },
    shipping=ShippingRules(track="slip-reference", transporters={"": "TNT"}),
)
TICK = 20.0
"""Seconds between two looks at the markers, as SweepRules has it."""


class Sold(NamedTuple):
    """A shop that has sold one order, which is in Mplus."""

    shop: Shop
    order_id: str

    @property
    def name(self) -> str:
        """The extOrderId."""
        return f"BOL-{self.order_id}"

    async def ticks(self, count: int) -> None:
        """Time goes on."""
        for _ in range(count):
            await self.shop.later(TICK)

    async def shipments(self) -> list[tuple[str, int]]:
        """(code, units) of what the retailer told Bol."""
        books = await self.shop.books("bol")
        return [
            (
                str(one["transport"].get("trackAndTrace", "")),
                sum(int(each["quantity"]) for each in one["items"]),
            )
            for one in books["shipments"]
            if one["by"] == "retailer"
        ]


Selling = Callable[..., Awaitable[Sold]]


@pytest.fixture
async def sold() -> AsyncIterator[Selling]:
    shops: list[Shop] = []

    async def selling(**how: bool) -> Sold:
        return await _sold(shops, **how)

    yield selling
    for shop in shops:
        await shop.close()


async def _sold(shops: list[Shop], *, marker: bool = True, mixed: bool = False) -> Sold:
    mplus = MplusSimulatorConfig(articles=RANGE, packing_slip_marker=marker)
    shop = Shop(RULES, mplus, BolSimulatorConfig(limits={}, process_seconds=0.5, fbb_after=None))
    shops.append(shop)
    offers = [{"ean": one.ean, "amount": 99, "reference": one.plu, "priceCents": 1000} for one in RANGE]
    await shop.at_bol("offers", offers=offers)
    items = [{"ean": RANGE[0].ean, "quantity": 2}]
    if mixed:
        items.append({"ean": RANGE[1].ean, "quantity": 1, "fulfilment": "FBB"})
    placed = await shop.at_bol("orders", items=items)
    await shop.open()
    it = Sold(shop, str(placed["orderId"]))
    await it.ticks(2)
    assert shop.order(it.order_id).is_booked
    return it


async def test_a_code_written_on_a_slip_later_is_told_within_a_tick(sold: Selling) -> None:
    it = await sold()
    slip = await it.shop.at_mplus("orders/deliver", ext_order_id=it.name)
    await it.ticks(3)
    assert it.shop.order(it.order_id).step == "delivered", "it waits for its code"
    readings = it.shop.asked.count("getPackingSlipsByOrder")
    written = it.shop.now
    await it.shop.at_mplus(
        "slips/mark", packing_slip_id=slip["packing_slip_id"], reference="PostNL 3SABC1234567"
    )
    await it.ticks(1)
    assert await it.shipments() == [("3SABC1234567", 2)]
    assert it.shop.asked.count("getPackingSlipsByOrder") == readings, "no slip was read for it"
    assert it.shop.now < written + seconds(2 * TICK)
    await it.ticks(60)
    assert await it.shipments() == [("3SABC1234567", 2)]
    assert it.shop.order(it.order_id).step == "done"


async def test_each_parcel_with_its_own_code_whenever_that_is_written(sold: Selling) -> None:
    it = await sold()
    order = it.shop.order(it.order_id)
    [line] = it.shop.till.books.orders.get(order.mplus_order).lines
    first, second = [
        await it.shop.at_mplus("orders/deliver", ext_order_id=it.name, quantities={line.line_id: 1})
        for _ in range(2)
    ]
    await it.ticks(2)
    for slip, code in ((second, "3SABC0000002"), (first, "3SABC0000001")):
        await it.shop.at_mplus("slips/mark", packing_slip_id=slip["packing_slip_id"], reference=code)
        await it.ticks(1)
    assert await it.shipments() == [("3SABC0000002", 1), ("3SABC0000001", 1)]


async def test_a_slip_of_the_part_that_bol_sends_tells_nothing(sold: Selling) -> None:
    it = await sold(mixed=True)
    part = it.shop.order(f"{it.order_id}-FBB")
    await it.ticks(2)
    assert part.mplus_order != it.shop.order(it.order_id).mplus_order
    await it.shop.at_mplus("slips/mark", ext_order_id=f"{it.name}-FBB", reference="3SABC0000009")
    await it.ticks(2)
    assert [one.reference for one in it.shop.order(f"{it.order_id}-FBB").slips] == ["3SABC0000009"]
    assert await it.shipments() == []


@pytest.mark.parametrize("late", [40.0, 2000.0])
async def test_without_a_marker_the_order_looks_again_by_itself(sold: Selling, late: float) -> None:
    it = await sold(marker=False)
    await it.shop.at_mplus("orders/deliver", ext_order_id=it.name)
    await it.ticks(int(late / TICK))
    await it.shop.at_mplus("slips/mark", ext_order_id=it.name, reference="3SABC1234567")
    await it.ticks(46)
    assert await it.shipments() == [("3SABC1234567", 2)]
    assert "getPackingSlips" not in it.shop.asked
