"""The shop's staff: they pack orders in Mplus and write track and trace codes, ship with Bol's labels in the partner
site, and cancel; and, when the customers are gone, what these still want. They look at the vendors' books, as at a
screen."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from app.demo.customers import Ordered
from app.demo.market import Impossible, Market
from app.demo.shares import Shares

PREFIX = "BOL-"
TRIES = 120
"""Seconds that an order is waited for in Mplus while customers come: one cancelled at once never gets there."""
LOOK = 0.1
"""Seconds between two looks at what is to be done."""
SETTLE = 3.0
"""Seconds between what is wanted at the end and the packing of the rest: some of it is packed all the same."""

Act = Callable[[], Awaitable[None]]


class Staff:
    """`work` runs beside the customers, `afterwards` when they are gone."""

    def __init__(self, market: Market, seed: int, shares: Shares) -> None:
        self._market = market
        self._chance = Random(seed + 3)
        self._shares = shares
        self._due: list[tuple[float, int, Act]] = []
        self._number = 0
        self._seen = 0
        self._clock = 0.0
        self._in_shop = True
        """Customers are still there."""
        self.packed = self.cancelled = 0
        """Packing slips made, and items and orders that somebody cancelled."""

    async def work(self, sleep: Callable[[float], Awaitable[None]], now: Callable[[], float]) -> None:
        """Packs what comes in, until cancelled."""
        while True:
            self._clock = now()
            for one in self._market.ordered[self._seen :]:
                self._take(one)
            self._seen = len(self._market.ordered)
            await self._do_what_is_due()
            await sleep(LOOK)

    async def finish(self, sleep: Callable[[float], Awaitable[None]], now: Callable[[], float]) -> None:
        """Does what was begun: parts, codes."""
        while self._due:
            self._clock = now()
            await self._do_what_is_due()
            await sleep(LOOK)

    def _take(self, one: Ordered) -> None:
        if one.item_ids and self._chance.random() < self._shares.packed:
            self._at(self._chance.uniform(*self._shares.packed_after), lambda: self._pack(one))

    def _at(self, seconds: float, act: Act) -> None:
        self._number += 1
        heapq.heappush(self._due, (self._clock + seconds, self._number, act))

    async def _do_what_is_due(self) -> None:
        while self._due and self._due[0][0] <= self._clock:
            _, _, act = heapq.heappop(self._due)
            await act()

    # -- packing

    async def _pack(self, one: Ordered, tries: int = TRIES) -> None:
        """Waits for it in Mplus. One with a label of Bol's is packed in half of the cases, and shipped in the partner
        site."""
        if one.vvb and self._chance.random() < 0.5:
            await self._ship_by_hand(one)
            return
        order = await self._in_mplus(one)
        if order is None:
            if tries > 1 and self._in_shop:
                self._at(1.0, lambda: self._pack(one, tries - 1))
            return
        lines = [line for line in order["lines"] if _open(line) > 0]
        units = sum(_open(line) for line in lines)
        if units > 1 and self._chance.random() < self._shares.in_parts:
            await self._deliver(
                one, {lines[0]["line_id"]: self._chance.randint(1, min(units - 1, _open(lines[0])))}
            )
            self._at(self._chance.uniform(*self._shares.packed_after), lambda: self._deliver(one, None))
        elif lines:
            await self._deliver(one, None)
        if one.vvb:
            self._at(self._chance.uniform(*self._shares.packed_after), lambda: self._ship_by_hand(one))

    async def _in_mplus(self, one: Ordered) -> Mapping[str, Any] | None:
        books = await self._market.mplus_books("orders", one.article)
        return next((it for it in books["orders"] if it["ext_order_id"] == _called(one)), None)

    async def _deliver(self, one: Ordered, quantities: Mapping[str, int] | None) -> None:
        drawn = self._chance.random()
        code = f"3S{self._chance.randrange(10**11):011d}"
        later = drawn < self._shares.code_later
        without = not later and drawn < self._shares.code_later + self._shares.no_code
        wanted: dict[str, Any] = {"ext_order_id": _called(one)}
        if quantities is not None:
            wanted["quantities"] = quantities
        if not later and not without:
            wanted["reference"] = f"PostNL {code}"
        try:
            slip = await self._market.at_till("orders/deliver", wanted)
        except Impossible:
            return  # cancelled meanwhile, or delivered: Bol said that it had left
        self.packed += 1
        if later:
            marking = {"packing_slip_id": slip["packing_slip_id"], "reference": code}
            self._at(self._chance.uniform(*self._shares.marked_after), lambda: self._mark(marking))

    async def _mark(self, marking: Mapping[str, Any]) -> None:
        await self._market.at_till("slips/mark", marking)

    async def _ship_by_hand(self, one: Ordered) -> None:
        items = [{"itemId": item_id} for item_id in one.item_ids]
        for item in items:  # one by one: some may have been cancelled
            try:
                await self._market.at_bol("orders/ship", {"orderId": one.order_id, "items": [item]})
            except Impossible:
                continue

    # -- when the customers are gone

    async def afterwards(self, sleep: Callable[[float], Awaitable[None]], now: Callable[[], float]) -> None:
        """Cancellations and returns of all kinds, then the rest is packed."""
        self._in_shop = False
        await self.finish(sleep, now)
        await self._cancel_some()
        await self._return_some()
        await sleep(SETTLE * self._chance.random())
        done = {one["ext_order_id"] for one in await self._mplus_orders() if not _open_lines(one)}
        self._clock = now()
        for one in self._market.ordered:
            if one.item_ids and _called(one) not in done:
                self._at(self._chance.uniform(0, SETTLE), lambda one=one: self._pack(one))  # type: ignore[misc]  # mypy has no type for a lambda's default
        await self.finish(sleep, now)

    async def _mplus_orders(self) -> list[dict[str, Any]]:
        return list((await self._market.mplus_books("orders"))["orders"])

    async def _cancel_some(self) -> None:
        """Each open order meets one fate at most: what two people want of it at once is another test's."""
        shares, chance = self._shares, self._chance
        untouched = {
            one["ext_order_id"]
            for one in await self._mplus_orders()
            if _open_lines(one) and not any(line["delivered"] or line["cancelled"] for line in one["lines"])
        }
        for order in (await self._market.bol_books())["orders"]:
            items = [
                one
                for one in order["items"]
                if one["fulfilment"] == "FBR" and one["quantity"] > one["shipped"] + one["cancelled"]
            ]
            name = f"{PREFIX}{order['orderId']}"
            if not items or name not in untouched or any(one["shipped"] for one in items):
                continue
            drawn = chance.random()
            item = chance.choice(items)["itemId"]
            if drawn < shares.asked:
                await self._try(self._market.at_bol("orders/ask-cancellation", {"itemId": item}))
            elif drawn < shares.asked + shares.cancelled_by_bol:
                await self._try(self._market.at_bol("orders/cancel", {"itemId": item}))
            elif drawn < shares.asked + shares.cancelled_by_bol + shares.cancelled_by_staff:
                await self._try(self._market.at_till("orders/cancel", {"ext_order_id": name}))

    async def _try(self, doing: Awaitable[Any]) -> None:
        try:
            await doing
        except Impossible:
            return  # somebody was faster
        self.cancelled += 1

    async def _return_some(self) -> None:
        for order in (await self._market.bol_books())["orders"]:
            sent = [one for one in order["items"] if one["shipped"] > one["returned"]]
            if sent and self._chance.random() < self._shares.returned:
                item = self._chance.choice(sent)["itemId"]
                await self._market.at_bol("returns", {"items": [{"itemId": item}]})


def _called(one: Ordered) -> str:
    return f"{PREFIX}{one.order_id}"


def _open(line: Mapping[str, Any]) -> int:
    return int(line["quantity"]) - int(line["delivered"]) - int(line["cancelled"])


def _open_lines(order: Mapping[str, Any]) -> bool:
    return any(_open(line) > 0 for line in order["lines"])
