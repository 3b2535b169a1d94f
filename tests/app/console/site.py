"""A console over a read model that was built from a log in memory, with orders and returns at every point of their way.

What is done by hand is put into `written` instead of an inbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
from starlette.applications import Starlette

from app.console import Live, create_console
from app.readmodel import Projection, ReadModel
from streams.log.base import LogUnavailable
from streams.vocabulary.activity import (
    LineShown,
    Noted,
    OrderShown,
    ReturnItemShown,
    ReturnShown,
    ShipmentShown,
)
from streams.vocabulary.events import Message
from tests.app.readmodel.fakes import NOON, HandClock, MemoryLog

OPEN = "A2K8290LP8"
LATE = "A2K8290LQ1"
SENT = "A2K8290LR2"
DONE = "A2K8290LS3"
BY_BOL = "A2K8290LT4-FBB"
ASKS = "A2K8290LU5"
FIRST, SECOND = "2012345678", "2012345679"
TRACK = "3SKABC1234567"
RETURN, RMA = "55551234", "31234567"


def line(item: str, title: str, ordered: int, **more: Any) -> LineShown:
    """An item of an order."""
    given = {"article_number": "1001", "price_cents": 1995, "quantity": ordered - more.get("cancelled", 0)}
    return LineShown(
        item_id=item, ean="8712626055143", title=title, ordered=ordered, fulfilment="FBR", **(given | more)
    )


def orders() -> tuple[OrderShown, ...]:
    """One of each kind. It is twelve o'clock on Monday 23 November."""
    common: dict[str, Any] = {"placed_at": NOON - timedelta(hours=20), "fulfilment": "FBR", "country": "NL"}
    return (
        OrderShown(
            order_id=DONE,
            step="done",
            customer="P*** J*****, Breda",
            lines=(line("2012345690", "Teapot, cast iron", 1, delivered=1, shipped=1, price_cents=4500),),
            total_cents=4500,
            mplus_order="2026-11",
            due="2026-11-22",
            shipments=(ShipmentShown(reference="BOL-1", units=1, status="SUCCESS", transporter="DPD-NL"),),
            **common,
        ),
        OrderShown(
            order_id=BY_BOL,
            step="committed",
            customer="A*** B*****, Gent",
            lines=(line("2012345691", "Tea towel", 3, price_cents=850),),
            total_cents=2550,
            mplus_order="2026-12",
            **(common | {"fulfilment": "FBB", "country": "BE"}),
        ),
        OrderShown(
            order_id=SENT,
            step="shipping",
            customer="K** M****, Zwolle",
            lines=(
                line(
                    "2012345692",
                    "Espresso cups, set of 4",
                    3,
                    delivered=2,
                    shipped=1,
                    cancelled=1,
                    commission_cents=598,
                    total_cents=3800,
                ),
            ),
            total_cents=3800,
            mplus_order="2026-13",
            due="2026-11-25",
            commission_cents=598,
            shipments=(
                ShipmentShown(
                    reference="BOL-A2K8290LR2-1",
                    units=1,
                    status="SUCCESS",
                    transporter="TNT",
                    track=TRACK,
                    asked_at=NOON - timedelta(hours=2),
                ),
                ShipmentShown(
                    reference="BOL-A2K8290LR2-2",
                    units=1,
                    status="FAILURE",
                    transporter="FIEGE",
                    track="FG123456789",
                    said="Transporter code FIEGE cannot be used for this shipment.",
                    asked_at=NOON - timedelta(minutes=9),
                ),
            ),
            **common,
        ),
        OrderShown(
            order_id=LATE,
            step="delivered",
            customer="J*** d* V****, Utrecht",
            lines=(
                line(FIRST, "Espresso cups, set of 4", 2, delivered=2),
                line(SECOND, "<b>Linen</b> tea towel", 1, price_cents=1250),
            ),
            total_cents=5240,
            mplus_order="2026-14",
            due="2026-11-23",
            late=True,
            business=True,
            shipments=(ShipmentShown(reference="BOL-A2K8290LQ1-1", units=2, status="waiting"),),
            **common,
        ),
        OrderShown(
            order_id=ASKS,
            step="committed",
            customer="S**** O****, Hoorn",
            lines=(line("2012345693", "Milk jug", 1),),
            total_cents=1995,
            mplus_order="2026-15",
            due="2026-11-21",
            late=True,
            asks_cancellation=True,
            **common,
        ),
        OrderShown(
            order_id=OPEN,
            step="products",
            customer="W***** K*****, Amsterdam",
            lines=(line("2012345694", "Sugar bowl", 1, article_number=""),),
            total_cents=1995,
            due="2026-11-26",
            stuck="Article for EAN 8712626055143 does not exist in Mplus. Make it there.",
            **common,
        ),
    )


def a_return(return_id: str, **items: Any) -> ReturnShown:
    """A return with one item."""
    item: dict[str, Any] = {
        "rma_id": RMA,
        "order_id": DONE,
        "ean": "8712626055143",
        "expected": 2,
        "reason": "Too small",
    }
    return ReturnShown(
        return_id=return_id,
        registered_at=NOON - timedelta(days=1),
        items=(ReturnItemShown(**(item | items)),),
    )


class ReturnRow(msgspec.Struct, frozen=True):
    """As the read model answers."""

    connection: str
    at: datetime
    shown: ReturnShown


class FakeReturns:
    """The read model's answers about returns, from a list (the newest first)."""

    def __init__(self, shown: Sequence[ReturnShown]) -> None:
        self.rows = [ReturnRow("demo", NOON, one) for one in shown]

    async def returns(
        self,
        connection: str | None = None,
        state: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> list[ReturnRow]:
        """See Returns."""
        rows = [
            row
            for row in self.rows
            if connection in (None, row.connection)
            and (state is None or any(item.state == state for item in row.shown.items))
        ]
        keys = [f"{row.connection}/{row.shown.return_id}" for row in rows]
        start = keys.index(after) + 1 if after is not None else 0
        return rows[start : start + limit]

    async def one_return(self, connection: str, return_id: str) -> ReturnRow | None:
        """See Returns."""
        return next(
            (row for row in self.rows if (row.connection, row.shown.return_id) == (connection, return_id)),
            None,
        )

    async def open_returns(self) -> int:
        """See Returns."""
        return len(await self.returns(state="open")) + len(await self.returns(state="failed"))


class Site(NamedTuple):
    """The console, and what was written by it."""

    app: Starlette
    live: Live
    written: list[tuple[str, Message]]
    log: MemoryLog
    projection: Projection
    returns: FakeReturns
    refuse: list[str]
    """Words with which the log refuses the next event."""

    def client(self, **more: Any) -> httpx.AsyncClient:
        """A browser on one of its own pages."""
        more.setdefault("headers", {"Sec-Fetch-Site": "same-origin"})
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1", **more)

    async def show(self, order: OrderShown) -> None:
        """The order becomes this."""
        self.log.note(order, order.order_id)
        await self.projection.catch_up()


@asynccontextmanager
async def open_site(
    folder: Path, by_hand: bool = True, log_too: bool = False, **more: Any
) -> AsyncIterator[Site]:
    """A console with everything above; `log_too`: it can look into the log."""
    clock = HandClock()
    log = MemoryLog(clock)
    for order in orders():
        clock.now = NOON - timedelta(hours=1)
        log.note(
            Noted(kind="order-seen", text=f"Bol order {order.order_id}, by push.", direction="in"),
            order.order_id,
        )
        log.note(order, order.order_id)
    clock.now = NOON
    model = await ReadModel.open(folder / "readmodel.db", clock=clock)
    live = Live()
    projection = Projection(
        model.database, log, clock=clock, sleep=lambda _: asyncio.sleep(0), on_applied=live.tell
    )
    await projection.catch_up()
    written: list[tuple[str, Message]] = []
    refuse: list[str] = []
    returns = FakeReturns(
        [
            a_return(RETURN),
            a_return("55550002", state="handled", handled_as="RETURN_RECEIVED", credit="booked"),
            a_return("55550003", state="failed", stuck="Bol refuses it: the quantity is too high."),
        ]
    )

    async def tell(connection: str, message: Message) -> None:
        if refuse:
            raise LogUnavailable(refuse.pop())
        written.append((connection, message))

    app = create_console(
        model,
        live=live,
        standing=projection.standing,
        clock=clock,
        tell=tell if by_hand else None,
        returns=returns,
        log=log if log_too else None,
        **more,
    )
    try:
        yield Site(app, live, written, log, projection, returns, refuse)
    finally:
        live.close()
        await model.close()
